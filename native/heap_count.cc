#include "heap_count.h"

#include <uv.h>
#include <v8-profiler.h>

namespace offloop {

namespace {

class CountStream final : public v8::OutputStream {
 public:
  double objects() const noexcept { return objects_; }

 private:
  void EndOfStream() noexcept override {}
  WriteResult WriteAsciiChunk(char*, int) noexcept override { return kContinue; }
  WriteResult WriteHeapStatsChunk(v8::HeapStatsUpdate* updates, int count) noexcept override {
    for (int i = 0; i < count; ++i) objects_ += updates[i].count;
    return kContinue;
  }

  double objects_ = 0;
};

}  // namespace

// V8 gives every object an id, and GetHeapStats, which does that, tells how many it gave in each interval of an
// observation. Its header wants StartTrackingHeapObjects first; that would collect and walk a second time, and make every
// later collection report each object that it moves. Without it there is one interval, ours, on Node.js 20 to 26
// (test/probe/heap-count.test.ts compares with snapshots).
std::optional<HeapCount> CountHeapObjects(v8::Isolate* isolate) noexcept {
  v8::HandleScope scope(isolate);
  v8::HeapProfiler* profiler = isolate->GetHeapProfiler();
  const v8::Local<v8::Context> context = isolate->GetCurrentContext();
  // Whoever took a heap snapshot may want its ids again, to compare it with a later one: those stay.
  const bool ids_of_others = profiler->GetSnapshotCount() > 0 ||
                             profiler->GetObjectId(context->Global()) != v8::HeapProfiler::kUnknownObjectId;
  CountStream stream;
  int64_t since_first_interval_us = 0;
  const uint64_t started_ns = uv_hrtime();
  profiler->GetHeapStats(&stream, &since_first_interval_us);
  if (since_first_interval_us != 0) return std::nullopt;  // Intervals of somebody else's: not ours to stop.
  if (ids_of_others) {
    profiler->StopTrackingHeapObjects();  // Forgets the interval, keeps the ids.
  } else {
    profiler->ClearObjectIds();
  }
  const uint64_t ended_ns = uv_hrtime();
  v8::HeapStatistics heap;
  isolate->GetHeapStatistics(&heap);
  // The first of V8's entries stands for no object.
  return HeapCount{.objects = stream.objects() - 1,
                   .used_bytes = static_cast<double>(heap.used_heap_size()),
                   .pause_ns = ended_ns - started_ns};
}

}  // namespace offloop
