import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/soak/**', 'test/packaging/**'],
    // Processes, not threads: tests call gc(), and workers refuse the flag that provides it.
    pool: 'forks',
    execArgv: ['--expose-gc'],
    // Much of the suite measures time, so it must not fight itself for the processors.
    maxWorkers: 2,
    testTimeout: 30_000,
    // Processes that wait for each other, on a machine that others use: one may be unlucky. The report says which.
    retry: process.env.CI ? 2 : 0,
    hookTimeout: 30_000,
    // What is tested is what users get: the compiled package, loaded by Node itself.
    server: { deps: { external: [/\/dist\//] } },
  },
})
