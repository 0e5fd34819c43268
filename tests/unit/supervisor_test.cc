#include "core/supervisor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

#include "story.h"

namespace hydrinit {
namespace {

constexpr int kUsr1 = 10;
constexpr int kUsr2 = 12;
constexpr int kAlrm = 14;
constexpr auto kKernel = SignalOrigin::kernel;

// As the options leave it when there are none.
Config plain() {
  Config config;
  config.scope = SignalScope::leader;
  return config;
}
Config with_timeout(std::int64_t ms) {
  Config config = plain();
  config.stop_timeout = Millis{ms};
  return config;
}
Config with_delay(std::int64_t ms) {
  Config config = plain();
  config.stop_delay = Millis{ms};
  return config;
}
Config with_wait_all(std::int64_t ms) {
  Config config = plain();
  config.wait_all = Millis{ms};
  return config;
}
// As the options leave it for --session.
Config with_session() {
  Config config;
  config.scope = SignalScope::group;
  config.placement = Placement::new_session;
  for (int number : {kSignalTstp, kSignalTtin, kSignalTtou}) {
    config.signals.rewrite(number, kSignalStop);
  }
  return config;
}
// dumb-init's -c.
Config with_same_group() {
  Config config = plain();
  config.placement = Placement::same_group;
  return config;
}

// ---- before the child runs --------------------------------------------------------------------

TEST(Supervisor, StartsTheCommandFirst) {
  Story story(plain());
  EXPECT_EQ(story.start().transcript(), "[   0] spawn\n");
}

TEST(Supervisor, ExitsWithTheCodeOfAFailedSpawn) {
  for (int code : {1, 2, 125, 126, 127}) {
    Story story(plain());
    EXPECT_EQ(story.start().spawn_failed(code).transcript(),
              "[   0] spawn\n[   0] exit " + std::to_string(code) + "\n");
  }
}

TEST(Supervisor, FailedSpawnDoesNotWaitForTheRest) {
  Story story(with_wait_all(5000));
  EXPECT_EQ(story.start().spawn_failed(127).transcript(), "[   0] spawn\n[   0] exit 127\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Supervisor, SignalBeforeTheSpawnReachesNobody) {
  Story story(with_timeout(5000));
  EXPECT_EQ(story.signal(kSignalTerm).signal(kUsr1).transcript(),
            "[   0] received TERM\n[   0] received USR1\n");
  EXPECT_EQ(story.deadline(), kNever);
}

// ---- running
// --------------------------------------------------------------------------------------

TEST(Supervisor, SendsEverySignalOn) {
  for (int number = 1; number <= 64; ++number) {
    Story story(plain());
    const std::string name = name_of(number);
    EXPECT_EQ(story.begin().at(100).signal(number).transcript(),
              "[ 100] received " + name + "\n[ 100] send " + name + " to child\n");
  }
}

TEST(Supervisor, SendsToTheGroupWhenAskedTo) {
  Config config = plain();
  config.scope = SignalScope::group;
  Story story(config);
  EXPECT_EQ(story.begin().signal(kUsr1).signal(kSignalTerm).transcript(),
            "[   0] received USR1\n"
            "[   0] send USR1 to group\n"
            "[   0] received TERM\n"
            "[   0] send TERM to group\n");
}

TEST(Supervisor, KeepsTheValueOfAQueuedSignal) {
  Story story(plain());
  EXPECT_EQ(
      story.begin().signal(37, kQueued, UINT64_MAX).signal(kSignalTerm, kQueued, 42).transcript(),
      "[   0] received RTMIN+3\n"
      "[   0] send RTMIN+3 with 18446744073709551615 to child\n"
      "[   0] received TERM\n"
      "[   0] send TERM with 42 to child\n");
}

TEST(Supervisor, SendsWhatTheKernelSentOnFromItsOwnGroup) {
  Story story(plain());
  EXPECT_EQ(story.begin().signal(kSignalInt, kKernel).signal(kSignalTstp, kKernel).transcript(),
            "[   0] received INT\n"
            "[   0] send INT to child\n"
            "[   0] received TSTP\n"
            "[   0] send TSTP to child\n");
}

TEST(Supervisor, HasNoDeadlineWhileTheChildRuns) {
  Story story(with_timeout(5000));
  story.begin().signal(kUsr1);
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Supervisor, TickThatNobodyAskedForChangesNothing) {
  Story story(with_delay(1000));
  EXPECT_EQ(story.begin().at(100).tick().transcript(), "");
}

TEST(Supervisor, ExitOfOthersChangesNothingWhileTheChildRuns) {
  Story story(with_wait_all(5000));
  EXPECT_EQ(story.begin().drained().drained().transcript(), "");
}

TEST(Supervisor, ExitsWithTheChildsCode) {
  for (int code : {0, 1, 3, 125, 143, 255}) {
    Story story(plain());
    EXPECT_EQ(story.begin().at(100).exited(code).transcript(),
              "[ 100] exit " + std::to_string(code) + "\n");
  }
}

TEST(Supervisor, ExitsWith128PlusTheSignalThatKilledTheChild) {
  for (int number : {1, 2, 9, 15, 34, 64}) {
    Story story(plain());
    EXPECT_EQ(story.begin().at(100).killed_by(number).transcript(),
              "[ 100] exit " + std::to_string(128 + number) + "\n");
  }
}

TEST(Supervisor, ExitsWithZeroForAListedStatus) {
  Config config = plain();
  config.success.add_code(143);
  config.success.add_code(3);
  config.success.add_signal(kSignalInt);
  EXPECT_EQ(Story(config).begin().exited(3).transcript(), "[   0] exit 0\n");
  EXPECT_EQ(Story(config).begin().killed_by(kSignalTerm).transcript(), "[   0] exit 0\n");
  EXPECT_EQ(Story(config).begin().killed_by(kSignalInt).transcript(), "[   0] exit 0\n");
  EXPECT_EQ(Story(config).begin().exited(130).transcript(), "[   0] exit 130\n");
  EXPECT_EQ(Story(config).begin().exited(4).transcript(), "[   0] exit 4\n");
}

// ---- rewriting and dropping
// -----------------------------------------------------------------------

TEST(Supervisor, RewritesASignal) {
  Config config = plain();
  config.signals.rewrite(kUsr1, kUsr2);
  Story story(config);
  EXPECT_EQ(story.begin().signal(kUsr1).transcript(),
            "[   0] received USR1\n"
            "[   0] rewriting USR1 to USR2\n"
            "[   0] send USR2 to child\n");
}

TEST(Supervisor, RewriteIsNotChained) {
  Config config = plain();
  config.signals.rewrite(kUsr1, kUsr2);
  config.signals.rewrite(kUsr2, kAlrm);
  Story story(config);
  EXPECT_EQ(story.begin().signal(kUsr1).transcript(),
            "[   0] received USR1\n"
            "[   0] rewriting USR1 to USR2\n"
            "[   0] send USR2 to child\n");
}

TEST(Supervisor, RewriteToItselfIsNotTold) {
  Config config = plain();
  config.signals.rewrite(kUsr1, kUsr1);
  Story story(config);
  EXPECT_EQ(story.begin().signal(kUsr1).transcript(),
            "[   0] received USR1\n[   0] send USR1 to child\n");
}

TEST(Supervisor, RewriteKeepsTheValueOfAQueuedSignal) {
  Config config = plain();
  config.signals.rewrite(37, 40);
  Story story(config);
  EXPECT_EQ(story.begin().signal(37, kQueued, 7).transcript(),
            "[   0] received RTMIN+3\n"
            "[   0] rewriting RTMIN+3 to RTMIN+6\n"
            "[   0] send RTMIN+6 with 7 to child\n");
}

TEST(Supervisor, DropsASignal) {
  Config config = plain();
  config.signals.rewrite(kUsr1, 0);
  config.signals.drop(kUsr2);
  Story story(config);
  EXPECT_EQ(story.begin().signal(kUsr1).signal(kUsr2).transcript(),
            "[   0] received USR1\n"
            "[   0] rewriting USR1 to 0\n"
            "[   0] dropped USR1\n"
            "[   0] received USR2\n"
            "[   0] rewriting USR2 to 0\n"
            "[   0] dropped USR2\n");
}

TEST(Supervisor, RewrittenStopSignalIsStillAStop) {
  // Which signals ask to stop is told by what is received.
  Config config = with_timeout(1000);
  config.signals.rewrite(kSignalTerm, kSignalHup);
  Story story(config);
  EXPECT_EQ(story.begin().at(100).signal(kSignalTerm).at(2000).transcript(),
            "[ 100] received TERM\n"
            "[ 100] rewriting TERM to HUP\n"
            "[ 100] send HUP to child\n"
            "[1100] stop timed out\n"
            "[1100] send KILL to group\n");
}

TEST(Supervisor, SignalRewrittenToAStopSignalIsNoStop) {
  Config config = with_timeout(1000);
  config.signals.rewrite(kUsr1, kSignalTerm);
  Story story(config);
  EXPECT_EQ(story.begin().signal(kUsr1).transcript(),
            "[   0] received USR1\n"
            "[   0] rewriting USR1 to TERM\n"
            "[   0] send TERM to child\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Supervisor, StopSignalRewrittenToZeroIsIgnored) {
  for (int stop_signal : {0, kSignalQuit}) {
    Config config = with_timeout(1000);
    config.stop_delay = Millis{500};
    config.stop_signal = static_cast<std::uint8_t>(stop_signal);
    config.signals.rewrite(kSignalTerm, 0);
    Story story(config);
    EXPECT_EQ(story.begin().signal(kSignalTerm).signal(kSignalTerm).transcript(),
              "[   0] received TERM\n"
              "[   0] rewriting TERM to 0\n"
              "[   0] dropped TERM\n"
              "[   0] received TERM\n"
              "[   0] rewriting TERM to 0\n"
              "[   0] dropped TERM\n");
    EXPECT_EQ(story.deadline(), kNever);
  }
}

// ---- which signals stop, and with what
// ------------------------------------------------------------

TEST(Supervisor, OnlyTheListedSignalsStop) {
  Config config = with_timeout(1000);
  config.stop_on = {37, kSignalWinch};
  for (int number = 1; number <= 64; ++number) {
    Story story(config);
    story.begin().signal(number);
    const bool listed = number == 37 || number == kSignalWinch;
    EXPECT_EQ(story.deadline(), listed ? Instant{1000} : kNever) << number;
  }
}

TEST(Supervisor, StopSignalReplacesTheOneReceived) {
  Config config = plain();
  config.stop_signal = kSignalQuit;
  Story story(config);
  EXPECT_EQ(story.begin().signal(kSignalTerm).transcript(),
            "[   0] received TERM\n"
            "[   0] rewriting TERM to QUIT\n"
            "[   0] send QUIT to child\n");
}

TEST(Supervisor, StopSignalReplacesTheRewrittenOneToo) {
  Config config = plain();
  config.stop_signal = kSignalQuit;
  config.signals.rewrite(kSignalTerm, kSignalHup);
  Story story(config);
  EXPECT_EQ(story.begin().signal(kSignalTerm).transcript(),
            "[   0] received TERM\n"
            "[   0] rewriting TERM to QUIT\n"
            "[   0] send QUIT to child\n");
}

TEST(Supervisor, StopSignalLeavesTheOthersAlone) {
  Config config = plain();
  config.stop_signal = kSignalQuit;
  Story story(config);
  EXPECT_EQ(story.begin().signal(kUsr1).transcript(),
            "[   0] received USR1\n[   0] send USR1 to child\n");
}

// ---- delaying
// -------------------------------------------------------------------------------------

TEST(Supervisor, StopIsHeldBackForTheDelay) {
  Story story(with_delay(3000));
  EXPECT_EQ(story.begin().at(100).signal(kSignalTerm).transcript(),
            "[ 100] received TERM\n[ 100] holding TERM\n");
  EXPECT_EQ(story.deadline(), Instant{3100});
  EXPECT_EQ(story.at(3099).transcript(), "");
  EXPECT_EQ(story.at(3100).transcript(), "[3100] send TERM to child\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Supervisor, HeldStopIsTheReplacedOneWithItsValue) {
  Config config = with_delay(1000);
  config.stop_signal = kSignalQuit;
  Story story(config);
  EXPECT_EQ(story.begin().signal(kSignalTerm, kQueued, 42).at(1000).transcript(),
            "[   0] received TERM\n"
            "[   0] rewriting TERM to QUIT\n"
            "[   0] holding QUIT\n"
            "[1000] send QUIT with 42 to child\n");
}

TEST(Supervisor, TickBeforeTheDeadlineChangesNothing) {
  Story story(with_delay(1000));
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.at(999).tick().tick().transcript(), "");
  EXPECT_EQ(story.deadline(), Instant{1000});
}

TEST(Supervisor, OtherSignalPassesDuringTheDelay) {
  Story story(with_delay(1000));
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.at(500).signal(kUsr1).transcript(),
            "[ 500] received USR1\n[ 500] send USR1 to child\n");
  EXPECT_EQ(story.deadline(), Instant{1000}) << "the delay goes on";
}

TEST(Supervisor, SecondStopEndsTheDelay) {
  Story story(with_delay(1000));
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.at(500).signal(kSignalTerm).at(5000).transcript(),
            "[ 500] received TERM\n[ 500] send TERM to child\n");
}

TEST(Supervisor, SecondStopIsSentInPlaceOfTheHeldOne) {
  Story story(with_delay(1000));
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.at(500).signal(kSignalInt).at(5000).transcript(),
            "[ 500] received INT\n[ 500] send INT to child\n");
}

TEST(Supervisor, SecondStopDuringTheDelayIsNoKill) {
  Config config = with_delay(1000);
  config.stop_timeout = Millis{2000};
  Story story(config);
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.at(500).signal(kSignalTerm).transcript(),
            "[ 500] received TERM\n[ 500] send TERM to child\n");
  EXPECT_EQ(story.deadline(), Instant{2500}) << "the time-out counts from the sending";
}

