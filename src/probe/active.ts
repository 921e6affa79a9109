/** How many there are of each type, by prom-client's names. */
export const ACTIVE = {
  /** What keeps the event loop alive, by the type of its async resource. */
  nodejs_active_resources: () => counted(process.getActiveResourcesInfo?.() ?? []),
  /** libuv's handles and requests that belong to JavaScript objects, by the class of these. */
  nodejs_active_handles: () => counted(classes(undocumented._getActiveHandles?.())),
  nodejs_active_requests: () => counted(classes(undocumented._getActiveRequests?.())),
} as const satisfies Readonly<Record<string, () => ReadonlyMap<string, number>>>

// Not in the types, and deprecated in the documentation alone. prom-client's names rest on them.
const undocumented = process as {
  _getActiveHandles?: () => readonly unknown[]
  _getActiveRequests?: () => readonly unknown[]
}

function classes(objects: readonly unknown[] = []): string[] {
  return objects.flatMap((object) => {
    const name: unknown = (object as { constructor?: { name?: unknown } } | null | undefined)?.constructor
      ?.name
    return typeof name === 'string' ? [name] : []
  })
}

function counted(types: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1)
  return counts
}
