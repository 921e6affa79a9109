import type { ShownStall } from '../../src/core/stall'
import { parsePrometheus } from './exposition'

export interface Scrape {
  readonly at: number
  /** Undefined where the thread is not watched. */
  readonly total: number | undefined
  readonly stalled: number | undefined
}

/** A worker; before Node.js 22.20 it does not know its own name. */
export const WORKER = /#\d+$/

/** What `/metrics` says of the stalls of a thread, by its label. */
export async function scrapeStalls(url: string, thread = /^main$/): Promise<Scrape> {
  const families = parsePrometheus(await (await fetch(`${url}/metrics`)).text())
  const value = (name: string) =>
    families.get(name)?.samples.find(({ labels }) => thread.test(labels.thread ?? ''))?.value
  return {
    at: Date.now(),
    total: value('nodejs_eventloop_stalls_total'),
    stalled: value('nodejs_eventloop_stalled'),
  }
}

/** The first scrape that shows a stall; gives up at `until`. */
export async function whenStalled(
  url: string,
  until = Date.now() + 20_000,
  thread = /^main$/,
): Promise<Scrape> {
  for (;;) {
    const now = await scrapeStalls(url, thread)
    if (now.stalled === 1 || now.at > until) return now
    await pause(20)
  }
}

export async function listStalls(url: string): Promise<{ thresholdMs: number | null; stalls: ShownStall[] }> {
  return (await (await fetch(`${url}/v1/stalls`)).json()) as {
    thresholdMs: number | null
    stalls: ShownStall[]
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
