#include "isolate_probe.h"

#include <v8-profiler.h>

#include <limits>
#include <optional>
#include <utility>

#include "heap_profile.h"

namespace offloop {

namespace {

// How long one reading of the heap profile serves. Reading costs 16 to 640 µs of the measured thread.
constexpr uint64_t kHeapProfileMaxAgeNs = 60'000'000'000;
// The first reading comes sooner: until then the estimate rests on what a fresh heap is like.
constexpr uint64_t kFirstHeapProfileNs = 10'000'000'000;

// Not owning. A Node.js thread has one isolate; the interrupt finds its probe here and not through the registry, so
// that the measured thread takes no lock.
thread_local IsolateProbe* current_probe = nullptr;

}  // namespace

IsolateProbe* IsolateProbe::Current() noexcept { return current_probe; }

IsolateProbe::IsolateProbe(v8::Isolate* isolate, uv_loop_t* loop,
                           std::shared_ptr<v8::BackingStore> memory) noexcept
    : isolate_(isolate),
      loop_(loop),
      memory_(std::move(memory)),
      block_(static_cast<v8::BackingStore*>(memory_.get())->Data()),
      recorder_(block_) {
  block_.SetAlone(k_heapObjects, std::numeric_limits<double>::quiet_NaN());
}

IsolateProbe* IsolateProbe::Attach(napi_env env, v8::Isolate* isolate, uv_loop_t* loop, int thread_id,
                                   std::string thread_name, bool time_hooks) noexcept {
  std::shared_ptr<v8::BackingStore> memory = v8::SharedArrayBuffer::NewBackingStore(isolate, Block::kBytes);
  auto* probe = new IsolateProbe(isolate, loop, std::move(memory));
  if (time_hooks) probe->timings_ = std::make_unique<HookTimings>();

  if (uv_async_init(loop, &probe->async_, OnAsync) != 0) {
    delete probe;
    return nullptr;
  }
  probe->async_.data = probe;
  uv_unref(reinterpret_cast<uv_handle_t*>(&probe->async_));
  // Asynchronous, because the handle's memory must stay until libuv has closed it.
  if (napi_add_async_cleanup_hook(env, OnCleanup, probe, &probe->cleanup_) != napi_ok) {
    uv_close(reinterpret_cast<uv_handle_t*>(&probe->async_),
             [](uv_handle_t* handle) { delete static_cast<IsolateProbe*>(handle->data); });
    return nullptr;
  }
  current_probe = probe;
  probe->AddGcCallbacks();
  probe->id_ = Registry::Instance().Add(thread_id, std::move(thread_name), probe->memory_, probe);
  return probe;
}

v8::Local<v8::Value> IsolateProbe::ShareBlock(v8::Isolate* isolate,
                                              const std::shared_ptr<void>& memory) noexcept {
  return v8::SharedArrayBuffer::New(isolate, std::static_pointer_cast<v8::BackingStore>(memory));
}

void IsolateProbe::OnCleanup(napi_async_cleanup_hook_handle, void* data) noexcept {
  auto* probe = static_cast<IsolateProbe*>(data);
  // First, so that the counters are final when they become part of the totals.
  probe->RemoveGcCallbacks();
  // Nobody asks any more once Remove returns. An interrupt asked for before may still be queued in the isolate: it
  // finds current_probe null.
  Registry::Instance().Remove(probe->id_, probe->block_);
  current_probe = nullptr;
  probe->StopHeapSampling();
  uv_close(reinterpret_cast<uv_handle_t*>(&probe->async_), [](uv_handle_t* handle) {
    auto* closed = static_cast<IsolateProbe*>(handle->data);
    napi_remove_async_cleanup_hook(closed->cleanup_);
    delete closed;
  });
}

// --- GC edges

template <bool kTimed>
void IsolateProbe::OnGcPrologue(v8::Isolate*, v8::GCType type, v8::GCCallbackFlags, void* data) noexcept {
  auto* probe = static_cast<IsolateProbe*>(data);
  PrefetchLine(&probe->recorder_);
  const uint64_t now_ns =
      uv_hrtime();  // before all work, so that our own cost is inside the pause that we report
  probe->recorder_.Begin(GcKindOf(type), now_ns);
  if constexpr (kTimed) {
    HookTimings& timings = *probe->timings_;
    timings.prologue_ns[timings.prologues++ % HookTimings::kCapacity] =
        static_cast<uint32_t>(uv_hrtime() - now_ns);
  }
}

template <bool kTimed>
void IsolateProbe::OnGcEpilogue(v8::Isolate*, v8::GCType type, v8::GCCallbackFlags, void* data) noexcept {
  auto* probe = static_cast<IsolateProbe*>(data);
  probe->recorder_.PrefetchBlock();
  const uint64_t now_ns = uv_hrtime();
  probe->recorder_.End(GcKindOf(type), now_ns);
  if constexpr (kTimed) {
    HookTimings& timings = *probe->timings_;
    timings.epilogue_ns[timings.epilogues++ % HookTimings::kCapacity] =
        static_cast<uint32_t>(uv_hrtime() - now_ns);
  }
}

void IsolateProbe::AddGcCallbacks() noexcept {
  if (timings_) {
    isolate_->AddGCPrologueCallback(OnGcPrologue<true>, this);
    isolate_->AddGCEpilogueCallback(OnGcEpilogue<true>, this);
  } else {
    isolate_->AddGCPrologueCallback(OnGcPrologue<false>, this);
    isolate_->AddGCEpilogueCallback(OnGcEpilogue<false>, this);
  }
}

void IsolateProbe::RemoveGcCallbacks() noexcept {
  if (timings_) {
    isolate_->RemoveGCPrologueCallback(OnGcPrologue<true>, this);
    isolate_->RemoveGCEpilogueCallback(OnGcEpilogue<true>, this);
  } else {
    isolate_->RemoveGCPrologueCallback(OnGcPrologue<false>, this);
    isolate_->RemoveGCEpilogueCallback(OnGcEpilogue<false>, this);
  }
}

// --- Questions and answers

void IsolateProbe::Request(uint32_t number) noexcept {
  requested_.store(number, std::memory_order_release);
  // Both, because each reaches a thread that the other does not: the interrupt runs in the middle of JavaScript, an
  // endless loop included, but never on an idle thread; the async handle wakes an idle loop, and waits for a turn.
  if (!interrupt_pending_.exchange(true, std::memory_order_acq_rel)) {
    isolate_->RequestInterrupt(OnInterrupt, reinterpret_cast<void*>(static_cast<uintptr_t>(id_)));
  }
  uv_async_send(&async_);
}

void IsolateProbe::OnInterrupt(v8::Isolate* isolate, void* data) noexcept {
  IsolateProbe* probe = current_probe;
  const auto id = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(data));
  if (probe == nullptr || probe->isolate_ != isolate || probe->id_ != id) return;
  probe->interrupt_pending_.store(false, std::memory_order_release);
  probe->Answer(/*idle_turn=*/false);
}

