// How many instructions the path of our two GC hooks takes, counted by valgrind: the same at every run. Two runs, and
// their difference, so that nothing of the program's start is in it: `instructions.mjs [bytes]`.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { emit } from '../support/emit.mjs'

const here = fileURLToPath(new URL('../native/', import.meta.url))
const sources = fileURLToPath(new URL('../../native/', import.meta.url))
const [FEW, MANY] = [1000, 11_000]
const bytes = process.argv.slice(2)
// As binding.gyp and Node.js's own settings for addons have them.
const FLAGS = [
  '-std=gnu++20',
  '-O2',
  '-fPIC',
  '-fno-exceptions',
  '-fno-rtti',
  '-fno-strict-aliasing',
  '-fno-omit-frame-pointer',
  '-fvisibility=hidden',
  '-ffunction-sections',
  '-fdata-sections',
]

const folder = mkdtempSync(path.join(os.tmpdir(), 'offloop-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
run('valgrind', ['--version'])
const program = path.join(folder, 'hook-path')
run('g++', [...FLAGS, '-I', sources, '-o', program, `${here}hook-path.cc`])
emit({ perPair: (count(MANY) - count(FEW)) / (MANY - FEW) })

/** @param {number} pairs */
function count(pairs) {
  const log = path.join(folder, 'log')
  run('valgrind', [
    '--tool=callgrind',
    '--callgrind-out-file=/dev/null',
    `--log-file=${log}`,
    program,
    String(pairs),
    ...bytes,
  ])
  const text = run('cat', [log])
  return Number(/Collected : (\d+)/.exec(text)?.[1])
}

/** @param {string} command @param {string[]} args */
function run(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const { code, stderr } = /** @type {{ code?: string, stderr?: string }} */ (error)
    if (code === 'ENOENT') throw new Error(`${command} is not installed`)
    throw new Error(
      `${command} failed: ${
        String(stderr)
          .split('\n')
          .find((line) => line.includes('error')) ?? ''
      }`,
    )
  }
}
