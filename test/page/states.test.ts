// The page in states that a process is rarely in: everything bad, a whole day, a server that hangs.
import { mkdirSync } from 'node:fs'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Stall } from '../../src/core/stall'
import type { Status, Verdict } from '../../src/core/status'
import { clock } from '../../src/page/time'
import type { Series, SeriesAnswer } from '../../src/page/series'
import { accessibilityFaults, announcements, answering, launch, openPage } from '../support/browser'
import type { Child } from '../support/child'
import { freePort } from '../support/free-port'
import { drawn, legend, servePage } from '../support/page'

const SHOTS = fileURLToPath(new URL('../../test-artifacts/page/', import.meta.url))
const MIB = 2 ** 20
const HOUR_MS = 3_600_000

let browser: Browser
let service: Child
let url: string
beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true })
  browser = await launch()
  ;({ child: service, url } = await servePage(afterAll))
})
afterAll(() => browser?.close())

/** However slow the machine is. */
const soon: typeof expect.poll = (get, options) => expect.poll(get, { timeout: 20_000, ...options })

const readout = (page: Page) => page.locator('#readout').innerText()
const label = (page: Page, chart: string) =>
  page.locator(`#chart-${chart} .plot`).evaluate((plot) => plot.getAttribute('aria-label') ?? '')
/** The range that a chart says it shows. */
const range = async (page: Page, chart: string) =>
  /, (\d\d:\d\d:\d\d to \d\d:\d\d:\d\d):/.exec(await label(page, chart))?.[1]

/** As long as sentences and names get. */
function worst(status: Status): Status {
  const bad: Record<Verdict['id'], Partial<Verdict>> = {
    gc: {
      word: 'noticeable',
      text: 'Collections took 38.4% of the last 5 minutes, with 12.7 major ones a minute and 128 minor ones a second.',
    },
    pause: {
      word: 'long at times',
      text: 'The mean of 12345 pauses in the last 5 minutes is 87.4 ms, the longest of the last minute 2.4 s.',
    },
    heap: {
      word: 'near its limit',
      text: 'What major collections leave grew from 112 MiB to 996 MiB in 57 minutes, 15.5 MiB a minute, over 128 of them. At this pace it reaches the limit of 1.95 GiB in 66 minutes.',
    },
    resources: {
      word: 'leaking',
      text: '12345 active resources, 128 more a minute throughout the last 57 minutes.',
    },
    loop: {
      word: 'stalled lately',
      text: 'The event loop was busy for 98.6% of the last 60 s, and its longest turn took 12 s.',
    },
  }
  return {
    ...status,
    health: {
      ...status.health,
      lately: { missedTicks: 128, droppedBatches: 12, exportFailures: 128, restarts: 2 },
    },
    verdicts: status.verdicts.map((one) => ({ ...one, ...bad[one.id], level: 'bad', advice: 'Mend it.' })),
    threads: Array.from({ length: 10 }, (_, i) => ({
      thread: i === 9 ? 'main' : `worker-of-long-name#${i + 2}`,
      source: 'native',
      utilization: i / 10,
      heapUsedBytes: i * 99 * MIB,
      gcCycles: 123_456 * i,
      stalled: i === 4,
    })),
  }
}

const stalls = (count: number): Stall[] =>
  Array.from({ length: count }, (_, i) => ({
    id: count - i,
    thread: 'main',
    startedAt: Date.now() - (i + 1) * 600_000,
    durationMs: 1_000 + (i % 7) * 900,
    ongoing: false,
    cause: 'code',
    gcMs: 0,
    stack: [{ functionName: `work${i}`, place: { file: '/srv/shop/orders.js', line: i + 1, column: 1 } }],
  }))

