import type { MetricType } from './batch'

/** What one metric is. The table below is the one source: HELP lines, docs and bridges come from it. */
export interface MetricDefinition {
  readonly name: string
  readonly type: MetricType
  /** Base unit, `''` for a plain number. */
  readonly unit: 'bytes' | 'seconds' | ''
  readonly description: string
  /** Label names beside `service`, which every metric has. */
  readonly labels: readonly string[]
  /** The V8 or libuv call that the number comes from. */
  readonly source: string
  /** The name of the same metric in TinyObs's `runtime` package for Go. */
  readonly go?: string
}

/** Every metric that offloop reports by itself. Metrics of custom collectors are not in it. */
export const metrics = [
  {
    name: 'nodejs_heap_size_used_bytes',
    type: 'gauge',
    unit: 'bytes',
    description: 'Bytes in use on the V8 heap, garbage that is not collected yet included.',
    labels: ['thread'],
    source: 'v8::HeapStatistics::used_heap_size',
    go: 'go_memstats_heap_alloc_bytes',
  },
  {
    name: 'nodejs_heap_size_total_bytes',
    type: 'gauge',
    unit: 'bytes',
    description: 'Bytes that the V8 heap has from the operating system.',
    labels: ['thread'],
    source: 'v8::HeapStatistics::total_heap_size',
    go: 'go_memstats_heap_sys_bytes',
  },
  {
    name: 'nodejs_heap_objects',
    type: 'gauge',
    unit: '',
    description:
      'Objects on the V8 heap: an ESTIMATE from V8 sampling heap profiler, and rather too low than too high.',
    labels: ['thread'],
    source: 'v8::HeapProfiler::GetAllocationProfile (native probe only)',
    go: 'go_memstats_heap_objects',
  },
  {
    name: 'nodejs_active_resources_total',
    type: 'gauge',
    unit: '',
    description:
      'Active libuv handles and requests that keep the event loop alive; all JavaScript timers together are one.',
    labels: ['thread'],
    source: 'uv_loop_t::active_handles + active_reqs (perf_hooks probe: process.getActiveResourcesInfo)',
    go: 'go_goroutines',
  },
  {
    name: 'nodejs_gc_cycles_total',
    type: 'counter',
    unit: '',
    description: 'Garbage collections: minor (scavenges, minor mark-sweeps) and major (mark-compacts).',
    labels: ['thread', 'kind'],
    source: 'v8::Isolate::AddGCEpilogueCallback (perf_hooks probe: PerformanceObserver)',
    go: 'go_gc_cycles_total',
  },
  {
    name: 'nodejs_gc_pause_seconds_total',
    type: 'counter',
    unit: 'seconds',
    description: 'Time that the thread stood still for minor and major garbage collections.',
    labels: ['thread', 'kind'],
    source: 'uv_hrtime between v8::Isolate::AddGCPrologueCallback and AddGCEpilogueCallback',
    go: 'go_memstats_gc_duration_seconds',
  },
  {
    name: 'nodejs_process_gc_cycles_total',
    type: 'counter',
    unit: '',
    description: 'Garbage collections of all measured threads together, those that ended included.',
    labels: ['kind'],
    source: 'the same as nodejs_gc_cycles_total',
  },
  {
    name: 'nodejs_process_gc_pause_seconds_total',
    type: 'counter',
    unit: 'seconds',
    description: 'Pauses of all measured threads together, those that ended included.',
    labels: ['kind'],
    source: 'the same as nodejs_gc_pause_seconds_total',
  },
  {
    name: 'offloop_probe_info',
    type: 'gauge',
    unit: '',
    description:
      'Always 1. The label source says how the thread is measured: native (V8 GC callbacks) or perf_hooks.',
    labels: ['thread', 'source'],
    source: 'offloop',
  },
  {
    name: 'offloop_sample_age_seconds',
    type: 'gauge',
    unit: 'seconds',
    description: 'Age of the heap and resource figures: it grows while the thread cannot answer.',
    labels: ['thread'],
    source: 'offloop',
  },
  {
    name: 'offloop_probe_seconds_total',
    type: 'counter',
    unit: 'seconds',
    description: 'Time that the measured thread spent answering the sampling thread.',
    labels: ['thread'],
    source: 'uv_hrtime around each answer',
  },
  {
    name: 'offloop_sampling_thread_restarts_total',
    type: 'counter',
    unit: '',
    description: 'How often the sampling thread ended by itself and was started again.',
    labels: [],
    source: 'offloop',
  },
  {
    name: 'offloop_missed_ticks_total',
    type: 'counter',
    unit: '',
    description: 'Samples that were not taken because the sampling thread was late by a whole interval.',
    labels: [],
    source: 'offloop',
  },
  {
    name: 'offloop_batches_dropped_total',
    type: 'counter',
    unit: '',
    description:
      'Batches given up because a queue was full or the server refused them; the queue is that of an exporter, or main.',
    labels: ['queue'],
    source: 'offloop',
  },
  {
    name: 'offloop_export_failures_total',
    type: 'counter',
    unit: '',
    description: 'Attempts to deliver a batch that failed. A batch that is retried counts each time.',
    labels: ['exporter'],
    source: 'offloop',
  },
  {
    name: 'offloop_metrics_omitted_total',
    type: 'counter',
    unit: '',
    description:
      'Values left out of what an exporter sent, because its format or its server has no place for them.',
    labels: ['exporter'],
    source: 'offloop',
  },
  {
    name: 'offloop_collector_failures_total',
    type: 'counter',
    unit: '',
    description: 'Calls of a custom collector that threw, took too long or returned something invalid.',
    labels: ['collector'],
    source: 'offloop',
  },
  {
    name: 'offloop_series_dropped_total',
    type: 'counter',
    unit: '',
    description:
      'Values that the in-memory store had no room for, because it holds as many series as it may.',
    labels: [],
    source: 'offloop',
  },
  {
    name: 'process_cpu_user_seconds_total',
    type: 'counter',
    unit: 'seconds',
    description: 'CPU time of all threads of the process in user code, since the process started.',
    labels: [],
    source: 'process.cpuUsage: getrusage(RUSAGE_SELF)',
  },
  {
    name: 'process_cpu_system_seconds_total',
    type: 'counter',
    unit: 'seconds',
    description: 'CPU time of all threads of the process in the kernel, since the process started.',
    labels: [],
    source: 'process.cpuUsage: getrusage(RUSAGE_SELF)',
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    unit: 'seconds',
    description: 'CPU time of all threads of the process, user and system, since the process started.',
    labels: [],
    source: 'process.cpuUsage: getrusage(RUSAGE_SELF)',
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    unit: 'seconds',
    description: 'When the process started, since the Unix epoch, by the clock of that moment.',
    labels: [],
    source: 'performance.timeOrigin',
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    description: 'Memory of the process that is in RAM, shared pages included.',
    labels: [],
    source: '/proc/self/status VmRSS (elsewhere process.memoryUsage.rss)',
  },
  {
    name: 'process_virtual_memory_bytes',
    type: 'gauge',
    unit: 'bytes',
    description: 'Address space of the process, much of it only reserved by V8. Linux only.',
    labels: [],
    source: '/proc/self/status VmSize',
  },
  {
    name: 'process_heap_bytes',
    type: 'gauge',
    unit: 'bytes',
    description: 'Private writable address space of the process, used or not: not the V8 heap. Linux only.',
    labels: [],
    source: '/proc/self/status VmData',
  },
  {
    name: 'process_open_fds',
    type: 'gauge',
    unit: '',
    description: 'Open file descriptors of the process. Linux only.',
    labels: [],
    source: '/proc/self/fd',
  },
  {
    name: 'process_max_fds',
    type: 'gauge',
    unit: '',
    description:
      'How many file descriptors the process may open, its soft limit; absent where unlimited. Linux only.',
    labels: [],
    source: '/proc/self/limits Max open files',
  },
  {
    name: 'nodejs_container_memory_limit_bytes',
    type: 'gauge',
    unit: 'bytes',
    description:
      'The smallest memory limit of the cgroup of the process and those above it; absent where none is set.',
    labels: [],
    source: 'cgroup v2 memory.max, v1 memory.limit_in_bytes',
  },
  {
    name: 'nodejs_container_memory_usage_bytes',
    type: 'gauge',
    unit: 'bytes',
    description:
      'Memory, page cache included, that the cgroup with that limit uses; where there is none, the own cgroup of the process.',
    labels: [],
    source: 'cgroup v2 memory.current, v1 memory.usage_in_bytes',
  },
  {
    name: 'nodejs_version_info',
    type: 'gauge',
    unit: '',
    description: 'Always 1. The labels are the version of Node.js.',
    labels: ['version', 'major', 'minor', 'patch'],
    source: 'process.version',
  },
] as const satisfies readonly MetricDefinition[]

export type MetricName = (typeof metrics)[number]['name']
