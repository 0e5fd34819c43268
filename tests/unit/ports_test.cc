// Replicas with ports, told as transcripts: when they are up, who is given new connections, whose
// queue is stuck, and how a reload goes without losing any.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "story.h"

namespace hydrinit {
namespace {

// Up once they say so, on a port each.
Config ports(ReadyBy ready_by = ReadyBy::notify) {
  Config config = supervised();
  config.replicas = 2;
  config.ready_by = ready_by;
  if (ready_by == ReadyBy::listen) {
    config.share = "";
  } else {
    (void)config.listen.push("80");
  }
  return config;
}

// All are up, by 100.
Story& up(Story& story) {
  story.start().at(100);
  for (int slot = 0; slot < story.count(); ++slot) story.says_ready(slot);
  return story.quietly();
}

// ---- readiness ---------------------------------------------------------------------------------

TEST(Ports, ByTimeItIsUpWhenItHasLivedSoLong) {
  Story story(ports(ReadyBy::time), true, 1, 2);
  // With nobody else up it serves from the beginning.
  EXPECT_EQ(story.start().at(999).transcript(), "[   0] spawn 0\n[   0] balance 0\n");
  EXPECT_EQ(story.replica(0).stage, Stage::starting);
  EXPECT_EQ(story.at(1000).transcript(), "");
  EXPECT_EQ(story.replica(0).stage, Stage::running);
  EXPECT_EQ(story.deadline(), kNever);
}

// A reload right after the start must not cut off the connections that they have been given.
TEST(Ports, ThoseThatServeAsNobodyIsUpAreDrained) {
  Story story(ports(ReadyBy::time), true, 2, 2);
  story.start().at(500).quietly();
  EXPECT_EQ(story.signal(kSignalHup).transcript(),
            "[ 500] received HUP\n[ 500] reloading\n[ 500] balance 1\n");
  EXPECT_EQ(story.at(800).transcript(), "[ 800] sample 0\n[ 800] send TERM to 0\n");
}

TEST(Ports, WhoSaysItIsUpIsUpThen) {
  for (ReadyBy ready_by : {ReadyBy::descriptor, ReadyBy::notify, ReadyBy::listen}) {
    Story story(ports(ready_by), true, 2, 2);
    story.start().at(5000).quietly();
    EXPECT_EQ(story.replica(0).stage, Stage::starting);
    EXPECT_EQ(story.says_ready(1).transcript(), "[5000] balance 1\n");
    EXPECT_EQ(story.at(5500).says_ready(0).transcript(), "[5500] balance 0 1\n");
    EXPECT_EQ(story.says_ready(0).transcript(), "") << "once more changes nothing";
    EXPECT_EQ(story.deadline(), kNever) << "nobody wakes up while nothing happens";
  }
}

TEST(Ports, WhoIsNotUpInTimeIsKilledAndHasDiedEarly) {
  Config config = ports();
  config.min_uptime = Millis{0};
  Story story(config, true, 1, 2);
  story.start().quietly();
  EXPECT_EQ(story.at(59999).transcript(), "");
  EXPECT_EQ(story.at(60000).transcript(),
            "[60000] not ready 0\n[60000] send KILL to group 0\n[60000] balance\n");
  EXPECT_EQ(story.killed_by(kSignalKill).at(60003).transcript(),
            "[60000] restart 0 in 3\n[60003] spawn 0\n[60003] balance 0\n");
  EXPECT_EQ(story.replica(0).early_deaths, 1);
}

TEST(Ports, WhoIsNeverUpInTimeFailsForGood) {
  Config config = ports();
  config.max_restarts = 1;
  Story story(config, true, 1, 2);
  story.start().at(60000).killed_by(kSignalKill).at(120003).quietly();
  EXPECT_EQ(story.killed_by(kSignalKill).transcript(),
            "[120003] close 0\n[120003] failed 0\n[120003] close all\n[120003] exit 137\n");
  EXPECT_EQ(story.replica(0).stage, Stage::failed);
}

TEST(Ports, WithoutATimeOutItMayTakeForEver) {
  Config config = ports();
  config.ready_timeout = Millis{0};
  Story story(config, true, 1, 2);
  story.start().at(1'000'000);
  EXPECT_EQ(story.replica(0).stage, Stage::starting);
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Ports, WhoNeverWasUpHasNotLivedMinUptime) {
  Story story(ports(), true, 1, 2);
  story.start().at(59000).quietly();
  EXPECT_EQ(story.exited(0).transcript(), "[59000] restart 0 in 3\n[59000] balance\n");
  EXPECT_EQ(story.replica(0).early_deaths, 1);
}

TEST(Ports, MinUptimeCountsFromWhenItWasUp) {
  Story early(ports(), true, 1, 2);
  early.start().at(50000).says_ready(0).at(59999).quietly();
  EXPECT_EQ(early.exited(1).transcript(), "[59999] restart 0 in 3\n[59999] balance\n");
  Story late(ports(), true, 1, 2);
  late.start().at(50000).says_ready(0).at(60000).quietly();
  EXPECT_EQ(late.exited(1).transcript(), "[60000] restart 0 in 0\n[60000] balance\n");
}

TEST(Ports, ReadyOfOneThatIsToldToStopChangesNothing) {
  Story story(ports(), true, 2, 2);
  story.start().at(100).says_ready(1).signal(kSignalHup).quietly();
  EXPECT_EQ(story.says_ready(0).transcript(), "");
  EXPECT_EQ(story.replica(0).stage, Stage::stopping);
}

// ---- who is given new connections
// -----------------------------------------------------------------

TEST(Ports, DeadOneIsOutUntilItsSuccessorIsUp) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).at(200).killed_by(kSignalKill, 1).transcript(),
            "[ 200] restart 1 in 3\n[ 200] balance 0\n");
  EXPECT_EQ(story.at(500).transcript(), "[ 203] spawn 1\n");
  EXPECT_EQ(story.says_ready(1).transcript(), "[ 500] balance 0 1\n");
}

