// For how long a thread has wanted a CPU: on one, or in the queue for one. Stands still while it sleeps or is stopped.
//
// Owning thread: the one that made it, whose time it is.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>

#if defined(__linux__)
#include <fcntl.h>
#include <unistd.h>
#endif

namespace offloop {

class OwnTime {
 public:
  OwnTime(const OwnTime&) = delete;
  OwnTime& operator=(const OwnTime&) = delete;

#if defined(__linux__)
  OwnTime() noexcept : file_(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}
  ~OwnTime() {
    if (file_ >= 0) close(file_);
  }

  // NaN in a kernel that keeps no statistics of its scheduler.
  double RunnableNs() const noexcept {
    char text[64];
    const ssize_t length = file_ < 0 ? 0 : pread(file_, text, sizeof(text), 0);
    uint64_t on_cpu_ns = 0;
    uint64_t in_queue_ns = 0;
    const char* const end = text + (length > 0 ? length : 0);
    const auto first = std::from_chars(text, end, on_cpu_ns);
    if (first.ec != std::errc() || first.ptr == end) return kUnknown;
    if (std::from_chars(first.ptr + 1, end, in_queue_ns).ec != std::errc()) return kUnknown;
    return static_cast<double>(on_cpu_ns + in_queue_ns);
  }

 private:
  const int file_;
#else
  OwnTime() noexcept = default;
  double RunnableNs() const noexcept { return kUnknown; }

 private:
#endif
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace offloop
