import { onTestFinished } from 'vitest'
import { dist } from '../dist'
import { OtlpServer } from '../support/otlp-server'
import { TinyObsServer } from '../support/tinyobs-server'
import { exporterContract, type Setup } from './contract'

const { createTinyObs } = dist<typeof import('../../src/exporters/tinyobs')>('exporters/tinyobs.js')
const { createOtlp } = dist<typeof import('../../src/exporters/otlp')>('exporters/otlp.js')
const { resolveOptions } = dist<typeof import('../../src/core/options')>('core/options.js')

const SECRET = 's3cret-of-the-exporter'

exporterContract(
  'tinyobs',
  async (): Promise<Setup> => {
    const server = await TinyObsServer.start({ key: SECRET })
    onTestFinished(() => server.close())
    return {
      backend: {
        values: (metric) => server.stored.filter(({ name }) => name === metric).map(({ value }) => value),
        requests: () => server.requests.length,
        answer: (how) => {
          server.fault = {
            store: undefined,
            busy: { kind: 'status', status: 503, headers: { 'retry-after': '0' } } as const,
            refuse: { kind: 'status', status: 400, body: `no such key: ${SECRET}` } as const,
            hang: { kind: 'hang' } as const,
          }[how]
        },
      },
      create: (report, onQueued, timeoutMs) =>
        createTinyObs(
          { type: 'tinyobs', url: server.url, key: SECRET, timeoutMs },
          'tinyobs',
          report,
          onQueued,
        ),
    }
  },
  SECRET,
)

exporterContract(
  'otlp',
  async (): Promise<Setup> => {
    const server = await OtlpServer.start()
    onTestFinished(() => server.close())
    return {
      backend: {
        values: (metric) =>
          server.metrics.flatMap((metrics) =>
            metrics
              .filter(({ name }) => name === metric)
              .flatMap(({ gauge }) => gauge?.dataPoints.map(({ asDouble }) => asDouble ?? Number.NaN) ?? []),
          ),
        requests: () => server.requests.length,
        answer: (how) => {
          server.fault = {
            store: undefined,
            busy: { status: 503 },
            refuse: { status: 400, body: `no such key: ${SECRET}` },
            hang: 'hang' as const,
          }[how]
        },
      },
      create: (report, onQueued, timeoutMs) => {
        const one = { type: 'otlp', url: server.url, protocol: 'http/json', timeoutMs } as const
        const options = { exporters: [{ ...one, headers: { 'api-key': SECRET } }] }
        const [settings] = resolveOptions(options, () => 'api').settings.exporters
        if (settings?.type !== 'otlp') throw new Error('no settings')
        return createOtlp(settings, 'otlp', report, onQueued)
      },
    }
  },
  SECRET,
)
