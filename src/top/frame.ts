import { age, count, figure } from '../core/figures'
import type { ShownStall } from '../core/stall'
import type { Status, Verdict } from '../core/status'
import { faultsInWords, NO_FAULTS, secondsInWords } from '../core/words'
import { chartsOf, MOST_MS } from './charts'
import { ellipsis, type Line, render, type Segment, type Style, shown, type Tone } from './line'
import { stallLines } from './stall-lines'
import { cut, pad, padStart, width, wrap } from './text'
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
/** The others come after what is bad has explained itself. */
const FIRST_CHARTS = 5
/** Below, a verdict has a word and no sentence beside it, and a chart no range. */
const WIDE = { verdicts: 60, charts: 72 }
const BLANK: Line = []

/** What goes first where there is no room for all: it need not be what is above. */
const RANKS = [
  'always',
  'output',
  'stuck',
  'charts',
  'bad',
  'more charts',
  // A stall of the time that the charts show.
  'lately',
  'notice',
  'before',
  'good',
  'threads',
  'air',
] as const

/** One way to show a part. */
interface Form {
  readonly rank: (typeof RANKS)[number]
  readonly lines: readonly Line[]
  /** It may lose its last lines, and is of use with so many; none where it may not. */
  readonly least?: number
}

/** A part of the view, from its poorest form to its richest. */
type Part = readonly Form[]

/** The whole view as lines for a terminal: never wider or higher than `size`, nothing in them commands a terminal. */
export function frame(view: View, { columns, rows }: Size, style: Style): string[] {
  const keys = rows > 1 ? view.keys : undefined
  const room = keys === undefined ? rows : rows - 1
  const lines = fitted(partsOf(view, { columns, rows: room }, style), room)
  if (keys !== undefined) {
    while (lines.length < room) lines.push(BLANK)
    lines.push([{ text: keys, tone: 'dim' }])
  }
  return lines.map((line) => render(line, columns, style))
}

/** Of each part the richest form that there is room for, once what goes before it has its own. */
function fitted(parts: readonly Part[], rows: number): Line[] {
  const chosen: (readonly Line[])[] = parts.map(() => [])
  let left = rows
  for (const rank of RANKS) {
    for (const [index, part] of parts.entries()) {
      for (const form of part) {
        if (form.rank !== rank) continue
        const before = chosen[index]?.length ?? 0
        const room = left + before
        if ((form.least ?? form.lines.length) > room) continue
        const lines = form.lines.slice(0, room)
        left -= lines.length - before
        chosen[index] = lines
      }
    }
  }
  return chosen.flat()
}

/** From the top. */
function partsOf(view: View, { columns, rows }: Size, style: Style): Part[] {
  const { status, stalls } = view
  const part = (rank: Form['rank'], lines: readonly Line[]): Part =>
    lines.length === 0 ? [] : [{ rank, lines: [BLANK, ...lines], least: 2 }]
  const linesOf = (some: readonly ShownStall[]) =>
    some.flatMap((one) => stallLines(one, columns, FRAMES, style))
  const ongoing = stalls.filter((stall) => stall.ongoing).slice(0, MAX_STALLS)
  const past = stalls.filter((stall) => !stall.ongoing).slice(0, MAX_STALLS - ongoing.length)
  const lately = past[0] !== undefined && isRecent(view, past[0]) ? 1 : 0
  const output = view.output?.slice(-outputRows(rows)).map((text): Line => [{ text }])
  return [
    [{ rank: 'always', lines: header(view, columns, style), least: 1 }],
    ...verdictParts(status?.verdicts ?? [], columns, style),
    part('stuck', linesOf(ongoing)),
    chartPart(view, columns, style),
    part('lately', linesOf(past.slice(0, lately))),
    part('before', linesOf(past.slice(lately))),
    part('threads', threadLines(status, style)),
    output === undefined ? [] : [{ rank: 'output', lines: [BLANK, ...output] }],
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
    const up = age(serverNow(view, status) - status.startedAt)
    const name = { text: service, tone: 'bold' as Tone }
    const rest = [
      `pid ${pid}`,
      `up ${up}`,
      `Node.js ${nodeVersion.replace(/^v/, '')}`,
      `offloop ${offloopVersion}`,
    ]
    lines.push(listed([name, ...rest.map((text) => ({ text }))], columns, style))
    lines.push(sampler(view, status, columns, style))
  }
  if (lost !== undefined) {
    const reason = shown(lost.reason, style)
    const since = status === undefined ? '' : `lost for ${age(view.now - lost.since)}, trying again: `
    const told = wrap(`${since}${reason}`, columns).slice(0, 3)
    lines.push(...told.map((text): Line => [{ text, tone: 'bad' }]))
  }
  if (lines.length === 0) lines.push([{ text: `asking ${view.url}`, tone: 'dim' }])
  return [...lines, BLANK]
}

