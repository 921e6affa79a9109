import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Child } from '../support/child'
import { parsePrometheus } from '../support/exposition'

// Everything here is asked of the sampling thread or of the kernel: looking wakes nobody.

const SAMPLES = 30

function wakeUps(pid: number): number {
  const status = readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8')
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])
}

async function samples(url: string): Promise<number> {
  const health = (await (await fetch(`${url}/healthz`)).json()) as { samples: number }
  return health.samples
}

/** Waits for so many samples more. */
async function after(url: string, count: number): Promise<void> {
  const until = (await samples(url)) + count
  while ((await samples(url)) < until) await sleep(100)
}

async function figures(url: string): Promise<(name: string) => number> {
  const families = parsePrometheus(await (await fetch(`${url}/metrics`)).text())
  return (name) => families.get(name)?.samples[0]?.value ?? Number.NaN
}

test('a thread that did nothing since it answered is not woken, and is asked again once it did', async () => {
  const child = new Child('asleep.cjs')
  const pid = child.process.pid as number
  const { url } = await child.next<{ url: string }>()
  // V8 and Node.js have some things to do after a start, such as a collection after 8 s; the heap profile is read after 10.
  let woken = Number.NaN
  while (woken !== 0) {
    const before = wakeUps(pid)
    await after(url, SAMPLES)
    woken = wakeUps(pid) - before
  }
  const idle = await figures(url)
  // Nobody asked, and the figures are no older than a scrape's may be: nothing ran that could have changed them.
  expect(idle('nodejs_eventloop_since_turn_seconds')).toBeGreaterThan((SAMPLES * 0.1) / 2)
  expect(idle('offloop_sample_age_seconds')).toBeLessThan(idle('nodejs_eventloop_since_turn_seconds'))

  child.send(40)
  const { grown } = await child.next<{ grown: number }>()
  expect(grown).toBeGreaterThan(40 * 1_000_000)
  await after(url, 2)
  const grew = (await figures(url))('nodejs_heap_size_used_bytes') - idle('nodejs_heap_size_used_bytes')
  expect(grew / grown).toBeGreaterThan(0.9)
  expect(grew / grown).toBeLessThan(1.1)
}, 90_000)

test('the heap profile of what ran before it fell asleep is read all the same, once it is due', async () => {
  const child = new Child('asleep.cjs')
  const { url } = await child.next<{ url: string }>()
  child.send(40)
  await child.next()
  const density = async () => {
    const at = await figures(url)
    return at('nodejs_heap_objects') / at('nodejs_heap_size_used_bytes')
  }
  await after(url, 2)
  // Of a fresh heap, until the profile shows that most of this one is a few large arrays.
  const first = await density()
  while (!((await density()) < first / 2)) await sleep(200)
}, 90_000)
