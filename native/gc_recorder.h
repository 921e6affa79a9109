// Turns GC edges into the block's counters. Plain arithmetic: knows neither V8 nor a clock, so it is tested alone.
//
// Owning thread: the probe's. Begin and End are called inside V8's GC callbacks: they allocate nothing, take no
// lock, call nothing and throw nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "block.h"

namespace offloop {

// In the order of their slots.
enum class GcKind : uint8_t { kMinor, kMajor, kIncrementalStart, kWeakCallbacks };

constexpr bool IsCycle(GcKind kind) noexcept { return kind == GcKind::kMinor || kind == GcKind::kMajor; }

// Where a kind counts; its nanoseconds are in the slot after it.
constexpr size_t CountSlotOf(GcKind kind) noexcept {
  const size_t after = 2 * static_cast<size_t>(kind);
  // The start of the pause under way is between those of cycles and the others.
  return IsCycle(kind) ? k_gcMinorCycles + after : k_gcIncrementalStarts - 4 + after;
}
constexpr size_t NsSlotOf(GcKind kind) noexcept { return CountSlotOf(kind) + 1; }
constexpr size_t DurationsOf(GcKind kind) noexcept {
  return k_gcMinorDurations + static_cast<size_t>(kind) * kDurationBuckets;
}
static_assert(NsSlotOf(GcKind::kMinor) == k_gcMinorPauseNs);
static_assert(CountSlotOf(GcKind::kMajor) == k_gcMajorCycles && NsSlotOf(GcKind::kMajor) == k_gcMajorPauseNs);
static_assert(CountSlotOf(GcKind::kIncrementalStart) == k_gcIncrementalStarts);
static_assert(NsSlotOf(GcKind::kIncrementalStart) == k_gcIncrementalStartNs);
static_assert(CountSlotOf(GcKind::kWeakCallbacks) == k_gcWeakCallbackRuns);
static_assert(NsSlotOf(GcKind::kWeakCallbacks) == k_gcWeakCallbackNs);
static_assert(DurationsOf(GcKind::kMajor) == k_gcMajorDurations);
static_assert(DurationsOf(GcKind::kIncrementalStart) == k_gcIncrementalStartDurations);
static_assert(DurationsOf(GcKind::kWeakCallbacks) == k_gcWeakCallbackDurations);

// v8::GCType as a kind: 1 scavenge, 2 minor mark-sweep, 4 mark-compact, 8 start of incremental marking, 16 weak
// callbacks. By number, because the name of 2 changed between V8 versions and its value did not.
constexpr GcKind GcKindOf(int v8_gc_type) noexcept {
  switch (v8_gc_type) {
    case 4:
      return GcKind::kMajor;
    case 8:
      return GcKind::kIncrementalStart;
    case 16:
      return GcKind::kWeakCallbacks;
    default:
      return GcKind::kMinor;
  }
}

// Inline: after a collection everything is out of the caches, so what a callback costs is the lines that
// it touches: this object's first, the block's first, that of a bucket and of a window, and its own code.
class GcRecorder {
 public:
  explicit GcRecorder(Block block) noexcept : block_(block) {}

  // Whether a pause begins: a cycle that is inside no other.
  inline bool Begin(GcKind kind, uint64_t now_ns) noexcept;
  // `forced`: not by the heap's own growth.
  inline void End(GcKind kind, uint64_t now_ns, bool forced) noexcept;

  // Whether the edge that ends now is that of a pause: to be asked before End.
  bool EndsPause(GcKind kind) const noexcept {
    return IsCycle(kind) && depth_ > 0 && depth_ <= kMaxDepth && frames_[depth_ - 1].timed &&
           frames_[depth_ - 1].kind == kind;
  }

  // Before all: what the next edge touches of this object.
  void PrefetchSelf() const noexcept {
    PrefetchLine(&block_);
    PrefetchLine(&frames_[0]);
  }
  // Before End: the lines that it writes. Pauses are much alike, so the bucket is near the last one.
  void PrefetchBlock(GcKind kind) const noexcept {
    block_.Prefetch(k_sequence);
    block_.Prefetch(DurationsOf(kind) + last_bucket_[static_cast<size_t>(kind)]);
    if (!IsCycle(kind)) block_.Prefetch(k_gcIncrementalStarts);
  }

