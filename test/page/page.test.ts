// The page in a real browser, over a process that is busy for real.
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Stall } from '../../src/core/stall'
import type { Status } from '../../src/core/status'
import { duration, format } from '../../src/page/format'
import type { SeriesAnswer } from '../../src/page/series'
import { accessibilityFaults, answering, launch, openPage, pixels } from '../support/browser'
import { Child } from '../support/child'
import { freePort } from '../support/free-port'
import { drawn, legend, servePage } from '../support/page'

// `OFFLOOP_PICTURES=1` makes the pictures of README.md, which takes three minutes.
const forReadme = process.env.OFFLOOP_PICTURES === '1'
const ROOT = new URL('../../', import.meta.url)
const SHOTS = fileURLToPath(new URL('test-artifacts/page/', ROOT))
const PICTURES = forReadme ? fileURLToPath(new URL('docs/images/', ROOT)) : SHOTS
const BLUE = { light: '#1d64ab', dark: '#6cb3f2' }
const STALL = { light: '#b3261e', dark: '#ff8b7c' }

let browser: Browser
let service: Child
let url: string

beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true })
  mkdirSync(PICTURES, { recursive: true })
  browser = await launch()
  ;({ child: service, url } = await servePage(afterAll, { intervalMs: forReadme ? 1_000 : 500 }))
})
afterAll(() => browser?.close())

async function api<T>(path: string, of = url): Promise<T> {
  return (await fetch(`${of}/v1/${path}`)).json() as Promise<T>
}

const shown = (page: Page) => page.locator('#sample').innerText()

