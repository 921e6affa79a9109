const MOST = 64
const COUNTS = [0, 8, MOST]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const threads = {
  name: 'threads',
  question: 'what a further measured thread costs, at a sample each 100 ms; the threads sleep',
  rounds: 2,
  seconds: 38,
  variants: [...COUNTS.map((count) => variant(count, 'measured')), variant(MOST, 'bare')],
  figures: (trials) => [
    ...COUNTS.flatMap((count) => [
      {
        name: `${count} workers, sampling thread, CPU a sample`,
        estimate: trials.median(nameOf(count, 'measured'), ({ samplingNs }) => samplingNs / 1e3),
        unit: 'µs',
      },
      {
        name: `${count} workers, main thread, CPU a sample`,
        estimate: trials.median(nameOf(count, 'measured'), ({ mainNs }) => mainNs / 1e3),
        unit: 'µs',
      },
    ]),
    {
      name: 'a further thread, sampling thread, CPU a sample',
      estimate: trials.difference(
        nameOf(MOST, 'measured'),
        nameOf(0, 'measured'),
        ({ samplingNs }) => samplingNs / 1e3 / MOST,
      ),
      unit: 'µs',
      note: `the mean of ${MOST}`,
    },
    {
      name: 'a further thread, its own CPU a sample',
      estimate: trials.difference(
        nameOf(MOST, 'measured'),
        nameOf(MOST, 'bare'),
        ({ workerNs }) => workerNs / 1e3,
      ),
      unit: 'µs',
      note: 'a wake-up and an answer',
    },
    {
      name: 'a further thread, private memory',
      estimate: trials.difference(
        nameOf(MOST, 'measured'),
        nameOf(MOST, 'bare'),
        ({ bytes }) => bytes / 1e6 / MOST,
      ),
      unit: 'MB',
      note: 'beside the same threads without a probe, its series included',
    },
  ],
}

/**
 * @param {number} count
 * @param {'measured' | 'bare'} probes
 */
function variant(count, probes) {
  return { name: nameOf(count, probes), trial: 'threads.mjs', args: [String(count), probes] }
}

/**
 * @param {number} count
 * @param {'measured' | 'bare'} probes
 */
function nameOf(count, probes) {
  return `${count}, ${probes}`
}
