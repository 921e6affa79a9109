import { writeSync } from 'node:fs'

// The screen of its own that an editor takes, no cursor, and no new line by a character too many.
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J'
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

type Input = typeof process.stdin
type Output = typeof process.stdout

/**
 * A terminal, while a view has it. However the process ends, short of SIGKILL, the terminal is again as it was:
 * `leave` runs at each exit, before an uncaught error is printed, and before a signal ends the process.
 */
export class Terminal {
  readonly #input: Input
  readonly #output: Output
  /** Returns whether it takes care of the signal; else it ends this process, as it would have. */
  readonly #signalled: (signal: NodeJS.Signals) => boolean
  readonly #ends = new Map<NodeJS.Signals, () => void>()
  #onKeys: (keys: Buffer) => void = () => {}
  #onResize: () => void = () => {}
  #entered = false
  #last = ''

  constructor(input: Input, output: Output, signalled: (signal: NodeJS.Signals) => boolean) {
    this.#input = input
    this.#output = output
    this.#signalled = signalled
  }

  get size(): { columns: number; rows: number } {
    // A terminal that does not know its size says 0.
    return { columns: this.#output.columns || 80, rows: this.#output.rows || 24 }
  }

  enter(onKeys: (keys: string) => void, onResize: () => void): void {
    this.#show()
    this.#onKeys = (keys) => onKeys(keys.toString())
    this.#onResize = () => {
      // What the terminal made of the old picture is not to stay, even where the new one is the same.
      this.#last = ''
      onResize()
    }
    if (this.#input.isTTY) this.#input.on('data', this.#onKeys)
    this.#output.on('resize', this.#onResize)
    process.on('exit', this.leave)
    // Else the error would be told on a screen that is gone in the same moment.
    process.on('uncaughtExceptionMonitor', this.leave)
    for (const signal of ENDS) {
      const end = () => {
        if (this.#signalled(signal)) return
        this.leave()
        process.kill(process.pid, signal)
      }
      this.#ends.set(signal, end)
      process.on(signal, end)
    }
  }

  /** Only what has changed since the last time. */
  draw(lines: readonly string[]): void {
    // Each line is cleared before it is written: behind one that is full the cursor stands on its last character.
    const text = lines.map((line) => `\x1b[2K${line}`).join('\r\n')
    if (!this.#entered || text === this.#last) return
    this.#last = text
    this.#output.write(`\x1b[H${text}${lines.length < this.size.rows ? '\r\n\x1b[J' : ''}`)
  }

  /** Gives the terminal back, stops with the shell's other jobs, and is here again with `fg`. */
  suspend(): void {
    this.#hide()
    process.once('SIGCONT', () => this.#show())
    // As the key does it where no program reads it: to the whole job, npx included.
    process.kill(0, 'SIGTSTP')
  }

  readonly leave = (): void => {
    this.#hide()
    for (const [signal, end] of this.#ends) process.off(signal, end)
    this.#ends.clear()
    process.off('exit', this.leave)
    process.off('uncaughtExceptionMonitor', this.leave)
    this.#input.off('data', this.#onKeys)
    this.#output.off('resize', this.#onResize)
  }

  #show(): void {
    this.#entered = true
    this.#last = ''
    if (this.#input.isTTY) this.#input.setRawMode(true).resume()
    this.#output.write(ENTER)
  }

  #hide(): void {
    if (!this.#entered) return
    this.#entered = false
    try {
      if (this.#input.isTTY) this.#input.setRawMode(false).pause()
      // At once: nothing is written any more after an 'exit' event.
      writeSync(this.#output.fd, LEAVE)
    } catch {
      // The terminal is gone.
    }
  }
}
