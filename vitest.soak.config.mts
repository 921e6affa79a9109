import { defineConfig } from 'vitest/config'
import base from './vitest.config.mts'

const hour = 3_600_000

export default defineConfig({
  test: {
    ...base.test,
    include: ['test/soak/**/*.test.ts'],
    exclude: [],
    maxWorkers: 1,
    testTimeout: hour,
  },
})
