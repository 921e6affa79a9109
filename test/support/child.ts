import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A script of test/fixtures in a process of its own, on the Node.js that runs the test. */
export class Child {
  readonly process: ChildProcess
  readonly exited: Promise<Exit>
  readonly #received: unknown[] = []
  #wake: () => void = () => {}

  constructor(
    fixture: string,
    {
      args = [],
      execArgv = [],
      env = {},
      finished = onTestFinished,
    }: {
      args?: string[]
      execArgv?: string[]
      env?: Record<string, string>
      /** For tests that run at the same time: each has its own, in its context. */
      finished?: (clean: () => void) => void
    } = {},
  ) {
    const file = fileURLToPath(new URL(`../fixtures/${fixture}`, import.meta.url))
    this.process = fork(file, args, { execArgv, env: { ...process.env, ...env }, stdio: 'pipe' })
    // A test that gives up leaves nothing that runs on.
    finished(() => {
      this.process.kill('SIGKILL')
    })
    let stdout = ''
    let stderr = ''
    this.process.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
    })
    this.process.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    this.process.on('message', (message) => {
      this.#received.push(message)
      this.#wake()
    })
    this.exited = new Promise((resolve) => {
      this.process.on('close', (code, signal) => {
        resolve({ code, signal, stdout, stderr })
        this.#wake()
      })
    })
  }

  /** The next message that the script sends; rejects where it ends without one. */
  async next<T>(): Promise<T> {
    let ended: Exit | undefined
    void this.exited.then((exit) => {
      ended = exit
    })
    while (this.#received.length === 0) {
      if (ended !== undefined) throw new Error(`the script ended: ${JSON.stringify(ended)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#received.shift() as T
  }

  send(message: unknown): void {
    this.process.send(message as object)
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.process.kill(signal)
  }
}
