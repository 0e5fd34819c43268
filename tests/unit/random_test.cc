#include <gtest/gtest.h>

#include <random>

#include "world.h"

namespace hydrinit {
namespace {

TEST(Random, AnyOrderOfEventsKeepsItsPromises) {
  Tally tally;
  for (unsigned seed = 1; seed <= 10'000; ++seed) {
    std::mt19937 random(seed);
    Chance chance([&random] { return static_cast<std::uint32_t>(random()); });
    World world(chance, any_layout(chance), tally);
    world.play(60);
    if (HasFailure()) FAIL() << "seed " << seed << ":\n" << world.told();
  }
  // What was played was worth playing.
  EXPECT_GE(tally.most_actions, 6u);
  EXPECT_GE(tally.reloads, 5000);
  EXPECT_GE(tally.failed_reloads, 500);
  EXPECT_GE(tally.moves, 1000);
  EXPECT_GE(tally.restored, 100);
  EXPECT_GE(tally.stuck, 1000);
}

}  // namespace
}  // namespace hydrinit
