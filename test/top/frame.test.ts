import { describe, expect, test } from 'vitest'
import type { Stall } from '../../src/core/stall'
import type { Status, Verdict } from '../../src/core/status'
import type { View } from '../../src/top/view'
import { dist } from '../dist'
import { exampleSeries, exampleStall, exampleStatus } from '../support/status-server'

const { frame } = dist<typeof import('../../src/top/frame')>('top/frame.js')
const { width } = dist<typeof import('../../src/top/text')>('top/text.js')
const { styleOf } = dist<typeof import('../../src/top/style')>('top/style.js')

const ESCAPE = String.fromCharCode(27)
const COLORS = new RegExp(`${ESCAPE}\\[(0|1|2|31|32|33)m`, 'g')
const PLAIN = { color: false, unicode: true }
const NOW = 1_764_000_000_000

function exampleView(changed: Partial<View> = {}): View {
  const status = exampleStatus()
  return {
    url: 'http://127.0.0.1:9464',
    now: NOW,
    answeredAt: NOW,
    status,
    series: exampleSeries(),
    stalls: [],
    keys: 'q leaves',
    ...changed,
  }
}

describe('at 80×24', () => {
  const lines = frame(exampleView(), { columns: 80, rows: 24 }, PLAIN)
  const text = lines.join('\n')

  test('it fills the screen and no more', () => {
    expect(lines).toHaveLength(24)
    expect(lines.at(-1)).toBe('q leaves')
  })

  test('it says what it is of, and how old', () => {
    expect(lines[0]).toBe('shop · pid 4711 · up 1 h 2 min · Node.js 20.20.2 · offloop 0.1.0')
    expect(lines[1]).toMatch(/^sample 372, 4 s old · every 10 s · nothing missed +127\.0\.0\.1:9464$/)
  })

  test('it has each verdict with a sign and a word, and what to do about a bad one', () => {
    expect(text).toMatch(/^✓ GC +normal +Collections took 1\.2%/m)
    expect(text).toMatch(/^! pause +normal/m)
    expect(text).toMatch(/^✗ heap +leaking +The live heap grew from 12 MiB/m)
    expect(text).toMatch(/^ +Take two heap snapshots, some minutes apart/m)
    expect(text).toMatch(/^\? event loop unknown/m)
  })

  test('it has a chart for what there are figures for, of the main thread', () => {
    expect(text).toMatch(/^heap used +▁▂▄▅▇█.* 40 MiB +20 MiB to 40 MiB$/m)
    expect(text).toMatch(/^GC share +█+ +1\.20%/m)
    expect(text).not.toMatch(/^CPU/m)
  })
})

