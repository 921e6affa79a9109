// The Node-API surface: what JavaScript can call. src/probe/binding.ts is its type.
//
// Everything here runs on the calling JavaScript thread and throws JavaScript exceptions only. V8's own headers are
// behind isolate_probe.h; Init makes sure that they describe this very Node.js before any of it is used.
// First: both it and Node-API define NAPI_VERSION, and only the latter asks before it does.
#include <node_version.h>
//
#include <napi.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "copies.h"
#include "figures.h"
#include "heap_count.h"
#include "isolate_probe.h"
#include "loop_alarm.h"
#include "registry.h"
#include "termination.h"
#include "unix_datagram.h"
#include "waker.h"

namespace offloop {
namespace {

napi_value FromV8(v8::Local<v8::Value> local) {
  // What Node-API documents as opaque is a v8::Local in every Node.js release; the ABI guard pins the release.
  static_assert(sizeof(napi_value) == sizeof(v8::Local<v8::Value>));
  napi_value value;
  std::memcpy(&value, static_cast<void*>(&local), sizeof(value));
  return value;
}

Napi::Value Failed(Napi::Env env, const char* code, const char* message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", code);
  error.ThrowAsJavaScriptException();
  return env.Undefined();
}

// What JavaScript gives is taken as what it is and never coerced. In a thread that is being terminated a coercion fails, as
// all does that could run JavaScript; node-addon-api answers with a value of no environment, and the next step with that
// ends the process. So such a value goes no further than to a question of what it is.
double NumberOf(const Napi::Value& value) { return value.As<Napi::Number>().DoubleValue(); }
uint32_t IdOf(const Napi::Value& value) { return static_cast<uint32_t>(NumberOf(value)); }
bool Is(const Napi::Value& value, bool expected) {
  return value.IsBoolean() && value.As<Napi::Boolean>().Value() == expected;
}

// attach(threadId, threadName, options?): SharedArrayBuffer. Idempotent: the thread's block.
AttachOptions OptionsOf(const Napi::Value& value) {
  AttachOptions options;
  if (!value.IsObject()) return options;
  const auto given = value.As<Napi::Object>();
  options.time_hooks = Is(given.Get("timeHooks"), true);
  if (Is(given.Get("longTaskStats"), false)) options.gc_time = GcTimeSource::kHistogram;
  return options;
}

Napi::Value Attach(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  IsolateProbe* probe = IsolateProbe::Current();
  if (probe == nullptr) {
    uv_loop_t* loop = nullptr;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
      return Failed(env, "ERR_OFFLOOP_ATTACH", "the environment has no event loop");
    }
    probe = IsolateProbe::Attach(env, isolate, loop, static_cast<int>(NumberOf(info[0])),
                                 info[1].As<Napi::String>(), OptionsOf(info[2]));
    if (probe == nullptr) return Failed(env, "ERR_OFFLOOP_ATTACH", "the environment is going away");
  }
  return Napi::Value(env, FromV8(IsolateProbe::ShareBlock(isolate, probe->memory())));
}

// idleNs(): Float64Array of pairs, a probe's id and what its loop has waited for I/O since the thread began
Napi::Value IdleNs(const Napi::CallbackInfo& info) {
  const auto idle = Registry::Instance().IdleNs();
  std::vector<double> pairs;
  for (const auto& [id, ns] : idle) {
    pairs.push_back(id);
    pairs.push_back(static_cast<double>(ns));
  }
  return Figures(info.Env(), pairs);
}

// askStack(id, turnNs): the thread is to take its stack, if that turn of its loop lasts until it can
void AskStack(const Napi::CallbackInfo& info) {
  Registry::Instance().AskStack(IdOf(info[0]), NumberOf(info[1]));
}

// takeStack(id): { takenAtNs, frames: { functionName, file, line, column }[] } once it was taken, else undefined
Napi::Value TakeStack(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::optional<Stack> stack = Registry::Instance().TakeStack(IdOf(info[0]));
  if (!stack) return env.Undefined();
  Napi::Array frames = Napi::Array::New(env, stack->frames.size());
  for (size_t i = 0; i < stack->frames.size(); ++i) {
    const StackFrame& frame = stack->frames[i];
    Napi::Object item = Napi::Object::New(env);
    item.Set("functionName", frame.function_name);
    item.Set("file", frame.file);
    item.Set("line", frame.line);
    item.Set("column", frame.column);
    frames.Set(static_cast<uint32_t>(i), item);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("takenAtNs", static_cast<double>(stack->taken_at_ns));
  result.Set("frames", frames);
  return result;
}

// follow(heapAccounting, heapSampling): what all probes of the process are to do. At once on the calling thread, on
// others with their next answer, which they are asked for.
void Follow(const Napi::CallbackInfo& info) {
  Registry& registry = Registry::Instance();
  registry.SetHeapAccounting(Is(info[0], true));
  registry.SetHeapSampling(Is(info[1], true));
  if (IsolateProbe* probe = IsolateProbe::Current()) probe->Follow();
  registry.RequestAll();
}

// heapSpaces(): string[], V8's names in the order of the block's figures
Napi::Value HeapSpaces(const Napi::CallbackInfo& info) {
  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  Napi::Array names = Napi::Array::New(info.Env());
  for (size_t index = 0; index < std::min(isolate->NumberOfHeapSpaces(), kMaxSpaces); ++index) {
    v8::HeapSpaceStatistics space;
    if (isolate->GetHeapSpaceStatistics(&space, index)) {
      names.Set(static_cast<uint32_t>(index), Napi::String::New(info.Env(), space.space_name()));
    }
  }
  return names;
}

// probes(): { id, threadId, threadName, osThreadId, memory: SharedArrayBuffer }[]
Napi::Value Probes(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::vector<ProbeEntry> entries = Registry::Instance().List();
  Napi::Array result = Napi::Array::New(env, entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    Napi::Object item = Napi::Object::New(env);
    item.Set("id", entries[i].id);
    item.Set("threadId", entries[i].thread_id);
    item.Set("threadName", entries[i].thread_name);
    item.Set("osThreadId", entries[i].os_thread_id);
    item.Set(
        "memory",
        Napi::Value(env, FromV8(IsolateProbe::ShareBlock(v8::Isolate::GetCurrent(), entries[i].memory))));
    result.Set(static_cast<uint32_t>(i), item);
  }
  return result;
}

// generation(): number, another one whenever probes() would answer otherwise
Napi::Value Generation(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Registry::Instance().Generation());
}

// request(): number. Asks every probe for fresh figures and does not wait.
Napi::Value Request(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Registry::Instance().RequestAll());
}

