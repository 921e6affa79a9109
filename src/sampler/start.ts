import { OffloopError } from '../core/errors'
import { type Options, resolveOptions } from '../core/options'
import { warnOnce } from '../core/report'
import { defaultService } from '../core/service'
import { hostStanding } from '../core/standing'
import { attach } from '../probe/counters'
import { otherHeapProfiler } from '../probe/heap-profilers'
import { attachProbe, type Probe } from '../probe/probe'
import { Sampler } from './sampler'
import { withSharing } from './sharing'

// On the global object, as the probe is: several copies of this package make one sampler.
const KEY = Symbol.for('offloop.sampler.v1')
const realm = globalThis as { [KEY]?: Sampler | undefined }

/**
 * Starts sampling: attaches to the calling thread and starts the sampling thread, which keeps nothing alive.
 *
 * @throws {TypeError | RangeError} `ERR_OFFLOOP_INVALID_OPTION` for a bad option, which `option` and the message
 * name, before anything has started.
 * @throws {OffloopError} `ERR_OFFLOOP_ALREADY_STARTED` while another sampler runs in this process.
 *
 * Where Node.js starts no worker thread (`--permission`), and in a worker thread where there is no addon, the sampler
 * is one that does nothing: `ready` rejects with `ERR_OFFLOOP_SAMPLING_THREAD`, and one line says so. `counters` count
 * all the same.
 */
export function start(options: Options = {}): Sampler {
  return startWith(options, false)
}

/**
 * `terminates`: a SIGTERM that nobody listens to waits for what exporters still hold. For a start without code alone,
 * before the application can listen.
 */
export function startWith(options: Options, terminates: boolean): Sampler {
  const { settings, functions } = resolveOptions(options, () =>
    defaultService(process.env, process.argv[1], process.cwd),
  )
  const probe = claim()
  const caught = terminates && probe.source === 'native'
  if (caught) probe.binding.catchTermination()
  const sampler = new Sampler(withSharing(settings), functions, probe, caught, () => release(probe))
  if (!sampler.running) return sampler
  realm[KEY] = sampler
  hostStanding(sampler)
  if (probe.source === 'perf_hooks') {
    warnOnce(
      'ERR_OFFLOOP_NO_ADDON',
      `measuring with perf_hooks, because ${probe.reason}. GC figures stand still while the event loop is blocked, ` +
        'cost it more, and heap objects are not counted. `npx offloop rebuild` compiles the addon.',
    )
  } else {
    const heapObjects = settings.heapObjects && otherHeapProfiler(process.execArgv, process.env) === undefined
    probe.binding.follow(settings.heapAccounting, heapObjects)
  }
  return sampler
}

function claim(): Probe {
  if (realm[KEY] !== undefined) throw taken()
  attach()
  const probe = attachProbe()
  // Asks the whole process, worker threads included.
  if (probe.source === 'native' && !probe.binding.claimSampler()) throw taken()
  return probe
}

function taken(): OffloopError {
  return new OffloopError(
    'ERR_OFFLOOP_ALREADY_STARTED',
    'a sampler is running in this process: stop() it before another start()',
  )
}

function release(probe: Probe): void {
  realm[KEY] = undefined
  hostStanding(undefined)
  if (probe.source !== 'native') return
  probe.binding.follow(false, false)
  probe.binding.releaseTermination()
  probe.binding.releaseSampler()
}
