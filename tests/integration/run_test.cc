// One child, from its start to its exit code: the contract's "One child" table with real processes.

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "harness.h"

namespace hydrinit_test {
namespace {

class Run : public AtPlace {};
INSTANTIATE_TEST_SUITE_P(Places, Run, every_place(), place_name);

TEST_P(Run, EveryExitCodeIsHandedOn) {
  for (int code : {0, 1, 2, 3, 64, 77, 125, 126, 127, 128, 143, 254, 255}) {
    EXPECT_EQ(run({probe(), "exit", std::to_string(code)}, options()).code, code);
  }
}

TEST_P(Run, EveryFatalSignalBecomes128PlusItsNumber) {
  for (int number : {1, 2, 3, 4, 6, 8, 9, 11, 13, 14, 15, 24, 31, 34, 50, 64}) {
    EXPECT_EQ(run({probe(), "die", std::to_string(number)}, options()).code, 128 + number);
  }
}

TEST_P(Run, EverySignalThatCanBeIsForwarded) {
  Process process(hydrinit({probe(), "signals", "15"}), options());
  process.expect("ready");
  for (int number = 1; number <= 64; ++number) {
    if (number == SIGKILL || number == SIGSTOP || number == SIGCHLD || number == SIGTERM) continue;
    if (number == 32 || number == 33) continue;  // libc cannot wait for them; see the hazards
    ASSERT_EQ(::kill(process.pid(), number), 0);
    process.expect("signal " + std::to_string(number) + " ");
  }
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 0);
}

TEST_P(Run, CommandIsSearchedOnThePath) {
  EXPECT_EQ(run({"probe", "exit", "6"}, options()).code, 6);
  const Outcome outcome = run({"no-such-command"}, options());
  EXPECT_EQ(outcome.code, 127);
  EXPECT_EQ(outcome.errors, "hydrinit: cannot run 'no-such-command': No such file or directory\n");
}

TEST_P(Run, CommandThatCannotBeExecutedIs126) {
  const Outcome folder = run({"/tmp"}, options());
  EXPECT_EQ(folder.code, 126);
  EXPECT_EQ(folder.errors, "hydrinit: cannot run '/tmp': Permission denied\n");
  EXPECT_EQ(run({"/etc/passwd/x"}, options()).code, 126);
}

TEST_P(Run, FileOnThePathThatMayNotBeExecutedIs126) {
  std::ofstream(work_folder() + "/not-executable") << "x";
  const Outcome outcome = run({"not-executable"}, options());
  EXPECT_EQ(outcome.code, 126);
  EXPECT_EQ(outcome.errors, "hydrinit: cannot run 'not-executable': Permission denied\n");
}

// The list comes before every verdict, that of a command that does not start included (as tini).
TEST_P(Run, SuccessStatusCountsForACommandThatCannotRunToo) {
  EXPECT_EQ(run({"-e", "127", "no-such-command"}, options()).code, 0);
  EXPECT_EQ(run({"-e", "126", "/tmp"}, options()).code, 0);
  EXPECT_EQ(run({"-e", "126", "no-such-command"}, options()).code, 127);
}

TEST_P(Run, EmptyCommandIsNotFound) {
  const Outcome outcome = run({""}, options());
  EXPECT_EQ(outcome.code, 127);
  EXPECT_EQ(outcome.errors, "hydrinit: cannot run '': No such file or directory\n");
}

TEST_P(Run, ScriptWithoutInterpreterIsRunByTheShell) {
  const std::string script = work_folder() + "/plain-script";
  std::ofstream(script) << "echo \"$0 $1 $2\"; exit 12\n";
  ASSERT_EQ(std::system(("chmod 755 " + script).c_str()), 0);
  const Outcome outcome = run({script, "one", "two words"}, options());
  EXPECT_EQ(outcome.code, 12) << outcome.errors;
  EXPECT_EQ(outcome.output, script + " one two words\n");
  EXPECT_EQ(run({"plain-script"}, options()).code, 12);
}

TEST_P(Run, OrphansAreReaped) {
  Process process(hydrinit({"-w", probe(), "orphans", "20"}), options());
  process.expect("ready");
  EXPECT_TRUE(eventually([&] { return children_of(process.pid()).size() == 1; }));
  process.close_input();
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  int told = 0;
  for (std::size_t at = 0; (at = outcome.errors.find("reaped orphan", at)) != std::string::npos;
       ++at) {
    ++told;
  }
  EXPECT_EQ(told, 20);
}

TEST_P(Run, SuccessExitStatusTurnsCodesAndSignalsIntoZero) {
  EXPECT_EQ(run({"-e", "143", probe(), "exit", "143"}, options()).code, 0);
  EXPECT_EQ(run({"-e", "143", probe(), "die", "15"}, options()).code, 0);
  EXPECT_EQ(run({"-e", "TERM", probe(), "die", "15"}, options()).code, 0);
  EXPECT_EQ(run({"-e", "TERM", probe(), "exit", "143"}, options()).code, 143);
  EXPECT_EQ(run({"-e", "3,7", "-e", "9", probe(), "exit", "9"}, options()).code, 0);
  EXPECT_EQ(run({"-e", "3", probe(), "exit", "4"}, options()).code, 4);
}

TEST_P(Run, SignalsAreRewrittenByNameAndNumberAndNotChained) {
  Process process(hydrinit({"-r", "TERM:USR1,15:QUIT", "-r", "QUIT:0", "-r", "RTMIN+1:HUP", probe(),
                            "signals", "12"}),
                  options());
  process.expect("ready");
  process.signal(SIGQUIT);
  process.signal(SIGTERM);
  process.expect("signal 3 ");
  process.signal(35);
  process.expect("signal 1 ");
  process.signal(SIGUSR2);
  EXPECT_EQ(process.finish().output.find("signal 15"), std::string::npos);
}

TEST_P(Run, GroupGetsTheSignalOnlyWhenAsked) {
  for (const bool group : {true, false}) {
    // The shell waits for its child without exec; both are in one group.
    Process process(hydrinit({group ? "-g" : "-c", "sh", "-c",
                              "trap 'echo shell got it' USR1; " + probe() +
                                  " signals 10 & wait; wait; kill $! 2>/dev/null; exit 0"}),
                    options());
    const pid_t grandchild = process.expect_number("ready ");
    process.signal(SIGUSR1);
    process.expect("shell got it");
    if (group) {
      process.expect("signal 10");
      EXPECT_EQ(process.finish().code, 0);
      continue;
    }
    // The shell's child has heard nothing of it.
    EXPECT_EQ(process.expect("shell got it").find("signal 10"), std::string::npos);
    // In a namespace it ends with that.
    if (GetParam() == Place::child) ::kill(grandchild, SIGKILL);
  }
}

TEST_P(Run, StopTimeoutKillsTheGroup) {
  Process process(hydrinit({"--stop-timeout", "100ms", "sh", "-c",
                            "trap '' TERM; " + probe() + " stubborn & " + probe() + " stubborn"}),
                  options());
  process.expect("ready");
  process.expect("ready");
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 128 + SIGKILL);
  EXPECT_NE(outcome.errors.find("did not stop within --stop-timeout, sending KILL"),
            std::string::npos)
      << outcome.errors;
}

