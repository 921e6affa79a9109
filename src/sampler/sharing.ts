import { isMainThread } from 'node:worker_threads'
import type { Settings } from '../core/options'

/** `settings`, with whom the port is shared. `preloaded`: by `offloop/register`, before the application loads anything. */
export function withSharing(settings: Settings, preloaded: boolean): Settings {
  const { serve } = settings
  // Port 0 is another one for each process.
  if (serve === undefined || serve.port === 0 || serve.share === false) return settings
  const worker = clusterWorker()
  if (serve.share) return { ...settings, sharing: { group: 'user', wanted: true, worker } }
  if (worker !== undefined) return { ...settings, sharing: { group: process.ppid, wanted: true, worker } }
  if (!isMainThread || !(preloaded || clusterIsLoaded())) return settings
  // It may fork workers yet.
  return { ...settings, sharing: { group: process.pid, wanted: false, worker } }
}

/** The ID of this process in its cluster; undefined where it is no worker of one. */
function clusterWorker(): string | undefined {
  // Its variable of the environment is gone before any code of the application runs, and the module is loaded.
  if (!isMainThread || !clusterIsLoaded()) return undefined
  const { worker } = require('node:cluster') as { worker?: { readonly id: number } }
  return worker === undefined ? undefined : String(worker.id)
}

/** Without loading it, which takes a process that has no use for it 1 to 5 ms. Not documented: none is no answer. */
function clusterIsLoaded(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: unknown }
  if (Array.isArray(moduleLoadList)) return moduleLoadList.includes('NativeModule cluster')
  return process.channel !== undefined
}
