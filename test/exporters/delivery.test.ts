import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { Batch } from '../../src/core/batch'
import type { OffloopError } from '../../src/core/errors'
import type { DeliveryOptions } from '../../src/exporters/delivery'
import type { Transport } from '../../src/exporters/transport'
import { dist } from '../dist'
import { batch } from '../support/batches'
import { ManualClock, settled } from '../support/manual-clock'

const { Delivery } = dist<typeof import('../../src/exporters/delivery')>('exporters/delivery.js')
const { systemClock } = dist<typeof import('../../src/core/clock')>('core/clock.js')
const { DeliveryError } = dist<typeof import('../../src/exporters/transport')>('exporters/transport.js')

type Outcome = Error | 'ok' | 'hang'
const down = new DeliveryError('down', { retry: true })
const refused = new DeliveryError('refused', { retry: false })

/** Requests are strings: `3` for batch 3, or `3/1`, `3/2` where a batch needs several. */
class FakeTransport implements Transport<string> {
  readonly name = 'fake'
  order: 'newest-first' | 'oldest-first' = 'newest-first'
  parts = 1
  omitted: readonly string[] = []
  outcome: (request: string) => Outcome = () => 'ok'
  readonly sent: string[] = []
  readonly signals: AbortSignal[] = []
  /** Lets the oldest request that hangs succeed. */
  readonly hanging: (() => void)[] = []
  closed = 0

  encode({ sequence }: Batch) {
    const many = Array.from({ length: this.parts }, (_, index) => `${sequence}/${index + 1}`)
    return { requests: this.parts === 1 ? [`${sequence}`] : many, omitted: this.omitted }
  }

  async send(request: string, signal: AbortSignal): Promise<void> {
    this.sent.push(request)
    this.signals.push(signal)
    const outcome = this.outcome(request)
    if (outcome === 'hang') await new Promise<void>((resolve) => this.hanging.push(resolve))
    else if (outcome !== 'ok') throw outcome
  }

  close(): void {
    this.closed++
  }
}

