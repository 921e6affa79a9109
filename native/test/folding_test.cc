#include "folding.h"

#include <doctest/doctest.h>

#include <vector>

using namespace offloop;

namespace {

constexpr uint32_t kRoot = 1;
constexpr uint32_t kCaller = 2;
constexpr uint32_t kCallee = 3;

// Samples in the order of time. Each stands for the objects of 520 KB.
class Profile {
 public:
  Profile& Add(uint32_t node, size_t size, int times = 1) {
    for (int i = 0; i < times; ++i) {
      samples_.push_back({.node = node,
                          .parent = node - 1,
                          .size = size,
                          .count = 520'000.0 / static_cast<double>(size),
                          .id = samples_.size(),
                          .function = 100 + node});
    }
    return *this;
  }
  double Objects() const { return TotalsOf(samples_).objects; }
  double Objects(const FoldedGroups& known) const { return TotalsOf(samples_, known).objects; }
  double Counted() const {
    double objects = 0;
    for (const HeapSample& sample : samples_) objects += sample.count;
    return objects;
  }
  std::vector<HeapSample>& samples() { return samples_; }

 private:
  std::vector<HeapSample> samples_;
};

}  // namespace

TEST_CASE("no samples, no objects") {
  const ProfileTotals totals = TotalsOf({});
  CHECK(totals.objects == 0);
  CHECK(totals.bytes == 0);
}

TEST_CASE("a size of which nothing else is known counts as one object") {
  Profile profile;
  profile.Add(kCaller, 200, 50);
  CHECK(profile.Objects() == doctest::Approx(profile.Counted()));
}

TEST_CASE("what was single objects before it was one size is a group of them") {
  Profile profile;
  profile.Add(kCaller, 40, 5).Add(kCaller, 200, 20);
  // Everything in objects of 40 bytes.
  CHECK(profile.Objects() == doctest::Approx(25 * 13'000));
}

TEST_CASE("the order of the samples in the profile is no matter, their ids are") {
  Profile profile;
  profile.Add(kCaller, 40, 5).Add(kCaller, 200, 20);
  const double objects = profile.Objects();
  std::vector<HeapSample> backwards(profile.samples().rbegin(), profile.samples().rend());
  CHECK(TotalsOf(backwards).objects == doctest::Approx(objects));
}

TEST_CASE("a function that was thrown back to the interpreter meanwhile is known by its runs") {
  Profile profile;
  profile.Add(kCaller, 40, 5).Add(kCaller, 200, 15).Add(kCaller, 40, 6).Add(kCaller, 200, 20);
  CHECK(profile.Objects() == doctest::Approx(46 * 13'000));
}

TEST_CASE("before it was inlined, the callee allocated") {
  Profile profile;
  profile.Add(kCallee, 40, 5).Add(kCaller, 200, 20);
  CHECK(profile.Objects() == doctest::Approx(25 * 13'000));
}

TEST_CASE("another function's sizes tell nothing") {
  Profile profile;
  profile.Add(kCallee + 5, 40, 5).Add(kCaller, 200, 20);
  CHECK(profile.Objects() == doctest::Approx(profile.Counted()));
}

TEST_CASE("sizes that take turns are single objects: a row and its strings") {
  Profile profile;
  for (const int rows : {1, 3, 2, 1, 1, 4, 2, 1, 3, 1}) profile.Add(kCaller, 184, rows).Add(kCaller, 32, 1);
  CHECK(profile.Objects() == doctest::Approx(profile.Counted()));
}

TEST_CASE("a group of groups") {
  Profile profile;
  profile.Add(kCallee, 40, 10).Add(kCallee, 120, 20).Add(kCaller, 240, 40);
  CHECK(profile.Objects() == doctest::Approx(70 * 13'000));
}

TEST_CASE("an array that grew is no group: too few of one size") {
  Profile profile;
  for (size_t bytes = 64; bytes < 100'000; bytes += bytes / 2) profile.Add(kCaller, bytes, 3);
  CHECK(profile.Objects() == doctest::Approx(profile.Counted()));
}

TEST_CASE("large blocks are no groups") {
  Profile profile;
  profile.Add(kCaller, 40, 5).Add(kCaller, folding::kMaxGroupBytes + 8, 20);
  CHECK(profile.Objects() == doctest::Approx(profile.Counted()));
}

TEST_CASE("a group has a bounded number of objects") {
  Profile profile;
  profile.Add(kCaller, 16, 5).Add(kCaller, 4096, 20);
  CHECK(profile.Objects() <= profile.Counted() * folding::kMaxObjects);
}

TEST_CASE("the bytes are the samples' whatever the groups") {
  Profile profile;
  profile.Add(kRoot, 40, 5).Add(kRoot, 200, 20);
  CHECK(TotalsOf(profile.samples()).bytes == doctest::Approx(25 * 520'000.0));
}

TEST_CASE("what is in a group is known in a profile that began later, whatever its nodes are") {
  Profile before;
  before.Add(kCaller, 40, 5).Add(kCaller, 200, 20);
  const FoldedGroups known = TotalsOf(before.samples()).groups;
  CHECK(known.size() == 1);
  Profile after;
  after.Add(kCaller, 200, 2);
  CHECK(after.Objects() == doctest::Approx(after.Counted()));
  for (HeapSample& sample : after.samples()) sample.node += 7;
  CHECK(after.Objects(known) == doctest::Approx(2 * 13'000));
  CHECK(TotalsOf(after.samples(), known).groups == known);
}

TEST_CASE("another function or size is none of the groups that are known, nor is one without a source") {
  Profile profile;
  profile.Add(kCaller, 200, 2);
  CHECK(profile.Objects({{{101, 200}, 5}, {{102, 208}, 5}}) == doctest::Approx(profile.Counted()));
  profile.Add(kCaller, 40, 5).Add(kCaller, 200, 20);
  for (HeapSample& sample : profile.samples()) sample.function = 0;
  CHECK(TotalsOf(profile.samples()).groups.empty());
}

TEST_CASE("a group that turns out to be none is forgotten") {
  Profile profile;
  for (const int rows : {1, 3, 2, 1, 1, 4, 2, 1, 3, 1}) profile.Add(kCaller, 184, rows).Add(kCaller, 32, 1);
  const FoldedGroups known = {{{100 + kCaller, 184}, 5}};
  CHECK(profile.Objects(known) == doctest::Approx(profile.Counted()));
  CHECK(TotalsOf(profile.samples(), known).groups.empty());
}
