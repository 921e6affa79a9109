// The allocation of a service at work: most objects die young, some live on in the place of older ones, all over the
// heap. So the caches are as cold at a collection as they are in earnest; a loop of gc() would hide that.

const ORDER = JSON.stringify({
  id: 1,
  name: 'order',
  items: [1, 2, 3],
  price: 1.5,
  note: { paid: true, by: 'card' },
})

/**
 * @param {number} liveRecords how many records stay; about 300 bytes each
 * @param {(id: number) => ReturnType<typeof record>[]} serve what a request leaves behind
 */
export function createService(liveRecords, serve = makeRecords) {
  // JSON.parse makes what stays, since V8 learns for each literal in the source how long its objects live: literals
  // would be allocated in the old generation soon, and hardly anything would be left to scavenge.
  const live = Array.from({ length: liveRecords }, () => JSON.parse(ORDER))
  let served = 0
  let checksum = 0
  return {
    /** Serves some requests, of about a kilobyte of garbage each. @param {number} requests */
    turn(requests) {
      for (let i = 0; i < requests; i++) {
        const id = served++
        const records = serve(id)
        checksum += records[id % records.length].items[id % 3]
        if (id % 20 === 0) live[(id * 7919) % live.length] = JSON.parse(ORDER)
      }
      return checksum
    },
  }
}

/** Little work for much garbage. @param {number} id */
export function makeRecords(id) {
  return [record(id), record(id + 1), record(id + 2), record(id + 3), record(id + 4)]
}

/** What a service does with a request. @param {number} id @returns {ReturnType<typeof record>[]} */
export function exchangeJson(id) {
  return JSON.parse(JSON.stringify([record(id), record(id + 1), record(id + 2)]))
}

/** @param {number} id */
function record(id) {
  return {
    id,
    name: `order-${id}`,
    items: [id, id + 1, id + 2],
    price: id * 1.5,
    note: { paid: id % 2 === 0 },
  }
}

/** Lets the event loop turn. */
export function nextTurn() {
  return new Promise((resolve) => setImmediate(resolve))
}
