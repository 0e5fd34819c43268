// The fifteen hazards that the inits of today fall into, each shown once by running them. The
// comment names who has the fault.

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "harness.h"

namespace hydrinit_test {
namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

class Hazard : public AtPlace {};
INSTANTIATE_TEST_SUITE_P(Places, Hazard, every_place(), place_name);

// 1: tini, catatonit hang for ever.
TEST_P(Hazard, SigchldInheritedAsIgnoredStillTellsTheExit) {
  Options with = options();
  with.setup = [] { ::signal(SIGCHLD, SIG_IGN); };
  EXPECT_EQ(run({probe(), "exit", "7"}, with).code, 7);
}

TEST_P(Hazard, SigchldInheritedAsIgnoredIsHandedOnToTheChild) {
  Options with = options();
  with.setup = [] { ::signal(SIGCHLD, SIG_IGN); };
  const Outcome outcome = run({probe(), "state"}, with);
  EXPECT_NE(outcome.output.find("SigIgn:\t0000000000010000"), std::string::npos) << outcome.output;
}

// 3: a group signal sent before the child has its group is lost in all three.
TEST_P(Hazard, SignalsFromTheFirstInstantOnReachTheGroup) {
  for (const char* how : {"-g", "-c", "--session"}) {
    Options with = options();
    with.blocked = true;
    Process process(hydrinit({how, probe(), "signals", "10"}), with);
    // hydrinit may not even have been executed: the signal is pending at its first instruction.
    process.signal(SIGUSR1);
    process.expect("signal 10");
    EXPECT_EQ(process.finish().code, 0) << how;
  }
}

// 4: dumb-init swallows signals between unblocking and exec.
TEST_P(Hazard, SignalSentWhileTheChildIsMadeArrivesOnceItRuns) {
  for (int round = 0; round < 50; ++round) {
    Process process(
        hydrinit({"sh", "-c", "trap 'exit 42' USR1; kill -USR1 $PPID; while :; do :; done"}),
        options());
    EXPECT_EQ(process.finish().code, 42);
  }
}

// 5: catatonit leaves TSTP, TTIN and TTOU blocked in the child; ^Z is dead in its bash.
TEST_P(Hazard, SignalMaskOfTheChildIsExactlyTheInheritedOne) {
  EXPECT_NE(run({probe(), "state"}, options()).output.find("SigBlk:\t0000000000000000"),
            std::string::npos);
  Options with = options();
  with.setup = [] {
    // Bits 1, 21, 32, 33, 40 by the raw call: libc would leave 32 and 33 out.
    const std::uint64_t mask = 1 | 1ull << 20 | 3ull << 31 | 1ull << 39;
    ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, sizeof mask);
  };
  EXPECT_NE(run({probe(), "state"}, with).output.find("SigBlk:\t0000008180100001"),
            std::string::npos);
}

TEST_P(Hazard, IgnoredSignalsStayIgnoredAndNoOthersBecomeSo) {
  EXPECT_NE(run({probe(), "state"}, options()).output.find("SigIgn:\t0000000000000000"),
            std::string::npos);
  Options with = options();
  with.setup = [] {
    for (int number : {SIGHUP, SIGTTOU, SIGPIPE}) ::signal(number, SIG_IGN);
  };
  EXPECT_NE(run({probe(), "state"}, with).output.find("SigIgn:\t0000000000201001"),
            std::string::npos);
}

// 9: tini dies when standard input is closed.
TEST_P(Hazard, AnyOfTheStandardStreamsMayBeClosed) {
  for (int closed = 1; closed < 8; ++closed) {
    Options with = options();
    with.setup = [closed] {
      for (int fd = 0; fd < 3; ++fd) {
        if ((closed >> fd & 1) != 0) ::close(fd);
      }
    };
    EXPECT_EQ(run({"-v", probe(), "exit", "9"}, with).code, 9) << closed;
  }
}

TEST_P(Hazard, ChildSeesTheSameDescriptorsAsWithoutAnInit) {
  Options with = options();
  with.setup = [] { ::close(0); };
  const auto descriptors = [](const std::string& state) {
    const std::size_t at = state.find("fds ");
    return state.substr(at, state.find('\n', at) - at);
  };
  Process bare({probe(), "state"}, with);
  const std::string expected = descriptors(bare.finish().output);
  EXPECT_EQ(expected.find(" 0 "), std::string::npos);
  EXPECT_EQ(descriptors(run({probe(), "state"}, with).output), expected);
}

