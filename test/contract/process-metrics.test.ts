import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../../src/core/batch'
import { makeCgroup } from '../support/cgroup'
import { Child } from '../support/child'

// Each metric is provoked in a process and compared with what this one finds out about it by other ways.

const MIB = 1024 * 1024
/** Of utime and stime in /proc, and of starttime: a hundredth of a second on every Linux. */
const TICK = 0.01

/** A process that samples when it is told to. */
class Subject {
  static async start(execArgv: string[] = []): Promise<Subject> {
    const from = Date.now()
    const child = new Child('process-metrics.cjs', { execArgv })
    const { timeOrigin } = await child.next<{ timeOrigin: number }>()
    return new Subject(child, { from, to: Date.now(), timeOrigin })
  }

  private constructor(
    private readonly child: Child,
    readonly started: { from: number; to: number; timeOrigin: number },
  ) {}

  get pid(): number {
    return this.child.process.pid as number
  }

  async does(action: string, argument?: number): Promise<void> {
    this.child.send([action, argument])
    await this.child.next()
  }

  /** Values by name, of the metrics that are of the process. */
  async sample(): Promise<Record<string, number>> {
    return Object.fromEntries((await this.batch()).metrics.map(({ name, value }) => [name, value as number]))
  }

  async batch(): Promise<Batch> {
    this.child.send(['sample'])
    return this.child.next<Batch>()
  }

  proc(file: string): string {
    return readFileSync(`/proc/${this.pid}/${file}`, 'utf8')
  }

  /** Seconds by /proc/<pid>/stat. */
  cpu(): { user: number; system: number; started: number } {
    const fields = this.proc('stat')
      .replace(/^.*\) /s, '')
      .split(' ')
    const seconds = (field: number) => Number(fields[field - 3]) * TICK
    return { user: seconds(14), system: seconds(15), started: seconds(22) }
  }
}

