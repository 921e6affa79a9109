import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Stall } from '../../src/core/stall'
import type { StallSettings } from '../../src/core/stall-options'
import type { NativeStack } from '../../src/probe/binding'
import type { ObservedProbe as Probe } from '../../src/sampler/probes'
import { dist } from '../dist'
import { ManualClock } from '../support/manual-clock'

const { BlockWriter } = dist<typeof import('../../src/probe/block')>('probe/block.js')
const { ObservedProbe } = dist<typeof import('../../src/sampler/probes')>('sampler/probes.js')
const { StallHistory } = dist<typeof import('../../src/sampler/stall-history')>('sampler/stall-history.js')
const { StallWatch } = dist<typeof import('../../src/sampler/stall-watch')>('sampler/stall-watch.js')
const { framesOf } = dist<typeof import('../../src/sampler/stall-frames')>('sampler/stall-frames.js')

const MS = 1e6

/** A thread whose loop does what a test says, at the time of the clock. */
class Thread {
  readonly block = new BlockWriter()
  readonly probe: Probe
  idleNs = 0
  runnableNs = 0
  stack: NativeStack | undefined

  constructor(
    readonly name: string,
    readonly id: number,
    atNs: number,
  ) {
    this.probe = new ObservedProbe(name, 'native', this.block.memory, id, id)
    this.block.set('attachedAtNs', atNs)
  }

  turn(atNs: number): void {
    this.block.add('loopTurns', 1)
    this.block.set('loopTurnStartedAtNs', atNs)
    this.block.set('loopIdleAtTurnNs', this.idleNs)
  }
}

let clock: ManualClock
let threads: Thread[]
let told: Stall[]
let asked: number[]
let debuggerAttached: boolean
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
        idleNs: () => Float64Array.from(threads.flatMap(({ id, idleNs }) => [id, idleNs])),
        askStack: (id) => void asked.push(id),
        takeStack: (id) => {
          const thread = threads.find((one) => one.id === id)
          const stack = thread?.stack
          if (thread !== undefined) thread.stack = undefined
          return stack
        },
      },
      runnableNs: (osThreadId) => threads.find(({ id }) => id === osThreadId)?.runnableNs ?? Number.NaN,
      clock: { now: () => clock.now() + stoppedMs, timer: (ms, then) => clock.timer(ms, then) },
      nowNs,
      history,
      number: () => ++ids,
      mainStalls: 0,
      framesOf: (stack) => framesOf(stack, undefined),
      debuggerAttached: () => debuggerAttached,
    },
  )
}

/** The threads that do not run are idle or parked, as their `idle` says. */
async function pass(ms: number, what: 'idle' | 'turning' | 'running' | 'parked' = 'running'): Promise<void> {
  const stepMs = 5
  for (let passed = 0; passed < ms; passed += stepMs) {
    for (const thread of threads) {
      if (what === 'idle') thread.idleNs += stepMs * MS
      if (what === 'turning') thread.turn(nowNs())
      if (what === 'running' || what === 'turning') thread.runnableNs += stepMs * MS
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
  debuggerAttached = false
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
    expect(asked).toEqual([1])
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

  test('is by the collector where that took more than half of it', async () => {
    watching()
    await pass(1_000, 'turning')
    for (const share of [0.2, 0.8]) {
      for (let at = 0; at < 2_000; at += 100) {
        await pass(100)
        main().block.add('gcPauseNs', share * 100 * MS)
        if (asked.length > 0) main().stack = stackOf('allocate')
      }
      await pass(1_000, 'turning')
    }
    const over = told.filter(({ ongoing }) => !ongoing)
    expect(over.map(({ cause }) => cause)).toEqual(['code', 'gc'])
    expect(Math.abs((over[0]?.gcMs as number) - 400)).toBeLessThan(50)
    expect(Math.abs((over[1]?.gcMs as number) - 1_600)).toBeLessThan(150)
  })

  test('collections of before are not of the stall', async () => {
    watching()
    for (let at = 0; at < 5_000; at += 10) {
      main().block.add('gcPauseNs', 9 * MS)
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

test('an idle loop is looked at twice a threshold', async () => {
  const timer = vi.spyOn(clock, 'timer')
  watching()
  await pass(10_000, 'idle')
  expect(timer.mock.calls.length).toBeLessThanOrEqual(22)
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
