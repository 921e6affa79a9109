import { type IncomingHttpHeaders, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { buffer, text } from 'node:stream/consumers'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** As it came, compressed or not. */
  readonly body: Buffer
}

/**
 * One request with exactly these headers, on a connection of its own. fetch() would choose Host itself, and unzip. Of an answer
 * that has no end, all up to `until`.
 */
export function send(
  url: string,
  {
    method = 'GET',
    headers = {},
    until,
  }: { method?: string; headers?: Record<string, string>; until?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      const answer = (body: Buffer) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
      if (until !== undefined && response.headers['content-type']?.startsWith('text/event-stream')) {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          if (!Buffer.concat(chunks).includes(until)) return
          answer(Buffer.concat(chunks))
          sent.destroy()
        })
        response.on('error', reject)
      } else buffer(response).then(answer, reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** An open connection that has sent `bytes`. */
export function open(url: string, bytes = ''): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  if (bytes !== '') socket.write(bytes)
  return socket
}

/** All that comes back for `bytes` until the server ends the connection. */
export function exchange(url: string, bytes: string): Promise<string> {
  return text(open(url, bytes))
}
