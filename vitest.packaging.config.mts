import { defineConfig } from 'vitest/config'
import base from './vitest.config.mts'

// Needs more than npm: see test/packaging/setup.ts.
export default defineConfig({
  test: {
    ...base.test,
    include: ['test/packaging/**/*.test.ts'],
    exclude: [],
    globalSetup: ['test/packaging/setup.ts'],
    // Compilers, emulators and package managers, on a busy machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
