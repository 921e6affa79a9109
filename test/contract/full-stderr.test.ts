import { execFileSync, spawn } from 'node:child_process'
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { listStalls, scrapeStalls, whenStalled } from '../support/stalls'

// A collector of logs that hangs: the main thread waits in write(2), and must be the only one that does.

const FIXTURE = fileURLToPath(new URL('../fixtures/full-stderr.cjs', import.meta.url))

/** A child whose stderr is of a kind, and what reads it. */
const KINDS = {
  pipe() {
    const folder = mkdtempSync(join(tmpdir(), 'offloop-stderr-'))
    const fifo = join(folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    // For both, since neither end is to wait for the other.
    const both = openSync(fifo, 'r+')
    const child = spawn(process.execPath, [FIXTURE], { stdio: ['ignore', 'pipe', both] })
    const stderr = createReadStream(fifo)
    child.once('spawn', () => stderr.once('open', () => closeSync(both)))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    return { child, stderr: () => stderr as Readable }
  },
  socket() {
    const child = spawn(process.execPath, [FIXTURE], { stdio: ['ignore', 'pipe', 'pipe'] })
    return { child, stderr: () => child.stderr as Readable }
  },
}

test.each(['pipe', 'socket'] as const)('a %s that nobody reads stops no sampling thread', async (kind) => {
  const { child, stderr } = KINDS[kind]()
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = new Promise((resolve) => child.once('close', resolve))
  const [url] = (
    await createInterface(child.stdout as Readable)
      [Symbol.asyncIterator]()
      .next()
  ).value.split('\n')
  expect(await whenStalled(url)).toMatchObject({ total: 1, stalled: 1 })
  // Long after the line for stderr was due.
  for (const from = Date.now(); Date.now() < from + 2_000; ) {
    expect(await scrapeStalls(url)).toMatchObject({ total: 1, stalled: 1 })
  }
  expect((await listStalls(url)).stalls).toMatchObject([{ thread: 'main', ongoing: true, cause: 'native' }])

  let text = ''
  stderr().on('data', (chunk) => {
    text += chunk
  })
  await exited
  const lines = text.replace(/\.{100,}/g, '').split('\n')
  // A socket may have had room for one line.
  expect(lines.filter((line) => / is stuck|are lost/.test(line))).toEqual([
    kind === 'socket'
      ? expect.stringMatching(/in a synchronous native call/)
      : 'offloop: messages before this one that nobody read, and that are lost: 1',
    expect.stringMatching(/^offloop: the event loop of main is stuck, for [\d.]+ s so far$/),
  ])
})
