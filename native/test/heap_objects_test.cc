#include "heap_objects.h"

#include <doctest/doctest.h>

using namespace offloop;

TEST_CASE("without samples the density of a fresh heap stands in") {
  const HeapObjectEstimator estimator(4e6);
  CHECK(estimator.Objects(10e6) == doctest::Approx(10e6 * HeapObjectEstimator::kFreshHeapDensity));
}

TEST_CASE("samples outweigh the guess as they come in") {
  HeapObjectEstimator estimator(4e6);
  estimator.Update(1e6, 96e6);  // objects of 96 bytes
  const double fresh = 4e6 * HeapObjectEstimator::kFreshHeapDensity;
  CHECK(estimator.Objects(100e6) == doctest::Approx(fresh + 1e6));
}

TEST_CASE("a probe attached late to a large heap is not stuck with the guess") {
  HeapObjectEstimator estimator(2e9);
  estimator.Update(1e7, 1e9);  // 100 bytes each: 0.01 a byte
  CHECK(estimator.Objects(2e9) == doctest::Approx(2e7).epsilon(0.01));
}