TEST_P(Run, SecondStopSignalHastensTheKill) {
  Process process(hydrinit({"--stop-timeout", "1h", probe(), "stubborn"}), options());
  process.expect("ready");
  process.signal(SIGTERM);
  process.signal(SIGINT);
  EXPECT_EQ(process.finish().code, 128 + SIGKILL);
}

TEST_P(Run, StopDelayHoldsTheSignalBackAndASecondOneHastensIt) {
  Process process(hydrinit({"-v", "--stop-delay", "1h", probe(), "signals", "2"}), options());
  process.expect("ready");
  process.signal(SIGTERM);
  process.expect_error("holding TERM back");
  process.signal(SIGUSR1);  // others pass meanwhile
  process.expect("signal 10");
  process.signal(SIGINT);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.output.find("signal 15"), std::string::npos);
}

TEST_P(Run, StopDelayEndsByItself) {
  Process process(hydrinit({"--stop-delay", "50ms", probe(), "signals", "15"}), options());
  process.expect("ready");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 0);
}

TEST_P(Run, StopSignalIsWhatTheChildGets) {
  Process process(hydrinit({"--stop-signal", "QUIT", "--stop-on", "TERM,RTMIN+3", "-r", "HUP:USR2",
                            probe(), "signals", "12"}),
                  options());
  process.expect("ready");
  process.signal(37);
  process.expect("signal 3 ");
  process.signal(SIGINT);  // not in the list: as it is
  process.expect("signal 2 ");
  process.signal(SIGHUP);
  EXPECT_EQ(process.finish().code, 0);
}

TEST_P(Run, WaitAllKillsWhoDoesNotEnd) {
  Process process(hydrinit({"--wait-all", "100ms", probe(), "daemon", "stubborn"}), options());
  const pid_t init = process.pid();
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.errors.find("processes remain after --wait-all, sending KILL"),
            std::string::npos);
  EXPECT_FALSE(alive(init));
}

