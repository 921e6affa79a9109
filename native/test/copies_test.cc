#include "copies.h"

#include <doctest/doctest.h>

#include "registry.h"

using namespace offloop;

// Several copies: test/contract/robust.test.ts.
TEST_CASE("one sampler a process") {
  CHECK(copies::ClaimSampler());
  CHECK_FALSE(copies::ClaimSampler());
  copies::ReleaseSampler();
  CHECK(copies::ClaimSampler());
  copies::ReleaseSampler();
}

TEST_CASE("the registry is one, whoever asks") {
  CHECK(&copies::SharedRegistry() == &copies::SharedRegistry());
  CHECK(&Registry::Instance() == &copies::SharedRegistry());
}