describe('the charts', () => {
  const SIZES = [40, 80, 132, 240].map((columns) => ({ columns, rows: 40 }))
  const spiky = (name: string, more: Partial<View['series'][number]> = {}): View['series'][number] => ({
    name,
    labels: { service: 'shop', thread: 'main' },
    t: Array.from({ length: 300 }, (_, index) => NOW - (299 - index) * 1_000),
    v: Array.from({ length: 300 }, (_, index) => (index === 100 ? 80 : index) * 2 ** 20),
    ...more,
  })
  const rowOf = (label: string, series: View['series'], size: { columns: number; rows: number }) =>
    frame(exampleView({ series }), size, PLAIN).find((line) => line.startsWith(label)) ?? ''

  test.each(SIZES)('say the same at %j', (size) => {
    // CPU seconds of a process that is idle but for one second, and a heap.
    const cpu = spiky('process_cpu_seconds_total', {
      labels: { service: 'shop' },
      v: Array.from({ length: 300 }, (_, index) => 0.25 * index + (index > 150 ? 0.5 : 0)),
    })
    const heap = spiky('nodejs_heap_size_used_bytes')
    const range = size.columns >= 72
    expect(rowOf('CPU', [cpu, heap], size)).toMatch(range ? / 25% {3}25% to 75%$/ : / 25%$/)
    expect(rowOf('heap used', [cpu, heap], size)).toMatch(range ? / 299 MiB {3}0 B to 299 MiB$/ : / 299 MiB$/)
  })

  test('say the least and the greatest of points that stand for several samples', () => {
    const v = [1, 2, 3].map((one) => one * 2 ** 20)
    const thin = spiky('nodejs_heap_size_used_bytes', {
      t: [NOW - 200_000, NOW - 100_000, NOW],
      v,
      min: [2 ** 19, null, 2 ** 20],
      max: [2 ** 21, null, 2 ** 23],
    })
    expect(rowOf('heap used', [thin], { columns: 80, rows: 40 })).toMatch(/ 3 MiB {3}512 KiB to 8 MiB$/)
  })

  test('are of the process that the header names, where several share a port', () => {
    const of = (pid: string, mib: number) =>
      spiky('nodejs_heap_size_used_bytes', {
        labels: { service: 'shop', thread: 'main', pid, worker: '1' },
        v: Array.from({ length: 300 }, () => mib * 2 ** 20),
      })
    const size = { columns: 80, rows: 40 }
    expect(rowOf('heap used', [of('4712', 99), of('4711', 7)], size)).toMatch(/ 7 MiB {3}7 MiB to 7 MiB$/)
    expect(rowOf('heap used', [of('4712', 99)], size)).toBe('')
  })

  test.each([
    [300, 'last 5 minutes', 28],
    [120, 'last 2 minutes', 28],
    // Of a younger process: the rest of a minute is blank.
    [30, 'last 60 s', 14],
  ])('of %i samples, one a second, are of the %s', (count, title, drawn) => {
    const { t, v, ...rest } = spiky('nodejs_heap_size_used_bytes')
    const lines = frame(
      exampleView({ series: [{ ...rest, t: t.slice(-count), v: v.slice(-count) }] }),
      { columns: 80, rows: 40 },
      PLAIN,
    )
    const at = lines.findIndex((line) => line.startsWith('heap used'))
    expect(lines[at - 1]).toMatch(new RegExp(`^─ ${title} ─+ +now   lowest to highest$`))
    expect(lines[at]?.slice(13, 42).trim().length).toBeGreaterThanOrEqual(drawn)
    expect(lines[at]?.slice(13, 42).trim().length).toBeLessThanOrEqual(drawn + 1)
    // The newest is at the right.
    expect(lines[at]?.[41]).toBe('█')
  })

  test('a stall fills the loop while it lasts', () => {
    const loop = spiky('nodejs_eventloop_active_seconds_total', {
      v: Array.from({ length: 300 }, (_, index) => 0.01 * index + Math.max(0, index - 289)),
    })
    expect(rowOf('loop busy', [loop], { columns: 80, rows: 40 })).toMatch(/▁█+ +100% {3}1% to 100%$/)
  })
})

describe('a verdict in one line', () => {
  const [gc, ...others] = exampleStatus().verdicts
  const line = (verdict: object, columns: number) => {
    const verdicts = [{ ...gc, ...verdict } as Verdict, ...others]
    const view = exampleView({ status: exampleStatus({ verdicts }) })
    return frame(view, { columns, rows: 10 }, PLAIN).find((one) => one.includes(' GC ')) ?? ''
  }
  const text =
    'Collections took 0.706% of the last 5 minutes: 0.0754 major collections a second, 1.2 minor ones.'

  test('ends with a word', () => {
    expect(line({ text }, 80)).toMatch(/ {2}Collections took 0\.706% of the last 5 minutes: 0\.0754…$/)
    expect(line({ text }, 67)).toMatch(/ {2}Collections took 0\.706% of the last 5…$/)
  })

  test('is the shorter one that it has, where the whole has no room', () => {
    const short = 'Collections take 0.706%.'
    expect(line({ text, short }, 80)).toMatch(/ {2}Collections take 0\.706%\.$/)
    expect(line({ text, short }, 200)).toContain(text)
  })
})

test('the header has what there is room for, and ends with no half of a word', () => {
  const header = (columns: number, health = exampleStatus().health) =>
    frame(exampleView({ status: exampleStatus({ health }) }), { columns, rows: 24 }, PLAIN).slice(0, 2)
  expect(header(50)).toEqual([
    'shop · pid 4711 · up 1 h 2 min · Node.js 20.20.2',
    'sample 372, 4 s old · every 10 s · nothing missed',
  ])
  expect(header(40)).toEqual(['shop · pid 4711 · up 1 h 2 min', 'sample 372, 4 s old · every 10 s'])
  const health = { missedTicks: 3, droppedBatches: 0, exportFailures: 0, restarts: 0 }
  expect(header(40, health)[1]).toBe('sample 372, 4 s old · 3 samples missed')
})

