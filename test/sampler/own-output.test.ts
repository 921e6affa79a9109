import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { Child } from '../support/child'

const SAID = 3

test('what an exporter writes is seen while the main thread is stuck', async () => {
  const { process } = new Child('talking.cjs')
  await Promise.all([
    seen(process.stdout as Readable, 'told on stdout\n'),
    seen(process.stderr as Readable, 'told on stderr\n'),
  ])
})

/** Several times, since the first may be from before it was stuck. */
async function seen(stream: Readable, line: string): Promise<void> {
  let text = ''
  for await (const chunk of stream) {
    text += chunk
    if (text.split(line).length > SAID) return
  }
  expect(text).toContain(line)
}
