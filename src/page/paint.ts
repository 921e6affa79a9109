import type uPlot from 'uplot'
import { duration } from './format'
import type { Colour } from './palette'
import { gapsOf, type Points } from './series'
import { ink, tint } from './theme'
import type { Range } from './time'

/** A stall on the charts. */
export interface Band extends Range {
  /** As `data-key` has it. */
  readonly key: string
  readonly ongoing: boolean
}

const LEAST_PX = 3
/** A tick with the space around it. */
const TICK_PX = 9
/** A hatching needs so much room. */
const WIDE_PX = 6
const FONT = '600 11px Inter, system-ui, sans-serif'

/** Inside the plot only. */
export function clipped(u: uPlot, paint: (context: CanvasRenderingContext2D, px: number) => void): void {
  const { ctx, bbox } = u
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  paint(ctx, devicePixelRatio)
  ctx.restore()
}

/** The left and right edge of a band on the canvas, seconds or hours long: it is always wide enough to be seen. */
export function edgesOf(u: uPlot, { start, end }: Range, canvas = true): { left: number; right: number } {
  const left = u.valToPos(start, 'x', canvas)
  const least = LEAST_PX * (canvas ? devicePixelRatio : 1)
  return { left, right: Math.max(left + least, u.valToPos(end, 'x', canvas)) }
}

/** Below the lines: hatched and edged, so that colour is not the only mark; of seconds in a day, a stroke. */
export function paintBands(u: uPlot, bands: readonly Band[]): void {
  clipped(u, (context, px) => {
    const { top, height } = u.bbox
    const hatch = hatchOf(context, px)
    for (const band of bands) {
      const { left, right } = edgesOf(u, band)
      const wide = right - left > WIDE_PX * px
      context.fillStyle = tint('stall', wide ? 0.1 : 0.4)
      context.fillRect(left, top, wide ? right - left : Math.min(right - left, 2 * px), height)
      if (!wide) continue
      context.fillStyle = hatch
      context.fillRect(left, top, right - left, height)
      context.fillStyle = ink('stall')
      context.fillRect(left, top, px, height)
      context.fillRect(right - px, top, px, height)
    }
  })
}

/** Above the plot: a flag for each stall, and how long it was where there is room; for the longest first. */
export function paintFlags(u: uPlot, bands: readonly Band[], strip: number): void {
  const { ctx, bbox } = u
  const px = devicePixelRatio
  const end = bbox.left + bbox.width
  const flags = bands
    .map((band) => ({ band, ...edgesOf(u, band) }))
    .filter(({ left, right }) => right >= bbox.left && left <= end)
    .map(({ band, left, right }) => ({
      band,
      at: (Math.max(left, bbox.left) + Math.min(right, end)) / 2,
    }))
  const length = ({ start, end, ongoing }: Band) => (ongoing ? Number.POSITIVE_INFINITY : end - start)
  flags.sort((a, b) => length(b.band) - length(a.band))
  ctx.save()
  ctx.fillStyle = ink('stall')
  ctx.font = FONT.replace('11px', `${11 * px}px`)
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  const half = 4 * px
  const taken = flags.map(({ at }) => ({ from: at - half, to: at + half }))
  for (const { at, band } of flags) {
    ctx.beginPath()
    ctx.moveTo(at - half, bbox.top - 6 * px)
    ctx.lineTo(at + half, bbox.top - 6 * px)
    ctx.lineTo(at, bbox.top - px)
    ctx.fill()
    const text = `stall ${duration(band.end - band.start)}${band.ongoing ? '…' : ''}`
    const wide = ctx.measureText(text).width
    const right = { from: at + half + px, to: at + half + 4 * px + wide }
    const left = { from: at - half - 4 * px - wide, to: at - half - px }
    const room = [right, left].find(
      ({ from, to }) =>
        from >= bbox.left - half &&
        to <= end + 24 * px &&
        taken.every((other) => other.to <= from || other.from >= to),
    )
    if (room === undefined) continue
    taken.push(room)
    ctx.fillText(text, room.from + 2 * px, bbox.top - (strip / 2) * px)
  }
  ctx.restore()
}

/** Ticks at the foot, and thin lines where they are few enough to be told apart. */
export function paintMarks(u: uPlot, times: readonly number[]): void {
  clipped(u, (context, px) => {
    const { top, height, left, width } = u.bbox
    const seen = times
      .map((at) => Math.round(u.valToPos(at, 'x', true)))
      .filter((x) => x >= left && x <= left + width)
    const foot = top + height
    // Many are a fringe.
    const half = seen.length * TICK_PX * px > width ? 0.5 : 3.5
    for (const x of seen) {
      if (seen.length < 40) {
        context.fillStyle = tint('orange', 0.22)
        context.fillRect(x, top, px, height)
      }
      context.fillStyle = half < 1 ? tint('orange', 0.6) : ink('orange')
      context.beginPath()
      context.moveTo(x - half * px, foot)
      context.lineTo(x + half * px, foot)
      context.lineTo(x, foot - 7 * px)
      context.fill()
    }
  })
}

/** From the least to the most of each thinned part. */
export function paintSpan(u: uPlot, { t, min, max }: Points, colour: Colour): void {
  if (min === undefined || max === undefined) return
  clipped(u, (context) => {
    context.fillStyle = tint(colour, 0.22)
    let run: number[] = []
    const flush = (): void => {
      if (run.length > 1) {
        context.beginPath()
        for (const i of run) context.lineTo(x(t, i), y(max, i))
        for (const i of run.reverse()) context.lineTo(x(t, i), y(min, i))
        context.fill()
      }
      run = []
    }
    const floor = u.scales.y?.min ?? Number.NEGATIVE_INFINITY
    const x = (times: readonly number[], i: number) => u.valToPos(times[i] as number, 'x', true)
    const y = (values: readonly (number | null)[], i: number) =>
      u.valToPos(Math.max(floor, values[i] as number), 'y', true)
    const gaps = gapsOf(t)
    for (let i = 0; i < t.length; i++) {
      if (min[i] == null || max[i] == null || gaps.has(i)) flush()
      if (min[i] != null && max[i] != null) run.push(i)
    }
    flush()
  })
}

function hatchOf(context: CanvasRenderingContext2D, px: number): CanvasPattern | string {
  const size = Math.round(7 * px)
  const tile = new OffscreenCanvas(size, size)
  const pen = tile.getContext('2d')
  if (pen === null) return tint('stall', 0.2)
  pen.strokeStyle = tint('stall', 0.55)
  pen.lineWidth = px
  pen.beginPath()
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size)
    pen.lineTo(shift + size, 0)
  }
  pen.stroke()
  return context.createPattern(tile, 'repeat') ?? tint('stall', 0.2)
}