TEST(Ports, LastOneThatDiesLeavesNobody) {
  Story story(ports(), true, 2, 2);
  up(story).exited(1, 0).quietly();
  EXPECT_EQ(story.exited(1, 1).transcript(), "[ 100] restart 1 in 3\n[ 100] balance\n");
}

TEST(Ports, WhoSaysThatItStopsIsOut) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).says_stopping(0).transcript(), "[ 100] balance 1\n");
  EXPECT_EQ(story.says_stopping(0).transcript(), "");
  story.exited(0, 0).at(200).quietly();
  EXPECT_EQ(story.says_ready(0).transcript(), "[ 200] balance 0 1\n");
}

TEST(Ports, ScaledDownOneIsDrainedAndThenStopped) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).signal(kSignalTtou).transcript(),
            "[ 100] received TTOU\n[ 100] scaled to 1\n[ 100] balance 0\n");
  EXPECT_EQ(story.at(400).transcript(), "[ 400] sample 1\n[ 400] send TERM to 1\n");
  EXPECT_EQ(story.exited(0, 1).transcript(), "[ 400] close 1\n");
}

TEST(Ports, ScaledDownOneThatStartsAgainServesThoseThatWaitForItFirst) {
  Story story(ports(), true, 2, 2);
  up(story).killed_by(kSignalKill, 1).at(200).quietly().queues({0, 1});
  EXPECT_EQ(story.signal(kSignalTtou).transcript(), "[ 200] received TTOU\n[ 200] scaled to 1\n");
  EXPECT_EQ(story.says_ready(1).at(520).transcript(), "[ 500] sample 1\n");
  EXPECT_EQ(story.queues({0, 0}).at(550).transcript(), "[ 550] sample 1\n[ 550] send TERM to 1\n");
  EXPECT_EQ(story.exited(0, 1).transcript(), "[ 550] close 1\n");
}

