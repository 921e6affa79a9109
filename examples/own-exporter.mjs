// Samples into a file, for a few seconds of work:
//
//   node examples/own-exporter.mjs samples.ndjson
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from 'offloop'

const file = process.argv[2] ?? 'samples.ndjson'
const path = new URL('file-exporter.mjs', import.meta.url).href
const sampler = start({
  service: 'orders',
  intervalMs: 500,
  exporters: [{ type: 'module', path, options: { file } }],
})
sampler.on('error', (error) => console.error(error.message))

for (let round = 0; round < 20; round++) {
  JSON.parse(JSON.stringify(Array.from({ length: 50_000 }, (_, index) => ({ index }))))
  await sleep(50)
}
// Delivers what is still queued.
await sampler.stop()
console.log(`The samples are in ${file}`)
