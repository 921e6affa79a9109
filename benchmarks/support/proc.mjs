// What the kernel knows of another process. Reading it neither wakes nor slows that process.
import { readdirSync, readFileSync } from 'node:fs'

/** @param {number} pid */
export function cpuOf(pid) {
  const threads = readdirSync(`/proc/${pid}/task`)
  const ns = threads.map((tid) => Number(read(pid, `task/${tid}/schedstat`).split(' ')[0]))
  return { processCpuNs: ns.reduce((sum, one) => sum + one, 0), mainCpuNs: ns[threads.indexOf(String(pid))] }
}

/** CPU time of each thread, by its id; the main thread's is that of the process. @param {number} pid */
export function cpuByThread(pid) {
  return new Map(
    readdirSync(`/proc/${pid}/task`).map((tid) => [
      Number(tid),
      Number(read(pid, `task/${tid}/schedstat`).split(' ')[0]),
    ]),
  )
}

/** How often threads went to sleep, which is how often they were woken: the main one, and all. @param {number} pid */
function wakeUpsOf(pid) {
  const counts = readdirSync(`/proc/${pid}/task`).map((tid) => ({
    tid: Number(tid),
    count: field(read(pid, `task/${tid}/status`), 'voluntary_ctxt_switches'),
  }))
  return {
    mainWakeUps: counts.find(({ tid }) => tid === pid)?.count ?? Number.NaN,
    allWakeUps: counts.reduce((sum, { count }) => sum + count, 0),
  }
}

/** CPU times and wake-ups so far. @param {number} pid */
export function spentBy(pid) {
  return { ...cpuOf(pid), ...wakeUpsOf(pid) }
}

/**
 * What was spent between two looks.
 * @param {ReturnType<typeof spentBy>} before
 * @param {ReturnType<typeof spentBy>} after
 */
export function spentBetween(before, after) {
  return {
    mainCpuNs: after.mainCpuNs - before.mainCpuNs,
    processCpuNs: after.processCpuNs - before.processCpuNs,
    mainWakeUps: after.mainWakeUps - before.mainWakeUps,
    allWakeUps: after.allWakeUps - before.allWakeUps,
  }
}

/** Memory that no other process shares, and that ends with this one. @param {number} pid */
export function privateBytes(pid) {
  const rollup = read(pid, 'smaps_rollup')
  return (field(rollup, 'Private_Clean') + field(rollup, 'Private_Dirty')) * 1024
}

/** How many files a process may have open, and sockets among them. @param {number} pid */
export function openFilesLimit(pid) {
  return Number(/^Max open files\s+(\d+)/m.exec(read(pid, 'limits'))?.[1])
}

/**
 * @param {number} pid
 * @param {string} file
 */
function read(pid, file) {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8')
}

/**
 * @param {string} text
 * @param {string} name
 */
function field(text, name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1])
}
