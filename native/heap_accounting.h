// Bytes allocated and reclaimed on the V8 heap, from how much of it is in use at the edges of each collection and
// whenever somebody looks. Plain arithmetic, tested alone.
//
// What a thread allocates between two looks makes the heap grow by as much; what a collection frees makes it shrink.
// So allocated - reclaimed is what the heap has grown. Between collections it can shrink a little by itself (sweeping
// corrects V8's own figure, arrays are cut short): that counts as reclaimed. Inside a collection it can grow a little:
// that is no allocation, and is owed by what is reclaimed next.
//
// While it is off the figures are absent: counters that stand still would say that nothing is allocated. They go on
// where they were; what happened meanwhile is in none of them.
//
// Owning thread: the probe's. Inside V8's GC callbacks: no allocation, no lock, no call.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "block.h"

namespace offloop {

class HeapAccounting {
 public:
  bool on() const noexcept { return on_; }

  void Start(Block& block, double used_bytes) noexcept {
    on_ = true;
    in_pause_ = false;
    used_bytes_ = used_bytes;
    if (std::isnan(allocated_bytes_)) allocated_bytes_ = reclaimed_bytes_ = 0;
    Restore(block);
  }

  void Stop(Block& block) noexcept {
    on_ = false;
    allocated_bytes_ = block.Get(k_heapAllocatedBytes);
    reclaimed_bytes_ = block.Get(k_heapReclaimedBytes);
    Block::Update update(block);
    for (const Slot slot : {k_heapAllocatedBytes, k_heapReclaimedBytes, k_heapLiveBytes}) {
      update.Set(slot, std::numeric_limits<double>::quiet_NaN());
    }
  }

  // At the thread's end: what it counted stays in the totals of the process, on or off.
  void End(Block& block) noexcept {
    if (!on_) Restore(block);
  }

  // At a prologue.
  void LookBeforePause(Block::Update& update, double used_bytes) noexcept {
    Look(update, used_bytes);
    in_pause_ = true;
  }

  // Before the first look after a pause at whose end nobody looked: V8 has told the low half of what was in use then.
  // For a pause that frees less than 3 GB: a scavenge.
  void EndPause(Block::Update& update, int32_t used_bytes_low) noexcept {
    if (!in_pause_) return;
    const auto low = static_cast<uint32_t>(static_cast<uint64_t>(used_bytes_));
    const uint32_t freed = low - static_cast<uint32_t>(used_bytes_low);
    const double grown_bytes = 0x1p32 - static_cast<double>(freed);
    LookAfterPause(
        update, used_bytes_ + (grown_bytes <= kMostGrownBytes ? grown_bytes : -static_cast<double>(freed)));
  }

  // In between.
  void Look(Block::Update& update, double used_bytes) noexcept {
    const double grown = used_bytes - used_bytes_;
    used_bytes_ = used_bytes;
    if (grown >= 0) {
      update.Add(k_heapAllocatedBytes, grown);
    } else {
      Reclaim(update, -grown);
    }
  }

  // At an epilogue. A scavenge that moves nearly all it finds makes the heap larger: the ends of pages change places.
  void LookAfterPause(Block::Update& update, double used_bytes) noexcept {
    in_pause_ = false;
    const double freed = used_bytes_ - used_bytes;
    used_bytes_ = used_bytes;
    Reclaim(update, freed);
  }

 private:
  static constexpr double kMostGrownBytes = 0x1p30;

  void Restore(Block& block) noexcept {
    Block::Update update(block);
    update.Set(k_heapAllocatedBytes, allocated_bytes_);
    update.Set(k_heapReclaimedBytes, reclaimed_bytes_);
  }

  // A counter cannot fall: what a heap grew without an allocation is taken off what is freed next.
  void Reclaim(Block::Update& update, double freed_bytes) noexcept {
    freed_bytes -= owed_bytes_;
    owed_bytes_ = freed_bytes < 0 ? -freed_bytes : 0;
    if (freed_bytes > 0) update.Add(k_heapReclaimedBytes, freed_bytes);
  }

  bool on_ = false;
  bool in_pause_ = false;  // since a look before it
  double owed_bytes_ = 0;
  double used_bytes_ = 0;
  // While it is off: what was counted before, or NaN.
  double allocated_bytes_ = std::numeric_limits<double>::quiet_NaN();
  double reclaimed_bytes_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace offloop
