import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const subject = fileURLToPath(new URL('subject.mjs', import.meta.url))

/**
 * @typedef {object} Subject
 * @property {number} pid
 * @property {string | undefined} url that it serves
 * @property {any} ready all that it said when it was
 * @property {(seconds: number, natively?: boolean) => void} block keeps its event loop from turning
 * @property {() => Promise<number>} seriesSeen how many own series it delivers
 * @property {(sockets: number) => Promise<void>} hold it has so many sockets more than those that it was connected by
 */

/**
 * Starts a process with that setup, waits until it is ready, and calls `observe` with it.
 * @template T
 * @param {string} setup
 * @param {import('./setups.mjs').Wishes} wishes
 * @param {(subject: Subject) => Promise<T>} observe
 * @param {{ node?: string, program?: string }} [how] the Node.js binary, and what it runs in place of subject.mjs
 * @returns {Promise<T>}
 */
export async function watch(setup, wishes, observe, { node = process.execPath, program = subject } = {}) {
  const child = spawn(node, [program, setup, JSON.stringify(wishes)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  try {
    const ready = await Promise.race([once(child.stdout, 'data'), exited])
    // Its own error is on stderr already, and is the one to be told.
    if (child.exitCode !== null || child.pid === undefined) process.exit(1)
    const tell = (/** @type {object} */ what) => void child.stdin.write(JSON.stringify(what))
    const ask = async (/** @type {object} */ what) => {
      tell(what)
      return JSON.parse(String((await once(child.stdout, 'data'))[0]))
    }
    const said = JSON.parse(String(ready[0]))
    return await observe({
      pid: child.pid,
      url: said.url,
      ready: said,
      block: (seconds, natively) => tell({ seconds, natively }),
      seriesSeen: async () => (await ask({ series: true })).series,
      hold: async (sockets) => void (await ask({ hold: sockets })),
    })
  } finally {
    child.stdin.end()
    await exited
  }
}
