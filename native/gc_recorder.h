// Turns GC edges into the block's counters. Plain arithmetic: knows neither V8 nor a clock, so it is tested alone.
//
// Owning thread: the probe's. Begin and End are called inside V8's GC callbacks: they allocate nothing, take no
// lock, call nothing and throw nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "block.h"
#include "hot.h"

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
// None of weak callbacks.
constexpr size_t LongestTableOf(GcKind kind) noexcept {
  return k_gcMinorLongest + static_cast<size_t>(kind) * kLongestSlots;
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
static_assert(LongestTableOf(GcKind::kMajor) == k_gcMajorLongest);
static_assert(LongestTableOf(GcKind::kIncrementalStart) == k_gcIncrementalStartLongest);

// v8::GCType as a kind: 1 scavenge, 2 minor mark-sweep, 4 mark-compact, 8 start of incremental marking, 16 weak
// callbacks. By number, because the name of 2 changed between V8 versions and its value did not.
constexpr GcKind GcKindOf(int v8_gc_type) noexcept {
  // No switch: the compiler would make a table of it.
  if (v8_gc_type < 4) [[likely]]
    return GcKind::kMinor;
  return v8_gc_type == 4    ? GcKind::kMajor
         : v8_gc_type == 8  ? GcKind::kIncrementalStart
         : v8_gc_type == 16 ? GcKind::kWeakCallbacks
                            : GcKind::kMinor;
}

// What each edge needs of this object comes first, less than a cache line. The block is given with each call, so that its
// lines can be asked for without waiting for this one.
class GcRecorder {
 public:
  // What an edge that is inside no other needs.
  static constexpr size_t kHotBytes = 48;

  // Whether a pause begins: a cycle that is inside no other.
  OFFLOOP_INLINE bool Begin(Block block, GcKind kind, uint64_t now_ns) noexcept;
  // `forced`: not by the heap's own growth.
  OFFLOOP_INLINE void End(Block block, GcKind kind, uint64_t now_ns, bool forced) noexcept;

  // Between two turns of the loop, where no collection can be under way: what is open then has lost its epilogue, and
  // whatever came after it would count as a part of it for ever.
  void CloseAll(Block block) noexcept {
    if (depth_ == 0) return;
    depth_ = 0;
    block.SetAlone(k_gcStartedAtNs, 0);
  }

  // Whether the edge that ends now is that of a pause: to be asked before End.
  bool EndsPause(GcKind kind) const noexcept {
    return IsCycle(kind) && depth_ > 0 && depth_ <= kMaxDepth && frames_[depth_ - 1].timed &&
           frames_[depth_ - 1].kind == kind;
  }

  // Before End: the bucket that it writes. Pauses are much alike, so it is near the last one.
  OFFLOOP_INLINE void PrefetchBucket(Block block, GcKind kind) const noexcept {
    block.Prefetch(DurationsOf(kind) + last_bucket_[kind == GcKind::kMinor ? 0 : 1]);
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
    uint64_t until_ns = 0;
    uint64_t ns = 0;
  };

  bool BeginInside(Block block, GcKind kind, uint64_t now_ns) noexcept;
  void EndInside(Block block, GcKind kind, uint64_t now_ns, bool forced) noexcept;
  // `timed`: false for a cycle inside a pause.
  OFFLOOP_INLINE void Count(Block block, GcKind kind, uint64_t elapsed_ns, bool timed, uint64_t now_ns,
                            bool forced) noexcept;
  void KeepLongest(Block block, GcKind kind, uint64_t ns, uint64_t now_ns) noexcept;
  Longest& LongestOf(GcKind kind) noexcept {
    return kind == GcKind::kMinor ? longest_minor_ : kind == GcKind::kMajor ? longest_major_ : longest_start_;
  }

  Longest longest_minor_;
  uint16_t depth_ = 0;
  uint16_t last_bucket_[2] = {};  // of scavenges, of the others
  Frame frames_[kMaxDepth] = {};
  Longest longest_major_;
  Longest longest_start_;
};

bool GcRecorder::Begin(Block block, GcKind kind, uint64_t now_ns) noexcept {
  if (depth_ != 0) [[unlikely]]
    return BeginInside(block, kind, now_ns);
  depth_ = 1;
  frames_[0] = {now_ns, 0, kind, true};
  if (!IsCycle(kind)) return false;
  block.SetAlone(k_gcStartedAtNs, ToDouble(now_ns));
  return true;
}

OFFLOOP_COLD bool GcRecorder::BeginInside(Block block, GcKind kind, uint64_t now_ns) noexcept {
  const size_t at = depth_++;
  if (at >= kMaxDepth) return false;
  Frame& outer = frames_[at - 1];
  const bool inside_pause = !outer.timed || IsCycle(outer.kind) || !IsCycle(kind);
  frames_[at] = {now_ns, 0, kind, !inside_pause};
  if (inside_pause) return false;
  outer.elapsed_ns += now_ns - outer.resumed_ns;
  block.SetAlone(k_gcStartedAtNs, ToDouble(now_ns));
  return true;
}

void GcRecorder::End(Block block, GcKind kind, uint64_t now_ns, bool forced) noexcept {
  const Frame& frame = frames_[0];
  if (depth_ != 1 || frame.kind != kind) [[unlikely]]
    return EndInside(block, kind, now_ns, forced);
  depth_ = 0;
  Count(block, kind, frame.elapsed_ns + (now_ns - frame.resumed_ns), true, now_ns, forced);
}

OFFLOOP_COLD void GcRecorder::EndInside(Block block, GcKind kind, uint64_t now_ns, bool forced) noexcept {
  // An epilogue whose prologue was never seen: the probe was attached inside that pause.
  if (depth_ == 0) return;
  const size_t at = --depth_;
  if (at >= kMaxDepth) return;
  const Frame& frame = frames_[at];
  if (frame.kind != kind) return;
  if (frame.timed && at > 0) frames_[at - 1].resumed_ns = now_ns;
  // A cycle inside a pause counts as a cycle; its time is in that pause already.
  if (!frame.timed && !IsCycle(kind)) return;
  Count(block, kind, frame.timed ? frame.elapsed_ns + (now_ns - frame.resumed_ns) : 0, frame.timed, now_ns,
        forced);
}

void GcRecorder::Count(Block block, GcKind kind, uint64_t elapsed_ns, bool timed, uint64_t now_ns,
                       bool forced) noexcept {
  const size_t bucket = DurationBucket(elapsed_ns);
  last_bucket_[kind == GcKind::kMinor ? 0 : 1] = static_cast<uint16_t>(bucket);
  const double elapsed = ToDouble(elapsed_ns);
  {
    Block::Update update(block);
    update.Count(CountSlotOf(kind));
    update.Add(NsSlotOf(kind), elapsed);
    if (IsCycle(kind)) {
      update.Count(k_gcCycles);
      update.Add(k_gcPauseNs, elapsed);
      if (timed) update.Set(k_gcStartedAtNs, 0);
      if (kind == GcKind::kMajor) update.Set(k_gcLastMajorAtNs, ToDouble(now_ns));
      if (forced) [[unlikely]]
        update.Count(kind == GcKind::kMajor ? k_gcForcedMajorCycles : k_gcForcedMinorCycles);
    }
    // A cycle inside a pause is in no bucket: it would be a pause of 0 that nobody had. Its count shows it.
    if (timed) update.Count(DurationsOf(kind) + bucket);
  }
  if (!timed || kind == GcKind::kWeakCallbacks) return;
  const Longest& longest = LongestOf(kind);
  if (elapsed_ns > longest.ns || now_ns >= longest.until_ns) [[unlikely]]
    KeepLongest(block, kind, elapsed_ns, now_ns);
}

OFFLOOP_COLD void GcRecorder::KeepLongest(Block block, GcKind kind, uint64_t ns, uint64_t now_ns) noexcept {
  LongestOf(kind) = {LongestEpoch(now_ns) * kLongestWindowNs, ns};
  Block::Update update(block);
  update.SetLongest(LongestTableOf(kind), ns, now_ns);
}

}  // namespace offloop
