#include "isolate_probe.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace offloop {

namespace {

// Not owning. A Node.js thread has one isolate; the interrupt finds its probe here and not through the registry, so
// that the measured thread takes no lock.
thread_local IsolateProbe* current_probe = nullptr;

constinit std::atomic<int> living{0};

// HeapStatistics::used_heap_size is the same sum. Asked for alone it takes two thirds of the time.
double UsedBytes(v8::Isolate* isolate) noexcept {
  double bytes = 0;
  v8::HeapSpaceStatistics space;
  const size_t spaces = isolate->NumberOfHeapSpaces();
  for (size_t index = 0; index < spaces; ++index) {
    if (isolate->GetHeapSpaceStatistics(&space, index)) bytes += ToDouble(space.space_used_size());
  }
  return bytes;
}

// As GCCallbackFlags has them: gc() and the like, the last resort before an allocation fails, memory pressure.
constexpr int kForced = v8::kGCCallbackFlagForced | v8::kGCCallbackFlagCollectAllAvailableGarbage;

std::shared_ptr<v8::BackingStore> BackingStoreOf(GcHook& hook) noexcept {
  const auto deleted = [](void*, size_t, void* data) { GcHook::Delete(static_cast<GcHook*>(data)); };
  return v8::SharedArrayBuffer::NewBackingStore(hook.block, Block::kBytes, deleted, &hook);
}

}  // namespace

IsolateProbe* IsolateProbe::Current() noexcept { return current_probe; }

IsolateProbe::IsolateProbe(v8::Isolate* isolate, uv_loop_t* loop, GcHook& hook) noexcept
    : isolate_(isolate),
      loop_(loop),
      hook_(hook),
      memory_(BackingStoreOf(hook)),
      block_(hook.View()),
      gc_time_(block_),
      heap_sampling_(isolate),
      loop_recorder_(block_) {
  living.fetch_add(1, std::memory_order_relaxed);
  hook.probe = this;
  for (const Slot slot : {k_heapObjects, k_heapLiveBytes, k_heapAllocatedBytes, k_heapReclaimedBytes}) {
    block_.SetAlone(slot, std::numeric_limits<double>::quiet_NaN());
  }
  block_.SetAlone(k_attachedAtNs, static_cast<double>(uv_hrtime()));
  block_.SetAlone(k_loopIdleAtAttachNs, static_cast<double>(uv_metrics_idle_time(loop)));
}

IsolateProbe::~IsolateProbe() { living.fetch_sub(1, std::memory_order_relaxed); }

int IsolateProbe::Living() noexcept { return living.load(std::memory_order_relaxed); }

IsolateProbe* IsolateProbe::Attach(napi_env env, v8::Isolate* isolate, uv_loop_t* loop, int thread_id,
                                   std::string thread_name, AttachOptions options) noexcept {
  auto* probe = new IsolateProbe(isolate, loop, *GcHook::New());
  if (options.time_hooks) probe->timings_ = std::make_unique<HookTimings>(&probe->hook_);

  if (uv_async_init(loop, &probe->async_, OnAsync) != 0) {
    delete probe;
    return nullptr;
  }
  probe->async_.data = probe;
  uv_unref(reinterpret_cast<uv_handle_t*>(&probe->async_));
  uv_prepare_init(loop, &probe->prepare_);  // never fails
  probe->prepare_.data = probe;
  uv_prepare_start(&probe->prepare_, OnPrepare);
  uv_unref(reinterpret_cast<uv_handle_t*>(&probe->prepare_));
  probe->open_handles_ = 2;
  // Asynchronous, because the handles' memory must stay until libuv has closed them.
  if (napi_add_async_cleanup_hook(env, OnCleanup, probe, &probe->cleanup_) != napi_ok) {
    probe->Close();
    return nullptr;
  }
  current_probe = probe;
  probe->gc_time_.Start(isolate, options.gc_time);
  probe->Follow();
  probe->AddGcCallbacks();
  Registry::Instance().Add(thread_id, std::move(thread_name), probe->memory_, probe);
  return probe;
}

v8::Local<v8::Value> IsolateProbe::ShareBlock(v8::Isolate* isolate,
                                              const std::shared_ptr<void>& memory) noexcept {
  return v8::SharedArrayBuffer::New(isolate, std::static_pointer_cast<v8::BackingStore>(memory));
}

