import { type Histogram, type Labels, type Metric, seriesKey } from '../core/batch'
import { messageOf, OffloopError } from '../core/errors'
import { labelNameFault, labelValueFault, MAX_LABELS, metricNameFault, RESERVED_LABELS } from '../core/format'
import { metrics as builtin } from '../core/metrics'
import { isStanding } from '../core/standing'

/** What a collector returns for one series; `type` defaults to `'gauge'`, `labels` to none. */
export interface CollectedMetric {
  readonly name: string
  readonly type?: 'gauge' | 'counter' | 'histogram'
  readonly value: number | Histogram
  readonly labels?: Readonly<Record<string, string | number | boolean>>
}

/** Called on the main thread at each sample. */
export interface Collector {
  /** For reports. Default: `collector-1` and so on. */
  readonly name?: string
  collect(): readonly CollectedMetric[] | PromiseLike<readonly CollectedMetric[]>
}

/** At most so many series of one collector. */
const MAX_METRICS = 1000
const BUILTIN = new Set<string>(builtin.map(({ name }) => name))
const TYPES: ReadonlySet<unknown> = new Set(['gauge', 'counter', 'histogram'])

interface Entry {
  readonly name: string
  readonly collector: Collector
  /** From one of our bridges, or ours: it may use our names. */
  readonly own: boolean
  /** The tick whose call has not settled yet. */
  busy: number | undefined
}

export interface CollectorsHost {
  /** Sends what came in; `pending` collectors of this tick are still at it. */
  reply(tick: number, metrics: readonly Metric[], pending: number): void
  failed(name: string, error: OffloopError): void
}

/** The main thread's side of custom collectors. Nothing that a collector does gets out of here but metrics. */
export class Collectors {
  readonly #host: CollectorsHost
  readonly #timeoutMs: number
  readonly #common: Labels
  readonly #entries = new Set<Entry>()
  #added = 0
  #tick = 0
  #pending = 0
  #seen = new Map<string, string>()

  /** `common` labels are added to every metric later. */
  constructor(host: CollectorsHost, timeoutMs: number, common: Labels = {}) {
    this.#host = host
    this.#timeoutMs = timeoutMs
    this.#common = common
  }

  get size(): number {
    return this.#entries.size
  }

  /** `own`: it may use our names. @throws {TypeError} where `collector` is none. */
  add(collector: Collector, own = isStanding(collector)): () => void {
    if (typeof collector?.collect !== 'function') {
      throw new TypeError('offloop: a collector must be an object with a function collect')
    }
    const name = collector.name ?? `collector-${this.#added + 1}`
    if (typeof name !== 'string' || name === '' || labelValueFault(name) !== undefined) {
      throw new TypeError('offloop: the name of a collector must be a string that can be a label')
    }
    this.#added++
    const entry: Entry = { name, collector, own, busy: undefined }
    this.#entries.add(entry)
    return () => {
      this.#entries.delete(entry)
    }
  }

