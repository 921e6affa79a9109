// What offloop costs the process that it measures, and what others cost it:
//
//   node benchmarks/run.mjs [--only NAME …]
//
// Takes five minutes on an otherwise idle Linux machine. README.md says how to read it.
import { existsSync } from 'node:fs'
import { describeMachine } from './harness/machine.mjs'
import { writeResults } from './harness/results.mjs'
import { runRounds } from './harness/rounds.mjs'
import { table } from './harness/table.mjs'
import { Trials } from './harness/trials.mjs'
import { publish } from './publish.mjs'
import { suite } from './suite/suite.mjs'

if (!existsSync('/proc/self/schedstat')) {
  console.error('The benchmarks read CPU times from /proc/<pid>/schedstat, which only Linux has.')
  process.exit(1)
}

const only = namesFrom(process.argv.slice(2))
const machine = describeMachine()
console.log(
  Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(', '),
)
if (machine.load > machine.cores / 4) {
  console.log('Other programs are running: wall times, and the tails of all figures, will be theirs in part.')
}

const outcomes = []
for (const benchmark of suite) {
  if (only.length > 0 && !only.includes(benchmark.name)) continue
  const { name, question, rounds, figures } = benchmark
  console.log(`\n${name}: ${question} (${rounds} rounds)`)
  try {
    const trials = await runRounds(benchmark)
    const outcome = { name, question, figures: figures(new Trials(trials)), trials }
    console.log(table(outcome.figures))
    outcomes.push(outcome)
  } catch (error) {
    // One that breaks does not take the others' minutes with it.
    console.error(error)
    process.exitCode = 1
  }
}
if (outcomes.length > 0) console.log(`\nRaw data: ${writeResults(machine, outcomes, only)}`)
if (only.length === 0) publish()

/** @param {readonly string[]} args */
function namesFrom(args) {
  const [option, ...names] = args.filter((arg) => arg !== '')
  const known = suite.map(({ name }) => name)
  if (option === undefined) return []
  const wrong = names.find((name) => !known.includes(name))
  if (option !== '--only' || names.length === 0 || wrong !== undefined) {
    console.error(`usage: node benchmarks/run.mjs [--only NAME …], of ${known.join(', ')}`)
    process.exit(2)
  }
  return names
}
