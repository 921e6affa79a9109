/** The addon's surface (native/addon.cc). */
export interface Binding {
  /** Names of the block's slots, in order. */
  readonly slots: readonly string[]
  /** Attaches a probe to the calling thread, once, and returns its block. `timeHooks` is for benchmarks. */
  attach(threadId: number, threadName: string, timeHooks?: boolean): SharedArrayBuffer
  /** Every probe of the process. */
  probes(): readonly NativeProbe[]
  /** Another number whenever `probes()` would answer otherwise. */
  generation(): number
  /** Asks every probe for fresh figures without waiting; blocks that show this number have answered. */
  request(): number
  /** Sums of the GC counters of all threads that ended, by slot. Final with the `generation()` after it. */
  endedTotals(): Float64Array
  /** Of the calling thread's isolate: V8's sampling heap profiler, which the estimate of heap objects rests on. */
  startHeapSampling(): void
  stopHeapSampling(): void
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
  /** Nanoseconds that the newest GC callbacks took; undefined unless attached with `timeHooks`. */
  hookTimings(): { readonly prologueNs: Float64Array; readonly epilogueNs: Float64Array } | undefined
}

export interface NativeProbe {
  readonly id: number
  readonly threadId: number
  readonly threadName: string
  readonly memory: SharedArrayBuffer
}
