// What offloop costs the process that it measures, and what others cost it:
//
//   node benchmarks/run.mjs [--only NAME …] [--node MAJOR] [--rounds N] [--thorough]
//
// Takes ten minutes on an otherwise idle Linux machine with two cores, and 18 minutes with --thorough.
// README.md says how to read it.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildNative } from '../scripts/build-native.mjs'
import { nodeFor } from '../scripts/nodes.mjs'
import { told, watchMachine } from './harness/disturbance.mjs'
import { describeMachine } from './harness/machine.mjs'
import { duration, Progress } from './harness/progress.mjs'
import { fullRuns, readResults, writeResults } from './harness/results.mjs'
import { prepare, runRounds } from './harness/rounds.mjs'
import { table } from './harness/table.mjs'
import { Trials } from './harness/trials.mjs'
import { preparePeers } from './peers/prepare.mjs'
import { publish } from './publish.mjs'
import { suite } from './suite/suite.mjs'

/** @typedef {import('./harness/benchmark.mjs').Benchmark} Benchmark */

if (!existsSync('/proc/self/schedstat')) {
  console.error('The benchmarks read CPU times from /proc/<pid>/schedstat, which only Linux has.')
  process.exit(1)
}

const wanted = optionsFrom(process.argv.slice(2))
if (wanted.node !== undefined && wanted.node !== runningMajor()) process.exit(runWith(wanted.node))

const peers = preparePeers()
const machine = describeMachine()
console.log(
  Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(', '),
)
if (machine.load > machine.cores / 4) {
  console.log('Other programs are running: wall times, and the tails of all figures, will be theirs in part.')
}

const chosen = suite
  .filter(({ name, apart }) => (wanted.only.length === 0 ? !apart : wanted.only.includes(name)))
  .map((benchmark) => ({ ...benchmark, ...(wanted.thorough && benchmark.thorough) }))
  .map((benchmark) => withRounds(benchmark, wanted.rounds ?? benchmark.rounds))
chosen.forEach(prepare)
const progress = new Progress(
  chosen.map((benchmark) => ({ name: benchmark.name, seconds: expected(benchmark) })),
)
console.log(`${chosen.length} benchmarks, about ${duration(progress.left(0))}`)

const outcomes = []
for (const [at, benchmark] of chosen.entries()) {
  const { name, question, rounds, figures } = benchmark
  progress.begin(at)
  const startedAt = performance.now()
  const disturbed = watchMachine()
  try {
    const trials = new Trials(await runRounds(benchmark, (share) => progress.update(share)))
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10
    const outcome = {
      name,
      question,
      rounds,
      seconds,
      disturbance: disturbed(),
      figures: figures(trials).map((figure) => trials.explained(figure)),
      trials: trials.recorded,
    }
    progress.clear()
    console.log(`\n${name}: ${question} (${rounds} rounds, ${duration(seconds)})\n${table(outcome.figures)}`)
    console.log(`  ${told(outcome.disturbance)}`)
    outcomes.push(outcome)
  } catch (error) {
    // One that breaks does not take the others' minutes with it.
    console.error(error)
    process.exitCode = 1
  }
}
const partly = [
  ...wanted.only,
  // More rounds of everything are a run of everything.
  ...(wanted.thorough && wanted.only.length > 0 ? ['thorough'] : []),
  ...(wanted.rounds === undefined ? [] : [`rounds${wanted.rounds}`]),
]
if (outcomes.length > 0) {
  console.log(
    `\nIt took ${duration(progress.spent())}. Raw data: ${writeResults({ machine, peers }, outcomes, partly)}`,
  )
}
if (partly.length === 0 && process.exitCode === undefined) publish()

/** @param {Benchmark} benchmark @param {number} rounds @returns {Benchmark} */
function withRounds(benchmark, rounds) {
  return { ...benchmark, rounds, seconds: (benchmark.seconds * rounds) / benchmark.rounds }
}

/** Seconds of a benchmark: as its trials took in the newest run of all, else as its file says. @param {Benchmark} benchmark */
function expected({ name, rounds, seconds, variants }) {
  const file = fullRuns().at(-1)
  const seen = file && readResults(file).benchmarks.find((benchmark) => benchmark.name === name)
  return seen?.seconds ? (seen.seconds * rounds * variants.length) / seen.trials.length : seconds
}

function runningMajor() {
  return Number(process.versions.node.split('.')[0])
}

/** The same with another Node.js, its addon built first. @param {number} major */
function runWith(major) {
  buildNative(major)
  const args = process.argv.slice(2)
  const { status } = spawnSync(nodeFor(major).bin, [fileURLToPath(import.meta.url), ...args], {
    stdio: 'inherit',
  })
  return status ?? 1
}

/** @param {string[]} args */
function optionsFrom(args) {
  const known = suite.map(({ name }) => name)
  try {
    const { values, positionals } = parseArgs({
      args: args.filter((arg) => arg !== ''),
      allowPositionals: true,
      options: {
        only: { type: 'string', multiple: true },
        node: { type: 'string' },
        rounds: { type: 'string' },
        thorough: { type: 'boolean', default: false },
      },
    })
    const only = [...(values.only ?? []), ...positionals]
    const node = number(values.node)
    const rounds = number(values.rounds)
    if (positionals.length > 0 && values.only === undefined) throw new Error(`what is ${positionals[0]}?`)
    const wrong = only.find((name) => !known.includes(name))
    if (wrong !== undefined) throw new Error(`no benchmark is called ${wrong}`)
    return { only, node, rounds, thorough: values.thorough }
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}
usage: node benchmarks/run.mjs [--only NAME …] [--node MAJOR] [--rounds N] [--thorough]
of ${known.join(', ')}`)
    process.exit(2)
  }
}

/** @param {string | undefined} text */
function number(text) {
  if (text === undefined) return undefined
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${text} is not a number`)
  return Number(text)
}
