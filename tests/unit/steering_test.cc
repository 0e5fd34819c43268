// Commands from --scale, --reload and --restart-replica, and --max-memory.

#include "core/supervisor.h"
#include "story.h"

namespace hydrinit {
namespace {

// Up, 2 s after their start.
Story& started(Story& story) { return story.start().at(2000).quietly(); }

Outcome outcome_of(const Story& story, int tag) {
  for (const Outcome& outcome : story.overview().outcomes) {
    if (outcome.answer != Answer::none && outcome.tag == tag) return outcome;
  }
  return {};
}

TEST(Steering, ScalesToANumber) {
  Story story(supervised(), true, 2, 8);
  EXPECT_EQ(started(story).command(Request::scale, 4, 5).transcript(),
            "[2000] received RTMIN+29\n[2000] scaled to 4\n");
}

TEST(Steering, ScalesUpAtOnce) {
  Story story(supervised(), true, 2, 8);
  started(story).command(Request::scale, 5, 9).quietly();
  EXPECT_EQ(story.at(2000).transcript(), "[2000] spawn 2\n[2000] spawn 3\n[2000] spawn 4\n");
  EXPECT_EQ(outcome_of(story, 9).answer, Answer::done);
}

TEST(Steering, ScalesDownFromTheHighestOneAStep) {
  Story story(supervised(), true, 5, 8);
  started(story).command(Request::scale, 2).quietly();
  EXPECT_EQ(story.at(2000).transcript(), "[2000] send TERM to 3\n[2000] send TERM to 2\n");
  EXPECT_EQ(story.exited(0, 2).exited(0, 3).exited(0, 4).at(99000).transcript(), "");
  EXPECT_EQ(story.replica(2).stage, Stage::unused);
}

TEST(Steering, ScaleUpKeepsThoseThatWereNotToldYet) {
  Story story(supervised(), true, 5, 8);
  started(story).command(Request::scale, 1).quietly();
  EXPECT_EQ(story.command(Request::scale, 4).at(2000).transcript(),
            "[2000] received RTMIN+29\n[2000] scaled to 4\n");
  EXPECT_EQ(story.replica(3).stage, Stage::running);
  EXPECT_EQ(story.exited(0, 4).at(99000).transcript(), "");
}

TEST(Steering, ScaleBeyondTheRoomIsRefused) {
  Story story(supervised(), true, 2, 3);
  for (int wanted : {0, 4, 10000}) {
    started(story).command(Request::scale, wanted, 7);
    EXPECT_EQ(outcome_of(story, 7).answer, Answer::refused) << wanted;
    EXPECT_EQ(story.count(), 2);
  }
}

TEST(Steering, ReloadIsAnsweredWhenItIsThrough) {
  Story story(supervised(), true, 1, 3);
  started(story).command(Request::reload, 0, 3);
  EXPECT_EQ(outcome_of(story, 3).answer, Answer::working);
  story.exited(0, 0).at(2500);
  EXPECT_EQ(outcome_of(story, 3).answer, Answer::working);
  story.at(4000);
  EXPECT_EQ(outcome_of(story, 3).answer, Answer::done);
}

TEST(Steering, FailedReloadIsAnsweredWithTheSlot) {
  Story story(supervised(), true, 2, 3);
  started(story).command(Request::reload, 0, 3).exited(0, 0).at(4000).exited(0, 1).at(4500);
  story.exited(1, 1);
  EXPECT_EQ(outcome_of(story, 3).answer, Answer::failed);
  EXPECT_EQ(outcome_of(story, 3).slot, 1);
}

TEST(Steering, RestartsOneAlone) {
  Story story(supervised(), true, 3, 3);
  EXPECT_EQ(started(story).command(Request::restart, 1, 3).transcript(),
            "[2000] received RTMIN+29\n[2000] replacing 1\n[2000] send TERM to 1\n");
  EXPECT_EQ(story.exited(0, 1).at(9000).transcript(), "[2000] spawn 1\n[3000] reloaded\n");
  EXPECT_EQ(outcome_of(story, 3).answer, Answer::done);
}

TEST(Steering, RestartAfterAFailedReloadIsStillOfOneAlone) {
  Story story(supervised(), true, 3, 3);
  started(story).signal(kSignalHup).exited(0, 0).at(2500).exited(1, 0).at(9000).quietly();
  EXPECT_EQ(story.command(Request::restart, 0).quietly().exited(0, 0).at(19000).transcript(),
            "[9000] spawn 0\n[10000] reloaded\n");
}

TEST(Steering, RestartOfWhomNobodyWantsIsRefused) {
  Story story(supervised(), true, 2, 8);
  started(story).command(Request::restart, 2, 3);
  EXPECT_EQ(outcome_of(story, 3).answer, Answer::refused);
}

TEST(Steering, RestartStartsOneThatIsDoneOrHasFailed) {
  Config config = supervised();
  config.restart = Restart::on_failure;
  config.exit_when = ExitWhen::all;
  for (int code : {0, 78}) {
    Story story(config, true, 2, 3);
    started(story).exited(code, 1).at(5000).quietly();
    story.command(Request::restart, 1, 4).quietly();
    EXPECT_EQ(story.at(9000).transcript(), "[5000] spawn 1\n[6000] reloaded\n") << code;
    EXPECT_EQ(outcome_of(story, 4).answer, Answer::done);
  }
}

TEST(Steering, RestartInBackOffStartsAtOnce) {
  Config config = supervised();
  config.restart_delay = config.restart_max_delay = Millis{60'000};
  Story story(config, true, 2, 3);
  started(story).exited(1, 1).quietly();
  EXPECT_EQ(story.command(Request::restart, 1).quietly().at(9000).transcript(),
            "[2000] spawn 1\n[3000] reloaded\n");
}

TEST(Steering, CommandWhileItStopsIsNeitherObeyedNorForwarded) {
  Story story(supervised(), true, 2, 8);
  started(story).signal(kSignalTerm).quietly();
  EXPECT_EQ(story.command(Request::scale, 5, 9).transcript(), "[2000] received RTMIN+29\n");
  EXPECT_EQ(outcome_of(story, 9).answer, Answer::none);
  EXPECT_EQ(story.count(), 2);
}

TEST(Steering, OnlyAQueuedCommandIsOne) {
  const std::uint64_t value = pack({Request::scale, 1, 4});
  Story story(supervised(), true, 2, 8);
  EXPECT_EQ(started(story).signal(kCommandSignal, SignalOrigin::process, value).transcript(),
            "[2000] received RTMIN+29\n[2000] send RTMIN+29 to all\n");
  EXPECT_EQ(story.signal(kCommandSignal - 1, kQueued, value).quietly().count(), 2);
  EXPECT_EQ(story.signal(kCommandSignal, kQueued, value ^ 1U << 31).quietly().count(), 2);
}

TEST(Steering, WhoeverRewritesTheSignalHasItBack) {
  Config config = supervised();
  config.signals.rewrite(kCommandSignal, kCommandSignal);
  Story story(config, true, 2, 8);
  started(story).command(Request::scale, 4);
  EXPECT_EQ(story.count(), 2);
}

TEST(Steering, LatestOutcomesAreRemembered) {
  Story story(supervised(), true, 2, 8);
  started(story);
  for (int tag = 1; tag <= kOutcomes + 1; ++tag) story.command(Request::scale, 2, tag);
  EXPECT_EQ(outcome_of(story, 1).answer, Answer::none);
  for (int tag = 2; tag <= kOutcomes + 1; ++tag)
    EXPECT_EQ(outcome_of(story, tag).answer, Answer::done);
}

TEST(Steering, OutcomeOfWhatGoesOnIsNotForgotten) {
  Story story(supervised(), true, 1, 8);
  started(story).command(Request::reload, 0, 60);
  for (int tag = 1; tag <= 2 * kOutcomes; ++tag) story.command(Request::scale, 1, tag % 50);
  EXPECT_EQ(outcome_of(story, 60).answer, Answer::working);
  story.exited(0, 0).at(9000);
  EXPECT_EQ(outcome_of(story, 60).answer, Answer::done);
}

// ---- --max-memory ------------------------------------------------------------------------------

Config limited() {
  Config config = supervised();
  config.max_memory = 1000;
  return config;
}

TEST(MaxMemory, AllAreWeighedInFiveSecondsOneAfterTheOther) {
  Story story(limited(), true, 2, 3);
  started(story);
  EXPECT_EQ(story.at(12600).transcript(),
            "[5000] weigh 1\n[7501] weigh 0\n[10002] weigh 1\n[12503] weigh 0\n");
}

TEST(MaxMemory, NobodyIsWeighedWithoutIt) {
  Story story(supervised(), true, 2, 3);
  EXPECT_EQ(started(story).deadline(), kNever);
}

TEST(MaxMemory, HeavyOneIsReplacedAndTheReasonKept) {
  Story story(limited(), true, 2, 3);
  EXPECT_EQ(started(story).heavy(1, 2000).transcript(),
            "[2000] too heavy 1\n[2000] send TERM to 1\n");
  // Once is enough.
  EXPECT_EQ(story.heavy(1, 2000).transcript(), "");
  EXPECT_EQ(story.exited(0, 1).at(4000).transcript(), "[2000] spawn 1\n[3000] reloaded\n");
  EXPECT_TRUE(story.replica(1).heavy);
  story.exited(1, 1);
  EXPECT_FALSE(story.replica(1).heavy) << "that end had another reason";
}

TEST(MaxMemory, EndsWithTheContainer) {
  Story story(limited(), true, 2, 3);
  started(story).signal(kSignalTerm).quietly();
  EXPECT_EQ(story.heavy(1, 2000).transcript(), "");
  EXPECT_EQ(story.exited(0, 0).exited(0, 1).transcript(), "[2000] exit 0\n");
}

}  // namespace
}  // namespace hydrinit
