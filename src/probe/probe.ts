import { threadId } from 'node:worker_threads'
import type { Binding } from './binding'
import { loadBinding } from './load'
import type { PerfHooksProbe } from './perf-hooks'

/** How a thread is measured. */
export type ProbeSource = 'native' | 'perf_hooks'

/** The probe of the calling thread. */
export type Probe =
  | { readonly source: 'native'; readonly memory: SharedArrayBuffer; readonly binding: Binding }
  | {
      readonly source: 'perf_hooks'
      readonly memory: SharedArrayBuffer
      readonly fallback: PerfHooksProbe
      /** Why there is no addon. */
      readonly reason: string
    }

// On the global object, so that several copies of this package in one thread (two in node_modules, one bundled) share
// one probe.
const KEY = Symbol.for('offloop.probe.v1')
const realm = globalThis as { [KEY]?: Probe }

/** Attaches to the calling thread at the first call. It detaches by itself when the thread ends. */
export function attachProbe(): Probe {
  realm[KEY] ??= open()
  return realm[KEY]
}

function open(): Probe {
  const { binding, reason } = loadBinding()
  if (binding !== undefined) {
    return { source: 'native', memory: binding.attach(threadId, ownThreadName()), binding }
  }
  // Loaded where it is needed: node:perf_hooks alone takes a millisecond.
  const perfHooks = require('./perf-hooks') as typeof import('./perf-hooks')
  const fallback = new perfHooks.PerfHooksProbe()
  return { source: 'perf_hooks', memory: fallback.memory, fallback, reason }
}

// Node.js 22.20 and 24.6 tell a worker its own name; before that it is not to be had from inside.
function ownThreadName(): string {
  return (require('node:worker_threads') as { threadName?: string }).threadName ?? ''
}

// What Node.js 24 calls a worker that nobody gave a name.
const NAMELESS: ReadonlySet<string> = new Set(['', 'WorkerThread'])
const MAX_NAME_LENGTH = 100

/** The label `thread`: `main`, or a worker's name and id. A name may be as long as its application likes. */
export function threadLabel(threadId: number, threadName: string): string {
  const name = NAMELESS.has(threadName) ? 'worker' : [...threadName].slice(0, MAX_NAME_LENGTH).join('')
  return threadId === 0 ? 'main' : `${name}#${threadId}`
}