// requestOutdated(): Float64Array, the number of the request and the ids of the probes that were not asked, because their
// last answer still holds
Napi::Value RequestOutdated(const Napi::CallbackInfo& info) {
  const Registry::Asked asked = Registry::Instance().RequestOutdated();
  std::vector<double> figures = {static_cast<double>(asked.number)};
  figures.insert(figures.end(), asked.current.begin(), asked.current.end());
  return Figures(info.Env(), figures);
}

// countHeapObjects(): { objects, bytes, pauseNs } of the calling thread's isolate, or undefined (heap_count.h)
Napi::Value GetHeapCount(const Napi::CallbackInfo& info) {
  const std::optional<HeapCount> count = CountHeapObjects(v8::Isolate::GetCurrent());
  if (!count) return info.Env().Undefined();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("objects", count->objects);
  result.Set("bytes", count->used_bytes);
  result.Set("pauseNs", static_cast<double>(count->pause_ns));
  return result;
}

// endedTotals(): Float64Array, by slot
Napi::Value EndedTotals(const Napi::CallbackInfo& info) {
  const auto totals = Registry::Instance().EndedTotals();
  return Figures(info.Env(), {totals.begin(), totals.end()});
}

// claimSampler(): boolean, releaseSampler(): one sampler a process. A claim ends with its environment.
void ReleaseClaim(void*) noexcept { copies::ReleaseSampler(); }

Napi::Value ClaimSampler(const Napi::CallbackInfo& info) {
  const bool claimed = copies::ClaimSampler();
  if (claimed) napi_add_env_cleanup_hook(info.Env(), ReleaseClaim, nullptr);
  return Napi::Boolean::New(info.Env(), claimed);
}

