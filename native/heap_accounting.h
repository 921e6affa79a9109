// Bytes allocated and reclaimed on the V8 heap, from how much of it is in use at the edges of each collection and
// whenever somebody looks. Plain arithmetic, tested alone.
//
// What a thread allocates between two looks makes the heap grow by as much; what a collection frees makes it shrink.
// So allocated - reclaimed is what the heap has grown, always. Between collections it can shrink a little by itself
// (sweeping corrects V8's own figure, arrays are cut short): that counts as reclaimed.
//
// Owning thread: the probe's. Inside V8's GC callbacks: no allocation, no lock, no call.
#pragma once

#include <limits>

#include "block.h"

namespace offloop {

class HeapAccounting {
 public:
  bool on() const noexcept { return on_; }

  void Start(Block& block, double used_bytes) noexcept {
    on_ = true;
    used_bytes_ = used_bytes;
    if (block.Get(k_heapAllocatedBytes) >= 0) return;  // goes on after a stop
    Block::Update update(block);
    update.Set(k_heapAllocatedBytes, 0);
    update.Set(k_heapReclaimedBytes, 0);
  }

  // The counters stand still, and what happens until the next Start is in none of them.
  void Stop() noexcept { on_ = false; }

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
  double used_bytes_ = 0;
  bool on_ = false;  // last: beside what the hooks read next (isolate_probe.h)
};

}  // namespace offloop
