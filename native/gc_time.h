// All of the collector's time on a thread, the steps of incremental marking included, which no GC callback sees; and
// V8's reasons for collecting.
//
// Two sources for the time. LongTaskStats: V8's own sums, public in V8 but not among Node.js's headers; looked up when
// the addon is loaded. Where it is missing: V8's histogram of marking steps, whose callbacks bracket each step.
//
// Owning thread: the probe's, all of it. Callbacks run inside V8: no allocation, lock, JavaScript or syscall but the
// clock.
#pragma once

#include <v8.h>

#include <cstdint>

#include "block.h"

namespace offloop {

// Shown in the block by number; 0 is that of perf_hooks, which has none.
enum class GcTimeSource : uint8_t { kLongTaskStats = 1, kHistogram = 2 };

// Sums in nanoseconds since the isolate was made, from V8 (microseconds there).
struct LongTasks {
  uint64_t full_ns;
  uint64_t incremental_ns;
  uint64_t young_ns;
};

bool HasLongTasks() noexcept;
// Only where HasLongTasks().
LongTasks ReadLongTasks(v8::Isolate* isolate) noexcept;

class GcTime {
 public:
  explicit GcTime(Block block) noexcept : block_(block) {}

  // kLongTaskStats where it is missing is kHistogram. Installs V8's histogram callbacks, of which an isolate has one
  // set, for the reasons in any case.
  void Start(v8::Isolate* isolate, GcTimeSource source) noexcept;
  // In the environment's cleanup: V8 must not call us after it.
  void Stop(v8::Isolate* isolate) noexcept;

  // Brings the block's sums up to date.
  void Update(v8::Isolate* isolate) noexcept;

  // The thread's own: V8's callbacks carry no data.
  static GcTime* Current() noexcept;

 private:
  static void* CreateHistogram(const char* name, int min, int max, size_t buckets) noexcept;
  static void AddHistogramSample(void* histogram, int sample) noexcept;
  void StepBegins() noexcept;
  void StepEnds() noexcept;

  Block block_;
  v8::Isolate* isolate_ = nullptr;
  GcTimeSource source_ = GcTimeSource::kLongTaskStats;
  LongTasks seen_ = {};         // at the last Update
  uint64_t step_began_ns_ = 0;  // 0 outside a step
  double steps_ns_ = 0;
};

}  // namespace offloop
