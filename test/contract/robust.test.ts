import { describe, expect, test } from 'vitest'
import { Child } from '../support/child'

/** So often takes minutes: on the oldest version; on the others enough of them for a leak to be seen. */
const STARTS = process.version.startsWith('v20.') ? 1_000 : 250

describe.each(['terminate', 'heap-limit'])('a sampling thread that dies (%s)', (kill) => {
  test('is started again, said once, and numbers its batches on', async () => {
    const child = new Child('crashes.cjs', { args: [kill] })
    const told = await child.next<{ errors: string[]; before: number }>()
    expect(told).toMatchObject({ ascending: true, cycles: 2, running: false })
    expect(told.before).toBeGreaterThan(0)
    expect(told.errors).toEqual([
      expect.stringMatching(
        /^ERR_OFFLOOP_SAMPLING_THREAD: the sampling thread failed \(.+\) and is started again in 1 s$/,
      ),
    ])
    expect((await child.exited).code).toBe(0)
  })
})

test(`started and stopped ${STARTS} times, nothing is left over`, async () => {
  const child = new Child('start-stop.cjs', { args: [String(STARTS)], execArgv: ['--expose-gc'] })
  interface Look {
    threads: number
    files: number
    rssMb: number
    listeners: number
  }
  const { before, after } = await child.next<{ before: Look; after: Look }>()
  expect(after.threads).toBe(before.threads)
  expect(after.files).toBe(before.files)
  expect(after.listeners).toBe(before.listeners)
  // A thread that stayed would be 8 MB a round.
  expect(after.rssMb - before.rssMb).toBeLessThan(60)
}, 600_000)

test('two copies of the package make one probe and one sampler', async () => {
  expect(await new Child('two-copies.cjs', { execArgv: ['--expose-gc'] }).next()).toEqual({
    distinct: true,
    equal: true,
    refused: 'ERR_OFFLOOP_ALREADY_STARTED',
    probes: 1,
  })
})

describe.each([
  ['same', { seen: true, answered: true }],
  ['another', { seen: false, answered: false }],
])('a copy in a worker thread, of the %s build', (build, { seen, answered }) => {
  test(`shares the one sampler of the process, and is ${seen ? '' : 'not '}measured by it`, async () => {
    const child = new Child('copies-of-threads.cjs', { args: [build] })
    expect(await child.next()).toEqual({
      first: 'started',
      refused: 'ERR_OFFLOOP_ALREADY_STARTED',
      secondSaid: 'ERR_OFFLOOP_ALREADY_STARTED',
      seen,
      answered,
      left: 1,
    })
    expect(await child.exited).toMatchObject({ code: 0, signal: null, stderr: '' })
  })
})

test('several module registries of one thread, contexts of their own included, make one probe and one sampler', async () => {
  expect(await new Child('registries.cjs', { execArgv: ['--expose-gc'] }).next()).toEqual({
    distinct: 3,
    cycles: [1, 1, 1],
    refused: ['ERR_OFFLOOP_ALREADY_STARTED', 'ERR_OFFLOOP_ALREADY_STARTED'],
    probes: 1,
  })
})
