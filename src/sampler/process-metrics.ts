import { readdirSync, statSync } from 'node:fs'
import type { MetricName } from '../core/metrics'
import { Container, textOf } from './container'
import type { Reading } from './self-metrics'

const MICROSECONDS_A_SECOND = 1e6
const KIB = 1024

/**
 * What the operating system counts of the whole process, read in the sampling thread: the measured threads do nothing
 * for it. The names are prom-client's. What a platform does not tell, or may not be read, is absent.
 *
 * `root` is put before every path, for tests.
 */
export class ProcessMetrics {
  readonly #root: string
  readonly #container: Container
  #maxFds: number | undefined

  constructor(root = '') {
    this.#root = root
    this.#container = new Container(root)
  }

  read(): Reading[] {
    const { user, system } = process.cpuUsage()
    const status = textOf(`${this.#root}/proc/self/status`) ?? ''
    const { limitBytes, usageBytes } = this.#container.read()
    const values: readonly (readonly [MetricName, number | undefined])[] = [
      ['process_cpu_user_seconds_total', user / MICROSECONDS_A_SECOND],
      ['process_cpu_system_seconds_total', system / MICROSECONDS_A_SECOND],
      ['process_cpu_seconds_total', (user + system) / MICROSECONDS_A_SECOND],
      // The same in every thread, so that a new sampling thread does not look like a new process.
      ['process_start_time_seconds', performance.timeOrigin / 1000],
      ['process_resident_memory_bytes', statusBytes(status, 'VmRSS') ?? residentBytes()],
      ['process_virtual_memory_bytes', statusBytes(status, 'VmSize')],
      ['process_heap_bytes', statusBytes(status, 'VmData')],
      ['process_open_fds', this.#openFds()],
      ['process_max_fds', this.#readMaxFds()],
      ['nodejs_container_memory_limit_bytes', limitBytes],
      ['nodejs_container_memory_usage_bytes', usageBytes],
    ]
    return [
      ...values.flatMap(([name, value]) => (value === undefined ? [] : [{ name, labels: {}, value }])),
      { name: 'nodejs_version_info', labels: VERSION, value: 1 },
    ]
  }

  #openFds(): number | undefined {
    const folder = `${this.#root}/proc/self/fd`
    try {
      // Since Linux 6.2 the size of the folder is the count: 3 µs however many there are, and it opens nothing, which
      // a process that has used up its descriptors could not do.
      const { size } = statSync(folder)
      // Else its entries, less the one that reads them.
      return size > 0 ? size : readdirSync(folder).length - 1
    } catch {
      return undefined
    }
  }

  /** Read each time: `prlimit` changes it from outside. Where no more file can be opened the last known one holds. */
  #readMaxFds(): number | undefined {
    const limits = textOf(`${this.#root}/proc/self/limits`)
    if (limits !== undefined) this.#maxFds = numberIn(limits, /^Max open files +(\d+) /m)
    return this.#maxFds
  }
}

const VERSION = (() => {
  const { version } = process
  const [, major = '', minor = '', patch = ''] = /^v(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
  return { version, major, minor, patch }
})()

function statusBytes(status: string, field: string): number | undefined {
  const kib = numberIn(status, new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm'))
  return kib === undefined ? undefined : kib * KIB
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const [, digits] = pattern.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** Where there is no `/proc`, or where it may not be read. */
function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss()
  } catch {
    return undefined
  }
}
