// Reads the sampling heap profile that runs in an isolate, whoever started it. Owning thread: the isolate's, outside
// collections. 30 to 1,000 µs, by the number of samples and the depth of their stacks (docs/heap-objects.md).
#pragma once

#include <v8.h>

#include <optional>

#include "folding.h"

namespace offloop {

// Nothing where no profiler runs.
std::optional<ProfileTotals> ReadSamplingProfile(v8::Isolate* isolate) noexcept;

}  // namespace offloop
