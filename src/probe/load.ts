import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { messageOf } from '../core/errors'
import type { Binding } from './binding'
import { SLOTS, TABLES } from './layout'
import { prebuildName, prebuildsFolder } from './prebuild'

/** The addon, or why there is none. */
export type Loaded =
  | { readonly binding: Binding; readonly reason?: undefined }
  | { readonly binding?: undefined; readonly reason: string }

let loaded: Loaded | undefined

/** Loads the addon at the first call; never throws. `OFFLOOP_NATIVE=0` goes without. */
export function loadBinding(): Loaded {
  loaded ??= process.env.OFFLOOP_NATIVE === '0' ? { reason: 'OFFLOOP_NATIVE=0 is set' } : load()
  return loaded
}

function load(): Loaded {
  const folder = prebuildsFolder()
  // Both C libraries are tried rather than told apart, which takes longer: the wrong one fails to load.
  const files = (process.platform === 'linux' ? ['glibc', 'musl'] : [undefined])
    .map((libc) => join(folder, prebuildName(libc)))
    .filter((file) => existsSync(file))
  if (files.length === 0) {
    const abi = `ABI ${process.versions.modules}`
    return { reason: `there is no addon for ${basename(folder)}, Node.js ${process.version} (${abi})` }
  }
  const reasons: string[] = []
  for (const file of files) {
    try {
      return { binding: checked(require(file) as Binding) }
    } catch (error) {
      reasons.push(`the addon ${basename(file)} cannot be loaded: ${messageOf(error)}`)
    }
  }
  // That of the C library which most systems have.
  return { reason: reasons[0] as string }
}

function checked(binding: Binding): Binding {
  // A binary of another release of offloop: its block would be read in the wrong places.
  if (binding.slots.join() !== SLOTS.join() || JSON.stringify(binding.tables) !== JSON.stringify(TABLES)) {
    throw new Error('the addon was built from other sources than this JavaScript: build it again')
  }
  return binding
}
