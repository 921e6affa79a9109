/** The addon's surface (native/addon.cc). */
export interface Binding {
  /** Names of the block's slots, and its tables with their lengths, in order: `LAYOUT` of layout.ts. */
  readonly layout: string
  /** Attaches a probe to the calling thread, once, and returns its block. */
  attach(threadId: number, threadName: string, options?: AttachOptions): SharedArrayBuffer
  /** Every probe of the process. */
  probes(): readonly NativeProbe[]
  /** Another number whenever `probes()` would answer otherwise. */
  generation(): number
  /** Asks every probe for fresh figures without waiting; blocks that show this number have answered. */
  request(): number
  /**
   * Asks every probe but those whose last answer is certain to hold: nothing has run on their threads since. The request's
   * number, and the ids of the probes that were not asked.
   */
  requestOutdated(): Float64Array
  /** Sums of the GC counters of all threads that ended, by slot. Final with the `generation()` after it. */
  endedTotals(): Float64Array
  /** Pairs: a probe's id, and how long its loop has waited for I/O since the thread began. */
  idleNs(): Float64Array
  /**
   * Looks at the loops every `everyMs`, without JavaScript, until one has been busy for `busyMs` (of a worker: `workerBusyMs`;
   * Infinity leaves workers out), the process was stopped for longer than `stoppedMs`, or a thread is new. Calls `then` once, with what the look before saw and what this
   * one did (`loop-looks.ts`). Another call replaces it.
   */
  watchLoops(
    everyMs: number,
    stoppedMs: number,
    busyMs: number,
    workerBusyMs: number,
    then: (before: Float64Array | undefined, now: Float64Array) => void,
  ): void
  /** Ends that with a last look; undefined where nobody watched. */
  endLoopWatch(): Float64Array | undefined
  /** Asks a thread for its stack, by interrupt: it takes it if it is still in the turn that began at `turnNs`. */
  askStack(id: number, turnNs: number): void
  /** What was asked for, once it was taken, and once. */
  takeStack(id: number): NativeStack | undefined
  /** V8's names of its heap spaces, in the order of a block's figures. */
  heapSpaces(): readonly string[]
  /** What all probes of the process are to do beside counting; another thread follows when it answers. */
  follow(heapAccounting: boolean, heapSampling: boolean): void
  /** Exact, of the calling thread's heap after a full collection; undefined while others track heap objects. */
  countHeapObjects():
    | { readonly objects: number; readonly bytes: number; readonly pauseNs: number }
    | undefined
  /** One sampler a process: true for whoever asks first. A claim ends with its thread. */
  claimSampler(): boolean
  releaseSampler(): void
  /** Catches SIGTERM until `releaseTermination`, or until somebody else listens to it. */
  catchTermination(): void
  releaseTermination(): void
  /** In the sampling thread: called once when the signal comes. */
  onTermination(callback: () => void): void
  /** Ends the process by SIGTERM as if it had never been caught. */
  terminate(): void
  /** One datagram to a Unix socket, without waiting: 0, or the errno of what failed. */
  sendDatagram(path: string, data: Uint8Array): number
  /** How much of `data` a descriptor took at once, without waiting, or a negative errno. */
  writeNow(fd: number, data: Uint8Array): number
  /** How many probes and blocks of this copy of the addon exist, those of ended threads included. For tests. */
  living(): { readonly probes: number; readonly blocks: number }
  /** For benchmarks: what V8 and the loop call in the calling thread is taken away, or put back. */
  suspend(suspended: boolean): void
  /**
   * Nanoseconds that the newest GC callbacks took, and the last reading of the heap profile; undefined unless attached
   * with `timeHooks`.
   */
  hookTimings():
    | {
        readonly prologueNs: Float64Array
        readonly epilogueNs: Float64Array
        readonly profileNs: number
      }
    | undefined
}

export interface AttachOptions {
  /** Times the GC callbacks themselves, for benchmarks. */
  readonly timeHooks?: boolean
  /** false: as where Node.js does not export V8's LongTaskStats. */
  readonly longTaskStats?: boolean
}

export interface NativeStack {
  /** On the probes' clock. */
  readonly takenAtNs: number
  /** The innermost first; names and files are empty, and lines 0, where there are none. */
  readonly frames: readonly {
    readonly functionName: string
    readonly file: string
    readonly line: number
    readonly column: number
  }[]
}

export interface NativeProbe {
  readonly id: number
  readonly threadId: number
  readonly threadName: string
  /** The system's own number of the thread, 0 where there is none. */
  readonly osThreadId: number
  readonly memory: SharedArrayBuffer
}
