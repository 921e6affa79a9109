// Unix datagrams, which Node.js itself cannot send. No state: a socket for each datagram, so that nothing is left open, no
// loop is involved, and an agent that was restarted is found again. Any thread; never waits.
#pragma once

#include <cstddef>
#include <string>

namespace offloop {

// 0, or the errno of what failed: EAGAIN where the receiver's queue is full.
int SendUnixDatagram(const std::string& path, const void* data, size_t size) noexcept;

}  // namespace offloop
