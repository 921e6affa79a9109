#include "heap_profile.h"

#include <v8-profiler.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace offloop {

namespace {

using Node = v8::AllocationProfile::Node;

struct Place {
  uint32_t parent;
  uint64_t function;
};

uint64_t FunctionOf(const Node& node) noexcept {
  if (node.script_id == v8::UnboundScript::kNoScriptId) return 0;
  return static_cast<uint64_t>(static_cast<uint32_t>(node.script_id)) << 32 |
         static_cast<uint32_t>(node.start_position);
}

// How many allocations of that size V8 says one sample stands for: it is the inverse of how likely one is noted, rounded.
double CountAt(uint64_t interval_bytes, size_t size) noexcept {
  return -1 / std::expm1(-static_cast<double>(size) / static_cast<double>(interval_bytes));
}

}  // namespace

std::optional<SamplingProfile> ReadSamplingProfile(v8::Isolate* isolate, uint64_t interval_bytes,
                                                   const FoldedGroups& known) noexcept {
  v8::HandleScope scope(isolate);
  const std::unique_ptr<v8::AllocationProfile> profile(isolate->GetHeapProfiler()->GetAllocationProfile());
  if (!profile) return std::nullopt;
  std::unordered_map<uint32_t, Place> places;
  std::vector<const Node*> open = {profile->GetRootNode()};
  places[open.back()->node_id] = {.parent = open.back()->node_id, .function = 0};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    for (const Node* child : node->children) {
      places[child->node_id] = {.parent = node->node_id, .function = FunctionOf(*child)};
      open.push_back(child);
    }
  }
  SamplingProfile read;
  std::vector<HeapSample> samples;
  samples.reserve(profile->GetSamples().size());
  for (const v8::AllocationProfile::Sample& sample : profile->GetSamples()) {
    const auto found = places.find(sample.node_id);
    const Place place =
        found == places.end() ? Place{.parent = sample.node_id, .function = 0} : found->second;
    const auto count = static_cast<double>(sample.count);
    read.taken = std::max(read.taken, sample.sample_id);
    read.has_interval = read.has_interval && std::abs(count - CountAt(interval_bytes, sample.size)) <= 1;
    samples.push_back({.node = sample.node_id,
                       .parent = place.parent,
                       .size = sample.size,
                       .count = count,
                       .id = sample.sample_id,
                       .function = place.function});
  }
  read.totals = TotalsOf(std::move(samples), known);
  return read;
}

}  // namespace offloop