TEST(Supervisor, ChildThatEndsDuringTheDelayEndsItAll) {
  Story story(with_delay(1000));
  EXPECT_EQ(story.begin().signal(kSignalTerm).at(500).exited(3).at(9000).transcript(),
            "[   0] received TERM\n[   0] holding TERM\n[ 500] exit 3\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Supervisor, StopAfterTheDelayIsNotDelayedAgain) {
  Story story(with_delay(1000));
  story.begin().signal(kSignalTerm).at(1000).transcript();
  EXPECT_EQ(story.at(1500).signal(kSignalTerm).transcript(),
            "[1500] received TERM\n[1500] send TERM to child\n");
}

// ---- stopping
// -------------------------------------------------------------------------------------

TEST(Supervisor, StopIsSentAtOnceWithoutADelay) {
  for (int number : {kSignalTerm, kSignalInt, kSignalQuit}) {
    Story story(plain());
    const std::string name = name_of(number);
    EXPECT_EQ(story.begin().at(100).signal(number).transcript(),
              "[ 100] received " + name + "\n[ 100] send " + name + " to child\n");
    EXPECT_EQ(story.deadline(), kNever) << "without a time-out it is never killed";
  }
}

TEST(Supervisor, GroupIsKilledWhenTheStopTimesOut) {
  Story story(with_timeout(8000));
  story.begin().at(100).signal(kSignalTerm).transcript();
  EXPECT_EQ(story.deadline(), Instant{8100});
  EXPECT_EQ(story.at(8099).transcript(), "");
  EXPECT_EQ(story.at(8100).transcript(), "[8100] stop timed out\n[8100] send KILL to group\n");
}

TEST(Supervisor, TimeoutKillsOnce) {
  Story story(with_timeout(1000));
  story.begin().signal(kSignalTerm).at(1000).transcript();
  EXPECT_EQ(story.deadline(), kNever);
  EXPECT_EQ(story.at(100'000).tick().transcript(), "");
}

TEST(Supervisor, LateTickStillKills) {
  // The loop was held up: the tick comes when the deadline is long past.
  Story story(with_timeout(1000));
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.late_until(7000).tick().transcript(),
            "[7000] stop timed out\n[7000] send KILL to group\n");
}

TEST(Supervisor, TimeoutAfterALateTickCountsFromIt) {
  // Counted from when the delay was due, the child would be killed as soon as it is told.
  Config config = with_delay(1000);
  config.stop_timeout = Millis{2000};
  Story story(config);
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.late_until(7000).tick().transcript(), "[7000] send TERM to child\n");
  EXPECT_EQ(story.deadline(), Instant{9000});
}

TEST(Supervisor, TimeoutOfZeroKillsAtOnce) {
  Story story(with_timeout(0));
  EXPECT_EQ(story.begin().at(100).signal(kSignalTerm).at(100).transcript(),
            "[ 100] received TERM\n"
            "[ 100] send TERM to child\n"
            "[ 100] stop timed out\n"
            "[ 100] send KILL to group\n");
}

TEST(Supervisor, TimeoutCountsFromTheEndOfTheDelay) {
  Config config = with_delay(1000);
  config.stop_timeout = Millis{2000};
  Story story(config);
  EXPECT_EQ(story.begin().at(100).signal(kSignalTerm).at(9000).transcript(),
            "[ 100] received TERM\n"
            "[ 100] holding TERM\n"
            "[1100] send TERM to child\n"
            "[3100] stop timed out\n"
            "[3100] send KILL to group\n");
}

TEST(Supervisor, SecondStopHastensTheKill) {
  Story story(with_timeout(8000));
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.at(500).signal(kSignalInt).transcript(),
            "[ 500] received INT\n[ 500] stop hastened\n[ 500] send KILL to group\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Supervisor, ThirdStopKillsAgain) {
  Story story(with_timeout(8000));
  story.begin().signal(kSignalTerm).signal(kSignalTerm).transcript();
  EXPECT_EQ(story.at(500).signal(kSignalTerm).transcript(),
            "[ 500] received TERM\n[ 500] stop hastened\n[ 500] send KILL to group\n");
}

TEST(Supervisor, StopAfterTheTimeoutKillsAgain) {
  Story story(with_timeout(1000));
  story.begin().signal(kSignalTerm).at(1000).transcript();
  EXPECT_EQ(story.at(1500).signal(kSignalTerm).transcript(),
            "[1500] received TERM\n[1500] stop hastened\n[1500] send KILL to group\n");
}

TEST(Supervisor, SecondStopIsSentAgainWithoutATimeout) {
  Story story(plain());
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.at(500).signal(kSignalInt).signal(kSignalTerm).transcript(),
            "[ 500] received INT\n"
            "[ 500] send INT to child\n"
            "[ 500] received TERM\n"
            "[ 500] send TERM to child\n");
}

