// What Node.js cannot do itself: Unix datagrams, and a write that does not wait. No state: a socket for each datagram, so
// that nothing is left open, no loop is involved, and an agent that was restarted is found again. Any thread; never waits.
#pragma once

#include <cstddef>
#include <string>

namespace offloop {

// 0, or the errno of what failed: EAGAIN where the receiver's queue is full.
int SendUnixDatagram(const std::string& path, const void* data, size_t size) noexcept;

// How much of it `fd` took at once, or the negative errno of what failed: -EAGAIN where it is full. For a descriptor that
// others share, so that its own flags have to stay as they are. A socket is told not to wait. Of another kind a page is
// written at most, after poll() has said that there is room for one; another writer might be faster, in which case this one waits.
long WriteNow(int fd, const void* data, size_t size) noexcept;

}  // namespace offloop