  /** Runs all collectors for a new tick; for the tick under way only says how many are still pending. */
  run(tick: number): void {
    if (tick === this.#tick) {
      this.#host.reply(tick, [], this.#pending)
      return
    }
    this.#tick = tick
    this.#pending = 0
    this.#seen = new Map()
    const metrics: Metric[] = []
    // Of a copy: a collector may add others, endlessly, or remove them.
    for (const entry of [...this.#entries]) {
      if (this.#entries.has(entry)) metrics.push(...this.#call(entry, tick))
    }
    this.#host.reply(tick, metrics, this.#pending)
  }

  #call(entry: Entry, tick: number): readonly Metric[] {
    if (entry.busy !== undefined) {
      this.#fail(entry, 'has not finished its call of an earlier sample')
      return []
    }
    try {
      const result = entry.collector.collect()
      if (!isThenable(result)) return this.#checked(entry, result)
      this.#await(entry, tick, result)
    } catch (error) {
      this.#fail(entry, `threw: ${messageOf(error)}`, error)
    }
    return []
  }

  #await(entry: Entry, tick: number, result: PromiseLike<unknown>): void {
    this.#pending++
    entry.busy = tick
    let late = false
    const settle = (metrics: () => readonly Metric[]) => {
      clearTimeout(timer)
      entry.busy = undefined
      if (!late) this.#settled(tick, wanted() ? metrics() : [])
    }
    // Not where its batch has left, or it was removed meanwhile, and may fail for just that reason.
    const wanted = () => tick === this.#tick && this.#entries.has(entry)
    const timer = setTimeout(() => {
      late = true
      if (this.#entries.has(entry)) this.#fail(entry, `took longer than ${this.#timeoutMs} ms`)
      this.#settled(tick, [])
    }, this.#timeoutMs)
    timer.unref()
    // Through a promise of our own: a thenable, or a promise with a `then` of its own, may call back twice or throw.
    new Promise((resolve) => resolve(result)).then(
      (value) => settle(() => this.#checked(entry, value)),
      (error: unknown) =>
        settle(() => {
          this.#fail(entry, `rejected: ${messageOf(error)}`, error)
          return []
        }),
    )
  }

  #settled(tick: number, metrics: readonly Metric[]): void {
    if (tick !== this.#tick) return
    this.#pending--
    this.#host.reply(tick, metrics, this.#pending)
  }

  /** What is valid of a collector's result; all of the rest is reported in one error. */
  #checked(entry: Entry, result: unknown): readonly Metric[] {
    const metrics: Metric[] = []
    try {
      if (!Array.isArray(result)) {
        this.#fail(entry, 'returned no array of metrics')
        return []
      }
      const faults: string[] = []
      if (result.length > MAX_METRICS) faults.push(`${result.length} metrics, of ${MAX_METRICS} allowed`)
      // By index: the array is the user's, and so are its methods.
      for (let index = 0; index < Math.min(result.length, MAX_METRICS); index++) {
        const metric = checkedMetric(result[index], entry.own)
        const fault = typeof metric === 'string' ? metric : this.#clash(metric)
        if (fault !== undefined) faults.push(fault)
        else metrics.push(metric as Metric)
      }
      const first = faults[0]
      if (first !== undefined) {
        const more = faults.length > 1 ? ` (and ${faults.length - 1} more faults)` : ''
        this.#fail(entry, `returned something invalid: ${first}${more}`)
      }
    } catch (error) {
      // A getter or proxy of the user's that throws while it is looked at.
      this.#fail(entry, `returned something that throws: ${messageOf(error)}`, error)
    }
    return metrics
  }

  /** The same series twice in a batch, or one name with two types, would be invalid in every format. */
  #clash({ name, type, labels }: Metric): string | undefined {
    const known = this.#seen.get(name)
    if (known !== undefined && known !== type) return `${name} is a ${type} here and a ${known} elsewhere`
    this.#seen.set(name, type)
    // With the labels that it will have in the batch: its own may be the same.
    const key = seriesKey(name, { ...this.#common, ...labels })
    if (this.#seen.has(key)) return `${name} twice with the same labels`
    this.#seen.set(key, '')
    return undefined
  }

  #fail({ name }: Entry, what: string, cause?: unknown): void {
    this.#host.failed(
      name,
      new OffloopError(
        'ERR_OFFLOOP_COLLECTOR',
        `collector ${name} ${what}`,
        cause === undefined ? {} : { cause },
      ),
    )
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}

/** A copy in our own shape, or what is wrong with it. `own`: from one of our bridges, which have names of ours. */
function checkedMetric(item: unknown, own: boolean): Metric | string {
  if (typeof item !== 'object' || item === null) return `${typeof item} where a metric is wanted`
  const { name, type = 'gauge', value, labels = {} } = item as Record<string, unknown>
  if (typeof name !== 'string') return 'a metric without a name'
  const fault = metricNameFault(name)
  if (fault !== undefined) return `the name ${JSON.stringify(name.slice(0, 60))} ${fault}`
  if (BUILTIN.has(name) && !own) return `${name} is a metric of offloop itself`
  if (!TYPES.has(type)) return `${name} has a type that is not gauge, counter or histogram`
  const checkedValue = type === 'histogram' ? checkedHistogram(value) : finite(value)
  if (checkedValue === undefined)
    return `${name} has a value that is no ${type === 'histogram' ? type : 'finite number'}`
  if (type === 'counter' && (checkedValue as number) < 0) return `${name} is a counter and negative`
  if (typeof labels !== 'object' || labels === null) return `${name} has labels that are no object`
  const checked = checkedLabels(labels as Record<string, unknown>, own)
  if (typeof checked === 'string') return `${name} ${checked}`
  return { name, type: type as Metric['type'], value: checkedValue, labels: checked }
}

function checkedLabels(given: Record<string, unknown>, own: boolean): Labels | string {
  const entries = Object.entries(given)
  if (entries.length > MAX_LABELS) return `has ${entries.length} labels, of ${MAX_LABELS} allowed`
  const labels: Record<string, string> = {}
  for (const [name, value] of entries) {
    if (!['string', 'number', 'boolean'].includes(typeof value))
      return `has no plain value in the label ${JSON.stringify(name.slice(0, 60))}`
    const text = String(value)
    const fault = labelNameFault(name) ?? labelValueFault(text)
    if (fault !== undefined) return `has the label ${JSON.stringify(name.slice(0, 60))}, which ${fault}`
    if (RESERVED_LABELS.has(name) && !own) return `has the label ${name}, which offloop uses itself`
    labels[name] = text
  }
  return labels
}

function checkedHistogram(value: unknown): Histogram | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { count, sum, buckets } = value as Record<string, unknown>
  if (whole(count) === undefined || finite(sum) === undefined || !Array.isArray(buckets)) return undefined
  const checked: { le: number; count: number }[] = []
  for (const bucket of buckets as readonly { le?: unknown; count?: unknown }[]) {
    const le = finite(bucket?.le)
    const seen = whole(bucket?.count)
    const last = checked.at(-1)
    if (le === undefined || seen === undefined) return undefined
    if (last !== undefined && (le <= last.le || seen < last.count)) return undefined
    checked.push({ le, count: seen })
  }
  if ((checked.at(-1)?.count ?? 0) > (count as number)) return undefined
  return { count: count as number, sum: sum as number, buckets: checked }
}

function whole(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
