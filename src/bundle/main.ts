// All that the package's entry points share, in one file: the build bundles it (scripts/bundle.mjs), since to find,
// read and compile a file costs the main thread 0.2 to 0.3 ms, however small it is. What has state is in here once.
export { observePool } from '../bridges/piscina'
export { isDisabled, optionsFromEnvironment } from '../core/environment'
export { OffloopError } from '../core/errors'
export { metrics } from '../core/metrics'
export { isBelowRun, isRun } from '../core/run'
export { attach, counters, readCounters } from '../probe/counters'
export { countHeapObjects } from '../probe/heap-count'
export { loadBinding } from '../probe/load'
export { isClusterWorker } from '../sampler/sharing'
export { start, startWith } from '../sampler/start'