describe('the page', { timeout: 90_000 }, () => {
  it('draws what the API says, without an error and with nothing from elsewhere', async () => {
    const { page, faults } = await openPage(browser, url)
    await drawn(page)
    // Some samples, so that there are lines and not points.
    await expect
      .poll(async () => Number.parseInt(await shown(page), 10), { timeout: 20_000 })
      .toBeGreaterThan(8)

    await expect
      .poll(async () => (await pixels(page, 'heap', BLUE.light)).like, { timeout: 10_000 })
      .toBeGreaterThan(20)
    expect(await page.locator('h1').innerText()).toBe('checkout')
    // What is bad stands before it.
    expect(
      await page.evaluate(`(() => {
        const word = document.querySelector('.verdict.bad .word')?.firstChild.textContent
        return document.title === (word ? '✗ ' + word + ': ' : '') + 'checkout · offloop'
      })()`),
    ).toBe(true)
    expect(await page.locator('#process').innerText()).toBe(String(service.process.pid))
    expect(await page.locator('#node').innerText()).toBe(process.versions.node)
    expect(await page.locator('#health').innerText()).toMatch(/nothing missed|sample/)

    // The newest value of a line that stands still is one of the newest values that the API has.
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await sleep(1_000)
    for (const [chart, metric, unit] of [
      ['heap', 'nodejs_heap_size_used_bytes', 'bytes'],
      ['memory', 'process_resident_memory_bytes', 'bytes'],
      ['resources', 'nodejs_active_resources_total', 'number'],
    ] as const) {
      const text = await page.locator(`#chart-${chart} .value`).first().innerText()
      const { series } = await api<SeriesAnswer>(`series?metrics=${metric}`)
      const values = series.find(({ labels }) => (labels.thread ?? 'main') === 'main')?.v ?? []
      expect(values.map((value) => format(value, unit))).toContain(text)
    }
    const before = await legend(page, 'heap')
    await sleep(1_500)
    expect(await legend(page, 'heap')).toBe(before)
    await page.getByRole('button', { name: 'Resume' }).click()
    await expect.poll(() => legend(page, 'heap'), { timeout: 10_000 }).not.toBe(before)
    expect(faults).toEqual([])
  })

  it('says how it is in five verdicts on the first screen, each with the charts that it rests on', async () => {
    const { page, faults } = await openPage(browser, url)
    await drawn(page)
    const cards = page.locator('.verdict')
    await expect.poll(() => cards.count()).toBe(5)
    for (const card of await cards.all()) {
      const box = await card.boundingBox()
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThan(768)
      // A word and a shape beside the colour.
      expect((await card.locator('.word').innerText()).length).toBeGreaterThan(2)
      expect(await card.locator('.glyph').count()).toBe(1)
      expect((await card.locator('.text').innerText()).length).toBeGreaterThan(20)
    }
    for (const selector of ['#threads tr', '#stalls', '.toolbar']) {
      const box = await page.locator(selector).first().boundingBox()
      expect((box?.y ?? 0) + (box?.height ?? 0), selector).toBeLessThan(768)
    }
    await page.locator('.verdict').nth(2).getByRole('link', { name: 'Heap', exact: true }).click()
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('chart-heap')
    await page.screenshot({ path: `${SHOTS}chart.png` })
    expect(faults).toEqual([])
  })

  it('goes on while the main thread is blocked, and shows the stall while it lasts', async () => {
    const { page, faults } = await openPage(browser, url)
    await drawn(page)
    const blockMs = 6_000
    service.send({ blockMs })
    const { blocking } = await service.next<{ blocking: number }>()
    const first = Number.parseInt(await shown(page), 10)
    // A busy machine may stall it for a moment as well.
    const ours = async () => {
      const { stalls } = await api<{ stalls: Stall[] }>('stalls')
      return stalls.find(({ startedAt, durationMs }) => startedAt + durationMs > blocking + 400)
    }
    await expect.poll(ours, { timeout: 10_000 }).toBeDefined()
    const { id } = (await ours()) as Stall
    const item = page.locator(`#stalls [data-key="${id}"]`)
    await item.locator('.ongoing').getByText('computePrices').waitFor()
    await page.locator('#threads').getByText('stalled').waitFor()
    const then = Number.parseInt(await shown(page), 10)
    await expect
      .poll(async () => Number.parseInt(await shown(page), 10))
      .toBeGreaterThan(Math.max(first, then))
    await page.screenshot({ path: `${SHOTS}stalled.png` })
    // Not after it: the block is not over.
    expect(Date.now()).toBeLessThan(blocking + blockMs)

    // Over, it is a band on each chart, and a line in the list.
    await item.locator('.ongoing').waitFor({ state: 'detached', timeout: 15_000 })
    await expect.poll(async () => (await pixels(page, 'heap', STALL.light)).like).toBeGreaterThan(20)
    const stall = (await ours()) as Stall
    expect(stall.durationMs).toBeGreaterThan(blockMs / 2)
    expect(await item.innerText()).toContain(duration(stall.durationMs))

    await item.getByRole('button').click()
    const dialog = page.getByRole('dialog')
    expect(await dialog.innerText()).toMatch(/Stall of .*JavaScript code.*computePrices.*page\.cjs:\d+:\d+/s)
    expect(await dialog.innerText()).toContain(duration(stall.durationMs))
    await page.screenshot({ path: `${SHOTS}stack.png` })
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await page.evaluate('document.activeElement.closest("[data-key]").dataset.key')).toBe(
      String(stall.id),
    )

    // And by a click on the band itself.
    const over = page.locator('#chart-heap .u-over')
    await over.scrollIntoViewIfNeeded()
    const { x = 0, y = 0, width = 0, height = 0 } = (await over.boundingBox()) ?? {}
    const onStall = async (at: number) => {
      await page.mouse.move(x + at, y + height / 2)
      return /on-stall/.test((await over.getAttribute('class')) ?? '')
    }
    // In the middle of it, since time goes on; and not of a shorter one, which a busy machine may have.
    let at = width - 1
    while (at > 12 && !((await onStall(at)) && (await onStall(at - 12)))) at -= 3
    await page.mouse.click(x + at - 6, y + height / 2)
    await dialog.waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await dialog.waitFor({ state: 'hidden' })
    expect(faults).toEqual([])
  })

  it('has one cursor and one range for all charts', async () => {
    const { page, faults } = await openPage(browser, url, { viewport: { width: 1366, height: 1600 } })
    await drawn(page)
    await sleep(1_000)
    const over = page.locator('#chart-heap .u-over')
    const { x = 0, y = 0, width = 0, height = 0 } = (await over.boundingBox()) ?? {}
    await page.mouse.move(x + width * 0.995, y + height / 2)
    await expect.poll(() => page.locator('#readout').innerText()).toMatch(/^\d\d:\d\d:\d\d$/)
    const lines = page.locator('.u-cursor-x:not(.u-off)')
    expect(await lines.count()).toBeGreaterThan(4)

    const zoomed = () => page.locator('#readout').innerText()
    await page.mouse.move(x + width * 0.8, y + height / 2)
    await page.mouse.down()
    await page.mouse.move(x + width * 0.99, y + height / 2, { steps: 4 })
    await page.mouse.up()
    await page.mouse.move(2, 2)
    await expect.poll(zoomed).toMatch(/^\d\d:\d\d:\d\d to \d\d:\d\d:\d\d$/)
    await page.getByRole('button', { name: 'Back to now' }).waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(zoomed).toMatch(/^(since \d\d:\d\d:\d\d|the last 5 minutes)$/)

    // The same by buttons, for those without a mouse.
    await page.getByRole('button', { name: 'Zoom in' }).click()
    await page.getByRole('button', { name: 'Earlier' }).click()
    await expect.poll(zoomed).toMatch(/ to /)
    await over.dblclick()
    await page.mouse.move(2, 2)
    await expect.poll(zoomed).toMatch(/^(since \d\d:\d\d:\d\d|the last 5 minutes)$/)
    for (const name of ['1 hour', '24 hours']) {
      const button = page.getByRole('button', { name })
      await button.click()
      await expect.poll(() => button.getAttribute('aria-pressed')).toBe('true')
      await drawn(page)
    }
    expect(faults).toEqual([])
  })

  it('has charts for metrics of your own, and for each thread', async () => {
    const { page, faults } = await openPage(browser, url)
    await drawn(page)
    await page.locator('#chart-metric-orders_open').scrollIntoViewIfNeeded()
    await expect.poll(() => legend(page, 'metric-orders_open')).toMatch(/phone\s+\d+\s+web\s+[\d,]+/)
    await expect.poll(() => legend(page, 'metric-orders_taken_total')).toMatch(/rate\s+[\d,.]+\s\/s/)
    // A histogram is how many there were, and what they were on average.
    const [mean, rate, rare] = ['order_seconds_sum', 'order_seconds_count', 'refund_seconds_sum'].map(
      (name) => `metric-${name}`,
    ) as [string, string, string]
    const says = (chart: string) => expect.poll(() => legend(page, chart), { timeout: 15_000 })
    await page.locator(`#chart-${mean}`).scrollIntoViewIfNeeded()
    await says(mean).toMatch(/^card\s+250\sms\s+cash\s+2\ss$/)
    await says(rate).toMatch(/^card\s+[\d,.]+\s\/s\s+cash\s+[\d.]+\s\/s$/)
    expect(await page.locator(`#chart-${mean} h3`).innerText()).toBe('order_seconds, mean')
    for (const one of [mean, rate]) {
      await expect.poll(async () => (await pixels(page, one, BLUE.light)).like).toBeGreaterThan(20)
    }
    // Where nothing came there is no mean, so no line is drawn to those that there are: points are.
    await page.locator(`#chart-${rare}`).scrollIntoViewIfNeeded()
    await says(rare).toMatch(/^mean\s+4\ss$/)
    await says(rare).toMatch(/^mean\s+–$/)
    await expect.poll(async () => (await pixels(page, rare, BLUE.light)).like).toBeGreaterThan(4)
    const { metrics } = await api<SeriesAnswer>('series?metrics=order_seconds_sum,order_seconds_count')
    expect(Object.values(metrics).map(({ type }) => type)).toEqual(['histogram', 'histogram'])
    await page.screenshot({ path: `${SHOTS}own.png` })

    const threads = await page.locator('#thread option').allInnerTexts()
    expect(threads).toHaveLength(2)
    const heap = await legend(page, 'heap')
    await page.locator('#thread').selectOption(threads[1] as string)
    await expect.poll(() => legend(page, 'heap')).not.toBe(heap)
    expect(await page.locator('#threads .chosen').innerText()).toContain(threads[1])
    expect(faults).toEqual([])
  })

  it('shows what you name as text, whatever it is', async () => {
    const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    const { page, faults } = await openPage(browser, url)
    const place = { file: evil, line: 1, column: 1 }
    const stall = { id: 1, thread: evil, startedAt: Date.now(), durationMs: 900, ongoing: false, gcMs: 0 }
    await answering<Status>(page, 'status', (answer) => ({
      ...answer,
      service: evil,
      verdicts: answer.verdicts.map((one) => ({ ...one, level: 'good' })),
    }))
    await answering(page, 'stalls', () => ({
      thresholdMs: 500,
      stalls: [{ ...stall, cause: 'code', stack: [{ functionName: evil, place }] }],
    }))
    await answering(page, 'series', (answer) => {
      const text = JSON.stringify(answer).replaceAll('"phone"', JSON.stringify(evil))
      return JSON.parse(text.replaceAll('From a custom collector', JSON.stringify(evil).slice(1, -1)))
    })
    await page.reload()
    await drawn(page)
    expect(await page.locator('h1').innerText()).toBe(evil)
    await expect.poll(() => legend(page, 'metric-orders_open')).toContain(evil)
    await page.locator('#stalls button').click()
    expect(await page.getByRole('dialog').innerText()).toContain(evil)
    expect(await page.locator('img, body script').count()).toBe(0)
    expect(await page.title()).toBe(`${evil} · offloop`)
    expect(faults).toEqual([])
  })

  it('is reached by the keyboard', async () => {
    const { page } = await openPage(browser, url)
    await drawn(page)
    const reached: string[] = []
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab')
      reached.push(
        await page.evaluate(
          `(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()`,
        ),
      )
      const outline = await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`)
      expect(outline, reached.at(-1)).not.toBe('none')
      if (reached.at(-1) === 'Pause') break
    }
    expect(reached[0]).toBe('Skip to the charts')
    expect(reached).toEqual(
      expect.arrayContaining(['Heap', '5 min', '1 hour', '24 hours', 'Zoom in', 'Pause']),
    )
    expect(reached.some((text) => text.includes('computePrices'))).toBe(true)
    await page.getByRole('button', { name: '1 hour' }).focus()
    await page.keyboard.press('Enter')
    await expect
      .poll(() => page.getByRole('button', { name: '1 hour' }).getAttribute('aria-pressed'))
      .toBe('true')
  })

  it.each(['light', 'dark'] as const)(
    'is readable in %s, on a laptop and on a phone',
    async (colorScheme) => {
      const { page, faults } = await openPage(browser, url, {
        colorScheme,
        ...(forReadme && { deviceScaleFactor: 2 }),
      })
      await drawn(page)
      if (forReadme && colorScheme === 'light') await sleep(150_000)
      await expect.poll(async () => (await pixels(page, 'heap', BLUE[colorScheme])).like).toBeGreaterThan(20)
      expect(await accessibilityFaults(page)).toEqual([])
      await page.setViewportSize({ width: 1366, height: 960 })
      await sleep(500)
      await page.screenshot({ path: `${PICTURES}page-${colorScheme}.png` })
      const full = (name: string) =>
        page.screenshot({ path: `${SHOTS}${name}-${colorScheme}.png`, fullPage: true })
      // All charts are seen, so that all are drawn.
      await page.setViewportSize({ width: 1366, height: 3_000 })
      await sleep(500)
      await full('full')

      await page.setViewportSize({ width: 360, height: 740 })
      await expect.poll(() => page.evaluate('document.documentElement.scrollWidth')).toBe(360)
      expect(await accessibilityFaults(page)).toEqual([])
      await page.screenshot({ path: `${SHOTS}phone-${colorScheme}.png` })
      await page.setViewportSize({ width: 360, height: 7_000 })
      await sleep(500)
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
      await full('phone-full')
      expect(faults).toEqual([])
    },
    forReadme ? 300_000 : 60_000,
  )

  it('changes its colours with the system, charts included', async () => {
    const { page } = await openPage(browser, url)
    await drawn(page)
    await expect.poll(async () => (await pixels(page, 'heap', BLUE.light)).like).toBeGreaterThan(20)
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(async () => (await pixels(page, 'heap', BLUE.dark)).like).toBeGreaterThan(20)
  })

  it('shows each of the processes that share its port', async ({ onTestFinished }) => {
    const port = await freePort()
    const options = { service: 'shop', intervalMs: 500, serve: { port, share: true } }
    const share = () => new Child('shares.cjs', { args: [JSON.stringify(options)], finished: onTestFinished })
    const first = share()
    const { url } = await first.next<{ url: string }>()
    const second = share()
    expect((await second.next<{ url: string }>()).url).toBe(url)
    const { page, faults } = await openPage(browser, url)
    const processes = page.getByRole('combobox', { name: 'Process' })
    const pids = [first, second].map(({ process: { pid } }) => String(pid))
    await expect
      .poll(
        async () =>
          (
            await processes
              .locator('option')
              .evaluateAll((all) => all.map((one) => one.getAttribute('value')))
          ).sort(),
        { timeout: 10_000 },
      )
      .toEqual(pids.sort())
    await processes.selectOption(String(second.process.pid))
    const resident = await api<SeriesAnswer>('series?metrics=process_resident_memory_bytes', url)
    const ofSecond = resident.series.find(({ labels }) => labels.pid === String(second.process.pid))
    expect(ofSecond?.v.length).toBeGreaterThan(0)
    await expect.poll(() => legend(page, 'memory'), { timeout: 10_000 }).toMatch(/resident\s+\d/)
    second.send('block')
    const stall = page.locator('#stalls li').filter({ hasText: `main of ${second.process.pid}` })
    await stall.getByText('spin shares.cjs').first().waitFor()
    await stall.getByRole('button').first().click()
    expect(await page.getByRole('dialog').innerText()).toContain(`main of ${second.process.pid}`)
    expect(faults).toEqual([])
  })

  it('says that the server is lost, and finds it again', async ({ onTestFinished }) => {
    const port = await freePort()
    const { child, url } = await servePage(onTestFinished, { port })
    const { page } = await openPage(browser, url)
    await drawn(page)
    const pid = await page.locator('#process').innerText()
    child.kill()
    await page.getByText(/^No answer since \d\d:\d\d:\d\d\. Trying again\.$/).waitFor()
    expect(await page.locator('#state').innerText()).toBe('no answer')
    await page.screenshot({ path: `${SHOTS}lost.png` })

    const again = await servePage(onTestFinished, { port })
    await expect.poll(() => page.locator('#state').innerText(), { timeout: 20_000 }).toBe('live')
    expect(await page.locator('#notice').isVisible()).toBe(false)
    await expect.poll(() => page.locator('#process').innerText()).toBe(String(again.child.process.pid))
    expect(String(again.child.process.pid)).not.toBe(pid)
    // Its counters began anew, and no rate is below 0.
    await page.locator('#chart-cpu').scrollIntoViewIfNeeded()
    await expect.poll(() => legend(page, 'cpu'), { timeout: 10_000 }).toMatch(/all\s+\d/)
    expect(await page.locator('.chart .value').allInnerTexts()).not.toContainEqual(
      expect.stringMatching(/^-/),
    )
  })

  it('asks for the token, where there is one, and keeps it to this tab', async ({ onTestFinished }) => {
    const token = 's3cret-marm4lade'
    const { url } = await servePage(onTestFinished, { token })
    const { page } = await openPage(browser, url)
    await page.getByLabel('Token').waitFor()
    expect(await page.locator('#page').isVisible()).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.screenshot({ path: `${SHOTS}token.png` })
    for (const wrong of ['marmalade', 'ţ']) {
      await page.getByLabel('Token').fill(wrong)
      await page.keyboard.press('Enter')
      await page.getByText('That token was not accepted.').waitFor()
    }
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Show the figures' }).click()
    await drawn(page)
    expect(await page.locator('.verdict').count()).toBe(5)
    await page.reload()
    await drawn(page)
    const other = await openPage(browser, url)
    await other.page.getByLabel('Token').waitFor()
  })
})
