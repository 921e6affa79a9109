import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Frame, Stall } from '../../src/core/stall'
import type { StallSettings } from '../../src/core/stall-options'
import type { Binding, NativeStack } from '../../src/probe/binding'
import type { ObservedProbe as Probe } from '../../src/sampler/probes'
import { dist } from '../dist'
import { ManualClock } from '../support/manual-clock'

const { BlockWriter } = dist<typeof import('../../src/probe/block')>('probe/block.js')
const { ObservedProbe } = dist<typeof import('../../src/sampler/probes')>('sampler/probes.js')
const { StallHistory } = dist<typeof import('../../src/sampler/stall-history')>('sampler/stall-history.js')
const { StallWatch } = dist<typeof import('../../src/sampler/stall-watch')>('sampler/stall-watch.js')

const MS = 1e6

/** A thread whose loop does what a test says, at the time of the clock. */
class Thread {
  readonly probe: Probe
  idleNs = 0
  onCpuNs = 0
  inQueueNs = 0
  wantsCpu = false
  stack: NativeStack | undefined
  turns = 0
  turnNs = 0
  #idleAtTurnNs = 0
  gcStartedAtNs = 0
  gcPauseNs = 0
  /** Its block is never whole when somebody looks. */
  unreadable = false

  constructor(
    readonly name: string,
    readonly id: number,
    readonly attachedAtNs: number,
  ) {
    this.probe = new ObservedProbe(name, 'native', new BlockWriter().memory, id, id)
  }

  turn(atNs: number): void {
    this.turns++
    this.turnNs = atNs
    this.#idleAtTurnNs = this.idleNs
  }

