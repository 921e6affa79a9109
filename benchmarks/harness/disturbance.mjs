// What else the machine did while a benchmark ran: what a hypervisor took of its cores, and other programs.
import { readFileSync } from 'node:fs'
import os from 'node:os'

/**
 * @typedef {object} Disturbance
 * @property {number} load of the minute before
 * @property {number} stolenPercent of the cores' time, by the hypervisor
 * @property {number} othersPercent of the cores' time, by processes that are not ours
 */

/** From when on neighbours are to be reckoned with. */
const STOLEN_PERCENT = 1
const OTHERS_PERCENT = 5

/**
 * @param {(file: string) => string} [read]
 * @returns {() => Disturbance} from now on
 */
export function watchMachine(read = (file) => readFileSync(file, 'utf8')) {
  const load = os.loadavg()[0] ?? 0
  const before = look(read)
  return () => {
    const now = look(read)
    const total = now.total - before.total
    const percent = (/** @type {number} */ ticks) => Math.max(0, Math.round((1000 * ticks) / total) / 10)
    return {
      load: Math.round(load * 100) / 100,
      stolenPercent: percent(now.stolen - before.stolen),
      othersPercent: percent(now.busy - before.busy - (now.own - before.own)),
    }
  }
}

/** What the page and the terminal say of it. @param {Disturbance} disturbance */
export function told({ load, stolenPercent, othersPercent }) {
  const words = `load ${load} before; ${stolenPercent}% of the cores stolen, ${othersPercent}% taken by other programs`
  const disturbed = stolenPercent > STOLEN_PERCENT || othersPercent > OTHERS_PERCENT
  return disturbed ? `${words}: DISTURBED, tails and wall times are theirs in part` : words
}

/**
 * In ticks, all cores together. A trial's process is waited for, and so its time is ours.
 * @param {(file: string) => string} read
 */
function look(read) {
  const cores = numbers(/^cpu +(.*)$/m.exec(read('/proc/stat'))?.[1])
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softirq = 0, stolen = 0] = cores
  // After the name, which may hold anything: state, ppid, … utime, stime, cutime, cstime.
  const own = numbers(read('/proc/self/stat').replace(/^.*\) \w /s, '')).slice(10, 14)
  const busy = user + nice + system + irq + softirq
  return {
    busy,
    stolen,
    total: busy + idle + waiting + stolen,
    own: own.reduce((sum, one) => sum + one, 0),
  }
}

/** @param {string} [text] */
function numbers(text = '') {
  return text.split(' ').map(Number)
}
