// A block on memory of its own, for tests.
#pragma once

#include <array>

#include "block.h"

namespace offloop {

struct TestBlock {
  alignas(8) std::array<unsigned char, Block::kBytes> memory{};
  Block block{memory.data()};
};

}  // namespace offloop
