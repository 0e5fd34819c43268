// Whose queue is taken for that of a stuck replica while others are on their way.

#include <gtest/gtest.h>

#include "story.h"

namespace hydrinit {
namespace {

Config shared_port() {
  Config config = supervised();
  config.replicas = 2;
  config.share = "";
  return config;
}

Story& up(Story& story) { return story.start().at(5).says_ready(0).says_ready(1).quietly(); }

// A draining one's queue is empty because nobody is sent there, which says nothing of the other.
TEST(Stuck, BusyOneIsNotTakenForStuckWhileTheOtherDrains) {
  Story story(shared_port(), true, 2, 64);
  up(story).signal(kSignalHup).quietly().queues({0, 1}).waiting().at(1000);
  EXPECT_FALSE(story.replica(1).stuck);
  EXPECT_TRUE(story.replica(1).in_balance);
}

// Otherwise the draining one would be sent connections again, and be stopped with them.
TEST(Stuck, StuckOneIsServedFromAgainWhenAllOthersAreOnTheirWayOut) {
  Story story(shared_port(), true, 2, 64);
  up(story).queues({0, 5}).waiting().at(1000);
  ASSERT_TRUE(story.replica(1).stuck);
  EXPECT_FALSE(story.replica(1).in_balance);
  story.quietly().signal(kSignalHup);
  EXPECT_TRUE(story.replica(1).in_balance);
  EXPECT_FALSE(story.replica(0).in_balance);
}

// The time of the first look in which it is, at 200, 300 and so on.
std::int64_t stuck_at(int queue) {
  Story story(shared_port(), true, 2, 64);
  up(story).queues({0, queue}).waiting();
  for (std::int64_t ms = 100; ms < 2000; ms += 100) {
    if (story.at(ms).replica(1).stuck) return ms;
  }
  return -1;
}

TEST(Stuck, LongerQueueIsBelievedSooner) {
  const std::int64_t three = stuck_at(3);
  EXPECT_LE(three, 300);
  EXPECT_EQ(stuck_at(100), three);
  EXPECT_EQ(stuck_at(2), three + 100);
  EXPECT_EQ(stuck_at(1), three + 400);
  EXPECT_EQ(stuck_at(0), -1);
}

// One at a time, each of which has been accepted by the next look.
TEST(Stuck, QueueThatIsEmptyInBetweenIsNot) {
  Story story(shared_port(), true, 2, 64);
  up(story).queues({0, 1}).waiting();
  for (std::int64_t ms = 100; ms < 5000; ms += 100) {
    story.queues({0, ms % 500 == 0 ? 0 : 1}).at(ms);
    story.waiting();
    EXPECT_FALSE(story.replica(1).stuck) << ms;
  }
}

}  // namespace
}  // namespace hydrinit