  busyNs(atNs: number): number {
    return Math.max(0, atNs - (this.turnNs || this.attachedAtNs) - (this.idleNs - this.#idleAtTurnNs))
  }

  /** As native/loop_look.h has it. */
  row(atNs: number): readonly number[] {
    if (this.unreadable) return []
    const pauseNs = this.gcPauseNs + (this.gcStartedAtNs > 0 ? atNs - this.gcStartedAtNs : 0)
    const thread = this.name === 'main' ? 0 : this.id
    const { id, attachedAtNs, turnNs, turns, idleNs } = this
    return [id, thread, attachedAtNs, turnNs, turns, idleNs, this.busyNs(atNs), pauseNs, 0]
  }
}

/** As native/loop_alarm.h. */
class LoopAlarm {
  /** How often JavaScript was called. */
  calls = 0
  #cancel = () => {}
  #knownId = 0

  watchLoops: Binding['watchLoops'] = (everyMs, boundMs, busyMs, workerBusyMs, then) => {
    let before: Float64Array | undefined
    let last = { atNs: nowNs(), ownNs }
    const workers = Number.isFinite(workerBusyMs)
    const look = () => {
      const atNs = nowNs()
      const elapsedNs = atNs - last.atNs
      const lateNs = elapsedNs - everyMs * MS - (ownNs - last.ownNs)
      const stoppedNs = lateNs > boundMs * MS ? elapsedNs : 0
      last = { atNs, ownNs }
      const now = this.look(stoppedNs)
      const busy = threads.some(
        (thread) =>
          !thread.unreadable && thread.busyNs(atNs) >= (thread.name === 'main' ? busyMs : workerBusyMs) * MS,
      )
      const isNew = threads.some(({ id, name }) => id > this.#knownId && (name === 'main' || workers))
      if (stoppedNs > 0 || busy || isNew) {
        this.#knownId = Math.max(...threads.map(({ id }) => id))
        this.calls++
        then(before, now)
        return
      }
      before = now
      this.#cancel = clock.timer(Math.max(everyMs, 1), look)
    }
    this.#cancel()
    this.#cancel = clock.timer(everyMs, look)
  }

  endLoopWatch: Binding['endLoopWatch'] = () => {
    this.#cancel()
    return this.look()
  }

  look(stoppedNs = 0): Float64Array {
    const atNs = nowNs()
    return Float64Array.from([atNs, stoppedNs, ...threads.flatMap((thread) => thread.row(atNs))])
  }
}

let clock: ManualClock
let threads: Thread[]
let told: Stall[]
let alarm: LoopAlarm
/** Ids, and the turn that the stack is wanted of. */
let asked: [id: number, turnNs: number][]
/** Of the watcher itself. */
let ownNs: number
let debuggerAttached: boolean
let locate: ((frames: readonly Frame[]) => readonly Frame[]) | undefined
let history: InstanceType<typeof StallHistory>
let watch: InstanceType<typeof StallWatch>

/** For how long no timer came. */
let stoppedMs: number
const nowNs = () => 1e12 + (clock.now() + stoppedMs) * MS

function watching(settings: Partial<StallSettings> = {}): void {
  let ids = 0
  watch = new StallWatch(
    { thresholdMs: 1_000, workers: false, ...settings },
    {
      probes: { list: () => threads.map(({ probe }) => probe) },
      binding: {
        watchLoops: alarm.watchLoops,
        endLoopWatch: alarm.endLoopWatch,
        askStack: (id, turnNs) => void asked.push([id, turnNs]),
        takeStack: (id) => {
          const thread = threads.find((one) => one.id === id)
          const stack = thread?.stack
          if (thread !== undefined) thread.stack = undefined
          return stack
        },
      },
      threadTime: (osThreadId) => {
        const { onCpuNs = Number.NaN, inQueueNs = Number.NaN } =
          threads.find(({ id }) => id === osThreadId) ?? {}
        return { onCpuNs, inQueueNs }
      },
      wantsCpu: (osThreadId) => threads.find(({ id }) => id === osThreadId)?.wantsCpu ?? false,
      clock,
      nowNs,
      history,
      number: () => ++ids,
      mainStalls: 0,
      located: (frames) => locate?.(frames),
      debuggerAttached: () => debuggerAttached,
    },
  )
}

/** The threads that do not run are idle or parked, as their `idle` says. */
async function pass(
  ms: number,
  what: 'idle' | 'turning' | 'running' | 'queued' | 'parked' = 'running',
): Promise<void> {
  const stepMs = 5
  for (let passed = 0; passed < ms; passed += stepMs) {
    for (const thread of threads) {
      if (what === 'idle') thread.idleNs += stepMs * MS
      if (what === 'turning') thread.turn(nowNs())
      if (what === 'running' || what === 'turning') thread.onCpuNs += stepMs * MS
      thread.wantsCpu = what !== 'idle' && what !== 'parked'
    }
    await clock.advance(stepMs)
  }
}

function stackOf(...names: string[]): NativeStack {
  return {
    takenAtNs: nowNs(),
    frames: names.map((functionName) => ({ functionName, file: '/app.js', line: 3, column: 5 })),
  }
}

beforeEach(() => {
  clock = new ManualClock()
  threads = [new Thread('main', 1, nowNs())]
  told = []
  asked = []
  alarm = new LoopAlarm()
  debuggerAttached = false
  locate = undefined
  ownNs = 0
  stoppedMs = 0
  history = new StallHistory()
  history.onStall((stall) => told.push(stall))
})

const main = () => threads[0] as Thread

describe('a stall of the main thread', () => {
  test('is counted at the threshold, told with its stack, and told again when it is over', async () => {
    watching()
    await pass(3_000, 'turning')
    expect(main().probe.stalls).toEqual({ total: 0, ongoing: false })
    await pass(1_020)
    expect(main().probe.stalls).toEqual({ total: 1, ongoing: true })
    expect(asked).toEqual([[1, main().turnNs]])
    main().stack = stackOf('spin', 'handler')
    await pass(980)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ id: 1, thread: 'main', ongoing: true, cause: 'code', gcMs: 0 })
    expect(told[0]?.stack?.[0]).toEqual({
      functionName: 'spin',
      place: { file: '/app.js', line: 3, column: 5 },
    })
    expect(told[0]?.stackAtMs).toBeCloseTo(1_025, -1)
    await pass(100, 'turning')
    expect(told).toHaveLength(2)
    expect(told[1]).toMatchObject({ id: 1, ongoing: false, cause: 'code' })
    expect(Math.abs((told[1]?.durationMs as number) - 2_005)).toBeLessThan(40)
    expect(main().probe.stalls).toEqual({ total: 1, ongoing: false })
    expect(history.list()).toEqual([told[1]])
  })

  test('of the main script, before any turn', async () => {
    watching()
    await pass(1_010)
    expect(main().probe.stalls).toEqual({ total: 1, ongoing: true })
    expect(asked).toEqual([[1, 0]])
    main().stack = stackOf('startup')
    await pass(490)
    main().turn(nowNs())
    await pass(100, 'idle')
    expect(told.at(-1)).toMatchObject({ ongoing: false, cause: 'code', durationMs: 1_500 })
  })

  test('that ends in its own turn, by waiting', async () => {
    watching()
    await pass(1_000, 'turning')
    await pass(2_000)
    await pass(1_000, 'idle')
    expect(told.at(-1)).toMatchObject({ ongoing: false })
    expect(Math.abs((told.at(-1)?.durationMs as number) - 2_005)).toBeLessThan(40)
    expect(main().probe.stalls).toEqual({ total: 1, ongoing: false })
  })

  test('without an answer is native, and told at once that there is none', async () => {
    watching()
    await pass(1_000, 'turning')
    await pass(1_500)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ ongoing: true, cause: 'native' })
    expect(told[0]).not.toHaveProperty('stack')
    // The native call returned, within the same turn.
    main().stack = stackOf('caller')
    await pass(100, 'turning')
    expect(told.at(-1)).toMatchObject({ ongoing: false, cause: 'native' })
    expect(told.at(-1)?.stack).toHaveLength(1)
  })

