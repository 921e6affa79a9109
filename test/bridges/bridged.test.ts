// The bridges in an application that has the real things: a sampler, a MeterProvider with the official exporter, a registry.
import { expect, onTestFinished, test } from 'vitest'
import type { Batch } from '../../src/core/batch'
import { dist } from '../dist'
import { Child } from '../support/child'
import { attributesOf, type OtlpRequest, OtlpServer } from '../support/otlp-server'
import { canonical, type Row, rowsOfBatch, rowsOfOtlpJson } from '../support/table'

const { otelAttributes, otelName } = dist<typeof import('../../src/core/otel-names')>('core/otel-names.js')

/** Which names those are, test/core/otel.test.ts says. */
function inOpenTelemetry(batch: Batch): Row[] {
  return rowsOfBatch(batch).map((row, index) => {
    const metric = batch.metrics[index] as Batch['metrics'][number]
    const named = otelName(metric, batch)
    if (typeof named === 'string') throw new Error(named)
    return { ...row, name: named.name, labels: otelAttributes(metric, batch.service) as Row['labels'] }
  })
}

test.each(['require', 'import'])(
  'by %s: the reader sends what the sampler said, beside their own',
  async (how) => {
    const server = await OtlpServer.start()
    onTestFinished(() => server.close())
    const child = new Child('bridged.mjs', { args: [server.url, how], execArgv: ['--expose-gc'] })
    const { last, same, prometheus } = await child.next<{ last: Batch; same: object; prometheus: string }>()
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' })
    expect(same).toEqual({ opentelemetry: true, 'prom-client': true, offloop: true })

    const request = JSON.parse(server.stored[0]?.body.toString() ?? '{}') as OtlpRequest
    expect(
      request.resourceMetrics.map(({ resource }) => attributesOf(resource.attributes)['service.name']),
    ).toEqual(['their-own'])
    const scopes = request.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics)
    const of = (name: string) => scopes.find(({ scope }) => scope.name === name)?.metrics ?? []
    expect(of('theirs')).toMatchObject([{ name: 'their_orders' }])
    expect(canonical(rowsOfOtlpJson(of('offloop')))).toEqual(canonical(inOpenTelemetry(last)))
    expect(of('offloop').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['v8js.gc.duration', 'v8js.memory.heap.used', 'process.cpu.time']),
    )

    // prom-client says more of a metric without series than the format allows.
    expect(prometheus).toMatch(/^nodejs_heap_size_used_bytes \d{7,}$/m)
    expect(prometheus).toMatch(/^nodejs_gc_duration_seconds_count\{kind="major"\} [1-9]/m)
  },
)
