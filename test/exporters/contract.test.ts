// What every exporter that pushes must do, whatever its protocol. The table is in test/support/subjects.ts.
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Metric } from '../../src/core/batch'
import type { OffloopError } from '../../src/core/errors'
import type { Exporter } from '../../src/exporters/exporter'
import { dist } from '../dist'
import { SUBJECTS, type Subject, sample } from '../support/subjects'

const { createExporters } = dist<typeof import('../../src/exporters/create')>('exporters/create.js')

/** How many batches wait at most. */
const CAPACITY = 120

describe.each(Object.entries(SUBJECTS))('%s', (_, make) => {
  let subject: Subject
  let exporter: Exporter
  let reports: OffloopError[]
  let queued: number

  const create = async (timeoutMs: number) => {
    subject = await make(timeoutMs)
    reports = []
    queued = 0
    const [created] = createExporters(
      [subject.settings],
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
    return { gauges, growth: subject.growth(await subject.values('orders_total', sample.labels, sequence)) }
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

  test('gives up a batch that is refused, counts it, and goes on', async () => {
    if (subject.refuse === undefined) return // the protocol cannot refuse
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

  test('waits for no answer longer than it may, and loses nothing by it', async () => {
    if (subject.hang === undefined) return // the protocol has no answers
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

  test('leaves out what it cannot say, and counts it', async () => {
    if (subject.takesNaN) return // it takes all there is
    const { metrics, ...others } = sample(1)
    const nan: Metric = { name: 'nan', type: 'gauge', value: Number.NaN, labels: {} }
    exporter.push({ ...others, metrics: [nan, ...metrics] })
    expect(await exporter.flush(30_000)).toBe(true)
    expect((await newest(1)).gauges).toEqual([1])
    expect(exporter).toMatchObject({ omitted: 1, dropped: 0 })
    expect(reports.map(({ message }) => message)).toEqual([expect.stringContaining('metric nan is NaN')])
  })

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

  test('tells no secret', async () => {
    if (subject.secrets.length === 0) return // it has none
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
})