describe('the first screen', { timeout: 120_000 }, () => {
  it.each([
    [1366, 640],
    [1200, 680],
  ])('holds everything in its worst state, at %s × %s', async (width, height) => {
    const { page, faults } = await openPage(browser, url, { viewport: { width, height } })
    await answering(page, 'status', worst)
    await answering(page, 'stalls', () => ({ thresholdMs: 500, stalls: stalls(30) }))
    await page.reload()
    await drawn(page)
    await soon(() => page.locator('.verdict.bad').count()).toBe(5)
    for (const selector of ['.verdict', '.beside > section', '.toolbar']) {
      for (const part of await page.locator(selector).all()) {
        const box = await part.boundingBox()
        expect((box?.y ?? 0) + (box?.height ?? 0), selector).toBeLessThanOrEqual(height)
      }
    }
    // A line each, and nothing cut off.
    for (const part of await page.locator('.judgement h3, .word').all()) {
      expect((await part.boundingBox())?.height).toBeLessThan(24)
      expect(await part.evaluate((one) => one.getBoundingClientRect().right)).toBeLessThan(
        await part.evaluate((one) => one.closest('.verdict')?.getBoundingClientRect().right ?? 0),
      )
    }
    expect(await page.title()).toBe('✗ noticeable: checkout · offloop')
    expect(await page.locator('#health').innerText()).toBe(
      '128 samples missed, 12 samples dropped, 128 exports failed, 2 restarts',
    )
    // The main thread, the one that is stuck, then by load.
    const rows = await page.locator('#threads th button').allInnerTexts()
    expect(rows.slice(0, 3)).toEqual(['main', 'worker-of-long-name#6', 'worker-of-long-name#10'])
    await page.screenshot({ path: `${SHOTS}worst-${width}.png` })
    expect(await accessibilityFaults(page)).toEqual([])

    expect(await page.locator('#stalls li').count()).toBe(21)
    await page.getByRole('button', { name: 'Show all 30' }).click()
    expect(await page.locator('#stalls li').count()).toBe(31)
    await page.getByRole('button', { name: 'Show the newest 20' }).click()
    expect(await page.locator('#stalls li').count()).toBe(21)
    expect(faults).toEqual([])
  })

  it('tells levels apart by a shape and a word, and says behind each what to do', async () => {
    const { page, faults } = await openPage(browser, url)
    const levels = ['good', 'notice', 'bad', 'unknown'] as const
    await answering<Status>(page, 'status', (status) => ({
      ...status,
      verdicts: status.verdicts.map((one, i) => ({
        ...one,
        level: levels[i % 4],
        word: one.id === 'heap' ? 'leaking' : 'unknown',
        // The true one is another after the next collection.
        text: `${one.id} in a sentence.`,
      })),
    }))
    await page.reload()
    await drawn(page)
    const shapes = await page
      .locator('.verdict .glyph path')
      .evaluateAll((paths) => paths.map((path) => path.getAttribute('d')))
    expect(new Set(shapes.slice(0, 4)).size).toBe(4)
    expect(shapes[4]).toBe(shapes[0])
    for (const level of ['good', 'look at it', 'problem', 'not known yet']) {
      await page.locator('.word', { hasText: level }).first().waitFor()
    }
    const card = page.locator('.verdict', { has: page.getByRole('heading', { name: 'Heap' }) })
    const text = await card.locator('.text').innerText()
    await card.getByRole('button', { name: 'What to do: Heap' }).click()
    const dialog = page.getByRole('dialog', { name: 'Heap: leaking' })
    const told = await dialog.innerText()
    expect(told).toContain('What to do')
    expect(told).toContain('kill -USR2')
    expect(told.slice(0, 300)).toContain(text.slice(0, 20))
    expect(await accessibilityFaults(page)).toEqual([])
    await page.screenshot({ path: `${SHOTS}guide.png` })
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await page.evaluate('document.activeElement.textContent')).toBe('What to do')
    expect(faults).toEqual([])
  })

  it('has the charts of the thread whose row is pressed', async () => {
    const { page, faults } = await openPage(browser, url)
    await drawn(page)
    const worker = page
      .locator('#threads button', { hasText: 'resize' })
      .or(page.locator('#threads button').nth(1))
    const heap = await legend(page, 'heap')
    await worker.first().click()
    await soon(() => legend(page, 'heap')).not.toBe(heap)
    expect(await worker.first().getAttribute('aria-pressed')).toBe('true')
    expect(await page.locator('#thread').inputValue()).toBe(await worker.first().innerText())
    // What the verdicts show is of the main thread as before.
    expect(await page.locator('.verdict .spark').count()).toBeGreaterThan(3)
    expect(faults).toEqual([])
  })
})