TEST(Ports, ScaledDownOneInBackOffIsGoneIfNobodyWaitsForIt) {
  Story story(ports(), true, 2, 2);
  up(story).killed_by(kSignalKill, 1).quietly();
  EXPECT_EQ(story.signal(kSignalTtou).at(100).transcript(),
            "[ 100] received TTOU\n[ 100] scaled to 1\n[ 100] sample 1\n[ 100] close 1\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Ports, ScaledDownOneInBackOffLivesOnceMoreForThoseThatWaitForIt) {
  Story story(ports(), true, 2, 2);
  up(story).killed_by(kSignalKill, 1).quietly().queues({0, 2});
  EXPECT_EQ(story.signal(kSignalTtou).at(100).transcript(),
            "[ 100] received TTOU\n[ 100] scaled to 1\n[ 100] sample 1\n[ 100] spawn 1\n");
  EXPECT_EQ(story.says_ready(1).queues({0, 0}).at(400).transcript(),
            "[ 400] sample 1\n[ 400] send TERM to 1\n");
  EXPECT_EQ(story.exited(0, 1).at(1000).transcript(), "[ 400] close 1\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Ports, ScaledDownOneThatDiesOnceMoreIsGone) {
  Story story(ports(), true, 2, 2);
  up(story).killed_by(kSignalKill, 1).quietly().queues({0, 2});
  story.signal(kSignalTtou).at(100).quietly();
  EXPECT_EQ(story.exited(1, 1).transcript(), "[ 100] close 1\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Ports, ScaledDownOneThatCannotBeStartedOnceMoreIsGone) {
  Story story(ports(), true, 2, 2);
  up(story).killed_by(kSignalKill, 1).quietly().queues({0, 2});
  story.signal(kSignalTtou).quietly().starts_fail(125, true);
  EXPECT_EQ(story.at(100).transcript(), "[ 100] sample 1\n[ 100] spawn 1\n[ 100] close 1\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Ports, ScaledDownOneIsNotStartedOnceMoreAtTheEnd) {
  Config config = ports();
  config.exit_when = ExitWhen::all;
  config.no_restart.add_code(3);
  config.wait_all = Millis{500};
  Story story(config, true, 2, 2);
  up(story).killed_by(kSignalKill, 1).quietly().queues({0, 2});
  story.signal(kSignalTtou).exited(3, 0).quietly();
  EXPECT_EQ(story.at(100).transcript(), "[ 100] sample 1\n[ 100] close 1\n");
}

// Its own bind has gone on as long as it was alone.
TEST(Ports, SecondOneThatIsRefusedASocketIsNotWantedWhileTheFirstServes) {
  Story story(ports(), true, 1, 2);
  up(story).signal(kSignalTtin).at(100).quietly();
  EXPECT_EQ(story.refused(1).at(400).transcript(),
            "[ 100] scaled to 1\n[ 400] sample 1\n[ 400] send TERM to 1\n");
  EXPECT_EQ(story.exited(0, 1).transcript(), "[ 400] close 1\n");
}

TEST(Ports, OneThatIsNotWantedAnyMoreMayBeRefusedASocket) {
  Story story(ports(), true, 3, 3);
  up(story).signal(kSignalTtou).quietly();
  EXPECT_EQ(story.refused(2).transcript(), "");
  EXPECT_EQ(story.count(), 2);
}

TEST(Ports, ScaledUpOneIsInOnceItIsUp) {
  Story story(ports(), true, 1, 2);
  EXPECT_EQ(up(story).signal(kSignalTtin).at(200).transcript(),
            "[ 100] received TTIN\n[ 100] scaled to 2\n[ 100] spawn 1\n");
  EXPECT_EQ(story.says_ready(1).transcript(), "[ 200] balance 0 1\n");
}

TEST(Ports, FailedOneIsClosed) {
  Config config = ports();
  config.exit_when = ExitWhen::all;
  config.no_restart.add_code(3);
  Story story(config, true, 2, 2);
  EXPECT_EQ(up(story).exited(3, 1).transcript(),
            "[ 100] close 1\n[ 100] failed 1\n[ 100] balance 0\n");
}

TEST(Ports, WithOneQueueForAllNobodyIsTold) {
  Config config = ports();
  config.balance = Balance::shared;
  Story story(config, true, 2, 2);
  story.start().at(100).quietly();
  EXPECT_EQ(story.says_ready(0).exited(1, 1).transcript(), "[ 100] restart 1 in 3\n");
  EXPECT_EQ(story.waiting().transcript(), "");
}

// ---- stuck queues
// ---------------------------------------------------------------------------------

TEST(Ports, NobodyLooksWhileNoConnectionWaits) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).at(1'000'000).transcript(), "");
}

TEST(Ports, QueuesAreLookedAtAtOnceThenAfter200ThenEvery100) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).queues({1, 1}).waiting().at(550).transcript(),
            "[ 100] sample all\n[ 300] sample all\n[ 400] sample all\n[ 500] sample all\n");
  EXPECT_EQ(story.waiting().transcript(), "") << "it is looking already";
}

TEST(Ports, OnceAllAreEmptyTheLooksEnd) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).queues({1, 1}).waiting().queues({0, 0}).at(300).transcript(),
            "[ 100] sample all\n[ 300] sample all\n[ 300] watch\n");
  EXPECT_EQ(story.deadline(), kNever);
  EXPECT_EQ(story.at(1000).queues({1, 0}).waiting().transcript(), "[1000] sample all\n");
}

TEST(Ports, QueueThatWasEmptyAlreadyIsWatchedAgainAtOnce) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).waiting().transcript(), "[ 100] sample all\n[ 100] watch\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Ports, QueueThatStandsOutTwiceIsStuckUntilItShrinks) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).queues({9, 0}).waiting().at(300).transcript(),
            "[ 100] sample all\n[ 300] sample all\n[ 300] balance 1\n");
  EXPECT_EQ(story.at(600).transcript(), "[ 400] sample all\n[ 500] sample all\n[ 600] sample all\n")
      << "nobody is sent there any more, so it stays as it is";
  EXPECT_EQ(story.queues({8, 0}).at(700).transcript(), "[ 700] sample all\n[ 700] balance 0 1\n");
}

