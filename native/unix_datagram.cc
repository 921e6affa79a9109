#include "unix_datagram.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#ifndef _WIN32
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#endif

namespace offloop {

#ifdef _WIN32

int SendUnixDatagram(const std::string&, const void*, size_t) noexcept { return ENOTSUP; }

long WriteNow(int, const void*, size_t) noexcept { return -ENOTSUP; }

#else

// macOS has it as an option of the socket. Node.js ignores SIGPIPE anyway.
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

int SendUnixDatagram(const std::string& path, const void* data, size_t size) noexcept {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  // With its terminator: without one, some systems read on.
  if (path.size() >= sizeof(address.sun_path)) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());

#ifdef SOCK_CLOEXEC
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
#else
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
#endif
  if (fd == -1) return errno;
  const ssize_t sent =
      sendto(fd, data, size, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int error = sent == -1 ? errno : 0;
  close(fd);
  return error;
}

long WriteNow(int fd, const void* data, size_t size) noexcept {
  ssize_t taken = sendto(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
  if (taken == -1 && errno == ENOTSOCK) {
    pollfd room = {fd, POLLOUT, 0};
    if (poll(&room, 1, 0) != 1) return -EAGAIN;
    taken = write(fd, data, std::min<size_t>(size, PIPE_BUF));
  }
  return taken == -1 ? -errno : taken;
}

#endif

}  // namespace offloop
