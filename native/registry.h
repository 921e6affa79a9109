// The process's probes: who is being measured, and the way to ask them for fresh figures.
//
// Any thread may call. The mutex is taken by the sampling thread when it lists, looks or asks, by a thread when it attaches
// and when its environment is torn down; GC callbacks and answers never take it. Holding it while asking is what
// makes asking safe: a probe that is still in the list has an isolate and a loop that still exist.
//
// Lifetime: made at first use and never destroyed, since threads may outlive static destructors at exit. One for all
// copies of a build (copies.h).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "block.h"
#include "loop_look.h"
#include "stack_taker.h"

namespace offloop {

// What the registry needs of a probe; the isolate's side is isolate_probe.h.
class Probe {
 public:
  virtual ~Probe() = default;
  // Asks the measured thread to answer request `number`, now, from any thread, without waiting.
  // Called under the registry's mutex.
  virtual void Request(uint32_t number) noexcept = 0;
  // Whether its last answer is certain to hold now, since nothing has run on its thread after it. Likewise.
  virtual bool IsCurrent() noexcept = 0;
  // How long its loop has waited for I/O, in all, as it stands while the thread is stuck. Likewise.
  virtual uint64_t IdleNs() noexcept = 0;
  // Its block.
  virtual Block View() const noexcept = 0;
  // Asks the measured thread for its stack, and brings it (stack_taker.h). Likewise.
  virtual void AskStack(double turn_ns) noexcept = 0;
  virtual std::optional<Stack> TakeStack() noexcept = 0;

  // 0 before it is in the list. Written by Add, under the mutex and on the probe's own thread: read in either.
  uint32_t id() const noexcept { return id_; }

 private:
  friend class Registry;
  uint32_t id_ = 0;
};

struct ProbeEntry {
  uint32_t id;  // never reused
  int thread_id;
  std::string thread_name;
  int os_thread_id;              // the system's own number, 0 where there is none
  std::shared_ptr<void> memory;  // keeps the block's memory; opaque here
  Probe* probe;
};

class Registry {
 public:
  static Registry& Instance() noexcept;

  // Returns the probe's id. Called once, on the probe's own thread.
  uint32_t Add(int thread_id, std::string thread_name, std::shared_ptr<void> memory, Probe* probe) noexcept;
  // After this returns nobody asks the probe any more, and its counters, final by then, are in EndedTotals.
  // Called once, on the probe's own thread.
  void Remove(uint32_t id, const Block& block) noexcept;

  // Sums of the counters (block.h) of all threads that ended; 0 elsewhere.
  std::array<double, kBlockLength> EndedTotals() noexcept;

  // Changes whenever the list does.
  uint32_t Generation() noexcept;
  std::vector<ProbeEntry> List() noexcept;

  // Asks every probe. Returns the number of the request, which shows in a block's answeredRequest once answered.
  uint32_t RequestAll() noexcept;

  // Asks every probe but those whose answer is current, so that who sleeps is not woken to say the same again.
  struct Asked {
    uint32_t number;
    std::vector<uint32_t> current;  // ids of those that were not asked
  };
  Asked RequestOutdated() noexcept;

  // What each probe's loop has waited, by the probe's id.
  std::vector<std::pair<uint32_t, uint64_t>> IdleNs() noexcept;

  // A look at every loop, or at the main thread's alone; `looks` keeps its memory. One whose block cannot be read now is left
  // out.
  void Look(bool workers, double at_ns, std::vector<LoopLook>& looks) noexcept;

  // The stack of one thread, asked for and brought; does nothing where the probe is gone.
  void AskStack(uint32_t id, double turn_ns) noexcept;
  std::optional<Stack> TakeStack(uint32_t id) noexcept;

  // Whether probes account for the bytes of their heaps, and estimate their objects. They see a change when they
  // attach or answer.
  void SetHeapAccounting(bool on) noexcept { heap_accounting_.store(on, std::memory_order_relaxed); }
  bool heap_accounting() const noexcept { return heap_accounting_.load(std::memory_order_relaxed); }

  void SetHeapSampling(bool on) noexcept { heap_sampling_.store(on, std::memory_order_relaxed); }
  bool heap_sampling() const noexcept { return heap_sampling_.load(std::memory_order_relaxed); }

 private:
  Probe* Find(uint32_t id) noexcept;  // null where it is gone; under the mutex

  std::atomic<bool> heap_accounting_{false};
  std::atomic<bool> heap_sampling_{false};

  // With the mutex held.
  uint32_t NextRequest() noexcept;

  std::mutex mutex_;  // guards everything below
  std::vector<ProbeEntry> entries_;
  std::array<double, kBlockLength> ended_{};
  uint32_t next_id_ = 1;
  uint32_t generation_ = 0;
  uint32_t last_request_ = 0;
};

}  // namespace offloop
