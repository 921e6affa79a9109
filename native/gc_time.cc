#include "gc_time.h"

#include <uv.h>

#include <cstring>

namespace {

// v8::metrics::LongTaskStats: 64-bit sums of microseconds, returned by value. Three of them in all supported versions
// (full pauses, incremental marking, young pauses), more in some: there is room for them.
struct LongTaskStats {
  int64_t us[32];
};

}  // namespace

// v8::metrics::LongTaskStats::Get(v8::Isolate*), declared by its symbol. Weak: null where Node.js does not export it.
#if defined(__GNUC__) && !defined(_WIN32)
extern "C" LongTaskStats _ZN2v87metrics13LongTaskStats3GetEPNS_7IsolateE(v8::Isolate*) __attribute__((weak));
#define OFFLOOP_LONG_TASK_STATS _ZN2v87metrics13LongTaskStats3GetEPNS_7IsolateE
#endif

namespace offloop {

namespace {

// Not owning. V8's histogram callbacks carry no data, and run on the isolate's own thread where they matter; others
// find null.
thread_local GcTime* current = nullptr;

// What CreateHistogram gives out. V8 passes it back.
enum class Histogram : uint8_t { kMarkingStep, kMinorReason, kMajorReason };
constinit Histogram marking_step = Histogram::kMarkingStep;
constinit Histogram minor_reason = Histogram::kMinorReason;
constinit Histogram major_reason = Histogram::kMajorReason;

}  // namespace

bool HasLongTasks() noexcept {
#if defined(OFFLOOP_LONG_TASK_STATS)
  return OFFLOOP_LONG_TASK_STATS != nullptr;
#else
  return false;
#endif
}

LongTasks ReadLongTasks([[maybe_unused]] v8::Isolate* isolate) noexcept {
#if defined(OFFLOOP_LONG_TASK_STATS)
  const LongTaskStats stats = OFFLOOP_LONG_TASK_STATS(isolate);
  return {static_cast<uint64_t>(stats.us[0]) * 1'000, static_cast<uint64_t>(stats.us[1]) * 1'000,
          static_cast<uint64_t>(stats.us[2]) * 1'000};
#else
  return {};
#endif
}

GcTime* GcTime::Current() noexcept { return current; }

void GcTime::Start(v8::Isolate* isolate, GcTimeSource source) noexcept {
  isolate_ = isolate;
  current = this;
  if (source == GcTimeSource::kLongTaskStats && !HasLongTasks()) source = GcTimeSource::kHistogram;
  source_ = source;
  block_.SetAlone(k_gcTimeSource, static_cast<double>(source));
  if (source == GcTimeSource::kLongTaskStats) seen_ = ReadLongTasks(isolate);
  isolate->SetAddHistogramSampleFunction(AddHistogramSample);
  isolate->SetCreateHistogramFunction(CreateHistogram);
}

void GcTime::Stop(v8::Isolate* isolate) noexcept {
  current = nullptr;
  isolate->SetCreateHistogramFunction(nullptr);
  isolate->SetAddHistogramSampleFunction(nullptr);
}

void GcTime::Update(v8::Isolate* isolate) noexcept {
  double marking_ns;
  double all_ns;
  if (source_ == GcTimeSource::kLongTaskStats) {
    const LongTasks now = ReadLongTasks(isolate);
    // Whoever embeds V8 may reset them; then what they show is new.
    const auto since = [](uint64_t figure, uint64_t seen) { return figure >= seen ? figure - seen : figure; };
    const uint64_t marked = since(now.incremental_ns, seen_.incremental_ns);
    const uint64_t paused = since(now.full_ns, seen_.full_ns) + since(now.young_ns, seen_.young_ns);
    seen_ = now;
    marking_ns = block_.Get(k_gcIncrementalMarkingNs) + static_cast<double>(marked);
    all_ns = block_.Get(k_gcMainThreadNs) + static_cast<double>(marked + paused);
  } else {
    marking_ns = steps_ns_ + block_.Get(k_gcIncrementalStartNs);
    all_ns = block_.Get(k_gcPauseNs) + marking_ns;
  }
  Block::Update update(block_);
  update.Set(k_gcIncrementalMarkingNs, marking_ns);
  update.Set(k_gcMainThreadNs, all_ns);
}

// V8 asks for a histogram at its next use after it was created by nobody or reset. So a step's histogram is created
// at the step's start and gets its sample at the end, where a reset makes V8 ask again for the next step.
void* GcTime::CreateHistogram(const char* name, int, int, size_t) noexcept {
  if (std::strncmp(name, "V8.GC", 5) != 0) return nullptr;
  if (std::strcmp(name, "V8.GCMarkCompactReason") == 0) return &major_reason;
  if (std::strcmp(name, "V8.GCScavengeReason") == 0) return &minor_reason;
  if (current == nullptr || current->source_ != GcTimeSource::kHistogram) return nullptr;
  if (std::strcmp(name, "V8.GCIncrementalMarking") != 0) return nullptr;
  current->StepBegins();
  return &marking_step;
}

void GcTime::AddHistogramSample(void* histogram, int sample) noexcept {
  GcTime* time = current;
  if (time == nullptr) return;
  const Histogram which = *static_cast<Histogram*>(histogram);
  if (which == Histogram::kMarkingStep) {
    time->StepEnds();
    return;
  }
  if (sample < 0 || static_cast<size_t>(sample) >= kReasons) sample = 0;
  const size_t table = which == Histogram::kMajorReason ? k_gcMajorReasons : k_gcMinorReasons;
  const size_t at = table + static_cast<size_t>(sample);
  time->block_.SetAlone(at, time->block_.Get(at) + 1);
}

void GcTime::StepBegins() noexcept { step_began_ns_ = uv_hrtime(); }

void GcTime::StepEnds() noexcept {
  // A step inside a pause is in the pause.
  if (step_began_ns_ != 0 && block_.Get(k_gcStartedAtNs) == 0) {
    steps_ns_ += static_cast<double>(uv_hrtime() - step_began_ns_);
  }
  step_began_ns_ = 0;
  isolate_->SetCreateHistogramFunction(CreateHistogram);
}

}  // namespace offloop
