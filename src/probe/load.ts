import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { messageOf } from '../core/errors'
import type { Binding } from './binding'
import { LAYOUT } from './layout'
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
  const reasons: string[] = []
  for (const libc of process.platform === 'linux' ? ['glibc', 'musl'] : [undefined]) {
    const file = resolve(folder, prebuildName(libc))
    try {
      return { binding: checked(opened(file)) }
    } catch (error) {
      if (existsSync(file)) {
        reasons.push(`the addon ${basename(file)} cannot be loaded: ${messageOf(error)}`)
      }
    }
  }
  // That of the C library which most systems have.
  const [reason] = reasons
  if (reason !== undefined) return { reason }
  const abi = `ABI ${process.versions.modules}`
  return { reason: `there is no addon for ${basename(folder)}, Node.js ${process.version} (${abi})` }
}

/** As `require` would, which looks for the file in several ways before and takes twice as long. */
function opened(file: string): Binding {
  const module: { exports: unknown } = { exports: {} }
  process.dlopen(module, file)
  return module.exports as Binding
}

function checked(binding: Binding): Binding {
  // A binary of another release of offloop: its block would be read in the wrong places.
  if (binding.layout !== LAYOUT) {
    throw new Error('the addon was built from other sources than this JavaScript: build it again')
  }
  return binding
}
