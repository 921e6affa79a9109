import type { Metric } from './batch'

/** A collector that outlives samplers: it is added to the one that runs, and to each that is started later. */
export interface StandingCollector {
  readonly name: string
  collect(): readonly Metric[]
}

interface Host {
  addCollector(collector: StandingCollector): () => void
}

interface Standing {
  host: Host | undefined
  /** With what removes it from the host of the moment. */
  readonly collectors: Map<StandingCollector, (() => void) | undefined>
}

// On the global object, as the sampler is: several copies of this package have one.
const KEY = Symbol.for('offloop.standing.v1')
const realm = globalThis as { [KEY]?: Standing }
realm[KEY] ??= { host: undefined, collectors: new Map() }
const standing = realm[KEY]

/** Returns what ends it. */
export function addStanding(collector: StandingCollector): () => void {
  // First, so that the host sees that it is ours.
  standing.collectors.set(collector, undefined)
  standing.collectors.set(collector, standing.host?.addCollector(collector))
  return () => {
    standing.collectors.get(collector)?.()
    standing.collectors.delete(collector)
  }
}

/** A sampler has started, or, with undefined, stopped. */
export function hostStanding(host: Host | undefined): void {
  standing.host = host
  for (const collector of standing.collectors.keys()) {
    standing.collectors.set(collector, host?.addCollector(collector))
  }
}

/** Ours, not a user's: it may report metrics of the table. */
export function isStanding(collector: object): boolean {
  return standing.collectors.has(collector as StandingCollector)
}

export function hasStanding(name: string): boolean {
  return [...standing.collectors.keys()].some((collector) => collector.name === name)
}