function setUp(options: Partial<DeliveryOptions> = {}) {
  const clock = new ManualClock()
  const transport = new FakeTransport()
  const reports: OffloopError[] = []
  const delivery = new Delivery(transport, (error) => reports.push(error), {
    timeoutMs: 5_000,
    clock,
    random: () => 0.5,
    ...options,
  })
  /** Pushes batches, each once everything before it has come to rest. */
  const push = async (...sequences: number[]) => {
    for (const sequence of sequences) {
      delivery.push(batch(sequence))
      await settled()
    }
  }
  return { clock, transport, reports, delivery, push, messages: () => reports.map(({ message }) => message) }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('delivery', () => {
  it('delivers at once, and one request at a time', async () => {
    const { transport, delivery, push, reports } = setUp()
    transport.outcome = () => 'hang'
    await push(1, 2, 3)
    expect(transport.sent).toEqual(['1'])
    transport.hanging[0]?.()
    await settled()
    expect(transport.sent).toEqual(['1', '3'])
    transport.hanging[1]?.()
    await settled()
    transport.hanging[2]?.()
    await settled()
    expect(transport.sent).toEqual(['1', '3', '2'])
    expect(delivery).toMatchObject({ name: 'fake', dropped: 0, failures: 0, omitted: 0 })
    expect(reports).toEqual([])
  })

  it('leaves no timer behind where nothing fails', async () => {
    const { clock, push } = setUp()
    await push(1, 2)
    expect(clock.pending).toBe(0)
  })

  it('backs off twice as long each time, up to a minute, with jitter', async () => {
    const { clock, transport, push } = setUp()
    transport.outcome = () => down
    const waits: number[] = []
    await push(1)
    for (let before = clock.now(); waits.length < 8; await clock.advance(100)) {
      if (transport.sent.length < waits.length + 2) continue
      waits.push(clock.now() - before)
      before = clock.now()
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('starts from the shortest back-off again after an answer', async () => {
    const { clock, transport, push } = setUp()
    transport.outcome = () => down
    await push(1)
    await clock.advance(4_000)
    transport.outcome = () => 'ok'
    await clock.advance(4_000)
    transport.outcome = () => down
    transport.sent.length = 0
    await push(2)
    await clock.advance(500)
    await settled()
    expect(transport.sent).toEqual(['2', '2'])
  })

  it('does not let a push cut a back-off short', async () => {
    const { clock, transport, push } = setUp()
    transport.outcome = () => down
    await push(1)
    await clock.advance(400)
    await push(2, 3)
    expect(transport.sent).toEqual(['1'])
    await clock.advance(100)
    await settled()
    expect(transport.sent).toEqual(['1', '3'])
  })

  it('waits as long as the server asks, and the jitter, but five minutes at most', async () => {
    const { clock, transport, push } = setUp()
    transport.outcome = () => new DeliveryError('busy', { retry: true, retryAfterMs: 90_000 })
    await push(1)
    await clock.advance(90_499)
    expect(transport.sent).toHaveLength(1)
    transport.outcome = () => new DeliveryError('busy', { retry: true, retryAfterMs: 86_400_000 })
    await clock.advance(1)
    expect(transport.sent).toHaveLength(2)
    await clock.advance(300_999)
    expect(transport.sent).toHaveLength(2)
    await clock.advance(1)
    expect(transport.sent).toHaveLength(3)
  })

  it('counts what a server refuses, and does not repeat it', async () => {
    const { clock, transport, delivery, push } = setUp()
    transport.outcome = (request) => (request === '2' ? refused : 'ok')
    await push(1, 2, 3)
    await clock.advance(600_000)
    expect(transport.sent).toEqual(['1', '2', '3'])
    expect(delivery).toMatchObject({ dropped: 1, failures: 1 })
  })

  it('retries what it does not understand', async () => {
    const { clock, transport, delivery, push } = setUp()
    transport.outcome = () => (transport.sent.length === 1 ? new TypeError('who knows') : 'ok')
    await push(1)
    await clock.advance(500)
    expect(transport.sent).toEqual(['1', '1'])
    expect(delivery).toMatchObject({ dropped: 0, failures: 1 })
  })

  it('retries after a transport that throws instead of rejecting', async () => {
    const { clock, transport, push } = setUp()
    const send = transport.send.bind(transport)
    transport.send = () => {
      transport.send = send
      throw new Error('at once')
    }
    await push(1)
    await clock.advance(500)
    expect(transport.sent).toEqual(['1'])
  })

  it('gives up a batch that cannot be encoded, and only that', async () => {
    const { transport, delivery, push, messages } = setUp()
    const encode = transport.encode.bind(transport)
    transport.encode = (one) => {
      if (one.sequence === 2) throw new RangeError('Invalid time value')
      return encode(one)
    }
    await push(1, 2, 3)
    expect(transport.sent).toEqual(['1', '3'])
    expect(delivery).toMatchObject({ dropped: 1, failures: 1 })
    expect(messages()).toEqual(['exporter fake: Invalid time value; the batch is given up'])
  })

  it('counts and reports metrics that the backend cannot take, the first time', async () => {
    const { transport, delivery, push, messages } = setUp()
    transport.omitted = ['metric a is NaN', 'metric b is NaN']
    await push(1, 2)
    expect(delivery).toMatchObject({ omitted: 4, dropped: 0, failures: 0 })
    expect(messages()).toEqual(['exporter fake: metric a is NaN; such metrics are left out, and counted'])
  })
})

describe('a batch of several requests', () => {
  it('goes on where it failed', async () => {
    const { clock, transport, delivery, push } = setUp()
    transport.parts = 3
    transport.outcome = () => (transport.sent.length === 2 ? down : 'ok')
    await push(1)
    expect(transport.sent).toEqual(['1/1', '1/2'])
    await clock.advance(500)
    expect(transport.sent).toEqual(['1/1', '1/2', '1/2', '1/3'])
    expect(delivery).toMatchObject({ dropped: 0, failures: 1 })
  })

  it('is dropped once, however many are refused, and the others go through', async () => {
    const { transport, delivery, push } = setUp()
    transport.parts = 3
    transport.outcome = (request) => (request === '1/3' ? 'ok' : refused)
    await push(1)
    expect(transport.sent).toEqual(['1/1', '1/2', '1/3'])
    expect(delivery).toMatchObject({ dropped: 1, failures: 2 })
  })
})

describe('the queue', () => {
  it('drops the oldest', async () => {
    const { clock, transport, delivery, push } = setUp({ capacity: 3 })
    transport.outcome = () => down
    await push(...range(1, 5))
    expect(delivery.dropped).toBe(2)
    transport.outcome = () => 'ok'
    transport.sent.length = 0
    await clock.advance(60_000)
    expect(transport.sent).toEqual(['5', '4', '3'])
    expect(delivery.dropped).toBe(2)
  })

  it('holds 120 batches', async () => {
    const { transport, delivery, push } = setUp()
    transport.outcome = () => down
    await push(...range(1, 120))
    expect(delivery.dropped).toBe(0)
    await push(121)
    expect(delivery.dropped).toBe(1)
  })

  it('keeps the order of a transport that needs it', async () => {
    const { clock, transport, push } = setUp({ capacity: 3 })
    transport.order = 'oldest-first'
    transport.outcome = () => down
    await push(...range(1, 5))
    await clock.advance(500)
    transport.outcome = () => 'ok'
    transport.sent.length = 0
    await clock.advance(60_000)
    expect(transport.sent).toEqual(['3', '4', '5'])
  })

  it('gets rid of a batch that a live server fails on each time, and reports it once', async () => {
    const { clock, transport, delivery, push, reports } = setUp({ capacity: 5 })
    transport.outcome = (request) => (request === '2' ? down : 'ok')
    for (const sequence of range(1, 7)) {
      await push(sequence)
      await clock.advance(10_000)
    }
    expect(delivery.dropped).toBe(1)
    expect(reports).toHaveLength(1)
    transport.sent.length = 0
    await push(8)
    await clock.advance(600_000)
    expect(transport.sent).toEqual(['8'])
  })

  it('keeps no more than its batches alive while the server is dead', async () => {
    const { transport, delivery, push } = setUp({ capacity: 20 })
    transport.outcome = () => down
    const batches = range(1, 1_000).map((sequence) => batch(sequence))
    const references = batches.map((one) => new WeakRef(one))
    for (const one of batches.splice(0)) delivery.push(one)
    await push(1_001)
    global.gc?.()
    await settled()
    global.gc?.()
    const alive = references.filter((reference) => reference.deref() !== undefined)
    expect(alive.length).toBeGreaterThanOrEqual(19)
    expect(alive.length).toBeLessThanOrEqual(25)
  })
})

describe('an outage', () => {
  it('of ten minutes loses nothing, does not hammer, and ends with the present', async () => {
    const { clock, transport, delivery, push, reports } = setUp({ random: () => 0.999 })
    transport.outcome = () => down
    for (const sequence of range(1, 60)) {
      await push(sequence)
      await clock.advance(10_000)
    }
    expect(clock.now()).toBe(600_000)
    expect(transport.sent.length).toBeGreaterThan(10)
    expect(transport.sent.length).toBeLessThan(20)
    expect(delivery).toMatchObject({ dropped: 0, failures: transport.sent.length })
    expect(reports).toHaveLength(1)
    transport.outcome = () => 'ok'
    transport.sent.length = 0
    await push(61)
    await clock.advance(60_000)
    expect(transport.sent).toEqual(range(1, 61).reverse().map(String))
    expect(delivery.dropped).toBe(0)
  })

  it('is reported when it starts, with no word of its end', async () => {
    const { clock, transport, push, reports } = setUp()
    for (const _ of [1, 2]) {
      transport.outcome = () => down
      await push(1, 2)
      await clock.advance(60_000)
      transport.outcome = () => 'ok'
      await clock.advance(60_000)
    }
    expect(reports.map(({ code, message }) => ({ code, message }))).toEqual([
      { code: 'ERR_OFFLOOP_EXPORT', message: 'exporter fake: down; it will be retried' },
      { code: 'ERR_OFFLOOP_EXPORT', message: 'exporter fake: down; it will be retried' },
    ])
  })

  it('does not hide a refusal within it', async () => {
    const { clock, transport, push, messages } = setUp()
    transport.outcome = () => down
    await push(1)
    transport.outcome = () => refused
    await clock.advance(600_000)
    await push(2, 3)
    expect(messages()).toEqual([
      'exporter fake: down; it will be retried',
      'exporter fake: refused; the batch is given up',
    ])
  })
})

describe('a request without an answer', () => {
  it('is aborted, and retried', async () => {
    const { clock, transport, delivery, push, messages } = setUp()
    transport.outcome = () => 'hang'
    await push(1)
    await clock.advance(4_999)
    expect(transport.signals[0]?.aborted).toBe(false)
    transport.outcome = () => 'ok'
    await clock.advance(1)
    expect(transport.signals[0]?.aborted).toBe(true)
    expect(delivery.failures).toBe(1)
    expect(messages()).toEqual(['exporter fake: no complete answer within 5000 ms; it will be retried'])
    await clock.advance(500)
    expect(transport.sent).toEqual(['1', '1'])
  })

  it('changes nothing when it is answered at last', async () => {
    const { clock, transport, delivery, push } = setUp()
    transport.outcome = () => 'hang'
    await push(1)
    await clock.advance(5_500)
    expect(transport.sent).toEqual(['1', '1'])
    transport.hanging[0]?.()
    await settled()
    // The second one still is under way: a flush waits for it.
    expect(transport.sent).toEqual(['1', '1'])
    const flushed = delivery.flush(1_000)
    transport.hanging[1]?.()
    await settled()
    expect(await flushed).toBe(true)
    expect(delivery.failures).toBe(1)
  })

  it('does not keep close from ending the next when it is answered at last', async () => {
    const { clock, transport, delivery, push } = setUp()
    transport.outcome = () => 'hang'
    await push(1)
    await clock.advance(5_500)
    transport.hanging[0]?.()
    await settled()
    delivery.close()
    expect(transport.signals[1]?.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('is not aborted after a success', async () => {
    const { transport, push } = setUp()
    await push(1)
    expect(transport.signals[0]?.aborted).toBe(false)
  })
})

describe('flush', () => {
  it('is true at once where nothing is queued', async () => {
    const { delivery, clock } = setUp()
    expect(await delivery.flush(1_000)).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('waits for what is in flight and queued', async () => {
    const { clock, transport, delivery, push } = setUp()
    transport.outcome = (request) => (request === '1' ? 'hang' : 'ok')
    await push(1, 2)
    let flushed: boolean | undefined
    void delivery.flush(1_000).then((all) => {
      flushed = all
    })
    await settled()
    expect(flushed).toBeUndefined()
    transport.hanging[0]?.()
    await settled()
    expect(flushed).toBe(true)
    expect(transport.sent).toEqual(['1', '2'])
    expect(clock.pending).toBe(0)
  })

  it('cuts a back-off short', async () => {
    const { transport, delivery, push, clock } = setUp()
    transport.outcome = () => down
    await push(1, 2)
    transport.outcome = () => 'ok'
    expect(await delivery.flush(1_000)).toBe(true)
    expect(transport.sent).toEqual(['1', '2', '1'])
    expect(clock.pending).toBe(0)
  })

  it('takes a refusal for an end', async () => {
    const { transport, delivery } = setUp()
    transport.outcome = () => refused
    delivery.push(batch(1))
    expect(await delivery.flush(1_000)).toBe(true)
  })

  it('goes on with the usual back-off until its time is over', async () => {
    const { clock, transport, delivery, push } = setUp()
    transport.outcome = () => down
    await push(1)
    const flushed = delivery.flush(1_600)
    await settled()
    expect(transport.sent).toEqual(['1', '1'])
    transport.outcome = () => 'ok'
    await clock.advance(1_000)
    expect(await flushed).toBe(true)
  })

  it('gives up early where the next attempt would come too late', async () => {
    const { clock, transport, delivery, push } = setUp()
    transport.outcome = () => down
    await push(1)
    expect(await delivery.flush(900)).toBe(false)
    expect(transport.sent).toEqual(['1', '1'])
    expect(clock.now()).toBe(0)
  })

  it('is false when the time is over', async () => {
    const { clock, transport, delivery, push } = setUp()
    transport.outcome = () => 'hang'
    await push(1)
    const flushed = delivery.flush(1_000)
    await clock.advance(1_000)
    expect(await flushed).toBe(false)
    // The request itself goes on.
    expect(transport.signals[0]?.aborted).toBe(false)
  })
})

describe('close', () => {
  it('ends a request in flight', async () => {
    const { clock, transport, delivery, push, reports } = setUp()
    transport.outcome = () => 'hang'
    transport.parts = 2
    await push(1, 2)
    const flushed = delivery.flush(60_000)
    delivery.close()
    delivery.close()
    expect(await flushed).toBe(false)
    await settled()
    expect(transport.signals[0]?.aborted).toBe(true)
    expect(transport.closed).toBe(1)
    expect(clock.pending).toBe(0)
    expect(transport.sent).toEqual(['1/1'])
    expect(delivery.failures).toBe(0)
    expect(reports).toEqual([])
    // The one in flight is given up; the other one was never tried.
    expect(delivery.queued).toBe(1)
  })

  it('in the middle of the only batch leaves none, and nothing delivered', async () => {
    const { transport, delivery, push } = setUp()
    transport.outcome = () => 'hang'
    await push(1)
    expect(delivery.queued).toBe(1)
    delivery.close()
    expect(delivery.queued).toBe(0)
    await settled()
    expect(delivery.queued).toBe(0)
    expect(await delivery.flush(1_000)).toBe(false)
  })

  it('ends a back-off', async () => {
    const { clock, transport, delivery, push } = setUp()
    transport.outcome = () => down
    await push(1)
    expect(clock.pending).toBe(1)
    delivery.close()
    expect(clock.pending).toBe(0)
    expect(await delivery.flush(1_000)).toBe(false)
  })

  it('ignores what is pushed after it', async () => {
    const { clock, transport, delivery, push } = setUp()
    delivery.close()
    await push(1)
    expect(transport.sent).toEqual([])
    expect(clock.pending).toBe(0)
    expect(await delivery.flush(1_000)).toBe(true)
  })
})

describe('the system clock', () => {
  it('runs forward, and its timers once unless cancelled', async () => {
    const before = systemClock.now()
    const fired: string[] = []
    systemClock.timer(5, () => fired.push('cancelled'))()
    await new Promise<void>((resolve) => {
      systemClock.timer(10, () => {
        fired.push('ran')
        resolve()
      })
      // Keeps the process, which the timer does not.
      setTimeout(() => {}, 1_000)
    })
    expect(fired).toEqual(['ran'])
    expect(systemClock.now() - before).toBeGreaterThanOrEqual(9)
  })
})

describe('the process', () => {
  const children: Promise<unknown>[] = []
  afterEach(() => Promise.allSettled(children.splice(0)))

  const compiled = fileURLToPath(new URL('../../dist/exporters/delivery.js', import.meta.url))

  const run = (body: string) => {
    const script = `
      const { Delivery } = require(${JSON.stringify(compiled)})
      const delivery = new Delivery({
        name: 'fake',
        order: 'newest-first',
        encode: () => ({ requests: [1], omitted: [] }),
        send: () => ${body},
        close() {},
      }, () => {}, { timeoutMs: 60_000 })
      delivery.push({})
      process.on('exit', () => console.log('left by itself'))`
    const child = promisify(execFile)(process.execPath, ['-e', script], { timeout: 20_000 })
    children.push(child)
    return child
  }

  it('ends although a back-off is under way', async () => {
    expect((await run(`Promise.reject(new Error('down'))`)).stdout).toBe('left by itself\n')
  })

  it('ends although a request never settles', async () => {
    expect((await run('new Promise(() => {})')).stdout).toBe('left by itself\n')
  })
})
