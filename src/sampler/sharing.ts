import { isMainThread } from 'node:worker_threads'
import type { Settings } from '../core/options'

interface Cluster {
  readonly worker?: { readonly id: number }
  readonly workers?: Readonly<Record<string, unknown>>
}

/** Whether this process is one of those that `node:cluster` forked. */
export function isClusterWorker(): boolean {
  return loadedCluster().worker !== undefined
}

/** `settings`, with whom the port is shared. */
export function withSharing(settings: Settings): Settings {
  const { serve } = settings
  // Port 0 is another one for each process.
  if (serve === undefined || serve.port === 0 || serve.share === false) return settings
  const { worker: own, workers = {} } = loadedCluster()
  const worker = own === undefined ? undefined : String(own.id)
  if (serve.share) return { ...settings, sharing: { group: 'user', labelled: true, wanted: true, worker } }
  if (worker !== undefined) {
    return { ...settings, sharing: { group: process.ppid, labelled: true, wanted: true, worker } }
  }
  if (!isMainThread) return settings
  // Any process may be the primary of a cluster: a preload, and many a program, starts before it forks.
  const wanted = Object.keys(workers).length > 0
  return { ...settings, sharing: { group: process.pid, labelled: false, wanted, worker } }
}

/**
 * `node:cluster` where it is loaded, as it is in a worker before any code of the application runs, whose variable of the
 * environment is gone by then. To load it takes 1 to 5 ms. The list is not documented: without one a process that has
 * no channel to another is no worker.
 */
function loadedCluster(): Cluster {
  const { moduleLoadList } = process as { moduleLoadList?: unknown }
  const isLoaded = Array.isArray(moduleLoadList)
    ? moduleLoadList.includes('NativeModule cluster')
    : process.channel !== undefined
  return isLoaded && isMainThread ? (require('node:cluster') as Cluster) : {}
}
