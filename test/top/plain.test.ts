// `offloop top` where nobody sits at a terminal: pipes, scripts, logs. What it asks is made up.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CLI, PlainCommand } from '../support/command'
import { freePort } from '../support/free-port'
import { exampleStall, exampleStatus, StatusServer } from '../support/status-server'

// Of a terminal everything but the end of a line is a command.
const COMMANDS = /(?!\n)\p{Cc}/u

async function listening(): Promise<{ server: StatusServer; url: string }> {
  const server = new StatusServer()
  const url = await server.listen()
  onTestFinished(() => server.close())
  return { server, url }
}

const top = (args: readonly string[], env: Record<string, string | undefined> = {}) =>
  new PlainCommand(['top', ...args], env).ended

describe('--once', () => {
  test('prints one frame without a command to a terminal, and ends', async () => {
    const { url } = await listening()
    const { code, stdout, stderr } = await top([url, '--once'], { FORCE_COLOR: '1' })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^shop · pid 4711 · up/)
    expect(stdout.match(/^shop · /gm)).toHaveLength(1)
    expect(stdout).toMatch(/✗ heap +leaking +The live heap grew from 12 MiB/)
    expect(stdout).toMatch(/^heap used +[▁▂▃▄▅▆▇█]+ +40 MiB +20 MiB to 40 MiB$/m)
    expect(stdout).not.toMatch(COMMANDS)
    expect(stdout).not.toContain('q leaves')
  })

  test('with --json prints the status, and nothing in it commands a terminal', async () => {
    const { server, url } = await listening()
    const status = exampleStatus({ service: 'shop\x1b[2J\x9b31m\u202e' })
    server.answers.status = status
    const { code, stdout, stderr } = await top(['--json', '--once', url])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual(status)
    expect(stdout.split('\n')).toHaveLength(2)
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  })

  test.each([
    ['host:port', (url: string) => url.replace('http://', '')],
    ['a port', (url: string) => new URL(url).port],
    ['a folder before it', (url: string) => `${url}/?x#y`],
  ])('takes %s for the URL', async (_, given) => {
    const { server, url } = await listening()
    expect(await top(['--once', '--json', given(url)])).toMatchObject({ code: 0, stderr: '' })
    expect(server.requests.map((request) => request.url)).toContain('/v1/status')
  })

  test('in plain ASCII where the locale has no more', async () => {
    const { url } = await listening()
    const { stdout } = await top(['--once', url], { LC_ALL: 'C' })
    expect(stdout).toMatch(/^[\x20-\x7e\n]+$/)
    expect(stdout).toMatch(/^X heap +leaking/m)
  })
})

test.each([
  ['all is well', exampleStatus().verdicts.filter(({ level }) => level !== 'bad'), 0],
  ['something is not', exampleStatus().verdicts, 1],
])('the line for scripts in docs/top.md, where %s', async (_, verdicts, code) => {
  const { server, url } = await listening()
  server.answers.status = exampleStatus({ verdicts })
  const page = readFileSync(new URL('../../docs/top.md', import.meta.url), 'utf8')
  const [, line = ''] = /^(offloop top .* \| jq .*)$/m.exec(page) ?? []
  const script = line.replace('offloop top', `"${process.execPath}" "${CLI}" top ${url}`)
  const ended = new Promise((resolve) =>
    execFile('bash', ['-c', script], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    ),
  )
  expect(await ended).toEqual({ code, stdout: `${code === 0}\n`, stderr: '' })
})