void IsolateProbe::OnCleanup(napi_async_cleanup_hook_handle, void* data) noexcept {
  auto* probe = static_cast<IsolateProbe*>(data);
  // First, so that the counters are final when they become part of the totals.
  if (!probe->suspended_) probe->RemoveGcCallbacks();
  probe->gc_time_.Update(probe->isolate_);
  probe->gc_time_.Stop(probe->isolate_);
  if (probe->accounting_.on()) probe->AccountFor(UsedBytes(probe->isolate_));
  probe->accounting_.End(probe->block_);
  // Nobody asks any more once Remove returns. An interrupt asked for before may still be queued in the isolate: it
  // finds current_probe null.
  Registry::Instance().Remove(probe->id(), probe->block_);
  current_probe = nullptr;
  probe->heap_sampling_.Stop();
  probe->Close();
}

void IsolateProbe::Close() noexcept {
  const uv_close_cb closed = [](uv_handle_t* handle) {
    auto* probe = static_cast<IsolateProbe*>(handle->data);
    if (--probe->open_handles_ > 0) return;
    if (probe->cleanup_ != nullptr) napi_remove_async_cleanup_hook(probe->cleanup_);
    delete probe;
  };
  uv_close(reinterpret_cast<uv_handle_t*>(&prepare_), closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), closed);
}

// --- GC edges

// The clocks are outermost, so that our own cost is inside the pause that we report.
OFFLOOP_HOT OFFLOOP_APART void IsolateProbe::OnGcPrologue(v8::Isolate*, v8::GCType type, v8::GCCallbackFlags,
                                                          void* data) noexcept {
  GcHook& hook = *static_cast<GcHook*>(data);
  hook.View().Prefetch(k_sequence);
  const bool pause_begins = hook.recorder.Begin(hook.View(), GcKindOf(type), hook.clock.Now());
  if (hook.accounting && pause_begins) OnPauseBegins(hook);
}

OFFLOOP_HOT OFFLOOP_APART void IsolateProbe::OnGcEpilogue(v8::Isolate*, v8::GCType type,
                                                          v8::GCCallbackFlags flags, void* data) noexcept {
  GcHook& hook = *static_cast<GcHook*>(data);
  hook.View().Prefetch(k_sequence);
  const GcKind kind = GcKindOf(type);
  const bool forced = (flags & kForced) != 0;
  if (kind != GcKind::kMinor) [[unlikely]]
    return OnOtherEpilogue(hook, kind, forced);
  hook.recorder.PrefetchBucket(hook.View(), GcKind::kMinor);
  if (hook.accounting && hook.alive_bytes == GcHook::kNotTold) [[unlikely]]
    OnPauseEnds(hook, GcKind::kMinor);
  hook.recorder.End(hook.View(), GcKind::kMinor, hook.clock.Now(), forced);
}

OFFLOOP_APART void IsolateProbe::OnOtherEpilogue(GcHook& hook, GcKind kind, bool forced) noexcept {
  hook.recorder.PrefetchBucket(hook.View(), kind);
  if (hook.accounting) OnPauseEnds(hook, kind);
  hook.recorder.End(hook.View(), kind, hook.clock.Now(), forced);
  // Once a major collection: a thread that is stuck without JavaScript to interrupt has its sums all the same.
  if (kind == GcKind::kMajor) hook.probe->gc_time_.Update(hook.probe->isolate_);
}

OFFLOOP_APART void IsolateProbe::OnPauseBegins(GcHook& hook) noexcept {
  IsolateProbe& probe = *hook.probe;
  const double used_bytes = UsedBytes(probe.isolate_);
  Block::Update update(hook.View());
  probe.EndLastPause(update);
  probe.accounting_.LookBeforePause(update, used_bytes);
  hook.alive_bytes = GcHook::kNotTold;
}

