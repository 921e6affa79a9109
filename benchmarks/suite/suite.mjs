import { accuracy } from './accuracy.mjs'
import { continuity } from './continuity.mjs'
import { exporters } from './exporters.mjs'
import { gcCpu, gcCpuLarge } from './gc-cpu.mjs'
import { gcHook } from './gc-hook.mjs'
import { gcPaired } from './gc-paired.mjs'
import { http } from './http.mjs'
import { httpPaired } from './http-paired.mjs'
import { idle } from './idle.mjs'
import { instructions } from './instructions.mjs'
import { lag } from './lag.mjs'
import { read } from './read.mjs'
import { resources } from './resources.mjs'
import { sample } from './sample.mjs'
import { sampleBusy } from './sample-busy.mjs'
import { series } from './series.mjs'
import { sockets } from './sockets.mjs'
import { stalls } from './stalls.mjs'
import { start } from './start.mjs'
import { threads } from './threads.mjs'
import { versions } from './versions.mjs'

/** In the order of the page. @type {readonly import('../harness/benchmark.mjs').Benchmark[]} */
export const suite = [
  http,
  httpPaired,
  accuracy,
  continuity,
  gcCpu,
  gcCpuLarge,
  gcPaired,
  gcHook,
  instructions,
  sample,
  sampleBusy,
  read,
  start,
  idle,
  threads,
  sockets,
  series,
  exporters,
  versions,
  lag,
  resources,
  stalls,
]
