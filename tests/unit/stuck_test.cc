// Whose queue is taken for that of a stuck replica while others are on their way.

#include <gtest/gtest.h>

#include "story.h"

namespace hydrinit {
namespace {

Config shared_port() {
  Config config;
  config.scope = SignalScope::leader;
  config.replicas = 2;
  config.restart = Restart::always;
  config.exit_when = ExitWhen::failed;
  config.stop_timeout = Millis{8000};
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

}  // namespace
}  // namespace hydrinit
