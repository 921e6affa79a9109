// What every exporter that pushes must do, whatever its protocol. The table is in test/support/subjects.ts.
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Metric } from '../../src/core/batch'
import type { OffloopError } from '../../src/core/errors'
import type { Exporter } from '../../src/exporters/exporter'
import { dist } from '../dist'
import { SUBJECTS, type Subject, sample } from '../support/subjects'

const { createExporters } = dist<typeof import('../../src/exporters/create')>('exporters/create.js')
const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')
const offloop = dist<typeof import('../../src/index')>('index.js')

/** How many batches wait at most. */
const CAPACITY = 120

const subjects = Object.entries(SUBJECTS)

test.each(subjects)('%s is asked what its protocol has', async (_, can) => {
  const subject = await can.make(60_000)
  expect({
    refuses: subject.refuse !== undefined,
    answers: subject.hang !== undefined,
    asksToWait: subject.busy !== undefined,
    hasSecrets: subject.secrets.length > 0,
  }).toEqual({
    refuses: can.refuses,
    answers: can.answers,
    asksToWait: can.asksToWait,
    hasSecrets: can.hasSecrets,
  })
  await subject.close()
})

describe.each(subjects)('%s in a sampler', (_, { make }) => {
  let subject: Subject
  beforeEach(async () => {
    subject = await make(60_000)
  })
  afterEach(() => subject.close())

  /** `last` is the newest sample that a batch has: a collector that takes too long is left out of one. */
  const start = () => {
    let sequence = 0
    let last = 0
    const sampler = offloop.start({
      service: 'api',
      intervalMs: 100,
      exporters: [subject.exporter],
      stall: false,
    })
    sampler.on('error', () => {})
    sampler.on('batch', ({ metrics }) => {
      const open = metrics.find(({ name }) => name === 'orders_open')
      if (open !== undefined) last = open.value as number
    })
    sampler.addCollector({
      name: 'orders',
      collect() {
        const { service: _service, ...labels } = sample.labels
        return sample(++sequence).metrics.map((metric) => ({ ...metric, labels }))
      },
    })
    return { sampler, last: () => last }
  }

  test('is drained by stop()', async () => {
    const { sampler, last } = start()
    await sampler.ready
    await vi.waitFor(() => expect(last()).toBeGreaterThan(2), 20_000)
    await sampler.stop({ timeoutMs: 20_000 })
    const values = await subject.values('orders_open', sample.labels, last())
    expect(values.at(-1)).toBe(last())
  })

  test('does not hold up stop() beyond its deadline', async () => {
    const { sampler, last } = start()
    await sampler.ready
    if (subject.hang === undefined) await subject.down(true)
    else subject.hang()
    const wanted = last() + 3
    await vi.waitFor(() => expect(last()).toBeGreaterThan(wanted), 20_000)
    const began = performance.now()
    await sampler.stop({ timeoutMs: 300 })
    // A request may take a minute.
    expect(performance.now() - began).toBeLessThan(20_000)
    if (subject.hang === undefined) await subject.down(false)
  })
})

