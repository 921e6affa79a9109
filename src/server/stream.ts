import type { IncomingMessage, ServerResponse } from 'node:http'
import { headersOf, type Stream } from './reply'

/** What one client may leave unread, beside what its connection holds, when the next part is written. */
const MAX_UNREAD_BYTES = 64 * 1024

/**
 * Sends the parts of `stream` as they are made, and resolves when it has no more. A part waits for the client to have
 * read those before it; a stream that does not wait, because it tells of what happens, loses a client that falls behind.
 */
export async function sendStream(
  request: IncomingMessage,
  response: ServerResponse,
  stream: Stream,
  gone: Promise<void>,
): Promise<void> {
  response.writeHead(200, headersOf(stream.type, false))
  if (request.method !== 'HEAD') {
    await stream.run(async (text) => {
      const left = (): boolean => response.writableEnded || response.destroyed
      if (left()) return false
      if (response.writableLength > MAX_UNREAD_BYTES) response.destroy()
      else if (!response.write(text)) await room(response)
      return !left()
    }, gone)
  }
  response.end()
}

/** Resolves when what was written is on its way, or nobody waits for it any more. */
function room(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
