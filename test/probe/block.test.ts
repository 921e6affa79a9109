import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { dist } from '../dist'

const { BlockReader, BlockWriter } = dist<typeof import('../../src/probe/block')>('probe/block.js')
const { BLOCK_LENGTH, SLOTS, Slot, TABLES } = dist<typeof import('../../src/probe/layout')>('probe/layout.js')
const { loadBinding } = dist<typeof import('../../src/probe/load')>('probe/load.js')

describe('the layout', () => {
  const header = readFileSync(new URL('../../native/block.h', import.meta.url), 'utf8')

  test('is the list of native/block.h', () => {
    const list = header.slice(header.indexOf('#define OFFLOOP_SLOTS'), header.indexOf('enum Slot'))
    const names = [...list.matchAll(/\bSLOT\((\w+)\)(?=\s)/g)].map(([, name]) => name)
    expect(names).toEqual([...SLOTS])
  })

  test('is the list of the addon, and a block is as large', () => {
    const { binding, reason } = loadBinding()
    if (binding === undefined) throw new Error(reason)
    expect(binding.layout.split(',')).toEqual([...SLOTS, ...Object.entries(TABLES).flat().map(String)])
    expect(binding.attach(0, '').byteLength).toBe(BLOCK_LENGTH * 8)
  })

  test('numbers each slot by its place', () => {
    expect(Object.entries(Slot)).toEqual(SLOTS.map((name, index) => [name, index]))
    expect(new Set(SLOTS).size).toBe(SLOTS.length)
  })
})

describe('one thread', () => {
  test('reads what it writes, slot by slot and as a whole', () => {
    const writer = new BlockWriter()
    const reader = new BlockReader(writer.memory)
    const target = new Float64Array(BLOCK_LENGTH)
    expect(reader.read(target)).toBe(true)
    expect([...target]).toEqual(new Array(BLOCK_LENGTH).fill(0))

    writer.update(() => {
      writer.set('heapUsedBytes', 1.5)
      writer.add('gcCycles', 2)
      writer.add('gcCycles', 3)
    })
    writer.set('heapObjects', Number.NaN)
    expect(reader.get('heapUsedBytes')).toBe(1.5)
    expect(reader.get('gcCycles')).toBe(5)
    expect(reader.get('heapObjects')).toBeNaN()
    expect(reader.read(target)).toBe(true)
    expect(target[Slot.heapUsedBytes]).toBe(1.5)
    expect(target[Slot.gcCycles]).toBe(5)
    expect(target[Slot.gcPauseNs]).toBe(0)
  })

  test('does not read within an update, and says so', () => {
    const writer = new BlockWriter()
    const reader = new BlockReader(writer.memory)
    const target = new Float64Array(BLOCK_LENGTH)
    writer.update(() => {
      writer.set('gcCycles', 1)
      expect(reader.read(target)).toBe(false)
    })
    expect(reader.read(target)).toBe(true)
    expect(target[Slot.gcCycles]).toBe(1)
  })
})

test('a reader never sees half an update of another thread', async () => {
  const UPDATES_SEEN = 20_000
  const module = createRequire(import.meta.url).resolve('../../dist/probe/block.js')
  const writing = new Worker(
    `
    const { parentPort, workerData } = require('node:worker_threads')
    const { BlockWriter } = require(workerData.module)
    const writer = new BlockWriter()
    parentPort.postMessage(writer.memory)
    const pauses = new Int32Array(new SharedArrayBuffer(4))
    for (let n = 1; ; n++) {
      writer.update(() => {
        for (const slot of workerData.slots) writer.set(slot, n)
      })
      // Between updates a reader has to find the time for a copy.
      for (let pause = 0; pause < (n % 16) * 20; pause++) Atomics.load(pauses, 0)
    }
    `,
    { eval: true, workerData: { module, slots: SLOTS.slice(1) }, execArgv: [] },
  )
  const memory = await new Promise<SharedArrayBuffer>((resolve, reject) => {
    writing.once('message', resolve)
    writing.once('error', reject)
  })

  const reader = new BlockReader(memory)
  const target = new Float64Array(BLOCK_LENGTH)
  let last = 0
  let seen = 0
  let torn = 0
  let backwards = 0
  while (seen < UPDATES_SEEN) {
    // A writer that loses the processor within an update is not waited for.
    if (!reader.read(target)) continue
    const first = target[1] as number
    for (let slot = 2; slot < SLOTS.length; slot++) if (target[slot] !== first) torn++
    if (first < last) backwards++
    if (first !== last) seen++
    last = first
  }
  await writing.terminate()
  expect({ torn, backwards }).toEqual({ torn: 0, backwards: 0 })
})
