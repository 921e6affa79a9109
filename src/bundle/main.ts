// All that the package's entry points share, in one file: the build bundles it (scripts/bundle.mjs), since to find,
// read and compile a file costs the main thread 0.2 to 0.3 ms, however small it is. What has state is in here once; what
// is large and few applications use is required late, and so in a file of its own.
import type * as Metrics from '../core/metrics'

export { observePool } from '../bridges/piscina'
export { isDisabled, optionsFromEnvironment } from '../core/environment'
export { OffloopError } from '../core/errors'
export { isBelowRun, isRun } from '../core/run'
export { attach, counters, readCounters } from '../probe/counters'
export { countHeapObjects } from '../probe/heap-count'
export { loadBinding } from '../probe/load'
export { isClusterWorker } from '../sampler/sharing'
export { start, startWith } from '../sampler/start'

export const late = {
  get metrics(): typeof Metrics.metrics {
    return (require('../core/metrics') as typeof Metrics).metrics
  },
}
