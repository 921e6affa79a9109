// `node --import offloop/register app.js`, or `--require`: starts with no code, configured by the environment.
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { isDisabled, optionsFromEnvironment } from './core/environment'
import { startWith } from './sampler/start'

// A preload is inherited by worker threads; the sampler of the process is the main thread's.
if (isMainThread && !isDisabled(process.env) && !isOwnCommand()) {
  startWith(optionsFromEnvironment(process.env), true)
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
