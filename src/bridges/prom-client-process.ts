import { readdirSync, readFileSync } from 'node:fs'
import { getHeapSpaceStatistics } from 'node:v8'
import { ACTIVE } from '../probe/active'
import type { Counter, Gauge, Registration } from './prom-client-types'

const ACTIVE_HELP = {
  nodejs_active_resources:
    'Number of active resources that keep the event loop alive, by type of async resource.',
  nodejs_active_handles: 'Number of active libuv handles, by the class of the object that has them.',
  nodejs_active_requests: 'Number of active libuv requests, by the class of the object that has them.',
} as const satisfies Record<keyof typeof ACTIVE, string>

/** All that is read of the process and the heap when it is asked for, in the way that prom-client does. */
export function registerProcess(registration: Registration): void {
  registerCpu(registration)
  registerMemory(registration)
  registerActive(registration)
  registerVersion(registration)
}

function registerCpu(registration: Registration): void {
  let last = process.cpuUsage()
  const user = counter(
    registration,
    'process_cpu_user_seconds_total',
    'User CPU time of the process.',
    () => {
      const { user: userUs, system: systemUs } = process.cpuUsage(last)
      last = { user: last.user + userUs, system: last.system + systemUs }
      user.inc(registration.labels, userUs / 1e6)
      system.inc(registration.labels, systemUs / 1e6)
      both.inc(registration.labels, (userUs + systemUs) / 1e6)
    },
  )
  const system = counter(registration, 'process_cpu_system_seconds_total', 'System CPU time of the process.')
  const both = counter(registration, 'process_cpu_seconds_total', 'User and system CPU time of the process.')
}

function registerMemory(registration: Registration): void {
  const { labels } = registration
  const startedAt = Math.round(Date.now() / 1000 - process.uptime())
  own(
    registration,
    'process_start_time_seconds',
    'Start of the process, in seconds since the epoch.',
    'omit',
    () => startedAt,
  )

  const resident = gauge(registration, 'process_resident_memory_bytes', 'Resident memory of the process.', {
    collect() {
      if (process.platform !== 'linux') {
        resident.set(labels, process.memoryUsage.rss())
        return
      }
      const status = readProc('status')
      const bytes = (field: string) =>
        1024 * Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(status)?.[1])
      if (status === '') return
      resident.set(labels, bytes('VmRSS'))
      virtual?.set(labels, bytes('VmSize'))
      data?.set(labels, bytes('VmData'))
    },
  })
  const isLinux = process.platform === 'linux'
  const virtual = isLinux
    ? gauge(registration, 'process_virtual_memory_bytes', 'Virtual memory of the process.')
    : undefined
  const data = isLinux ? gauge(registration, 'process_heap_bytes', 'Data segment of the process.') : undefined
  if (isLinux) {
    // The one that reads the folder is open while it does.
    own(
      registration,
      'process_open_fds',
      'Open file descriptors.',
      'sum',
      () => readdirSync('/proc/self/fd').length - 1,
    )
  }
  const maxFds = Number(/^Max open files +(\d+)/m.exec(readProc('limits'))?.[1])
  if (!Number.isNaN(maxFds))
    own(registration, 'process_max_fds', 'Most file descriptors that may be open.', 'sum', () => maxFds)

  const total = gauge(
    registration,
    'nodejs_heap_size_total_bytes',
    'What the V8 heap has from the operating system.',
    {
      collect() {
        const { heapTotal, heapUsed, external: outside } = process.memoryUsage()
        total.set(labels, heapTotal)
        used.set(labels, heapUsed)
        external.set(labels, outside)
      },
    },
  )
  const used = gauge(registration, 'nodejs_heap_size_used_bytes', 'In use on the V8 heap.')
  const external = gauge(
    registration,
    'nodejs_external_memory_bytes',
    'Memory that objects on the V8 heap hold outside of it.',
  )
  registerSpaces(registration)
}

function registerSpaces(registration: Registration): void {
  const space = (figure: string, collect?: () => void): Gauge =>
    gauge(
      registration,
      `nodejs_heap_space_size_${figure}_bytes`,
      `Size ${figure} of each space of the V8 heap.`,
      {
        labelNames: ['space'],
        collect,
      },
    )
  const total = space('total', () => {
    for (const {
      space_name,
      space_size,
      space_used_size,
      space_available_size,
    } of getHeapSpaceStatistics()) {
      const labels = { space: space_name.replace(/_space.*$/, ''), ...registration.labels }
      total.set(labels, space_size)
      used.set(labels, space_used_size)
      available.set(labels, space_available_size)
    }
  })
  const used = space('used')
  const available = space('available')
}

function registerActive(registration: Registration): void {
  for (const [name, help] of Object.entries(ACTIVE_HELP)) {
    const count = ACTIVE[name as keyof typeof ACTIVE]
    gauge(registration, name, help, {
      labelNames: ['type'],
      collect() {
        this.reset()
        for (const [type, value] of count()) this.set({ type, ...registration.labels }, value)
      },
    })
    own(registration, `${name}_total`, help.replace(/, by .*/, ', all together.'), 'sum', () =>
      [...count().values()].reduce((sum, value) => sum + value, 0),
    )
  }
}

function registerVersion(registration: Registration): void {
  const [major = '', minor = '', patch = ''] = process.version.slice(1).split('.').map(Number)
  const labels = { version: process.version, major, minor, patch, ...registration.labels }
  gauge(registration, 'nodejs_version_info', 'Version of Node.js.', {
    labelNames: ['version', 'major', 'minor', 'patch'],
    aggregator: 'first',
    collect() {
      this.set(labels, 1)
    },
  })
}

/** A gauge of one series that is asked by itself. */
function own(
  registration: Registration,
  name: string,
  help: string,
  aggregator: string,
  read: () => number,
): void {
  gauge(registration, name, help, {
    aggregator,
    collect() {
      try {
        this.set(registration.labels, read())
      } catch {
        // Such as no file descriptor left to read the folder with: the figure stays what it was.
      }
    },
  })
}

interface GaugeOptions {
  readonly labelNames?: readonly string[]
  readonly aggregator?: string
  readonly collect?: ((this: Gauge) => void) | undefined
}

export function gauge(
  { client, registers, prefix, labels }: Registration,
  name: string,
  help: string,
  { labelNames = [], aggregator, collect }: GaugeOptions = {},
): Gauge {
  return new client.Gauge({
    name: prefix + name,
    help,
    registers,
    labelNames: [...labelNames, ...Object.keys(labels)],
    ...(aggregator === undefined ? {} : { aggregator }),
    ...(collect === undefined ? {} : { collect }),
  })
}

function counter(
  { client, registers, prefix, labels }: Registration,
  name: string,
  help: string,
  collect?: () => void,
): Counter {
  return new client.Counter({
    name: prefix + name,
    help,
    registers,
    labelNames: Object.keys(labels),
    ...(collect === undefined ? {} : { collect }),
  })
}

function readProc(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'utf8')
  } catch {
    return ''
  }
}