describe('a day', { timeout: 120_000 }, () => {
  const END = Math.floor(Date.now() / 180_000) * 180_000
  const PART_MS = 180_000
  const RESTART = END - 5 * HOUR_MS
  /** No samples for two hours. */
  const GAP = { start: END - 14 * HOUR_MS, end: END - 12 * HOUR_MS }

  /** Every three minutes a point, as the server thins what is older than an hour. */
  function day(
    name: string,
    labels: Record<string, string>,
    value: (t: number) => number,
    spread = 0,
  ): Series {
    const t: number[] = []
    for (let at = END - 24 * HOUR_MS; at <= END; at += PART_MS)
      if (at <= GAP.start || at >= GAP.end) t.push(at)
    const v = t.map(value)
    return {
      name,
      labels: { service: 'checkout', ...labels },
      t,
      v,
      ...(spread > 0 && { min: v.map((one) => one - spread), max: v.map((one) => one + spread) }),
    }
  }
  const all = [
    day('nodejs_heap_size_used_bytes', { thread: 'main' }, () => 60 * MIB, 40 * MIB),
    day(
      'nodejs_gc_cycles_total',
      { thread: 'main', kind: 'major' },
      (t) => (t < RESTART ? t - END + 24 * HOUR_MS : t - RESTART) / 60_000,
    ),
    day('process_cpu_seconds_total', {}, (t) => (t < RESTART ? 1e6 + t / 4_000 : (t - RESTART) / 4_000) - 0),
  ]

  /** Pixels of a chart's canvas at a moment: how many of them are not empty, over the height of the plot. */
  const painted = (page: Page, chart: string, at: number) =>
    page.locator(`#chart-${chart} .plot`).evaluate(
      (plot, share) => {
        const canvas = plot.querySelector('canvas') as HTMLCanvasElement
        const over = (plot.querySelector('.u-over') as HTMLElement).getBoundingClientRect()
        const box = canvas.getBoundingClientRect()
        const scale = canvas.width / box.width
        const x = Math.round((over.left - box.left + over.width * share) * scale)
        const top = Math.round((over.top - box.top) * scale)
        // Of a copy: a canvas that is read more than once is complained of.
        const height = Math.round(over.height * scale)
        const copy = new OffscreenCanvas(1, height).getContext('2d') as OffscreenCanvasRenderingContext2D
        copy.drawImage(canvas, -x, -top)
        const { data } = copy.getImageData(0, 0, 1, height)
        let colours = 0
        for (let i = 0; i < data.length; i += 4) {
          // Bluer than it is red: the line, and the tint around it; the grid is neither.
          if ((data[i + 3] as number) > 20 && (data[i + 2] as number) > (data[i] as number) + 20) colours++
        }
        return colours / (data.length / 4)
      },
      (at - (END - 24 * HOUR_MS)) / (24 * HOUR_MS),
    )

  it('has bands of what was thinned, gaps, restarts and stalls in their places', async () => {
    const { page, faults } = await openPage(browser, url, { viewport: { width: 1366, height: 2_000 } })
    await answering<Status>(page, 'status', (status) => ({
      ...status,
      now: END,
      sampledAt: END,
      startedAt: END - 25 * HOUR_MS,
    }))
    await answering(page, 'stalls', () => ({
      thresholdMs: 500,
      stalls: stalls(30).map((one) => ({ ...one, startedAt: END - one.id * 1_700_000 })),
    }))
    await answering<SeriesAnswer>(page, 'series', (answer, { searchParams }) => {
      const [start, end] = ['start', 'end'].map((name) => Date.parse(searchParams.get(name) ?? '')) as [
        number,
        number,
      ]
      const series = all.map((one) => {
        const keep = (column: readonly (number | null)[]) =>
          column.filter((_, i) => (one.t[i] as number) >= start && (one.t[i] as number) <= end)
        const { t, v, min, max } = one
        return { ...one, t: keep(t), v: keep(v), ...(min && max && { min: keep(min), max: keep(max) }) }
      })
      return { ...answer, series: series.filter(({ t }) => t.length > 0) }
    })
    await page.reload()
    await drawn(page)
    await page.getByRole('button', { name: '24 hours' }).click()
    await soon(() => readout(page)).toBe('the last 24 hours')
    const shown = `${clock(END - 24 * HOUR_MS)} to ${clock(END)}`
    // The clock of the page goes on between two answers.
    await soon(async () => (await range(page, 'heap'))?.slice(0, 5)).toBe(shown.slice(0, 5))

    // The band from the least to the most: 80 of about 108 MiB. In the gap nothing.
    await soon(() => painted(page, 'heap', END - 9.2 * HOUR_MS)).toBeGreaterThan(0.6)
    expect(await painted(page, 'heap', END - 20 * HOUR_MS)).toBeGreaterThan(0.6)
    expect(await painted(page, 'heap', END - 13 * HOUR_MS)).toBe(0)
    // One collection a minute, but for the gap and what nobody knows of the restart.
    const [, marked] = /major collections\s+([\d,]+)/.exec(await legend(page, 'heap')) ?? []
    const collections = Number(marked?.replaceAll(',', ''))
    expect(collections).toBeGreaterThan(24 * 60 - 10)
    expect(collections).toBeLessThanOrEqual(24 * 60)
    // The restart gives no rate, and least of all a negative one.
    await page.locator('#chart-cpu').scrollIntoViewIfNeeded()
    expect(await legend(page, 'cpu')).toMatch(/all\s+25/)
    await page.locator('#chart-cpu .u-over').hover({ position: { x: 40, y: 60 } })
    expect(await legend(page, 'cpu')).toMatch(/all\s+25/)
    await page.mouse.move(2, 2)
    await page.evaluate('scrollTo(0, 0)')
    await sleep(300)
    await page.screenshot({ path: `${SHOTS}day.png` })
    expect(faults).toEqual([])
  })
})

