// `node --import offloop/register app.js`, or `--require`: starts with no code, configured by the environment.
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { optionsFromEnvironment } from './core/environment'
import { isBelowRun, isRun } from './core/run'
import { isDisabled } from './core/variables'
import { attach } from './probe/counters'
import { loadBinding } from './probe/load'
import { isClusterWorker } from './sampler/sharing'
import { startWith } from './sampler/start'

if (!isDisabled(process.env) && !isOwnCommand()) {
  if (isMainThread) {
    const served = isServed() ? { OFFLOOP_SERVE: 'true', ...process.env } : process.env
    startWith(optionsFromEnvironment(served), true)
  } else if (loadBinding().binding !== undefined) {
    // A preload is inherited by worker threads. The sampler of the process is the main thread's, and finds this one;
    // without the addon it would not, and counting would be for nothing.
    attach()
  }
}

/**
 * What somebody runs by hand is to be looked at. The workers of a cluster share its port; of other processes that it
 * starts each would want the port for itself.
 */
function isServed(): boolean {
  return isRun(process.env, process.ppid) || (isBelowRun(process.env) && isClusterWorker())
}

/** With the preload in NODE_OPTIONS `offloop run` has it too, and would take the port of what it runs. */
function isOwnCommand(): boolean {
  try {
    // npm starts it through a symbolic link.
    return realpathSync(process.argv[1] ?? '') === join(__dirname, '../cli.js')
  } catch {
    return false
  }
}