TEST(Ports, QueueThatShrinksIsNotStuck) {
  Story story(ports(), true, 2, 2);
  up(story).queues({9, 0}).waiting().queues({8, 0}).at(300).queues({7, 0}).at(400);
  EXPECT_EQ(story.transcript().find("balance"), std::string::npos);
}

TEST(Ports, QueuesThatAreAllAlikeMakeNobodyStuck) {
  Story story(ports(), true, 3, 3);
  up(story).queues({20, 30, 40}).waiting().at(2000);
  EXPECT_EQ(story.transcript().find("balance"), std::string::npos);
}

TEST(Ports, OneOfFourIsStuckWhileTheOthersAreBusy) {
  Story story(ports(), true, 4, 4);
  up(story).queues({2, 40, 3, 1}).waiting().quietly();
  EXPECT_EQ(story.at(300).transcript(), "[ 300] sample all\n[ 300] balance 0 2 3\n");
}

// It has no more than one would expect of a full one that works.
TEST(Ports, LastOneThatIsNotStuckIsNeverStuck) {
  Story story(ports(), true, 2, 2);
  up(story).queues({9, 0}).waiting().at(300).quietly();
  story.queues({9, 50}).at(2000);
  EXPECT_EQ(story.transcript().find("balance"), std::string::npos);
  EXPECT_FALSE(story.replica(1).stuck);
}

TEST(Ports, OneAloneIsNeverStuck) {
  Story story(ports(), true, 1, 2);
  up(story).queues({50}).waiting().at(2000);
  EXPECT_EQ(story.transcript().find("balance"), std::string::npos);
}

TEST(Ports, StuckOneThatIsScaledDownAndUpAgainBeginsAnew) {
  Story story(ports(), true, 2, 2);
  up(story).queues({0, 9}).waiting().at(300).signal(kSignalTtou).queues({0, 0}).at(1000);
  story.exited(0, 1).signal(kSignalTtin).at(1100).quietly();
  EXPECT_EQ(story.says_ready(1).transcript(), "[1100] balance 0 1\n");
}

// ---- draining
// -------------------------------------------------------------------------------------

TEST(Ports, DrainingOneIsStoppedOnceItsTimeIsOverAndItsQueueEmpty) {
  Story story(ports(), true, 2, 2);
  up(story).queues({3, 0}).signal(kSignalHup);
  EXPECT_EQ(story.transcript(), "[ 100] received HUP\n[ 100] reloading\n[ 100] balance 1\n");
  EXPECT_EQ(story.at(460).transcript(), "[ 400] sample 0\n[ 450] sample 0\n");
  EXPECT_EQ(story.queues({0, 0}).at(500).transcript(), "[ 500] sample 0\n[ 500] send TERM to 0\n");
}

TEST(Ports, DrainingOneIsGivenUpAfterItsMaximum) {
  Story story(ports(), true, 2, 2);
  up(story).queues({3, 0}).signal(kSignalHup).quietly();
  const std::int64_t last = 100 + 300 + Supervisor::kDrainMax.count;
  EXPECT_EQ(story.at(last).transcript().find("TERM"), std::string::npos);
  EXPECT_NE(story.at(last + 50).transcript().find("send TERM to 0"), std::string::npos);
}

TEST(Ports, DrainingOneThatEndsByItselfIsReplacedAtOnce) {
  Story story(ports(), true, 2, 2);
  up(story).signal(kSignalHup).quietly();
  EXPECT_EQ(story.at(200).killed_by(kSignalKill, 0).at(200).transcript(), "[ 200] spawn 0\n");
  EXPECT_EQ(story.says_ready(0).transcript(), "[ 200] balance 0\n");
  EXPECT_EQ(story.replica(0).early_deaths, 0);
}

// ---- the orders of a reload
// -----------------------------------------------------------------------

// What a reload begins with.
std::string begins_with(const Config& config, int count) {
  Story story(config, true, count, 4);
  up(story).signal(kSignalHup);
  const std::string text = story.transcript();
  if (text.find("move") != std::string::npos) return "start-first";
  return text.find("send") != std::string::npos ? "stop-first" : "drain";
}

TEST(Ports, OrderHangsOnPortsAndOnHowManyThereAre) {
  EXPECT_EQ(begins_with(ports(), 2), "drain");
  EXPECT_EQ(begins_with(ports(), 1), "start-first");
  Config none = ports();
  none.listen = {};
  EXPECT_EQ(begins_with(none, 2), "stop-first");
  EXPECT_EQ(begins_with(none, 1), "stop-first");
  Config indexed = ports();
  indexed.index_env = "PORT=3000";
  EXPECT_EQ(begins_with(indexed, 1), "stop-first");
  EXPECT_EQ(begins_with(indexed, 2), "drain");
}