// A major pause may free more than V8's counter can hold, and minor ones come here only where V8 sets no counter, or sets
// it for somebody else.
OFFLOOP_APART void IsolateProbe::OnPauseEnds(GcHook& hook, GcKind kind) noexcept {
  if (!hook.recorder.EndsPause(kind)) return;
  IsolateProbe& probe = *hook.probe;
  const double used_bytes = UsedBytes(probe.isolate_);
  {
    Block::Update update(hook.View());
    probe.accounting_.LookAfterPause(update, used_bytes);
  }
  if (kind == GcKind::kMajor) hook.View().SetAlone(k_heapLiveBytes, used_bytes);
}

void IsolateProbe::EndLastPause(Block::Update& update) noexcept {
  if (hook_.alive_bytes != GcHook::kNotTold) accounting_.EndPause(update, hook_.alive_bytes);
}

// Between pauses.
void IsolateProbe::AccountFor(double used_bytes) noexcept {
  if (!accounting_.on()) return;
  Block::Update update(block_);
  EndLastPause(update);
  accounting_.Look(update, used_bytes);
}

// V8 asks at a counter's next use, with a letter for its kind before the name. One that is given to nobody costs it a
// look at a null pointer.
int* IsolateProbe::PlaceOfCounter(const char* name) noexcept {
  if (current_probe == nullptr || std::strcmp(name, "c:V8.AliveAfterLastGC") != 0) return nullptr;
  return &current_probe->hook_.alive_bytes;
}

void IsolateProbe::Follow() noexcept {
  const Registry& registry = Registry::Instance();
  if (registry.heap_sampling()) {
    heap_sampling_.Start();
  } else {
    heap_sampling_.GiveBack();
  }
  if (registry.heap_accounting() == accounting_.on()) return;
  if (accounting_.on()) {
    hook_.accounting = false;
    accounting_.Stop(block_);
    return;
  }
  accounting_.Start(block_, UsedBytes(isolate_));
  hook_.accounting = true;
}

// Around ours, in benchmarks only.
OFFLOOP_HOT void IsolateProbe::OnTimedPrologue(v8::Isolate* isolate, v8::GCType type,
                                               v8::GCCallbackFlags flags, void* data) noexcept {
  HookTimings& timings = *static_cast<HookTimings*>(data);
  timings.Time(timings.prologues, [&] { OnGcPrologue(isolate, type, flags, timings.hook); });
}

OFFLOOP_HOT void IsolateProbe::OnTimedEpilogue(v8::Isolate* isolate, v8::GCType type,
                                               v8::GCCallbackFlags flags, void* data) noexcept {
  HookTimings& timings = *static_cast<HookTimings*>(data);
  timings.Time(timings.epilogues, [&] { OnGcEpilogue(isolate, type, flags, timings.hook); });
}

void IsolateProbe::AddGcCallbacks() noexcept {
  if (timings_) {
    isolate_->AddGCPrologueCallback(OnTimedPrologue, timings_.get());
    isolate_->AddGCEpilogueCallback(OnTimedEpilogue, timings_.get());
  } else {
    isolate_->AddGCPrologueCallback(OnGcPrologue, &hook_);
    isolate_->AddGCEpilogueCallback(OnGcEpilogue, &hook_);
  }
  isolate_->SetCounterFunction(PlaceOfCounter);
}

void IsolateProbe::RemoveGcCallbacks() noexcept {
  isolate_->SetCounterFunction(nullptr);
  if (timings_) {
    isolate_->RemoveGCPrologueCallback(OnTimedPrologue, timings_.get());
    isolate_->RemoveGCEpilogueCallback(OnTimedEpilogue, timings_.get());
  } else {
    isolate_->RemoveGCPrologueCallback(OnGcPrologue, &hook_);
    isolate_->RemoveGCEpilogueCallback(OnGcEpilogue, &hook_);
  }
}

void IsolateProbe::Suspend(bool suspended) noexcept {
  if (suspended == suspended_) return;
  suspended_ = suspended;
  if (suspended) {
    RemoveGcCallbacks();
    gc_time_.Update(isolate_);
    gc_time_.Stop(isolate_);
    uv_prepare_stop(&prepare_);
  } else {
    const AttachOptions defaults;
    gc_time_.Start(isolate_, defaults.gc_time);
    AddGcCallbacks();
    uv_prepare_start(&prepare_, OnPrepare);
  }
}

// --- Questions and answers

