// V8's own tracer, `--trace-gc-nvp`: the truth that collectors' figures are compared with.

/**
 * What V8's own tracer says of some collections.
 * @typedef {object} Traced
 * @property {number} minor
 * @property {number} major
 * @property {number} minorPauseMs
 * @property {number} majorPauseMs
 * @property {number} markingMs on the thread, in steps and at the start
 * @property {{ minor: number[], major: number[] }} pausesMs each of them
 * @property {number[]} startsMs the start of marking of each major collection that had one
 */

/**
 * Reads `--trace-gc-nvp` of Node.js 20 to 26: `… 25 ms: pause=1.2 … gc=s …`, or JSON after `… 25 ms: GC: `. Times are
 * those of `performance.now()`; V8 counts from the isolate's start, 25 to 100 ms later, so a script that is traced
 * must stand still for 300 ms around each. (The order of lines on stdout would not do: V8 buffers its own.)
 * @param {string} stdout
 * @param {number} fromMs
 * @param {number} toMs
 * @returns {Traced}
 */
export function readTrace(stdout, fromMs, toMs) {
  return traced(
    ofBusiestIsolate(stdout).filter((line) => {
      const at = Number(/(\d+) ms: /.exec(line)?.[1])
      return at > fromMs && at < toMs
    }),
  )
}

/** Major collections in a row that mark a place in a trace: more than come by themselves. */
export const MARK_CYCLES = 4

/**
 * The same of what lies between two marks: `MARK_CYCLES` times `gc()`, with nothing in between. No clock is compared.
 * @param {string} stdout
 * @returns {Traced}
 */
export function readMarkedTrace(stdout) {
  const lines = ofBusiestIsolate(stdout).filter((line) => kindOf(line) !== undefined)
  const marks = lines.flatMap((_, end) => {
    const from = end + 1 - MARK_CYCLES
    return from >= 0 && lines.slice(from, end + 1).every((line) => kindOf(line) === 'major') ? [end] : []
  })
  const first = marks[0]
  const last = marks.at(-1)
  if (first === undefined || last === undefined || last - MARK_CYCLES < first) {
    throw new Error(`a trace of ${lines.length} collections without two marks`)
  }
  return traced(lines.slice(first + 1, last + 1 - MARK_CYCLES))
}

/**
 * @param {string[]} lines
 * @returns {Traced}
 */
function traced(lines) {
  const pausesMs = { minor: /** @type {number[]} */ ([]), major: /** @type {number[]} */ ([]) }
  const startsMs = /** @type {number[]} */ ([])
  let markingMs = 0
  for (const line of lines) {
    const kind = kindOf(line)
    if (kind === undefined) continue
    pausesMs[kind].push(figure(line, 'pause'))
    // The second is the start of marking under a wrong label: it equals the callbacks of type 8.
    if (kind === 'major') {
      const startMs = figure(line, 'incremental.sweep_array_buffers')
      if (startMs > 0) startsMs.push(startMs)
      markingMs += figure(line, 'incremental') + startMs
    }
  }
  const sum = (/** @type {number[]} */ all) => all.reduce((total, ms) => total + ms, 0)
  return {
    minor: pausesMs.minor.length,
    major: pausesMs.major.length,
    minorPauseMs: sum(pausesMs.minor),
    majorPauseMs: sum(pausesMs.major),
    markingMs,
    pausesMs,
    startsMs,
  }
}

/**
 * Of a line of a collection; undefined for V8's other lines.
 * @param {string} line
 */
function kindOf(line) {
  const gc = /\bgc=(\w+)|"gc":"(\w+)"/.exec(line)
  if (gc === null || !/\bpause=[\d.]|"pause":[\d.]/.test(line)) return undefined
  const kind = gc[1] ?? gc[2] ?? ''
  if (['s', 'mmc', 'mms'].includes(kind)) return 'minor'
  if (['mc', 'ms'].includes(kind)) return 'major'
  throw new Error(`unknown kind of collection in: ${line}`)
}

/**
 * Lines of a worker thread and of the main thread are told apart by the isolate's address.
 * @param {string} stdout
 * @returns {string[]}
 */
function ofBusiestIsolate(stdout) {
  /** @type {Map<string, string[]>} */
  const byIsolate = new Map()
  for (const line of stdout.split('\n')) {
    const isolate = /^\[\d+:(0x[0-9a-f]+)/.exec(line)?.[1]
    if (isolate === undefined) continue
    const lines = byIsolate.get(isolate)
    if (lines === undefined) byIsolate.set(isolate, [line])
    else lines.push(line)
  }
  return [...byIsolate.values()].sort((a, b) => b.length - a.length)[0] ?? []
}

/**
 * @param {string} line
 * @param {string} name
 */
function figure(line, name) {
  const escaped = name.replaceAll('.', '\\.')
  const match = new RegExp(`(?:^|\\s)${escaped}=([\\d.]+)|"${escaped}":([\\d.]+)`).exec(line)
  return match === null ? 0 : Number(match[1] ?? match[2])
}