void IsolateProbe::OnAsync(uv_async_t* handle) noexcept {
  static_cast<IsolateProbe*>(handle->data)->Answer(/*idle_turn=*/true);
}

void IsolateProbe::Answer(bool idle_turn) noexcept {
  const uint64_t now_ns = uv_hrtime();
  // First, and also where an interrupt has answered already: on a busy thread it always has.
  if (idle_turn && heap_objects_ && now_ns >= read_profile_at_ns_) {
    ReadHeapProfile(now_ns);
  }
  const uint32_t requested = requested_.load(std::memory_order_acquire);
  if (requested == answered_) return;
  answered_ = requested;

  v8::HeapStatistics heap;
  isolate_->GetHeapStatistics(&heap);
  const double used_bytes = static_cast<double>(heap.used_heap_size());
  const double objects =
      heap_objects_ ? heap_objects_->Objects(used_bytes) : std::numeric_limits<double>::quiet_NaN();

  Block::Update update(block_);
  update.Set(k_heapUsedBytes, used_bytes);
  update.Set(k_heapTotalBytes, static_cast<double>(heap.total_heap_size()));
  update.Set(k_heapObjects, objects);
  update.Set(k_activeResources, static_cast<double>(loop_->active_handles) + loop_->active_reqs.count);
  update.Set(k_sampledAtNs, static_cast<double>(now_ns));
  update.Set(k_answeredRequest, static_cast<double>(requested));
  update.Add(k_answers, 1);
  update.Add(k_answerNs, static_cast<double>(uv_hrtime() - now_ns));
}

// --- Heap objects

void IsolateProbe::StartHeapSampling() noexcept {
  if (heap_objects_) return;
  v8::HeapStatistics heap;
  isolate_->GetHeapStatistics(&heap);
  // False where another's profiler runs already: then its profile is read, and it is not ours to stop.
  heap_sampling_ours_ = isolate_->GetHeapProfiler()->StartSamplingHeapProfiler(
      HeapObjectEstimator::kSamplingIntervalBytes, HeapObjectEstimator::kStackDepth);
  heap_objects_ = std::make_unique<HeapObjectEstimator>(static_cast<double>(heap.used_heap_size()));
  read_profile_at_ns_ = uv_hrtime() + kFirstHeapProfileNs;
}

void IsolateProbe::StopHeapSampling() noexcept {
  if (!heap_objects_) return;
  heap_objects_.reset();
  if (std::exchange(heap_sampling_ours_, false)) isolate_->GetHeapProfiler()->StopSamplingHeapProfiler();
}

void IsolateProbe::ReadHeapProfile(uint64_t now_ns) noexcept {
  read_profile_at_ns_ = now_ns + kHeapProfileMaxAgeNs;
  const std::optional<ProfileTotals> profile = ReadSamplingProfile(isolate_);
  if (!profile) {
    // Somebody stopped it. Without samples the figure would drift from the truth unseen: absent from here on.
    heap_objects_.reset();
    heap_sampling_ours_ = false;
    return;
  }
  heap_objects_->Update(profile->objects, profile->bytes);
}

}  // namespace offloop
