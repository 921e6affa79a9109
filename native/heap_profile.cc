#include "heap_profile.h"

#include <v8-profiler.h>

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace offloop {

std::optional<ProfileTotals> ReadSamplingProfile(v8::Isolate* isolate) noexcept {
  v8::HandleScope scope(isolate);
  const std::unique_ptr<v8::AllocationProfile> profile(isolate->GetHeapProfiler()->GetAllocationProfile());
  if (!profile) return std::nullopt;
  std::unordered_map<uint32_t, uint32_t> parents;
  std::vector<const v8::AllocationProfile::Node*> open = {profile->GetRootNode()};
  parents[open.back()->node_id] = open.back()->node_id;
  while (!open.empty()) {
    const v8::AllocationProfile::Node* node = open.back();
    open.pop_back();
    for (const v8::AllocationProfile::Node* child : node->children) {
      parents[child->node_id] = node->node_id;
      open.push_back(child);
    }
  }
  std::vector<HeapSample> samples;
  samples.reserve(profile->GetSamples().size());
  for (const v8::AllocationProfile::Sample& sample : profile->GetSamples()) {
    const auto parent = parents.find(sample.node_id);
    samples.push_back({.node = sample.node_id,
                       .parent = parent == parents.end() ? sample.node_id : parent->second,
                       .size = sample.size,
                       .count = static_cast<double>(sample.count),
                       .id = sample.sample_id});
  }
  return TotalsOf(std::move(samples));
}

}  // namespace offloop
