/** How a process shares the port of its HTTP server with others. Plain data, made by the main thread. */
export interface Sharing {
  /** Who shares: all processes of the user, or those of one cluster, by its primary's process ID. */
  readonly group: 'user' | number
  /** Not by a process that may be the primary of a cluster and need not: where it cannot share it says nothing. */
  readonly wanted: boolean
  /** The worker's ID in its cluster. */
  readonly worker: string | undefined
}

/** One of the processes that share a port. */
export interface SharedProcess {
  readonly pid: number
  /** The worker's ID in its cluster. */
  readonly worker: string | undefined
  readonly service: string
  readonly intervalMs: number
  /** Whether it is the one that serves. */
  readonly serves: boolean
  /** When its figures were read last, milliseconds since the epoch. */
  readonly sampledAt: number
}
