// A worker thread that does nothing, with a probe or without.
const { parentPort, workerData } = require('node:worker_threads')

if (workerData.measured) require('offloop/thread')
parentPort.on('message', () => {})
parentPort.postMessage('ready')
