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
    name: 'nodejs_pool_queue_size',
    type: 'gauge',
    unit: '',
    description: 'Tasks of a Piscina pool that wait for a thread.',
    labels: ['pool'],
    source: 'Piscina.queueSize',
  },
  {
    name: 'nodejs_pool_completed_total',
    type: 'counter',
    unit: '',
    description: 'Tasks of the pool that ended, failed ones included.',
    labels: ['pool'],
    source: 'Piscina.completed',
  },
  {
    name: 'nodejs_pool_threads',
    type: 'gauge',
    unit: '',
    description: 'Threads of the pool.',
    labels: ['pool'],
    source: 'Piscina.threads.length',
  },
  {
    name: 'nodejs_pool_idle_threads',
    type: 'gauge',
    unit: '',
    description: 'Threads of the pool that run no task at this moment.',
    labels: ['pool'],
    source: 'Piscina.idleThreads',
  },
  {
    name: 'nodejs_pool_utilization',
    type: 'gauge',
    unit: '',
    description:
      'Share of the capacity of the pool at its largest that tasks took since the sample before, 0 to 1; a task counts when it ends.',
    labels: ['pool'],
    source: 'the growth of nodejs_pool_busy_seconds_total',
  },
  {
    name: 'nodejs_pool_busy_seconds_total',
    type: 'counter',
    unit: 'seconds',
    description: 'What the tasks of the pool that ended took to run.',
    labels: ['pool'],
    source: 'mean and count of Piscina.histogram.runTime',
  },
  {
    name: 'nodejs_pool_wait_seconds',
    type: 'gauge',
    unit: 'seconds',
    description: 'Quantiles of how long tasks waited for a thread, over the whole life of the pool.',
    labels: ['pool', 'quantile'],
    source: 'Piscina.histogram.waitTime',
  },
  {
    name: 'nodejs_pool_run_seconds',
    type: 'gauge',
    unit: 'seconds',
    description: 'Quantiles of how long tasks ran, over the whole life of the pool.',
    labels: ['pool', 'quantile'],
    source: 'Piscina.histogram.runTime',
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
] as const satisfies readonly MetricDefinition[]

export type MetricName = (typeof metrics)[number]['name']