TEST_P(Run, EnvironmentGivesEveryPolicyAndArgvWins) {
  Options with = options();
  with.environment = {{"HYDRINIT_SUCCESS_EXIT_STATUS", "9"},
                      {"HYDRINIT_REWRITE", "TERM:USR1"},
                      {"HYDRINIT_VERBOSE", ""}};
  EXPECT_EQ(run({probe(), "exit", "9"}, with).code, 0);
  Process process(hydrinit({"-r", "TERM:USR2", probe(), "signals", "12"}), with);
  process.expect("ready");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 0);
}

TEST_P(Run, OptionVariablesAreTakenOutOfTheChildsEnvironment) {
  Options with = options();
  with.environment = {
      {"HYDRINIT_QUIET", "1"}, {"HYDRINIT_REPLICA", "3"}, {"HYDRINIT_SERVICE_HOST", "x"}};
  const Outcome outcome = run({probe(), "state"}, with);
  EXPECT_EQ(outcome.output.find("env HYDRINIT_QUIET"), std::string::npos);
  EXPECT_NE(outcome.output.find("env HYDRINIT_REPLICA=3\n"), std::string::npos);
  EXPECT_NE(outcome.output.find("env HYDRINIT_SERVICE_HOST=x\n"), std::string::npos);
}

TEST_P(Run, ListenPidThatNamesUsNamesTheChild) {
  Process process(
      {"/bin/sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec " + binary() + " " + probe() + " state"},
      options());
  const Outcome outcome = process.finish();
  const std::size_t at = outcome.output.find("pid ");
  ASSERT_NE(at, std::string::npos) << outcome.errors;
  const int pid = std::atoi(outcome.output.c_str() + at + 4);
  EXPECT_NE(outcome.output.find("env LISTEN_PID=" + std::to_string(pid) + "\n"), std::string::npos)
      << outcome.output;
}

TEST_P(Run, TenThousandArgumentsAndAMegabyteOfEnvironment) {
  std::vector<std::string> command = {"sh", "-c", "echo $#:${#BIG9}", "sh"};
  command.resize(command.size() + 10000, "x");
  Options with = options();
  for (int i = 0; i < 10; ++i)
    with.environment["BIG" + std::to_string(i)] = std::string(100000, 'e');
  const Outcome outcome = run(command, with);
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_EQ(outcome.output, "10000:100000\n");
}

TEST_P(Run, ArgumentThatIsTooLongForTheKernelIsToldInOneShortLine) {
  Options with = options();
  const std::string name(5000, 'n');
  const Outcome outcome = run({name}, with);
  EXPECT_EQ(outcome.code, 126);
  EXPECT_LT(outcome.errors.size(), 300u);
  EXPECT_NE(outcome.errors.find("...': File name too long\n"), std::string::npos) << outcome.errors;
}

TEST_P(Run, EmptyEnvironmentIsEnough) {
  Options with = options();
  with.empty_environment = true;
  EXPECT_EQ(run({probe(), "exit", "5"}, with).code, 5);
  EXPECT_EQ(run({"sh", "-c", "exit 6"}, with).code, 6);
}

TEST_P(Run, FullOrClosedMessagesStopNothing) {
  Options full = options();
  full.setup = [] {
    if (::freopen("/dev/full", "w", stderr) == nullptr) ::_exit(96);
  };
  EXPECT_EQ(run({"-vvv", probe(), "exit", "3"}, full).code, 3);
  Options broken = options();
  broken.setup = [] {
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(96);
    ::close(ends[0]);
    ::dup2(ends[1], 2);
    ::close(ends[1]);
  };
  EXPECT_EQ(run({"-vvv", probe(), "exit", "3"}, broken).code, 3);
}

TEST_P(Run, BlockedReaderOfMessagesDoesNotStopTheForwarding) {
  Options with = options();
  with.setup = [] {
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(96);
    ::dup2(ends[0], 60);  // somebody has it open and never reads
    ::dup2(ends[1], 2);
  };
  Process process(hydrinit({"-v", probe(), "signals", "15"}), with);
  process.expect("ready");
  for (int i = 0; i < 3000; ++i) process.signal(SIGUSR1);
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 0);
}

TEST(RunAsChild, SubreaperIsAutomaticAndCanBeRefused) {
  // The daemon's parent ends: it becomes a child of hydrinit, or of somebody above.
  for (const bool adopt : {true, false}) {
    std::vector<std::string> arguments = {"sh", "-c", probe() + " daemon signals 15; read x"};
    if (!adopt) arguments.insert(arguments.begin(), "--no-subreaper");
    Process process(hydrinit(arguments));
    const int orphan = process.expect_number("ready ");
    EXPECT_TRUE(eventually([&] {
      return (status_field(orphan, "PPid") == std::to_string(process.pid())) == adopt &&
             status_field(orphan, "PPid") != std::to_string(process.child());
    }));
    ::kill(orphan, SIGTERM);
    process.close_input();
    EXPECT_NE(process.finish().code, 125);
  }
}

