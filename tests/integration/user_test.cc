// --user: what is left of root in hydrinit and in its replicas, and that ports are had all the
// same.

#include <signal.h>
#include <unistd.h>

#include "client.h"
#include "harness.h"
#include "servers.h"

namespace hydrinit_test {
namespace {

class User : public OwnNetwork {};

const Target kPort80{"127.0.0.1", 80};

void end(Process& process) {
  process.signal(SIGTERM);
  process.finish();
}

std::string id_as(const std::string& user) {
  return run({"--user", user, "sh", "-c", "echo $(id -u):$(id -g):$(id -G) $HOME"}).output;
}

TEST_F(User, IsLookedUpByName) { EXPECT_EQ(id_as("nobody"), "65534:65534:65534 /nonexistent\n"); }
TEST_F(User, NumberOfAKnownOneIsAsGoodAsItsName) { EXPECT_EQ(id_as("65534"), id_as("nobody")); }
TEST_F(User, NumberNeedsNoEntry) { EXPECT_EQ(id_as("54321"), "54321:54321:54321 /\n"); }
TEST_F(User, GroupsAreGivenByNumberToo) {
  EXPECT_EQ(id_as("54321:54322"), "54321:54322:54322 /\n");
  EXPECT_EQ(id_as("nobody:54322"), "65534:54322:54322 /nonexistent\n");
}
TEST_F(User, GroupIsLookedUpByName) {
  EXPECT_EQ(id_as("nobody:daemon"), "65534:1:1 /nonexistent\n");
}
TEST_F(User, RootStaysRoot) { EXPECT_EQ(id_as("root"), "0:0:0 /root\n"); }

TEST_F(User, NothingOfRootIsLeftInAnybody) {
  Process process(hydrinit({"-n", "1", "--user", "nobody", "sleep", "1000"}));
  ASSERT_TRUE(eventually([&] { return process.child() != kNobody; }));
  for (pid_t pid : {process.pid(), process.child()}) {
    EXPECT_EQ(status_field(pid, "Uid"), "65534\t65534\t65534\t65534");
    EXPECT_EQ(status_field(pid, "Gid"), "65534\t65534\t65534\t65534");
    EXPECT_EQ(status_field(pid, "Groups"), "");
    for (const char* set : {"CapEff", "CapPrm", "CapInh", "CapAmb"})
      EXPECT_EQ(status_field(pid, set), "0000000000000000") << set << " of " << pid;
  }
  end(process);
}

Words shell_node(const std::string& where) { return {"node", test_file("servers/who.js"), where}; }

TEST_F(User, ListensOnAPrivilegedPort) {
  Process process(
      with_options({"-n", "2", "--user", "nobody", "--listen", "80"}, shell_node("fd:3")));
  EXPECT_TRUE(all_answer(kPort80, kHttp, process.pid(), 2));
  EXPECT_EQ(status_field(process.child(), "Uid").rfind("65534", 0), 0U);
  // They are started again, and more of them, on what was bound as root.
  ASSERT_EQ(::kill(process.child(), SIGKILL), 0);
  EXPECT_TRUE(answers(kPort80, kHttp));
  process.signal(SIGTTIN);
  EXPECT_TRUE(all_answer(kPort80, kHttp, process.pid(), 3));
  process.signal(SIGHUP);
  process.expect_error("hydrinit: reloaded");
  EXPECT_TRUE(all_answer(kPort80, kHttp, process.pid(), 3));
  end(process);
}

TEST_F(User, SharesAPort) {
  Process process(with_options({"-n", "2", "--user", "nobody", "--share"}, shell_node("8080")));
  EXPECT_TRUE(all_answer({"127.0.0.1", 8080}, kHttp, process.pid(), 2));
  process.signal(SIGHUP);
  process.expect_error("hydrinit: reloaded");
  end(process);
}

// Who has become somebody else cannot bind it, and --listen is the way.
TEST_F(User, SharedPrivilegedPortIsTheServersOwnError) {
  Process process(with_options(
      {"-n", "2", "--user", "nobody", "--share", "--max-restarts", "1", "--restart-delay", "1ms"},
      shell_node("80")));
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 1) << outcome.errors;
  EXPECT_NE(outcome.errors.find("EACCES"), std::string::npos) << outcome.errors;
}

void expect_refusal(const std::string& user, int code, const std::string& line, Options with = {}) {
  const Outcome outcome = run({"--user", user, "echo", "started"}, std::move(with));
  EXPECT_EQ(outcome.code, code);
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.errors, "hydrinit: " + line + "\n");
}

TEST_F(User, UnknownOnesAreRefused) {
  expect_refusal("no-such", 125, "--user: 'no-such' is unknown here");
  expect_refusal("nobody:no-such", 125, "--user: 'nobody:no-such' is unknown here");
  expect_refusal("4294967295", 125, "--user: '4294967295' is unknown here");
}

TEST_F(User, WhoeverIsNotRootCannotBecomeAnother) {
  const auto become_daemon = [] {
    if (::setresgid(1, 1, 1) != 0 || ::setresuid(1, 1, 1) != 0) ::_exit(98);
  };
  expect_refusal("nobody", 125, "--user: setgroups: Operation not permitted",
                 {.setup = become_daemon});
}

TEST_F(User, WhoeverIsThatUserAlreadyStaysIt) {
  const auto become_nobody = [] {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(98);
  };
  const Outcome outcome = run({"--user", "nobody", "id", "-u"}, {.setup = become_nobody});
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, "65534\n");
}

}  // namespace
}  // namespace hydrinit_test
