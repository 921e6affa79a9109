import { defaultService } from '../core/environment'
import { messageOf, OffloopError } from '../core/errors'
import { type Options, resolveOptions } from '../core/options'
import { warnOnce } from '../core/report'
import { attach } from '../probe/counters'
import { otherHeapProfiler } from '../probe/heap-profilers'
import { attachProbe, type Probe } from '../probe/probe'
import { Sampler } from './sampler'

let running: Sampler | undefined

/**
 * Starts sampling: attaches to the calling thread and starts the sampling thread, which keeps nothing alive.
 *
 * @throws {TypeError | RangeError} `ERR_OFFLOOP_INVALID_OPTION` for a bad option, which `option` and the message
 * name, before anything has started.
 * @throws {OffloopError} `ERR_OFFLOOP_ALREADY_STARTED` while another sampler runs in this process.
 * @throws {OffloopError} `ERR_OFFLOOP_SAMPLING_THREAD` where Node.js starts no worker thread (`--permission`).
 */
export function start(options: Options = {}): Sampler {
  const { settings, functions } = resolveOptions(options, () =>
    defaultService(process.env, process.argv[1], process.cwd),
  )
  const probe = claim()
  try {
    running = new Sampler(settings, functions, probe, () => release(probe))
  } catch (error) {
    release(probe)
    throw new OffloopError(
      'ERR_OFFLOOP_SAMPLING_THREAD',
      `the sampling thread cannot be started: ${messageOf(error)}`,
      { cause: error },
    )
  }
  if (probe.source === 'perf_hooks') {
    warnOnce(
      'ERR_OFFLOOP_NO_ADDON',
      `measuring with perf_hooks, because ${probe.reason}. GC figures stand still while the event loop is blocked, ` +
        'cost it more, and heap objects are not counted. `npm run build` in the package compiles the addon.',
    )
  } else if (settings.heapObjects && otherHeapProfiler(process.execArgv, process.env) === undefined) {
    probe.binding.startHeapSampling()
  }
  return running
}

function claim(): Probe {
  const taken = new OffloopError(
    'ERR_OFFLOOP_ALREADY_STARTED',
    'a sampler is running in this process: stop() it before another start()',
  )
  if (running !== undefined) throw taken
  attach()
  const probe = attachProbe()
  // Asks the whole process, worker threads included.
  if (probe.source === 'native' && !probe.binding.claimSampler()) throw taken
  return probe
}

function release(probe: Probe): void {
  running = undefined
  if (probe.source === 'native') probe.binding.releaseSampler()
}
