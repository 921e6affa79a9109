import type { Page } from 'playwright-core'
import { Child } from './child'

/** A service of its own that has the page, which ends with `finished`. */
export async function servePage(
  finished: (clean: () => void) => void,
  { intervalMs = 500, port = 0, token = '' } = {},
): Promise<{ child: Child; url: string }> {
  const child = new Child('page.cjs', { args: [String(intervalMs), String(port), token], finished })
  return { child, url: (await child.next<{ url: string }>()).url }
}

/** Until the page has something on its charts. */
export async function drawn(page: Page): Promise<void> {
  await page.locator('#chart-heap canvas').waitFor()
  await page.locator('#chart-heap .value').first().waitFor()
}

export const legend = (page: Page, chart: string) => page.locator(`#chart-${chart} .legend`).innerText()
