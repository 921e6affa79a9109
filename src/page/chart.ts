import uPlot from 'uplot'
import { h, say, svg } from './dom'
import { count, format, formatAxis, plural, type Unit } from './format'
import { type Band, edgesOf, paintBands, paintFlags, paintMarks, paintSpan } from './paint'
import { DASHES } from './palette'
import { type Line, largest, linesFor, type Panel } from './panels'
import {
  align,
  alone,
  growths,
  type Labels,
  mean,
  newestIn,
  type Points,
  rate,
  ratio,
  type SeriesStore,
  valueAt,
} from './series'
import { ink, onThemeChange, tint } from './theme'
import { clock, clockAxis, type Range } from './time'

/** What charts ask of the page. */
export interface Host {
  zoom(range: Range): void
  reset(): void
  openStall(key: string): void
  /** Where the mouse is on any chart, or nothing. */
  cursor(at: number | undefined): void
  /** To those who do not see it. */
  tell(text: string): void
}

/** What all charts show together. */
export interface Frame {
  readonly store: SeriesStore
  readonly range: Range
  /** Of the chosen thread and process. */
  readonly labels: Labels
  readonly bands: readonly Band[]
}

interface Drawn {
  readonly line: Line
  readonly points: Points
}

const HEIGHT = 176
/** Above the plot: what is written of stalls is in nobody's way there. */
const STRIP = 16
/** Half of a label of the time axis. */
const LABEL_END = 26
/** More tints than these on one another are mud. */
const MAX_SPANS = 2
/** Of tenfold steps: what is below 10 µs is nothing to anybody. */
const FLOOR = -5
const AXIS_FONT = '11px Inter, system-ui, sans-serif'
const BYTE_STEPS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
const INCREMENTS: Partial<Record<Unit, number[]>> = Object.fromEntries(
  (['bytes', 'bytes/s'] as const).map((unit) => [
    unit,
    [0, 1, 2, 3, 4].flatMap((power) => BYTE_STEPS.map((step) => step * 1024 ** power)),
  ]),
)

/** One panel: heading, legend with values, and the plot. It draws only while it is on the screen. */
export class Chart {
  readonly element: HTMLElement
  readonly #panel: Panel
  readonly #host: Host
  readonly #plot = h('div', { class: 'plot', role: 'group', 'aria-roledescription': 'chart', tabindex: 0 })
  readonly #legend = h('ul', { class: 'legend' })
  #values: HTMLElement[] = []
  #marksValue: HTMLElement | undefined
  #u: uPlot | undefined
  #shape = ''
  #drawn: readonly Drawn[] = []
  #frame: Frame | undefined
  #marks: ReturnType<typeof growths> = []
  #more = 0
  #seen = false
  #stale = false