describe('whatever the size', () => {
  const worker = { thread: 'resize-1', source: 'native', stalled: true, heapUsedBytes: 2 ** 20 } as const
  const full = exampleView({
    status: exampleStatus({ threads: [...exampleStatus().threads, worker] }),
    stalls: [exampleStall({ id: 2, ongoing: true }), exampleStall()],
    lost: { since: NOW - 3_000, reason: 'nothing answers at http://127.0.0.1:9464: is it started?' },
    output: ['listening on 8080', '\x1b[31mred\x1b[0m'],
  })
  const sizes = [1, 2, 5, 10, 24, 60].flatMap((rows) =>
    [1, 2, 10, 20, 40, 79, 80, 120, 300].map((columns) => [columns, rows]),
  )

  test.each(sizes)('it fits into %i×%i', (columns, rows) => {
    for (const view of [full, exampleView(), exampleView({ series: [] })]) {
      const lines = frame(view, { columns, rows } as never, PLAIN)
      expect(lines.length).toBeLessThanOrEqual(rows as number)
      for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns as number)
    }
  })

  test('at 40 columns the verdicts, charts and a stall are still there', () => {
    const text = frame(full, { columns: 40, rows: 40 }, PLAIN).join('\n')
    for (const part of ['✗ heap       leaking', 'heap used', 'main is stuck', '40 MiB'])
      expect(text).toContain(part)
  })

  test('a large one has everything in full', () => {
    const text = frame(full, { columns: 160, rows: 60 }, PLAIN).join('\n')
    for (const part of ['Nothing yet.', 'main was stuck', 'resize-1', '1 MiB', 'listening on 8080']) {
      expect(text).toContain(part)
    }
  })
})

test('a bad verdict has its sentence and its advice, a stall or not, and then come the charts beyond the fifth', () => {
  const metrics = [
    'nodejs_heap_allocated_bytes_total',
    'nodejs_eventloop_longest_turn_seconds',
    'nodejs_active_resources_total',
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
  ]
  const [first] = exampleSeries()
  const series = [...exampleSeries(), ...metrics.map((name) => ({ ...first, name }))] as View['series']
  const stalls = [exampleStall({ ongoing: true })]
  const text = frame(exampleView({ series, stalls }), { columns: 80, rows: 24 }, PLAIN).join('\n')
  for (const part of [
    'below its limit.',
    'Take two heap snapshots',
    'main is stuck',
    'at emit',
    'allocation',
  ]) {
    expect(text).toContain(part)
  }
  expect(text).not.toContain('CPU')
})

test('a stall of the last minutes comes before what is not quite well, and one of before comes after', () => {
  const notice = exampleStatus().verdicts.map((verdict) => ({
    ...verdict,
    level: 'notice' as const,
    advice: 'Do something about it. '.repeat(6).trim(),
  }))
  const lines = (stall: Stall) =>
    frame(
      exampleView({ status: exampleStatus({ verdicts: notice }), stalls: [stall] }),
      { columns: 80, rows: 24 },
      PLAIN,
    ).join('\n')
  expect(lines(exampleStall())).toContain('main was stuck')
  expect(lines(exampleStall({ startedAt: NOW - 3_600_000 }))).not.toContain('main was stuck')
})

test('verdicts stand in columns, however long their words', () => {
  const [gc, ...others] = exampleStatus().verdicts
  const long = { ...gc, word: 'stalled lately' } as Verdict
  const view = exampleView({ status: exampleStatus({ verdicts: [long, ...others] }) })
  const lines = frame(view, { columns: 100, rows: 40 }, PLAIN)
  expect(lines.join('\n')).toMatch(
    /^✓ GC {9}stalled lately {2}Collections[\s\S]*^! pause {6}normal {10}A pause/m,
  )
})

describe('a stall', () => {
  test('that lasts is above the charts, with its innermost calls', () => {
    const lines = frame(
      exampleView({ stalls: [exampleStall({ ongoing: true })] }),
      { columns: 80, rows: 24 },
      PLAIN,
    )
    const at = lines.findIndex((line) =>
      /^■ main is stuck for 2\.34 s now, since [\d:]{8}: JavaScript$/.test(line),
    )
    expect(at).toBeGreaterThan(0)
    expect(lines.slice(at + 1, at + 4)).toEqual([
      '    at total (/srv/shop/orders.js:12:7)',
      '    at (anonymous) (/srv/shop/server.mjs:3:1)',
      '    at emit',
    ])
    expect(at).toBeLessThan(lines.findIndex((line) => line.startsWith('loop busy')))
  })

  test.each([
    [{ pid: 4711 }, 'main of 4711'],
    [{ pid: 4711, worker: '3' }, 'main of worker 3, 4711'],
  ])('of one of several processes says whose it is: %j', (whose, named) => {
    const stalls = [exampleStall({ ongoing: true, ...whose }), exampleStall(whose)]
    const text = frame(exampleView({ stalls }), { columns: 80, rows: 40 }, PLAIN).join('\n')
    expect(text).toContain(`■ ${named} is stuck for 2.34 s now`)
    expect(text).toContain(`□ ${named} was stuck for 2.34 s`)
  })

  test('is shown at the place that a source map says', () => {
    const original = { file: '/srv/shop/src/total.ts', line: 3, column: 9 }
    const stack = [{ functionName: 'total', place: { file: '/srv/out.js', line: 1, column: 1 }, original }]
    const text = frame(exampleView({ stalls: [exampleStall({ stack })] }), { columns: 80, rows: 40 }, PLAIN)
    expect(text).toContain('    at total (/srv/shop/src/total.ts:3:9)')
  })
})

