import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { Stall } from '../../src/core/stall'
import { Child } from '../support/child'
import { DogStatsDServer } from '../support/dogstatsd-server'
import { OtlpServer } from '../support/otlp-server'
import { eventually } from '../support/shared'
import { TinyObsServer } from '../support/tinyobs-server'

const RECORDER = fileURLToPath(new URL('../fixtures/exporters/stall-recorder.mjs', import.meta.url))

test('every exporter has a stall while the main thread is stuck, in the way that it can', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'offloop-stalls-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'stalls')
  const [otlp, tinyobs, statsd] = await Promise.all([
    OtlpServer.start(),
    TinyObsServer.start(),
    DogStatsDServer.udp(),
  ])
  onTestFinished(() => Promise.all([otlp, tinyobs, statsd].map((server) => server.close())).then(() => {}))
  const exporters = [
    { type: 'module', path: RECORDER, options: { file } },
    { type: 'otlp', url: otlp.url, protocol: 'http/json' },
    { type: 'tinyobs', url: tinyobs.url },
    { type: 'dogstatsd', ...statsd.target },
  ]
  const child = new Child('stalls-exported.cjs', { args: [JSON.stringify(exporters), '10000'] })
  expect(await child.next()).toBe('ready')

  const recorded = (): Stall[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Stall)
      : []
  /** Of the main thread, the newest that each of them has. */
  const inOtlp = (name: string) =>
    otlp.metrics
      .flat()
      .filter((metric) => metric.name === name)
      .flatMap(({ gauge, sum }) => (gauge ?? sum)?.dataPoints ?? [])
      .at(-1)?.asDouble
  const inTinyobs = (name: string) => tinyobs.stored.filter((metric) => metric.name === name).at(-1)?.value
  const inStatsd = (name: string) => statsd.lines.filter((line) => line.name === name).at(-1)?.value
  const known = () =>
    ['nodejs_eventloop_stalled', 'nodejs_eventloop_stalls_total'].map((name) => [
      inOtlp(name),
      inTinyobs(name),
      inStatsd(name),
    ])
  // What there was before it. A count of 0 is not sent to DogStatsD.
  await eventually(() => {
    expect(known()).toEqual([
      [0, 0, 0],
      [0, 0, undefined],
    ])
    return true
  })

  child.send('block')
  await eventually(() => {
    expect(known()).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ])
    return true
  })
  const [stall] = await eventually(() => {
    const found = recorded().filter(({ stack }) => stack !== undefined)
    return found.length > 0 ? found : undefined
  })
  expect(stall).toMatchObject({ thread: 'main', ongoing: true, cause: 'code' })
  expect(stall?.stack?.[0]?.functionName).toBe('spin')
  await eventually(() => statsd.events.length > 0 || undefined)
  const [event] = statsd.events
  expect(event).toMatchObject({ title: 'Event loop of main is stuck', fields: { t: 'error' } })
  expect(event?.text).toMatch(/\nat spin \(.*stalls-exported\.cjs:\d+:\d+\)\n/)
  const seenAt = Date.now()

  const { until } = await child.next<{ until: number }>()
  expect(seenAt).toBeLessThan(until)
  await eventually(() => recorded().some(({ ongoing }) => !ongoing) || undefined)
  await eventually(() => statsd.events.some(({ fields }) => fields.t === 'info') || undefined)
  child.kill()
})