/** Bytes by the mappings in /proc/<pid>/maps. */
function mapped(maps: string): { all: number; data: number } {
  let all = 0
  let data = 0
  for (const [, from, to, flags = '', name] of maps.matchAll(/^(\w+)-(\w+) (\S+) \S+ \S+ \S+ *(.*)$/gm)) {
    // A page of the kernel's own, the same in every process.
    if (name === '[vsyscall]') continue
    const bytes = Number.parseInt(to as string, 16) - Number.parseInt(from as string, 16)
    all += bytes
    if (/^.w.p$/.test(flags) && name !== '[stack]') data += bytes
  }
  return { all, data }
}

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test('CPU time is that of the whole process, the sampling thread included', async () => {
    const subject = await Subject.start()
    const first = await subject.sample()
    await subject.does('burn', 0.2)
    const before = subject.cpu()
    const second = await subject.sample()
    const after = subject.cpu()

    for (const mode of ['user', 'system'] as const) {
      const name = `process_cpu_${mode}_seconds_total`
      const value = second[name] as number
      expect(value - (first[name] as number), name).toBeGreaterThanOrEqual(0.2)
      // /proc rounds down to ticks.
      expect(value, name).toBeGreaterThanOrEqual(before[mode])
      expect(value, name).toBeLessThanOrEqual(after[mode] + TICK)
    }
    const { process_cpu_user_seconds_total: user = 0, process_cpu_system_seconds_total: system = 0 } = second
    expect(second.process_cpu_seconds_total).toBeCloseTo(user + system, 9)
  })

  test('the start time is when the process was started, and stays what it is', async () => {
    const subject = await Subject.start()
    const { process_start_time_seconds: seconds = 0 } = await subject.sample()
    const { from, to, timeOrigin } = subject.started
    expect(seconds * 1000).toBeGreaterThanOrEqual(from)
    expect(seconds * 1000).toBeLessThanOrEqual(to)
    // As the main thread has it: another sampling thread would say the same.
    expect(seconds).toBe(timeOrigin / 1000)

    const sinceBoot = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
    const age = Date.now() / 1000 - seconds
    // The kernel counts from the fork, Node.js from a little later.
    expect(age).toBeLessThanOrEqual(sinceBoot - subject.cpu().started + 2 * TICK)
    expect((await subject.sample()).process_start_time_seconds).toBe(seconds)
  })

  test('resident, virtual and private memory grow by what is allocated, and agree with the mappings', async () => {
    const subject = await Subject.start()
    const first = await subject.sample()
    await subject.does('allocate', 128 * MIB)
    const second = await subject.sample()
    const grown = (name: string) => ((second[name] as number) - (first[name] as number)) / MIB
    expect(grown('process_resident_memory_bytes')).toBeGreaterThan(110)
    expect(grown('process_resident_memory_bytes')).toBeLessThan(160)
    // More may be added meanwhile: malloc reserves 64 MiB for a thread that allocates for the first time.
    expect(grown('process_virtual_memory_bytes')).toBeGreaterThan(110)
    expect(grown('process_heap_bytes')).toBeGreaterThan(110)

    const resident = Number(/^Rss:\s+(\d+) kB/m.exec(subject.proc('smaps_rollup'))?.[1]) * 1024
    // The kernel's own count lags behind the page tables by some pages a thread.
    expect(Math.abs((second.process_resident_memory_bytes as number) - resident) / MIB).toBeLessThan(8)
    // V8 maps and unmaps in the background: the truth is between two looks.
    const looks = [mapped(subject.proc('maps'))]
    const third = await subject.sample()
    looks.push(mapped(subject.proc('maps')))
    const slack = 4 * MIB
    for (const [name, key] of [
      ['process_virtual_memory_bytes', 'all'],
      ['process_heap_bytes', 'data'],
    ] as const) {
      const sums = looks.map((look) => look[key])
      expect(third[name], name).toBeGreaterThanOrEqual(Math.min(...sums) - slack)
      expect(third[name], name).toBeLessThanOrEqual(Math.max(...sums) + slack)
    }
  })

  test('open file descriptors are counted, and not the one that counts', async () => {
    const subject = await Subject.start()
    const count = () => readdirSync(`/proc/${subject.pid}/fd`).length
    const before = count()
    expect((await subject.sample()).process_open_fds).toBe(before)
    await subject.does('open', 100)
    expect((await subject.sample()).process_open_fds).toBe(before + 100)
    expect(count()).toBe(before + 100)
    await subject.does('close')
    expect((await subject.sample()).process_open_fds).toBe(before)
  })

  test('the limit of them is that of now, and both are told when none is left', async () => {
    const subject = await Subject.start()
    const setLimit = (soft: number) =>
      execFileSync('prlimit', ['--pid', String(subject.pid), `--nofile=${soft}:`])
    const limit = () => Number(/^Max open files +(\d+)/m.exec(subject.proc('limits'))?.[1])
    expect((await subject.sample()).process_max_fds).toBe(limit())
    setLimit(150)
    expect(limit()).toBe(150)
    expect((await subject.sample()).process_max_fds).toBe(150)
    await subject.does('openAll')
    const { process_open_fds: open, process_max_fds: max } = await subject.sample()
    expect(max).toBe(150)
    // Before Linux 6.2 they can be counted only by opening one more. One from before may be above the new limit.
    const count = readdirSync(`/proc/${subject.pid}/fd`).length
    expect(count).toBeGreaterThanOrEqual(150)
    expect(open).toBe(statSync('/proc/self/fd').size > 0 ? count : undefined)
    await subject.does('close')
    expect((await subject.sample()).process_max_fds).toBe(150)
  })

  test("the container's limit and use are those of a real cgroup", async ({ skip }) => {
    const cgroup = makeCgroup()
    if (cgroup === undefined) {
      if (process.env.CI) expect.fail('this machine lets nobody make a cgroup: root, and cgroups mounted rw?')
      skip('takes root, and cgroups that are not mounted read-only')
      return
    }
    const subject = await Subject.start()
    cgroup.setLimit(400 * MIB)
    cgroup.add(subject.pid, 'inner')
    const first = await subject.sample()
    expect(first.nodejs_container_memory_limit_bytes).toBe(400 * MIB)
    await subject.does('allocate', 64 * MIB)
    const before = cgroup.usage()
    const second = await subject.sample()
    const after = cgroup.usage()
    const usage = second.nodejs_container_memory_usage_bytes as number
    expect((usage - (first.nodejs_container_memory_usage_bytes as number)) / MIB).toBeGreaterThan(60)
    expect(usage).toBeGreaterThanOrEqual(Math.min(before, after) - MIB)
    expect(usage).toBeLessThanOrEqual(Math.max(before, after) + MIB)
    cgroup.setLimit(300 * MIB)
    expect((await subject.sample()).nodejs_container_memory_limit_bytes).toBe(300 * MIB)
  })
})

test('they carry no thread, and the version is that of Node.js', async () => {
  const { metrics, descriptions } = await (await Subject.start()).batch()
  const ours = metrics.filter(({ name }) => /^process_|^nodejs_(container|version)_/.test(name))
  expect(ours.length).toBeGreaterThanOrEqual(6)
  for (const { name, labels, type } of ours) {
    expect(labels).not.toHaveProperty('thread')
    expect(type).toBe(name.endsWith('_total') ? 'counter' : 'gauge')
    expect(descriptions[name]?.description).toBeTruthy()
  }
  const [major, minor, patch] = process.versions.node.split('.')
  expect(ours.find(({ name }) => name === 'nodejs_version_info')).toMatchObject({
    value: 1,
    labels: { version: process.version, major, minor, patch },
  })
})
