import { Chart, type Frame, type Host } from './chart'
import { h } from './dom'
import { extraPanel, isExtra, metricsOf, PANELS, type Panel, SECTIONS } from './panels'
import type { SeriesStore } from './series'

/** All charts, in their sections. */
export class Board {
  readonly #host: Host
  readonly #charts = new Map<string, { panel: Panel; chart: Chart; shape: string }>()
  readonly #sections = new Map<string, { element: HTMLElement; grid: HTMLElement }>()

  constructor(parent: HTMLElement, host: Host) {
    this.#host = host
    for (const name of SECTIONS) {
      const grid = h('div', { class: 'charts' })
      const id = `section-${name.toLowerCase().replaceAll(' ', '-')}`
      const element = h('section', { 'aria-labelledby': id, hidden: true }, h('h2', { id }, name), grid)
      this.#sections.set(name, { element, grid })
      parent.append(element)
    }
    for (const panel of PANELS) this.#open(panel, '')
  }

  /** Names that the charts are made of, of those that are stored. */
  wanted(stored: Iterable<string>): string[] {
    return [...new Set([...metricsOf(PANELS), ...[...stored].filter(isExtra)])]
  }

  update(frame: Frame): void {
    this.#addExtras(frame.store)
    const seen = new Set<string>()
    for (const { panel, chart } of this.#charts.values()) {
      if (chart.update(frame)) seen.add(panel.section)
    }
    for (const [name, { element }] of this.#sections) element.hidden = !seen.has(name)
  }

  /** The charts that show one of these metrics, in their order. */
  showing(metrics: readonly string[]): Panel[] {
    return [...this.#charts.values()]
      .filter(
        ({ panel, chart }) =>
          !chart.element.hidden && metricsOf([panel]).some((name) => metrics.includes(name)),
      )
      .map(({ panel }) => panel)
  }

  chart(id: string): Chart | undefined {
    return this.#charts.get(id)?.chart
  }

  #addExtras(store: SeriesStore): void {
    for (const [name, description] of store.metrics) {
      if (!isExtra(name) || description.type === 'histogram') continue
      const labels = store.select(name, {}).map((series) => series.labels)
      if (labels.length === 0) continue
      const shape = JSON.stringify(labels)
      const panel = extraPanel(name, description, labels)
      const known = this.#charts.get(panel.id)
      if (known?.shape === shape) continue
      this.#open(panel, shape)
    }
  }

  /** Takes the place of the chart with the same id. */
  #open(panel: Panel, shape: string): void {
    const chart = new Chart(panel, this.#host)
    const old = this.#charts.get(panel.id)?.chart.element
    this.#charts.set(panel.id, { panel, chart, shape })
    if (old === undefined) this.#sections.get(panel.section)?.grid.append(chart.element)
    else old.replaceWith(chart.element)
  }
}
