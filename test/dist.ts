import { createRequire } from 'node:module'

/** A module of the compiled package, loaded by Node itself: what is tested is what users get. */
export function dist<T>(path: string): T {
  return createRequire(import.meta.url)(`../dist/${path}`) as T
}
