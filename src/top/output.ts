import type { Readable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { stripVTControlCharacters } from 'node:util'

const MAX_LINES = 1_000
const MAX_LINE_LENGTH = 10_000

interface Entry {
  readonly text: string
  readonly to: WriteStream
}

/** What an application says while a view has its terminal: the last thousand lines, until they can be shown. */
export class Output {
  readonly #lines: Entry[] = []
  #dropped = 0
  #kept = true
  readonly #unfinished = new Map<WriteStream, string>()

  /**
   * `onLine` sees each line of `from`. They are kept, and passed on to `to` after `release`; at once where `to` is not
   * the terminal that the view has: a file, or another program.
   */
  take(from: Readable, to: WriteStream, onLine: (line: string) => void): void {
    from.setEncoding('utf8').on('data', (chunk: string) => {
      const held = this.#kept && to.isTTY
      if (!held) {
        // Whoever prints more than the terminal takes waits, as it would with no view.
        if (!to.write(chunk)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
      }
      if (!this.#kept) return
      const lines = ((this.#unfinished.get(to) ?? '') + chunk).split('\n')
      // One that never ends is not kept whole.
      this.#unfinished.set(to, (lines.pop() as string).slice(-MAX_LINE_LENGTH))
      for (const text of lines) {
        if (held) this.#lines.push({ text, to })
        onLine(text)
      }
      const more = this.#lines.length - MAX_LINES
      if (more > 0) this.#dropped += this.#lines.splice(0, more).length
    })
  }

  /** The last lines as plain text: their colours and cursor movements are not for a pane. */
  last(count: number): string[] {
    return this.#lines
      .slice(-count)
      .map(({ text }) => stripVTControlCharacters(text.replace(/\r$/, '').replaceAll('\t', '  ')))
  }

  /** To where it belongs, from now on at once. */
  release(): void {
    if (!this.#kept) return
    this.#kept = false
    if (this.#dropped > 0) process.stderr.write(`offloop: the first ${this.#dropped} lines were not kept\n`)
    for (const { text, to } of this.#lines.splice(0)) to.write(`${text}\n`)
    for (const [to, text] of this.#unfinished) if (to.isTTY) to.write(text)
  }
}
