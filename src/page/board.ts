import { Chart, type Frame, type Host } from './chart'
import { h } from './dom'
import { extraPanel, isExtra, metricsOf, PANELS, type Panel, SECTIONS } from './panels'
import type { SeriesStore } from './series'

/** All charts, in their sections. */
export class Board {
  readonly #host: Host
  readonly #charts = new Map<string, { panel: Panel; chart: Chart }>()
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
    for (const panel of PANELS) this.#open(panel)
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

  /** Those of the charts with these ids that show something. */
  shown(ids: readonly string[]): Panel[] {
    return ids.flatMap((id) => {
      const found = this.#charts.get(id)
      return found === undefined || found.chart.element.hidden ? [] : [found.panel]
    })
  }

  #addExtras(store: SeriesStore): void {
    for (const [name, description] of store.metrics) {
      if (!isExtra(name)) continue
      const panel = extraPanel(name, description)
      if (!this.#charts.has(panel.id)) this.#open(panel)
    }
  }

  #open(panel: Panel): void {
    const chart = new Chart(panel, this.#host)
    this.#charts.set(panel.id, { panel, chart })
    this.#sections.get(panel.section)?.grid.append(chart.element)
  }
}
