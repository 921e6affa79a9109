// A worker that, at each interval, works about as long as a sampling thread with all exporters, on as much memory.
const { workerData } = require('node:worker_threads')

const batch = Array.from({ length: 150 }, (_, i) => ({
  name: `nodejs_metric_${i}`,
  labels: { service: 'bench', thread: 'main', kind: 'minor' },
  value: { count: i, sum: i, buckets: Array.from({ length: 16 }, (_, le) => ({ le, count: le })) },
}))
setInterval(() => {
  for (let i = 0; i < 3; i++) JSON.parse(JSON.stringify(batch))
}, workerData)
