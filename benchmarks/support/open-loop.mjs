// Load at a fixed rate, whatever the service does: requests are due at times that were fixed before, and a latency is
// counted from when its request was due, not from when it could be sent. A service that stops for 50 ms so has made
// fifty clients wait, and not one (coordinated omission).
import { once } from 'node:events'
import { connect } from 'node:net'

const CONNECTIONS = 32

/**
 * Opens connections, and keeps them for any number of runs.
 * @param {number} port
 */
export async function openLoad(port) {
  const idle = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      await once(socket, 'connect')
      // Its requests would never be answered.
      socket.on('close', lost)
      return socket
    }),
  )
  return {
    /** @type {(path: string, body: string, perSecond: number, seconds: number) => Promise<number[]>} */
    run: (path, body, perSecond, seconds) => run(idle, request(path, body), perSecond * seconds, perSecond),
    /** So many requests, as fast as they are answered. @type {(path: string, body: string, count: number) => Promise<number[]>} */
    rush: (path, body, count) => run(idle, request(path, body), count, Number.POSITIVE_INFINITY),
    /** One request; what it is answered. @type {(path: string, body: string) => Promise<any>} */
    async ask(path, body) {
      const [socket] = idle
      socket.write(request(path, body))
      let text = ''
      while (!isWhole(text)) text += (await once(socket, 'data'))[0].toString('latin1')
      return JSON.parse(text.slice(text.indexOf('\r\n\r\n')))
    },
    close() {
      for (const socket of idle) socket.off('close', lost).destroy()
    },
  }
}

function lost() {
  throw new Error('the service closed a connection')
}

/**
 * Milliseconds from when each request was due to the end of its answer.
 * @param {import('node:net').Socket[]} idle
 * @param {string} request
 * @param {number} count
 * @param {number} perSecond
 */
async function run(idle, request, count, perSecond) {
  /** @type {number[]} */
  const latencies = []
  const startedAt = performance.now() + 5
  let due = 0
  await new Promise((resolve) => {
    // It spins between requests: a timer would add its own millisecond to each latency.
    const spin = () => {
      const now = performance.now()
      while (due < count && startedAt + (due * 1000) / perSecond <= now) {
        const socket = idle.pop()
        // All are busy: the request waits, and its clock runs.
        if (socket === undefined) break
        send(socket, startedAt + (due++ * 1000) / perSecond)
      }
      if (latencies.length < count) setImmediate(spin)
      else resolve(undefined)
    }
    /** @param {import('node:net').Socket} socket @param {number} dueAt */
    const send = (socket, dueAt) => {
      let text = ''
      const onData = (/** @type {Buffer} */ chunk) => {
        text += chunk.toString('latin1')
        if (!isWhole(text)) return
        latencies.push(performance.now() - dueAt)
        socket.off('data', onData)
        idle.push(socket)
      }
      socket.on('data', onData)
      socket.write(request)
    }
    spin()
  })
  return latencies
}

/** @param {string} path @param {string} body */
function request(path, body) {
  return `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

/** @param {string} text of an answer that says its length */
function isWhole(text) {
  const head = text.indexOf('\r\n\r\n')
  if (head === -1) return false
  if (!text.startsWith('HTTP/1.1 200')) throw new Error(`the service answered ${text.slice(0, 40)}`)
  const length = Number(/content-length: (\d+)/i.exec(text)?.[1])
  return text.length >= head + 4 + length
}
