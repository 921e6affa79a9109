import { expect, test } from 'vitest'
import { churn } from '../support/thread-churn'

test('threads that come and go for a minute and more lose no count and leave nothing', async () => {
  const { others, mostThreads } = await churn(6, 15_000)
  // So long that all places were taken, on any machine.
  expect(mostThreads).toBe(64)
  expect(others).toBeGreaterThan(0)
})
