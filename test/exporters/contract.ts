import { describe, expect, it, onTestFinished } from 'vitest'
import type { OffloopError } from '../../src/core/errors'
import type { Exporter } from '../../src/exporters/exporter'
import { batch, gauge } from '../support/batches'

/** A backend that a test can command. Its answers differ from protocol to protocol; what follows from them does not. */
export interface Backend {
  /** Values of the gauge `metric` that were stored, in order of arrival. */
  values(metric: string): readonly number[]
  /** How many requests came, whatever the answer. */
  requests(): number
  /** `busy` may pass, `refuse` will not, `hang` never answers. */
  answer(how: 'store' | 'busy' | 'refuse' | 'hang'): void
}

export interface Setup {
  readonly backend: Backend
  /** An exporter to that backend, with a time-out for one request. */
  create(report: (error: OffloopError) => void, onQueued: () => void, timeoutMs: number): Exporter
}

/** What every exporter that pushes and is answered must do. `secret` is among what it sends, and is repeated by refusals. */
export function exporterContract(name: string, setUp: () => Promise<Setup>, secret: string): void {
  const start = async (timeoutMs = 5_000) => {
    const { backend, create } = await setUp()
    const reports: OffloopError[] = []
    const queued: number[] = []
    const exporter = create(
      (error) => reports.push(error),
      () => queued.push(exporter.queued),
      timeoutMs,
    )
    onTestFinished(() => exporter.close())
    return { backend, exporter, reports, queued }
  }
  const value = (sequence: number) => batch(sequence, [gauge('a_metric', sequence)])

  describe(`${name} keeps the contract of exporters`, () => {
    it('delivers what is pushed', async () => {
      const { backend, exporter, reports, queued } = await start()
      for (const sequence of [1, 2, 3]) exporter.push(value(sequence))
      expect(exporter.queued).toBeGreaterThan(0)
      expect(await exporter.flush(5_000)).toBe(true)
      expect([...backend.values('a_metric')].sort()).toEqual([1, 2, 3])
      expect(exporter).toMatchObject({ name, dropped: 0, failures: 0, omitted: 0, queued: 0 })
      expect(queued.at(-1)).toBe(0)
      expect(reports).toEqual([])
    })

    it('sends again what the backend is too busy for, and says so once', async () => {
      const { backend, exporter, reports } = await start()
      backend.answer('busy')
      for (const sequence of [1, 2]) exporter.push(value(sequence))
      await until(() => exporter.failures >= 2)
      expect(backend.values('a_metric')).toEqual([])
      backend.answer('store')
      expect(await exporter.flush(5_000)).toBe(true)
      expect([...backend.values('a_metric')].sort()).toEqual([1, 2])
      expect(exporter).toMatchObject({ dropped: 0, queued: 0 })
      expect(reports).toHaveLength(1)
    })

    it('gives up what is refused, counts it, and goes on', async () => {
      const { backend, exporter, reports } = await start()
      backend.answer('refuse')
      exporter.push(value(1))
      expect(await exporter.flush(5_000)).toBe(true)
      expect(backend.requests()).toBe(1)
      expect(exporter).toMatchObject({ dropped: 1, failures: 1, queued: 0 })
      backend.answer('store')
      exporter.push(value(2))
      expect(await exporter.flush(5_000)).toBe(true)
      expect(backend.values('a_metric')).toEqual([2])
      expect(reports).toHaveLength(1)
      expect(reports[0]).toMatchObject({ code: 'ERR_OFFLOOP_EXPORT' })
      expect(reports[0]?.message).toMatch(new RegExp(`^exporter ${name}: `))
      expect(reports[0]?.message).not.toContain(secret)
    })

    it('waits for no answer longer than it may, and loses nothing by it', async () => {
      const { backend, exporter } = await start(200)
      backend.answer('hang')
      exporter.push(value(1))
      expect(await exporter.flush(20)).toBe(false)
      await until(() => exporter.failures > 0)
      backend.answer('store')
      expect(await exporter.flush(5_000)).toBe(true)
      expect(backend.values('a_metric')).toEqual([1])
    })

    it('keeps 120 batches and drops the oldest', async () => {
      const { backend, exporter } = await start()
      backend.answer('busy')
      for (let sequence = 1; sequence <= 150; sequence++) exporter.push(value(sequence))
      await until(() => exporter.failures > 0)
      await until(() => exporter.queued === 120)
      expect(exporter.dropped).toBe(30)
      backend.answer('store')
      expect(await exporter.flush(10_000)).toBe(true)
      expect([...backend.values('a_metric')].sort((a, b) => a - b)).toEqual(
        Array.from({ length: 120 }, (_, index) => index + 31),
      )
    })

    it('leaves out what it cannot say, and counts it', async () => {
      const { backend, exporter, reports } = await start()
      exporter.push(batch(1, [gauge('a_metric', 1), gauge('nan', Number.NaN)]))
      expect(await exporter.flush(5_000)).toBe(true)
      expect(backend.values('a_metric')).toEqual([1])
      expect(exporter).toMatchObject({ omitted: 1, dropped: 0 })
      expect(reports.map(({ message }) => message)).toEqual([expect.stringContaining('metric nan is NaN')])
    })

    it('is quiet once closed', async () => {
      const { backend, exporter, reports } = await start()
      backend.answer('hang')
      exporter.push(value(1))
      await until(() => backend.requests() === 1)
      const flushed = exporter.flush(10_000)
      exporter.close()
      exporter.close()
      expect(await flushed).toBe(false)
      exporter.push(value(2))
      expect(backend.requests()).toBe(1)
      expect(reports).toEqual([])
    })
  })
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5))
}
