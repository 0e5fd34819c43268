// Replicas, ports, reloads, commands and stops in any order, against the model of
// tests/unit/world.h.

#include <cstdio>

#include "../unit/world.h"
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hydrinit_fuzz::Input input(data, size);
  // Behind the input choices go on, as one that is always the same may never come to an end.
  std::uint32_t random = 1;
  hydrinit::Chance chance([&] {
    random = random * 1664525 + 1013904223;
    return input.empty() ? random >> 16 : std::uint32_t{input.byte()};
  });
  hydrinit::Tally tally;
  hydrinit::World world(chance, hydrinit::any_layout(chance), tally);
  world.play(60);
  if (::testing::Test::HasFailure()) {
    std::fputs(world.told().c_str(), stderr);
    std::abort();
  }
  return 0;
}

// GoogleTest keeps its books only for a running test; a failure outside of one is said and counted.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  ::testing::InitGoogleTest(argc, *argv);
  return 0;
}
