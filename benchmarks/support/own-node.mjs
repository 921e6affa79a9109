import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/**
 * A copy of the Node.js binary. The pages of a program file that several processes use are no one's private memory;
 * those of a copy are, as they would be with a single Node.js process on the machine.
 */
export function ownNode() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'offloop-bench-'))
  const file = path.join(folder, 'node')
  copyFileSync(process.execPath, file)
  // Once it runs it needs no name any more, and a hundred megabytes are not to be left lying about.
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
