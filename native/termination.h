// SIGTERM for a process that starts without code (offloop/register): what exporters still hold goes out before the
// process ends by the very signal.
//
// A JavaScript handler would not do: with one, a process whose event loop is stuck no longer ends on SIGTERM. So the
// signal is caught here and handed to the sampling thread, which flushes and raises it again.
//
// Whoever listens to SIGTERM later, through `process.on`, replaces this handler in libuv's way and is not disturbed.
#pragma once

#include <uv.h>

namespace offloop::termination {

// Called on the main thread, before the application had a chance to listen.
void Catch() noexcept;

// From now on the signal wakes `waker`; with null nobody, and it ends the process at once. When this returns, no
// handler uses the waker before it any more. Called on the sampling thread.
void WakeBy(uv_async_t* waker) noexcept;

// Nobody is woken any more, and the signal does again what it did before Catch. Any thread.
void Release() noexcept;

// Ends the process by the signal, as if it had never been caught. Any thread.
void Raise() noexcept;

}  // namespace offloop::termination
