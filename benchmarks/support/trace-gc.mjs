// V8's own tracer, `--trace-gc-nvp`: the truth that collectors' figures are compared with.

/**
 * What V8's own tracer says of the collections between two times.
 * @typedef {object} Traced
 * @property {number} minor
 * @property {number} major
 * @property {number} minorPauseMs
 * @property {number} majorPauseMs
 * @property {number} markingMs on the thread, in steps and at the start
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
  const traced = { minor: 0, major: 0, minorPauseMs: 0, majorPauseMs: 0, markingMs: 0 }
  for (const line of ofBusiestIsolate(stdout)) {
    const at = Number(/(\d+) ms: /.exec(line)?.[1])
    if (!(at > fromMs && at < toMs)) continue
    const gc = /\bgc=(\w+)|"gc":"(\w+)"/.exec(line)
    const pause = /\bpause=([\d.]+)|"pause":([\d.]+)/.exec(line)
    if (gc === null || pause === null) continue
    const kind = gc[1] ?? gc[2]
    const ms = Number(pause[1] ?? pause[2])
    if (kind === 's' || kind === 'mmc' || kind === 'mms') {
      traced.minor++
      traced.minorPauseMs += ms
    } else if (kind === 'mc' || kind === 'ms') {
      traced.major++
      traced.majorPauseMs += ms
      // The second is the start of marking under a wrong label: it equals the callbacks of type 8.
      traced.markingMs += figure(line, 'incremental') + figure(line, 'incremental.sweep_array_buffers')
    } else throw new Error(`unknown kind of collection in: ${line}`)
  }
  return traced
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
