import type { Labels, SeriesAnswer } from './series'

interface Seen {
  readonly labels: Labels
  readonly last: number
}

/** Which series there have been, of all threads and processes: what can be chosen, whether it is shown or not. */
export class Catalogue {
  readonly #seen = new Map<string, Seen>()

  add({ series }: SeriesAnswer): void {
    for (const { labels, t } of series) {
      const { service: _, ...rest } = labels
      const key = `${rest.pid ?? ''} ${rest.thread ?? ''} ${rest.worker ?? ''}`
      const last = Math.max(t.at(-1) ?? 0, this.#seen.get(key)?.last ?? 0)
      this.#seen.set(key, { labels: rest, last })
    }
  }

  /** Forgets what was last there before. */
  trim(start: number): void {
    for (const [key, { last }] of this.#seen) if (last < start) this.#seen.delete(key)
  }

  /** What series with this label have as another: the worker of a process. */
  other(label: string, value: string, wanted: string): string | undefined {
    for (const { labels } of this.#seen.values()) {
      if (labels[label] === value && labels[wanted] !== undefined) return labels[wanted]
    }
    return undefined
  }

  /** The values of a label, sorted, `main` first. */
  values(label: string, among: Labels = {}): string[] {
    const found = new Set<string>()
    for (const { labels } of this.#seen.values()) {
      const value = labels[label]
      const fits = Object.entries(among).every(([name, wanted]) => (labels[name] ?? wanted) === wanted)
      if (value !== undefined && fits) found.add(value)
    }
    return [...found].sort(
      (a, b) => Number(b === 'main') - Number(a === 'main') || a.localeCompare(b, 'en', { numeric: true }),
    )
  }
}