  test('without an answer, parked, while a debugger is attached, is its pause', async () => {
    debuggerAttached = true
    watching()
    await pass(1_000, 'turning')
    await pass(2_000, 'parked')
    expect(told[0]).toMatchObject({ ongoing: true, cause: 'debugger' })
  })

  test('is its pause to the end, where the thread had to wait for a CPU to go on', async () => {
    debuggerAttached = true
    watching()
    await pass(1_000, 'turning')
    await pass(1_150, 'parked')
    expect(told[0]).toMatchObject({ ongoing: true, cause: 'debugger' })
    main().inQueueNs += 100 * MS
    main().stack = stackOf('work')
    await pass(100, 'turning')
    expect(told.at(-1)).toMatchObject({ ongoing: false, cause: 'debugger' })
  })

  test('is by the collector where that took more than half of it', async () => {
    watching()
    await pass(1_000, 'turning')
    for (const share of [0.2, 0.8]) {
      for (let at = 0; at < 2_000; at += 100) {
        await pass(100)
        main().gcPauseNs += share * 100 * MS
        if (asked.length > 0) main().stack = stackOf('allocate')
      }
      await pass(1_000, 'turning')
    }
    const over = told.filter(({ ongoing }) => !ongoing)
    expect(over.map(({ cause }) => cause)).toEqual(['code', 'gc'])
    expect(Math.abs((over[0]?.gcMs as number) - 400)).toBeLessThan(50)
    expect(Math.abs((over[1]?.gcMs as number) - 1_600)).toBeLessThan(150)
  })

  test('by one collection is told of while that goes on', async () => {
    watching()
    await pass(1_000, 'turning')
    main().gcStartedAtNs = nowNs()
    await pass(1_450)
    expect(told).toMatchObject([{ ongoing: true, cause: 'gc' }])
    await pass(3_000)
    main().gcStartedAtNs = 0
    main().gcPauseNs += 4_450 * MS
    main().stack = stackOf('allocate')
    await pass(100)
    expect(told.slice(1)).toMatchObject([
      { ongoing: true, cause: 'gc', stack: [{ functionName: 'allocate' }] },
    ])
  })

  test('without an answer for want of a CPU is told of, and is not called native', async () => {
    watching()
    await pass(1_000, 'turning')
    await pass(1_010)
    await pass(2_000, 'queued')
    expect(told).toMatchObject([{ ongoing: true, cause: 'code' }])
    expect(told[0]?.durationMs).toBeLessThan(1_400)
    main().inQueueNs += 2_000 * MS
    main().stack = stackOf('spin')
    await pass(100)
    expect(told.slice(1)).toMatchObject([{ ongoing: true, cause: 'code', stack: [{ functionName: 'spin' }] }])
  })

  test('is listed as it is, and told in terms of its sources when those are read', async () => {
    const kept = vi.spyOn(history, 'keep')
    locate = (frames) =>
      frames.map((frame) => ({ ...frame, original: { file: '/app.ts', line: 1, column: 1 } }))
    watching()
    await pass(1_000, 'turning')
    await pass(1_020)
    main().stack = stackOf('spin')
    await pass(60)
    const [first] = kept.mock.calls.map(([stall]) => stall).filter(({ stack }) => stack !== undefined)
    expect(first?.stack?.[0]).not.toHaveProperty('original')
    expect(told).toMatchObject([{ ongoing: true, stack: [{ original: { file: '/app.ts' } }] }])
    await pass(100)
    expect(history.list()).toMatchObject([{ ongoing: true, stack: [{ original: { file: '/app.ts' } }] }])
  })

  test('of a thread that sleeps goes on while the watcher is late', async () => {
    watching()
    await pass(1_000, 'turning')
    await pass(500, 'parked')
    // The watcher was in the queue for a CPU, or busy.
    stoppedMs = 1_000
    ownNs = 1_000 * MS
    await pass(1_000, 'parked')
    expect(told).toMatchObject([{ ongoing: true, cause: 'native' }])
    expect(told[0]?.durationMs).toBeGreaterThan(1_500)
  })

  test('collections of before are not of the stall', async () => {
    watching()
    for (let at = 0; at < 5_000; at += 10) {
      main().gcPauseNs += 9 * MS
      await pass(10, 'turning')
    }
    await pass(2_000)
    expect(history.list()[0]?.gcMs).toBeLessThan(50)
  })
})

