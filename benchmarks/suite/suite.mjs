import { accuracy } from './accuracy.mjs'
import { continuity } from './continuity.mjs'
import { exporters } from './exporters.mjs'
import { gcCpu, gcCpuLarge } from './gc-cpu.mjs'
import { gcHook } from './gc-hook.mjs'
import { http } from './http.mjs'
import { idle } from './idle.mjs'
import { instructions } from './instructions.mjs'
import { lag } from './lag.mjs'
import { read } from './read.mjs'
import { resources } from './resources.mjs'
import { sample } from './sample.mjs'
import { series } from './series.mjs'
import { sockets } from './sockets.mjs'
import { stalls } from './stalls.mjs'
import { start } from './start.mjs'
import { threads } from './threads.mjs'

/** In the order of the page. @type {readonly import('../harness/benchmark.mjs').Benchmark[]} */
export const suite = [
  http,
  accuracy,
  continuity,
  gcCpu,
  gcCpuLarge,
  gcHook,
  instructions,
  sample,
  read,
  start,
  idle,
  threads,
  sockets,
  series,
  exporters,
  lag,
  resources,
  stalls,
]
