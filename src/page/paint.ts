import type uPlot from 'uplot'
import { duration } from './format'
import type { Colour } from './palette'
import type { Points } from './series'
import { ink, tint } from './theme'
import type { Range } from './time'

/** A stall on the charts. */
export interface Band extends Range {
  /** As `data-key` has it. */
  readonly key: string
  readonly ongoing: boolean
}

const LEAST_PX = 3
const FONT = '600 11px Inter, system-ui, sans-serif'

/** All of these paint below the lines, and inside the plot only. */
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

/** Hatched, edged and labelled, so that colour is not the only mark. */
export function paintBands(u: uPlot, bands: readonly Band[]): void {
  clipped(u, (context, px) => {
    const { top, height, left: first, width } = u.bbox
    const hatch = hatchOf(context, px)
    let free = Number.NEGATIVE_INFINITY
    for (const band of [...bands].sort((a, b) => a.start - b.start)) {
      const { left, right } = edgesOf(u, band)
      if (right < first || left > first + width) continue
      context.fillStyle = tint('stall', 0.1)
      context.fillRect(left, top, right - left, height)
      context.fillStyle = hatch
      context.fillRect(left, top, right - left, height)
      context.fillStyle = ink('stall')
      context.fillRect(left, top, px, height)
      context.fillRect(right - px, top, px, height)
      const text = `stall ${duration(band.end - band.start)}${band.ongoing ? '…' : ''}`
      context.font = FONT.replace('11px', `${11 * px}px`)
      const wide = context.measureText(text).width + 8 * px
      // Behind the band where there is room, else before it.
      const at = right + wide < first + width ? right + 4 * px : left - wide
      if (at < free) continue
      free = at + wide
      context.textBaseline = 'top'
      context.textAlign = 'left'
      context.fillStyle = tint('paper', 0.85)
      context.fillRect(at - 2 * px, top + 2 * px, wide - 2 * px, 15 * px)
      context.fillStyle = ink('stall')
      context.fillText(text, at, top + 4 * px)
    }
  })
}

/** Ticks at the foot, and thin lines where they are few enough to be told apart. */
export function paintMarks(u: uPlot, times: readonly number[]): void {
  clipped(u, (context, px) => {
    const { top, height, left, width } = u.bbox
    const seen = times
      .map((at) => Math.round(u.valToPos(at, 'x', true)))
      .filter((x) => x >= left && x <= left + width)
    const foot = top + height
    for (const x of seen) {
      if (seen.length < 40) {
        context.fillStyle = tint('orange', 0.22)
        context.fillRect(x, top, px, height)
      }
      context.fillStyle = ink('orange')
      context.beginPath()
      context.moveTo(x - 3.5 * px, foot)
      context.lineTo(x + 3.5 * px, foot)
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
    const x = (times: readonly number[], i: number) => u.valToPos(times[i] as number, 'x', true)
    const y = (values: readonly (number | null)[], i: number) => u.valToPos(values[i] as number, 'y', true)
    for (let i = 0; i < t.length; i++) {
      if (min[i] == null || max[i] == null) flush()
      else run.push(i)
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
