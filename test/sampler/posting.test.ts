import { beforeEach, describe, expect, test } from 'vitest'
import { dist } from '../dist'
import { batch } from '../support/batches'

const { Posting } = dist<typeof import('../../src/sampler/posting')>('sampler/posting.js')

describe('batches for the main thread', () => {
  let posted: number[]
  let dropped: number
  let posting: InstanceType<typeof Posting>

  beforeEach(() => {
    posted = []
    dropped = 0
    posting = new Posting(
      ({ sequence }) => posted.push(sequence),
      () => dropped++,
    )
  })

  const push = (first: number, last: number) => {
    for (let sequence = first; sequence <= last; sequence++) posting.push(batch(sequence))
  }
  const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

  test('are posted at once while it keeps up', () => {
    for (let sequence = 1; sequence <= 1_000; sequence++) {
      posting.push(batch(sequence))
      expect(posted.at(-1)).toBe(sequence)
      posting.acknowledge()
    }
    expect(posted).toEqual(range(1, 1_000))
    expect(dropped).toBe(0)
  })

  test('wait behind six that it has not taken, one more for each that it takes', () => {
    push(1, 10)
    expect(posted).toEqual(range(1, 6))
    posting.acknowledge()
    expect(posted).toEqual(range(1, 7))
    posting.acknowledge()
    posting.acknowledge()
    expect(posted).toEqual(range(1, 9))
    push(11, 11)
    expect(posted).toEqual(range(1, 9))
    for (let acknowledged = 0; acknowledged < 8; acknowledged++) posting.acknowledge()
    expect(posted).toEqual(range(1, 11))
    expect(dropped).toBe(0)
  })

  test('are never more than six on their way', () => {
    let acknowledged = 0
    for (let sequence = 1; sequence <= 500; sequence++) {
      posting.push(batch(sequence))
      // A main thread that takes two of three.
      if (sequence % 3 !== 0) {
        posting.acknowledge()
        acknowledged++
      }
      expect(posted.length - acknowledged).toBeLessThanOrEqual(6)
    }
  })

  test('are dropped from the oldest, and counted, once 120 wait', () => {
    push(1, 126)
    expect(dropped).toBe(0)
    push(127, 130)
    expect(dropped).toBe(4)
    expect(posted).toEqual(range(1, 6))
    for (let acknowledged = 0; acknowledged < 130; acknowledged++) posting.acknowledge()
    expect(posted).toEqual([...range(1, 6), ...range(11, 130)])
    expect(dropped).toBe(4)
  })

  test('are all posted at the end, in order', () => {
    push(1, 20)
    posting.flush()
    expect(posted).toEqual(range(1, 20))
    posting.flush()
    expect(posted).toHaveLength(20)
  })
})
