import { exporters } from './exporters.mjs'
import { gcCpu } from './gc-cpu.mjs'
import { gcHook } from './gc-hook.mjs'
import { idle } from './idle.mjs'
import { lag } from './lag.mjs'
import { memory } from './memory.mjs'
import { read } from './read.mjs'
import { sample } from './sample.mjs'
import { resources } from './resources.mjs'
import { start } from './start.mjs'
import { threads } from './threads.mjs'

/** In the order of the table. @type {readonly import('../harness/benchmark.mjs').Benchmark[]} */
export const suite = [gcHook, gcCpu, sample, read, start, memory, idle, threads, exporters, lag, resources]
