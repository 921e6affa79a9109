// What a browser with the page open asks for: `page-client.mjs URL INTERVAL_MS`. In a process of its own, since it is
// not what is measured. What a version of ours does not have is answered with 404, which is fine.
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(import.meta.url)
const ROUTES = ['/v1/status', '/v1/series', '/v1/stalls']

/**
 * Opens it; it closes with the process that opened it.
 * @param {string} url
 * @param {number} intervalMs
 */
export function openPage(url, intervalMs) {
  const child = spawn(process.execPath, [file, url, String(intervalMs)], {
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // The pipe is what tells it of our end, and must not put that off.
  const pipe = /** @type {import('node:net').Socket} */ (/** @type {unknown} */ (child.stdin))
  pipe.unref()
  child.unref()
}

if (process.argv[1] === file) {
  const [url, intervalMs] = process.argv.slice(2)
  process.stdin.on('end', () => process.exit()).resume()
  await get(`${url}/`)
  void listen(`${url}/v1/events`)
  for (;;) {
    const answers = await Promise.all(ROUTES.map((route) => get(url + route)))
    // Of the routes of the page there are none: then what a dashboard asks for.
    if (!answers.some(Boolean)) await get(`${url}/metrics`)
    await sleep(Number(intervalMs))
  }
}

/** Whether it was there. @param {string} url */
async function get(url) {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** Server-sent events, for as long as they come. @param {string} url */
async function listen(url) {
  try {
    const { body } = await fetch(url, { headers: { accept: 'text/event-stream' } })
    for await (const _ of body ?? []);
  } catch {
    // It ended.
  }
}
