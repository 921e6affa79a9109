import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A debugger that is connected to the inspector of a process; as much of WebSocket as that takes. */
export class Debugger {
  readonly #socket: Socket
  #id = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    onTestFinished(() => {
      socket.destroy()
    })
  }

  /** `url`: what Node.js says after "Debugger listening on". */
  static async attach(url: string): Promise<Debugger> {
    const { hostname, port, pathname } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    const key = randomBytes(16).toString('base64')
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )
    await new Promise((resolve) => socket.once('data', resolve))
    // Nobody reads what it says.
    socket.resume()
    return new Debugger(socket)
  }

  send(method: string): void {
    const text = Buffer.from(JSON.stringify({ id: ++this.#id, method }))
    // One frame of text, masked by nothing, as short as one byte of length tells.
    this.#socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]))
  }
}
