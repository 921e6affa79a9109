import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { CLI } from './command'

/**
 * The command, in the shell of a Tmux. By variables: a line that is as long as the terminal is wide, as the path of some
 * folder would make it, has no end once the terminal is resized, and the shell goes on behind it.
 */
export const OFFLOOP = '"$NODE" "$CLI"'

/** A shell in a terminal emulator of its own, which ends with the test. */
export class Tmux {
  // Not the user's own tmux: nothing of it is seen, and nothing of it is ended.
  readonly #socket = `offloop-${randomUUID()}`
  #ended = false

  constructor(columns: number, rows: number, env: Readonly<Record<string, string>> = {}) {
    const given = Object.entries({ LC_ALL: 'C.UTF-8', NODE: process.execPath, CLI, ...env }).flatMap(
      ([name, value]) => ['-e', `${name}=${value}`],
    )
    const size = ['-x', String(columns), '-y', String(rows)]
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, ...given, 'bash --norc --noprofile')
    onTestFinished(() => this.end())
  }

  /** Of the terminal and of all that runs in it. */
  end(): void {
    if (!this.#ended) this.#tmux('kill-server')
    this.#ended = true
  }

  /** Types into the shell, or into what runs there: `q`, `Enter`, `C-c`. */
  keys(...keys: string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  run(command: string): void {
    this.#tmux('send-keys', '-l', command)
    this.keys('Enter')
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows))
  }

  /** What is to be seen. */
  screen(): string {
    return this.#tmux('capture-pane', '-p')
  }

  /** Until the shell reads again: what is typed before would be the program's that is ending. */
  async prompts(): Promise<void> {
    await this.shows((screen) => /(^|\n)bash\S*[#$]$/.test(screen.trimEnd()))
  }

  screenWithColors(): string {
    return this.#tmux('capture-pane', '-p', '-e')
  }

  /** Of the pane, such as `#{cursor_flag}`. */
  tell(format: string): string {
    return this.#tmux('display-message', '-p', format).trim()
  }

  /** The first screen that `condition` holds for. */
  async shows(condition: RegExp | ((screen: string) => boolean), timeoutMs = 25_000): Promise<string> {
    const holds = condition instanceof RegExp ? (screen: string) => condition.test(screen) : condition
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const screen = this.screen()
      if (holds(screen)) return screen
      if (Date.now() > deadline) throw new Error(`${condition} is not to be seen:\n${screen}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  #tmux(...args: string[]): string {
    const env = { ...process.env, LC_ALL: 'C.UTF-8' }
    // A tmux around the test is another one.
    delete (env as Record<string, string | undefined>).TMUX
    return execFileSync('tmux', ['-L', this.#socket, ...args], { env, encoding: 'utf8' })
  }
}