describe('no stall', () => {
  test.each(['idle', 'turning'] as const)('while a loop is %s', async (what) => {
    watching()
    await pass(20_000, what)
    expect(told).toEqual([])
    expect(main().probe.stalls).toEqual({ total: 0, ongoing: false })
  })

  test('where the whole process was stopped', async () => {
    watching()
    await pass(1_000, 'turning')
    await pass(500)
    // Neither the threads nor the clock's timers.
    stoppedMs = 30_000
    await pass(200)
    await pass(1_000, 'turning')
    expect(told).toEqual([])
  })

  test('of a worker that nobody asked to watch', async () => {
    threads.push(new Thread('pool#2', 2, nowNs()))
    watching()
    await pass(100, 'turning')
    await pass(3_000)
    expect(told.map(({ thread }) => thread)).toEqual(['main'])
    expect(threads[1]?.probe.stalls).toBeUndefined()
  })
})

describe('workers', () => {
  test('are watched where they are asked for, and told of when they end in a stall', async () => {
    threads.push(new Thread('pool#2', 2, nowNs()))
    watching({ workers: true })
    await pass(100, 'turning')
    for (let at = 0; at < 3_000; at += 5) {
      main().turn(nowNs())
      await pass(5)
    }
    expect(threads[1]?.probe.stalls).toEqual({ total: 1, ongoing: true })
    threads.pop()
    await pass(100, 'turning')
    expect(told.at(-1)).toMatchObject({ thread: 'pool#2', ongoing: false })
    expect(main().probe.stalls).toEqual({ total: 0, ongoing: false })
  })

  test('that are parked are not stalled', async () => {
    threads.push(new Thread('pool#2', 2, nowNs()))
    watching({ workers: true })
    await pass(100, 'turning')
    for (let at = 0; at < 5_000; at += 5) {
      main().turn(nowNs())
      await pass(5, 'parked')
    }
    expect(told).toEqual([])
  })
})

test('two stalls at a time are each told of first once, whichever was noticed first', async () => {
  threads.push(new Thread('pool#2', 2, nowNs()))
  const first: string[] = []
  history.onStall(({ thread }, isFirst) => void (isFirst && first.push(thread)))
  watching({ workers: true })
  await pass(1_000, 'turning')
  await pass(1_030)
  const [one, other] = asked.map(([id]) => threads.find((thread) => thread.id === id)) as [Thread, Thread]
  other.stack = stackOf('spin')
  await pass(50)
  one.stack = stackOf('spin')
  await pass(50)
  expect(first).toEqual([other.name, one.name])
  await pass(100, 'turning')
  expect(first).toHaveLength(2)
})

describe('while all is well', () => {
  test.each(['idle', 'turning'] as const)('and the loop is %s, no JavaScript runs', async (what) => {
    const timer = vi.spyOn(clock, 'timer')
    watching()
    await pass(10_000, what)
    expect(alarm.calls).toBe(1)
    // The addon's.
    expect(timer.mock.calls.length).toBeLessThanOrEqual(22)
  })

  test('nor for workers that wait, but for one that is new', async () => {
    threads.push(new Thread('pool#2', 2, nowNs()))
    watching({ workers: true })
    await pass(10_000, 'idle')
    expect(alarm.calls).toBe(1)
    threads.push(new Thread('pool#3', 3, nowNs()))
    await pass(10_000, 'idle')
    expect(alarm.calls).toBe(2)
    expect(threads[2]?.probe.stalls).toEqual({ total: 0, ongoing: false })
  })
})

describe('a block that is being written whenever somebody looks', () => {
  test('is no stall', async () => {
    watching()
    await pass(1_000, 'turning')
    main().unreadable = true
    await pass(5_000, 'turning')
    main().unreadable = false
    await pass(1_000, 'turning')
    expect(told).toEqual([])
  })

  test('nor is it the end of one', async () => {
    watching()
    await pass(1_000, 'turning')
    await pass(1_020)
    main().unreadable = true
    await pass(1_000)
    expect(main().probe.stalls).toEqual({ total: 1, ongoing: true })
    main().unreadable = false
    await pass(980)
    await pass(100, 'turning')
    expect(told.at(-1)).toMatchObject({ id: 1, ongoing: false })
    expect(Math.abs((told.at(-1)?.durationMs as number) - 3_005)).toBeLessThan(40)
  })
})

test('the last look of stop() tells of what has ended', async () => {
  watching()
  await pass(1_000, 'turning')
  await pass(2_000)
  main().turn(nowNs())
  watch.stop()
  expect(told.at(-1)).toMatchObject({ ongoing: false })
  expect(clock.pending).toBe(0)
})
