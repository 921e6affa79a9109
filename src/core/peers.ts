/** Packages that only some exporters need: the user installs them, and the sampling thread alone loads them. */

/** Where `name` would be loaded from; undefined where it is not installed. Loads nothing. */
export function findPeer(name: string): string | undefined {
  try {
    return require.resolve(name, { paths: [__dirname, '.'] })
  } catch {
    return undefined
  }
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
