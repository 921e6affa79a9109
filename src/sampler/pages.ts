/** Values of a page. Points have 1, 2 or 3 values each, and no point is in two pages. */
export const PAGE_VALUES = 60
const PAGE_BYTES = PAGE_VALUES * Float64Array.BYTES_PER_ELEMENT
const MISSING = -1

/** All values that a store holds: pages of one block of memory, which is taken at the start and never grows. */
export class Pages {
  readonly values: Float64Array
  /** How many there are. */
  readonly count: number
  readonly #given: number[] = []
  #untouched = 0

  constructor(maxBytes: number) {
    this.count = Math.floor(maxBytes / PAGE_BYTES)
    this.values = new Float64Array(this.count * PAGE_VALUES)
  }

  /** A page of NaN; undefined where none is free. */
  take(): number | undefined {
    // What was never used costs no memory yet, so what was used comes first.
    const page = this.#given.pop() ?? (this.#untouched < this.count ? this.#untouched++ : undefined)
    if (page !== undefined) this.values.fill(Number.NaN, page * PAGE_VALUES, (page + 1) * PAGE_VALUES)
    return page
  }

  give(page: number): void {
    this.#given.push(page)
  }
}

/** The points of one series at one level, by their indexes: the newest have pages, and what had no value may have none. */
export class Track {
  /** Points of a page. */
  readonly points: number
  /** The number of the first of `#pages`: that of point 0 is 0. */
  #first = 0
  readonly #pages: number[] = []

  /** `width`: values of a point. */
  constructor(readonly width: number) {
    this.points = PAGE_VALUES / width
  }

  get empty(): boolean {
    return this.#pages.length === 0
  }

  /** Index of the first point that it has room for; infinite where it has none. */
  get start(): number {
    return this.empty ? Number.POSITIVE_INFINITY : this.#first * this.points
  }

  /** The index after the points of the oldest page; infinite where there is none. */
  get oldestEnd(): number {
    return this.empty ? Number.POSITIVE_INFINITY : (this.#first + 1) * this.points
  }

  /** Where in `Pages.values` the point is; undefined where it has no page. */
  at(index: number): number | undefined {
    const page = this.#pages[Math.floor(index / this.points) - this.#first]
    if (page === undefined || page === MISSING) return undefined
    return page * PAGE_VALUES + (index % this.points) * this.width
  }

  /** Adds a page for `index`, which is newer than all that have one. */
  append(index: number, page: number): void {
    const number = Math.floor(index / this.points)
    if (this.empty) this.#first = number
    while (this.#first + this.#pages.length < number) this.#pages.push(MISSING)
    this.#pages.push(page)
  }

  /** Gives back the pages whose points are all before `end`. */
  drop(end: number, pages: Pages): void {
    while (!this.empty && (this.oldestEnd <= end || this.#pages[0] === MISSING)) {
      const page = this.#pages.shift() as number
      this.#first++
      if (page !== MISSING) pages.give(page)
    }
  }
}