/** What the sampler says of itself: how old all of this is, and whether something is missing in it. */
function sampler(view: View, status: Status, columns: number, style: Style): Line {
  const { health, intervalMs, sequence, sampledAt } = status
  const lately = faultsInWords(health.lately ?? health)
  const old = serverNow(view, status) - sampledAt
  const sample: Segment = {
    text: sequence === 0 ? 'no sample yet' : `sample ${sequence}, ${age(old)} old`,
    tone: 'dim',
  }
  const every: Segment = { text: `every ${figure(intervalMs / 1000, 'seconds')}`, tone: 'dim' }
  const line =
    lately === NO_FAULTS
      ? listed([sample, every, { text: lately, tone: 'dim' }], columns, style)
      : listed([sample, { text: lately, tone: 'notice' }, every], columns, style)
  const url = view.url.replace(/^http:\/\//, '')
  const gap = columns - widthOf(line) - width(url)
  return gap < 2 ? line : [...line, { text: `${' '.repeat(gap)}${url}`, tone: 'dim' }]
}

/** As many as have room, and the first one anyway. */
function listed(parts: readonly Segment[], columns: number, style: Style): Line {
  const between: Segment = { text: style.unicode ? ' · ' : ', ', tone: 'dim' }
  const line: Segment[] = []
  for (const part of parts) {
    const more = line.length === 0 ? [part] : [between, part]
    if (line.length === 0 || widthOf(line) + widthOf(more) <= columns) line.push(...more)
  }
  return line
}

const widthOf = (line: Line) => line.reduce((sum, { text }) => sum + width(text), 0)

/** Within what the charts show. */
function isRecent(view: View, { startedAt, durationMs }: ShownStall): boolean {
  const { status } = view
  return status !== undefined && serverNow(view, status) - (startedAt + durationMs) < MOST_MS
}

/** By the clock of the server, which need not be that of this machine. */
function serverNow({ now, answeredAt = now }: View, status: Status): number {
  return status.now + (now - answeredAt)
}

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

/** Of each verdict a line, then all of its sentence, then what to do about it. */
function verdictParts(verdicts: readonly Verdict[], columns: number, style: Style): Part[] {
  const heads = verdictHeads(verdicts, style)
  return verdicts.map((verdict, index) => {
    const head = heads[index] ?? BLANK
    const wide = columns >= WIDE.verdicts
    const indent = wide ? widthOf(head) + 1 : 2
    const told = (text: string) => (text === '' ? [] : wrap(shown(text, style), columns - indent))
    const line = (text: string, tone?: Tone): Line => [
      { text: ' '.repeat(indent) },
      tone === undefined ? { text } : { text, tone },
    ]
    const beside = (text: string): Line => [...head, { text: ` ${text}` }]
    const sentence = told(verdict.text)
    const [first = '', ...others] = sentence
    const whole = wide
      ? [beside(first), ...others.map((text) => line(text))]
      : [head, ...sentence.map((text) => line(text))]
    const short = sentence.length === 1 ? verdict.text : verdict.short || verdict.text
    const rank = verdict.level === 'bad' || verdict.level === 'notice' ? verdict.level : 'good'
    return [
      { rank: 'always', lines: [wide ? beside(short) : head] },
      { rank, lines: whole },
      { rank, lines: [...whole, ...told(verdict.advice).map((text) => line(text, 'dim'))] },
    ]
  })
}

/** A line over them, then the charts. */
function chartPart({ series, status }: View, columns: number, style: Style): Part {
  const withRange = columns >= WIDE.charts
  const room = columns - LABEL_COLUMNS - VALUE_COLUMNS - (withRange ? 27 : 2)
  if (room < 4) return []
  const { rows, spanMs } = chartsOf(series, status?.pid, room, style.unicode)
  if (rows.length === 0) return []
  const dash = style.unicode ? '─' : '-'
  const title = `${dash} last ${secondsInWords(Math.round(spanMs / 1000))} `
  const line = (left: string, value: string, range: string, tone: Tone): Line => [
    { text: left, ...(tone === 'dim' ? { tone } : {}) },
    { text: padStart(shown(value, style), VALUE_COLUMNS), tone },
    ...(withRange ? [{ text: `   ${range}`, tone: 'dim' as Tone }] : []),
  ]
  const lines = [
    line(title.padEnd(LABEL_COLUMNS + room, dash), 'now', 'lowest to highest', 'dim'),
    // The newest is always at the right.
    ...rows.map(({ label, points, value, range }) =>
      line(pad(label, LABEL_COLUMNS) + points, value, range, 'bold'),
    ),
  ]
  return [
    { rank: 'charts', lines: lines.slice(0, 1 + FIRST_CHARTS), least: 2 },
    { rank: 'more charts', lines, least: 2 },
    { rank: 'air', lines: [BLANK, ...lines] },
  ]
}

function threadLines(status: Status | undefined, style: Style): Line[] {
  // As many as any terminal has rows for.
  const threads = (status?.threads ?? []).slice(0, 1_000)
  if (threads.length < 2) return []
  const columns = Math.min(24, Math.max(...threads.map(({ thread }) => width(shown(thread, style)))))
  return threads.map(({ thread, utilization, heapUsedBytes, gcCycles, stalled }) => [
    { text: pad(shown(thread, style), columns) },
    { text: padStart(utilization === undefined ? '-' : `${figure(utilization, 'ratio')} busy`, 13) },
    { text: padStart(heapUsedBytes === undefined ? '-' : figure(heapUsedBytes, 'bytes'), 12) },
    { text: padStart(gcCycles === undefined ? '-' : `${count(gcCycles)} GCs`, 12) },
    ...(stalled ? [{ text: '  stuck', tone: 'bad' as Tone }] : []),
  ])
}