describe('without --once', () => {
  const FAST = ['--interval=0.1']

  test('a frame for each sample, and none between them', async () => {
    const { server, url } = await listening()
    const command = new PlainCommand(['top', ...FAST, url])
    const frames = () => command.stdout.match(/^shop · /gm)?.length ?? 0
    await command.until(() => frames() === 1)
    const asked = server.requests.length
    await command.until(() => server.requests.length > asked + 10)
    expect(frames()).toBe(1)
    server.answers.status = exampleStatus({ sequence: 373 })
    await command.until(() => frames() === 2)
    expect(command.stdout).not.toMatch(COMMANDS)
    expect(command.stderr).toBe('')
  })

  test('--json: a line for each sample', async () => {
    const { server, url } = await listening()
    const command = new PlainCommand(['top', '--json', ...FAST, url])
    const lines = () => command.stdout.split('\n').slice(0, -1)
    await command.until(() => lines().length === 1)
    server.answers.status = exampleStatus({ sequence: 373 })
    await command.until(() => lines().length === 2)
    expect(lines().map((line) => JSON.parse(line).sequence)).toEqual([372, 373])
  })

  test('a stall is printed when it begins and when it is over', async () => {
    const { server, url } = await listening()
    const command = new PlainCommand(['top', ...FAST, url])
    await command.until(() => command.stdout.includes('shop'))
    server.answers.stalls = { thresholdMs: 500, stalls: [exampleStall({ ongoing: true })] }
    await command.until(() => /^■ main is stuck for 2\.34 s now/m.test(command.stdout))
    await command.until(() => /^ {4}at total \(\/srv\/shop\/orders\.js:12:7\)$/m.test(command.stdout))
    server.answers.stalls = { thresholdMs: 500, stalls: [exampleStall()] }
    await command.until(() => /^□ main was stuck for 2\.34 s/m.test(command.stdout))
    // Of another process, with the same number, and not the newest.
    const other = exampleStall({ pid: 12, startedAt: exampleStall().startedAt - 1, thread: 'other' })
    server.answers.stalls = { thresholdMs: 500, stalls: [exampleStall(), other] }
    await command.until(() => /^□ other of 12 was stuck for 2\.34 s/m.test(command.stdout))
    expect(command.stdout.match(/^□ main was/gm)).toHaveLength(1)
  })

  test('a lost server is told on stderr, once, and so is that it is found again', async () => {
    const { server, url } = await listening()
    const command = new PlainCommand(['top', ...FAST, url])
    await command.until(() => command.stdout.includes('shop'))
    await server.close()
    await command.until(() => command.stderr.includes('\n'))
    const again = new StatusServer()
    await again.listen(Number(new URL(url).port))
    onTestFinished(() => again.close())
    await command.until(() => command.stderr.endsWith('found again\n'))
    expect(command.stderr).toMatch(
      /^offloop top: nothing answers at http:\/\/127[^\n]+; trying again\noffloop top: found again\n$/,
    )
  })

  test('ends with its reader', async () => {
    const { server, url } = await listening()
    const command = new PlainCommand(['top', ...FAST, url])
    await command.until(() => command.stdout.includes('shop'))
    command.process.stdout?.destroy()
    server.answers.status = exampleStatus({ sequence: 373 })
    expect(await command.ended).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('the token', () => {
  test.each([
    ['of the environment', [], { OFFLOOP_TOKEN: 'abc' }, 'Bearer abc'],
    ['of the command line, before that', ['--token=def'], { OFFLOOP_TOKEN: 'abc' }, 'Bearer def'],
    ['that is empty is none', [], { OFFLOOP_TOKEN: '' }, undefined],
  ])('%s', async (_, args, env, sent) => {
    const { server, url } = await listening()
    expect((await top([url, '--once', ...args], env)).code).toBe(0)
    expect(new Set(server.requests.map(({ authorization }) => authorization))).toEqual(new Set([sent]))
  })

  test.each([
    [undefined, /^offloop top: \S+ wants a token: set OFFLOOP_TOKEN to the process's serve\.token\n$/],
    ['secret', /^offloop top: \S+ does not know this token: it is not the process's serve\.token\n$/],
  ])('that is refused: %s', async (token, message) => {
    const { server, url } = await listening()
    server.answers.code = 401
    const { code, stdout, stderr } = await top([url, '--once'], { OFFLOOP_TOKEN: token })
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('secret')
  })
})

describe('no answer that can be used: exit code 1, and what to do', () => {
  test('where nothing listens', async () => {
    const port = await freePort()
    const { code, stdout, stderr } = await top([String(port)])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /^offloop top: nothing answers at http:\/\/127\.0\.0\.1:\d+: is the process started with serve\? \(.*offloop run.*\)\n$/,
    )
  })

  test.each([
    ['403', { code: 403 }, /add it to serve\.hosts/],
    ['404', { code: 404 }, /it is not offloop, or an older one/],
    ['500', { code: 500 }, /answers \/v1\/status with status 500/],
    ['no JSON', { status: '<html>\x1b[2J' }, /is not offloop, or of another version: .*it is no JSON/],
    ['JSON of another', { status: { ok: true } }, /service is no string/],
    ['part of it', { status: { ...exampleStatus(), verdicts: [{}] } }, /verdicts\[0\]\.id is no string/],
    [
      'a figure too large',
      { status: JSON.stringify(exampleStatus()).replace('4711', '1e999') },
      /pid is no number/,
    ],
  ])('%s', async (_, answers, message) => {
    const { server, url } = await listening()
    Object.assign(server.answers, answers)
    const { code, stdout, stderr } = await top([url, '--once'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(COMMANDS)
  })

  test('one without an end', async () => {
    const server = createServer((_, response) => {
      const chunk = Buffer.alloc(2 ** 20, ' ')
      const more = () => response.write(chunk, (error) => error ?? more())
      more()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const { code, stderr } = await top([String((server.address() as AddressInfo).port), '--once'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/answers with more than 8388608 bytes: it is not offloop/)
  })
})

describe('the arguments', () => {
  test.each([['--help'], ['-h']])('%s', async (flag) => {
    const { code, stdout, stderr } = await top([flag])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^Usage: offloop top \[URL\]/)
    for (const name of [
      '--once',
      '--json',
      '--interval',
      '--token',
      'OFFLOOP_TOKEN',
      'NO_COLOR',
      'list of processes',
    ]) {
      expect(stdout).toContain(name)
    }
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })

  test.each([
    [['--nope'], /Unknown option '--nope'/],
    [['1', '2'], /one URL at most, and not 2/],
    [['ftp://x'], /ftp: is neither http: nor https:/],
    [['http://:x'], /http:\/\/:x is no URL, such as http:\/\/127\.0\.0\.1:9464/],
    [['http://me:secret@x'], /OFFLOOP_TOKEN is for the token/],
    [['--interval=0'], /--interval must be a number of seconds from 0\.1 to 3600, and is "0"/],
    [['--token=a\nb'], /the token has characters that no header can have/],
    [['--once=1'], /--once/],
  ])('wrong: %j', async (args, message) => {
    const { code, stdout, stderr } = await top(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^offloop top: .*\n`offloop top --help` tells more\.\n$/)
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('secret')
  })
})
