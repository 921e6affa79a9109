/** What V8's own tracer says of the collections between two times. */
export interface Traced {
  readonly minor: number
  readonly major: number
  readonly minorPauseMs: number
  readonly majorPauseMs: number
}

/**
 * Reads `--trace-gc-nvp` of Node.js 20 to 26: `… 25 ms: pause=1.2 … gc=s …`, or JSON after `… 25 ms: GC: `. Times are
 * those of `performance.now()`; V8 counts from the isolate's start, 25 to 100 ms later, so a script that is traced
 * must stand still for 300 ms around each. (The order of lines on stdout would not do: V8 buffers its own.)
 */
export function readTrace(stdout: string, fromMs: number, toMs: number): Traced {
  const traced = { minor: 0, major: 0, minorPauseMs: 0, majorPauseMs: 0 }
  for (const line of stdout.split('\n')) {
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
    } else throw new Error(`unknown kind of collection in: ${line}`)
  }
  return traced
}
