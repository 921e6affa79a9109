// Other versions of Node.js, each with its addon.
import { fileURLToPath } from 'node:url'
import { isBuilt } from '../../scripts/build-native.mjs'
import { nodeFor } from '../../scripts/nodes.mjs'
import { attempt } from '../../scripts/tools.mjs'

const build = fileURLToPath(new URL('../../scripts/build-native.mjs', import.meta.url))

/** Its binary. @param {number} major @throws where it cannot be had, or its addon cannot be built */
export function nodeWithAddon(major) {
  // In a process of its own: what fails there ends it.
  if (!isBuilt(major) && attempt(process.execPath, [build, '--node', String(major)], {}).status !== 0) {
    throw new Error(`Node.js ${major} or its addon cannot be had`)
  }
  return nodeFor(major).bin
}
