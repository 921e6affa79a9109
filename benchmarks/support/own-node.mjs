import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/**
 * A copy of the Node.js binary. The pages of a program file belong to all of its processes; of a copy they belong to
 * one, as they would with a single Node.js on the machine, whatever else runs here meanwhile.
 */
export function ownNode() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'offloop-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'node')
  copyFileSync(process.execPath, file)
  return file
}
