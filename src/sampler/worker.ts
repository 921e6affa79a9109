// The sampling thread's entry. It puts the parts together and owns none of their work.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { Batch } from '../core/batch'
import { systemClock } from '../core/clock'
import { messageOf, OffloopError } from '../core/errors'
import { merge } from '../core/merge'
import type { ServeSettings } from '../core/options'
import { useAddonToWrite } from '../core/output'
import { say } from '../core/report'
import { isRun, whereToLook } from '../core/run'
import { identified, identifiedStall } from '../core/sharing'
import type { ShownStall, Stall } from '../core/stall'
import type { Status } from '../core/status'
import { createExporters } from '../exporters/create'
import { loadBinding } from '../probe/load'
import type { HttpServer } from '../server/server'
import type { SharedServer } from '../server/share'
import type { SeriesColumns, SourceEvent } from '../server/source'
import { BatchBuilder, describe } from './build'
import { CollectRound } from './collect-round'
import { CompilerMemory } from './compiler-memory'
import type { PlainError, ToMain, ToWorker, WorkerStart } from './messages'
import { openStallWatch } from './open-stall-watch'
import { writeOwnOutput } from './own-output'
import { Posting } from './posting'
import { FallbackProbes, NativeProbes, type Observation, observe, type Probes } from './probes'
import { Schedule } from './schedule'
import { SelfMetrics } from './self-metrics'
import { StallHistory } from './stall-history'
import { Store } from './store'
import { ThreadSeries } from './thread-series'
import { ThreadState } from './thread-state'

/** How long a sample waits for the measured threads' answers. */
const ANSWER_WAIT_MS = 50
/** A scrape asks again for figures older than this, and waits this long for them. */
const SCRAPE_MAX_AGE_MS = 1_000
const SCRAPE_WAIT_MS = 20
/** A status is made once for all who ask within so long. */
const STATUS_MAX_AGE_MS = 200

if (parentPort === null) throw new Error('offloop: worker.js is started by start() and not by itself')
const port = parentPort
writeOwnOutput()
const { settings, source, fallbackMemory, stateMemory, terminates, ...start } = workerData as WorkerStart

const state = new ThreadState(stateMemory)
const probes = openProbes()
const threads = new ThreadSeries()
const exporters = createExporters(settings.exporters, report, () => {
  state.set(
    'queued',
    exporters.reduce((sum, { queued }) => sum + queued, 0),
  )
})
const self = new SelfMetrics(state, exporters)
const store = new Store({ maxBytes: settings.store.maxBytes, intervalMs: settings.intervalMs })
const builder = new BatchBuilder(settings)
const posting = new Posting(
  (batch) => post({ type: 'batch', batch }),
  () => self.countDropped('main'),
)
const round = new CollectRound(post)
const compilerMemory = new CompilerMemory(systemClock)
/** Clients that are told of what happens. */
const listeners = new Set<(event: SourceEvent) => void>()
const listening = { batches: false, collectors: false, stalls: false }
let sourceMaps = start.sourceMaps
let sampling: Promise<void> = Promise.resolve()
/** When the newest sample was taken, milliseconds since the epoch; 0 before the first. */
let sampledAt = 0
/** When a sample was taken last because of a stall. */
let stallSampledAt = Number.NEGATIVE_INFINITY
/** The newest status, for all who ask at about the same time, as pages do that are told of a sample. */
let told: { readonly at: number; readonly status: Promise<Status> } | undefined
let announceFirst: () => void = () => {}
const sampled = new Promise<void>((resolve) => {
  announceFirst = resolve
})

const stallHistory = new StallHistory()
stallHistory.onStall((stall) => {
  tell({ event: 'stall', data: shownStall(stall) })
  for (const exporter of exporters) exporter.stall?.(stall)
  sampleOf(stall)
})
const stallWatch = watchStalls()
let shared: SharedServer | undefined
const server = settings.serve === undefined ? undefined : openServer(settings.serve)

const schedule = new Schedule(systemClock, settings.intervalMs, (missed) => {
  state.add('missedTicks', missed)
  void sample()
})
// What the main thread has said already, such as that it listens, holds for the first sample.
for (let said = receiveMessageOnPort(port); said !== undefined; said = receiveMessageOnPort(port)) {
  receive(said.message as ToWorker)
}
port.on('message', receive)
void Promise.all([listen(), sampled]).then(([outcome]) => post({ type: 'ready', ...outcome }))