describe.each(subjects.filter(([, { queues }]) => queues))('%s', (_, { make, ...can }) => {
  let subject: Subject
  let exporter: Exporter
  let reports: OffloopError[]
  let queued: number

  const create = async (timeoutMs: number) => {
    subject = await make(timeoutMs)
    reports = []
    queued = 0
    const { settings } = resolveOptions({ exporters: [subject.exporter] }, () => 'api')
    const [created] = createExporters(
      settings.exporters,
      (error) => reports.push(error),
      () => {
        queued = exporter?.queued
      },
    )
    exporter = created as Exporter
  }
  beforeEach(() => create(60_000))
  afterEach(async () => {
    exporter.close()
    await subject.close()
  })

  const push = (from: number, to: number) => {
    for (let sequence = from; sequence <= to; sequence++) exporter.push(sample(sequence))
  }
  /** Pushes the first sample and sees it delivered, so that all else is growth. */
  const begin = async () => {
    push(1, 1)
    expect(await exporter.flush(30_000)).toBe(true)
  }
  const newest = async (sequence: number) => {
    const gauges = await subject.values('orders_open', sample.labels, sequence)
    const growthOf = async (name: string) =>
      subject.growth(await subject.values(name, sample.labels, sequence))
    const growth = await growthOf('orders_total')
    // Of each it is the same.
    expect(await growthOf('orders_seconds')).toBe(growth)
    return { gauges, growth }
  }

  test('delivers what was sampled: the same values, the same labels', async () => {
    await begin()
    for (const sequence of [2, 3, 4]) {
      push(sequence, sequence)
      expect(await exporter.flush(30_000)).toBe(true)
    }
    expect(await newest(4)).toEqual({ gauges: [1, 2, 3, 4], growth: 21 })
    expect(exporter).toMatchObject({ dropped: 0, failures: 0, omitted: 0, queued: 0 })
    expect(queued).toBe(0)
    expect(reports).toEqual([])
  })

  test('tries again after a failure that may pass, and loses nothing', async () => {
    await begin()
    await subject.down(true)
    push(2, 11)
    expect(await exporter.flush(300)).toBe(false)
    expect(exporter.failures).toBeGreaterThan(0)
    expect(queued).toBe(10)
    await subject.down(false)
    expect(await exporter.flush(30_000)).toBe(true)
    const { gauges, growth } = await newest(11)
    expect(gauges.at(-1)).toBe(11)
    expect(growth).toBe(70)
    expect(exporter).toMatchObject({ dropped: 0, queued: 0 })
    // Once, however often it failed.
    expect(reports.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^exporter .+: .+; it will be retried$/),
    ])
    expect(reports[0]?.code).toBe('ERR_OFFLOOP_EXPORT')
  })

  test('holds so many batches and no more, drops the oldest and counts them', async () => {
    await begin()
    await subject.down(true)
    push(2, CAPACITY + 11)
    expect(await exporter.flush(300)).toBe(false)
    expect(exporter).toMatchObject({ queued: CAPACITY, dropped: 10 })
    await subject.down(false)
    expect(await exporter.flush(30_000)).toBe(true)
    const { gauges, growth } = await newest(CAPACITY + 11)
    expect(gauges).not.toContain(11)
    expect(gauges.at(-1)).toBe(CAPACITY + 11)
    // What the dropped ones had counted is in those that came after them.
    expect(growth).toBe(7 * (CAPACITY + 10))
    expect(exporter).toMatchObject({ queued: 0, dropped: 10 })
  })

  if (can.refuses) {
    test('gives up a batch that is refused, counts it, and goes on', async () => {
      subject.refuse?.()
      push(1, 3)
      expect(await exporter.flush(30_000)).toBe(true)
      expect(exporter).toMatchObject({ dropped: 3, failures: 3, queued: 0 })
      expect(reports.map(({ message }) => message)).toEqual([
        expect.stringMatching(/^exporter .+: .+; the batch is given up$/),
      ])
      expect(reports[0]?.code).toBe('ERR_OFFLOOP_EXPORT')
      await subject.down(false)
      push(4, 4)
      expect(await exporter.flush(30_000)).toBe(true)
      const { gauges } = await newest(4)
      expect(gauges).toEqual([4])
      expect(exporter).toMatchObject({ dropped: 3, queued: 0 })
    })
  }

  if (can.answers) {
    test('waits for no answer longer than it may, and loses nothing by it', async () => {
      exporter.close()
      await subject.close()
      await create(200)
      await begin()
      subject.hang?.()
      push(2, 4)
      expect(await exporter.flush(20)).toBe(false)
      await vi.waitFor(() => expect(exporter.failures).toBeGreaterThan(0), 30_000)
      await subject.down(false)
      expect(await exporter.flush(30_000)).toBe(true)
      const { gauges, growth } = await newest(4)
      expect(gauges.at(-1)).toBe(4)
      expect(growth).toBe(21)
      expect(exporter).toMatchObject({ dropped: 0, queued: 0 })
    })
  }

  if (can.asksToWait) {
    test.each([429, 503])(
      'waits as long as an answer of %i asks it to, and loses nothing',
      async (status) => {
        await begin()
        subject.busy?.(status, 2)
        const began = performance.now()
        push(2, 3)
        await vi.waitFor(() => expect(exporter.failures).toBe(1), 20_000)
        await subject.down(false)
        await vi.waitFor(() => expect(exporter.queued).toBe(0), 20_000)
        expect(performance.now() - began).toBeGreaterThanOrEqual(2_000)
        const { gauges, growth } = await newest(3)
        expect(gauges).toEqual([1, 2, 3])
        expect(growth).toBe(14)
        expect(exporter).toMatchObject({ dropped: 0, failures: 1 })
      },
    )

    test('is not asked again by an answer of 400, whatever it says of waiting', async () => {
      await begin()
      subject.busy?.(400, 1)
      push(2, 2)
      expect(await exporter.flush(30_000)).toBe(true)
      expect(exporter).toMatchObject({ dropped: 1, failures: 1, queued: 0 })
    })
  }

  if (!can.takesNaN) {
    test('leaves out what it cannot say, and counts it', async () => {
      const { metrics, ...others } = sample(1)
      const nan: Metric = { name: 'nan', type: 'gauge', value: Number.NaN, labels: {} }
      exporter.push({ ...others, metrics: [nan, ...metrics] })
      expect(await exporter.flush(30_000)).toBe(true)
      expect((await newest(1)).gauges).toEqual([1])
      expect(exporter).toMatchObject({ omitted: 1, dropped: 0 })
      expect(reports.map(({ message }) => message)).toEqual([expect.stringContaining('metric nan is NaN')])
    })
  }

  test('gives up waiting at the deadline, and takes nothing more once it is closed', async () => {
    if (subject.hang === undefined) await subject.down(true)
    else subject.hang()
    push(1, 2)
    expect(await exporter.flush(100)).toBe(false)
    const pending = exporter.flush(60_000)
    exporter.close()
    expect(await pending).toBe(false)
    const { queued: held } = exporter
    const [requests, told] = [subject.requests?.(), reports.length]
    push(3, 4)
    expect(await exporter.flush(300)).toBe(false)
    expect(exporter.queued).toBe(held)
    expect(subject.requests?.()).toBe(requests)
    expect(reports).toHaveLength(told)
    exporter.close()
    // The end of the test starts a server that it can close.
    if (subject.hang === undefined) await subject.down(false)
  })

  if (can.hasSecrets) {
    test('tells no secret', async () => {
      await subject.down(true)
      push(1, 2)
      await exporter.flush(300)
      await subject.down(false)
      subject.refuse?.()
      push(3, 4)
      await exporter.flush(30_000)
      expect(reports.length).toBeGreaterThan(0)
      const told = inspect({ reports, exporter }, { depth: 10, showHidden: true })
      for (const secret of subject.secrets) expect(told).not.toContain(secret)
    })
  }
})
