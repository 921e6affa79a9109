import { expect, test } from 'vitest'
import { Child } from '../support/child'

test('an async listener that rejects is reported as one that throws, and does not end the host', async () => {
  const child = new Child('async-listeners.cjs')
  const errors = await child.next<string[]>()
  expect(errors.filter((error) => error.includes('once'))).toEqual([
    "ERR_OFFLOOP_LISTENER: a 'batch' listener threw: once",
  ])
  expect(errors.filter((error) => error.includes('always')).length).toBeGreaterThanOrEqual(3)
  const { code, stderr } = await child.exited
  expect([code, stderr]).toEqual([0, "offloop: an 'error' listener threw: the error listener itself\n"])
})
