#include "folding.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace offloop {

namespace {

using Indexes = std::vector<size_t>;

// `site`: what the node and the functions that it calls have allocated, in the order of time. Inlining is the reason
// for the latter: once optimised, the caller allocates what was the callee's before. `objects`: of each sample, so far.
// Nothing where too little is known.
std::optional<double> ObjectsInGroup(const std::vector<HeapSample>& samples,
                                     const std::vector<double>& objects, const Indexes& site,
                                     const HeapSample& group) noexcept {
  double grouped = 0;
  double smaller = 0;
  double changes = 0;
  double smaller_objects = 0;
  double smaller_bytes = 0;
  const HeapSample* before = nullptr;
  bool before_in_group = false;
  for (const size_t index : site) {
    const HeapSample& sample = samples[index];
    const bool in_group = sample.node == group.node && sample.size == group.size;
    if (!in_group && sample.size >= group.size) continue;
    if (in_group) {
      ++grouped;
    } else {
      ++smaller;
      smaller_objects += sample.count * objects[index];
      smaller_bytes += sample.count * static_cast<double>(sample.size);
    }
    if (before != nullptr && in_group != before_in_group) ++changes;
    before = &sample;
    before_in_group = in_group;
  }
  if (smaller < 2) return std::nullopt;
  const double all = grouped + smaller;
  const double pairs = 2 * grouped * smaller;
  const double expected = pairs / all;
  const double deviation = std::sqrt(pairs * (pairs - all) / (all * all * (all - 1)));
  if (changes > expected - folding::kMinDeviations * deviation) return 1;
  const double inside = static_cast<double>(group.size) * smaller_objects / smaller_bytes;
  return inside < folding::kMinObjects ? 1 : std::min(inside, folding::kMaxObjects);
}

}  // namespace

ProfileTotals TotalsOf(std::vector<HeapSample> samples, const FoldedGroups& known) noexcept {
  std::sort(samples.begin(), samples.end(),
            [](const HeapSample& a, const HeapSample& b) { return a.id < b.id; });
  std::unordered_map<uint32_t, Indexes> sites;
  std::map<std::pair<uint32_t, size_t>, Indexes> by_size;
  for (size_t i = 0; i < samples.size(); ++i) {
    sites[samples[i].node].push_back(i);
    if (samples[i].parent != samples[i].node) sites[samples[i].parent].push_back(i);
    if (samples[i].size <= folding::kMaxGroupBytes) {
      by_size[{samples[i].node, samples[i].size}].push_back(i);
    }
  }
  std::vector<const Indexes*> groups;
  for (const auto& [key, indexes] : by_size) {
    if (indexes.size() >= folding::kMinSamples) groups.push_back(&indexes);
  }
  if (groups.size() > folding::kMaxGroups) {
    std::nth_element(groups.begin(), groups.begin() + folding::kMaxGroups, groups.end(),
                     [](const Indexes* a, const Indexes* b) { return a->size() > b->size(); });
    groups.resize(folding::kMaxGroups);
  }
  // Small ones first: a group can be part of a larger one, when its function is inlined in turn.
  std::sort(groups.begin(), groups.end(), [&](const Indexes* a, const Indexes* b) {
    return samples[a->front()].size < samples[b->front()].size;
  });
  ProfileTotals totals;
  totals.groups = known;
  std::vector<double> objects(samples.size(), 1);
  if (!known.empty()) {
    for (size_t i = 0; i < samples.size(); ++i) {
      const auto group = known.find({samples[i].function, samples[i].size});
      if (group != known.end()) objects[i] = group->second;
    }
  }
  for (const Indexes* group : groups) {
    const HeapSample& first = samples[group->front()];
    const std::optional<double> inside = ObjectsInGroup(samples, objects, sites[first.node], first);
    if (!inside) continue;
    for (const size_t index : *group) objects[index] = *inside;
    if (first.function == 0) continue;
    if (*inside == 1) {
      totals.groups.erase({first.function, first.size});
    } else if (totals.groups.size() < folding::kMaxKnown) {
      totals.groups[{first.function, first.size}] = *inside;
    }
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    totals.objects += samples[i].count * objects[i];
    totals.bytes += samples[i].count * static_cast<double>(samples[i].size);
  }
  return totals;
}

}  // namespace offloop
