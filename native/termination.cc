#include "termination.h"

#ifdef _WIN32

// There is no SIGTERM to catch: Windows ends the process.
namespace offloop::termination {
void Catch() noexcept {}
void WakeBy(uv_async_t*) noexcept {}
void Release() noexcept {}
void Raise() noexcept {}
}  // namespace offloop::termination

#else

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace offloop::termination {

namespace {

// Written by Catch, before the handler exists; read by the handler, on any thread.
struct sigaction previous;
std::atomic<uv_async_t*> woken{nullptr};
std::atomic<bool> caught{false};
// Handlers that are inside uv_async_send just now: WakeBy waits for them, so that no handle is freed under one.
std::atomic<int> sending{0};

void OnSignal(int) noexcept;

// Only where the handler is still ours: the application may have put its own there meanwhile.
void Restore() noexcept {
  struct sigaction current;
  const bool ours = sigaction(SIGTERM, nullptr, &current) == 0 && current.sa_handler == OnSignal;
  if (caught.exchange(false) && ours) sigaction(SIGTERM, &previous, nullptr);
}

// Async-signal-safe: atomics, uv_async_send (documented so), sigaction and raise.
void OnSignal(int) noexcept {
  // Whoever it interrupts may be about to look at it.
  const int error = errno;
  sending.fetch_add(1);
  // Taken, so that a second signal does not wait for a flush that hangs.
  uv_async_t* waker = woken.exchange(nullptr);
  if (waker != nullptr) uv_async_send(waker);
  sending.fetch_sub(1);
  if (waker == nullptr) Raise();
  errno = error;
}

}  // namespace

void Catch() noexcept {
  if (caught.load()) return;
  sigaction(SIGTERM, nullptr, &previous);
  struct sigaction ours = {};
  ours.sa_handler = OnSignal;
  ours.sa_flags = SA_RESTART;
  sigfillset(&ours.sa_mask);
  caught.store(true);
  sigaction(SIGTERM, &ours, nullptr);
}

void WakeBy(uv_async_t* waker) noexcept {
  woken.store(waker);
  while (sending.load() > 0) {
  }
}

void Release() noexcept {
  Restore();
  WakeBy(nullptr);
}

void Raise() noexcept {
  Restore();
  kill(getpid(), SIGTERM);
}

}  // namespace offloop::termination

#endif
