// What a GC callback is made of. There everything is out of the caches: a callback costs the lines that it touches, its
// own code among them. So code that always runs is inlined into one stretch, and the rest lies elsewhere.
#pragma once

#include <cstdint>

#if defined(__linux__)
#include <time.h>
#else
#include <uv.h>
#endif

#if defined(__GNUC__)
#define OFFLOOP_INLINE [[gnu::always_inline]] inline
// Starts a cache line, beside others of its kind.
#define OFFLOOP_HOT __attribute__((hot, aligned(64)))
#define OFFLOOP_COLD [[gnu::cold, gnu::noinline]] inline
#define OFFLOOP_APART __attribute__((noinline))
#else
#define OFFLOOP_INLINE inline
#define OFFLOOP_HOT
#define OFFLOOP_COLD inline
#define OFFLOOP_APART
#endif

namespace offloop {

// Asks for a cache line that is about to be written, and waits for nothing. Always inlined, and so must be whatever
// calls only this: to GCC a function that only prefetches has no effect, and it drops the call.
OFFLOOP_INLINE void PrefetchLine([[maybe_unused]] const void* address) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(address, 1);
#endif
}

// The same, but the compiler forgets what it knows of it.
template <typename T>
OFFLOOP_INLINE T Opaque(T value) noexcept {
#if defined(__GNUC__)
  __asm__("" : "+r"(value));
#endif
  return value;
}

// 1.0 made of an immediate: the compiler would load it from a line of constants.
OFFLOOP_INLINE double One() noexcept { return static_cast<double>(Opaque(int64_t{1})); }

// Below 2^63, as all times are: one instruction, and not the two cases of an unsigned figure.
OFFLOOP_INLINE double ToDouble(uint64_t figure) noexcept {
  return static_cast<double>(static_cast<int64_t>(figure));
}

// The clock of uv_hrtime(). On Linux by a pointer to what uv_hrtime() calls itself, kept beside what a callback needs
// anyway: V8 has just read this clock, so its code is at hand, and libuv's and two tables of addresses are not.
class Clock {
 public:
  OFFLOOP_INLINE uint64_t Now() const noexcept {
#if defined(__linux__)
    timespec now;
    read_(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
#else
    return uv_hrtime();
#endif
  }

 private:
#if defined(__linux__)
  int (*read_)(clockid_t, timespec*) = clock_gettime;
#endif
};

}  // namespace offloop
