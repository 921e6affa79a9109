import { type Family, parsePrometheus } from './exposition'

export interface Health {
  readonly pid: number
  readonly processes: number
}

/** What is served at `url` by whom, while that may change at any moment: undefined where nobody answers. */
export async function health(url: string): Promise<Health | undefined> {
  try {
    return (await (await fetch(`${url}/healthz`)).json()) as Health
  } catch {
    return undefined
  }
}

export async function scrape(url: string): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`${url}/metrics`, { headers: { Accept: 'text/plain' } })
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  return parsePrometheus(await response.text())
}

/** The values of the label `pid`, and '' where there is none, of a metric that each process has. */
export function pidsIn(families: ReadonlyMap<string, Family>, name = 'process_start_time_seconds'): string[] {
  return (families.get(name)?.samples ?? []).map(({ labels }) => labels.pid ?? '').sort()
}

/** Asks until `check` gives an answer: for what comes in its own time. Rejects after 20 s with what went wrong last. */
export async function eventually<T>(check: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + 20_000
  for (;;) {
    let failure: unknown
    try {
      const found = await check()
      if (found !== undefined && found !== false) return found
    } catch (error) {
      failure = error
    }
    if (Date.now() > deadline) throw new Error(`never: ${check}`, { cause: failure })
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
