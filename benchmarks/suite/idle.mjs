const SETTLE_SECONDS = 2
// One sample is due in each of them.
const WINDOW_SECONDS = 10
const WINDOWS = [
  {
    index: 0,
    name: '2–12 s',
    note: "with V8's clean-up of what starting left, which it does once, after 8 s",
  },
  { index: 1, name: '12–22 s', note: 'from then on' },
]

/** @type {readonly { setup: string, name: string, cpuAim?: number, wakeUpsAim?: number }[]} */
const SETUPS = [
  { setup: 'nothing', name: 'Node.js itself' },
  { setup: 'started', name: 'offloop', cpuAim: 5, wakeUpsAim: 1 },
  { setup: 'worker', name: 'a Worker with a timer' },
  { setup: 'prom-client', name: 'prom-client' },
]

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export const idle = {
  name: 'idle',
  question: `what ${WINDOW_SECONDS} idle seconds cost`,
  rounds: 3,
  variants: SETUPS.map(({ setup }) => ({
    name: setup,
    trial: 'idle.mjs',
    args: [setup, '{}', ...[SETTLE_SECONDS, WINDOW_SECONDS, WINDOW_SECONDS].map(String)],
    sleeps: true,
  })),
  figures: (trials) =>
    WINDOWS.flatMap(({ index, name: window, note }) =>
      SETUPS.flatMap(({ setup, name, cpuAim, wakeUpsAim }) => [
        {
          name: `${window}, ${name}, CPU of the process`,
          estimate: trials.median(setup, (windows) => windows[index].processCpuNs / 1e6),
          unit: 'ms',
          aim: cpuAim,
          note: setup === 'started' ? note : undefined,
        },
        {
          name: `${window}, ${name}, main thread wakes up`,
          estimate: trials.median(setup, (windows) => windows[index].mainWakeUps),
          unit: '×',
          aim: wakeUpsAim,
        },
      ]),
    ),
}
