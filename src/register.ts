// `node --import offloop/register app.js`, or `--require`: starts with no code, configured by the environment.
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { isDisabled, optionsFromEnvironment } from './core/environment'
import { isRun } from './core/run'
import { attach } from './probe/counters'
import { loadBinding } from './probe/load'

if (!isDisabled(process.env) && !isOwnCommand()) {
  if (isMainThread) {
    const { startWith } = require('./sampler/start') as typeof import('./sampler/start')
    // What somebody runs by hand is to be looked at.
    const serve = isRun(process.env, process.ppid) && process.env.OFFLOOP_SERVE === undefined
    startWith({ serve, ...optionsFromEnvironment(process.env) }, true)
  } else if (loadBinding().binding !== undefined) {
    // A preload is inherited by worker threads. The sampler of the process is the main thread's, and finds this one;
    // without the addon it would not, and counting would be for nothing.
    attach()
  }
}

/** With the preload in NODE_OPTIONS `offloop run` has it too, and would take the port of what it runs. */
function isOwnCommand(): boolean {
  try {
    // npm starts it through a symbolic link.
    return realpathSync(process.argv[1] ?? '') === join(__dirname, 'cli.js')
  } catch {
    return false
  }
}
