import type { ShownStall } from '../core/stall'
import type { Status, Verdict } from '../core/status'
import { chartRows } from './charts'
import { ellipsis, type Line, render, type Segment, type Style, shown, type Tone } from './line'
import { stallLines } from './stall-lines'
import { cut, pad, padStart, width, wrap } from './text'
import * as units from './units'
import type { View } from './view'

export interface Size {
  readonly columns: number
  /** Infinity where nothing bounds it. */
  readonly rows: number
}

const KNOWN = new Set(['good', 'notice', 'bad'])
const SIGNS = {
  unicode: { good: '✓', notice: '!', bad: '✗', unknown: '?' },
  ascii: { good: '+', notice: '!', bad: 'X', unknown: '?' },
}
/** What is spoken of first, in the order of the page. */
const NAMES: Readonly<Record<string, string>> = { resources: 'resources', loop: 'event loop', gc: 'GC' }
const NAME_COLUMNS = 11
const MAX_WORD_COLUMNS = 16
const LABEL_COLUMNS = 13
const VALUE_COLUMNS = 11
const MAX_STALLS = 3
const FRAMES = 3
const CHARTED_MS = 5 * 60_000
/** What is bad explains itself before a chart beyond the first five. */
const FIRST_CHART_ROWS = 6
const BLANK: Line = []

/** The whole view as lines for a terminal: never wider or higher than `size`, nothing in them commands a terminal. */
export function frame(view: View, { columns, rows }: Size, style: Style): string[] {
  const { keys } = view
  const lines = layout(view, { columns, rows: keys === undefined ? rows : rows - 1 }, style).slice(0, rows)
  if (keys !== undefined && rows > 1) {
    while (lines.length < rows - 1) lines.push(BLANK)
    lines[rows - 1] = [{ text: keys, tone: 'dim' }]
  }
  return lines.map((line) => render(line, columns, style))
}

/** From what must be there to what is there where there is room. */
function layout(view: View, { columns, rows }: Size, style: Style): Line[] {
  const head = header(view, columns, style)
  const { status } = view
  const verdicts = status?.verdicts ?? []
  let left = rows - head.length - verdicts.length
  const take = (lines: Line[], title: Line = BLANK): Line[] => {
    if (lines.length === 0 || left < 2) return []
    const taken = [title, ...lines.slice(0, left - 1)]
    left -= taken.length
    return taken
  }
  const output = view.output === undefined ? undefined : view.output.slice(-outputRows(rows))
  if (output !== undefined) left -= output.length + 1

  const ongoing = view.stalls.filter((stall) => stall.ongoing)
  const linesOf = (stalls: readonly ShownStall[]) =>
    stalls.flatMap((one) => stallLines(one, columns, FRAMES, style))
  const stuck = take(linesOf(ongoing.slice(0, MAX_STALLS)))
  const heads = verdictHeads(verdicts, style)
  const told = verdicts.map((verdict, index) => [verdictLine(verdict, heads[index] ?? BLANK, columns)])
  const explain = (room: number, which: (level: string) => boolean) => {
    left -= expand(verdicts, heads, told, columns, room, style, which)
  }
  explain(left - FIRST_CHART_ROWS, (level) => level === 'bad')
  const charts = take(chartLines(view, columns, style))
  // What has just happened, what is not well, what happened before, then the rest in full.
  const past = view.stalls
    .filter((stall) => !stall.ongoing)
    .slice(0, Math.max(0, MAX_STALLS - ongoing.length))
  const lately = past[0] !== undefined && isRecent(view, past[0]) ? 1 : 0
  const last = take(linesOf(past.slice(0, lately)))
  explain(left, (level) => level === 'bad' || level === 'notice')
  const before = take(linesOf(past.slice(lately)))
  explain(left, (level) => level !== 'bad' && level !== 'notice')
  const threads = take(threadLines(status, style))

  return [
    ...head,
    ...told.flat(),
    ...stuck,
    ...charts,
    ...last,
    ...before,
    ...threads,
    ...(output === undefined ? [] : [BLANK, ...output.map((text) => [{ text }])]),
  ]
}

/** Of a view of an application, what its output gets. */
function outputRows(rows: number): number {
  return Math.max(2, Math.floor(rows / 4))
}

function header(view: View, columns: number, style: Style): Line[] {
  const { status, lost } = view
  const lines: Line[] = []
  if (status !== undefined) {
    const { service, pid, nodeVersion, offloopVersion } = status
    const rest = ` · pid ${pid} · up ${units.age(serverNow(view, status) - status.startedAt)} · Node.js ${nodeVersion.replace(/^v/, '')} · offloop ${offloopVersion}`
    lines.push([{ text: service, tone: 'bold' }, { text: dots(rest, style) }])
    lines.push(sampler(view, status, columns, style))
  }
  if (lost !== undefined) {
    const reason = shown(lost.reason, style)
    const since = status === undefined ? '' : `lost for ${units.age(view.now - lost.since)}, trying again: `
    const told = wrap(`${since}${reason}`, columns).slice(0, 3)
    lines.push(...told.map((text): Line => [{ text, tone: 'bad' }]))
  }
  if (lines.length === 0) lines.push([{ text: `asking ${view.url}`, tone: 'dim' }])
  return [...lines, BLANK]
}

