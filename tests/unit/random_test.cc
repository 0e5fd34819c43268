#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "world.h"

namespace hydrinit {
namespace {

TEST(Random, AnyOrderOfEventsKeepsItsPromises) {
  std::size_t most = 0;
  int reloads = 0;
  int failed = 0;
  int moves = 0;
  int restored = 0;
  int stuck = 0;
  for (unsigned seed = 1; seed <= 10'000; ++seed) {
    std::mt19937 random(seed);
    World world([&random] { return static_cast<std::uint32_t>(random()); });
    world.play(60);
    most = std::max(most, world.most_actions());
    reloads += world.reloads();
    failed += world.failed_reloads();
    moves += world.moves();
    restored += world.restored();
    stuck += world.stuck();
    if (HasFailure()) FAIL() << "seed " << seed << ":\n" << world.told();
  }
  // What was played was worth playing.
  EXPECT_GE(most, 6u);
  EXPECT_GE(reloads, 5000);
  EXPECT_GE(failed, 500);
  EXPECT_GE(moves, 1000);
  EXPECT_GE(restored, 100);
  EXPECT_GE(stuck, 1000);
}

}  // namespace
}  // namespace hydrinit
