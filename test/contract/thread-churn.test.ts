import { test } from 'vitest'
import { churn } from '../support/thread-churn'

// A minute of it is test/soak/thread-churn.test.ts.
test('threads that come and go under load lose no count and leave nothing', async () => {
  await churn(3, 5_000)
}, 240_000)

test('nor where steps of marking are bracketed by histogram callbacks', async () => {
  await churn(2, 5_000, 'brackets')
}, 240_000)