/** What the sampler says of itself: how old all of this is, and whether something is missing in it. */
function sampler(view: View, status: Status, columns: number, style: Style): Line {
  const { health, intervalMs, sequence, sampledAt } = status
  const faults = [
    [health.missedTicks, 'samples missed'],
    [health.droppedBatches, 'batches dropped'],
    [health.exportFailures, 'exports failed'],
    [health.restarts, 'restarts'],
  ].flatMap(([number, what]) => ((number as number) > 0 ? `${units.count(number as number)} ${what}` : []))
  const age = serverNow(view, status) - sampledAt
  const text =
    sequence === 0
      ? 'no sample yet'
      : `sample ${sequence}, ${units.age(age)} old, every ${units.seconds(intervalMs / 1000)}`
  const quiet: Segment[] = [{ text: dots(`${text} · `, style), tone: 'dim' }]
  const state: Segment =
    faults.length === 0 ? { text: 'none missed', tone: 'dim' } : { text: faults.join(', '), tone: 'notice' }
  const url = view.url.replace(/^http:\/\//, '')
  const used = [...quiet, state].reduce((sum, segment) => sum + width(segment.text), 0)
  const gap = columns - used - width(url)
  return [...quiet, state, ...(gap < 2 ? [] : [{ text: `${' '.repeat(gap)}${url}`, tone: 'dim' as Tone }])]
}

/** Within what the charts show. */
function isRecent(view: View, { startedAt, durationMs }: ShownStall): boolean {
  const { status } = view
  return status !== undefined && serverNow(view, status) - (startedAt + durationMs) < CHARTED_MS
}

/** By the clock of the server, which need not be that of this machine. */
function serverNow({ now, answeredAt = now }: View, status: Status): number {
  return status.now + (now - answeredAt)
}

const dots = (text: string, { unicode }: Style) => (unicode ? text : text.replaceAll(' · ', ', '))

/** Of each verdict its sign, name and word, all equally wide. */
function verdictHeads(verdicts: readonly Verdict[], style: Style): Line[] {
  const words = verdicts.map(({ word }) => cut(shown(word, style), MAX_WORD_COLUMNS, ellipsis(style)))
  const columns = words.reduce((most, word) => Math.max(most, width(word)), 0)
  const signs = style.unicode ? SIGNS.unicode : SIGNS.ascii
  return verdicts.map(({ id, level }, index) => {
    const known = KNOWN.has(level)
    const tone: Tone = known ? (level as Tone) : 'dim'
    return [
      { text: `${known ? signs[level] : signs.unknown} `, tone },
      { text: pad(shown(NAMES[id] ?? id, style), NAME_COLUMNS) },
      { text: pad(words[index] ?? '', columns + 1), tone },
    ]
  })
}

const headColumns = (head: Line) => head.reduce((sum, { text }) => sum + width(text), 0)

function verdictLine({ text }: Verdict, head: Line, columns: number): Line {
  return columns < 60 ? head : [...head, { text: ` ${text}` }]
}

/** Gives verdicts their whole sentence, and what to do about it; returns how many more lines that took. */
function expand(
  verdicts: readonly Verdict[],
  heads: readonly Line[],
  told: Line[][],
  columns: number,
  left: number,
  style: Style,
  which: (level: string) => boolean,
): number {
  let used = 0
  for (const [index, verdict] of verdicts.entries()) {
    if (!which(verdict.level)) continue
    const head = heads[index] ?? BLANK
    const indent = columns < 60 ? 2 : headColumns(head) + 1
    const room = columns - indent
    const paragraph = (text: string, tone?: Tone): Line[] =>
      text === ''
        ? []
        : wrap(shown(text, style), room).map((part) => [
            { text: ' '.repeat(indent) },
            tone === undefined ? { text: part } : { text: part, tone },
          ])
    const sentence = paragraph(verdict.text)
    const [first, ...others] = sentence
    const whole =
      columns < 60 ? [head, ...sentence] : [[...head, { text: ` ${first?.[1]?.text ?? ''}` }], ...others]
    for (const lines of [[...whole, ...paragraph(verdict.advice, 'dim')], whole]) {
      const more = lines.length - (told[index]?.length ?? 0)
      if (more > left - used) continue
      told[index] = lines
      used += more
      break
    }
  }
  return used
}

function chartLines({ series }: View, columns: number, style: Style): Line[] {
  const withRange = columns >= 72
  const room = columns - LABEL_COLUMNS - VALUE_COLUMNS - (withRange ? 27 : 2)
  if (room < 4) return []
  return chartRows(series, room, style.unicode).map(({ label, points, value, range }) => [
    { text: pad(label, LABEL_COLUMNS) },
    // The newest is always at the right.
    { text: padStart(points, room) },
    { text: padStart(shown(value, style), VALUE_COLUMNS), tone: 'bold' },
    ...(withRange ? [{ text: `   ${range}`, tone: 'dim' as Tone }] : []),
  ])
}

function threadLines(status: Status | undefined, style: Style): Line[] {
  // As many as any terminal has rows for.
  const threads = (status?.threads ?? []).slice(0, 1_000)
  if (threads.length < 2) return []
  const columns = Math.min(24, Math.max(...threads.map(({ thread }) => width(shown(thread, style)))))
  return threads.map(({ thread, utilization, heapUsedBytes, gcCycles, stalled }) => [
    { text: pad(shown(thread, style), columns) },
    { text: padStart(utilization === undefined ? '-' : `${units.share(utilization)} busy`, 13) },
    { text: padStart(heapUsedBytes === undefined ? '-' : units.bytes(heapUsedBytes), 12) },
    { text: padStart(gcCycles === undefined ? '-' : `${units.count(gcCycles)} GCs`, 12) },
    ...(stalled ? [{ text: '  stuck', tone: 'bad' as Tone }] : []),
  ])
}
