import { defineConfig } from 'vitest/config'
import { shared } from './vitest.config.mts'

const hour = 3_600_000

export default defineConfig({
  test: {
    ...shared,
    include: ['test/soak/**/*.test.ts'],
    maxWorkers: 1,
    testTimeout: hour,
  },
})
