import { type ChildProcess, spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const APP = fileURLToPath(new URL('./fixtures/command.cjs', import.meta.url))
const SIGNALLED = fileURLToPath(new URL('./fixtures/signalled.cjs', import.meta.url))

const running = new Set<ChildProcess>()
const cleanUp: (() => void)[] = []
afterEach(() => {
  // With what it runs, which would go on by itself.
  for (const { pid } of running) {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
  for (const clean of cleanUp.splice(0)) clean()
})

interface Options {
  readonly env?: Record<string, string | undefined>
  readonly input?: string
  readonly cli?: string
}

/** `offloop args`, on the Node.js that runs the test. */
class Command {
  readonly process: ChildProcess
  readonly ended: Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>
  #stdout = ''
  #stderr = ''

  constructor(args: readonly string[], { env = {}, input = '', cli = CLI }: Options = {}) {
    // Tests that run at the same time would take each other's port.
    const all = { ...process.env, OFFLOOP_SERVE: 'off', ...env }
    this.process = spawn(process.execPath, [cli, ...args], {
      env: all,
      stdio: 'pipe',
      detached: true,
    })
    running.add(this.process)
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.process.stdin?.end(input)
    this.ended = new Promise((resolve) => {
      this.process.on('close', (code, signal) => {
        running.delete(this.process)
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr })
      })
    })
  }

  /** Until the application has said that it is up; rejects where it ends instead. */
  async up(): Promise<void> {
    const ended = this.ended.then((end) => Promise.reject(new Error(`it ended: ${JSON.stringify(end)}`)))
    ended.catch(() => {})
    while (!this.#stdout.includes('up\n')) {
      await Promise.race([ended, new Promise((resolve) => this.process.stdout?.once('data', resolve))])
    }
  }

  /** What a pattern finds in stderr, as soon as it does. */
  async told(pattern: RegExp): Promise<string | undefined> {
    for (;;) {
      const match = pattern.exec(this.#stderr)
      if (match !== null) return match[1]
      if (this.process.exitCode !== null) throw new Error(`it ended: ${this.#stderr}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

const offloop = (args: readonly string[], options?: Options) => new Command(args, options).ended

describe('usage', () => {
  test.each([['--help'], ['-h']])('%s', async (flag) => {
    const { code, stdout, stderr } = await offloop([flag])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^Usage: offloop run /)
    for (const name of [
      'SERVICE',
      'INTERVAL_MS',
      'SERVE',
      'SERVE_SHARE',
      'EXPORT',
      'TINYOBS_KEY',
      'LABELS',
      'HEAP_OBJECTS',
      'HEAP_ACCOUNTING',
      'STALL_MS',
      'STALL_WORKERS',
      'DISABLED',
    ]) {
      expect(stdout).toContain(`OFFLOOP_${name} `)
    }
  })

  test.each([['--version'], ['-v']])('%s', async (flag) => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(await offloop([flag])).toEqual({ code: 0, signal: null, stdout: `${version}\n`, stderr: '' })
  })

  test.each<[string, string[]]>([
    ['offloop: no command', []],
    ['offloop: unknown command start', ['start']],
    ['offloop: unknown command --inspect', ['--inspect', 'app.js']],
    ['offloop run: no script to run', ['run']],
    ['offloop run: no script to run', ['run', '--inspect']],
  ])('wrong: "%s" for %j', async (message, args) => {
    const { code, stdout, stderr } = await offloop(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(new RegExp(`^${message}\n\nUsage: offloop run `))
  })
})

describe('offloop run', () => {
  async function told(args: readonly string[], options?: Options) {
    const { code, stdout, stderr } = await offloop(['run', ...args], options)
    expect([code, stderr]).toEqual([0, ''])
    return JSON.parse(stdout) as {
      script: string
      args: string[]
      execArgv: string[]
      title: string
      sampler: string
    }
  }

  test('runs a script with a sampler', async () => {
    const { script, args, sampler } = await told([APP])
    expect({ script, args, sampler }).toEqual({
      script: APP,
      args: [],
      sampler: 'ERR_OFFLOOP_ALREADY_STARTED',
    })
  })

  test('finds a script relative to the working directory', async () => {
    expect((await told(['test/fixtures/command.cjs'])).script).toBe(APP)
  })

  test.each<[string[], string[]]>([
    [
      ['--', '--port', '80'],
      ['--port', '80'],
    ],
    [
      ['--port', '80', 'a b', ''],
      ['--port', '80', 'a b', ''],
    ],
    [
      ['--', '--', '-x'],
      ['--', '-x'],
    ],
    [
      ['tell', '--', '-x'],
      ['tell', '--', '-x'],
    ],
    [['--'], []],
    [['--help'], ['--help']],
  ])('gives the script, of what follows it %j, %j', async (given, args) => {
    expect((await told([APP, ...given])).args).toEqual(args)
  })

  test('gives Node.js what comes before the script', async () => {
    const { args, execArgv, title } = await told(['--title=shop', '--no-warnings', APP, '--title=x'])
    expect({ args, title }).toEqual({ args: ['--title=x'], title: 'shop' })
    expect(execArgv).toEqual(expect.arrayContaining(['--title=shop', '--no-warnings']))
  })

  test('takes -- before the script for the end of options', async () => {
    const { args, script } = await told(['--', APP, 'x'])
    expect({ args, script }).toEqual({ args: ['x'], script: APP })
  })

  test('lets a variable that cannot be used stop it, by name', async () => {
    const { code, stdout, stderr } = await offloop(['run', APP], { env: { OFFLOOP_LABELS: 'region' } })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('environment variable OFFLOOP_LABELS has "region" where name=value is wanted')
  })

  test('runs without a sampler under OFFLOOP_DISABLED=1', async () => {
    expect((await told([APP], { env: { OFFLOOP_DISABLED: '1' } })).sampler).toBe('none')
  })

  test('serves, and says on stderr where, also while the application blocks from its start', async () => {
    const command = new Command(['run', APP, 'blocks'], { env: { OFFLOOP_SERVE: '127.0.0.1:0' } })
    const url = await command.told(
      /^offloop: metrics are at (http:\S+); to look at them: npx offloop top \1\n$/,
    )
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('nodejs_gc_cycles_total')
    command.process.kill('SIGTERM')
    expect(await command.ended).toMatchObject({ code: 128 + 15 })
  })

  test('serves on the default address unless told otherwise, and what the application forks does not', async () => {
    const { stderr } = await offloop(['run', APP, 'forks'], { env: { OFFLOOP_SERVE: undefined } })
    // Something else on this machine may have that port.
    expect(stderr.match(/^offloop: .*$/gm)).toEqual([
      expect.stringMatching(
        /^offloop: (metrics are at http:\/\/127\.0\.0\.1:9464; |127\.0\.0\.1:9464 is in use)/,
      ),
    ])
  })

  test('serves the workers of a cluster with it', async () => {
    const command = new Command(['run', APP, 'clusters'], { env: { OFFLOOP_SERVE: undefined } })
    const url = await command.told(/^offloop: (?:metrics are at (http:\S+);|127\.0\.0\.1:9464 is in use)/)
    const workers = new Set<string | undefined>()
    // Without a URL something else on this machine has that port.
    while (url !== undefined && workers.size < 2) {
      const exposition = await (await fetch(`${url}/metrics`)).text()
      for (const [, worker] of exposition.matchAll(/\bworker="(\d+)"/g)) workers.add(worker)
    }
    command.process.kill('SIGTERM')
    expect((await command.ended).stderr.match(/^offloop: metrics/gm) ?? []).toHaveLength(
      url === undefined ? 0 : 1,
    )
  })

  test.each(['', 'off', '0'])('serves nothing under OFFLOOP_SERVE=%j', async (value) => {
    expect((await offloop(['run', APP, 'forks'], { env: { OFFLOOP_SERVE: value } })).stderr).toBe('')
  })

  test('--top wants a terminal, and a server to ask', async () => {
    const { code, stdout, stderr } = await offloop(['run', '--top', APP])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^offloop run --top: standard output is no terminal/)
  })

  test('passes standard input on', async () => {
    const input = 'a line\n'.repeat(50_000)
    expect((await offloop(['run', APP, 'echo'], { input })).stdout).toBe(input)
  })
})

describe('the exit code', () => {
  test.each<[string, string[], number]>([
    ['of the application', [APP, 'exit-3'], 3],
    ['of an uncaught error', [APP, 'throws'], 1],
    ['of a script that is not there', ['not-there.cjs'], 1],
    ['of an option that Node.js does not know', ['--no-such-option', APP], 9],
    ['of an application that SIGTERM ended', [APP, 'kills-itself', 'SIGTERM'], 128 + 15],
    ['of an application that SIGKILL ended', [APP, 'kills-itself', 'SIGKILL'], 128 + 9],
  ])('is that %s', async (_, args, code) => {
    expect(await offloop(['run', ...args])).toMatchObject({ code, signal: null })
  })
})

describe('a signal', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const)(
    '%s is passed on, and the application decides',
    async (signal) => {
      const command = new Command(['run', APP, 'handles', signal])
      await command.up()
      command.process.kill(signal)
      expect(await command.ended).toEqual({
        code: 42,
        signal: null,
        stdout: `up\ngot ${signal}\n`,
        stderr: '',
      })
    },
  )

  test('that comes before the application is up ends both', async () => {
    const env = { NODE_OPTIONS: `--require=${SIGNALLED}` }
    expect(await offloop(['run', APP, 'waits'], { env })).toMatchObject({ code: 128 + 2, signal: null })
  })

  test('that the application does not handle ends both', async () => {
    const command = new Command(['run', APP, 'waits'])
    await command.up()
    command.process.kill('SIGTERM')
    expect(await command.ended).toMatchObject({ code: 128 + 15, signal: null })
  })
})

describe('with the preload in NODE_OPTIONS too', () => {
  // The command has it as well, and would take the port of the application.
  test.each([
    ['as a file', false],
    ['through a link, as npm makes it', true],
  ])('the command started %s takes no sample itself', async (_, linked) => {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-'))
    cleanUp.push(() => rmSync(folder, { recursive: true }))
    // A package of its own, whose name tells its sampler from one of the command.
    const app = join(folder, 'shop/command.cjs')
    mkdirSync(join(folder, 'shop'))
    copyFileSync(APP, app)
    writeFileSync(join(folder, 'shop/package.json'), '{ "name": "shop" }')
    const link = join(folder, 'offloop')
    symlinkSync(CLI, link)

    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))

    const env = { NODE_OPTIONS: '--require offloop/register', OFFLOOP_SERVE: `127.0.0.1:${port}` }
    const options = { env, cli: linked ? link : CLI }
    expect(await offloop(['run', app, 'scrapes', String(port)], options)).toEqual({
      code: 0,
      signal: null,
      stdout: 'shop\n',
      stderr: `offloop: metrics are at http://127.0.0.1:${port}; to look at them: npx offloop top http://127.0.0.1:${port}\n`,
    })
  })
})
