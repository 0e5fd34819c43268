// A replica whose queue stands still while a reload has taken another one out of the balance.

#include <gtest/gtest.h>

#include <string>

#include "story.h"

namespace hydrinit {
namespace {

Config sharing() {
  Config config;
  config.scope = SignalScope::leader;
  config.replicas = 2;
  config.restart = Restart::always;
  config.exit_when = ExitWhen::failed;
  config.max_restarts = 10;
  config.stop_timeout = Millis{8000};
  config.share = "";
  config.ready_by = ReadyBy::listen;
  return config;
}

// Replica 0 drains, so nobody waits for it; that makes nobody else slow.
TEST(StuckBesideReload, QueueIsNotMeasuredByThatOfOneThatDrains) {
  Config config = sharing();
  config.drain_time = Millis{2000};
  Story story(config, true, 2, 64);
  story.start().at(0).says_ready(0).says_ready(1).at(1000).signal(kSignalHup);
  EXPECT_EQ(story.replica(0).stage, Stage::draining);
  story.queues({0, 5}).waiting().quietly();
  EXPECT_EQ(story.at(2000).transcript().find("balance"), std::string::npos);
  EXPECT_FALSE(story.replica(1).stuck);
  EXPECT_FALSE(story.replica(0).in_balance);
}

// Replica 1 is stuck, and then 0 drains: what comes is better left to 1 than to one that goes.
TEST(StuckBesideReload, OneThatDrainsIsNotServedForWantOfOthers) {
  Config config = sharing();
  config.drain_time = Millis{2000};
  Story story(config, true, 2, 64);
  story.start().at(0).says_ready(0).says_ready(1).at(1000).queues({0, 5}).waiting().at(1500);
  EXPECT_TRUE(story.replica(1).stuck);
  EXPECT_FALSE(story.replica(1).in_balance);
  story.signal(kSignalHup);
  EXPECT_EQ(story.replica(0).stage, Stage::draining);
  EXPECT_FALSE(story.replica(0).in_balance);
  EXPECT_TRUE(story.replica(1).in_balance);
}

}  // namespace
}  // namespace hydrinit
