import type { Batch } from './batch'
import type { ShownStall, Stall } from './stall'

/** How a process shares the port of its HTTP server with others. Plain data, made by the main thread. */
export interface Sharing {
  /** Who shares: all processes of the user, or those of one cluster, by its primary's process ID. */
  readonly group: 'user' | number
  /** Not those of a process that may become the primary of a cluster: most never do, and their series stay as they are. */
  readonly labelled: boolean
  /** Whether there are others, as far as can be told: where not, it says nothing of a socket that it cannot have. */
  readonly wanted: boolean
  /** The worker's ID in its cluster. */
  readonly worker: string | undefined
}

/**
 * `batch` with the labels that tell the processes apart. They are there from the first sample to the last, whoever
 * serves and whether there are others: a series never changes its identity.
 */
export function identified(batch: Batch, { labelled, worker }: Sharing): Batch {
  if (!labelled) return batch
  // A label of the user's may be called `worker`. By `pid` series are told apart, so none may.
  const fallback = worker === undefined ? {} : { worker }
  const own = { pid: String(process.pid) }
  const metrics = batch.metrics.map((metric) => ({
    ...metric,
    labels: { ...fallback, ...metric.labels, ...own },
  }))
  return { ...batch, metrics }
}

/** `stall` with what its process's series have. */
export function identifiedStall(stall: Stall, { labelled, worker }: Sharing): ShownStall {
  return labelled ? { ...stall, pid: process.pid, ...(worker === undefined ? {} : { worker }) } : stall
}
