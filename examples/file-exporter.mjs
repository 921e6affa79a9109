// An exporter of your own: each sample as a line of JSON in a file. It runs in the sampling thread, so it goes on while
// the event loop is blocked. How it is started: own-exporter.mjs.
import { open } from 'node:fs/promises'

/** @type {import('offloop').ExporterFactory<{ file: string }>} */
export default async function fileExporter({ file }) {
  // What fails here is tried again at the next sample.
  const handle = await open(file, 'a')
  return {
    async export({ timestamp, service, metrics }) {
      const values = metrics.map(({ name, labels, value }) => ({ name, labels, value }))
      await handle.appendFile(`${JSON.stringify({ timestamp, service, values })}\n`)
    },
    close: () => handle.close(),
  }
}
