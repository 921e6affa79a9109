import { test } from 'vitest'
import { churn } from '../support/thread-churn'

const MAJOR = Number(process.versions.node.split('.')[0])
/** On one version a minute of it, and more in test/soak/thread-churn.test.ts. */
const LONG = MAJOR === 24

test('threads that come and go under load lose no count and leave nothing', async () => {
  await churn(LONG ? 4 : 3, LONG ? 15_000 : 5_000)
}, 480_000)

test('nor where steps of marking are bracketed by histogram callbacks', async () => {
  await churn(2, 5_000, 'brackets')
}, 240_000)