TEST(Ports, OrderThatIsGivenCounts) {
  Config config = ports();
  for (int count : {1, 2}) {
    config.reload_order = ReloadOrder::drain;
    EXPECT_EQ(begins_with(config, count), "drain");
    config.reload_order = ReloadOrder::start_first;
    EXPECT_EQ(begins_with(config, count), "start-first");
    config.reload_order = ReloadOrder::stop_first;
    EXPECT_EQ(begins_with(config, count), "stop-first");
  }
}

TEST(Ports, DrainedReloadGoesOneAfterTheOther) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).signal(kSignalHup).at(400).exited(0, 0).at(500).says_ready(0).transcript(),
            "[ 100] received HUP\n[ 100] reloading\n[ 100] balance 1\n"
            "[ 400] sample 0\n[ 400] send TERM to 0\n[ 400] spawn 0\n"
            "[ 500] balance 0\n");
  EXPECT_EQ(story.at(800).exited(0, 1).at(900).says_ready(1).transcript(),
            "[ 800] sample 1\n[ 800] send TERM to 1\n[ 800] spawn 1\n"
            "[ 900] reloaded\n[ 900] balance 0 1\n");
}

TEST(Ports, OneThatDoesNotServeYetIsStoppedWithoutDraining) {
  Story story(ports(), true, 2, 2);
  story.start().at(100).says_ready(1).quietly();
  EXPECT_EQ(story.signal(kSignalHup).transcript(),
            "[ 100] received HUP\n[ 100] reloading\n[ 100] send TERM to 0\n");
}

// ---- start-first
// ----------------------------------------------------------------------------------

Config start_first() {
  Config config = ports();
  config.reload_order = ReloadOrder::start_first;
  return config;
}
// The old one of slot 0 is in the annex (4), the new one is not up yet.
Story& replacing(Story& story) { return up(story).signal(kSignalHup).at(200).quietly(); }

TEST(Ports, OldOneServesUntilTheNewOneIsUp) {
  Story story(start_first(), true, 2, 4);
  EXPECT_EQ(up(story).signal(kSignalHup).at(200).transcript(),
            "[ 100] received HUP\n[ 100] reloading\n[ 100] move 0 to 4\n[ 100] spawn 0\n");
  EXPECT_EQ(story.says_ready(0).transcript(), "[ 200] send TERM to 4\n");
  EXPECT_EQ(story.exited(0, 4).at(300).transcript(), "[ 200] move 1 to 4\n[ 200] spawn 1\n");
  EXPECT_EQ(story.says_ready(1).exited(0, 4).transcript(),
            "[ 300] send TERM to 4\n[ 300] reloaded\n");
}

TEST(Ports, OldOneThatDoesNotStopIsKilled) {
  Story story(start_first(), true, 1, 4);
  replacing(story).says_ready(0).quietly();
  EXPECT_EQ(story.at(8200).transcript(), "[8200] stop timed out\n[8200] send KILL to group 4\n");
  EXPECT_EQ(story.killed_by(kSignalKill, 4).transcript(), "[8200] reloaded\n");
}

TEST(Ports, NewOneThatFailsGivesTheOldOneItsPlaceAgain) {
  Story story(start_first(), true, 2, 4);
  EXPECT_EQ(replacing(story).exited(1, 0).transcript(),
            "[ 200] failed 0\n[ 200] move 4 to 0\n[ 200] reload failed at 0\n");
  EXPECT_EQ(story.replica(0).stage, Stage::running);
  EXPECT_FALSE(story.replica(4).has_process());
  EXPECT_EQ(story.deadline(), kNever) << "the new one's time-out is forgotten";
}

TEST(Ports, NewOneThatCannotBeStartedGivesTheOldOneItsPlaceAgain) {
  for (bool transient : {false, true}) {
    Story story(start_first(), true, 1, 4);
    up(story).starts_fail(127, transient).signal(kSignalHup).quietly();
    EXPECT_EQ(story.at(200).transcript(),
              "[ 100] spawn 0\n[ 100] failed 0\n[ 100] move 4 to 0\n[ 100] reload failed at 0\n");
  }
}

TEST(Ports, NewOneThatIsNotUpInTimeGivesTheOldOneItsPlaceAgain) {
  Story story(start_first(), true, 1, 4);
  replacing(story).at(60100).quietly();
  EXPECT_EQ(story.killed_by(kSignalKill, 0).transcript(),
            "[60100] failed 0\n[60100] move 4 to 0\n[60100] reload failed at 0\n");
}

