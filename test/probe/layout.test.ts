import { expect, test } from 'vitest'
import { dist } from '../dist'

const { BLOCK_LENGTH, SLOTS, Slot, TABLES, Table } =
  dist<typeof import('../../src/probe/layout')>('probe/layout.js')

test('each slot has the number of its place, and the tables follow without a gap', () => {
  expect(SLOTS.map((name) => Slot[name])).toEqual([...SLOTS.keys()])
  let next = SLOTS.length
  for (const [name, length] of Object.entries(TABLES)) {
    expect(Table[name as keyof typeof Table], name).toBe(next)
    next += length
  }
  expect(BLOCK_LENGTH).toBe(next)
})
