#include "unix_datagram.h"

#include <cerrno>
#include <cstring>

#ifndef _WIN32
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#endif

namespace offloop {

#ifdef _WIN32

int SendUnixDatagram(const std::string&, const void*, size_t) noexcept { return ENOTSUP; }

#else

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

#endif

}  // namespace offloop
