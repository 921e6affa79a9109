#include "unix_datagram.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

using offloop::SendUnixDatagram;
using offloop::WriteNow;

namespace {

/// A receiver at a path of its own, with the kernel's default queue.
struct Receiver {
  const std::string path = "/tmp/offloop-datagram-" + std::to_string(getpid());
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

  Receiver() {
    unlink(path.c_str());
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~Receiver() {
    close(fd);
    unlink(path.c_str());
  }
  std::string Next() const {
    char buffer[65536];
    const ssize_t size = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    return size == -1 ? std::string("nothing") : std::string(buffer, static_cast<size_t>(size));
  }
};

int Send(const std::string& path, const std::string& text) {
  return SendUnixDatagram(path, text.data(), text.size());
}

}  // namespace

TEST_CASE("datagrams arrive whole and in their order") {
  Receiver receiver;
  const std::string long_one(8192, 'x');
  CHECK(Send(receiver.path, "a:1|g\nb:2|c") == 0);
  CHECK(Send(receiver.path, long_one) == 0);
  CHECK(receiver.Next() == "a:1|g\nb:2|c");
  CHECK(receiver.Next() == long_one);
  CHECK(receiver.Next() == "nothing");
}

TEST_CASE("a full queue is an answer, not a wait, and no descriptor stays open") {
  Receiver receiver;
  const int before = dup(0);
  close(before);
  int sent = 0;
  int error = 0;
  while ((error = Send(receiver.path, "x")) == 0 && sent < 100'000) ++sent;
  CHECK(sent > 0);
  CHECK((error == EAGAIN || error == ENOBUFS));
  const int after = dup(0);
  close(after);
  CHECK(after == before);
}

TEST_CASE("what cannot be reached says why") {
  CHECK(Send("/tmp/offloop-no-such-socket", "x") == ENOENT);
  CHECK(Send("/" + std::string(200, 'a'), "x") == ENAMETOOLONG);
  CHECK(Send("/tmp", "x") == ECONNREFUSED);
}

TEST_CASE("a write takes what there is room for, and does not wait for more") {
  int ends[2];
  const std::string much(1 << 20, 'x');
  SUBCASE("of a pipe") { REQUIRE(pipe(ends) == 0); }
  SUBCASE("of a socket") { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); }
  CHECK(WriteNow(ends[1], "abc", 3) == 3);
  char buffer[3];
  CHECK(read(ends[0], buffer, sizeof(buffer)) == 3);
  size_t taken = 0;
  long last = 0;
  while ((last = WriteNow(ends[1], much.data(), much.size())) > 0) taken += static_cast<size_t>(last);
  CHECK(last == -EAGAIN);
  CHECK(taken >= 4096);
  close(ends[0]);
  close(ends[1]);
  CHECK(WriteNow(ends[1], "abc", 3) == -EBADF);
}
