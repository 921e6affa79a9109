// How the stalls of a process that joined come to the one that serves: it asks for the next one, and is answered when there
// is one. So nothing is said while all is well, a stall is told while it lasts, and who serves sets the pace.
import { type Frame, lastingUntil, type Place, type ShownStall, type Stall } from '../core/stall'
import { type Hello, MAX_TEXT, type TellStall } from './share-protocol'

/** Between an answer and the next question. */
const PACE_MS = 50
/** That wait to be told: the oldest gives way. */
const MAX_WAITING = 100

/** The newest of all processes but the one that serves. */
const KEPT = 100

/** Where a process has its stalls from. */
export interface StallSource {
  /** The newest first. */
  list(): readonly Stall[]
  /** Returns how to stop listening. */
  onStall(listener: (stall: Stall) => void): () => void
}

/** Of the process that joined: what is to be told, one an answer. */
export class StallTeller {
  readonly #send: (told: TellStall) => void
  readonly #stop: () => void
  /** By their number: of one that changed twice the newest state is told. */
  readonly #news = new Map<number, Stall>()
  /** What was over before it joined, the newest first. */
  readonly #past: Stall[]
  #asked = false

  constructor(source: StallSource, send: (told: TellStall) => void) {
    this.#send = send
    const known = source.list()
    this.#past = known.filter(({ ongoing }) => !ongoing)
    for (const stall of known) if (stall.ongoing) this.#news.set(stall.id, stall)
    this.#stop = source.onStall((stall) => {
      this.#news.set(stall.id, stall)
      const [oldest] = this.#news.keys()
      if (this.#news.size > MAX_WAITING && oldest !== undefined) this.#news.delete(oldest)
      this.#answer()
    })
  }

  ask(): void {
    this.#asked = true
    this.#answer()
  }

  close(): void {
    this.#stop()
  }

  #answer(): void {
    if (!this.#asked) return
    const [next] = this.#news.values()
    const stall = next ?? this.#past.shift()
    if (stall === undefined) return
    this.#asked = false
    this.#news.delete(stall.id)
    this.#send({ type: 'stall', stall: bounded(stall), news: next !== undefined })
  }
}

/** Of the process that serves: what all others have told. */
export class OtherStalls {
  /** The newest first. */
  #stalls: readonly ShownStall[] = []

  keep(stall: ShownStall): void {
    const others = this.#stalls.filter(({ pid, id }) => pid !== stall.pid || id !== stall.id)
    this.#stalls = newest([stall, ...others])
  }

  /** With `own`, the newest first. */
  beside(own: readonly ShownStall[]): readonly ShownStall[] {
    if (this.#stalls.length === 0) return own
    const now = Date.now()
    return newest([...own, ...this.#stalls.map((stall) => lastingUntil(stall, now))])
  }
}

function newest(stalls: ShownStall[]): readonly ShownStall[] {
  return stalls.sort((a, b) => b.startedAt - a.startedAt).slice(0, KEPT)
}

/** Of the process that serves: what one of the others tells. */
export class StallListener {
  readonly #hello: Hello
  readonly #ask: () => void
  readonly #tell: (stall: ShownStall, news: boolean) => void
  readonly #ongoing = new Map<number, ShownStall>()
  #asked = true
  #next: NodeJS.Timeout | undefined

  /** Asks at once. */
  constructor(hello: Hello, ask: () => void, tell: (stall: ShownStall, news: boolean) => void) {
    this.#hello = hello
    this.#ask = ask
    this.#tell = tell
    ask()
  }

  get stalled(): boolean {
    return this.#ongoing.size > 0
  }

  /** False where nobody has asked. */
  receive({ stall, news }: TellStall): boolean {
    if (!this.#asked) return false
    this.#asked = false
    this.#next = setTimeout(() => {
      this.#asked = true
      this.#ask()
    }, PACE_MS)
    const { pid, worker } = this.#hello
    const shown = { ...stall, pid, ...(worker === undefined ? {} : { worker }) }
    if (stall.ongoing) this.#ongoing.set(stall.id, shown)
    else this.#ongoing.delete(stall.id)
    this.#tell(shown, news)
    return true
  }

  /** The process is gone, and what it was stuck in with it. */
  close(): void {
    clearTimeout(this.#next)
    for (const stall of this.#ongoing.values()) {
      this.#tell({ ...lastingUntil(stall, Date.now()), ongoing: false }, true)
    }
    this.#ongoing.clear()
  }
}

/** A script may be called by a data: URL, with all of its text. The end of a path says most. */
function bounded(stall: Stall): Stall {
  const place = (from: Place): Place => ({ ...from, file: from.file.slice(-MAX_TEXT) })
  const frame = ({ functionName, place: at, original }: Frame): Frame => ({
    functionName: functionName.slice(0, MAX_TEXT),
    ...(at === undefined ? {} : { place: place(at) }),
    ...(original === undefined ? {} : { original: place(original) }),
  })
  return stall.stack === undefined ? stall : { ...stall, stack: stall.stack.map(frame) }
}