 private:
  // Edges nest: weak callbacks (16) run inside the mark-compact (4) that found them dead, and embedder code that
  // they call can allocate and so start a scavenge of its own. A pair inside a pause is part of that pause. A cycle
  // inside weak callbacks or inside the start of marking is a pause of its own, and stops their clock meanwhile.
  struct Frame {
    uint64_t resumed_ns;  // when this frame's clock last started
    uint64_t elapsed_ns;  // what it had run before that
    GcKind kind;
    bool timed;  // false: part of the pause around it
  };
  // V8 has never been seen beyond 3 deep. Deeper edges are counted in depth_ and otherwise ignored.
  static constexpr size_t kMaxDepth = 8;

  // What the block's newest window has, here as well: nearly always it stays, and its line need not be touched.
  struct Longest {
    uint64_t epoch = 0;
    uint64_t ns = 0;
  };

  inline void KeepLongest(Block::Update& update, GcKind kind, uint64_t ns, uint64_t now_ns) noexcept;

  Block block_;
  size_t depth_ = 0;
  uint16_t last_bucket_[4] = {};  // by kind
  Longest longest_[2] = {};       // minor, major
  Frame frames_[kMaxDepth] = {};
};

bool GcRecorder::Begin(GcKind kind, uint64_t now_ns) noexcept {
  const size_t at = depth_++;
  if (at >= kMaxDepth) return false;
  Frame* outer = at > 0 ? &frames_[at - 1] : nullptr;
  const bool inside_pause = outer != nullptr && (!outer->timed || IsCycle(outer->kind) || !IsCycle(kind));
  frames_[at] = {now_ns, 0, kind, !inside_pause};
  if (inside_pause) return false;
  if (outer != nullptr) outer->elapsed_ns += now_ns - outer->resumed_ns;
  if (!IsCycle(kind)) return false;
  block_.SetAlone(k_gcStartedAtNs, static_cast<double>(now_ns));
  return true;
}

void GcRecorder::KeepLongest(Block::Update& update, GcKind kind, uint64_t ns, uint64_t now_ns) noexcept {
  Longest& longest = longest_[kind == GcKind::kMajor ? 1 : 0];
  const uint64_t epoch = LongestEpoch(now_ns);
  if (longest.epoch == epoch && longest.ns >= ns) return;
  longest = {epoch, ns};
  update.SetLongest(kind == GcKind::kMajor ? k_gcMajorLongest : k_gcMinorLongest, ns, now_ns);
}

void GcRecorder::End(GcKind kind, uint64_t now_ns, bool forced) noexcept {
  // An epilogue whose prologue was never seen: the probe was attached inside that pause.
  if (depth_ == 0) return;
  const size_t at = --depth_;
  if (at >= kMaxDepth) return;
  const Frame& frame = frames_[at];
  if (frame.kind != kind) return;
  if (frame.timed && at > 0) frames_[at - 1].resumed_ns = now_ns;

  // A cycle inside a pause counts as a cycle; its time is in that pause already.
  if (!frame.timed && !IsCycle(kind)) return;
  const uint64_t elapsed_ns = frame.timed ? frame.elapsed_ns + (now_ns - frame.resumed_ns) : 0;
  const size_t bucket = DurationBucket(elapsed_ns);
  last_bucket_[static_cast<size_t>(kind)] = static_cast<uint16_t>(bucket);
  block_.Prefetch(DurationsOf(kind) + bucket);
  const double elapsed = static_cast<double>(elapsed_ns);

  Block::Update update(block_);
  update.Add(CountSlotOf(kind), 1);
  update.Add(NsSlotOf(kind), elapsed);
  if (IsCycle(kind)) {
    update.Add(k_gcCycles, 1);
    update.Add(k_gcPauseNs, elapsed);
    if (frame.timed) update.Set(k_gcStartedAtNs, 0);
    if (kind == GcKind::kMajor) update.Set(k_gcLastMajorAtNs, static_cast<double>(now_ns));
    if (forced) update.Add(kind == GcKind::kMajor ? k_gcForcedMajorCycles : k_gcForcedMinorCycles, 1);
    if (frame.timed) KeepLongest(update, kind, elapsed_ns, now_ns);
  }
  // A cycle inside a pause is in no bucket: it would be a pause of 0 that nobody had. Its count shows it.
  if (frame.timed) update.Add(DurationsOf(kind) + bucket, 1);
}

}  // namespace offloop
