// Reads the sampling heap profile that runs in an isolate, whoever started it. Owning thread: the isolate's, outside
// collections. 30 to 1,000 µs, by the number of samples and the depth of their stacks (docs/heap-objects.md).
#pragma once

#include <v8.h>

#include <optional>

#include "folding.h"

namespace offloop {

struct SamplingProfile {
  ProfileTotals totals;
  // Samples since it began, as far as those alive tell: all up to the newest of them. V8 numbers them.
  uint64_t taken = 0;
  // Whether each sample stands for as much as one does at that interval. Where not, it is another's profile.
  bool has_interval = true;
};

// Nothing where no profiler runs. `interval_bytes`: that of ours; `known`: groups of profiles before it (folding.h).
std::optional<SamplingProfile> ReadSamplingProfile(v8::Isolate* isolate, uint64_t interval_bytes,
                                                   const FoldedGroups& known) noexcept;

}  // namespace offloop
