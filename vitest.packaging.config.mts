import { defineConfig } from 'vitest/config'
import { shared } from './vitest.config.mts'

// Needs more than npm: see test/packaging/setup.ts.
export default defineConfig({
  test: {
    ...shared,
    include: ['test/packaging/**/*.test.ts'],
    globalSetup: ['test/packaging/setup.ts'],
    maxWorkers: 2,
    // Compilers, emulators and package managers, on a busy machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
