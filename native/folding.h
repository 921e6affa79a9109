// How many objects the samples of a heap profile stand for, where optimised code allocates several at once.
//
// V8's optimising compilers fold adjacent allocations into one: the profiler then sees one "object" as large as the
// whole group, and nothing in V8's public API tells what is in it. What a profile does tell is what the same function
// allocated at other times, before it was optimised or after it was thrown back: each object by itself. So a size that
// comes in long runs, among smaller ones of the same function that come in runs as well, is a group, and holds as many
// objects as the smaller ones had in as many bytes. Sizes that take turns at random (a row and its strings, out of
// JSON.parse) are what they seem, and so is a size of which nothing else is known: both count as one object.
//
// A profile that follows another has lost the samples by which a group was known: so what is in a group can be
// remembered, by function and size.
//
// Plain arithmetic, tested alone. Owning thread: any; no state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace offloop {

struct HeapSample {
  uint32_t node;    // the function that allocated, by the stack that led to it
  uint32_t parent;  // the node of its caller
  size_t size;      // bytes
  double count;     // how many allocations of this size the sample stands for
  uint64_t id;      // in the order of time
  // The function, the same in each profile; 0 where it has no source.
  uint64_t function = 0;
};

// Objects in a group, by its function and size.
using FoldedGroups = std::map<std::pair<uint64_t, size_t>, double>;

struct ProfileTotals {
  double objects = 0;
  double bytes = 0;
  FoldedGroups groups;  // those found, and the ones known before of which this profile tells nothing
};

// Takes the samples of one profile, and the groups that are known from profiles before it. At most
// kMaxGroups * samples.size() steps.
ProfileTotals TotalsOf(std::vector<HeapSample> samples, const FoldedGroups& known = {}) noexcept;

namespace folding {

// Sizes with fewer samples at one node are not looked at: their order tells nothing.
inline constexpr size_t kMinSamples = 4;
// The largest ones by samples, so that a profile of thousands of samples costs no more than a fraction of reading it.
inline constexpr size_t kMaxGroups = 64;
// Above it is an array or a string. The compilers fold up to 128 KiB, but nobody's literals are that large.
inline constexpr size_t kMaxGroupBytes = 4096;
// Standard deviations below the number of changes that random order has (Wald and Wolfowitz's runs test).
inline constexpr double kMinDeviations = 3;
// A group has two objects at least; sizes differ, so one of less than 1.5 is no group.
inline constexpr double kMinObjects = 1.5;
inline constexpr double kMaxObjects = 32;
// No more are remembered.
inline constexpr size_t kMaxKnown = 256;

}  // namespace folding

}  // namespace offloop
