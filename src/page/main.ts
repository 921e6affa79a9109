// The page's entry. It puts the parts together and owns none of their work.
import type { Status } from '../core/status'
import { Api, type LiveEvent, Refused } from './api'
import { Board } from './board'
import type { Frame } from './chart'
import { say, the } from './dom'
import { follow } from './live'
import { SeriesStore } from './series'
import { Stalls } from './stalls'
import { showSummary, showThreads } from './summary'
import { onThemeChange } from './theme'
import { clock, type Range, WINDOWS } from './time'
import { askToken, hideToken } from './token'
import { Toolbar, type View } from './toolbar'
import { showVerdicts } from './verdicts'

const LEAST_BETWEEN_MS = 400
/** What charts show of a process that has just begun. */
const LEAST_WINDOW_MS = 60_000
/** Names of new metrics are looked for, and what is shown is thinned again. */
const RENEW_MS = 30_000
/** Of all lines together, in one answer. */
const POINTS_AN_ANSWER = 60_000

const api = new Api()
const view: View = { windowMs: WINDOWS[0].ms, zoom: undefined, paused: false, thread: 'main', pid: undefined }
const stalls = new Stalls(the('stalls'), now)
const board = new Board(the('charts'), {
  zoom,
  reset,
  openStall: (key) => stalls.open(key),
  cursor: (at) => toolbar.readout(at, range, now()),
})
const toolbar = new Toolbar(view, { changed: () => void look(), zoom, reset, now, range: () => range })

let store = new SeriesStore()
let status: Status | undefined
/** The clock of the server, which may not be ours. */
let ahead = 0
let range: Range = { start: Date.now() - view.windowMs, end: Date.now() }
let renewed = 0
/** Of what is looked at: an answer to an older question must not count. */
let generation = 0
let lostAt: number | undefined

function now(): number {
  return Date.now() + ahead
}

/** Whatever is asked for while a look is under way is one more look after it. */
let looking: Promise<void> | undefined
let again = false
function look(): Promise<void> {
  if (looking !== undefined) {
    again = true
    return looking
  }
  const begun = performance.now()
  looking = update()
    .catch((error: unknown) => {
      // A server that is gone is told of by follow().
      if (error instanceof Refused) notice(`The server answers: ${error.message}`)
    })
    .then(() => new Promise((resolve) => setTimeout(resolve, begun + LEAST_BETWEEN_MS - performance.now())))
    .then(() => {
      looking = undefined
      const more = again
      again = false
      return more ? look() : undefined
    })
  return looking
}

async function update(): Promise<void> {
  const known = status
  status = await api.status()
  ahead = status.now - Date.now()
  if (known?.startedAt !== status.startedAt) renewed = 0
  if (!view.paused) await fetchSeries(status)
  const found = await api.stalls()
  stalls.set(found.stalls, found.thresholdMs)
  show()
}

async function fetchSeries({ startedAt, sampledAt }: Status): Promise<void> {
  const mine = generation
  const zoomed = view.zoom !== undefined
  if (zoomed && renewed !== 0) return
  const end = Math.max(now(), sampledAt)
  const whole = view.zoom ?? { start: end - view.windowMs, end }

  const into = store
  if (performance.now() - renewed < RENEW_MS && renewed !== 0) {
    const part = { start: into.newest + 1, end }
    if (part.start <= end) into.merge(await api.series(part, 1_000, board.wanted(into.metrics.keys())), part)
  } else {
    const names = await api.series({ start: end - 60_000, end }, 2)
    const points = Math.round(
      Math.min(600, Math.max(60, POINTS_AN_ANSWER / Math.max(1, names.series.length))),
    )
    const wanted = board.wanted([...into.metrics.keys(), ...Object.keys(names.metrics)])
    const answer = await api.series(whole, points, wanted)
    // What an ended process left is here and nowhere else.
    into.merge(answer, zoomed ? whole : { start: Math.max(whole.start, startedAt), end })
    // Something else is looked at by now.
    if (mine !== generation) return
    renewed = performance.now()
  }
  if (!zoomed) into.trim(whole.start)
  range = view.zoom ?? upTo(end)
}

/** The window, or less of it where there is not as much yet. */
function upTo(end: number): Range {
  return { start: Math.max(end - view.windowMs, Math.min(store.oldest, end - LEAST_WINDOW_MS)), end }
}

function show(): void {
  if (status === undefined) return
  const own = String(status.pid)
  const named = (value: string, name = value) => ({ value, name })
  const pids = store.values('pid')
  const pid = view.pid ?? own
  // What the status tells of threads is of the process that serves.
  const threads = new Set(pid === own ? status.threads.map(({ thread }) => thread) : [])
  for (const thread of store.values('thread', pids.length > 0 ? { pid } : {})) threads.add(thread)
  toolbar.show(
    [...threads].map((thread) => named(thread)),
    pids.map((one) => {
      const worker = store.other('pid', one, 'worker')
      return named(one, worker === undefined ? one : `${one}, worker ${worker}`)
    }),
    own,
  )
  const bands = stalls.bands(view.thread, view.pid ?? own, own)
  const frame: Frame = { store, range, labels: { thread: view.thread, pid: view.pid ?? own }, bands }
  showSummary(status, Math.max(0, now() - status.sampledAt))
  showThreads(the('threads'), status, view.thread)
  board.update(frame)
  showVerdicts(the('verdicts'), status.verdicts, board, { ...frame, labels: { thread: 'main', pid: own } })
  toolbar.readout(undefined, range, now())
}

/** Charts stand still while they are looked at closely. */
function zoom(to: Range): void {
  view.zoom = to
  range = to
  show()
  renewed = 0
  generation++
  void look()
}

function reset(): void {
  view.zoom = undefined
  store = new SeriesStore()
  renewed = 0
  generation++
  void look()
}

function notice(text: string): void {
  the('notice').hidden = text === ''
  say(the('notice'), text)
}

const STATES = { live: 'live', locked: 'locked', lost: 'no answer' } as const
function state(word: keyof typeof STATES): void {
  const element = the('state')
  element.dataset.state = word
  say(element, STATES[word])
}

function onEvent(event: LiveEvent): void {
  if (event.type === 'stall') {
    stalls.add(event.stall)
    show()
  }
  if (document.visibilityState === 'visible') void look()
}

void follow(api, {
  found() {
    lostAt = undefined
    hideToken()
    notice('')
    state('live')
    renewed = 0
    void look()
  },
  event: onEvent,
  lost() {
    lostAt = now()
    state('lost')
    notice(`No answer since ${clock(lostAt)}. Trying again.`)
  },
  unauthorized() {
    state('locked')
    return askToken(api)
  },
})

onThemeChange(show)
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void look()
})
// Ages and lengths grow by themselves, a block included.
setInterval(() => {
  if (status === undefined || lostAt !== undefined || document.visibilityState !== 'visible') return
  if (stalls.ongoing.length > 0) {
    stalls.show()
    if (view.zoom === undefined && !view.paused) range = upTo(now())
    show()
  } else showSummary(status, Math.max(0, now() - status.sampledAt))
}, 1_000)
