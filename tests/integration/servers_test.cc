// --share with real servers, which know nothing of it: replicas of one server on its ports.

#include "servers.h"

#include <signal.h>
#include <unistd.h>

#include <set>

#include "client.h"
#include "harness.h"

namespace hydrinit_test {
namespace {

class ShareServers : public OwnNetwork, public ::testing::WithParamInterface<Server> {
 protected:
  void SetUp() override {
    REQUIRE_OR_SKIP(why_not(GetParam()).empty(), why_not(GetParam()));
    OwnNetwork::SetUp();
  }
};
INSTANTIATE_TEST_SUITE_P(Server, ShareServers, ::testing::ValuesIn(every_server()),
                         [](const auto& server) { return std::string(server.param.name); });

void end(Process& process) {
  process.signal(SIGTERM);
  process.finish();
}

TEST_P(ShareServers, EachOfTwoReplicasIsServedFrom) {
  Process process(with_options({"-n", "2", "--share"}, GetParam().command()));
  for (const Target& target : GetParam().targets)
    EXPECT_TRUE(all_answer(target, GetParam().question, process.pid(), 2)) << target.host;
  end(process);
}

TEST_P(ShareServers, EachOfFourReplicasIsServedFrom) {
  Process process(with_options({"-n", "4", "--share"}, GetParam().command()));
  for (const Target& target : GetParam().targets)
    EXPECT_TRUE(all_answer(target, GetParam().question, process.pid(), 4)) << target.host;
  end(process);
}

TEST_P(ShareServers, KilledReplicaTakesAlongOnlyWhatItHadAccepted) {
  constexpr int kThreads = 3;
  constexpr int kKills = 3;
  Process process(
      with_options({"-n", "2", "--share", "--restart-delay", "1ms"}, GetParam().command()));
  const Target& target = GetParam().targets.front();
  ASSERT_TRUE(all_answer(target, GetParam().question, process.pid(), 2));
  Load load(target, GetParam().question, kThreads);
  for (int i = 0; i < kKills; ++i) {
    ASSERT_TRUE(load.pass(20));
    const pid_t victim = process.child();
    ::kill(victim, SIGKILL);
    ASSERT_TRUE(eventually([&] {
      const std::set<pid_t> children = children_of(process.pid());
      return children.size() == 2 && children.count(victim) == 0;
    }));
  }
  ASSERT_TRUE(load.pass(20));
  const Load::Totals totals = load.stop();
  EXPECT_EQ(totals.of(Answer::Kind::refused), 0) << totals;
  EXPECT_EQ(totals.of(Answer::Kind::late), 0) << totals;
  EXPECT_EQ(totals.of(Answer::Kind::other), 0) << totals;
  EXPECT_LE(totals.failed(), kThreads * kKills) << totals;
  EXPECT_TRUE(all_answer(target, GetParam().question, process.pid(), 2));
  end(process);
}

TEST_P(ShareServers, ReloadsLoseNothing) {
  Process process(with_options({"-n", "2", "--share"}, GetParam().command()));
  const Target& target = GetParam().targets.back();
  ASSERT_TRUE(all_answer(target, GetParam().question, process.pid(), 2));
  Load load(target, GetParam().question, 2);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(load.pass(20));
    process.signal(SIGHUP);
    process.expect_next_error("hydrinit: reloaded");
  }
  ASSERT_TRUE(load.pass(20));
  const Load::Totals totals = load.stop();
  EXPECT_EQ(totals.failed(), 0) << totals;
  end(process);
}

}  // namespace
}  // namespace hydrinit_test