/** Loaded where it is asked for, with all that it needs: `node:http` alone takes half a megabyte of this thread. */
function openServer(
  serve: ServeSettings,
): Pick<HttpServer, 'close'> & { listen(): Promise<{ url: string }> } {
  const { createServer } = require('../server/server') as typeof import('../server/server')
  const { statusOf } = require('../server/status') as typeof import('../server/status')
  const { renaming } = require('../exporters/names') as typeof import('../exporters/names')
  const named = renaming(serve.names)
  const status = async (): Promise<Status> => {
    const observation = await look(SCRAPE_MAX_AGE_MS, SCRAPE_WAIT_MS)
    const now = builder.build(state.get('sequence'), Date.now(), observation, self, round.latest)
    return statusOf({
      settings,
      store: { series: ownSeries },
      now,
      sampledAt,
      stalls: stallHistory.list(),
      processes: shared?.processes(),
    })
  }
  const http = createServer(serve, {
    scrape: async () => {
      const others = shared?.scraped()
      return merge(named(await current(SCRAPE_MAX_AGE_MS)), (await others) ?? [])
    },
    query: (metric, start, end) => store.query(metric, start, end),
    series: (...which) => store.series(...which),
    describe,
    status() {
      if (told === undefined || performance.now() - told.at > STATUS_MAX_AGE_MS) {
        told = { at: performance.now(), status: status() }
      }
      return told.status
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stalls: () => ({
      thresholdMs: stallWatch === undefined ? null : (settings.stall?.thresholdMs ?? null),
      stalls: shownStalls(),
    }),
    health: () => ({
      service: settings.service,
      samples: state.get('sequence'),
      missedTicks: state.get('missedTicks'),
      ...(shared === undefined ? {} : { pid: process.pid, processes: shared.processes().length }),
    }),
  })
  const { sharing, service, intervalMs } = settings
  if (sharing === undefined) return http
  const { SharedServer } = require('../server/share') as typeof import('../server/share')
  shared = new SharedServer(
    http,
    serve,
    { sharing, service, intervalMs },
    {
      look: current,
      stalls: stallHistory,
      dropped: () => self.countDropped('share'),
      failed: report,
      stall: (stall) => tell({ event: 'stall', data: stall }),
    },
  )
  return shared
}

/** The figures as they are now, in a batch that enters neither the store nor an exporter. */
async function current(maxAgeMs: number): Promise<Batch> {
  const observation = await look(maxAgeMs, SCRAPE_WAIT_MS)
  return shown(builder.build(state.get('sequence'), Date.now(), observation, self, round.latest))
}

/** What is stored of this process, and not of those that share its port. */
function* ownSeries(...window: Parameters<Store['series']>): Generator<SeriesColumns> {
  const pid = settings.sharing?.labelled ? String(process.pid) : settings.labels.pid
  for (const series of store.series(...window)) if (series.labels.pid === pid) yield series
}

/** `batch` as others are shown it. Exporters have it without: each process delivers its own. */
function shown(batch: Batch): Batch {
  return settings.sharing === undefined ? batch : identified(batch, settings.sharing)
}

function shownStall(stall: Stall): ShownStall {
  return settings.sharing === undefined ? stall : identifiedStall(stall, settings.sharing)
}

/** With those of the processes that share the port, the newest first. */
function shownStalls(): readonly ShownStall[] {
  const own = stallHistory.list().map(shownStall)
  return shared?.stalls(own) ?? own
}

function openProbes(): Probes {
  if (source === 'perf_hooks') {
    return new FallbackProbes('main', fallbackMemory as SharedArrayBuffer, (request) =>
      post({ type: 'answer', request }),
    )
  }
  const { binding, reason } = loadBinding()
  if (binding === undefined) throw new Error(`the addon loads in the main thread and not here: ${reason}`)
  useAddonToWrite(binding.writeNow)
  if (terminates) {
    binding.onTermination(() => void deliver(settings.exitFlushMs).finally(() => binding.terminate()))
  }
  return new NativeProbes(binding)
}

/** Without the addon nothing tells from here what a loop does. */
function watchStalls() {
  const { binding } = loadBinding()
  if (settings.stall === undefined || source === 'perf_hooks' || binding === undefined) return undefined
  return openStallWatch(settings.stall, {
    probes,
    binding,
    state,
    history: stallHistory,
    inspectorPort: start.inspectorPort,
    sourceMaps: () => sourceMaps,
    post: (stall) => {
      if (listening.stalls) post({ type: 'stall', stall })
      post({ type: 'sourceMaps' })
    },
  })
}

async function look(maxAgeMs: number, waitMs: number): Promise<Observation> {
  const observation = await observe(probes, maxAgeMs, waitMs)
  return { ...observation, threads: threads.assign(observation.probes) }
}

/** One sample after the other: a tick during a sample waits for it. Never rejects. */
function sample(): Promise<void> {
  sampling = sampling.then(takeSample).catch((error: unknown) => {
    report(new OffloopError('ERR_OFFLOOP_SAMPLING_THREAD', `a sample failed: ${messageOf(error)}`))
  })
  return sampling
}

/** Exporters have the counter and the gauge at once, and not an interval later. One sample an interval at most. */
function sampleOf({ ongoing }: Stall): void {
  const now = performance.now()
  if (!ongoing || exporters.length === 0 || now - stallSampledAt < settings.intervalMs) return
  stallSampledAt = now
  void sample()
}

async function takeSample(): Promise<void> {
  compilerMemory.begin()
  const timestamp = Date.now()
  const others = shared?.sampled()
  const collecting = listening.collectors ? round.run(settings.collectorTimeoutMs) : undefined
  const observation = await look(0, ANSWER_WAIT_MS)
  const collected = (await collecting) ?? []
  const batch = builder.build(state.add('sequence', 1), timestamp, observation, self, collected)
  sampledAt = timestamp
  for (const exporter of exporters) exporter.push(batch)
  if (listening.batches) posting.push(batch)
  self.seriesDropped += store.add(merge(shown(batch), (await others) ?? []))
  tell({ event: 'sample', data: { sequence: batch.sequence, timestamp } })
  announceFirst()
  compilerMemory.end()
}

function tell(event: SourceEvent): void {
  told = undefined
  for (const listener of listeners) listener(event)
}

async function listen(): Promise<{ url: string | undefined; failure: PlainError | undefined }> {
  try {
    const url = (await server?.listen())?.url
    // From here, since the main thread may be stuck from its start; not by a sampling thread that was started again.
    if (url !== undefined && state.get('sequence') <= 1 && isRun(process.env, process.ppid))
      say(whereToLook(url))
    return { url, failure: undefined }
  } catch (error) {
    return { url: undefined, failure: plain(error) }
  }
}

function receive(message: ToWorker): void {
  switch (message.type) {
    case 'listen':
      listening.batches = message.batches
      listening.collectors = message.collectors
      listening.stalls = message.stalls
      if (!message.collectors) round.latest = []
      return
    case 'sourceMaps':
      sourceMaps = message.enabled
      return
    case 'ack':
      posting.acknowledge()
      return
    case 'collected':
      round.receive(message)
      return
    case 'failed':
      if (message.what === 'collector') self.countCollectorFailure(message.name)
      else if (message.what === 'exporter') self.countExporterFailure(message.name)
      else self.countDropped(message.name)
      return
    case 'flush':
      void flush(message.timeoutMs).then((complete) => post({ type: 'flushed', id: message.id, complete }))
      return
    case 'exit':
      // The main thread stands still for this, and is not stuck.
      stallWatch?.stop()
      void deliver(message.timeoutMs).then(() => state.set('flushed', 1))
      return
    case 'stop':
      void stop(message.timeoutMs)
      return
    default:
      message satisfies never
      report(new OffloopError('ERR_OFFLOOP_PROTOCOL', 'unknown message from the main thread'))
  }
}

/** Takes a sample and delivers all that is queued; whether that was done in time. */
async function flush(timeoutMs: number): Promise<boolean> {
  await sample()
  return deliver(timeoutMs)
}

async function deliver(timeoutMs: number): Promise<boolean> {
  const delivered = await Promise.all(exporters.map((exporter) => exporter.flush(timeoutMs)))
  return delivered.every((complete) => complete)
}

async function stop(timeoutMs: number): Promise<void> {
  schedule.stop()
  stallWatch?.stop()
  await flush(timeoutMs)
  posting.flush()
  for (const exporter of exporters) exporter.close()
  await server?.close()
  process.exit(0)
}

function report(error: OffloopError): void {
  post({ type: 'error', error: plain(error) })
}

function plain(error: unknown): PlainError {
  const code = error instanceof OffloopError ? error.code : 'ERR_OFFLOOP_SAMPLING_THREAD'
  return { code, message: messageOf(error) }
}

function post(message: ToMain): void {
  port.postMessage(message)
}
