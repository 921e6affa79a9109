import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const subject = fileURLToPath(new URL('subject.mjs', import.meta.url))

/**
 * Starts a process with that setup, waits until it is ready, and calls `observe` with its id and the URL that it
 * serves, if it does.
 * @template T
 * @param {string} setup
 * @param {import('./setups.mjs').Wishes} wishes
 * @param {(pid: number, url: string | undefined) => Promise<T>} observe
 * @param {string} [node] the Node.js binary
 * @returns {Promise<T>}
 */
export async function watch(setup, wishes, observe, node = process.execPath) {
  const child = spawn(node, [subject, setup, JSON.stringify(wishes)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  try {
    const ready = await Promise.race([once(child.stdout, 'data'), exited])
    if (child.exitCode !== null) throw new Error(`the subject ${setup} ended with ${child.exitCode}`)
    return await observe(child.pid, JSON.parse(String(ready[0])).url)
  } finally {
    child.stdin.end()
    await exited
  }
}