// By time it would have been up, had it not ended before we looked.
TEST(Ports, NewOneThatIsDeadAlreadyWasNotUp) {
  Config config = start_first();
  config.ready_by = ReadyBy::time;
  Story story(config, true, 1, 4);
  story.start().at(2000).signal(kSignalHup).at(2000).quietly();
  EXPECT_EQ(story.late_until(3500).exited(1, 0).transcript(),
            "[3500] failed 0\n[3500] move 4 to 0\n[3500] reload failed at 0\n");
}

TEST(Ports, OldOneThatDiesMeanwhileLeavesItsPlaceToTheNewOne) {
  Story story(start_first(), true, 2, 4);
  EXPECT_EQ(replacing(story).killed_by(kSignalKill, 4).transcript(), "[ 200] balance 1\n");
  EXPECT_EQ(story.says_ready(0).at(200).transcript(),
            "[ 200] move 1 to 4\n[ 200] balance 0 1\n[ 200] spawn 1\n");
}

TEST(Ports, NewOneThatFailsAfterTheOldOneDiedIsRestarted) {
  Story story(start_first(), true, 2, 4);
  replacing(story).killed_by(kSignalKill, 4).quietly();
  EXPECT_EQ(story.exited(1, 0).at(300).transcript(),
            "[ 200] restart 0 in 3\n[ 200] reload failed at 0\n[ 203] spawn 0\n");
}

TEST(Ports, NewOneThatDiesWhileTheOldOneStopsIsRestarted) {
  Story story(start_first(), true, 2, 4);
  replacing(story).says_ready(0).quietly();
  EXPECT_EQ(story.exited(1, 0).transcript(),
            "[ 200] restart 0 in 3\n[ 200] reload failed at 0\n[ 200] balance 1\n");
  EXPECT_EQ(story.exited(0, 4).at(300).transcript(), "[ 203] spawn 0\n");
  EXPECT_EQ(story.says_ready(0).transcript(), "[ 300] balance 0 1\n");
}

TEST(Ports, OldOneThatSaysThatItStopsIsOut) {
  Story story(start_first(), true, 2, 4);
  EXPECT_EQ(replacing(story).says_stopping(4).transcript(), "[ 200] balance 1\n");
  EXPECT_EQ(story.says_ready(0).transcript(), "[ 200] send TERM to 4\n[ 200] balance 0 1\n");
}

TEST(Ports, WhatIsKnownOfTheQueueIsTheSlots) {
  Story story(start_first(), true, 2, 4);
  replacing(story).queues({9, 0}).waiting().at(400).quietly();
  EXPECT_TRUE(story.replica(0).stuck);
  story.exited(1, 0);
  EXPECT_TRUE(story.replica(0).stuck);
  EXPECT_EQ(story.quietly().queues({0, 0}).at(500).transcript(),
            "[ 500] sample all\n[ 500] watch\n[ 500] balance 0 1\n");
}

// ---- signals during a start-first
// -----------------------------------------------------------------

TEST(Ports, StopWhileTheNewOneStartsIsToldToBoth) {
  Story story(start_first(), true, 1, 4);
  EXPECT_EQ(replacing(story).signal(kSignalTerm).transcript(),
            "[ 200] received TERM\n[ 200] send TERM to all\n[ 200] close all\n");
  EXPECT_EQ(story.exited(0, 0).transcript(), "[ 200] close 0\n");
  EXPECT_EQ(story.exited(0, 4).transcript(), "[ 200] exit 0\n");
}

TEST(Ports, StopWhileTheOldOneStopsDoesNotTellItTwice) {
  Story story(start_first(), true, 1, 4);
  replacing(story).says_ready(0).signal(kSignalTerm).quietly();
  EXPECT_TRUE(story.replica(4).told);
  EXPECT_FALSE(story.replica(0).told);
  story.exited(0, 4);
  EXPECT_EQ(story.quietly().exited(0, 0).transcript(), "[ 200] close 0\n[ 200] exit 0\n");
}

TEST(Ports, SecondStopKillsBoth) {
  Story story(start_first(), true, 1, 4);
  replacing(story).signal(kSignalTerm).quietly();
  EXPECT_EQ(story.signal(kSignalTerm).transcript(),
            "[ 200] received TERM\n[ 200] stop hastened\n[ 200] send KILL to group all\n");
  EXPECT_EQ(story.replica(4).stage, Stage::killing);
}

