// The path of both GC hooks without V8, for callgrind to count its instructions: `hook-path PAIRS [bytes]`. The clock is a
// counter, since reading the real one is the kernel's work; so is the size of the heap, which is V8's.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "gc_recorder.h"
#include "heap_accounting.h"

int main(int argc, char** argv) {
  const long pairs = std::atol(argv[1]);
  const bool bytes = argc > 2;
  const size_t size = (offloop::Block::kBytes + 63) / 64 * 64;
  void* memory = std::memset(std::aligned_alloc(64, size), 0, size);
  offloop::Block block(memory);
  offloop::GcRecorder recorder;
  offloop::HeapAccounting accounting;
  const auto look = [&](double used_bytes) {
    offloop::Block::Update update(block);
    accounting.Look(update, used_bytes);
  };
  accounting.Start(block, 30e6);
  uint64_t now_ns = 1'000'000'000;
  for (long i = 0; i < pairs; ++i) {
    // Scavenges of 200 to 255 µs, one each 10 ms; the kind as V8 gives it.
    volatile int type = 1;
    volatile double used_bytes = 31e6 + static_cast<double>(i % 1000);
    const uint64_t ended_ns = now_ns + 200'000 + (i * 7919) % 55'000;
    const offloop::GcKind kind = offloop::GcKindOf(type);
    const bool pause_begins = recorder.Begin(block, kind, now_ns);
    if (bytes && pause_begins) look(used_bytes);
    recorder.PrefetchBucket(block, kind);
    if (bytes && recorder.EndsPause(kind)) look(used_bytes - 1e6);
    recorder.End(block, kind, ended_ns, false);
    now_ns = ended_ns + 10'000'000;
  }
  std::printf("%.0f\n", block.Get(offloop::k_gcCycles));
}
