// How far a run is, and when it will be over.

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {number} seconds that it should take
 */

const SAY_EVERY_MS = 20_000

/**
 * Says on stderr what runs and how much time is left: a line that is overwritten on a terminal, and elsewhere a line
 * now and then. What has taken longer than it should makes the rest be expected to.
 */
export class Progress {
  /** @param {readonly Step[]} steps @param {{ write: (text: string) => void, terminal: boolean, now: () => number }} [out] */
  constructor(steps, out) {
    this.steps = steps
    this.out = out ?? {
      write: (text) => void process.stderr.write(text),
      terminal: process.stderr.isTTY === true,
      now: () => performance.now(),
    }
    this.at = 0
    this.startedAt = this.out.now()
    this.saidAt = this.startedAt
  }

  /** @param {number} at index of the step that begins */
  begin(at) {
    this.at = at
    this.say(0, true)
  }

  /** @param {number} share of the step, from 0 to 1 */
  update(share) {
    this.say(share, this.out.terminal || this.out.now() - this.saidAt >= SAY_EVERY_MS)
  }

  /** The line of a terminal gives way to a table. */
  clear() {
    if (this.out.terminal) this.out.write('\r\u001b[K')
  }

  /** Seconds, with this much of the present step done. @param {number} share */
  left(share) {
    const expected = (/** @type {readonly Step[]} */ steps) =>
      steps.reduce((sum, { seconds }) => sum + seconds, 0)
    const own = this.steps[this.at]?.seconds ?? 0
    const done = expected(this.steps.slice(0, this.at)) + own * share
    // The beginning says little about the whole.
    const pace = done > 10 ? this.spent() / done : 1
    return (expected(this.steps) - done) * pace
  }

  /** Seconds so far. */
  spent() {
    return (this.out.now() - this.startedAt) / 1000
  }

  /** @param {number} share @param {boolean} wanted */
  say(share, wanted) {
    if (!wanted) return
    this.saidAt = this.out.now()
    const { name } = this.steps[this.at] ?? { name: '' }
    const text = `${this.at + 1} of ${this.steps.length}, ${name} ${Math.round(share * 100)}%, about ${duration(this.left(share))} left`
    this.out.write(this.out.terminal ? `\r\u001b[K${text}` : `${text}\n`)
  }
}

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds))
  return whole < 90 ? `${whole} s` : `${Math.round(whole / 60)} min`
}
