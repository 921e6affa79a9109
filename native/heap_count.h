// How many objects the heap of the calling thread's isolate holds, exactly: a full collection and a walk over the heap,
// 120 to 400 ns an object, during which the thread stands still. V8 keeps 55 to 140 bytes an object meanwhile, outside
// its own heap. A heap snapshot would tell the same in five to ten times the time and memory.
#pragma once

#include <v8.h>

#include <cstdint>
#include <optional>

namespace offloop {

struct HeapCount {
  double objects;
  double used_bytes;  // HeapStatistics::used_heap_size, right after the collection
  uint64_t pause_ns;
};

// Nothing where somebody else tracks heap objects in this isolate (an inspector's allocation timeline): V8 then tells
// changes only. Not in a GC callback; V8 may run weak callbacks.
std::optional<HeapCount> CountHeapObjects(v8::Isolate* isolate) noexcept;

}  // namespace offloop
