// Debian's Chromium, by playwright-core.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

const CHROMIUM = '/usr/bin/chromium'
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export function launch(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is not there: apt-get install chromium`)
  // Its sandbox needs a user other than root.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
}

export interface Watched {
  readonly page: Page
  /** Everything that went wrong in it: errors, what the policy forbade, requests to elsewhere, answers of 400 and up. */
  readonly faults: string[]
}

/** A page of its own, with no cookies and no storage of others, for the length of one test. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1366, height: 768 },
    // A picture is of what is there, and not of the way to it.
    reducedMotion: 'reduce',
    ...options,
  })
  onTestFinished(() => context.close())
  // Shorter than a test's, so that it says what it waits for.
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(`${message.type()}: ${message.text()}`)
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:'))
      faults.push(`asked ${request.url()}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} of ${response.url()}`)
  })
  await page.goto(url)
  return { page, faults }
}

/** Changes what the server of a page answers to `/v1/<path>`, from the next time on. */
export async function answering<T extends object>(
  page: Page,
  path: string,
  by: (answer: T, url: URL) => object,
): Promise<void> {
  await page.route(`**/v1/${path}*`, async (route) => {
    try {
      const response = await route.fetch()
      const json = by((await response.json()) as T, new URL(route.request().url()))
      await route.fulfill({ response, json })
    } catch {
      // The page was loaded again, or is closed.
    }
  })
}

/** What axe-core finds serious or worse, as `rule: where`. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  return page.evaluate(`
    axe.run().then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ': ' + target + ' ' + failureSummary)))`)
}

/** How many pixels of a chart are about of that colour, #rrggbb, and how many are not empty. */
export function pixels(page: Page, chart: string, colour: string): Promise<{ like: number; any: number }> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector('#chart-${chart} canvas')
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    const wanted = [1, 3, 5].map((at) => parseInt('${colour}'.slice(at, at + 2), 16))
    let like = 0, any = 0
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] === 0) continue
      any++
      if (data[i + 3] > 128 && wanted.every((part, k) => Math.abs(part - data[i + k]) < 24)) like++
    }
    return { like, any }
  })()`)
}

/**
 * What a screen reader is told from now on: the texts of live regions, as they change, by Chromium's own account of which
 * those are and that they are not hidden.
 */
export async function announcements(page: Page): Promise<() => Promise<string[]>> {
  const told: { region: string; text: string }[] = []
  await page.exposeFunction('offloopTold', (region: string, text: string) => told.push({ region, text }))
  const regions = '[role=status], [role=alert], [aria-live]'
  await page.evaluate(`
    for (const one of document.querySelectorAll('${regions}')) {
      const tell = () => {
        if (one.checkVisibility() && one.textContent !== '') offloopTold(one.id, one.textContent)
      }
      new MutationObserver(tell).observe(one, {
        subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['hidden'],
      })
    }`)
  const session = await page.context().newCDPSession(page)
  const isLive = async (id: string): Promise<boolean> => {
    const { result } = await session.send('Runtime.evaluate', {
      expression: `document.getElementById('${id}')`,
    })
    const { nodes } = await session.send('Accessibility.getPartialAXTree', {
      objectId: result.objectId as string,
      fetchRelatives: false,
    })
    return nodes.some(
      ({ ignored, properties = [] }) =>
        !ignored && properties.some(({ name, value }) => name === 'live' && value.value !== 'off'),
    )
  }
  return async () => {
    const live = new Map<string, boolean>()
    for (const { region } of told) if (!live.has(region)) live.set(region, await isLive(region))
    return told.filter(({ region }) => live.get(region)).map(({ text }) => text)
  }
}
