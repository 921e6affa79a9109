// `npm start`: a service under load, with its runtime metrics sampled from outside its event loop.
//
//   npm start -- [--port 9464] [--interval 10000]
import { fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { start } from 'offloop'
import { startService } from './service.mjs'
import { table } from './table.mjs'

const { values } = parseArgs({
  options: { port: { type: 'string', default: '9464' }, interval: { type: 'string', default: '10000' } },
})

const sampler = start({
  service: 'orders',
  intervalMs: Number(values.interval),
  serve: { port: Number(values.port) },
})
sampler.on('batch', (batch) => console.log(table(batch)))

const service = await startService()
sampler.addCollector({
  name: 'orders',
  collect: () => [{ name: 'orders_kept', type: 'gauge', value: service.orders.size }],
})

let url
try {
  ;({ url } = await sampler.ready)
} catch (error) {
  console.error(`${error.message}\nTry another one: npm start -- --port ${Number(values.port) + 1}`)
  process.exit(1)
}
const load = fork(new URL('load.mjs', import.meta.url), [service.url], { stdio: 'ignore' })
load.unref()
load.channel.unref()

console.log(`
The service      ${service.url}/orders, under a gentle load
Prometheus text  ${url}/metrics
Stored samples   curl '${url}/v1/query?metric=nodejs_heap_size_used_bytes'

A sample every ${Number(values.interval) / 1000} s. Ctrl-C stops.
`)
