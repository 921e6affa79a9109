import { closeSync, openSync, readSync } from 'node:fs'

const buffer = Buffer.alloc(512)

/**
 * What a thread has had of the CPUs, in nanoseconds. Both stand still while it sleeps, waits for a lock, or is stopped. NaN
 * for one that is gone, and where the system does not tell: outside Linux, or in a kernel that keeps no statistics of its
 * scheduler.
 */
export interface ThreadTime {
  readonly onCpuNs: number
  /** In the queue for one. Counted when the thread is out of it. */
  readonly inQueueNs: number
}

/** For how long it has wanted a CPU: on a machine that is busy CPU time alone would look much like sleep. */
export function runnableNs({ onCpuNs, inQueueNs }: ThreadTime): number {
  return onCpuNs + inQueueNs
}

/** `osThreadId`: the system's own number of the thread, 0 where there is none. */
export function threadTime(osThreadId: number): ThreadTime {
  return timeIn(textOf(osThreadId, 'schedstat'))
}

/** Whether the thread runs or is in the queue for a CPU now, as opposed to one that sleeps. */
export function wantsCpu(osThreadId: number): boolean {
  // Its name before the state may have anything in it but a line's end.
  return / R [^)]*$/.test(textOf(osThreadId, 'stat'))
}

function textOf(osThreadId: number, name: string): string {
  if (osThreadId === 0) return ''
  try {
    const file = openSync(`/proc/self/task/${osThreadId}/${name}`, 'r')
    try {
      return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0))
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}

function timeIn(schedstat: string): ThreadTime {
  const [onCpuNs = '', inQueueNs = ''] = schedstat.split(' ', 2)
  return inQueueNs === ''
    ? { onCpuNs: Number.NaN, inQueueNs: Number.NaN }
    : { onCpuNs: Number(onCpuNs), inQueueNs: Number(inQueueNs) }
}
