// Several replicas, told as transcripts: restarts, exit policies, stops, scaling and reloads.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "core/restart.h"
#include "story.h"

namespace hydrinit {
namespace {

constexpr int kUsr1 = 10;

// As the options leave it for -n, with delays that are easy to follow: no jitter falls on a delay
// of a few milliseconds' quarter, so what is compared are the times between.
Config several() {
  Config config = supervised();
  config.ready = Millis{1000};
  return config;
}

// Those of the defaults are up after a second.
std::int64_t started_at(const Replica& replica) {
  return replica.since.ms - (replica.stage == Stage::running ? 1000 : 0);
}
Story& started(Story& story) { return story.start().at(2000).quietly(); }

TEST(Replicas, AllAreStartedOneAfterTheOther) {
  Story story(several(), true, 3, 64);
  story.start();
  EXPECT_EQ(story.at(5).transcript(), "[   0] spawn 0\n[   0] spawn 1\n[   0] spawn 2\n");
  EXPECT_EQ(story.replica(0).stage, Stage::starting);
  EXPECT_EQ(story.at(1000).transcript(), "");
  EXPECT_EQ(story.replica(2).stage, Stage::running);
  EXPECT_EQ(story.deadline(), kNever) << "nobody wakes up while nothing happens";
}

TEST(Replicas, LongLifeIsFollowedByAStartAtOnce) {
  Story story(several(), true, 3, 64);
  EXPECT_EQ(started(story).at(11000).killed_by(kSignalKill, 1).at(11000).transcript(),
            "[11000] restart 1 in 0\n[11000] spawn 1\n");
}

// The loop tells exits before it looks at the time.
TEST(Replicas, LifeThatIsToldBeforeItsTickWasLongEnough) {
  Config config = several();
  config.ready = Millis{0};
  config.min_uptime = Millis{0};
  Story story(config, true, 1, 1);
  story.start();
  EXPECT_EQ(story.replica(0).stage, Stage::starting);
  EXPECT_EQ(story.quietly().exited(1).transcript(), "[   0] restart 0 in 0\n");
  Story late(several(), true, 1, 1);
  late.start().quietly();
  EXPECT_EQ(late.late_until(11000).exited(1).transcript(), "[11000] restart 0 in 0\n");
}

TEST(Replicas, EarlyDeathWaits) {
  Story story(several(), true, 3, 64);
  EXPECT_EQ(started(story).at(10999).exited(0, 1).at(20000).transcript(),
            "[10999] restart 1 in 3\n[11002] spawn 1\n");
}

TEST(Replicas, EarlyDeathsDoubleTheDelayUpToItsMaximum) {
  Config config = several();
  config.restart_delay = Millis{100};
  config.restart_max_delay = Millis{1000};
  Story story(config, true, 1, 1);
  story.start().at(0).quietly();
  for (int delay : {100, 200, 400, 800, 1000, 1000}) {
    story.exited(1);
    const std::int64_t wait = story.deadline().ms - story.replica(0).since.ms;
    EXPECT_LE(wait, delay);
    EXPECT_GE(wait, delay - delay / 4);
    story.at(story.deadline().ms);
  }
}

TEST(Replicas, TooManyEarlyDeathsInARowAreAFailureThatEndsAll) {
  Config config = several();
  config.max_restarts = 2;
  Story story(config, true, 2, 64);
  started(story).exited(7, 0).at(2100).exited(7, 0).at(2200);
  EXPECT_EQ(story.quietly().exited(7, 0).transcript(),
            "[2200] failed 0\n[2200] decided by 0\n[2200] send TERM to all\n");
  EXPECT_EQ(story.at(2300).exited(0, 1).transcript(), "[2300] exit 7\n");
}

// pm2 counts only deaths before the first 18 healthy seconds, and then loops for ever.
TEST(Replicas, LongLifeForgivesAgainAndAgain) {
  Config config = several();
  config.max_restarts = 1;
  Story story(config, true, 1, 1);
  story.start().at(2000);
  for (int life = 0; life < 50; ++life) {
    const std::int64_t at = started_at(story.replica(0));
    story.at(at + 500).exited(1).at(at + 1000);     // early: one is forgiven
    story.at(at + 20000).exited(1).at(at + 20001);  // a long life
  }
  EXPECT_EQ(story.replica(0).early_deaths, 0);
  const std::int64_t at = started_at(story.replica(0));
  story.at(at + 500).exited(1).at(at + 600).quietly().exited(9);
  EXPECT_NE(story.transcript().find("exit 9"), std::string::npos);
}

// A week in which it dies every hour, and once in a row of five.
TEST(Replicas, WeekOfVirtualTime) {
  Config config = several();
  config.restart_delay = Millis{100};
  config.restart_max_delay = Millis{30000};
  Story story(config, true, 4, 64);
  story.start().at(2000);
  constexpr std::int64_t kHour = 3600 * 1000;
  for (int hour = 1; hour <= 7 * 24; ++hour) {
    story.at(hour * kHour).killed_by(kSignalKill, hour % 4);
    EXPECT_EQ(story.deadline().ms, hour * kHour) << "after a long life at once";
    for (int early = 0; early < 5; ++early) {
      story.at(story.deadline().ms);
      EXPECT_EQ(story.replica(hour % 4).stage, Stage::starting);
      story.exited(1, hour % 4);
      EXPECT_EQ(story.replica(hour % 4).early_deaths, early + 1);
    }
    story.at(story.deadline().ms);
  }
  story.at(8 * 24 * kHour);
  EXPECT_EQ(story.deadline(), kNever);
  for (int slot = 0; slot < 4; ++slot) EXPECT_EQ(story.replica(slot).stage, Stage::running);
}

TEST(Replicas, OnFailureLetsACleanEndBe) {
  Config config = several();
  config.restart = Restart::on_failure;
  Story story(config, true, 2, 64);
  EXPECT_EQ(started(story).at(20000).exited(0, 0).transcript(), "[20000] done 0\n");
  EXPECT_EQ(story.exited(1, 1).at(20000).transcript(), "[20000] restart 1 in 0\n[20000] spawn 1\n");
  EXPECT_EQ(story.at(40000).exited(0, 1).transcript(), "[40000] done 1\n[40000] exit 0\n");
}

TEST(Replicas, SomeStatusesFailAtOnce) {
  Config config = several();
  config.no_restart.add_code(3);
  config.no_restart.add_signal(kSignalQuit);
  for (ExitStatus status : {ExitStatus{ExitStatus::Kind::exited, 3},
                            ExitStatus{ExitStatus::Kind::signalled, kSignalQuit},
                            ExitStatus{ExitStatus::Kind::exited, kExitConfiguration}}) {
    Story story(config, true, 1, 64);
    started(story).at(20000);
    status.kind == ExitStatus::Kind::exited ? story.exited(status.value)
                                            : story.killed_by(status.value);
    EXPECT_EQ(story.transcript(),
              "[20000] failed 0\n[20000] exit " + std::to_string(status.code()) + "\n");
  }
}

TEST(Replicas, CommandThatCannotBeExecutedFailsAtOnce) {
  Story story(several(), true, 3, 64);
  story.starts_fail(127, false).start();
  EXPECT_EQ(story.transcript(), "[   0] spawn 0\n[   0] failed 0\n[   0] exit 127\n");
}

// The pids limit of the container, or its memory: never the end, however long it lasts.
TEST(Replicas, StartThatFailsForWantOfProcessesIsTriedForEver) {
  Config config = several();
  config.restart_delay = Millis{100};
  config.restart_max_delay = Millis{1000};
  config.max_restarts = 3;
  Story story(config, true, 1, 64);
  story.starts_fail(125, true).start();
  for (int tries = 0; tries < 1000; ++tries) {
    const Instant before = story.deadline();
    story.at(before.ms);
    EXPECT_LE(story.deadline() - before, Millis{1000});
    if (tries > 5) {
      EXPECT_GE(story.deadline() - before, Millis{750});
    }
  }
  EXPECT_EQ(story.transcript().find("exit"), std::string::npos);
  story.starts_fail(0, false).at(story.deadline().ms);
  EXPECT_EQ(story.replica(0).stage, Stage::starting);
  EXPECT_EQ(story.replica(0).failed_starts, 0);
}

TEST(Replicas, CleanDeathsThatAreTooManyDecideOne) {
  Config config = several();
  config.max_restarts = 1;
  Story story(config, true, 1, 64);
  started(story).exited(0).at(2100);
  EXPECT_EQ(story.quietly().exited(0).transcript(), "[2100] failed 0\n[2100] exit 1\n");
}

TEST(Replicas, DelayOfWeeksIsToldAsALongOne) {
  Config config;
  config.replicas = 2;
  config.restart = Restart::always;
  config.exit_when = ExitWhen::failed;
  config.restart_delay = config.restart_max_delay = Millis{std::int64_t{40} * 24 * 3600 * 1000};
  Story story(config, true, 2, 4);
  story.start().at(2000).quietly().exited(3, 1);
  // 40 days are more than 2^31 ms.
  EXPECT_EQ(story.transcript().find("restart 1 in -"), std::string::npos);
}

// ---- the exit policy ----------------------------------------------------------------------------

Config ends_once(ExitWhen when) {
  Config config = several();
  config.restart = Restart::no;
  config.exit_when = when;
  return config;
}

TEST(Replicas, AnyEndEndsAllWithItsCode) {
  Story story(ends_once(ExitWhen::any), true, 3, 64);
  EXPECT_EQ(started(story).exited(0, 1).transcript(),
            "[2000] done 1\n[2000] decided by 1\n[2000] send TERM to all\n");
  story.exited(3, 0);
  EXPECT_EQ(story.exited(4, 2).transcript(), "[2000] exit 0\n");
}

TEST(Replicas, AllWaitsForTheLastAndTellsTheFirstFailure) {
  Story story(ends_once(ExitWhen::all), true, 3, 64);
  started(story).exited(0, 1).exited(4, 2);
  EXPECT_EQ(story.quietly().exited(3, 0).transcript(), "[2000] failed 0\n[2000] exit 4\n");
}

TEST(Replicas, FailedEndsAtTheFirstFailureAndWithZeroWhenThereIsNone) {
  Story story(ends_once(ExitWhen::failed), true, 2, 64);
  EXPECT_EQ(started(story).exited(0, 0).transcript(), "[2000] done 0\n");
  EXPECT_EQ(story.exited(0, 1).transcript(), "[2000] done 1\n[2000] exit 0\n");
  Story other(ends_once(ExitWhen::failed), true, 2, 64);
  EXPECT_EQ(started(other).killed_by(kSignalKill, 1).transcript(),
            "[2000] failed 1\n[2000] decided by 1\n[2000] send TERM to all\n");
  EXPECT_EQ(other.killed_by(kSignalTerm, 0).transcript(), "[2000] exit 137\n");
}

TEST(Replicas, NeverWaitsForAStop) {
  Story story(ends_once(ExitWhen::never), true, 2, 64);
  started(story).exited(5, 0);
  EXPECT_EQ(story.quietly().exited(0, 1).transcript(), "[2000] done 1\n");
  EXPECT_EQ(story.at(90000).drained().transcript(), "");
  EXPECT_EQ(story.signal(kSignalTerm).transcript(), "[90000] received TERM\n[90000] exit 0\n");
}

TEST(Replicas, BackOffCountsAsAlive) {
  Config config = several();
  config.exit_when = ExitWhen::all;
  config.restart_delay = config.restart_max_delay = Millis{1000};
  Story story(config, true, 1, 64);
  started(story).exited(1);
  EXPECT_EQ(story.quietly().drained().at(2500).transcript(), "");
  EXPECT_EQ(story.replica(0).stage, Stage::waiting);
}

// ---- stops --------------------------------------------------------------------------------------

TEST(Replicas, StopTellsEveryoneAtOnceAndNobodyComesBack) {
  Story story(several(), true, 3, 64);
  EXPECT_EQ(started(story).signal(kSignalTerm).transcript(),
            "[2000] received TERM\n[2000] send TERM to all\n");
  EXPECT_EQ(story.exited(0, 1).exited(0, 0).at(5000).transcript(), "");
  EXPECT_EQ(story.exited(0, 2).transcript(), "[5000] exit 0\n");
}

TEST(Replicas, StopGivesTheFirstCodeThatIsNotZeroBySlot) {
  Story story(several(), true, 3, 64);
  started(story).signal(kSignalTerm).exited(9, 2).exited(0, 0).quietly();
  EXPECT_EQ(story.killed_by(kSignalTerm, 1).transcript(), "[2000] exit 143\n");
  Config config = several();
  config.success.add_code(143);
  Story other(config, true, 3, 64);
  started(other).signal(kSignalTerm).killed_by(kSignalTerm, 0).exited(9, 2).quietly();
  EXPECT_EQ(other.killed_by(kSignalTerm, 1).transcript(), "[2000] exit 9\n");
}

TEST(Replicas, WhoDoesNotStopIsKilledWithItsGroup) {
  Story story(several(), true, 2, 64);
  started(story).signal(kSignalTerm).exited(0, 0).quietly();
  EXPECT_EQ(story.at(10000).transcript(), "[10000] stop timed out\n[10000] send KILL to group 1\n");
  EXPECT_EQ(story.killed_by(kSignalKill, 1).transcript(), "[10000] exit 137\n");
}

TEST(Replicas, SecondStopHastensIt) {
  Story story(several(), true, 2, 64);
  started(story).signal(kSignalTerm).quietly();
  EXPECT_EQ(story.signal(kSignalInt).transcript(),
            "[2000] received INT\n[2000] stop hastened\n[2000] send KILL to group all\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Replicas, StopDuringBackOffDoesNotWaitForIt) {
  Config config = several();
  config.restart_delay = config.restart_max_delay = Millis{9000};
  Story story(config, true, 1, 64);
  started(story).exited(4).quietly();
  EXPECT_EQ(story.signal(kSignalTerm).transcript(), "[2000] received TERM\n[2000] exit 4\n");
}

TEST(Replicas, StopDelayHoldsTheSignalAndTheStarts) {
  Config config = several();
  config.stop_delay = Millis{500};
  Story story(config, true, 2, 64);
  EXPECT_EQ(started(story).signal(kSignalTerm).exited(1, 0).at(2499).transcript(),
            "[2000] received TERM\n[2000] holding TERM\n");
  EXPECT_EQ(story.at(2500).transcript(), "[2500] send TERM to all\n");
  EXPECT_EQ(story.exited(0, 1).transcript(), "[2500] exit 1\n");
}

TEST(Replicas, RestIsKilledAtTheEndWhenWeAreNotPid1) {
  Story story(several(), false, 1, 64);
  started(story).signal(kSignalTerm).quietly();
  EXPECT_EQ(story.exited(0).transcript(), "[2000] send KILL to rest\n");
  EXPECT_EQ(story.drained().transcript(), "[2000] send KILL to rest\n");
  EXPECT_EQ(story.nobody_left().transcript(), "[2000] exit 0\n");
}

TEST(Replicas, RestIsGivenItsTimeByWaitAll) {
  Config config = several();
  config.wait_all = Millis{1000};
  Story story(config, true, 1, 64);
  started(story).signal(kSignalTerm).quietly();
  EXPECT_EQ(story.exited(0).transcript(),
            "[2000] telling the rest\n[2000] send TERM to rest\n[2000] send CONT to rest\n");
  EXPECT_EQ(story.nobody_left().transcript(), "[2000] exit 0\n");
}

// `docker stop` while the exit policy stops the rest already: nobody is killed for it.
TEST(Replicas, FirstStopSignalHastensNothing) {
  Story story(ends_once(ExitWhen::failed), true, 2, 64);
  started(story).exited(3, 0).quietly();
  EXPECT_EQ(story.signal(kSignalTerm).transcript(), "[2000] received TERM\n");
  EXPECT_EQ(story.signal(kSignalTerm).transcript(),
            "[2000] received TERM\n[2000] stop hastened\n[2000] send KILL to group all\n");
  EXPECT_EQ(story.killed_by(kSignalKill, 1).transcript(), "[2000] exit 3\n");
}

TEST(Replicas, RevivedOnesFailureIsForgotten) {
  Config config = several();
  config.restart = Restart::on_failure;
  config.exit_when = ExitWhen::all;
  config.no_restart.add_code(7);
  Story story(config, true, 2, 64);
  started(story).exited(7, 0).signal(kSignalHup).at(4000).exited(0, 1).at(8000).quietly();
  story.exited(0, 0).quietly();
  EXPECT_EQ(story.exited(0, 1).transcript(), "[8000] done 1\n[8000] exit 0\n");
}

TEST(Replicas, ScalingDownAndUpBeginsAnew) {
  Config config = several();
  config.max_restarts = 2;
  Story story(config, true, 2, 2);
  started(story).exited(1, 1).at(2100).exited(1, 1).at(2200);
  EXPECT_EQ(story.replica(1).early_deaths, 2);
  story.exited(1, 1);  // failed, and all are told
  Story other(config, true, 2, 2);
  started(other).exited(1, 1).at(2100).exited(1, 1).signal(kSignalTtou).signal(kSignalTtin);
  EXPECT_EQ(other.replica(1).early_deaths, 0);
}

TEST(Replicas, ParentsDeathByHupIsAStop) {
  Config config = several();
  config.parent_death_signal = kSignalHup;
  Story story(config, true, 2, 64);
  EXPECT_EQ(started(story).signal(kSignalHup).transcript(),
            "[2000] received HUP\n[2000] send HUP to all\n");
}

// ---- signals ------------------------------------------------------------------------------------

TEST(Replicas, OtherSignalsGoToEveryReplica) {
  Story story(several(), true, 3, 64);
  EXPECT_EQ(started(story).signal(kUsr1).transcript(),
            "[2000] received USR1\n[2000] send USR1 to all\n");
}

TEST(Replicas, HangUpOfTheTerminalIsAStop) {
  Story story(several(), true, 2, 64);
  EXPECT_EQ(started(story).signal(kSignalHup, SignalOrigin::kernel).transcript(),
            "[2000] received HUP\n[2000] send HUP to all\n");
  story.exited(0, 0);
  EXPECT_EQ(story.exited(0, 1).transcript(), "[2000] exit 0\n");
}

TEST(Replicas, CtrlZStopsThemAndUs) {
  Story story(several(), false, 2, 64);
  EXPECT_EQ(
      started(story).signal(kSignalTstp, SignalOrigin::kernel).transcript(),
      "[2000] received TSTP\n[2000] send TSTP to all\n[2000] suspending\n[2000] stop myself\n");
  Story init(several(), true, 2, 64);
  EXPECT_EQ(started(init).signal(kSignalTstp, SignalOrigin::kernel).transcript(),
            "[2000] received TSTP\n")
      << "nobody could continue us";
}

TEST(Replicas, RewrittenSignalIsGivenBack) {
  Config config = several();
  config.signals.rewrite(kSignalHup, kSignalHup);
  Story story(config, true, 2, 64);
  EXPECT_EQ(started(story).signal(kSignalHup).transcript(),
            "[2000] received HUP\n[2000] send HUP to all\n");
}

TEST(Replicas, WithRestartAloneTheyAreForwarded) {
  Config config = several();
  config.replicas = 0;
  Story story(config, true, 1, 1);
  for (int number : {kSignalHup, kSignalTtin, kSignalTtou}) {
    EXPECT_NE(started(story).signal(number).transcript().find("to all"), std::string::npos);
  }
}

// ---- scaling ------------------------------------------------------------------------------------

TEST(Replicas, TtinAddsTheNextSlot) {
  Story story(several(), true, 2, 3);
  EXPECT_EQ(started(story).signal(kSignalTtin).at(2000).transcript(),
            "[2000] received TTIN\n[2000] scaled to 3\n[2000] spawn 2\n");
  EXPECT_EQ(story.signal(kSignalTtin).at(2000).transcript(),
            "[2000] received TTIN\n[2000] stays at 3\n");
}

TEST(Replicas, TtouStopsTheHighestAndItsEndCountsForNothing) {
  Config config = several();
  config.exit_when = ExitWhen::any;
  Story story(config, true, 2, 3);
  EXPECT_EQ(started(story).signal(kSignalTtou).transcript(),
            "[2000] received TTOU\n[2000] scaled to 1\n[2000] send TERM to 1\n");
  EXPECT_EQ(story.exited(9, 1).at(9000).transcript(), "");
  EXPECT_EQ(story.replica(1).stage, Stage::unused);
  EXPECT_EQ(story.signal(kSignalTtou).transcript(), "[9000] received TTOU\n[9000] stays at 1\n");
}

TEST(Replicas, ScaledDownOneThatDoesNotStopIsKilled) {
  Story story(several(), true, 2, 3);
  started(story).signal(kSignalTtou).quietly();
  EXPECT_EQ(story.at(10000).transcript(), "[10000] stop timed out\n[10000] send KILL to group 1\n");
}

TEST(Replicas, ScaledUpAgainBeforeItHasEndedItIsStartedAnew) {
  Story story(several(), true, 2, 3);
  started(story).signal(kSignalTtou).signal(kSignalTtin).quietly();
  EXPECT_EQ(story.exited(0, 1).at(2000).transcript(), "[2000] spawn 1\n");
}

TEST(Replicas, ScalingDownDuringBackOffForgetsTheStart) {
  Config config = several();
  config.restart_delay = config.restart_max_delay = Millis{500};
  Story story(config, true, 2, 3);
  started(story).exited(1, 1).signal(kSignalTtou).quietly();
  EXPECT_EQ(story.at(9000).transcript(), "");
  EXPECT_EQ(story.replica(1).stage, Stage::unused);
}

TEST(Replicas, LastOneWantedEndsTheContainerWhenTheOthersAreDone) {
  Config config = ends_once(ExitWhen::all);
  Story story(config, true, 2, 3);
  started(story).exited(6, 0).signal(kSignalTtou).quietly();
  EXPECT_EQ(story.exited(0, 1).transcript(), "[2000] exit 6\n");
}

// ---- reloads ------------------------------------------------------------------------------------

TEST(Replicas, HupReplacesOneAfterTheOther) {
  Story story(several(), true, 2, 3);
  EXPECT_EQ(started(story).signal(kSignalHup).transcript(),
            "[2000] received HUP\n[2000] reloading\n[2000] send TERM to 0\n");
  EXPECT_EQ(story.at(2100).exited(0, 0).at(3099).transcript(), "[2100] spawn 0\n");
  EXPECT_EQ(story.at(3100).transcript(), "[3100] send TERM to 1\n");
  EXPECT_EQ(story.killed_by(kSignalTerm, 1).at(9000).transcript(),
            "[3100] spawn 1\n[4100] reloaded\n");
}

TEST(Replicas, StepsOfAReloadAreTold) {
  Story story(several(), true, 1, 64);
  started(story).step_by_step().signal(kSignalHup).exited(0, 0);
  EXPECT_EQ(story.at(4000).transcript(),
            "[2000] received HUP\n[2000] reloading\n[2000] replaced 0\n[2000] send TERM to 0\n"
            "[2000] spawn 0\n[3000] up 0\n[3000] reloaded\n");
}

TEST(Replicas, ReloadEndsWithTheFirstFailureAndTheOthersStay) {
  Story story(several(), true, 3, 3);
  started(story).signal(kSignalHup).exited(0, 0).at(2500).quietly();
  EXPECT_EQ(story.exited(1, 0).at(9000).transcript(),
            "[2500] restart 0 in 3\n[2500] reload failed at 0\n[2503] spawn 0\n");
  EXPECT_EQ(story.replica(1).starts, 1u);
}

// Each makes all old again: the next one's turn comes all the same.
TEST(Replicas, ReloadsInQuickSuccessionReachEveryReplica) {
  Story story(several(), true, 3, 3);
  started(story);
  int now = 2000;
  for (int round = 0; round < 3; ++round) {
    story.signal(kSignalHup).exited(0, round).at(now + 500).signal(kSignalHup).at(now + 1100);
    now += 1100;
    EXPECT_EQ(story.replica(round).starts, 2u) << round;
  }
}

// It took the place of one that served: the others go on, also under the default policy.
TEST(Replicas, FailureOfAReloadDecidesNothing) {
  Story story(several(), true, 2, 3);
  started(story).signal(kSignalHup).starts_fail(127, false).quietly();
  EXPECT_EQ(story.exited(0, 0).at(9000).transcript(),
            "[2000] spawn 0\n[2000] failed 0\n[2000] reload failed at 0\n");
  EXPECT_EQ(story.replica(1).stage, Stage::running);
  // Revived by the next one, it counts again.
  story.starts_fail(0, false).signal(kSignalHup).at(12000).quietly();
  EXPECT_EQ(story.replica(0).stage, Stage::running);
  EXPECT_FALSE(story.replica(0).excused);
}

// A loop that only shows a while after the reload is excused too, until it has been up once.
TEST(Replicas, CrashLoopOfAReloadDecidesNothing) {
  Config config = several();
  config.max_restarts = 2;
  Story story(config, true, 2, 3);
  started(story).signal(kSignalHup).exited(0, 0).at(2000).quietly();
  story.exited(1, 0).at(2100).exited(1, 0).at(2200).exited(1, 0);
  EXPECT_EQ(story.replica(0).stage, Stage::failed);
  EXPECT_EQ(story.transcript().find("decided"), std::string::npos);
  EXPECT_EQ(story.replica(1).stage, Stage::running);
}

TEST(Replicas, ReloadEndsWhenTheNewOneCannotBeStarted) {
  Config config = several();
  config.exit_when = ExitWhen::all;
  Story story(config, true, 2, 3);
  started(story).signal(kSignalHup).starts_fail(127, false).quietly();
  EXPECT_EQ(story.exited(0, 0).at(2000).transcript(),
            "[2000] spawn 0\n[2000] failed 0\n[2000] reload failed at 0\n");
}

TEST(Replicas, SecondHupReplacesThemAllOnceMore) {
  Story story(several(), true, 2, 3);
  started(story).signal(kSignalHup).exited(0, 0).at(2500).signal(kSignalHup).quietly();
  EXPECT_EQ(story.at(3000).transcript(), "[3000] send TERM to 1\n");
  story.exited(0, 1).at(4000).exited(0, 0).at(6000);
  EXPECT_EQ(story.transcript(),
            "[3000] spawn 1\n[4000] send TERM to 0\n[4000] spawn 0\n[5000] reloaded\n");
}

TEST(Replicas, HupRevivesTheFailed) {
  Config config = several();
  config.exit_when = ExitWhen::never;
  config.no_restart.add_code(3);
  Story story(config, true, 2, 3);
  started(story).exited(3, 1).quietly();
  story.signal(kSignalHup).exited(0, 0).at(4000);
  EXPECT_EQ(story.transcript(),
            "[2000] received HUP\n[2000] reloading\n[2000] send TERM to 0\n[2000] spawn 0\n"
            "[3000] spawn 1\n[4000] reloaded\n");
}

TEST(Replicas, ReloadDuringBackOffStartsItNow) {
  Config config = several();
  config.restart_delay = config.restart_max_delay = Millis{500};
  Story story(config, true, 1, 3);
  started(story).exited(3, 0).signal(kSignalHup).quietly();
  EXPECT_EQ(story.at(4000).transcript(), "[2000] spawn 0\n[3000] reloaded\n");
}

TEST(Replicas, ScalingDownTheOneThatIsBeingReplacedLetsTheReloadGoOn) {
  Story story(several(), true, 2, 3);
  started(story).signal(kSignalHup).exited(0, 0).at(3000).quietly();  // 1 has been told
  story.signal(kSignalTtou);
  EXPECT_EQ(story.exited(0, 1).transcript(),
            "[3000] received TTOU\n[3000] scaled to 1\n[3000] reloaded\n");
}

TEST(Replicas, StopDuringAReloadEndsBoth) {
  Story story(several(), true, 2, 3);
  started(story).signal(kSignalHup).signal(kSignalTerm).quietly();
  EXPECT_EQ(story.exited(0, 0).transcript(), "");
  EXPECT_EQ(story.exited(0, 1).transcript(), "[2000] exit 0\n");
}

// Many programs take a second request for impatience.
TEST(Replicas, WhoeverIsLeavingAlreadyIsNotToldAgain) {
  Story story(several(), true, 2, 3);
  started(story).signal(kSignalTtou).signal(kSignalTerm).quietly();
  EXPECT_TRUE(story.replica(1).told);
  EXPECT_FALSE(story.replica(0).told);
}

// ---- the table ----------------------------------------------------------------------------------

TEST(Replicas, EveryStepOfTheTableIsTakenAndNoOther) {
  Replica replica;
  constexpr Step kAll[] = {Step::want, Step::spawned, Step::up,     Step::drain, Step::stop,
                           Step::kill, Step::again,   Step::finish, Step::fail,  Step::remove};
  static_assert(std::size(kAll) == std::size(kSteps));
  int taken = 0;
  for (Step step : kAll) {
    const StepRow& row = kSteps[static_cast<int>(step)];
    for (int stage = 0; stage <= static_cast<int>(Stage::failed); ++stage) {
      replica.stage = static_cast<Stage>(stage);
      const bool allowed = row.from.has(replica.stage);
      EXPECT_EQ(replica.take(step), allowed);
      EXPECT_EQ(replica.stage, allowed ? row.to : static_cast<Stage>(stage));
      taken += allowed ? 1 : 0;
    }
  }
  EXPECT_EQ(taken, 39);
}

// A thousand, all killed at once: every start is one step, and the passes over the table stay few.
TEST(Replicas, ThousandComeBack) {
  Config config = several();
  config.replicas = 1000;
  Story story(config, true, 1000, 1000);
  story.start().at(20000);
  for (int slot = 0; slot < 1000; ++slot) story.killed_by(kSignalKill, slot);
  story.at(40000);
  for (int slot = 0; slot < 1000; ++slot) {
    EXPECT_EQ(story.replica(slot).stage, Stage::running);
    EXPECT_EQ(story.replica(slot).since, Instant{21000});  // was up
  }
}

}  // namespace
}  // namespace hydrinit
