import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Batch, Metric } from '../../src/core/batch'
import type { Names } from '../../src/core/options'

/** A process that serves /metrics under `names`; it outlives a single test. */
export class Measured {
  readonly #process: ChildProcess
  readonly url: string
  /** The newest batch. */
  batch: Batch | undefined

  private constructor(process: ChildProcess, url: string) {
    this.#process = process
    this.url = url
  }

  static start(names: Names): Promise<Measured> {
    const file = fileURLToPath(new URL('../fixtures/measured.cjs', import.meta.url))
    const child = fork(file, [names], { execArgv: ['--expose-gc'] })
    return new Promise((resolve, reject) => {
      let measured: Measured | undefined
      child.on('message', (message: { url: string } | { batch: Batch }) => {
        if ('url' in message) {
          measured = new Measured(child, message.url)
          resolve(measured)
        } else if (measured !== undefined) measured.batch = message.batch
      })
      child.on('exit', (code) => reject(new Error(`the measured process ended with ${code}`)))
    })
  }

  /** A batch that is made after this. */
  async next(): Promise<Batch> {
    const made = Date.now()
    for (;;) {
      if (this.batch !== undefined && this.batch.timestamp > made) return this.batch
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  close(): void {
    this.#process.kill('SIGKILL')
  }
}

/** The series of `metrics` as Prometheus knows them, a histogram as several: `key`s and values. */
export function seriesOf(metrics: readonly Metric[]): Map<string, number> {
  const series = metrics.flatMap(({ name, value, labels }): [string, number][] => {
    if (typeof value === 'number') return [[key({ ...labels, __name__: name }), value]]
    const buckets = [...value.buckets, { le: Number.POSITIVE_INFINITY, count: value.count }]
    return [
      ...buckets.map(({ le, count }): [string, number] => [
        key({ ...labels, __name__: `${name}_bucket`, le: String(le) }),
        count,
      ]),
      [key({ ...labels, __name__: `${name}_sum` }), value.sum],
      [key({ ...labels, __name__: `${name}_count` }), value.count],
    ]
  })
  return new Map(series)
}

/** `labels` in one order, with bounds as numbers: formats write one bound in several ways. */
export function key({ le, job, instance, ...labels }: Readonly<Record<string, string>>): string {
  const bound = le === undefined ? {} : { le: Number(le.replace('+Inf', 'Infinity')).toString() }
  return JSON.stringify(Object.entries({ ...labels, ...bound }).sort(([a], [b]) => (a < b ? -1 : 1)))
}