describe('one cursor and one range', { timeout: 120_000 }, () => {
  it('are of all charts, by mouse and by keyboard', async () => {
    const { page, faults } = await openPage(browser, url, { viewport: { width: 1366, height: 2_000 } })
    await drawn(page)
    await soon(() => range(page, 'cpu')).toBeDefined()
    await sleep(3_000)
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await sleep(1_500)
    const whole = await range(page, 'heap')
    expect(await range(page, 'cpu')).toBe(whole)

    const newest = { heap: await legend(page, 'heap'), spaces: await legend(page, 'spaces') }
    const over = page.locator('#chart-heap .u-over')
    const { x = 0, y = 0, width = 0, height = 0 } = (await over.boundingBox()) ?? {}
    await page.mouse.move(x + width * 0.3, y + height / 2)
    // Used heap is what its spaces are together: each legend shows the moment of the cursor.
    await soon(() => legend(page, 'heap')).not.toBe(newest.heap)
    await soon(() => legend(page, 'spaces')).not.toBe(newest.spaces)
    await page.mouse.move(2, 2)
    await soon(() => legend(page, 'spaces')).toBe(newest.spaces)

    await page.mouse.move(x + width * 0.2, y + height / 2)
    await page.mouse.down()
    await page.mouse.move(x + width * 0.6, y + height / 2, { steps: 4 })
    await page.mouse.up()
    await page.mouse.move(2, 2)
    await soon(() => range(page, 'heap')).not.toBe(whole)
    const zoomed = await range(page, 'heap')
    for (const chart of ['cpu', 'memory', 'utilization']) expect(await range(page, chart)).toBe(zoomed)
    // Legends are of what is shown, and not of now.
    expect(await legend(page, 'heap')).not.toBe(newest.heap)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.screenshot({ path: `${SHOTS}zoomed.png` })
    await page.keyboard.press('Escape')
    await soon(() => range(page, 'heap')).toBe(whole)

    await page.locator('#chart-heap .plot').focus()
    await page.keyboard.press('ArrowLeft')
    await soon(() => readout(page)).toMatch(/^\d\d:\d\d:\d\d$/)
    expect(await legend(page, 'heap')).toBe(newest.heap)
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Home')
    await soon(() => legend(page, 'heap')).not.toBe(newest.heap)
    expect(await page.locator('#announcement').textContent()).toMatch(/^\d\d:\d\d:\d\d: used [\d.]+\sMiB/)
    expect(await page.locator('.u-cursor-x:not(.u-off)').count()).toBeGreaterThan(4)
    expect(faults).toEqual([])
  })

  it('stand still while the page is paused, verdicts and stalls included, whatever part of time is chosen', async () => {
    const { page, faults } = await openPage(browser, url)
    await drawn(page)
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    const told = () => page.locator('.glance').innerText()
    await sleep(1_000)
    const before = await told()
    const sample = await page.locator('#sample').innerText()
    const heap = await legend(page, 'heap')
    service.send({ blockMs: 900 })
    await soon(async () => {
      const { stalls } = (await (await fetch(`${url}/v1/stalls`)).json()) as { stalls: Stall[] }
      return stalls.some(({ ongoing, durationMs }) => !ongoing && durationMs > 500)
    }).toBe(true)
    for (const name of ['1 hour', '24 hours', '5 min']) {
      await page.getByRole('button', { name }).click()
      await soon(() => page.locator('.chart:visible').count()).toBeGreaterThan(4)
      await sleep(500)
      expect(await legend(page, 'heap')).toBe(heap)
    }
    await page.getByRole('button', { name: 'Zoom in' }).click()
    await page.getByRole('button', { name: 'Back to now' }).click()
    await sleep(500)
    expect(await legend(page, 'heap')).toBe(heap)
    expect(await told()).toBe(before)
    expect(await page.locator('#sample').innerText()).toBe(sample)
    await page.getByRole('button', { name: 'Resume' }).click()
    await soon(told).not.toBe(before)
    expect(faults).toEqual([])
  })
})

