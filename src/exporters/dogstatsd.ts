import type { Batch, Labels } from '../core/batch'
import type { DogStatsDSettings } from '../core/dogstatsd-options'
import { messageOf, type OffloopError } from '../core/errors'
import { warnOnce } from '../core/report'
import type { Stall } from '../core/stall'
import { Deltas } from './deltas'
import { Delivery } from './delivery'
import { Client } from './dogstatsd-client'
import { fittingEvent } from './dogstatsd-events'
import { type Sample, samplesOf } from './dogstatsd-samples'
import type { Exporter } from './exporter'
import type { Encoded, Transport } from './transport'

/** Stalls that are told of in a minute; all of them are in the metrics. */
const MAX_STALLS = 5
const MINUTE_MS = 60_000
/** Longer than looking up a host takes to fail: what was given up might yet be sent, and count twice. */
const TIMEOUT_MS = 60_000

interface Datagram {
  readonly samples: readonly Sample[]
  sent: boolean
}

/** Sends to Datadog's agent. */
export function createDogStatsD(
  settings: DogStatsDSettings,
  name: string,
  report: (error: OffloopError) => void,
  onQueued: () => void = () => {},
): Exporter {
  return new Delivery(new DogStatsD(settings, name), report, { timeoutMs: TIMEOUT_MS, onQueued })
}

export class DogStatsD implements Transport<Datagram> {
  // The protocol has no timestamps: what comes late would be taken for the present.
  readonly order = 'newest-first'
  readonly #settings: DogStatsDSettings
  readonly #deltas = new Deltas()
  #client: Client | undefined
  /** When the last ones began to be told. */
  #toldAt: readonly number[] = []
  /** Told to be going on. */
  readonly #ongoing = new Set<number>()
  /** There was a batch that counters count from, whether or not it could be encoded. */
  #started = false
  #encoded: { readonly batch: Batch; readonly encoded: Encoded<Datagram> } | undefined

  constructor(
    settings: DogStatsDSettings,
    readonly name: string,
  ) {
    this.#settings = settings
  }

  /**
   * Counters count from the first batch on: what came before it is not this exporter's, and may have been sent by one
   * before. A batch that is older than one that was encoded has nothing more to say, since the newer one's counts hold its.
   */
  encode(batch: Batch): Encoded<Datagram> {
    const newest = this.#encoded
    if (newest?.batch === batch) return newest.encoded
    if (newest !== undefined && batch.sequence < newest.batch.sequence) return { requests: [], omitted: [] }
    this.#client ??= new Client(this.#settings, this.#settings.prefix, batch.service)
    const samples = samplesOf(batch, this.#deltas)
    const encoded = this.#pack(this.#client, this.#started ? samples : this.#start(samples))
    this.#encoded = { batch, encoded }
    return encoded
  }

  async send(datagram: Datagram): Promise<void> {
    // One that took longer than its time may have arrived all the same.
    if (datagram.sent) return
    await this.#client?.send(datagram.samples)
    datagram.sent = true
    this.#deliver(datagram.samples)
  }

  /** Once when it is told first, and once when it is over. Nobody is told of what a person at a debugger does. */
  stall(stall: Stall): void {
    const client = this.#client
    if (client === undefined || stall.cause === 'debugger') return
    if (stall.ongoing ? !this.#begins(stall.id) : !this.#ongoing.delete(stall.id) && !this.#mayTell()) return
    const tags = this.#tags({ thread: stall.thread })
    const event = fittingEvent(stall, tags, (one) => client.bytesOf(one) <= client.maxBytes)
    if (event === undefined) return
    client.send([event]).catch((error: unknown) => {
      warnOnce(`stall ${this.name}`, `exporter ${this.name}: an event was not sent: ${messageOf(error)}`)
    })
  }

  close(): void {
    this.#client?.close()
  }

  #begins(id: number): boolean {
    if (this.#ongoing.has(id) || !this.#mayTell()) return false
    this.#ongoing.add(id)
    return true
  }

  #mayTell(): boolean {
    const now = performance.now()
    this.#toldAt = this.#toldAt.filter((at) => now - at < MINUTE_MS)
    if (this.#toldAt.length >= MAX_STALLS) return false
    this.#toldAt = [...this.#toldAt, now]
    return true
  }

  #start(samples: readonly Sample[]): readonly Sample[] {
    this.#started = true
    this.#deliver(samples)
    return samples.filter(({ totals }) => totals.length === 0)
  }

  #deliver(samples: readonly Sample[]): void {
    for (const { value, totals } of samples) {
      if (!Number.isFinite(value)) continue
      for (const [series, total] of totals) this.#deltas.deliver(series, total)
    }
  }

  #pack(client: Client, samples: readonly Sample[]): Encoded<Datagram> {
    const requests: Datagram[] = []
    const omitted: string[] = []
    let part: Sample[] = []
    let bytes = 0
    const close = (): void => {
      if (part.length > 0) requests.push({ samples: part, sent: false })
      part = []
      bytes = 0
    }
    for (const given of samples) {
      const sample = { ...given, tags: this.#tags(given.tags) }
      const size = Number.isFinite(sample.value) ? client.bytesOf(sample) : 0
      const name = sample.name.slice(0, 100)
      if (size === 0) omitted.push(`metric ${name} is ${sample.value}, which the protocol cannot say`)
      else if (size > client.maxBytes) {
        omitted.push(`metric ${name} takes ${size} bytes, of ${client.maxBytes} that a datagram holds`)
      } else {
        if (part.length > 0 && bytes + 1 + size > client.maxBytes) close()
        bytes += (part.length > 0 ? 1 : 0) + size
        part.push(sample)
      }
    }
    close()
    return { requests, omitted }
  }

  /** Without `service`, which the client adds, and without what is empty, which is the same as no label. */
  #tags({ service: _, ...labels }: Labels): Labels {
    const given = Object.entries(labels).filter(([, value]) => value !== '')
    return { ...this.#settings.tags, ...Object.fromEntries(given) }
  }
}
