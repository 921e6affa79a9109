import type { Batch, Histogram } from '../core/batch'
import { type Clock, systemClock } from '../core/clock'
import type { Names } from '../core/options'
import { goNames } from './names-go'
import { mainTurns, promClientNames } from './names-prom-client'

/** Batches under other names. */
export interface Renaming {
  /** To be told of each sample. */
  sampled(batch: Batch): void
  rename(batch: Batch): Batch
}

/** What a figure "now" is made of, where only totals since the start are known: the last minute. */
const WINDOW_MS = 60_000
/** Samples may be taken each 100 ms: not all of a minute are kept. */
const STEP_MS = 5_000

/** Batches as `names` has them: of `'prom-client'` the event loop's lag in the last minute. */
export function renaming(names: Names, clock: Clock = systemClock): Renaming {
  if (names === 'prom-client') return new PromClientRenaming(clock)
  const rename = names === 'go' ? goNames : (batch: Batch) => batch
  return { sampled: () => {}, rename }
}

class PromClientRenaming implements Renaming {
  readonly #clock: Clock
  /** The oldest is a minute old, or from the start. */
  readonly #past: { readonly at: number; readonly turns: Histogram }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  sampled(batch: Batch): void {
    const turns = mainTurns(batch)
    const at = this.#clock.now()
    const newest = this.#past.at(-1)
    if (turns === undefined || (newest !== undefined && at - newest.at < STEP_MS)) return
    this.#past.push({ at, turns })
  }

  rename(batch: Batch): Batch {
    const from = this.#clock.now() - WINDOW_MS
    while ((this.#past[1]?.at ?? Number.POSITIVE_INFINITY) <= from) this.#past.shift()
    return promClientNames(batch, this.#past[0]?.turns)
  }
}