describe('to those who do not see it', { timeout: 120_000 }, () => {
  it('the page tells of a stall, a pause, a server that is lost, and one that is found', async () => {
    const port = await freePort()
    const { child, url } = await servePage(onTestFinished, { port })
    const { page } = await openPage(browser, url)
    await drawn(page)
    await soon(() => page.locator('#state').innerText()).toBe('live')
    const announced = await announcements(page)
    const stuck = async (how: string) =>
      (await announced()).filter((text) =>
        new RegExp(`^The event loop ${how} \\d\\d:\\d\\d:\\d\\d, stall \\d+ of main\\.$`).test(text),
      )

    child.send({ blockMs: 2_000 })
    await soon(() => stuck('is stuck since')).not.toEqual([])
    // Once, although it is noticed, has a stack and ends.
    await soon(() => page.locator('#stalls .ongoing').count()).toBe(0)
    const first = await stuck('is stuck since')
    expect(new Set(first).size).toBe(first.length)

    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await soon(async () => (await announced()).at(-1)).toBe('Paused.')
    const before = await announced()
    child.send({ blockMs: 900 })
    await sleep(2_500)
    expect(await announced()).toEqual(before)
    await page.getByRole('button', { name: 'Resume' }).click()
    await soon(announced).toContain('Not paused any more.')
    await soon(() => stuck('was stuck at')).not.toEqual([])

    child.kill()
    await soon(announced).toContainEqual(
      expect.stringMatching(/^No answer since \d\d:\d\d:\d\d\. Trying again\.$/),
    )
    await soon(announced).toContain('no answer')
    const again = await servePage(onTestFinished, { port })
    await soon(async () => (await announced()).filter((text) => text === 'live')).toHaveLength(1)
    // It counts its stalls from 1 again, and they are told all the same.
    const known = await stuck('is stuck since')
    await soon(() => page.locator('#process').innerText()).toBe(String(again.child.process.pid))
    again.child.send({ blockMs: 2_000 })
    await soon(async () => (await stuck('is stuck since')).length).toBeGreaterThan(known.length)
  })
})