TEST(Supervisor, OtherSignalPassesWhileStopping) {
  Story story(with_timeout(1000));
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.at(500).signal(kUsr1).transcript(),
            "[ 500] received USR1\n[ 500] send USR1 to child\n");
  EXPECT_EQ(story.deadline(), Instant{1000}) << "the time-out goes on";
}

TEST(Supervisor, ChildThatStopsInTimeIsNotKilled) {
  Story story(with_timeout(1000));
  EXPECT_EQ(story.begin().signal(kSignalTerm).at(999).killed_by(kSignalTerm).at(9000).transcript(),
            "[   0] received TERM\n[   0] send TERM to child\n[ 999] exit 143\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Supervisor, KilledChildsCodeIsReported) {
  Story story(with_timeout(1000));
  story.begin().signal(kSignalTerm).at(1000).transcript();
  EXPECT_EQ(story.at(1001).killed_by(kSignalKill).transcript(), "[1001] exit 137\n");
}

// ---- resting
// --------------------------------------------------------------------------------------

TEST(Supervisor, RestIsToldWhenTheChildHasEnded) {
  // CONT too: a stopped process acts on TERM only once it is continued.
  Story story(with_wait_all(5000));
  EXPECT_EQ(story.begin().at(100).exited(3).transcript(),
            "[ 100] telling the rest\n"
            "[ 100] send TERM to rest\n"
            "[ 100] send CONT to rest\n");
  EXPECT_EQ(story.deadline(), Instant{5100});
}

TEST(Supervisor, RestIsToldFromEveryStageOfTheChild) {
  Config config = with_wait_all(5000);
  config.stop_delay = Millis{1000};
  config.stop_timeout = Millis{1000};
  Story delaying(config);
  delaying.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(delaying.at(500).exited(0).transcript(),
            "[ 500] telling the rest\n[ 500] send TERM to rest\n[ 500] send CONT to rest\n");
  EXPECT_EQ(delaying.deadline(), Instant{5500});
  Story stopping(config);
  stopping.begin().signal(kSignalTerm).at(1500).transcript();
  EXPECT_EQ(stopping.exited(0).transcript(),
            "[1500] telling the rest\n[1500] send TERM to rest\n[1500] send CONT to rest\n");
  EXPECT_EQ(stopping.deadline(), Instant{6500});
}

TEST(Supervisor, WithoutWaitAllNobodyElseIsTold) {
  Story story(with_wait_all(0));
  EXPECT_EQ(story.begin().exited(0).transcript(), "[   0] exit 0\n");
}

TEST(Supervisor, ExitsWithTheChildsCodeOnceNobodyIsLeft) {
  Story story(with_wait_all(5000));
  story.begin().killed_by(kSignalTerm).transcript();
  EXPECT_EQ(story.at(200).drained().transcript(), "");
  EXPECT_EQ(story.at(300).nobody_left().transcript(), "[ 300] exit 143\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Supervisor, ListedStatusIsZeroAfterTheRestToo) {
  Config config = with_wait_all(5000);
  config.success.add_signal(kSignalTerm);
  Story story(config);
  story.begin().killed_by(kSignalTerm).transcript();
  EXPECT_EQ(story.nobody_left().transcript(), "[   0] exit 0\n");
}

TEST(Supervisor, RestIsKilledAfterWaitAll) {
  Story story(with_wait_all(5000));
  story.begin().at(100).exited(0).transcript();
  EXPECT_EQ(story.at(5099).transcript(), "");
  EXPECT_EQ(story.at(5100).transcript(), "[5100] killing the rest\n[5100] send KILL to rest\n");
}

TEST(Supervisor, StopWhileRestingKillsTheRest) {
  for (int number : {kSignalTerm, kSignalInt, kSignalQuit}) {
    Story story(with_wait_all(5000));
    story.begin().exited(0).transcript();
    EXPECT_EQ(story.at(500).signal(number).transcript(), "[ 500] received " + name_of(number) +
                                                             "\n"
                                                             "[ 500] killing the rest\n"
                                                             "[ 500] send KILL to rest\n");
  }
}

TEST(Supervisor, OtherSignalWhileRestingReachesNobody) {
  // The child's pid is forgotten: it may belong to somebody else by now.
  Story story(with_wait_all(5000));
  story.begin().exited(0).transcript();
  EXPECT_EQ(story.at(500).signal(kUsr1).signal(kSignalHup).transcript(),
            "[ 500] received USR1\n[ 500] received HUP\n");
  EXPECT_EQ(story.deadline(), Instant{5000});
}

// ---- sweeping
// -------------------------------------------------------------------------------------

// A story at 5000 ms, when KILL has just gone to the rest, of a child that exited with 3.
void begin_sweep(Story& story) { story.begin().exited(3).at(5000).transcript(); }

TEST(Supervisor, SweepEndsWhenNobodyIsLeft) {
  Story story(with_wait_all(5000));
  begin_sweep(story);
  EXPECT_EQ(story.at(5001).nobody_left().transcript(), "[5001] exit 3\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Supervisor, SweepKillsAgainAfterEveryExit) {
  // An exit may have handed us grandchildren that the last KILL did not reach.
  Story story(with_wait_all(5000));
  begin_sweep(story);
  EXPECT_EQ(story.at(5001).drained().at(5002).drained().transcript(),
            "[5001] send KILL to rest\n[5002] send KILL to rest\n");
}

TEST(Supervisor, SweepGivesUpAfterItsMaximum) {
  // A process in an uninterruptible wait must not keep us for ever.
  Story story(with_wait_all(5000));
  begin_sweep(story);
  EXPECT_EQ(story.deadline(), Instant{5000} + Supervisor::kSweepMax);
  EXPECT_EQ(story.at(9999).transcript(), "");
  EXPECT_EQ(story.at(10'000).transcript(), "[10000] some are left\n[10000] exit 3\n");
  EXPECT_EQ(story.deadline(), kNever);
}

TEST(Supervisor, ExitsDuringTheSweepDoNotProlongIt) {
  Story story(with_wait_all(5000));
  begin_sweep(story);
  story.at(9000).drained();
  EXPECT_EQ(story.deadline(), Instant{10'000});
}

TEST(Supervisor, SignalsDuringTheSweepChangeNothing) {
  Story story(with_wait_all(5000));
  begin_sweep(story);
  EXPECT_EQ(story.at(6000).signal(kSignalTerm).signal(kUsr1).transcript(),
            "[6000] received TERM\n[6000] received USR1\n");
  EXPECT_EQ(story.deadline(), Instant{10'000});
}

TEST(Supervisor, SweepThatAStopBeganCountsFromThere) {
  Story story(with_wait_all(5000));
  story.begin().exited(3).at(500).signal(kSignalTerm);
  EXPECT_EQ(story.deadline(), Instant{5500});
}

// ---- pausing
// --------------------------------------------------------------------------------------

Config pausing() {
  Config config = plain();
  config.verb = Verb::pause;
  return config;
}

TEST(Supervisor, PauseStartsNothing) { EXPECT_EQ(Story(pausing()).start().transcript(), ""); }

TEST(Supervisor, PauseEndsOnTermAndInt) {
  for (int number : {kSignalTerm, kSignalInt}) {
    Story story(pausing());
    EXPECT_EQ(story.start().at(100).signal(number).transcript(),
              "[ 100] received " + name_of(number) + "\n[ 100] exit 0\n");
  }
}

TEST(Supervisor, PauseSurvivesEveryOtherSignal) {
  for (int number = 1; number <= 64; ++number) {
    // QUIT is left open: one of the two documents counts it as a request to stop.
    if (number == kSignalTerm || number == kSignalInt || number == kSignalQuit) continue;
    Story story(pausing());
    EXPECT_EQ(story.start().signal(number).transcript(),
              "[   0] received " + name_of(number) + "\n");
  }
}

TEST(Supervisor, PauseGoesOnWithoutChildren) {
  Story story(pausing());
  EXPECT_EQ(story.start().drained().nobody_left().tick().transcript(), "");
  EXPECT_EQ(story.deadline(), kNever);
}

// ---- after the exit
// -------------------------------------------------------------------------------

TEST(Supervisor, NothingFollowsTheExit) {
  Config config = with_timeout(1000);
  config.stop_delay = Millis{1000};
  Story story(config);
  story.begin().exited(0).transcript();
  EXPECT_EQ(story.at(100).tick().drained().nobody_left().signal(kSignalTerm).at(9000).transcript(),
            "[ 100] received TERM\n");
  EXPECT_EQ(story.deadline(), kNever);
}

// ---- the terminal's stop signals
// --------------------------------------------------------------------

TEST(Supervisor, SessionStopsTheChildAndItself) {
  for (int number : {kSignalTstp, kSignalTtin, kSignalTtou}) {
    for (SignalOrigin origin : {SignalOrigin::process, kKernel}) {
      Story story(with_session(), false);
      const std::string name = name_of(number);
      EXPECT_EQ(story.begin().signal(number, origin).transcript(),
                "[   0] received " + name + "\n[   0] rewriting " + name +
                    " to STOP\n"
                    "[   0] send STOP to group\n"
                    "[   0] suspending\n"
                    "[   0] stop myself\n");
    }
  }
}

TEST(Supervisor, Pid1DoesNotStopForItsTerminal) {
  // Nobody could resume it, nor the child.
  Story story(with_session(), true);
  EXPECT_EQ(story.begin().signal(kSignalTstp, kKernel).transcript(),
            "[   0] received TSTP\n[   0] rewriting TSTP to STOP\n");
}

TEST(Supervisor, Pid1StopsTheChildWhenAProcessAsks) {
  Story story(with_session(), true);
  EXPECT_EQ(story.begin().signal(kSignalTstp).transcript(),
            "[   0] received TSTP\n"
            "[   0] rewriting TSTP to STOP\n"
            "[   0] send STOP to group\n"
            "[   0] suspending\n"
            "[   0] stop myself\n");
}

TEST(Supervisor, SessionDoesNotSuspendForOtherSignals) {
  for (int number = 1; number <= 64; ++number) {
    if (number >= kSignalTstp && number <= kSignalTtou) continue;
    Story story(with_session(), false);
    const std::string name = name_of(number);
    EXPECT_EQ(story.begin().signal(number, kKernel).transcript(),
              "[   0] received " + name + "\n[   0] send " + name + " to group\n");
  }
}

TEST(Supervisor, GroupOfItsOwnIsStoppedWithoutUs) {
  // The child's shell, or ours, sees that it stopped; the terminal layer does the rest.
  for (bool pid1 : {false, true}) {
    Story story(plain(), pid1);
    EXPECT_EQ(story.begin().signal(kSignalTstp, kKernel).signal(kSignalTtin).transcript(),
              "[   0] received TSTP\n"
              "[   0] send TSTP to child\n"
              "[   0] received TTIN\n"
              "[   0] send TTIN to child\n");
  }
}

TEST(Supervisor, RewrittenTerminalStopStillSuspends) {
  Config config = with_session();
  config.signals.rewrite(kSignalTstp, kSignalTerm);
  Story story(config, false);
  EXPECT_EQ(story.begin().signal(kSignalTstp).transcript(),
            "[   0] received TSTP\n"
            "[   0] rewriting TSTP to TERM\n"
            "[   0] send TERM to group\n"
            "[   0] suspending\n"
            "[   0] stop myself\n");
}

TEST(Supervisor, SuspendingGoesOnWhileStopping) {
  Config config = with_session();
  config.stop_timeout = Millis{1000};
  Story story(config, false);
  story.begin().signal(kSignalTerm).transcript();
  EXPECT_EQ(story.at(500).signal(kSignalTstp).transcript(),
            "[ 500] received TSTP\n"
            "[ 500] rewriting TSTP to STOP\n"
            "[ 500] send STOP to group\n"
            "[ 500] suspending\n"
            "[ 500] stop myself\n");
  EXPECT_EQ(story.deadline(), Instant{1000});
}

// ---- a child in our own group
// -----------------------------------------------------------------------

TEST(Supervisor, SameGroupIsNotSentWhatItsTerminalSent) {
  // INT and QUIT are taken here as plain signals.
  Config config = with_same_group();
  config.stop_on = {kSignalTerm};
  for (int number : {kSignalInt, kSignalQuit, kSignalWinch}) {
    Story story(config, false);
    EXPECT_EQ(story.begin().signal(number, kKernel).transcript(),
              "[   0] received " + name_of(number) + "\n");
  }
}

TEST(Supervisor, SameGroupIsSentWhatAProcessSent) {
  Config config = with_same_group();
  config.stop_on = {kSignalTerm};
  for (int number : {kSignalInt, kSignalQuit, kSignalWinch, kSignalTerm}) {
    Story story(config, false);
    const std::string name = name_of(number);
    EXPECT_EQ(story.begin().signal(number).transcript(),
              "[   0] received " + name + "\n[   0] send " + name + " to child\n");
  }
}

TEST(Supervisor, SameGroupIsSentWhatTheKernelSentToUsAlone) {
  // A timer's signal, say, comes to one process.
  for (int number : {kAlrm, kUsr1}) {
    Story story(with_same_group(), false);
    const std::string name = name_of(number);
    EXPECT_EQ(story.begin().signal(number, kKernel).transcript(),
              "[   0] received " + name + "\n[   0] send " + name + " to child\n");
  }
}

TEST(Supervisor, SameGroupSuspendsWithTheChildForItsTerminal) {
  Story story(with_same_group(), false);
  EXPECT_EQ(story.begin().signal(kSignalTstp, kKernel).transcript(),
            "[   0] received TSTP\n[   0] suspending\n[   0] stop myself\n");
}

TEST(Supervisor, SameGroupSuspendsWhenAProcessAsks) {
  Story story(with_same_group(), false);
  EXPECT_EQ(story.begin().signal(kSignalTstp).transcript(),
            "[   0] received TSTP\n"
            "[   0] send TSTP to child\n"
            "[   0] suspending\n"
            "[   0] stop myself\n");
}

TEST(Supervisor, SameGroupDoesNotSuspendAsPid1ForItsTerminal) {
  Story story(with_same_group(), true);
  EXPECT_EQ(story.begin().signal(kSignalTstp, kKernel).transcript(), "[   0] received TSTP\n");
}

// ---- any order of events
// ----------------------------------------------------------------------------

// A configuration and then an order of events that could happen, both made up from a seed.
class Chaos {
 public:
  explicit Chaos(unsigned seed) : random_(seed) {}

  void play(int steps) {
    while (steps > 0 && !::testing::Test::HasFailure()) steps -= play_one_life();
  }
  std::size_t most_actions() const { return most_actions_; }
  int lives_ended() const { return lives_ended_; }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  bool one_in(int n) { return below(n) == 0; }
  int any_signal() {
    // Those with a meaning come often.
    constexpr int kMeaning[] = {kSignalHup,  kSignalInt,  kSignalQuit, kSignalTerm, kSignalCont,
                                kSignalTstp, kSignalTtin, kSignalTtou, kSignalWinch};
    return one_in(3) ? 1 + below(kSignalMax) : kMeaning[below(std::size(kMeaning))];
  }
  Millis any_time() { return Millis{one_in(3) ? 0 : below(300)}; }

  Config any_config() {
    Config config;
    config.verb = one_in(10) ? Verb::pause : Verb::run;
    config.placement = static_cast<Placement>(below(3));
    config.scope = one_in(2) ? SignalScope::leader : SignalScope::group;
    config.stop_timeout = one_in(3) ? Millis{-1} : any_time();
    config.stop_delay = any_time();
    config.wait_all = any_time();
    if (one_in(2)) config.stop_signal = static_cast<std::uint8_t>(any_signal());
    for (int i = below(4); i > 0; --i) config.stop_on.add(any_signal());
    for (int i = below(4); i > 0; --i) config.signals.rewrite(any_signal(), below(kSignalMax + 1));
    if (one_in(4)) config.success.add_code(below(256));
    config.restart = Restart::no;
    config.exit_when = ExitWhen::any;
    return config;
  }

  // One that can happen: nobody ends twice, and somebody is left while the child is.
  Event any_event() {
    Event event;
    event.at = now_;
    switch (below(8)) {
    case 0:
      event.kind = Event::Kind::drained;
      event.childless = child_alive_ ? one_in(50) : one_in(4);
      break;
    case 1:
      if (child_alive_ && one_in(6)) {
        event.kind = Event::Kind::ended;
        event.status = {one_in(2) ? ExitStatus::Kind::exited : ExitStatus::Kind::signalled,
                        static_cast<std::uint8_t>(1 + below(64))};
        child_alive_ = false;
        break;
      }
      [[fallthrough]];
    case 2: event.kind = Event::Kind::tick; break;
    default:
      event.kind = Event::Kind::signal;
      event.signal = {static_cast<std::uint8_t>(any_signal()), static_cast<SignalOrigin>(below(3)),
                      random_()};
    }
    return event;
  }

  void check(Supervisor& supervisor, const Actions& actions, bool child_can_be_sent) {
    ASSERT_LT(actions.size(), 8u) << "a full list may have dropped its last action";
    most_actions_ = actions.size() > most_actions_ ? actions.size() : most_actions_;
    for (const Action& action : actions) {
      const bool acts = action.kind != Action::Kind::report;
      ASSERT_FALSE(exited_ && acts) << "after the exit: " << shown(action);
      if (action.kind == Action::Kind::send) {
        ASSERT_TRUE(child_can_be_sent) << "to a pid that is gone: " << shown(action);
        ASSERT_TRUE(is_signal(action.signal.number)) << shown(action);
        ASSERT_NE(action.scope, SignalScope::automatic);
      }
      if (action.kind == Action::Kind::exit) exited_ = true;
    }
    if (exited_) {
      ASSERT_EQ(supervisor.next_deadline(), kNever);
    }
  }

  void step(Supervisor& supervisor, const Event& event) {
    Actions actions;
    supervisor.step(event, actions);
    check(supervisor, actions, child_alive_);
  }

  // Returns the number of its steps.
  int play_one_life() {
    const Config config = any_config();
    std::vector<Replica> replicas(1);
    Supervisor supervisor(config, one_in(2), replicas, 1);
    now_ = Instant{};
    exited_ = false;
    child_alive_ = false;
    step(supervisor, {.kind = Event::Kind::start});
    if (config.verb == Verb::run) {
      child_alive_ = true;
      step(supervisor, {.kind = Event::Kind::spawned});
    }
    int steps = 2;
    // Some events more behind the exit, which must do nothing.
    for (int behind = 0; behind < 5 && steps < 500; ++steps) {
      now_ = now_ + Millis{below(40)};
      step(supervisor, any_event());
      if (::testing::Test::HasFatalFailure()) break;
      if (!exited_) continue;
      child_alive_ = false;
      ++behind;
    }
    lives_ended_ += exited_ ? 1 : 0;
    return steps;
  }

  std::mt19937 random_;
  Instant now_{};
  bool exited_ = false;
  bool child_alive_ = false;
  std::size_t most_actions_ = 0;
  int lives_ended_ = 0;
};

TEST(Supervisor, AnyOrderOfEventsKeepsItsPromises) {
  std::size_t most = 0;
  int ended = 0;
  for (unsigned seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chaos chaos(seed);
    chaos.play(10'000);
    most = chaos.most_actions() > most ? chaos.most_actions() : most;
    ended += chaos.lives_ended();
  }
  // What was played was worth playing: long steps, and many whole lives.
  EXPECT_GE(most, 5u);
  EXPECT_GE(ended, 1000);
}

TEST(Supervisor, SameEventsGiveTheSameActions) {
  Config config = with_session();
  config.stop_delay = Millis{1000};
  config.stop_timeout = Millis{2000};
  config.wait_all = Millis{3000};
  const auto tell = [&config] {
    Story story(config, false);
    story.begin().signal(kUsr1).at(100).signal(kSignalTerm).at(200).signal(kSignalTstp);
    return story.at(3500).killed_by(kSignalKill).drained().at(7000).nobody_left().transcript();
  };
  EXPECT_EQ(tell(), tell());
  EXPECT_EQ(tell(),
            "[   0] received USR1\n"
            "[   0] send USR1 to group\n"
            "[ 100] received TERM\n"
            "[ 100] holding TERM\n"
            "[ 200] received TSTP\n"
            "[ 200] rewriting TSTP to STOP\n"
            "[ 200] send STOP to group\n"
            "[ 200] suspending\n"
            "[ 200] stop myself\n"
            "[1100] send TERM to group\n"
            "[3100] stop timed out\n"
            "[3100] send KILL to group\n"
            "[3500] telling the rest\n"
            "[3500] send TERM to rest\n"
            "[3500] send CONT to rest\n"
            "[6500] killing the rest\n"
            "[6500] send KILL to rest\n"
            "[7000] exit 137\n");
}

}  // namespace
}  // namespace hydrinit
