import { expect, test } from 'vitest'
import type { Stall } from '../../src/core/stall'
import { dist } from '../dist'
import { ManualClock } from '../support/manual-clock'

const { StallReport } = dist<typeof import('../../src/sampler/stall-report')>('sampler/stall-report.js')

function stall(id: number, given: Partial<Stall> = {}): Stall {
  return {
    id,
    thread: 'main',
    startedAt: 0,
    durationMs: 1_025,
    ongoing: true,
    cause: 'code',
    gcMs: 0,
    ...given,
  }
}

function reporting() {
  const said: string[] = []
  const clock = new ManualClock()
  return { said, clock, report: new StallReport(clock, (message) => said.push(message)) }
}

test('one line and the top of the stack, in terms of the original source', () => {
  const { said, report } = reporting()
  const place = { file: '/app/dist/a.js', line: 3, column: 5 }
  const stack = [
    { functionName: 'wait' },
    { functionName: 'handler', place, original: { file: '/app/src/a.ts', line: 7, column: 1 } },
    { functionName: '', place },
  ]
  report.tell(stall(1, { stack }))
  expect(said).toEqual([
    [
      'the event loop of main is stuck, for 1.0 s so far',
      '    at wait (<native>)',
      '    at handler (/app/src/a.ts:7:1)',
      '    at /app/dist/a.js:3:5',
    ].join('\n'),
  ])
})

test('what there is no stack of, and why', () => {
  const { said, report } = reporting()
  report.tell(stall(1, { cause: 'native' }))
  report.tell(stall(2, { cause: 'gc', gcMs: 940 }))
  report.tell(stall(3, { cause: 'debugger' }))
  report.tell(stall(4, { ongoing: false }))
  report.tell(stall(5))
  expect(said).toEqual([
    'the event loop of main is stuck, for 1.0 s so far: in a synchronous native call, during which there is no stack',
    'the event loop of main is stuck, for 1.0 s so far: garbage collection took 0.9 s of it',
    'the event loop of main was stuck for 1.0 s',
    'the event loop of main is stuck, for 1.0 s so far: it waits for a CPU, and has not given its stack yet',
  ])
})

test('a long stack is cut', () => {
  const { said, report } = reporting()
  report.tell(stall(1, { stack: Array.from({ length: 20 }, () => ({ functionName: 'again' })) }))
  expect(said[0]?.split('\n')).toHaveLength(10)
  expect(said[0]).toMatch(/\n {4}… and 12 more$/)
})

test('five a minute are said, and the rest is counted', async () => {
  const { said, clock, report } = reporting()
  for (let id = 1; id <= 9; id++) report.tell(stall(id, { stack: [] }))
  expect(said).toHaveLength(5)
  await clock.advance(60_000)
  report.tell(stall(10, { stack: [] }))
  report.tell(stall(11, { stack: [] }))
  expect(said.slice(5)).toEqual([
    'the event loop of main is stuck, for 1.0 s so far (4 before it not shown)',
    'the event loop of main is stuck, for 1.0 s so far',
  ])
})
