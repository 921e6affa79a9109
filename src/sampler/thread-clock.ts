import { closeSync, openSync, readSync } from 'node:fs'

const buffer = Buffer.alloc(96)

/**
 * For how long a thread has wanted a CPU, in nanoseconds: the time on one and the time in the queue for one. It stands
 * still while the thread sleeps, waits for a lock, or is stopped; on a machine that is busy CPU time alone would look much
 * the same. NaN for one that is gone, and where the system does not tell: outside Linux, or in a kernel that keeps no
 * statistics of its scheduler. `osThreadId`: the system's own number of the thread, 0 where there is none.
 */
export function runnableNs(osThreadId: number): number {
  if (osThreadId === 0) return Number.NaN
  try {
    const file = openSync(`/proc/self/task/${osThreadId}/schedstat`, 'r')
    try {
      const length = readSync(file, buffer, 0, buffer.length, 0)
      const [, onCpu = Number.NaN, inQueue = Number.NaN] =
        /^(\d+) (\d+)/.exec(buffer.toString('latin1', 0, length)) ?? []
      return Number(onCpu) + Number(inQueue)
    } finally {
      closeSync(file)
    }
  } catch {
    return Number.NaN
  }
}