void ReleaseSampler(const Napi::CallbackInfo& info) {
  napi_remove_env_cleanup_hook(info.Env(), ReleaseClaim, nullptr);
  copies::ReleaseSampler();
}

// living(): { probes, blocks }, how many of this copy's exist: for tests
Napi::Value Living(const Napi::CallbackInfo& info) {
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("probes", IsolateProbe::Living());
  result.Set("blocks", GcHook::Living());
  return result;
}

// suspend(suspended): the calling thread's hooks are taken away, or put back (isolate_probe.h)
void Suspend(const Napi::CallbackInfo& info) {
  if (IsolateProbe* probe = IsolateProbe::Current()) probe->Suspend(Is(info[0], true));
}

// hookTimings(): { prologueNs, epilogueNs: Float64Array } of the newest edges, profileNs; or undefined
Napi::Value TimingsOf(Napi::Env env, const HookTimings::Edges& edges) {
  std::vector<double> ns;
  for (size_t i = 0; i < edges.size(); ++i) ns.push_back(edges[i]);
  return Figures(env, ns);
}

Napi::Value GetHookTimings(const Napi::CallbackInfo& info) {
  IsolateProbe* probe = IsolateProbe::Current();
  if (probe == nullptr || probe->hook_timings() == nullptr) return info.Env().Undefined();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("prologueNs", TimingsOf(info.Env(), probe->hook_timings()->prologues));
  result.Set("epilogueNs", TimingsOf(info.Env(), probe->hook_timings()->epilogues));
  result.Set("profileNs", static_cast<double>(probe->hook_timings()->profile_ns));
  return result;
}

// catchTermination(), releaseTermination(), terminate(): SIGTERM (termination.h)
void CatchTermination(const Napi::CallbackInfo&) { termination::Catch(); }
void ReleaseTermination(const Napi::CallbackInfo&) { termination::Release(); }
void Terminate(const Napi::CallbackInfo&) { termination::Raise(); }

// onTermination(callback): in the sampling thread; called once, in a turn of its loop.
class TerminationWaker final : public Waker<uv_async_t> {
 public:
  static void Open(Napi::Function callback) {
    auto* waker = Waker::Open<TerminationWaker>(callback, uv_async_init, OnAsync);
    if (waker != nullptr) termination::WakeBy(&waker->handle_);
  }

 private:
  static void OnAsync(uv_async_t* handle) {
    auto& waker = Of<TerminationWaker>(handle);
    Napi::HandleScope scope(waker.Env());
    waker.Call({});
  }

  void Ends() noexcept override { termination::WakeBy(nullptr); }
};

void OnTermination(const Napi::CallbackInfo& info) { TerminationWaker::Open(info[0].As<Napi::Function>()); }

// watchLoops(everyMs, stoppedMs, busyMs, workerBusyMs, callback): looks that often, and calls once (loop_look.h says when) with what
// the look before saw, undefined where this is the first, and what this one saw. Replaces what was asked for before.
void WatchLoops(const Napi::CallbackInfo& info) {
  const auto callback = info[4].As<Napi::Function>();
  LoopAlarm* alarm = LoopAlarm::Current();
  if (alarm != nullptr) {
    alarm->CallInstead(callback);
  } else {
    alarm = LoopAlarm::Open(callback);
  }
  const auto ns = [&](size_t at) { return NumberOf(info[at]) * 1e6; };
  if (alarm != nullptr) alarm->Set({ns(0), ns(1), ns(2), ns(3)});
}

// endLoopWatch(): Float64Array, what a last look saw
Napi::Value EndLoopWatch(const Napi::CallbackInfo& info) {
  LoopAlarm* alarm = LoopAlarm::Current();
  return alarm == nullptr ? info.Env().Undefined() : Figures(info.Env(), alarm->End());
}

// sendDatagram(path, data): number, 0 or an errno. To a Unix socket; does not wait.
Napi::Value SendDatagram(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  const auto data = info[1].As<Napi::Uint8Array>();
  return Napi::Number::New(info.Env(), SendUnixDatagram(path, data.Data(), data.ByteLength()));
}

// writeNow(fd, data): number, of the bytes that were taken or a negative errno. Does not wait.
Napi::Value WriteNowTo(const Napi::CallbackInfo& info) {
  const auto data = info[1].As<Napi::Uint8Array>();
  const long taken = WriteNow(static_cast<int>(NumberOf(info[0])), data.Data(), data.ByteLength());
  return Napi::Number::New(info.Env(), static_cast<double>(taken));
}

