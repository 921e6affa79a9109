// How many instructions a process takes for the same work with something set up, by the processor's own counter:
// `perf.mjs SETUP`. Two runs, and their difference, so that nothing of the start is in it.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { emit } from '../support/emit.mjs'

const setup = process.argv[2]
const [FEW, MANY] = [6, 24]
const trial = fileURLToPath(new URL('gc-cpu.mjs', import.meta.url))

count(['true'])
const few = pieces(FEW)
const many = pieces(MANY)
// Of what a run does after its warm-up, with the third that counts the collections.
const cycles = (many.cyclesPerPiece * (MANY - FEW) * 4) / 3
emit({ perCycle: (many.instructions - few.instructions) / cycles })

/** @param {number} pieces */
function pieces(pieces) {
  const node = [process.execPath, '--max-semi-space-size=1', '--expose-gc']
  const { instructions, stdout } = count([...node, trial, setup, '0', '{}', String(pieces)])
  return { instructions, ...JSON.parse(stdout) }
}

/** @param {readonly string[]} command */
function count(command) {
  const args = ['stat', '-x', ',', '-e', 'instructions:u', '--', ...command]
  const { stdout, stderr, error } = spawnSync('perf', args, { encoding: 'utf8' })
  if (error !== undefined) throw new Error('perf is not installed')
  const instructions = Number(/^(\d+),.*instructions/m.exec(stderr)?.[1])
  if (!(instructions > 0)) throw new Error('perf stat counts no instructions on this machine')
  return { instructions, stdout }
}
