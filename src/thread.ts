// `import 'offloop/thread'`, or require, in the code of a worker thread: it is measured from here on. Starts nothing;
// the sampling thread that the main thread started, before or after, finds every probe of the process.
import { attach, isDisabled } from './bundle/main'

if (!isDisabled(process.env)) attach()
