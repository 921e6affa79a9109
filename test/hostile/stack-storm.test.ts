import { expect, test } from 'vitest'
import { Child } from '../support/child'

// Taking a stack must hurt no thread, whatever it is at: thousands a second, while V8 moves all that it can.
test.each([[[]], [['--stress-compaction']], [['--gc-interval=300']], [['--stress-lazy-source-positions']]])(
  'stacks taken without a pause, under %j',
  async (execArgv) => {
    const child = new Child('stack-storm.cjs', { args: ['3000'], execArgv })
    const { taken, frames, names } = await child.next<{ taken: number; frames: number; names: string[] }>()
    expect(taken).toBeGreaterThan(50)
    expect(frames).toBeGreaterThan(taken)
    expect(names).toContain('work')
    expect(await child.exited).toMatchObject({ code: 0, signal: null })
  },
)