// Node.js does not check the ABI of a Node-API module, and v8.h has one: a binary of another version would read
// structures of another size. So this comes first, and uses Node-API only.
bool IsOtherAbi(Napi::Env env) {
  Napi::Value found = env.Global();
  for (const char* name : {"process", "versions", "modules"}) {
    // The thread is being terminated.
    if (!found.IsObject()) return true;
    found = found.As<Napi::Object>().Get(name);
  }
  if (!found.IsString()) return true;
  const std::string running = found.As<Napi::String>();
  const std::string built = std::to_string(NODE_MODULE_VERSION);
  if (running == built) return false;
  const std::string message =
      "this binary is for Node.js ABI " + built + " and the running Node.js has ABI " + running;
  Failed(env, "ERR_OFFLOOP_ABI", message.c_str());
  return true;
}

// What block.h lists, for the loader to compare. One text: a start waits for it, and each value of Node-API takes time.
std::string Layout() {
  std::string layout =
#define OFFLOOP_NAME(name) #name ","
      OFFLOOP_SLOTS(OFFLOOP_NAME);
#undef OFFLOOP_NAME
#define OFFLOOP_LENGTH(name, length) layout += #name "," + std::to_string(length) + ",";
  OFFLOOP_TABLES(OFFLOOP_LENGTH)
#undef OFFLOOP_LENGTH
  layout.pop_back();
  return layout;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  if (IsOtherAbi(env)) return exports;

  exports.Set("layout", Layout());

  exports.Set("attach", Napi::Function::New<Attach>(env, "attach"));
  exports.Set("probes", Napi::Function::New<Probes>(env, "probes"));
  exports.Set("generation", Napi::Function::New<Generation>(env, "generation"));
  exports.Set("idleNs", Napi::Function::New<IdleNs>(env, "idleNs"));
  exports.Set("watchLoops", Napi::Function::New<WatchLoops>(env, "watchLoops"));
  exports.Set("endLoopWatch", Napi::Function::New<EndLoopWatch>(env, "endLoopWatch"));
  exports.Set("askStack", Napi::Function::New<AskStack>(env, "askStack"));
  exports.Set("takeStack", Napi::Function::New<TakeStack>(env, "takeStack"));
  exports.Set("heapSpaces", Napi::Function::New<HeapSpaces>(env, "heapSpaces"));
  exports.Set("follow", Napi::Function::New<Follow>(env, "follow"));
  exports.Set("request", Napi::Function::New<Request>(env, "request"));
  exports.Set("requestOutdated", Napi::Function::New<RequestOutdated>(env, "requestOutdated"));
  exports.Set("countHeapObjects", Napi::Function::New<GetHeapCount>(env, "countHeapObjects"));
  exports.Set("claimSampler", Napi::Function::New<ClaimSampler>(env, "claimSampler"));
  exports.Set("releaseSampler", Napi::Function::New<ReleaseSampler>(env, "releaseSampler"));
  exports.Set("endedTotals", Napi::Function::New<EndedTotals>(env, "endedTotals"));
  exports.Set("catchTermination", Napi::Function::New<CatchTermination>(env, "catchTermination"));
  exports.Set("onTermination", Napi::Function::New<OnTermination>(env, "onTermination"));
  exports.Set("releaseTermination", Napi::Function::New<ReleaseTermination>(env, "releaseTermination"));
  exports.Set("terminate", Napi::Function::New<Terminate>(env, "terminate"));
  exports.Set("writeNow", Napi::Function::New<WriteNowTo>(env, "writeNow"));
  exports.Set("sendDatagram", Napi::Function::New<SendDatagram>(env, "sendDatagram"));
  exports.Set("living", Napi::Function::New<Living>(env, "living"));
  exports.Set("suspend", Napi::Function::New<Suspend>(env, "suspend"));
  exports.Set("hookTimings", Napi::Function::New<GetHookTimings>(env, "hookTimings"));
  return exports;
}

}  // namespace

NODE_API_MODULE(offloop, Init)

}  // namespace offloop
