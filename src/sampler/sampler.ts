import { EventEmitter } from 'node:events'
import { resolve } from 'node:path'
import { isMainThread, Worker } from 'node:worker_threads'
import type { Batch } from '../core/batch'
import { messageOf, OffloopError } from '../core/errors'
import type { ExporterFunction, Settings } from '../core/options'
import { warnOnce } from '../core/report'
import type { Stall } from '../core/stall'
import type { Probe } from '../probe/probe'
import type { Collector, Collectors } from './collectors'
import type { ToMain, ToWorker, WorkerStart } from './messages'
import { sourceMapsEnabled } from './source-maps-enabled'
import { ThreadState } from './thread-state'

/** Calls of one exporter function that may be unfinished at a time; further batches are not given to it. */
const MAX_PENDING_CALLS = 6
/** Beyond its own deadline, how long the sampling thread is given to answer before it is given up. */
const GRACE_MS = 1_000
const RESTART_BASE_MS = 1_000
const RESTART_CAP_MS = 60_000
const MAX_HEAP_MB = 128
/** Of the young generation: a sample leaves little garbage. Until V8's first major collection there it would grow to a megabyte more. */
const MAX_YOUNG_MB = 1

export interface SamplerEvents {
  /** Each sample, on the main thread. Nothing is posted to it unless somebody listens. */
  batch: [batch: Batch]
  /** A stall that is over, of this thread or another. Likewise. */
  stall: [stall: Stall]
  /** What went wrong. Without a listener it is written to stderr, once per kind. */
  error: [error: Error]
}

/** What every emitter emits about itself. */
interface MetaEvents {
  newListener: [event: string | symbol, listener: (...args: unknown[]) => void]
  removeListener: [event: string | symbol, listener: (...args: unknown[]) => void]
}

export interface Ready {
  /** Where the HTTP server listens; undefined where `serve` is off. */
  readonly url: string | undefined
}

interface ExporterCall {
  readonly call: ExporterFunction
  readonly name: string
  pending: number
}

/**
 * The running sampler: the main thread's handle of the sampling thread. Made by `start()`. After that nothing here
 * throws into the host or keeps it alive.
 */
export class Sampler extends EventEmitter<SamplerEvents & MetaEvents> {
  readonly #settings: Settings
  readonly #terminates: boolean
  readonly #state = new ThreadState()
  readonly #probe: Probe
  /** Absent until there is one. */
  #collectors: Collectors | undefined
  readonly #functions: readonly ExporterCall[]
  readonly #calls = new Set<Promise<void>>()
  readonly #flushes = new Map<number, (complete: boolean) => void>()
  readonly #onStopped: () => void
  /** Absent before the first start, between two, and where Node.js starts none. */
  #worker: Worker | undefined
  #running = true
  #failedStarts = 0
  #threadFailed: string | undefined
  #restart: NodeJS.Timeout | undefined
  readonly #stopped: Promise<void>
  #settleStopped: () => void = () => {}
  readonly #ready: Promise<Ready>
  #settleReady: { resolve(ready: Ready): void; reject(error: Error): void } | undefined
  #flushId = 0
  #holds = 0
  #listening = { batches: false, collectors: false, stalls: false }
  #sourceMaps = false
  #stopping: Promise<void> | undefined

