import { writeSync } from 'node:fs'

/**
 * Sends what this thread writes to stdout and stderr, an exporter's `console.log` say, straight to the file
 * descriptors. By default Node.js passes a worker's output through the main thread: that makes its streams there, which
 * takes the main thread some milliseconds at the start, and tells nothing while it is stuck.
 */
export function writeOwnOutput(): void {
  redirect(process.stdout, 1)
  redirect(process.stderr, 2)
}

function redirect(stream: NodeJS.WriteStream, fd: number): void {
  stream._writev = (chunks, done) => {
    try {
      for (const { chunk, encoding } of chunks) {
        writeSync(fd, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
      }
    } catch {
      // Closed or full: no reason to disturb the host.
    }
    done()
  }
}
