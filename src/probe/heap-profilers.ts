import { sep } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

const PACKAGES = ['@datadog/pprof', '@google-cloud/profiler', '@pyroscope/nodejs', 'pprof']

/**
 * The heap profiler that the user has configured, if any. An isolate has one slot for a sampling heap profiler, and
 * a profiler that somebody set up on purpose goes before our estimate.
 */
export function otherHeapProfiler(execArgv: readonly string[], env: Environment): string | undefined {
  const flags = env.NODE_OPTIONS ? [...execArgv, ...env.NODE_OPTIONS.split(/\s+/)] : execArgv
  if (flags.some((flag) => flag === '--heap-prof' || flag.startsWith('--heap-prof='))) return '--heap-prof'
  const dd = env.DD_PROFILING_ENABLED
  if (dd !== undefined && dd !== '' && dd !== 'false' && dd !== '0') return 'DD_PROFILING_ENABLED'
  // A package that is loaded already; one that comes later shares our slot (sampling_rate.h has the interval).
  // In one text: a service may have thousands of files, and to search each of them takes it four times as long.
  const files = Object.keys(require.cache).join()
  return PACKAGES.find((name) => files.includes(['', 'node_modules', ...name.split('/'), ''].join(sep)))
}
