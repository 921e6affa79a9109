import { median } from '../harness/statistics.mjs'

const SETUPS = ['nothing', 'attached', 'started', 'started, heapObjects: false', 'observer', 'prom-client']

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const gcCpu = {
  name: 'gc-cpu',
  question: 'what the main thread pays for a collection more than without anything, scavenges of 1 MB',
  rounds: 10,
  // A small young generation, so that there is little work between two collections to hide their cost in.
  variants: SETUPS.map((name) => ({
    name,
    trial: 'gc-cpu.mjs',
    args: [name],
    nodeArgs: ['--max-semi-space-size=1'],
  })),
  figures(trials) {
    /** @param {string} variant */
    const more = (variant) => trials.difference(variant, 'nothing', microsecondsACycle)
    const notes = {
      observer: "a PerformanceObserver('gc') that does nothing",
      'prom-client': 'default metrics',
    }
    return [
      {
        name: 'the work, and its collection',
        estimate: trials.median('nothing', microsecondsACycle),
        unit: 'µs',
        note: 'nothing attached',
      },
      ...SETUPS.slice(1).map((variant) => ({
        name: `${variant}, more`,
        estimate: more(variant),
        unit: 'µs',
        note: notes[variant],
      })),
      {
        name: 'observer ÷ attached',
        estimate: trials.ratio('observer', 'attached', microsecondsACycle),
        unit: '×',
        note: 'the work included: of our own share too little can be seen here (gc-hook has it)',
      },
    ]
  },
}

/** @param {{ cpuNs: number[], cyclesPerPiece: number }} result */
function microsecondsACycle({ cpuNs, cyclesPerPiece }) {
  return median(cpuNs) / cyclesPerPiece / 1e3
}
