// `import 'offloop/thread'`, or require, in the code of a worker thread: it is measured from here on. Starts nothing;
// the sampling thread that the main thread started, before or after, finds every probe of the process.
import { isDisabled } from './core/variables'
import { attach } from './probe/counters'

if (!isDisabled(process.env)) attach()