// 10: output buffered across the fork is written twice.
TEST_P(Hazard, NothingIsSaidTwice) {
  const Outcome outcome = run({"-v", probe(), "exit", "0"}, options());
  EXPECT_EQ(count(outcome.errors, "started"), 1u) << outcome.errors;
  EXPECT_EQ(count(outcome.errors, "exiting"), 1u) << outcome.errors;
}

// 11: dumb-init reads out of bounds for realtime signals.
TEST_P(Hazard, RealtimeSignalsAreForwarded) {
  Process process(hydrinit({probe(), "signals", "64"}), options());
  process.expect("ready");
  for (int number = SIGRTMIN; number <= 64; ++number) process.signal(number);
  process.expect("signal 64");
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  for (int number = SIGRTMIN; number <= 64; ++number) {
    EXPECT_EQ(count(outcome.output, "signal " + std::to_string(number) + " "), 1u) << number;
  }
}

// 12: the others are killed when the main child ends, even one that needs half a second for its
// TERM.
TEST_P(Hazard, WaitAllLetsTheRestEndInPeace) {
  Process process(hydrinit({"--wait-all", "30s", probe(), "daemon", "slow-term"}), options());
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.output.find("clean\n"), std::string::npos) << outcome.output;
}

// 13: the value of a queued signal is lost.
TEST_P(Hazard, QueuedValueIsHandedOn) {
  Process process(hydrinit({probe(), "signals", "15"}), options());
  process.expect("ready");
  process.queue(SIGUSR1, 4711);
  process.expect("signal 10 code -1 value 4711");
  process.queue(SIGRTMIN + 1, -5);
  process.expect("value -5");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 0);
}

// 15: signals before the mask is set are lost; 32 and 33 are left out by libc's own sets.
TEST_P(Hazard, TheTwoSignalsThatLibcHidesAreForwardedToo) {
  // The probe lives by the kernel's default for them: it ends.
  Process process(hydrinit({"-v", "sh", "-c", "echo ready; while :; do sleep 100; done"}),
                  options());
  process.expect("ready");
  ASSERT_EQ(::syscall(SYS_kill, process.pid(), 32), 0);
  process.expect_error("sent 32");
  EXPECT_EQ(process.finish().code, 128 + 32);
}

// 2: a forward that is refused kills tini, and so the container.
TEST(HazardTwo, ForwardThatIsRefusedIsSurvived) {
  REQUIRE_OR_SKIP(is_root(), "needs root to make a setuid program");
  const std::string program = work_folder() + "/setuid-probe";
  ASSERT_EQ(std::system(("cp " + probe() + " " + program + " && chmod 4755 " + program).c_str()),
            0);
  Options with;
  with.setup = [] {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(98);
  };
  // It is root's in all its user ids, so nobody may signal it.
  Process process(hydrinit({program, "become", "0"}), with);
  process.expect("ready");
  process.signal(SIGUSR1);
  process.expect_error("hydrinit: cannot send USR1 to pid ");
  process.close_input();
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_NE(outcome.errors.find(": Operation not permitted\n"), std::string::npos)
      << outcome.errors;
}

// 14: dumb-init takes a terminal on standard input that was not its controlling one.
TEST(HazardFourteen, TerminalThatIsNotOursIsNotTaken) {
  for (const char* name : {"hydrinit", "dumb-init"}) {
    Options with;
    with.name = name;
    with.setup = [] {
      // A terminal on standard input, in a session that has none.
      const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
      if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) ::_exit(97);
      const int slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY);
      ::setsid();
      ::dup2(slave, 0);
      ::close(slave);
    };
    std::vector<std::string> command = {probe(), "state"};
    if (std::string(name) == "hydrinit") command.insert(command.begin(), "--session");
    const Outcome outcome = run(command, with);
    EXPECT_NE(outcome.output.find("terminal no"), std::string::npos) << outcome.output;
    EXPECT_NE(outcome.output.find("own-session yes"), std::string::npos) << outcome.output;
  }
}

}  // namespace
}  // namespace hydrinit_test
