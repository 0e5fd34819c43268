#include "core/exit_policy.h"

#include <gtest/gtest.h>

namespace hydrinit {
namespace {

constexpr ExitStatus exited(int code) {
  return {ExitStatus::Kind::exited, static_cast<std::uint8_t>(code)};
}
constexpr ExitStatus killed_by(int signal) {
  return {ExitStatus::Kind::signalled, static_cast<std::uint8_t>(signal)};
}

TEST(ExitPolicy, CodeOfAProgramIsItsOwn) {
  for (int code = 0; code <= 255; ++code) EXPECT_EQ(judge_exit_code(exited(code), {}), code);
}

TEST(ExitPolicy, DeathBySignalIs128PlusItsNumber) {
  for (int signal = 1; signal <= 64; ++signal) {
    EXPECT_EQ(judge_exit_code(killed_by(signal), {}), 128 + signal);
  }
}

TEST(ExitPolicy, EveryCodeCanBeASuccess) {
  for (int listed = 0; listed <= 255; ++listed) {
    SuccessStatuses success;
    success.add_code(listed);
    for (int code = 0; code <= 255; ++code) {
      EXPECT_EQ(success.has_code(code), code == listed);
      EXPECT_EQ(judge_exit_code(exited(code), success), code == listed ? 0 : code);
    }
  }
}

TEST(ExitPolicy, CodeAsANumberCoversTheDeathBySignalToo) {
  SuccessStatuses success;
  success.add_code(143);
  EXPECT_EQ(judge_exit_code(killed_by(15), success), 0);
  EXPECT_EQ(judge_exit_code(exited(143), success), 0);
  EXPECT_EQ(judge_exit_code(killed_by(2), success), 130);
}

TEST(ExitPolicy, CodeOfASignalsNumberDoesNotCoverTheDeathByIt) {
  SuccessStatuses success;
  success.add_code(15);
  EXPECT_EQ(judge_exit_code(killed_by(15), success), 143);
}

TEST(ExitPolicy, SignalByNameCoversTheDeathAlone) {
  SuccessStatuses success;
  success.add_signal(15);
  EXPECT_EQ(judge_exit_code(killed_by(15), success), 0);
  EXPECT_EQ(judge_exit_code(exited(143), success), 143);
  EXPECT_EQ(judge_exit_code(exited(15), success), 15);
  EXPECT_EQ(judge_exit_code(killed_by(9), success), 137);
}

TEST(ExitPolicy, EverySignalCanBeASuccess) {
  for (int listed = 1; listed <= 64; ++listed) {
    SuccessStatuses success;
    success.add_signal(listed);
    for (int signal = 1; signal <= 64; ++signal) {
      EXPECT_EQ(success.has(killed_by(signal)), signal == listed);
    }
  }
}

TEST(ExitPolicy, StatusesAddUp) {
  SuccessStatuses success;
  success.add_code(3);
  success.add_code(143);
  success.add_signal(2);
  EXPECT_TRUE(success.has(exited(3)));
  EXPECT_TRUE(success.has(killed_by(15)));
  EXPECT_TRUE(success.has(killed_by(2)));
  EXPECT_FALSE(success.has(exited(4)));
  EXPECT_EQ(success.signals(), SignalSet{2});
}

TEST(ExitPolicy, NumbersOutsideChangeNothing) {
  SuccessStatuses success;
  for (int number : {-1, 256, 1 << 30}) {
    success.add_code(number);
    success.add_signal(number);
    EXPECT_FALSE(success.has_code(number)) << number;
  }
  success.add_signal(0);
  EXPECT_TRUE(success.signals().empty());
  for (int code = 0; code <= 255; ++code) EXPECT_FALSE(success.has_code(code)) << code;
}

TEST(ExitPolicy, OwnCodesAreTheDocumentedOnes) {
  EXPECT_EQ(kExitUsage, 2);
  EXPECT_EQ(kExitInternal, 125);
  EXPECT_EQ(kExitNotExecutable, 126);
  EXPECT_EQ(kExitNotFound, 127);
}

}  // namespace
}  // namespace hydrinit