  constructor(panel: Panel, host: Host) {
    this.#panel = panel
    this.#host = host
    this.element = h(
      'article',
      {
        class: panel.wide ? 'chart wide' : 'chart',
        id: `chart-${panel.id}`,
        tabindex: -1,
        'aria-label': panel.title,
      },
      h('h3', {}, panel.title),
      this.#legend,
      this.#plot,
      h('p', { class: 'note' }, panel.note),
    )
    new IntersectionObserver(([entry]) => {
      this.#seen = entry?.isIntersecting ?? false
      if (this.#seen && this.#stale) this.#draw()
    }).observe(this.element)
    new ResizeObserver(() => this.#u?.setSize(this.#size())).observe(this.#plot)
    onThemeChange(() => this.#u?.redraw())
    this.#plot.addEventListener('keydown', (event) => this.#press(event))
    this.#plot.addEventListener('blur', () => this.#point(-10))
  }

  /** Returns whether there is anything to see. */
  update(frame: Frame): boolean {
    this.#frame = frame
    const { each } = this.#panel
    const series = each === undefined ? [] : frame.store.select(each.metric, frame.labels)
    const lines = linesFor(this.#panel, series)
    this.#drawn = lines.flatMap((line) => {
      const points = pointsOf(line, frame)
      return points === undefined ? [] : [{ line, points }]
    })
    this.#more = Math.max(0, series.filter((one) => largest(one) > 0).length - lines.length)
    const { marks } = this.#panel
    const counted = marks && frame.store.select(marks.metric, { ...frame.labels, ...marks.labels })[0]
    this.#marks =
      counted === undefined
        ? []
        : growths(counted).filter(({ t }) => t >= frame.range.start && t <= frame.range.end)
    const any = this.#drawn.some(
      ({ line, points }) => line.aside !== true && (!this.#panel.rare || largest(points) > 0),
    )
    this.element.hidden = !any
    if (!any) return false
    this.#renew()
    this.#tell(undefined)
    this.#stale = true
    if (this.#seen) this.#draw()
    return true
  }

  /** Another set of lines is another plot. */
  #renew(): void {
    const shape = [this.#more, ...this.#drawn.map(({ line }) => line.label)].join('\n')
    if (shape === this.#shape) return
    this.#shape = shape
    this.#u?.destroy()
    this.#u = undefined
    const items = this.#drawn.map(({ line }) => legendItem(line))
    this.#values = items.map(({ value }) => value)
    const { marks } = this.#panel
    const mark = marks && markItem(marks.label)
    this.#marksValue = mark?.value
    this.#legend.replaceChildren(
      ...items.map(({ item }) => item),
      ...(mark ? [mark.item] : []),
      ...(this.#more > 0 ? [h('li', {}, `and ${this.#more} more`)] : []),
    )
  }

  #draw(): void {
    this.#stale = false
    const [times, ...values] = align(this.#visible().map(({ points }) => points))
    // What is nothing has no place on an axis of tenfold steps.
    const shown = this.#panel.log
      ? values.map((column) => column.map((value) => (value !== null && (value ?? 1) <= 0 ? null : value)))
      : values
    const data = [times, ...shown] as unknown as uPlot.AlignedData
    if (this.#u === undefined) this.#u = new uPlot(this.#options(), data, this.#plot)
    else this.#u.setData(data)
  }

  #visible(): readonly Drawn[] {
    return this.#drawn.filter(({ line }) => line.aside !== true)
  }

  /** The values at a time, or the newest ones that are shown. */
  #tell(at: number | undefined): string {
    const { unit, marks } = this.#panel
    const { range, bands } = this.#frame as Frame
    const texts = this.#drawn.map(({ points }) =>
      format(at === undefined ? newestIn(points, range) : valueAt(points, at), unit),
    )
    for (const [i, text] of texts.entries()) say(this.#values[i] as HTMLElement, text)
    const marked = this.#marks.reduce((sum, { by }) => sum + by, 0)
    if (this.#marksValue !== undefined) say(this.#marksValue, count(marked))
    const values = this.#drawn.map(({ line }, i) => `${line.label} ${texts[i]}`)
    if (at !== undefined) return values.join(', ')
    const stalls = bands.filter(({ start, end }) => end >= range.start && start <= range.end).length
    const extra = [
      ...(marks ? [plural(marked, marks.label)] : []),
      ...(stalls > 0 ? [plural(stalls, 'stall')] : []),
    ]
    const time = `${clock(range.start)} to ${clock(range.end)}`
    this.#plot.setAttribute(
      'aria-label',
      `${this.#panel.title}, ${time}: ${[...values, ...extra].join(', ')}`,
    )
    return ''
  }

  /** Arrows move the cursor from point to point. */
  #press(event: KeyboardEvent): void {
    const u = this.#u
    if (u === undefined) return
    const { range } = this.#frame as Frame
    const shown = [...u.data[0]].filter((t) => t >= range.start && t <= range.end)
    if (shown.length === 0) return
    const last = shown.length - 1
    const { left = -1 } = u.cursor
    const at = left < 0 ? range.end : u.posToVal(left, 'x')
    const here = shown.reduce(
      (best, t, i) => (Math.abs(t - at) < Math.abs((shown[best] as number) - at) ? i : best),
      0,
    )
    const step = event.shiftKey ? 10 : 1
    const to = { ArrowLeft: left < 0 ? last : here - step, ArrowRight: here + step, Home: 0, End: last }[
      event.key
    ]
    if (to === undefined) return
    event.preventDefault()
    const time = shown[Math.min(last, Math.max(0, to))] as number
    this.#point(u.valToPos(time, 'x'))
    this.#host.tell(`${clock(time)}: ${this.#tell(time)}`)
  }

  /** The cursor of all charts, at so many pixels; below 0 it is on none. */
  #point(left: number): void {
    const cursor = { left, top: left < 0 ? left : 1 }
    ;(
      this.#u as (uPlot & { setCursor(at: typeof cursor, fire: boolean, publish: boolean): void }) | undefined
    )?.setCursor(cursor, true, true)
  }

  /** The lines whose least and most are shown as well: a fan's highest, of others the first. */
  #spans(): readonly Drawn[] {
    const visible = this.#visible()
    return (this.#panel.fan ? visible.slice(-1) : visible.slice(0, MAX_SPANS)).filter(
      ({ points }) => points.min !== undefined,
    )
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(120, this.#plot.clientWidth), height: HEIGHT }
  }

  #yRange(): [number, number] {
    const { range } = this.#frame as Frame
    let low = 0
    let high = this.#panel.top ?? 0
    let least = Number.POSITIVE_INFINITY
    for (const { points } of this.#visible()) {
      for (const [i, t] of points.t.entries()) {
        if (t < range.start || t > range.end) continue
        const value = points.v[i] ?? 0
        if (value > 0) least = Math.min(least, value)
        low = Math.min(low, value, points.min?.[i] ?? 0)
        high = Math.max(high, value, points.max?.[i] ?? 0)
      }
    }
    if (this.#panel.log) return tenfold(least, high)
    if (high === low) return [low, low + (this.#panel.unit === 'number' ? 4 : smallest(this.#panel.unit))]
    return [low * 1.08, high === this.#panel.top ? high : high * 1.08]
  }

  #options(): uPlot.Options {
    const { unit, fan, log } = this.#panel
    const visible = this.#visible()
    const axis: uPlot.Axis = {
      stroke: () => ink('axis'),
      font: AXIS_FONT,
      grid: { stroke: () => ink('grid'), width: 1 },
      ticks: { show: false },
    }
    return {
      ...this.#size(),
      ms: 1,
      padding: [STRIP, LABEL_END, 0, 0],
      legend: { show: false },
      scales: {
        x: { range: () => [this.#frame?.range.start ?? 0, this.#frame?.range.end ?? 1] },
        y: { range: () => this.#yRange(), ...(log && { distr: 3 as const }) },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 24,
          gap: 4,
          space: (_, __, start, end, width) => spaceOf(end - start, width),
          values: (_, splits, __, ___, step) => clockAxis(splits, step),
        },
        {
          ...axis,
          size: 62,
          gap: 6,
          space: 34,
          ...(INCREMENTS[unit] && { incrs: INCREMENTS[unit] }),
          ...(log
            ? {
                splits: (_: uPlot, __: number, min: number, max: number) => powers(min, max),
                filter: (_: uPlot, splits: number[]) => splits,
                values: (_: uPlot, splits: number[]) => splits.map((value) => format(value, unit)),
              }
            : { values: (_: uPlot, splits: number[]) => formatAxis(splits, unit) }),
        },
      ],
      series: [
        {},
        ...visible.map(
          ({ line }): uPlot.Series => ({
            label: line.label,
            stroke: () => ink(line.colour),
            width: 1.5,
            ...(line.dash && { dash: DASHES[line.dash] }),
            ...(line.area && { fill: () => tint(line.colour, this.#spans().length > 0 ? 0 : 0.1) }),
            points: {
              show: (_, __, first, last) => last - first < 2,
              // No line is drawn to these.
              filter: (u, at, all) => (all ? null : alone(u.data[at] ?? [])),
              size: 4,
            },
          }),
        ),
      ],
      ...(fan && { bands: [{ series: [visible.length, 1], fill: () => tint('blue', 0.1) }] }),
      cursor: {
        y: false,
        sync: { key: 'offloop' },
        drag: { x: true, y: false, setScale: false },
        points: { size: 7, width: 2, fill: () => ink('paper') },
        bind: {
          dblclick: () => () => {
            this.#host.reset()
            return null
          },
        },
      },
      hooks: {
        drawAxes: [
          (u) => {
            paintBands(u, this.#frame?.bands ?? [])
            for (const { points, line } of this.#spans()) paintSpan(u, points, line.colour)
          },
        ],
        draw: [
          (u) => {
            paintMarks(
              u,
              this.#marks.map(({ t }) => t),
            )
            paintFlags(u, this.#frame?.bands ?? [], STRIP)
          },
        ],
        setCursor: [(u) => this.#follow(u)],
        setSelect: [(u) => this.#select(u)],
        ready: [(u) => this.#listen(u)],
      },
    }
  }

  #follow(u: uPlot): void {
    const { left } = u.cursor
    const at = left === undefined || left < 0 ? undefined : u.posToVal(left, 'x')
    this.#tell(at)
    this.#host.cursor(at)
  }

  #select(u: uPlot): void {
    const { left, width } = u.select
    if (width > 4) this.#host.zoom({ start: u.posToVal(left, 'x'), end: u.posToVal(left + width, 'x') })
    if (width > 0) u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  }

  #listen(u: uPlot): void {
    const bandAt = (event: MouseEvent): Band | undefined => {
      const x = event.clientX - u.over.getBoundingClientRect().left
      return this.#frame?.bands.find((band) => {
        const { left, right } = edgesOf(u, band, false)
        return x >= left - 3 && x <= right + 3
      })
    }
    u.over.addEventListener('mousemove', (event) => {
      u.over.classList.toggle('on-stall', bandAt(event) !== undefined)
    })
    u.over.addEventListener('click', (event) => {
      const band = bandAt(event)
      if (band !== undefined) this.#host.openStall(band.key)
    })
  }
}

/** The points of a line, in the range or not: a chart stays where it is when one looks at an empty time. */
export function pointsOf(line: Line, { store, labels }: Frame): Points | undefined {
  const { metric, per, meanOf } = line
  const found = store.select(metric, { ...labels, ...line.labels })
  // One that has fewer labels agrees with them as well.
  const series = store.get(metric, line.labels ?? {}) ?? found[0]
  if (series === undefined) return undefined
  const counted = meanOf === undefined ? undefined : store.get(meanOf, series.labels)
  const points = per
    ? ratio(
        found,
        per.flatMap((name) => store.select(name, labels)),
      )
    : meanOf
      ? counted && mean(series, counted)
      : line.rate
        ? rate(series)
        : series
  return points?.v.some((value) => value !== null) ? points : undefined
}

function tenfold(least: number, most: number): [number, number] {
  if (!(most > 0) || least === Number.POSITIVE_INFINITY) return [0.001, 0.01]
  const from = Math.max(FLOOR, Math.floor(Math.log10(least)))
  return [10 ** from, 10 ** Math.max(from + 1, Math.ceil(Math.log10(most)))]
}

function powers(min: number, max: number): number[] {
  const from = Math.round(Math.log10(min))
  return Array.from({ length: Math.round(Math.log10(max)) - from + 1 }, (_, i) =>
    Number((10 ** (from + i)).toPrecision(1)),
  )
}

/** Labels with seconds are wider. They are there where marks are half a minute apart. */
function spaceOf(ms: number, width: number): number {
  return (30_000 / ms) * width < 48 ? 48 : 66
}

function smallest(unit: Unit): number {
  if (unit === 'bytes' || unit === 'bytes/s') return 1024
  return unit === 'seconds' ? 0.001 : unit === 'ratio' || unit === 'cores' ? 0.01 : 1
}

function legendItem({ label, colour, dash, aside }: Line): { item: HTMLElement; value: HTMLElement } {
  const value = h('span', { class: 'value' })
  const key = svg('svg', { class: 'key', viewBox: '0 0 22 8', 'aria-hidden': 'true' })
  key.append(
    svg('line', {
      class: `stroke-${colour}`,
      x1: 0,
      x2: 22,
      y1: 4,
      y2: 4,
      'stroke-dasharray': dash && DASHES[dash].join(' '),
    }),
  )
  return { item: h('li', {}, ...(aside ? [] : [key]), h('span', {}, label), value), value }
}

function markItem(label: string): { item: HTMLElement; value: HTMLElement } {
  const value = h('span', { class: 'value' })
  const key = svg('svg', { class: 'key tick', viewBox: '0 0 8 8', 'aria-hidden': 'true' })
  key.append(svg('path', { d: 'M0 8h8L4 0z' }))
  return { item: h('li', {}, key, h('span', {}, `${label}s`), value), value }
}
