/**
 * Packages that only some exporters and bridges need, and that the user installs. Exporters load theirs in the sampling
 * thread, bridges on the thread that asks for them.
 */

/** Where `name` would be loaded from: beside this package, or for the application. Undefined where it is not installed. */
export function findPeer(name: string): string | undefined {
  for (const from of [__dirname, process.argv[1], '.']) {
    if (from === undefined) continue
    try {
      return require.resolve(name, { paths: [from] })
    } catch {
      // Not from here; or there is no working directory any more.
    }
  }
  return undefined
}

/** @throws {Error} that says what to install. */
export function loadPeer(name: string): unknown {
  const path = findPeer(name)
  if (path === undefined) throw new Error(notInstalled(name))
  return require(path) as unknown
}

export function notInstalled(name: string): string {
  return `needs the package ${name}, which is not installed: npm install ${name}`
}