  /** @internal Use `start()`. `terminates`: SIGTERM is caught by the addon and is for the sampling thread. */
  constructor(
    settings: Settings,
    functions: readonly ExporterFunction[],
    probe: Probe,
    terminates: boolean,
    onStopped: () => void,
  ) {
    super()
    this.#settings = settings
    this.#terminates = terminates
    this.#probe = probe
    this.#onStopped = onStopped
    this.#functions = functions.map((call, index) => ({
      call,
      name: `${typeof call.name === 'string' && call.name !== '' ? call.name : `function-${index + 1}`}()`,
      pending: 0,
    }))
    const promClient = settings.serve?.names === 'prom-client'
    if (promClient || settings.resourcesByType) {
      const { activeByType } = require('./active-by-type') as typeof import('./active-by-type')
      this.#allCollectors().add(activeByType(promClient), true)
    }
    this.#ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject }
    })
    // Whoever does not await it learns of a failure by 'error'; an unhandled rejection would end the host.
    this.#ready.catch(() => {})

    this.#stopped = new Promise((resolve) => {
      this.#settleStopped = resolve
    })
    process.on('exit', this.#onExit)
    this.#startThread()

    this.on('newListener', (event) => {
      this.#listen(event)
    })
    this.on('removeListener', () => this.#listen())
    this.#listen()
  }

  /**
   * Resolves once the first sample is taken and the HTTP server listens, in this process or in the one that it shares
   * its port with; rejects with `ERR_OFFLOOP_ADDRESS_IN_USE`
   * or `ERR_OFFLOOP_LISTEN` where it can't, while sampling goes on. Need not be awaited; whoever looks at it keeps
   * the process alive until it settles.
   */
  get ready(): Promise<Ready> {
    if (this.#settleReady !== undefined) void this.#hold(this.#ready).catch(() => {})
    return this.#ready
  }

  /** False once it has stopped, and where Node.js starts no thread. */
  get running(): boolean {
    return this.#running
  }

  /**
   * Adds a collector, called on the main thread at each sample; its metrics travel with the batch. Returns what
   * removes it again.
   *
   * @throws {TypeError} where `collector` has no function `collect`.
   */
  addCollector(collector: Collector): () => void {
    const remove = this.#allCollectors().add(collector)
    this.#listen()
    return () => {
      remove()
      this.#listen()
    }
  }

  /**
   * Takes a sample now and delivers everything that is queued: true once all of it is delivered or refused, false
   * where `timeoutMs` (default 5,000) was not enough. Keeps the process alive meanwhile. Never rejects.
   */
  async flush({ timeoutMs = 5_000 }: { timeoutMs?: number } = {}): Promise<boolean> {
    if (this.#stopping !== undefined) return false
    return this.#hold(this.#flush(timeoutMs))
  }

  /**
   * Takes a last sample, delivers what is queued within `timeoutMs` (default 5,000), and ends the sampling thread.
   * Keeps the process alive meanwhile. May be called again; never rejects. `counters` go on counting.
   */
  stop({ timeoutMs = 5_000 }: { timeoutMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#hold(this.#stop(timeoutMs))
    return this.#stopping
  }

  /** Gives V8's sampling heap profiler back: `nodejs_heap_objects` is absent from then on. */
  releaseHeapProfiler(): void {
    if (this.#probe.source === 'native') this.#probe.binding.follow(this.#settings.heapAccounting, false)
  }

  #allCollectors(): Collectors {
    // Loaded where it is needed: with the table of metrics, whose names a collector may not use, it takes longer than all
    // the rest of a start.
    const { Collectors: Loaded } = require('./collectors') as typeof import('./collectors')
    this.#collectors ??= new Loaded(
      {
        reply: (tick, metrics, pending) => this.#post({ type: 'collected', tick, metrics, pending }),
        failed: (name, error) => this.#fail('collector', name, error),
      },
      this.#settings.collectorTimeoutMs,
      this.#settings.labels,
    )
    return this.#collectors
  }

  /** Keeps the process alive until `promise` settles. */
  async #hold<T>(promise: Promise<T>): Promise<T> {
    if (this.#holds++ === 0) this.#worker?.ref()
    try {
      return await promise
    } finally {
      if (--this.#holds === 0) this.#worker?.unref()
    }
  }

  async #flush(timeoutMs: number): Promise<boolean> {
    const id = ++this.#flushId
    const complete = await within(
      timeoutMs + GRACE_MS,
      new Promise<boolean>((resolve) => {
        this.#flushes.set(id, resolve)
        this.#post({ type: 'flush', id, timeoutMs })
      }),
    )
    this.#flushes.delete(id)
    return (await within(timeoutMs, this.#callsDone())) === true && complete === true
  }

  async #stop(timeoutMs: number): Promise<void> {
    if (this.#worker === undefined) this.#end()
    const timer = setTimeout(() => void this.#worker?.terminate(), timeoutMs + GRACE_MS)
    this.#post({ type: 'stop', timeoutMs })
    await this.#stopped
    clearTimeout(timer)
    await within(timeoutMs, this.#callsDone())
  }

  /** Resolves once every call of an exporter function under way has settled. */
  async #callsDone(): Promise<true> {
    await Promise.all(this.#calls)
    return true
  }

  #startThread(): void {
    this.#sourceMaps = sourceMapsEnabled()
    const start: WorkerStart = {
      settings: this.#settings,
      source: this.#probe.source,
      fallbackMemory: this.#probe.source === 'perf_hooks' ? this.#probe.memory : undefined,
      stateMemory: this.#state.memory,
      terminates: this.#terminates,
      sourceMaps: this.#sourceMaps,
      inspectorPort: process.debugPort,
    }
    let worker: Worker
    try {
      if (this.#probe.source === 'perf_hooks' && !isMainThread) {
        // The addon knows of every sampler of the process; without it a second one would go unnoticed.
        throw new Error(`only the main thread can start one without the addon (${this.#probe.reason})`)
      }
      worker = new Worker(resolve(__dirname, 'worker.js'), {
        name: 'offloop',
        workerData: start,
        // Neither by argument nor by environment may the application's preloads start in the sampling thread.
        execArgv: [],
        ...(process.env.NODE_OPTIONS ? { env: { ...process.env, NODE_OPTIONS: '' } } : {}),
        // It writes its own (own-output.ts).
        stdout: true,
        stderr: true,
        // What it holds is bounded; should that be wrong, it is this thread that ends and starts anew, not the process.
        resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: MAX_YOUNG_MB },
      })
    } catch (error) {
      // Such as above, or under --permission without --allow-worker.
      this.#threadFailed = messageOf(error)
      this.#exited()
      return
    }
    this.#worker = worker
    worker.once('exit', () => this.#exited())
    worker.on('message', (message: ToMain) => this.#receive(message))
    worker.on('error', (error) => {
      this.#threadFailed = messageOf(error)
    })
    // After the listeners: adding one for messages refs the port.
    if (this.#holds === 0) worker.unref()
    this.#listening = { batches: false, collectors: false, stalls: false }
    this.#listen()
  }

  /** The sampling thread is no more, or never was. */
  #exited(): void {
    this.#worker = undefined
    for (const done of this.#flushes.values()) done(false)
    if (this.#stopping !== undefined) {
      this.#end()
      return
    }
    const reason = this.#threadFailed ?? 'it ended by itself'
    this.#threadFailed = undefined
    // One that was never ready would fail the same way again: a bundle without worker.js, no permission for threads.
    if (this.#settleReady !== undefined) {
      const advice = reason.includes('worker.js')
        ? ' A bundler must leave offloop external: docs/installing.md.'
        : ''
      const error = new OffloopError(
        'ERR_OFFLOOP_SAMPLING_THREAD',
        `there is no sampling thread, so nothing is sampled: ${reason}.${advice}`,
      )
      this.#settleReady.reject(error)
      this.#settleReady = undefined
      this.#stopping = Promise.resolve()
      this.#end()
      // start() may not have returned yet, and so nobody listen.
      process.nextTick(() => this.#report(error))
      return
    }
    this.#state.add('restarts', 1)
    this.#state.add('lostBatches', this.#state.get('queued'))
    this.#state.set('queued', 0)
    const waitMs = Math.min(RESTART_CAP_MS, RESTART_BASE_MS * 2 ** this.#failedStarts++)
    this.#report(
      new OffloopError(
        'ERR_OFFLOOP_SAMPLING_THREAD',
        `the sampling thread failed (${reason}) and is started again in ${waitMs / 1000} s`,
      ),
    )
    this.#restart = setTimeout(() => this.#startThread(), waitMs)
    this.#restart.unref()
  }

  /** Nothing is under way any more: as if there had been no sampler. */
  #end(): void {
    clearTimeout(this.#restart)
    process.off('exit', this.#onExit)
    this.#settleReady?.reject(
      new OffloopError('ERR_OFFLOOP_STOPPED', 'the sampler stopped before it was ready'),
    )
    this.#settleReady = undefined
    this.releaseHeapProfiler()
    this.#running = false
    this.#onStopped()
    this.#settleStopped()
  }

  /** On every way out but a signal: the sampling thread gets the time to deliver what its exporters hold. */
  readonly #onExit = (): void => {
    if (this.#worker === undefined || this.#state.get('queued') === 0) return
    const timeoutMs = this.#settings.exitFlushMs
    this.#post({ type: 'exit', timeoutMs })
    this.#state.wait('flushed', 0, timeoutMs)
  }

  /** Tells the sampling thread what the main thread wants. `adding`: of this event a listener is about to be added. */
  #listen(adding?: string | symbol): void {
    const wanted = {
      batches: adding === 'batch' || this.listenerCount('batch') > 0 || this.#functions.length > 0,
      collectors: (this.#collectors?.size ?? 0) > 0,
      stalls: adding === 'stall' || this.listenerCount('stall') > 0,
    }
    const { batches, collectors, stalls } = this.#listening
    if (wanted.batches === batches && wanted.collectors === collectors && wanted.stalls === stalls) return
    this.#listening = wanted
    this.#post({ type: 'listen', ...wanted })
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message)
  }

  #receive(message: ToMain): void {
    switch (message.type) {
      case 'batch':
        this.#deliver(message.batch)
        this.#post({ type: 'ack', sequence: message.batch.sequence })
        return
      case 'stall':
        this.#emitSafely('stall', message.stall)
        return
      case 'sourceMaps':
        this.#checkSourceMaps()
        return
      case 'collect':
        this.#collectors?.run(message.tick)
        return
      case 'answer':
        if (this.#probe.source === 'perf_hooks') this.#probe.fallback.answer(message.request)
        return
      case 'ready': {
        this.#failedStarts = 0
        this.#checkSourceMaps()
        const { url, failure } = message
        const settle = this.#settleReady
        this.#settleReady = undefined
        if (failure === undefined) settle?.resolve({ url })
        else {
          const error = new OffloopError(failure.code, failure.message)
          settle?.reject(error)
          this.#report(error)
        }
        return
      }
      case 'flushed':
        this.#flushes.get(message.id)?.(message.complete)
        return
      case 'error':
        this.#report(new OffloopError(message.error.code, message.error.message))
        return
      default:
        message satisfies never
        this.#report(new OffloopError('ERR_OFFLOOP_PROTOCOL', 'unknown message from the sampling thread'))
    }
  }

  #deliver(batch: Batch): void {
    this.#emitSafely('batch', batch)
    for (const exporter of this.#functions) {
      const call = this.#export(exporter, batch).finally(() => this.#calls.delete(call))
      this.#calls.add(call)
    }
  }

  #emitSafely(event: 'batch' | 'stall', value: Batch | Stall): void {
    this.#tell(event, value, (cause) =>
      this.#report(
        new OffloopError('ERR_OFFLOOP_LISTENER', `a '${event}' listener threw: ${messageOf(cause)}`, {
          cause,
        }),
      ),
    )
  }

  /** After a turn of the loop: an application may enable them by a call of its own. */
  #checkSourceMaps(): void {
    const enabled = sourceMapsEnabled()
    if (enabled !== this.#sourceMaps) this.#post({ type: 'sourceMaps', enabled })
    this.#sourceMaps = enabled
  }

  async #export(exporter: ExporterCall, batch: Batch): Promise<void> {
    const { name } = exporter
    if (exporter.pending >= MAX_PENDING_CALLS) {
      const message = `exporter ${name} is given no more batches while ${MAX_PENDING_CALLS} calls are unfinished`
      this.#fail('dropped', name, new OffloopError('ERR_OFFLOOP_EXPORT', message))
      return
    }
    exporter.pending++
    try {
      await exporter.call(batch)
    } catch (error) {
      const message = `exporter ${name} failed: ${messageOf(error)}`
      this.#fail('exporter', name, new OffloopError('ERR_OFFLOOP_EXPORT', message, { cause: error }))
    } finally {
      exporter.pending--
    }
  }

  #fail(what: 'collector' | 'exporter' | 'dropped', name: string, error: OffloopError): void {
    this.#post({ type: 'failed', what, name })
    this.#report(error, name)
  }

  /** Emits `error`, or says it once per code and `subject` where nobody listens. */
  #report(error: OffloopError, subject = ''): void {
    if (this.listenerCount('error') === 0) {
      warnOnce(`${error.code} ${subject}`, `${error.message} (${error.code})`)
      return
    }
    this.#tell('error', error, (thrown) =>
      warnOnce('error-listener', `an 'error' listener threw: ${messageOf(thrown)}`),
    )
  }

  /** Not by emit(): a listener that throws, or is async and rejects, neither ends the host nor robs the others. */
  #tell(event: keyof SamplerEvents, value: Batch | Stall | Error, failed: (thrown: unknown) => void): void {
    for (const listener of this.rawListeners(event) as ((value: unknown) => unknown)[]) {
      const call = async () => listener.call(this, value)
      call().catch(failed)
    }
  }
}

/** What `promise` resolves with; undefined where that takes longer than `ms`, which keep the process alive. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
