// The path of both GC hooks without V8, for callgrind to count its instructions: `hook-path PAIRS`. The clock is a
// counter, since reading the real one is the kernel's work.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "gc_recorder.h"

int main(int, char** argv) {
  const long pairs = std::atol(argv[1]);
  const size_t bytes = (offloop::Block::kBytes + 63) / 64 * 64;
  void* memory = std::memset(std::aligned_alloc(64, bytes), 0, bytes);
  const offloop::Block block(memory);
  offloop::GcRecorder recorder;
  uint64_t now_ns = 1'000'000'000;
  for (long i = 0; i < pairs; ++i) {
    // Scavenges of 200 to 255 µs, one each 10 ms; the kind as V8 gives it.
    volatile int type = 1;
    const uint64_t ended_ns = now_ns + 200'000 + (i * 7919) % 55'000;
    const offloop::GcKind kind = offloop::GcKindOf(type);
    recorder.Begin(block, kind, now_ns);
    recorder.PrefetchBucket(block, kind);
    recorder.End(block, kind, ended_ns, false);
    now_ns = ended_ns + 10'000'000;
  }
  std::printf("%.0f\n", block.Get(offloop::k_gcCycles));
}
