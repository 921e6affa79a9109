import uPlot from 'uplot'
import { h, say, svg } from './dom'
import { format, formatAxis, plural, type Unit } from './format'
import { type Band, edgesOf, paintBands, paintMarks, paintSpan } from './paint'
import { DASHES } from './palette'
import { type Line, linesFor, type Panel } from './panels'
import { align, growths, type Labels, type Points, rate, type SeriesStore } from './series'
import { ink, onThemeChange, tint } from './theme'
import { clockAxis, type Range } from './time'

/** What charts ask of the page. */
export interface Host {
  zoom(range: Range): void
  reset(): void
  openStall(key: string): void
  /** Where the mouse is on any chart, or nothing. */
  cursor(at: number | undefined): void
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

const HEIGHT = 168
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
  readonly #plot = h('div', { class: 'plot', role: 'img' })
  readonly #legend = h('ul', { class: 'legend' })
  #values: HTMLElement[] = []
  #marksValue: HTMLElement | undefined
  #u: uPlot | undefined
  #shape = ''
  #drawn: readonly Drawn[] = []
  #frame: Frame | undefined
  #marks: readonly number[] = []
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
  }

  /** Returns whether there is anything to see. */
  update(frame: Frame): boolean {
    this.#frame = frame
    const { each } = this.#panel
    const series = each === undefined ? [] : frame.store.select(each.metric, frame.labels)
    this.#drawn = linesFor(this.#panel, series).flatMap((line) => {
      const points = pointsOf(line, frame)
      return points === undefined ? [] : [{ line, points }]
    })
    const { marks } = this.#panel
    const counted = marks && frame.store.select(marks.metric, { ...frame.labels, ...marks.labels })[0]
    this.#marks =
      counted === undefined
        ? []
        : growths(counted).filter((t) => t >= frame.range.start && t <= frame.range.end)
    const any = this.#drawn.some(({ line }) => line.aside !== true)
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
    const shape = this.#drawn.map(({ line }) => line.label).join('\n')
    if (shape === this.#shape) return
    this.#shape = shape
    this.#u?.destroy()
    this.#u = undefined
    const items = this.#drawn.map(({ line }) => legendItem(line))
    this.#values = items.map(({ value }) => value)
    const { marks } = this.#panel
    const mark = marks && markItem(marks.label)
    this.#marksValue = mark?.value
    this.#legend.replaceChildren(...items.map(({ item }) => item), ...(mark ? [mark.item] : []))
  }

  #draw(): void {
    this.#stale = false
    const data = align(this.#visible().map(({ points }) => points)) as unknown as uPlot.AlignedData
    if (this.#u === undefined) this.#u = new uPlot(this.#options(), data, this.#plot)
    else this.#u.setData(data)
  }

  #visible(): readonly Drawn[] {
    return this.#drawn.filter(({ line }) => line.aside !== true)
  }

  /** The values at a time, or the newest ones. */
  #tell(at: number | undefined): void {
    const { unit, marks } = this.#panel
    const texts = this.#drawn.map(({ points }) => format(valueAt(points, at), unit))
    for (const [i, text] of texts.entries()) say(this.#values[i] as HTMLElement, text)
    if (this.#marksValue !== undefined) say(this.#marksValue, String(this.#marks.length))
    if (at !== undefined) return
    const now = this.#drawn.map(({ line }, i) => `${line.label} ${texts[i]}`)
    const stalls = this.#frame?.bands.length ?? 0
    const extra = [
      ...(marks ? [plural(this.#marks.length, marks.label)] : []),
      ...(stalls > 0 ? [plural(stalls, 'stall')] : []),
    ]
    this.#plot.setAttribute('aria-label', `${this.#panel.title}, chart: ${[...now, ...extra].join(', ')}`)
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(120, this.#plot.clientWidth), height: HEIGHT }
  }

  #yRange(): [number, number] {
    const { range } = this.#frame as Frame
    let low = 0
    let high = this.#panel.top ?? 0
    for (const { points } of this.#visible()) {
      for (const [i, t] of points.t.entries()) {
        if (t < range.start || t > range.end) continue
        low = Math.min(low, points.v[i] ?? 0, points.min?.[i] ?? 0)
        high = Math.max(high, points.v[i] ?? 0, points.max?.[i] ?? 0)
      }
    }
    if (high === low) return [low, low + (this.#panel.unit === 'number' ? 4 : smallest(this.#panel.unit))]
    return [low * 1.08, high === this.#panel.top ? high : high * 1.08]
  }

  #options(): uPlot.Options {
    const { unit, fan } = this.#panel
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
      padding: [8, 10, 0, 0],
      legend: { show: false },
      scales: {
        x: { range: () => [this.#frame?.range.start ?? 0, this.#frame?.range.end ?? 1] },
        y: { range: () => this.#yRange() },
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
          values: (_, splits) => formatAxis(splits, unit),
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
            ...(line.area && { fill: () => tint(line.colour, 0.1) }),
            points: { show: (_, __, first, last) => last - first < 2, size: 4 },
          }),
        ),
      ],
      ...(fan && {
        bands: visible
          .slice(1)
          .map((_, i): uPlot.Band => ({ series: [i + 2, i + 1], fill: () => tint('blue', 0.14 - i * 0.04) })),
      }),
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
            for (const { points, line } of this.#visible()) paintSpan(u, points, line.colour)
          },
        ],
        draw: [(u) => paintMarks(u, this.#marks)],
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
  const series = store.select(line.metric, { ...labels, ...line.labels })[0]
  if (series === undefined) return undefined
  const points = line.rate ? rate(series) : series
  return points.v.some((value) => value !== null) ? points : undefined
}

function valueAt({ t, v }: Points, at: number | undefined): number | null | undefined {
  if (at === undefined) return v.at(-1)
  let nearest = 0
  for (const [i, time] of t.entries()) {
    if (Math.abs(time - at) < Math.abs((t[nearest] as number) - at)) nearest = i
  }
  return v[nearest]
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
