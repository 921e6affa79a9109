/** V8's own tracer, which the benchmarks compare with as well. */
export { readMarkedTrace, readTrace } from '../../benchmarks/support/trace-gc.mjs'
export type Traced = import('../../benchmarks/support/trace-gc.mjs').Traced
