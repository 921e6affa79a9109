// The page's entry. It puts the parts together and owns none of their work.
import { Api, type LiveEvent } from './api'
import { Board } from './board'
import type { Frame } from './chart'
import { say, the } from './dom'
import { Feed, type View } from './feed'
import { follow } from './live'
import { Stalls } from './stalls'
import { showSummary, showThreads } from './summary'
import { onThemeChange } from './theme'
import { clock, type Range, WINDOWS } from './time'
import { askToken, hideToken } from './token'
import { Toolbar } from './toolbar'
import { SPARKED, Verdicts } from './verdicts'

const api = new Api()
const view: View = { windowMs: WINDOWS[0].ms, zoom: undefined, thread: 'main', pid: undefined }
const feed = new Feed(
  api,
  view,
  { charts: (stored) => board.wanted(stored), main: SPARKED },
  { news: show, refused: (reason) => notice(reason === '' ? '' : `The server answers: ${reason}`) },
)
const stalls = new Stalls(the('stalls'), () => feed.now)
const verdicts = new Verdicts(the('verdicts'))
const board = new Board(the('charts'), {
  zoom,
  reset,
  openStall: (key) => stalls.open(key),
  cursor: (at) => toolbar.readout(at),
  tell,
})
const toolbar = new Toolbar(view, feed, { zoom, reset, pause, chosen: () => choose() })
let lostAt: number | undefined

/** To those who do not see it. */
function tell(text: string): void {
  say(the('announcement'), text)
}

function show(): void {
  const { status, catalogue, store, range } = feed
  if (status === undefined) return
  const own = String(status.pid)
  const named = (value: string, name = value) => ({ value, name })
  const pids = catalogue.values('pid')
  const pid = view.pid ?? own
  // What the status tells of threads is of the process that serves.
  const threads = new Set(pid === own ? status.threads.map(({ thread }) => thread) : [])
  for (const thread of catalogue.values('thread', pids.length > 0 ? { pid } : {})) threads.add(thread)
  toolbar.show(
    [...threads].map((thread) => named(thread)),
    pids.map((one) => {
      const worker = catalogue.other('pid', one, 'worker')
      return named(one, worker === undefined ? one : `${one}, worker ${worker}`)
    }),
    own,
  )
  stalls.set(feed.stalls.stalls, feed.stalls.thresholdMs)
  const bands = stalls.bands(view.thread, view.pid ?? own, own)
  const frame: Frame = { store, range, labels: { thread: view.thread, pid: view.pid ?? own }, bands }
  showSummary(status, Math.max(0, feed.now - status.sampledAt))
  showThreads(the('threads'), status, pid === own ? view.thread : '')
  board.update(frame)
  verdicts.show(status.verdicts, board, { ...frame, labels: { thread: 'main', pid: own } })
  toolbar.readout()
}

/** Charts stand still while they are looked at closely. */
function zoom(to: Range): void {
  view.zoom = to
  feed.turn(to)
  show()
}

function reset(): void {
  view.zoom = undefined
  feed.turn()
  show()
}

function pause(paused: boolean): void {
  feed.hold(paused)
  show()
  tell(paused ? 'Paused.' : 'Not paused any more.')
}

/** Its points are not known yet, or no longer. */
function choose(thread = view.thread): void {
  view.thread = thread
  feed.turn(view.zoom)
  show()
}

the('threads').addEventListener('click', ({ target }) => {
  const thread = (target as Element).closest<HTMLElement>('[data-key]')?.dataset.key
  if (thread === undefined) return
  view.pid = undefined
  choose(thread)
})

function notice(text: string): void {
  // That there is no answer at all is the greater news.
  if (lostAt !== undefined) return
  the('notice').hidden = text === ''
  say(the('notice'), text)
}

const STATES = { live: 'live', locked: 'locked', lost: 'no answer' } as const
function state(word: keyof typeof STATES): void {
  document.body.dataset.state = word
  say(the('state'), STATES[word])
}

function onEvent(event: LiveEvent): void {
  if (event.type === 'stall') feed.stall(event.stall)
  if (document.visibilityState === 'visible') void feed.look()
}

void follow(api, {
  found(status) {
    lostAt = undefined
    hideToken()
    notice('')
    state('live')
    feed.found(status)
  },
  event: onEvent,
  lost() {
    const at = Date.now()
    notice(`No answer since ${clock(at)}. Trying again.`)
    lostAt = at
    state('lost')
  },
  unauthorized() {
    state('locked')
    return askToken(api)
  },
})

onThemeChange(show)
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void feed.look()
})
// Ages and lengths grow by themselves, a block included.
setInterval(() => {
  const { status } = feed
  if (status === undefined || document.visibilityState !== 'visible') return
  if (lostAt === undefined && stalls.ongoing.length > 0) {
    feed.tick()
    show()
  } else showSummary(status, Math.max(0, feed.now - status.sampledAt))
}, 1_000)