void IsolateProbe::Request(uint32_t number) noexcept {
  requested_.store(number, std::memory_order_release);
  // Both, because each reaches a thread that the other does not: the interrupt runs in the middle of JavaScript, an
  // endless loop included, but never on an idle thread; the async handle wakes an idle loop, and waits for a turn.
  if (!interrupt_pending_.exchange(true, std::memory_order_acq_rel)) {
    isolate_->RequestInterrupt(OnInterrupt, reinterpret_cast<void*>(static_cast<uintptr_t>(id())));
  }
  uv_async_send(&async_);
}

// The calling thread's probe, where it is the one that the interrupt was requested for.
IsolateProbe* IsolateProbe::Interrupted(v8::Isolate* isolate, void* data) noexcept {
  const auto id = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(data));
  IsolateProbe* probe = current_probe;
  return probe != nullptr && probe->isolate_ == isolate && probe->id() == id ? probe : nullptr;
}

void IsolateProbe::OnInterrupt(v8::Isolate* isolate, void* data) noexcept {
  IsolateProbe* probe = Interrupted(isolate, data);
  if (probe == nullptr) return;
  probe->interrupt_pending_.store(false, std::memory_order_release);
  probe->Answer();
}

// What an answer holds can change only by code that runs on this thread. The last answer was given by the prepare handle
// of a turn, the end of all that ran in the turn before; after it the loop goes into its poll, and whatever comes next
// (callbacks of I/O, of other async handles, of timers; V8's own tasks) comes out of that poll, and ends in another turn.
// So it is current if, at one moment, the loop is inside the poll of that same turn:
//   - inside a poll: libuv's idle time runs, which it does from the poll's begin to the first callback and at no other
//     time. It has grown between two looks, then. It stands still during callbacks, in a loop that only looks for events
//     without waiting, and in a thread that is parked in Atomics.wait: those are asked;
//   - of that same turn: turns are counted by the same prepare handle before the poll, under whose mutex the idle time is
//     read. So the count is read after it, and cannot be that of a turn before.
// An interrupt answers in the midst of a turn, and leaves no turn here. What V8's concurrent threads do meanwhile
// (giving free pages back) is not seen before the thread runs again; nor is what another add-on does in a prepare
// handle that was started before ours.
bool IsolateProbe::IsCurrent() noexcept {
  const uint64_t idle_ns = uv_metrics_idle_time(loop_);
  bool waits = false;
  // Where the clock is coarse, the second look may come too soon.
  for (int look = 0; look < 8 && !waits; ++look) waits = uv_metrics_idle_time(loop_) > idle_ns;
  if (!waits) return false;
  const auto turns = static_cast<uint64_t>(block_.Get(k_loopTurns));
  if (answered_turn_.load(std::memory_order_relaxed) != turns) return false;
  // The profile is not read with every answer. One that is due is worth a question if anything ran since the last.
  return profile_turn_.load(std::memory_order_relaxed) == turns || !heap_sampling_.IsDue(uv_hrtime());
}

// By interrupt alone: in a turn of an idle loop there is no stack.
void IsolateProbe::AskStack(double turn_ns) noexcept {
  if (stack_taker_.Ask(turn_ns)) {
    isolate_->RequestInterrupt(OnStackInterrupt, reinterpret_cast<void*>(static_cast<uintptr_t>(id())));
  }
}

void IsolateProbe::OnStackInterrupt(v8::Isolate* isolate, void* data) noexcept {
  IsolateProbe* probe = Interrupted(isolate, data);
  if (probe == nullptr) return;
  if (!probe->stack_taker_.Wanted(probe->block_.Get(k_loopTurnStartedAtNs))) return;
  probe->stack_taker_.Give(CurrentStack(isolate, uv_hrtime()));
}

uint64_t IsolateProbe::IdleNs() noexcept { return uv_metrics_idle_time(loop_); }

void IsolateProbe::OnPrepare(uv_prepare_t* handle) noexcept {
  auto* probe = static_cast<IsolateProbe*>(handle->data);
  if (probe->asked_in_turn_) {
    probe->AnswerAtTurnEnd();
  } else {
    probe->loop_recorder_.Turn(uv_hrtime(), uv_metrics_idle_time(probe->loop_));
  }
}

