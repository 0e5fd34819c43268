#include "core/restart.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "core/options.h"
#include "core/values.h"

namespace hydrinit {
namespace {

constexpr std::uint8_t kNoJitter = 0;
constexpr std::uint8_t kMostJitter = 255;

constexpr ExitStatus exited(int code) {
  return {ExitStatus::Kind::exited, static_cast<std::uint8_t>(code)};
}
constexpr ExitStatus killed_by(int signal) {
  return {ExitStatus::Kind::signalled, static_cast<std::uint8_t>(signal)};
}

constexpr ExitStatus kClean = exited(0);
constexpr ExitStatus kFailed = exited(3);
constexpr ExitStatus kKilled = killed_by(9);

// A replica here is up after 1 s, and its life long 10 s later: the defaults.
constexpr std::int64_t kUp = 1000;
constexpr std::int64_t kLong = 11000;

Config policy(Restart restart, int max_restarts = 10) {
  Config config;
  config.restart = restart;
  config.max_restarts = static_cast<std::int16_t>(max_restarts);
  return config;
}

// A replica that was started at that time, as the machine has it when it ends.
Replica replica(Stage stage, int early_deaths, std::int64_t started = 0) {
  Replica result;
  result.stage = stage;
  result.early_deaths = static_cast<std::uint16_t>(early_deaths);
  result.since = Instant{stage == Stage::running ? started + kUp : started};
  return result;
}

std::string shown(const RestartVerdict& verdict) {
  switch (verdict.kind) {
  case RestartVerdict::Kind::again:
    return "again in " + std::to_string(verdict.delay.count) + ", " +
           std::to_string(verdict.early_deaths) + " early";
  case RestartVerdict::Kind::done: return "done";
  case RestartVerdict::Kind::failed: return "failed";
  }
  return "?";
}

// The verdict on one that was up, and ended that long after its start.
std::string judged(const Config& config, ExitStatus status, std::int64_t age, int early_deaths) {
  return shown(judge_restart(config, replica(Stage::running, early_deaths), status, Instant{age},
                             kNoJitter));
}

// ---- the verdict
// --------------------------------------------------------------------------------------

TEST(Restart, PolicyAndEndAndAgeAndCountDecide) {
  const struct {
    Restart restart;
    ExitStatus status;
    std::int64_t age;
    int early_deaths;
    const char* verdict;
  } kRows[] = {
      {Restart::no, kClean, 0, 0, "done"},
      {Restart::no, kClean, kLong, 0, "done"},
      {Restart::no, kFailed, 0, 0, "failed"},
      {Restart::no, kFailed, kLong, 0, "failed"},
      {Restart::no, kKilled, 0, 0, "failed"},
      {Restart::no, kKilled, kLong, 0, "failed"},

      {Restart::on_failure, kClean, 0, 0, "done"},
      {Restart::on_failure, kClean, kLong, 0, "done"},
      {Restart::on_failure, kClean, 0, 10, "done"},
      {Restart::on_failure, kFailed, 2000, 0, "again in 100, 1 early"},
      {Restart::on_failure, kFailed, 2000, 1, "again in 200, 2 early"},
      {Restart::on_failure, kFailed, 2000, 9, "again in 30000, 10 early"},
      {Restart::on_failure, kFailed, 2000, 10, "failed"},
      {Restart::on_failure, kFailed, kLong, 0, "again in 0, 0 early"},
      {Restart::on_failure, kFailed, kLong, 10, "again in 0, 0 early"},
      {Restart::on_failure, kKilled, 2000, 0, "again in 100, 1 early"},
      {Restart::on_failure, kKilled, 2000, 10, "failed"},
      {Restart::on_failure, kKilled, kLong, 10, "again in 0, 0 early"},

      {Restart::always, kClean, 2000, 0, "again in 100, 1 early"},
      {Restart::always, kClean, 2000, 9, "again in 30000, 10 early"},
      {Restart::always, kClean, 2000, 10, "failed"},
      {Restart::always, kClean, kLong, 10, "again in 0, 0 early"},
      {Restart::always, kFailed, 2000, 3, "again in 800, 4 early"},
      {Restart::always, kFailed, 2000, 10, "failed"},
      {Restart::always, kFailed, kLong, 10, "again in 0, 0 early"},
      {Restart::always, kKilled, 2000, 0, "again in 100, 1 early"},
      {Restart::always, kKilled, 2000, 10, "failed"},
      {Restart::always, kKilled, kLong, 0, "again in 0, 0 early"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(judged(policy(row.restart), row.status, row.age, row.early_deaths), row.verdict)
        << "policy " << static_cast<int>(row.restart) << ", code " << row.status.code() << ", age "
        << row.age << ", " << row.early_deaths << " early deaths before";
  }
}

TEST(Restart, LifeIsLongFromMinUptimeAfterItWasUp) {
  const Config config = policy(Restart::always);
  EXPECT_EQ(judged(config, kFailed, kLong - 1, 2), "again in 400, 3 early");
  EXPECT_EQ(judged(config, kFailed, kLong, 2), "again in 0, 0 early");
}

TEST(Restart, AgeIsCountedFromItsOwnStart) {
  const Config config = policy(Restart::always);
  const Replica late = replica(Stage::running, 0, 1'000'000);
  EXPECT_EQ(shown(judge_restart(config, late, kFailed, Instant{1'000'000 + kLong - 1}, kNoJitter)),
            "again in 100, 1 early");
  EXPECT_EQ(shown(judge_restart(config, late, kFailed, Instant{1'000'000 + kLong}, kNoJitter)),
            "again in 0, 0 early");
}

TEST(Restart, LifeThatNeverWasUpIsEarlyWhateverItsLength) {
  const Config config = policy(Restart::always);
  for (std::int64_t age : {std::int64_t{0}, kLong, std::int64_t{1} << 50}) {
    EXPECT_EQ(
        shown(judge_restart(config, replica(Stage::starting, 4), kFailed, Instant{age}, kNoJitter)),
        "again in 1600, 5 early")
        << age;
  }
}

TEST(Restart, WithoutMinUptimeEveryLifeThatWasUpIsLong) {
  Config config = policy(Restart::always);
  config.min_uptime = Millis{0};
  EXPECT_EQ(judged(config, kFailed, kUp, 10), "again in 0, 0 early");
}

TEST(Restart, LongestMinUptimeIsNoOverflow) {
  Config config = policy(Restart::always);
  config.min_uptime = kDurationMax;
  const std::int64_t longest = kUp + kDurationMax.count;
  EXPECT_EQ(judged(config, kFailed, longest - 1, 0), "again in 100, 1 early");
  EXPECT_EQ(judged(config, kFailed, longest, 0), "again in 0, 0 early");
}

// When it was up is the machine's to know, not --ready's: a program may say so by itself.
TEST(Restart, LifeCountsFromWhenItWasUpAndNotFromReady) {
  Config config = policy(Restart::always);
  for (std::int64_t ready : {0, 500, 5000, 600'000}) {
    config.ready = Millis{ready};
    EXPECT_EQ(judged(config, kFailed, kLong - 1, 2), "again in 400, 3 early") << ready;
    EXPECT_EQ(judged(config, kFailed, kLong, 2), "again in 0, 0 early") << ready;
  }
}

// Killed by --ready-timeout, its stage is not starting any more when it ends.
TEST(Restart, LifeOfOneThatWasNotUpInTimeIsEarly) {
  Config config = policy(Restart::always);
  config.min_uptime = Millis{0};
  Replica late = replica(Stage::killing, 1);
  late.overdue = true;
  EXPECT_EQ(shown(judge_restart(config, late, kKilled, Instant{60'000}, kNoJitter)),
            "again in 200, 2 early");
}

TEST(Restart, ListedStatusesAreClean) {
  Config config = policy(Restart::on_failure);
  config.success.add_code(3);
  config.success.add_signal(9);
  EXPECT_EQ(judged(config, kFailed, 2000, 0), "done");
  EXPECT_EQ(judged(config, kKilled, 2000, 0), "done");
  EXPECT_EQ(judged(config, exited(137), 2000, 0), "again in 100, 1 early");
  config.restart = Restart::no;
  EXPECT_EQ(judged(config, kFailed, 2000, 0), "done");
}

TEST(Restart, ConfigurationErrorFailsAtOnce) {
  for (Restart restart : {Restart::no, Restart::on_failure, Restart::always}) {
    EXPECT_EQ(judged(policy(restart), exited(78), 2000, 0), "failed");
    EXPECT_EQ(judged(policy(restart), exited(78), kLong, 0), "failed");
  }
  EXPECT_EQ(judged(policy(Restart::always), exited(77), 2000, 0), "again in 100, 1 early");
}

TEST(Restart, ConfigurationErrorIsNoneWhenItCountsAsSuccess) {
  Config config = policy(Restart::always);
  config.success.add_code(78);
  EXPECT_EQ(judged(config, exited(78), 2000, 0), "again in 100, 1 early");
  config.restart = Restart::on_failure;
  EXPECT_EQ(judged(config, exited(78), 2000, 0), "done");
}

TEST(Restart, NoRestartStatusesFailAtOnce) {
  Config config = policy(Restart::always);
  config.no_restart.add_code(3);
  config.no_restart.add_code(0);
  config.no_restart.add_code(143);
  config.no_restart.add_signal(9);
  for (std::int64_t age : {std::int64_t{2000}, kLong}) {
    for (ExitStatus status : {kFailed, kClean, kKilled, exited(143), killed_by(15)}) {
      EXPECT_EQ(judged(config, status, age, 0), "failed") << status.code();
    }
  }
  EXPECT_EQ(judged(config, exited(137), 2000, 0), "again in 100, 1 early");
}

TEST(Restart, NoRestartStatusChangesNothingWhereNothingIsRestarted) {
  Config config = policy(Restart::on_failure);
  config.no_restart.add_code(0);
  EXPECT_EQ(judged(config, kClean, 2000, 0), "done");
}

TEST(Restart, ThatManyEarlyDeathsInARowAreForgiven) {
  for (int max : {1, 3, 10, 10000}) {
    const Config config = policy(Restart::always, max);
    const std::string last = judged(config, kFailed, 2000, max - 1);
    EXPECT_EQ(last.substr(0, 8), "again in") << max;
    EXPECT_EQ(judged(config, kFailed, 2000, max), "failed") << max;
    EXPECT_EQ(judged(config, kFailed, 2000, max + 1), "failed") << max;
  }
}

TEST(Restart, NoLimitOfEarlyDeathsIsNone) {
  const Config config = policy(Restart::always, 0);
  EXPECT_EQ(judged(config, kFailed, 2000, 10000), "again in 30000, 10001 early");
  // The count stays at what it can hold.
  EXPECT_EQ(judged(config, kFailed, 2000, 65534), "again in 30000, 65535 early");
  EXPECT_EQ(judged(config, kFailed, 2000, 65535), "again in 30000, 65535 early");
}

TEST(Restart, EarlyDeathsAreCountedInTheVerdictOfFailure) {
  const Config config = policy(Restart::always, 3);
  const RestartVerdict verdict =
      judge_restart(config, replica(Stage::running, 3), kFailed, Instant{0}, kNoJitter);
  EXPECT_EQ(shown(verdict), "failed");
  EXPECT_EQ(verdict.early_deaths, 4);
}

TEST(Restart, JudgingChangesNothingAboutTheReplica) {
  const Replica before = replica(Stage::running, 5, 100);
  const Replica after = before;
  (void)judge_restart(policy(Restart::always), after, kFailed, Instant{200}, kNoJitter);
  EXPECT_EQ(after.early_deaths, before.early_deaths);
  EXPECT_EQ(after.stage, before.stage);
}

TEST(Restart, VerdictsDelayIsShortenedByTheJitter) {
  const RestartVerdict verdict = judge_restart(policy(Restart::always), replica(Stage::running, 9),
                                               kFailed, Instant{0}, kMostJitter);
  EXPECT_EQ(shown(verdict), "again in 22530, 10 early");
}

// ---- the delay
// ----------------------------------------------------------------------------------------

Config delays(std::int64_t first, std::int64_t most) {
  Config config;
  config.restart_delay = Millis{first};
  config.restart_max_delay = Millis{most};
  return config;
}

std::string delays_of(const Config& config, int count) {
  std::string text;
  for (int in_a_row = 1; in_a_row <= count; ++in_a_row) {
    text +=
        (in_a_row == 1 ? "" : " ") + std::to_string(back_off(config, in_a_row, kNoJitter).count);
  }
  return text;
}

TEST(BackOff, DoublesUpToItsMaximum) {
  EXPECT_EQ(delays_of(Config{}, 12),
            "100 200 400 800 1600 3200 6400 12800 25600 30000 30000 30000");
  EXPECT_EQ(delays_of(delays(1, 8), 6), "1 2 4 8 8 8");
  EXPECT_EQ(delays_of(delays(3, 8), 4), "3 6 8 8");
}

TEST(BackOff, StaysWhereItCannotGrow) {
  EXPECT_EQ(delays_of(delays(0, 0), 3), "0 0 0");
  EXPECT_EQ(delays_of(delays(0, 30000), 3), "0 0 0");
  EXPECT_EQ(delays_of(delays(500, 500), 3), "500 500 500");
}

TEST(BackOff, IsNeverAboveItsMaximum) {
  // The parser refuses such a pair; from Config it must still do no harm.
  EXPECT_EQ(delays_of(delays(500, 100), 3), "100 100 100");
}

TEST(BackOff, DoesNotOverflowWithTheLongestDelays) {
  const std::int64_t most = kDurationMax.count;
  for (std::int64_t first : {std::int64_t{1}, most / 2, most / 2 + 1, most - 1, most}) {
    for (int in_a_row : {1, 2, 3, 40, 64, 65, 65535, INT32_MAX}) {
      const Millis delay = back_off(delays(first, most), in_a_row, kNoJitter);
      EXPECT_GE(delay, Millis{first}) << in_a_row;
      EXPECT_LE(delay, kDurationMax) << in_a_row;
      const Millis least = back_off(delays(first, most), in_a_row, kMostJitter);
      EXPECT_GE(least.count, delay.count - delay.count / 4 - 1) << in_a_row;
      EXPECT_LE(least, delay) << in_a_row;
    }
  }
  EXPECT_EQ(back_off(delays(1, most), 65535, kNoJitter), kDurationMax);
  EXPECT_EQ(back_off(delays(most / 2 + 1, most), 2, kNoJitter), kDurationMax);
}

TEST(BackOff, JitterOnlyShortensAndByAQuarterAtMost) {
  for (std::int64_t first : {std::int64_t{1}, std::int64_t{3}, std::int64_t{100},
                             std::int64_t{30000}, kDurationMax.count}) {
    const Config config = delays(first, first);
    std::int64_t before = first;
    for (int jitter = 0; jitter <= 255; ++jitter) {
      const std::int64_t delay = back_off(config, 1, static_cast<std::uint8_t>(jitter)).count;
      EXPECT_LE(delay, before) << first << " with " << jitter;
      EXPECT_GE(delay * 4, first * 3) << first << " with " << jitter;
      before = delay;
    }
  }
}

TEST(BackOff, JitterSpreadsOverTheWholeQuarter) {
  const Config config = delays(1024, 1024);
  for (int jitter = 0; jitter <= 255; ++jitter) {
    EXPECT_EQ(back_off(config, 1, static_cast<std::uint8_t>(jitter)).count, 1024 - jitter);
  }
}

}  // namespace
}  // namespace hydrinit
