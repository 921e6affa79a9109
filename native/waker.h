// A handle of libuv in the calling thread's loop, by which JavaScript is called.
//
// It keeps no loop alive, and lives until its environment ends. Owning thread: the one that opened it.
#pragma once

#include <napi.h>
#include <uv.h>

#include <initializer_list>
#include <memory>

namespace offloop {

template <typename Handle>
class Waker {
 public:
  Waker() = default;
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  virtual ~Waker() = default;

  // `init`: libuv's function that opens the handle. Null where it has none to give.
  template <typename Made, typename Init, typename... Args>
  static Made* Open(Napi::Function callback, Init init, Args... args) {
    Napi::Env env = callback.Env();
    uv_loop_t* loop = nullptr;
    auto made = std::make_unique<Made>();
    Waker* const waker = made.get();
    if (napi_get_uv_event_loop(env, &loop) != napi_ok || init(loop, &waker->handle_, args...) != 0) {
      return nullptr;
    }
    waker->handle_.data = waker;
    uv_unref(reinterpret_cast<uv_handle_t*>(&waker->handle_));
    waker->CallInstead(callback);
    napi_add_async_cleanup_hook(env, OnCleanup, waker, &waker->cleanup_);
    return made.release();
  }

  void CallInstead(Napi::Function callback) { callback_ = Napi::Persistent(callback); }

 protected:
  template <typename Made>
  static Made& Of(Handle* handle) noexcept {
    return *static_cast<Made*>(static_cast<Waker*>(handle->data));
  }

  Napi::Env Env() const { return callback_.Env(); }

  // Within a handle scope. What the callback throws is as uncaught as it would be from a timer of Node.js. In a thread that is
  // being terminated nothing is called, and there is no exception.
  void Call(std::initializer_list<napi_value> arguments) {
    napi_env env = Env();
    napi_make_callback(env, nullptr, Env().Global(), callback_.Value(), arguments.size(), arguments.begin(),
                       nullptr);
    bool threw = false;
    napi_value exception;
    if (napi_is_exception_pending(env, &threw) != napi_ok || !threw) return;
    if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
  }

  // Nobody may use it from now on. Not pure: that would take a function of libstdc++, which the addon for musl does without.
  virtual void Ends() noexcept {}

  Handle handle_ = {};

 private:
  static void OnCleanup(napi_async_cleanup_hook_handle, void* data) {
    auto* waker = static_cast<Waker*>(data);
    waker->Ends();
    waker->callback_.Reset();
    uv_close(reinterpret_cast<uv_handle_t*>(&waker->handle_), [](uv_handle_t* handle) {
      const std::unique_ptr<Waker> closed(static_cast<Waker*>(handle->data));
      napi_remove_async_cleanup_hook(closed->cleanup_);
    });
  }

  Napi::FunctionReference callback_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
};

}  // namespace offloop
