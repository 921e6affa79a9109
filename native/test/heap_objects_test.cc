#include "heap_objects.h"

#include <doctest/doctest.h>

using namespace offloop;

TEST_CASE("without samples the density of a fresh heap stands in") {
  const HeapObjectEstimator estimator(4e6);
  CHECK(estimator.Objects(10e6) == doctest::Approx(10e6 * HeapObjectEstimator::kFreshHeapDensity));
}

TEST_CASE("samples outweigh the guess as they come in") {
  HeapObjectEstimator estimator(4e6);
  estimator.Update(1e6, 96e6, 100e6);  // objects of 96 bytes
  const double fresh = 4e6 * HeapObjectEstimator::kFreshHeapDensity;
  CHECK(estimator.Objects(100e6) == doctest::Approx(fresh + 1e6));
}

TEST_CASE("a probe attached late to a large heap is not stuck with the guess") {
  HeapObjectEstimator estimator(2e9);
  estimator.Update(1e7, 1e9, 2e9);  // 100 bytes each: 0.01 a byte
  CHECK(estimator.Objects(2e9) == doctest::Approx(2e7).epsilon(0.01));
}

TEST_CASE(
    "after a restart the density so far stands for all of the heap of that time, as far as it is left") {
  HeapObjectEstimator estimator(4e6);
  estimator.Update(4e6, 396e6, 400e6);
  const double before = estimator.Objects(400e6);
  estimator.Restart(400e6, 1e6);
  estimator.Update(0, 0, 400e6);
  CHECK(estimator.Objects(400e6) == doctest::Approx(before));
  // New ones beside it, of 20 bytes.
  estimator.Update(5e6, 100e6, 500e6);
  CHECK(estimator.Objects(500e6) == doctest::Approx(before + 5e6));
  // In its place: half of it is gone.
  estimator.Update(10e6, 200e6, 400e6);
  CHECK(estimator.Objects(400e6) == doctest::Approx(before / 2 + 10e6));
  // All of it: some of the guess stays, as at the start. 4 samples of 404.
  estimator.Update(20e6, 400e6, 400e6);
  CHECK(estimator.Objects(400e6) == doctest::Approx(20e6).epsilon(0.03));
}

TEST_CASE("after a restart one sample of a large interval does not outweigh what was known") {
  HeapObjectEstimator estimator(4e6);
  estimator.Update(1e6, 16e6, 20e6);
  estimator.Restart(20e6, 8e6);
  const double before = estimator.Objects(20e6);
  // As if it were full of objects of 16 bytes: 50,000 objects a megabyte were known.
  estimator.Update(0.5e6, 8e6, 20e6);
  CHECK(estimator.Objects(20e6) < before * 1.2);
  estimator.Update(0, 0, 20e6);
  CHECK(estimator.Objects(20e6) == doctest::Approx(before));
}
