// The path of both GC hooks without V8, for callgrind to count its instructions: `hook-path PAIRS`. The clock is a
// counter, since reading the real one is the kernel's work.
#include <cstdio>
#include <cstdlib>
#include <new>

#include "gc_recorder.h"

int main(int, char** argv) {
  const long pairs = std::atol(argv[1]);
  void* memory = std::aligned_alloc(64, (offloop::Block::kBytes + 63) / 64 * 64);
  for (size_t i = 0; i < offloop::kBlockLength; ++i) static_cast<double*>(memory)[i] = 0;
  offloop::Block block(memory);
  offloop::GcRecorder recorder(block);
  uint64_t now_ns = 1'000'000'000;
  for (long i = 0; i < pairs; ++i) {
    // Scavenges of 200 to 255 µs, one each 10 ms; the kind as V8 gives it.
    volatile int type = 1;
    recorder.PrefetchSelf();
    recorder.Begin(offloop::GcKindOf(type), now_ns);
    now_ns += 200'000 + (i * 7919) % 55'000;
    recorder.PrefetchSelf();
    recorder.PrefetchBlock(offloop::GcKindOf(type));
    recorder.End(offloop::GcKindOf(type), now_ns, false);
    now_ns += 10'000'000;
  }
  std::printf("%.0f\n", block.Get(offloop::k_gcCycles));
}