describe('the server', { timeout: 120_000 }, () => {
  it('tells of samples by one long request, and is asked no more than once for each', async () => {
    const { page } = await openPage(browser, url)
    const asked: string[] = []
    page.on('request', (one) => asked.push(new URL(one.url()).pathname))
    const ended: string[] = []
    page.on('requestfinished', (one) => ended.push(new URL(one.url()).pathname))
    await page.reload()
    await drawn(page)
    const number = async () =>
      Number.parseInt((await page.locator('#sample').innerText()).replaceAll(',', ''), 10)
    const first = await number()
    asked.length = 0
    await soon(number, { timeout: 20_000 }).toBeGreaterThan(first + 6)
    // Samples come by the stream that was opened before, which has not ended.
    const count = (path: string) => asked.filter((one) => one === path).length
    expect([count('/v1/events'), ended.filter((path) => path === '/v1/events')]).toEqual([0, []])
    // Once for each sample, and for each stall that begins, has a stack and ends; not by a timer of its own.
    const samples = (await number()) - first
    expect(count('/v1/status')).toBeGreaterThan(0)
    expect(count('/v1/status')).toBeLessThanOrEqual(samples + 4)
  })

  it('is asked by itself where it has no stream left', async () => {
    const { url } = await servePage(onTestFinished)
    await Promise.all(
      Array.from(
        { length: 8 },
        () =>
          new Promise((resolve) => {
            const held = request(`${url}/v1/events`, { agent: false }, resolve)
              .on('error', () => {})
              .end()
            onTestFinished(() => void held.destroy())
          }),
      ),
    )
    expect((await fetch(`${url}/v1/events`)).status).toBe(503)
    const { page } = await openPage(browser, url)
    await drawn(page)
    const number = async () => Number.parseInt(await page.locator('#sample').innerText(), 10)
    const first = await number()
    await soon(number, { timeout: 20_000 }).toBeGreaterThan(first + 3)
    expect(await page.locator('#state').innerText()).toBe('live')
  })

  it('is told to give no answer soon after it hangs, and that it is there again', async () => {
    const { child, url } = await servePage(onTestFinished)
    const { page } = await openPage(browser, url)
    await drawn(page)
    await soon(() => page.locator('#state').innerText()).toBe('live')
    child.process.kill('SIGSTOP')
    onTestFinished(() => void child.process.kill('SIGCONT'))
    // Five seconds without a sample, and three for an answer; it was 50 before.
    await soon(() => page.locator('#state').innerText(), { timeout: 25_000 }).toBe('no answer')
    const age = () => page.locator('#sample').innerText()
    const before = await age()
    await soon(age).not.toBe(before)
    // What was, and is not known to be any more, has no colour.
    const colours = (selector: string) =>
      page.locator(selector).evaluateAll((all) => all.map((one) => getComputedStyle(one).color))
    expect(new Set(await colours('.glance .word, .glance .glyph, .facts dt')).size).toBe(1)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.screenshot({ path: `${SHOTS}lost.png` })
    child.process.kill('SIGCONT')
    await soon(() => page.locator('#state').innerText(), { timeout: 25_000 }).toBe('live')
    await soon(() => page.locator('#notice').isVisible()).toBe(false)
  })

  it('may refuse once: that is said until it does not', async () => {
    const { page } = await openPage(browser, url)
    await drawn(page)
    let refusing = true
    await page.route('**/v1/series*', (route) =>
      refusing ? route.fulfill({ status: 500, json: { error: 'it is tired' } }) : route.continue(),
    )
    await page.getByText('The server answers: it is tired').waitFor()
    refusing = false
    await page.getByText('The server answers: it is tired').waitFor({ state: 'hidden' })
  })
})
