import { writeNow } from '../core/output'

/**
 * Sends what this thread writes to stdout and stderr, an exporter's `console.log` say, straight to the file
 * descriptors. By default Node.js passes a worker's output through the main thread: that makes its streams there, which
 * takes the main thread some milliseconds at the start, and tells nothing while it is stuck. What nobody reads is lost: this
 * thread does not wait.
 */
export function writeOwnOutput(): void {
  redirect(process.stdout, 1)
  redirect(process.stderr, 2)
}

function redirect(stream: NodeJS.WriteStream, fd: 1 | 2): void {
  stream._writev = (chunks, done) => {
    const parts = chunks.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
    )
    writeNow(fd, Buffer.concat(parts))
    done()
  }
}