TEST(RunAsChild, ParentDeathSignalReachesTheChild) {
  // A shell in between is the parent; it ends when its input does.
  Process process(
      {"/bin/sh", "-c", binary() + " -p USR1 " + probe() + " signals 10 & read x; kill -9 $$"});
  process.expect("ready");
  process.close_input();
  process.expect("signal 10");
  process.finish();
}

TEST(RunAsChild, ChildDiesByTheSameSignalWhenHydrinitIsKilled) {
  Process process(hydrinit({"-p", "KILL", probe(), "stubborn"}));
  const int child = process.expect_number("ready ");
  ::kill(process.pid(), SIGKILL);
  process.finish();
  EXPECT_TRUE(eventually([&] { return !alive(child); }));
}

TEST(RunAsChild, WaitAllReachesTheWholeTreeAndNobodyElse) {
  Process bystander({probe(), "signals", "15"});
  bystander.expect("ready");
  // Daemons in sessions of their own, and a chain four deep.
  Process process(
      hydrinit({"--wait-all", "200ms", "sh", "-c",
                probe() + " daemon stubborn; " + probe() + " daemon family 4; echo left"}));
  process.expect("left");
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  for (std::size_t at = outcome.output.find("ready "); at != std::string::npos;
       at = outcome.output.find("ready ", at + 1)) {
    const int pid = std::atoi(outcome.output.c_str() + at + 6);
    EXPECT_FALSE(alive(pid)) << pid;
  }
  EXPECT_TRUE(alive(bystander.pid()));
  bystander.signal(SIGTERM);
  EXPECT_EQ(bystander.finish().output.find("signal 1 "), std::string::npos);
}

TEST(RunAsChild, InheritedPipesAndFolderAreLetGo) {
  // `cat` sees the end of its input although the other end of the pipeline still runs.
  Process process(
      {"/bin/sh", "-c",
       binary() + " sh -c 'exec >&- 2>&-; read x' <&0 | { cat; echo cat has ended >&2; }"});
  process.expect_error("cat has ended");
  process.close_input();
  process.finish();
  Process other(hydrinit({probe(), "signals", "15"}), {.setup = [] { (void)!::chdir("/tmp"); }});
  other.expect("ready");
  EXPECT_TRUE(eventually([&] {
    char folder[64];
    const ssize_t size = ::readlink(("/proc/" + std::to_string(other.pid()) + "/cwd").c_str(),
                                    folder, sizeof folder);
    return std::string(folder, size > 0 ? static_cast<std::size_t>(size) : 0) == "/";
  }));
  other.signal(SIGTERM);
  EXPECT_EQ(other.finish().code, 0);
}

TEST(RunAsChild, ChildKeepsItsFolder) {
  const Outcome outcome = run({probe(), "state"}, {.setup = [] { (void)!::chdir("/tmp"); }});
  EXPECT_NE(outcome.output.find("cwd /tmp\n"), std::string::npos);
}

TEST(RunAsPid1, NothingRemainsInTheNamespace) {
  REQUIRE_PLACE(Place::pid1);
  Process process(hydrinit({probe(), "daemon", "stubborn"}), {.place = Place::pid1});
  EXPECT_EQ(process.finish().code, 0);
}

TEST(RunAsPid1, WorksWithoutProcAndDev) {
  REQUIRE_PLACE(Place::pid1);
  Options with{.place = Place::pid1};
  const std::string root = work_folder() + "/empty-root";
  ASSERT_EQ(
      std::system(("mkdir -p " + root + " && cp " + probe() + " " + binary() + " " + root).c_str()),
      0);
  with.setup = [root] {
    if (::chroot(root.c_str()) != 0 || ::chdir("/") != 0) ::_exit(95);
    ::execl("/hydrinit", "hydrinit", "-v", "--wait-all", "1s", "/probe", "daemon", "signals", "15",
            static_cast<char*>(nullptr));
  };
  Process process(hydrinit({}), with);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_NE(outcome.output.find("signal 15"), std::string::npos)
      << outcome.output << outcome.errors;
}

TEST(RunAsChild, StartThatFailsForWantOfDescriptorsIs125) {
  Options with;
  with.setup = [] {
    // Every number below the limit is in use.
    for (int fd = 3; fd < 20000 && ::dup2(2, fd) >= 0; ++fd) {
    }
  };
  const Outcome outcome = run({probe(), "exit", "0"}, with);
  EXPECT_EQ(outcome.code, 125);
  EXPECT_EQ(outcome.errors, "hydrinit: signalfd: Too many open files\n");
}

}  // namespace
}  // namespace hydrinit_test
