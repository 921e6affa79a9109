#include "gc_recorder.h"

namespace offloop {

namespace {

constexpr bool IsCycle(GcKind kind) noexcept { return kind == GcKind::kMinor || kind == GcKind::kMajor; }

}  // namespace

void GcRecorder::Begin(GcKind kind, uint64_t now_ns) noexcept {
  const size_t at = depth_++;
  if (at >= kMaxDepth) return;
  Frame* outer = at > 0 ? &frames_[at - 1] : nullptr;
  const bool inside_pause = outer != nullptr && (!outer->timed || IsCycle(outer->kind) || !IsCycle(kind));
  frames_[at] = {kind, !inside_pause, now_ns, 0};
  if (inside_pause) return;
  if (outer != nullptr) outer->elapsed_ns += now_ns - outer->resumed_ns;
  if (IsCycle(kind)) block_.SetAlone(k_gcStartedAtNs, static_cast<double>(now_ns));
}

void GcRecorder::End(GcKind kind, uint64_t now_ns) noexcept {
  // An epilogue whose prologue was never seen: the probe was attached inside that pause.
  if (depth_ == 0) return;
  const size_t at = --depth_;
  if (at >= kMaxDepth) return;
  const Frame& frame = frames_[at];
  if (frame.kind != kind) return;
  if (frame.timed && at > 0) frames_[at - 1].resumed_ns = now_ns;

  // A cycle inside a pause counts as a cycle; its time is in that pause already.
  const double elapsed_ns =
      frame.timed ? static_cast<double>(frame.elapsed_ns + (now_ns - frame.resumed_ns)) : 0;
  if (!frame.timed && !IsCycle(kind)) return;

  Block::Update update(block_);
  switch (kind) {
    case GcKind::kMinor:
      update.Add(k_gcMinorCycles, 1);
      update.Add(k_gcMinorPauseNs, elapsed_ns);
      break;
    case GcKind::kMajor:
      update.Add(k_gcMajorCycles, 1);
      update.Add(k_gcMajorPauseNs, elapsed_ns);
      break;
    case GcKind::kIncrementalStart:
      update.Add(k_gcIncrementalStarts, 1);
      update.Add(k_gcIncrementalStartNs, elapsed_ns);
      return;
    case GcKind::kWeakCallbacks:
      update.Add(k_gcWeakCallbackRuns, 1);
      update.Add(k_gcWeakCallbackNs, elapsed_ns);
      return;
  }
  update.Add(k_gcCycles, 1);
  update.Add(k_gcPauseNs, elapsed_ns);
  if (frame.timed) update.Set(k_gcStartedAtNs, 0);
}

}  // namespace offloop
