// Who is measured side by side, by the names that the tables have.

export const NOTHING = 'nothing'
export const OURS = 'offloop'

const PEERS = [
  'PerformanceObserver',
  'monitorEventLoopDelay',
  'prom-client',
  'OpenTelemetry',
  'Datadog',
  'New Relic',
  'gc-stats',
]
const OWN = [OURS, 'offloop, fallback', 'offloop, all on']

/** @type {readonly string[]} */
export const CONTENDERS = [...PEERS, ...OWN]
export const ALL = [NOTHING, ...CONTENDERS]
/** What tells of collections. */
export const GC_CONTENDERS = CONTENDERS.filter((name) => name !== 'monitorEventLoopDelay')
/** What takes samples at an interval. */
export const SAMPLERS = CONTENDERS.filter(
  (name) => !['PerformanceObserver', 'monitorEventLoopDelay', 'gc-stats'].includes(name),
)

/** Whether it is somebody else's. @param {string} name */
export function isPeer(name) {
  return PEERS.includes(name)
}

/** For the page. @type {Record<string, string>} */
export const DESCRIPTIONS = {
  [NOTHING]: 'the same process without any tool',
  PerformanceObserver: "Node.js's own, for `gc` entries, with a callback that does nothing",
  monitorEventLoopDelay: "Node.js's own, at its default resolution of 10 ms",
  'prom-client':
    '`collectDefaultMetrics()`; `register.metrics()` at each interval, without an HTTP server around it',
  OpenTelemetry:
    '`@opentelemetry/instrumentation-runtime-node` with `sdk-metrics` and OTLP over HTTP to a receiver in another process',
  Datadog: '`@datadog/native-metrics`, the native part of dd-trace, read at each interval',
  'New Relic': '`@newrelic/native-metrics`, the native part of its agent, read at each interval',
  'gc-stats': '`gc-stats` with a listener that adds up pauses',
  'an empty timer': 'a timer at each interval with an empty callback: the wake-up alone',
  [OURS]: '`start()` with its defaults, and the addon',
  'offloop, lean': 'the same with `heapObjects: false, heapAccounting: false`',
  'offloop, bytes only': 'the same with `heapObjects: false`',
  'offloop, objects only': 'the same with `heapAccounting: false`',
  'offloop, attached': '`attach()` alone: counters, and no sampling thread',
  'offloop, fallback': 'the same as offloop where no addon can be loaded: `perf_hooks` in its place',
  'offloop, all on':
    "TinyObs, OTLP (protobuf, gzip) and DogStatsD exporters, a module of one's own, the HTTP server, and the page open in a browser",
  'a bare Worker': 'a worker thread with a timer of 10 s: the least that a sampling thread could cost',
  'a Worker and our addon':
    'the same, a package of one empty file, and our addon loaded by its path: the least that ours could cost',
}
