import { BLOCK_LENGTH, Slot, type SlotName, Table, type TableName } from './layout'

// A writer needs some 20 ns for an update; a reader that loses this often is not racing but looking at garbage.
const READ_ATTEMPTS = 1000

/**
 * Reads a block that another thread writes. The sequence lock's closing read is a read-modify-write on purpose: a
 * plain load could be overtaken by the copy's own loads on arm64, an RMW cannot (native/block.h has the other half).
 */
export class BlockReader {
  readonly #sequence: Int32Array
  readonly #slots: Float64Array

  constructor(memory: SharedArrayBuffer) {
    this.#sequence = new Int32Array(memory, 0, 1)
    this.#slots = new Float64Array(memory, 0, BLOCK_LENGTH)
  }

  /** One slot as it is now, for figures that need no others beside them. */
  get(slot: SlotName): number {
    return this.#slots[Slot[slot]] ?? Number.NaN
  }

  /** Copies the whole block, consistently, into `target`; false where that failed and `target` is not to be used. */
  read(target: Float64Array): boolean {
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const before = Atomics.load(this.#sequence, 0)
      if ((before & 1) === 1) continue
      target.set(this.#slots)
      if (Atomics.add(this.#sequence, 0, 0) === before) return true
    }
    return false
  }
}

/** Writes a block from JavaScript, by the same rules as the native probe. One writer a block. */
export class BlockWriter {
  readonly memory = new SharedArrayBuffer(BLOCK_LENGTH * Float64Array.BYTES_PER_ELEMENT)
  readonly #sequence = new Int32Array(this.memory, 0, 1)
  readonly #slots = new Float64Array(this.memory)

  set(slot: SlotName, value: number): void {
    this.#slots[Slot[slot]] = value
  }

  add(slot: SlotName, value: number): void {
    this.#slots[Slot[slot]] = (this.#slots[Slot[slot]] ?? 0) + value
  }

  /** Adds to one figure of a table. */
  addAt(table: TableName, index: number, value: number): void {
    const at = Table[table] + index
    this.#slots[at] = (this.#slots[at] ?? 0) + value
  }

  setAt(table: TableName, index: number, value: number): void {
    this.#slots[Table[table] + index] = value
  }

  getAt(table: TableName, index: number): number {
    return this.#slots[Table[table] + index] ?? Number.NaN
  }

  /** Runs `change`, whose sets and adds readers see all together or not at all. */
  update(change: () => void): void {
    Atomics.add(this.#sequence, 0, 1)
    change()
    Atomics.add(this.#sequence, 0, 1)
  }
}
