// One probe on one JavaScript thread: the only file that touches v8::Isolate and uv_loop_t.
//
// Owning thread: the one that attached. The exceptions are what Probe has (registry.h), which the sampling thread calls
// under the registry's mutex; the fields that they share with the owner say so.
//
// What runs where:
//   GC callbacks      inside V8's pauses: a clock read and a few stores, and the size of the heap where it is
//                     accounted for. No allocation, lock, JavaScript or syscall but the clock.
//   OnPrepare()       once a turn of the loop: two clocks and a few stores.
//   Answer()          in an interrupt while JavaScript runs, or at the end of the turn that the question woke, whichever
//                     comes first: reads the heap's and the handles' figures into the block.
//   Detach            in the environment's cleanup hook, before the isolate goes.
#pragma once

#include <node_api.h>
#include <uv.h>
#include <v8.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "block.h"
#include "gc_hook.h"
#include "gc_time.h"
#include "heap_accounting.h"
#include "heap_sampling.h"
#include "loop_recorder.h"
#include "registry.h"
#include "stack_taker.h"

namespace offloop {

struct AttachOptions {
  bool time_hooks = false;  // benchmarks only
  GcTimeSource gc_time = GcTimeSource::kLongTaskStats;
};

class IsolateProbe final : public Probe {
 public:
  // The calling thread's probe, or null.
  static IsolateProbe* Current() noexcept;

  // Attaches to the calling thread, which has no probe yet. It detaches by itself when `env` is torn down.
  // Null where the environment is going away already or libuv has no handle left.
  static IsolateProbe* Attach(napi_env env, v8::Isolate* isolate, uv_loop_t* loop, int thread_id,
                              std::string thread_name, AttachOptions options) noexcept;

  // How many exist, those that are closing included. For tests.
  static int Living() noexcept;

  // A new SharedArrayBuffer over the block of `memory`, in the calling thread's isolate.
  static v8::Local<v8::Value> ShareBlock(v8::Isolate* isolate, const std::shared_ptr<void>& memory) noexcept;

  void Request(uint32_t number) noexcept override;
  bool IsCurrent() noexcept override;
  uint64_t IdleNs() noexcept override;
  Block View() const noexcept override { return block_; }
  void AskStack(double turn_ns) noexcept override;
  std::optional<Stack> TakeStack() noexcept override { return stack_taker_.Take(); }

  // Begins or ends heap accounting and heap sampling as the process wants them (Registry). By itself at attach and
  // with each answer.
  void Follow() noexcept;

  // For benchmarks: what V8 and the loop call is taken away and put back, so that one process can be measured with it and
  // without.
  void Suspend(bool suspended) noexcept;

  const std::shared_ptr<void>& memory() const noexcept { return memory_; }
  const HookTimings* hook_timings() const noexcept { return timings_.get(); }

 private:
  IsolateProbe(v8::Isolate* isolate, uv_loop_t* loop, GcHook& hook) noexcept;
  ~IsolateProbe() override;

  static void OnGcPrologue(v8::Isolate*, v8::GCType type, v8::GCCallbackFlags, void* hook) noexcept;
  static void OnGcEpilogue(v8::Isolate*, v8::GCType type, v8::GCCallbackFlags, void* hook) noexcept;
  static void OnTimedPrologue(v8::Isolate* isolate, v8::GCType type, v8::GCCallbackFlags flags,
                              void* timings) noexcept;
  static void OnTimedEpilogue(v8::Isolate* isolate, v8::GCType type, v8::GCCallbackFlags flags,
                              void* timings) noexcept;
  // What is not part of every edge.
  static void OnPauseBegins(GcHook& hook) noexcept;
  static void OnPauseEnds(GcHook& hook, GcKind kind) noexcept;
  static void OnOtherEpilogue(GcHook& hook, GcKind kind, bool forced) noexcept;
  static int* PlaceOfCounter(const char* name) noexcept;
  static IsolateProbe* Interrupted(v8::Isolate* isolate, void* id) noexcept;
  static void OnInterrupt(v8::Isolate* isolate, void* id) noexcept;
  static void OnStackInterrupt(v8::Isolate* isolate, void* id) noexcept;
  static void OnAsync(uv_async_t* handle) noexcept;
  static void OnPrepare(uv_prepare_t* handle) noexcept;
  static void OnCleanup(napi_async_cleanup_hook_handle hook, void* probe) noexcept;

  void AddGcCallbacks() noexcept;
  void RemoveGcCallbacks() noexcept;
  // Closes the loop's handles; the last one deletes the probe.
  void Close() noexcept;
  void EndLastPause(Block::Update& update) noexcept;
  void AccountFor(double used_bytes) noexcept;
  void Answer() noexcept;
  void AnswerAtTurnEnd() noexcept;

  v8::Isolate* const isolate_;
  uv_loop_t* const loop_;
  GcHook& hook_;
  // Holds the hook, which others may go on reading.
  const std::shared_ptr<void> memory_;
  Block block_;
  HeapAccounting accounting_;
  GcTime gc_time_;
  HeapSampling heap_sampling_;
  LoopRecorder loop_recorder_;
  std::unique_ptr<HookTimings> timings_;  // null but in benchmarks
  uv_async_t async_ = {};
  uv_prepare_t prepare_ = {};
  int open_handles_ = 0;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;

  // Owner only.
  bool suspended_ = false;
  uint32_t answered_ = 0;
  bool asked_in_turn_ = false;  // the async handle woke this turn, which answers when it ends

  static constexpr uint64_t kNever = UINT64_MAX;
  // Written by the owner, read by IsCurrent() (sampling thread). Relaxed: whoever sees the loop inside its poll sees what
  // was written before that poll, by libuv's own mutex.
  std::atomic<uint64_t> answered_turn_{kNever};  // loopTurns after the turn whose end brought the last answer
  std::atomic<uint64_t> profile_turn_{kNever};   // likewise, of the last reading of the heap profile

  // Written by Request (sampling thread), read by the owner: release, paired with the acquire in Answer.
  std::atomic<uint32_t> requested_{0};
  // Set by Request, cleared by the owner when the interrupt has run: an idle thread gathers no queue of them.
  std::atomic<bool> interrupt_pending_{false};
  StackTaker stack_taker_;
};

}  // namespace offloop