TEST(Ports, HupWhileTheNewOneStartsReplacesItOnceItIsUp) {
  Story story(start_first(), true, 1, 4);
  EXPECT_EQ(replacing(story).signal(kSignalHup).transcript(),
            "[ 200] received HUP\n[ 200] reloading\n");
  EXPECT_EQ(story.says_ready(0).exited(0, 4).at(300).transcript(),
            "[ 200] send TERM to 4\n[ 200] move 0 to 4\n[ 200] spawn 0\n");
  EXPECT_EQ(story.says_ready(0).exited(0, 4).transcript(),
            "[ 300] send TERM to 4\n[ 300] reloaded\n");
}

TEST(Ports, HupAfterAFailedReloadWaitsForTheOldOneThatStillStops) {
  Story story(start_first(), true, 1, 4);
  replacing(story).says_ready(0).exited(1, 0).at(300).says_ready(0).quietly();
  EXPECT_EQ(story.signal(kSignalHup).transcript(), "[ 300] received HUP\n[ 300] reloading\n");
  EXPECT_EQ(story.exited(0, 4).at(300).transcript(), "[ 300] move 0 to 4\n[ 300] spawn 0\n");
}

TEST(Ports, ScalingUpGoesOnBesideIt) {
  Story story(start_first(), true, 1, 4);
  EXPECT_EQ(replacing(story).signal(kSignalTtin).at(200).transcript(),
            "[ 200] received TTIN\n[ 200] scaled to 2\n[ 200] spawn 1\n");
  EXPECT_EQ(story.says_ready(1).says_ready(0).exited(0, 4).transcript(),
            "[ 200] balance 0 1\n[ 200] send TERM to 4\n[ 200] reloaded\n");
}

TEST(Ports, ScalingDownTheSlotThatIsReplacedStopsBoth) {
  Story story(start_first(), true, 2, 4);
  replacing(story).says_ready(0).exited(0, 4).at(300).quietly();
  EXPECT_EQ(story.signal(kSignalTtou).transcript(),
            "[ 300] received TTOU\n[ 300] scaled to 1\n[ 300] send TERM to 4\n"
            "[ 300] balance 0\n");
  EXPECT_EQ(story.at(600).transcript(), "[ 600] sample 1\n[ 600] send TERM to 1\n");
  EXPECT_EQ(story.exited(0, 1).transcript(), "[ 600] close 1\n");
  EXPECT_EQ(story.exited(0, 4).transcript(), "[ 600] reloaded\n");
}

TEST(Ports, ScalingDownTheSlotThatIsReplacedAndUpAgainStartsItAnew) {
  Story story(start_first(), true, 2, 4);
  replacing(story).says_ready(0).exited(0, 4).at(300).signal(kSignalTtou).quietly();
  story.signal(kSignalTtin).quietly();
  EXPECT_EQ(story.exited(0, 4).exited(0, 1).at(300).transcript(), "[ 300] spawn 1\n");
  EXPECT_EQ(story.says_ready(1).transcript(), "[ 300] reloaded\n[ 300] balance 0 1\n");
}

TEST(Ports, OldOneKeepsItsPlaceWhateverBecomesOfTheReload) {
  Config config = start_first();
  std::vector<Replica> replicas(5);
  Supervisor supervisor(config, true, replicas, 2);
  const auto give = [&supervisor](Event::Kind kind, int slot = 0, int signal = 0) {
    Event event;
    event.kind = kind;
    event.slot = static_cast<std::int16_t>(slot);
    event.signal.number = static_cast<std::uint8_t>(signal);
    Actions actions;
    supervisor.step(event, actions);
  };
  give(Event::Kind::start);
  give(Event::Kind::tick);
  for (int slot : {0, 1}) give(Event::Kind::spawned, slot);
  for (int slot : {0, 1}) give(Event::Kind::ready, slot);
  give(Event::Kind::signal, 0, kSignalHup);
  give(Event::Kind::tick);
  give(Event::Kind::spawned, 0);
  EXPECT_EQ(supervisor.place_of(4), 0);
  give(Event::Kind::ready, 0);
  give(Event::Kind::ended, 0);  // the reload has failed, and the old one is still stopping
  EXPECT_TRUE(replicas[4].has_process());
  EXPECT_EQ(supervisor.place_of(4), 0);
  EXPECT_EQ(supervisor.place_of(1), 1);
}

// ---- reloads and time-outs
// ------------------------------------------------------------------------

TEST(Ports, OldOneThatIsKilledForBeingLateIsNoFailureOfTheReload) {
  Story story(ports(), true, 2, 2);
  story.start().at(100).says_ready(1).at(60000).quietly();
  EXPECT_EQ(story.signal(kSignalHup).killed_by(kSignalKill, 0).at(60000).transcript(),
            "[60000] received HUP\n[60000] reloading\n[60000] spawn 0\n");
  EXPECT_EQ(story.says_ready(0).transcript(), "[60000] balance 0\n");
}

