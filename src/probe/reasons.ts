/**
 * V8's reasons for a collection (v8::internal::GarbageCollectionReason), by number. V8 keeps the numbers, because they
 * are in its own statistics.
 */
const REASON_NAMES: readonly string[] = [
  'unknown',
  'allocation_failure',
  'allocation_limit',
  'context_disposal',
  'counters_extension',
  'debugger',
  'deserializer',
  'external_memory_pressure',
  'finalize_marking_via_stack_guard',
  'finalize_marking_via_task',
  'full_hashtable',
  'heap_profiler',
  'task',
  'last_resort',
  'low_memory_notification',
  'make_heap_iterable',
  'memory_pressure',
  'memory_reducer',
  'runtime',
  'sampling_profiler',
  'snapshot_creator',
  'testing',
  'external_finalize',
  'global_allocation_limit',
  'measure_memory',
  'background_allocation_failure',
  'finalize_concurrent_minor_mark_sweep',
  'cpp_heap_allocation_failure',
]

/** The name of a reason; one that V8 added later is its number. */
export function gcReason(reason: number): string {
  return REASON_NAMES[reason] ?? `reason_${reason}`
}
