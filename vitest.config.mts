import { defineConfig } from 'vitest/config'

// What promises a time has the machine to itself: beside another file it would be measured as well.
const TIMED = [
  'asleep',
  'blocked',
  'lag',
  'share',
  'stalls',
  'stalls-edges',
  'stalls-exported',
  'stalls-quiet',
  'turns',
].map((name) => `test/contract/${name}.test.ts`)

// What a browser shows, of a page that any Node.js serves.
const BROWSER = ['test/page/**/*.test.ts', 'test/scenarios.test.ts']

/** What the other configurations share. */
export const shared = {
  // Processes, not threads: tests call gc(), and workers refuse the flag that provides it.
  pool: 'forks' as const,
  execArgv: ['--expose-gc'],
  testTimeout: 30_000,
  // Processes that wait for each other, on a machine that others use: one may be unlucky. The report says which.
  retry: process.env.CI ? 2 : 0,
  hookTimeout: 30_000,
  // What is tested is what users get: the compiled package, loaded by Node itself.
  server: { deps: { external: [/\/dist\//] } },
}

export default defineConfig({
  test: {
    ...shared,
    projects: [
      {
        extends: true,
        test: {
          name: 'suite',
          include: ['test/**/*.test.ts'],
          exclude: ['test/soak/**', 'test/packaging/**', ...TIMED, ...BROWSER],
          // Much of the suite measures time, so it must not fight itself for the processors.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'browser', include: BROWSER, maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'timed', include: TIMED, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
