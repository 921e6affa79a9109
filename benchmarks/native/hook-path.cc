// The path of both GC hooks without V8, for callgrind to count its instructions: `hook-path PAIRS`. The clock is a
// counter, since reading the real one is the kernel's work.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "gc_recorder.h"

namespace {

using offloop::Block;
using offloop::GcKind;

// Whether the recorder keeps its block or is given it with each call is none of this program's business.
template <typename Recorder>
void Pair(Recorder& recorder, Block block, GcKind kind, uint64_t began_ns, uint64_t ended_ns) {
  if constexpr (requires { recorder.Begin(kind, began_ns); }) {
    recorder.PrefetchSelf();
    recorder.Begin(kind, began_ns);
    recorder.PrefetchSelf();
    recorder.PrefetchBlock(kind);
    recorder.End(kind, ended_ns, false);
  } else {
    recorder.Begin(block, kind, began_ns);
    recorder.PrefetchBucket(block, kind);
    recorder.End(block, kind, ended_ns, false);
  }
}

template <typename Recorder>
Recorder Make(Block block) {
  if constexpr (std::is_constructible_v<Recorder, Block>) {
    return Recorder(block);
  } else {
    return Recorder();
  }
}

}  // namespace

int main(int, char** argv) {
  const long pairs = std::atol(argv[1]);
  const size_t bytes = (Block::kBytes + 63) / 64 * 64;
  void* memory = std::memset(std::aligned_alloc(64, bytes), 0, bytes);
  const Block block(memory);
  auto recorder = Make<offloop::GcRecorder>(block);
  uint64_t now_ns = 1'000'000'000;
  for (long i = 0; i < pairs; ++i) {
    // Scavenges of 200 to 255 µs, one each 10 ms; the kind as V8 gives it.
    volatile int type = 1;
    const uint64_t ended_ns = now_ns + 200'000 + (i * 7919) % 55'000;
    Pair(recorder, block, offloop::GcKindOf(type), now_ns, ended_ns);
    now_ns = ended_ns + 10'000'000;
  }
  std::printf("%.0f\n", block.Get(offloop::k_gcCycles));
}
