// `offloop/prom-client`: in place of prom-client's own collectDefaultMetrics, and nothing else in an application changes.
import { loadPeer } from '../core/peers'
import { attachProbe } from '../probe/probe'
import { registerGc } from './prom-client-gc'
import { registerEventLoop } from './prom-client-loop'
import { registerProcess } from './prom-client-process'
import type { DefaultMetricsConfig, PromClient, Registration } from './prom-client-types'

export type { DefaultMetricsConfig, PromClientRegistry } from './prom-client-types'

/**
 * Registers prom-client's 31 default metrics, by the same names, types, labels and bounds, in a registry of the
 * application's own prom-client. What they say of collections and of the event loop comes from offloop's probe, which is
 * attached to the calling thread: no `PerformanceObserver`, and no timer (both where the addon cannot be loaded). No
 * sampling thread is needed, nor started.
 *
 * @throws {TypeError | RangeError} for a `config` that cannot be used.
 * @throws {Error} where prom-client is not installed.
 */
export function collectDefaultMetrics(config?: DefaultMetricsConfig | null): void {
  if (
    config !== null &&
    config !== undefined &&
    Object.prototype.toString.call(config) !== '[object Object]'
  ) {
    throw new TypeError('config must be null, undefined, or an object')
  }
  const {
    register,
    prefix = '',
    labels = {},
    gcDurationBuckets,
    eventLoopMonitoringPrecision = 10,
  } = config ?? {}
  const client = promClient()
  const probe = attachProbe()
  const registration: Registration = {
    client,
    registers: register === undefined ? undefined : [register],
    prefix,
    labels: labels as Registration['labels'],
  }
  registerProcess(registration)
  registerEventLoop(registration, probe, eventLoopMonitoringPrecision)
  registerGc(registration, probe, gcDurationBuckets)
}

/** As prom-client has it: names of its groups of default metrics. */
collectDefaultMetrics.metricsList = [
  'processCpuTotal',
  'processStartTime',
  'osMemoryHeap',
  'processOpenFileDescriptors',
  'processMaxFileDescriptors',
  'eventLoopLag',
  'processResources',
  'processHandles',
  'processRequests',
  'heapSizeAndUsed',
  'heapSpacesSizeAndUsed',
  'version',
  'gc',
]

function promClient(): PromClient {
  try {
    return loadPeer('prom-client') as PromClient
  } catch (error) {
    throw new Error(`offloop/prom-client ${(error as Error).message}`)
  }
}