test('a lost server is told, and the last figures stay', () => {
  const lost = { since: NOW - 7_000, reason: 'nothing answers at http://127.0.0.1:9464' }
  const lines = frame(exampleView({ lost }), { columns: 80, rows: 24 }, PLAIN)
  expect(lines[2]).toBe('lost for 7 s, trying again: nothing answers at http://127.0.0.1:9464')
  expect(lines.join('\n')).toContain('leaking')
})

test('what the sampler missed is told', () => {
  const health = { missedTicks: 3, droppedBatches: 0, exportFailures: 12, restarts: 0 }
  const header = (health: Status['health']) =>
    frame(exampleView({ status: exampleStatus({ health }) }), { columns: 80, rows: 24 }, PLAIN)[1]
  expect(header(health)).toContain('3 samples missed, 12 exports failed')
  // What was long ago is no news: the page has it the same.
  const none = { missedTicks: 0, droppedBatches: 0, exportFailures: 0, restarts: 0 }
  expect(header({ ...health, lately: none })).toContain('nothing missed')
  expect(header({ ...health, lately: { ...none, droppedBatches: 1, restarts: 2 } })).toContain(
    ' · 1 sample dropped, 2 restarts · ',
  )
})

test('wide characters take their two columns', () => {
  const view = exampleView({ status: exampleStatus({ service: '注文サービス🛒'.repeat(10) }) })
  const [first] = frame(view, { columns: 80, rows: 24 }, PLAIN)
  expect(first).toMatch(/^注文サービス🛒注文.*…$/)
  expect(width(first as string)).toBeLessThanOrEqual(80)
})

describe('nothing of a server commands the terminal', () => {
  const evil = '\x1b[2J\x1b]0;owned\x07\x9b31m\r\n\u202e\u0000'
  const poisoned = (value: unknown): unknown => {
    if (typeof value === 'string') return `${value}${evil}`
    if (Array.isArray(value)) return value.map(poisoned)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, poisoned(one)]))
  }
  const view: View = {
    ...exampleView({ lost: { since: NOW, reason: evil }, output: [evil] }),
    url: `http://127.0.0.1/${evil}`,
    status: poisoned(
      exampleStatus({ threads: [1, 2].map(() => ({ thread: 't', source: 'native', stalled: true })) }),
    ) as Status,
    stalls: [exampleStall({ ongoing: true }), exampleStall()].map(poisoned) as never,
  }

  test.each([
    [false, true],
    [true, true],
    [false, false],
  ])('colour %s, Unicode %s', (color, unicode) => {
    const lines = frame(view, { columns: 200, rows: 100 }, { color, unicode })
    const text = lines.join('\n').replaceAll(COLORS, color ? '' : '$&')
    expect(text).toContain('\\x1b]0;owned\\x07')
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    if (!unicode) expect(text).toMatch(/^[\x20-\x7e\n]*$/)
  })
})

describe('the style', () => {
  const tty = { isTTY: true }
  test.each([
    ['a terminal', tty, {}, { color: true, unicode: true }],
    ['no terminal', { isTTY: false }, {}, { color: false, unicode: true }],
    ['NO_COLOR', tty, { NO_COLOR: '1' }, { color: false, unicode: true }],
    ['an empty NO_COLOR', tty, { NO_COLOR: '' }, { color: true, unicode: true }],
    ['another encoding', tty, { LANG: 'de_DE.ISO-8859-1' }, { color: true, unicode: false }],
    ['LC_ALL before LANG', tty, { LC_ALL: 'C.UTF-8', LANG: 'C' }, { color: true, unicode: true }],
    ['the console of Linux', tty, { TERM: 'linux' }, { color: true, unicode: false }],
  ])('of %s', (_, stream, env, style) => {
    expect(styleOf(stream, env)).toEqual(style)
  })

  test('with colour, all is the same but the colour', () => {
    const size = { columns: 80, rows: 24 }
    const colored = frame(exampleView(), size, { color: true, unicode: true })
    expect(colored.join('\n')).toContain('\x1b[31m✗ \x1b[0m')
    const trimmed = colored.map((line) => line.replaceAll(COLORS, '').trimEnd())
    expect(trimmed).toEqual(frame(exampleView(), size, PLAIN))
  })
})