// Not answered here: other callbacks may follow in this turn, and the answer would be older than they are.
void IsolateProbe::OnAsync(uv_async_t* handle) noexcept {
  static_cast<IsolateProbe*>(handle->data)->asked_in_turn_ = true;
}

void IsolateProbe::AnswerAtTurnEnd() noexcept {
  asked_in_turn_ = false;
  hook_.recorder.CloseAll(block_);
  const uint64_t now_ns = uv_hrtime();
  // First, and also where an interrupt has answered already: on a busy thread it always has.
  const bool reads_profile = heap_sampling_.IsDue(now_ns);
  if (reads_profile) {
    heap_sampling_.Read(now_ns, block_.Get(k_heapAllocatedBytes));
    const uint64_t took_ns = uv_hrtime() - now_ns;
    if (timings_) timings_->profile_ns = took_ns;
    Block::Update(block_).Add(k_answerNs, static_cast<double>(took_ns));
  }
  const uint32_t answered = answered_;
  Answer();
  // After the answer, so that its time is part of the turn that it woke.
  loop_recorder_.Turn(uv_hrtime(), uv_metrics_idle_time(loop_));
  const auto turns = static_cast<uint64_t>(block_.Get(k_loopTurns));
  if (answered_ != answered) answered_turn_.store(turns, std::memory_order_relaxed);
  if (reads_profile) profile_turn_.store(turns, std::memory_order_relaxed);
}

void IsolateProbe::Answer() noexcept {
  const uint64_t now_ns = uv_hrtime();
  const uint32_t requested = requested_.load(std::memory_order_acquire);
  if (requested == answered_) return;
  answered_ = requested;

  Follow();
  v8::HeapStatistics heap;
  isolate_->GetHeapStatistics(&heap);
  const double used_bytes = static_cast<double>(heap.used_heap_size());
  AccountFor(used_bytes);
  heap_sampling_.Allocated(block_.Get(k_heapAllocatedBytes));
  gc_time_.Update(isolate_);
  const double objects = heap_sampling_.Objects(used_bytes);
  const auto idle_ns = static_cast<double>(uv_metrics_idle_time(loop_));

  // Before the update, which a reader waits for: it stays open for some stores, and for no question to V8.
  v8::HeapSpaceStatistics space[kMaxSpaces];
  const size_t most = std::min(isolate_->NumberOfHeapSpaces(), kMaxSpaces);
  size_t spaces = 0;
  while (spaces < most && isolate_->GetHeapSpaceStatistics(&space[spaces], spaces)) ++spaces;

  Block::Update update(block_);
  update.Set(k_heapUsedBytes, used_bytes);
  update.Set(k_heapTotalBytes, static_cast<double>(heap.total_heap_size()));
  update.Set(k_heapLimitBytes, static_cast<double>(heap.heap_size_limit()));
  update.Set(k_heapObjects, objects);
  update.Set(k_externalBytes, static_cast<double>(heap.external_memory()));
  update.Set(k_mallocedBytes, static_cast<double>(heap.malloced_memory()));
  update.Set(k_nativeContexts, static_cast<double>(heap.number_of_native_contexts()));
  update.Set(k_detachedContexts, static_cast<double>(heap.number_of_detached_contexts()));
  for (size_t index = 0; index < spaces; ++index) {
    const size_t at = k_heapSpaces + index * kSpaceFigures;
    update.Set(at, static_cast<double>(space[index].space_size()));
    update.Set(at + 1, static_cast<double>(space[index].space_used_size()));
    update.Set(at + 2, static_cast<double>(space[index].space_available_size()));
    update.Set(at + 3, static_cast<double>(space[index].physical_space_size()));
  }
  update.Set(k_activeResources, static_cast<double>(loop_->active_handles) + loop_->active_reqs.count);
  update.Set(k_loopIdleNs, idle_ns - block_.Get(k_loopIdleAtAttachNs));
  update.Set(k_sampledAtNs, static_cast<double>(now_ns));
  update.Set(k_answeredRequest, static_cast<double>(requested));
  update.Add(k_answers, 1);
  update.Add(k_answerNs, static_cast<double>(uv_hrtime() - now_ns));
}

}  // namespace offloop
