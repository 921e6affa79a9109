// Bytes allocated and reclaimed on the V8 heap, from how much of it is in use at the edges of each collection and
// whenever somebody looks. Plain arithmetic, tested alone.
//
// What a thread allocates between two looks makes the heap grow by as much; what a collection frees makes it shrink.
// So allocated - reclaimed is what the heap has grown, always. Between collections it can shrink a little by itself
// (sweeping corrects V8's own figure, arrays are cut short): that counts as reclaimed.
//
// While it is off the figures are absent: counters that stand still would say that nothing is allocated. They go on
// where they were; what happened meanwhile is in none of them.
//
// Owning thread: the probe's. Inside V8's GC callbacks: no allocation, no lock, no call.
#pragma once

#include <cmath>
#include <limits>

#include "block.h"

namespace offloop {

class HeapAccounting {
 public:
  bool on() const noexcept { return on_; }

  void Start(Block& block, double used_bytes) noexcept {
    on_ = true;
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

  // At a prologue, or in between.
  void Look(Block::Update& update, double used_bytes) noexcept {
    const double grown = used_bytes - used_bytes_;
    used_bytes_ = used_bytes;
    if (grown >= 0) {
      update.Add(k_heapAllocatedBytes, grown);
    } else {
      update.Add(k_heapReclaimedBytes, -grown);
    }
  }

  // Where V8 itself counts what is allocated: it is given, the rest follows.
  void LookCounted(Block::Update& update, double used_bytes, double newly_allocated_bytes) noexcept {
    update.Add(k_heapAllocatedBytes, newly_allocated_bytes);
    const double reclaimed = newly_allocated_bytes - (used_bytes - used_bytes_);
    used_bytes_ = used_bytes;
    if (reclaimed > 0) update.Add(k_heapReclaimedBytes, reclaimed);
  }

 private:
  void Restore(Block& block) noexcept {
    Block::Update update(block);
    update.Set(k_heapAllocatedBytes, allocated_bytes_);
    update.Set(k_heapReclaimedBytes, reclaimed_bytes_);
  }

  bool on_ = false;
  double used_bytes_ = 0;
  // While it is off: what was counted before, or NaN.
  double allocated_bytes_ = std::numeric_limits<double>::quiet_NaN();
  double reclaimed_bytes_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace offloop
