import { test } from 'vitest'
import { churn } from '../support/thread-churn'

// A minute of it is test/soak/thread-churn.test.ts.
test('threads that come and go under load lose no count and leave nothing', async () => {
  await churn(3, 5_000)
}, 240_000)