// ---- stops
// ----------------------------------------------------------------------------------------

TEST(Ports, StopClosesAllSocketsAsItIsTold) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).signal(kSignalTerm).transcript(),
            "[ 100] received TERM\n[ 100] send TERM to all\n[ 100] close all\n");
}

TEST(Ports, StopDelayKeepsThemOpen) {
  Config config = ports();
  config.stop_delay = Millis{500};
  Story story(config, true, 2, 2);
  EXPECT_EQ(up(story).signal(kSignalTerm).at(599).transcript(),
            "[ 100] received TERM\n[ 100] holding TERM\n");
  EXPECT_EQ(story.at(600).transcript(), "[ 600] send TERM to all\n[ 600] close all\n");
}

TEST(Ports, WhoDiesDuringTheStopDelayIsOut) {
  Config config = ports();
  config.stop_delay = Millis{500};
  Story story(config, true, 2, 2);
  up(story).signal(kSignalTerm).quietly();
  EXPECT_EQ(story.exited(0, 0).transcript(), "[ 100] close 0\n[ 100] balance 1\n");
}

TEST(Ports, StopWhileOneDrainsTellsItOnce) {
  Story story(ports(), true, 2, 2);
  up(story).signal(kSignalHup).signal(kSignalTerm).quietly();
  EXPECT_EQ(story.at(5000).transcript(), "") << "its queue is not looked at any more";
  EXPECT_EQ(story.replica(0).stage, Stage::stopping);
}

TEST(Ports, QueuesAreNotLookedAtOnceAllAreToldToStop) {
  Story story(ports(), true, 2, 2);
  EXPECT_EQ(up(story).queues({9, 0}).waiting().signal(kSignalTerm).quietly().at(5000).transcript(),
            "");
  EXPECT_EQ(story.waiting().transcript(), "");
}

// ---- --share that cannot be
// -----------------------------------------------------------------------

TEST(Ports, SeveralCannotGoOnWithoutASocketEach) {
  Story story(ports(ReadyBy::listen), true, 2, 2);
  story.start().at(100).quietly();
  EXPECT_EQ(story.refused(1).transcript(),
            "[ 100] decided by 1\n[ 100] send TERM to all\n[ 100] close all\n");
  story.killed_by(kSignalTerm, 0).quietly();
  EXPECT_EQ(story.exited(0, 1).transcript(), "[ 100] close 1\n[ 100] exit 125\n");
}

TEST(Ports, OneAloneGoesOnWithItsOwnSocket) {
  Story story(ports(ReadyBy::listen), true, 1, 2);
  up(story);
  EXPECT_EQ(story.refused(0).transcript(), "");
  EXPECT_EQ(story.replica(0).stage, Stage::running);
}

TEST(Ports, RefusalDuringAStopChangesNothing) {
  Story story(ports(ReadyBy::listen), true, 2, 2);
  up(story).signal(kSignalTerm).quietly();
  EXPECT_EQ(story.refused(1).transcript(), "");
  story.exited(0, 0).quietly();
  EXPECT_EQ(story.exited(0, 1).transcript(), "[ 100] close 1\n[ 100] exit 0\n");
}

// ---- room
// -----------------------------------------------------------------------------------------

TEST(Ports, StopByTheTerminalWhileNobodyRunsFitsIntoOneStep) {
  Config config = ports();
  config.placement = Placement::same_group;
  config.stop_on.add(kSignalTstp);
  config.stop_signal = kSignalQuit;
  config.wait_all = Millis{100};
  config.restart_delay = config.restart_max_delay = Millis{1000};
  Story story(config, false, 1, 2);
  up(story).exited(1, 0).quietly();
  EXPECT_EQ(story.signal(kSignalTstp).transcript(),
            "[ 100] received TSTP\n[ 100] rewriting TSTP to QUIT\n[ 100] close all\n"
            "[ 100] telling the rest\n[ 100] send TERM to rest\n[ 100] send CONT to rest\n"
            "[ 100] suspending\n[ 100] stop myself\n");
}

TEST(Ports, WhoEndsWithAStopByTheTerminalDoesNotStopItself) {
  Config config = ports();
  config.placement = Placement::same_group;
  config.stop_on.add(kSignalTstp);
  config.restart_delay = config.restart_max_delay = Millis{1000};
  Story story(config, true, 1, 2);
  up(story).exited(1, 0).quietly();
  EXPECT_EQ(story.signal(kSignalTstp).transcript(),
            "[ 100] received TSTP\n[ 100] close all\n[ 100] exit 1\n");
}

}  // namespace
}  // namespace hydrinit
