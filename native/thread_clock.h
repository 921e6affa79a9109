// For how long a thread has wanted a CPU, in all: the time on one and the time in the queue for one. It stands still
// while the thread sleeps, waits for a lock, or is stopped; on a machine that is busy CPU time alone would look much the
// same. Linux only; elsewhere NaN.
//
// Made on the thread that it measures. Reading is for any thread, while the measured one lives: its number may be given to
// another thread afterwards.
#pragma once

#include <limits>

#if defined(__linux__)
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#endif

namespace offloop {

class ThreadClock {
 public:
#if defined(__linux__)
  ThreadClock() noexcept : thread_(static_cast<int>(syscall(SYS_gettid))) {}

  // 5 to 10 µs. CPU time alone where the kernel keeps no statistics of its scheduler.
  double RunnableNs() const noexcept {
    char text[96];
    std::snprintf(text, sizeof(text), "/proc/self/task/%d/schedstat", thread_);
    const int file = open(text, O_RDONLY | O_CLOEXEC);
    if (file == -1) return CpuNs();
    const ssize_t length = read(file, text, sizeof(text) - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    uint64_t on_cpu_ns = 0;
    uint64_t in_queue_ns = 0;
    if (std::sscanf(text, "%" SCNu64 " %" SCNu64, &on_cpu_ns, &in_queue_ns) != 2) return CpuNs();
    return static_cast<double>(on_cpu_ns + in_queue_ns);
  }

 private:
  double CpuNs() const noexcept {
    // What pthread_getcpuclockid() computes, which itself would ask for GLIBC_2.34: a fixed part of the kernel's
    // interface, 2 for "time on a CPU" and 4 for "of one thread".
    const auto id = static_cast<clockid_t>((~static_cast<clockid_t>(thread_) << 3) | 6);
    timespec used = {};
    if (clock_gettime(id, &used) != 0) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
  }

  int thread_;
#else
  double RunnableNs() const noexcept { return std::numeric_limits<double>::quiet_NaN(); }
#endif
};

}  // namespace offloop
