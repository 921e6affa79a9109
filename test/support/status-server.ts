import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ShownStall } from '../../src/core/stall'
import type { Status, Verdict } from '../../src/core/status'
import type { Series } from '../../src/top/parse'

const NO_FAULTS = { missedTicks: 0, droppedBatches: 0, exportFailures: 0, restarts: 0 }

/** A made-up process, as `/v1` tells of it. */
export function exampleStatus(changed: Partial<Status> = {}): Status {
  const verdict = (
    id: Verdict['id'],
    level: Verdict['level'],
    word: string,
    text: string,
    advice = '',
  ): Verdict => ({ id, level, word, short: '', text, figures: [], metrics: [], advice })
  return {
    service: 'shop',
    pid: 4711,
    nodeVersion: 'v20.20.2',
    offloopVersion: '0.1.0',
    startedAt: 1_764_000_000_000 - 3_720_000,
    now: 1_764_000_000_000,
    intervalMs: 10_000,
    sequence: 372,
    sampledAt: 1_764_000_000_000 - 4_000,
    health: { ...NO_FAULTS, lately: NO_FAULTS },
    threads: [{ thread: 'main', source: 'native', stalled: false }],
    verdicts: [
      verdict('gc', 'good', 'normal', 'Collections took 1.2% of the time; 2 major ones a minute.'),
      verdict('pause', 'notice', 'normal', 'A pause is 4.1 ms long on average.', 'Nothing yet.'),
      verdict(
        'heap',
        'bad',
        'leaking',
        'The live heap grew from 12 MiB to 96 MiB over the last six major collections, and 140 MiB are free below its limit.',
        'Take two heap snapshots, some minutes apart, and compare them.',
      ),
      verdict('resources', 'good', 'stable', 'Between 4 and 6 are active.'),
      verdict('loop', 'unknown', 'unknown', 'There are too few samples yet.'),
    ],
    ...changed,
  }
}

export function exampleSeries(): Series[] {
  const t = Array.from({ length: 30 }, (_, index) => 1_764_000_000_000 - (29 - index) * 10_000)
  const series = (name: string, value: (index: number) => number, labels = { thread: 'main' }): Series => ({
    name,
    labels: { service: 'shop', ...labels },
    t,
    v: t.map((_, index) => value(index)),
  })
  return [
    series('nodejs_eventloop_active_seconds_total', (index) => index ** 2 / 12),
    series('nodejs_gc_main_thread_seconds_total', (index) => index * 0.12),
    series('nodejs_heap_size_used_bytes', (index) => 2 ** 20 * (20 + (index % 6) * 4)),
    series('nodejs_heap_live_bytes', () => 2 ** 20 * 18),
    series('nodejs_heap_size_used_bytes', () => 1, { thread: 'worker-1' }),
  ]
}

export function exampleStall(changed: Partial<ShownStall> = {}): ShownStall {
  return {
    id: 1,
    thread: 'main',
    startedAt: 1_764_000_000_000 - 20_000,
    durationMs: 2_340,
    ongoing: false,
    cause: 'code',
    gcMs: 3,
    stack: [
      { functionName: 'total', place: { file: '/srv/shop/orders.js', line: 12, column: 7 } },
      { functionName: '', place: { file: 'file:///srv/shop/server.mjs', line: 3, column: 1 } },
      { functionName: 'emit' },
    ],
    stackAtMs: 510,
    ...changed,
  }
}

/** What the server below answers at the moment; a string is sent as it is. */
export interface Answers {
  status: unknown
  series: unknown
  stalls: unknown
  code: number
}

/** Stands for a measured process, and for whatever else may listen there. */
export class StatusServer {
  answers: Answers = {
    status: exampleStatus(),
    series: { series: exampleSeries() },
    stalls: { thresholdMs: 500, stalls: [] },
    code: 200,
  }
  readonly requests: { url: string; authorization: string | undefined }[] = []
  readonly #server = createServer((request: IncomingMessage, response) => {
    const url = request.url ?? ''
    this.requests.push({ url, authorization: request.headers.authorization })
    const name = /^\/v1\/(status|series|stalls)/.exec(url)?.[1] as 'status' | undefined
    if (name === undefined) {
      response.writeHead(404).end()
      return
    }
    const answer = this.answers[name]
    response
      .writeHead(this.answers.code, { 'content-type': 'application/json' })
      .end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })

  /** Resolves with the URL; the same again with the port of before. */
  async listen(port = 0): Promise<string> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
