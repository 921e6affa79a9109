import { expect, test } from 'vitest'
import { Child } from '../support/child'
import { parsePrometheus } from '../support/exposition'

test('a scrape reads counters as they are now, refreshes old heap figures, and is no sample', async () => {
  const child = new Child('scraped.cjs', { execArgv: ['--expose-gc'] })
  const { url } = await child.next<{ url: string }>()
  const scrape = async () => {
    const families = parsePrometheus(await (await fetch(`${url}/metrics`)).text())
    const value = (name: string, kind?: string) =>
      families.get(name)?.samples.find(({ labels }) => kind === undefined || labels.kind === kind)?.value
    return {
      major: value('nodejs_gc_cycles_total', 'major'),
      age: value('offloop_sample_age_seconds') as number,
    }
  }

  const before = await scrape()
  child.send('collect')
  const { majorCycles } = await child.next<{ majorCycles: number }>()
  expect(majorCycles).toBe((before.major as number) + 1)
  expect((await scrape()).major).toBe(majorCycles)

  // Figures younger than a second serve as they are, older ones are asked for again.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect((await scrape()).age).toBeLessThan(1)

  const stored = await fetch(`${url}/v1/query?metric=nodejs_heap_size_used_bytes`)
  expect(((await stored.json()) as { count: number }).count).toBe(1)
  child.send('collect')
  expect((await child.next<{ batches: number }>()).batches).toBe(1)
  child.kill()
})
