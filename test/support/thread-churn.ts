import { expect } from 'vitest'
import { Child } from './child'

interface Left {
  readonly rssMb: number
  readonly fds: number
  readonly threads: number
  readonly resources: number
  readonly probes: number
  readonly livingProbes: number
}

interface Churned {
  readonly threads: number
  readonly cycles: number
  readonly idle: number
  readonly sums: Record<string, { readonly byThread: number; readonly inTotals: number }>
  readonly wrong: readonly number[]
  readonly exporting: Record<string, { readonly byThread: number; readonly exported: number }>
  readonly missed: { readonly least: number; readonly most: number }
  readonly faults: readonly string[]
  readonly batches: number
  readonly others: number
  readonly mostThreads: number
  readonly threadsLeft: readonly string[]
  readonly looks: readonly Left[]
  readonly blocks: { readonly held: number; readonly left: number }
}

/** Lets threads come and go for `phases` times `ms`; no count may be lost, and nothing may be left. */
export async function churn(phases: number, ms: number, ...ways: 'brackets'[]): Promise<Churned> {
  const args = [String(phases), String(ms), ...ways]
  const child = new Child('thread-churn.cjs', { args, execArgv: ['--expose-gc'] })
  const told = await child.next<Churned>()
  expect(await child.exited).toMatchObject({ code: 0, signal: null })

  // Each thread's own block, the totals in the addon, and what is exported of them: the same to the nanosecond.
  for (const [name, { byThread, inTotals }] of Object.entries(told.sums))
    expect(inTotals, name).toBe(byThread)
  expect(told.wrong).toEqual([])
  for (const [kind, { byThread, exported }] of Object.entries(told.exporting)) {
    expect(exported, kind).toBe(byThread)
  }
  // What a thread read of itself when it ended; a collection may come after that.
  expect(told.missed.least).toBe(0)
  expect(told.missed.most).toBeLessThanOrEqual(3)
  expect(told.threads).toBeGreaterThan(72)
  expect(told.cycles).toBeGreaterThan(told.threads)

  // No counter of any series went down meanwhile, and there were never too many of them.
  // As one text: of a list a failure would show its length.
  expect(told.faults.join('\n')).toBe('')
  expect(told.mostThreads).toBeLessThanOrEqual(64)
  expect(told.threadsLeft.filter((thread) => thread !== 'other')).toEqual(['main'])

  // The first phase fills caches, and the store.
  const [cold, warm, ...later] = told.looks as [Left, Left, ...Left[]]
  for (const { rssMb, ...rest } of later) {
    expect(rest).toEqual({
      fds: warm.fds,
      threads: warm.threads,
      resources: warm.resources,
      probes: 1,
      livingProbes: 1,
    })
    // An isolate that is left has some 4 MB, and each phase has 72 and more. Node.js 24 and 26 alone keep 1 GB of what
    // threads had, and that goes up and down by 80 MB and more from phase to phase, with our probes and without: so
    // the bound is from the phase that happened to keep more.
    expect(rssMb).toBeLessThan(Math.max(cold.rssMb, warm.rssMb) + 200)
  }

  // Every block of a thread that ended, and the main thread's.
  expect(told.blocks).toEqual({ held: told.threads + 1, left: 1 })
  return told
}
