// Others, set up as their own documentation says, with what they have on by default. All are sampled as often as we
// are: prom-client's scrape and the reads of the native packages by a timer, OpenTelemetry by its own reader. What they
// would pay beyond that (an HTTP server for the scrape, an agent's sender) is left out, in their favour.
import { requireInstalled } from '../peers/peers.mjs'

/** @typedef {import('./setups.mjs').Setup} Setup */

/** @type {Record<string, Setup>} */
export const peerSetups = {
  // The least that anything built on it costs: the list is not even looked at, unless its figures are asked for.
  PerformanceObserver: {
    load: () => process.getBuiltinModule('node:perf_hooks'),
    start({ PerformanceObserver }, { deliver }) {
      let ms = 0
      const sum = (/** @type {any} */ list) => {
        for (const { duration } of list.getEntries()) ms += duration
      }
      new PerformanceObserver(deliver ? sum : () => {}).observe({ entryTypes: ['gc'] })
      return { gcNs: () => ms * 1e6 }
    },
  },

  monitorEventLoopDelay: {
    load: () => process.getBuiltinModule('node:perf_hooks'),
    start({ monitorEventLoopDelay }) {
      const histogram = monitorEventLoopDelay()
      histogram.enable()
      return { read: () => histogram.max }
    },
  },

  'prom-client': {
    load: () => requireInstalled('prom-client'),
    async start({ Gauge, collectDefaultMetrics, register }, { intervalMs = 10_000, deliver, series }) {
      collectDefaultMetrics()
      if (series !== undefined) ownGauge(new Gauge({ name: 'q', help: 'q', labelNames: ['queue'] }), series)
      const gcNs = async () => {
        const { values } = await register.getSingleMetric('nodejs_gc_duration_seconds').get()
        return total(values.filter(({ metricName }) => metricName.endsWith('_sum'))) * 1e9
      }
      const seriesSeen = async () => (await register.metrics()).match(/^q\{/gm)?.length ?? 0
      if (deliver) return { url: await serve(() => register.metrics()), gcNs }
      setInterval(() => register.metrics(), intervalMs)
      return { gcNs, seriesSeen }
    },
  },

  OpenTelemetry: {
    load: () => ({
      ...requireInstalled('@opentelemetry/sdk-metrics'),
      ...requireInstalled('@opentelemetry/exporter-metrics-otlp-http'),
      ...requireInstalled('@opentelemetry/instrumentation-runtime-node'),
    }),
    start(sdk, { intervalMs = 10_000, sink, series }) {
      const reader = new sdk.PeriodicExportingMetricReader({
        exporter: new sdk.OTLPMetricExporter({ url: sink }),
        exportIntervalMillis: intervalMs,
        exportTimeoutMillis: intervalMs,
      })
      const provider = new sdk.MeterProvider({ readers: [reader] })
      new sdk.RuntimeNodeInstrumentation().setMeterProvider(provider)
      if (series !== undefined) {
        // Its limit is 2,000 a metric, beyond which all fall into one.
        for (let from = 0; from < series; from += 1000) {
          const gauge = provider.getMeter('bench').createObservableGauge(`q${from}`)
          gauge.addCallback((result) => {
            for (let i = from; i < Math.min(series, from + 1000); i++)
              result.observe(i, { queue: `queue-${i}` })
          })
        }
      }
      return {
        async seriesSeen() {
          const { resourceMetrics } = await reader.collect()
          return resourceMetrics.scopeMetrics
            .filter(({ scope }) => scope.name === 'bench')
            .flatMap(({ metrics }) => metrics)
            .reduce((sum, { dataPoints }) => sum + dataPoints.length, 0)
        },
        async gcNs() {
          const { resourceMetrics } = await reader.collect()
          const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
          const gc = metrics.find(({ descriptor }) => descriptor.name === 'v8js.gc.duration')
          return total((gc?.dataPoints ?? []).map(({ value }) => ({ value: value.sum }))) * 1e9
        },
      }
    },
  },

  // Its figures are since the last look: so each look adds to a sum, as a reader must who wants totals.
  Datadog: {
    load: () => requireInstalled('@datadog/native-metrics'),
    start(native, { intervalMs = 10_000, sink, deliver }) {
      native.start()
      let ns = 0
      const look = () => {
        const stats = native.stats()
        // The sum over all kinds.
        ns += stats.gc.all?.sum ?? 0
        return stats
      }
      sampleEvery(intervalMs, look, deliver ? sink : undefined)
      const read = () => {
        look()
        return ns
      }
      return { gcNs: read, read }
    },
  },

  'New Relic': {
    load: () => requireInstalled('@newrelic/native-metrics'),
    start(getMetricEmitter, { intervalMs = 10_000, sink, deliver }) {
      const emitter = getMetricEmitter()
      let ms = 0
      const lookAtGc = () => {
        const gc = emitter.getGCMetrics()
        for (const type of Object.values(gc)) ms += type.metrics.total
        return gc
      }
      sampleEvery(
        intervalMs,
        () => ({ gc: lookAtGc(), loop: emitter.getLoopMetrics() }),
        deliver ? sink : undefined,
      )
      const read = () => {
        lookAtGc()
        return ms * 1e6
      }
      return { gcNs: read, read }
    },
  },

  'gc-stats': {
    load: () => requireInstalled('gc-stats'),
    start(gcStats) {
      let ns = 0
      gcStats().on('stats', ({ pause }) => {
        ns += pause
      })
      return { gcNs: () => ns }
    },
  },
}

/** @param {readonly { value: number }[]} values */
function total(values) {
  return values.reduce((sum, { value }) => sum + value, 0)
}

/** @param {any} gauge @param {number} count */
function ownGauge(gauge, count) {
  for (let i = 0; i < count; i++) gauge.set({ queue: `queue-${i}` }, i)
}

/** A scrape target, as prom-client's documentation has it. @param {() => Promise<string>} metrics @returns {Promise<string>} */
async function serve(metrics) {
  const { createServer } = process.getBuiltinModule('node:http')
  const server = createServer(async (_, response) => response.end(await metrics()))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
}

/**
 * These packages are parts of an agent, whose timer on the main thread reads them and sends what it read.
 * @param {number} intervalMs
 * @param {() => object} look
 * @param {string | undefined} sink
 */
function sampleEvery(intervalMs, look, sink) {
  const { request } = process.getBuiltinModule('node:http')
  setInterval(() => {
    const stats = look()
    if (sink === undefined) return
    request(sink, { method: 'POST' }, (response) => response.resume())
      .on('error', () => {})
      .end(JSON.stringify(stats))
  }, intervalMs)
}
