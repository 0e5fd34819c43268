// Ports under hydrinit: --share beyond what every server has in common, --listen, the balance,
// reloads and scaling under load, readiness. Each test has a network of its own.

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "client.h"
#include "harness.h"
#include "servers.h"

namespace hydrinit_test {
namespace {

class Ports : public OwnNetwork {};

Words node(Words more) {
  more.insert(more.begin(), {"node", test_file("servers/who.js")});
  return more;
}
Words asyncio(Words ports) {
  ports.insert(ports.begin(), {"/usr/bin/python3", test_file("servers/who_asyncio.py")});
  return ports;
}
std::string joined(const Words& words) {
  std::string line;
  for (const std::string& word : words) line += word + " ";
  return line;
}

bool both_answer(const Process& process, const Target& target = kHere) {
  return all_answer(target, kHttp, process.pid(), 2);
}

void end(Process& process) {
  process.signal(SIGTERM);
  process.finish();
}

void signal_all(const std::set<pid_t>& pids, int number) {
  for (pid_t pid : pids) ASSERT_EQ(::kill(pid, number), 0);
}

// So many connections that wait: the replicas are suspended first, so that it is certain that they
// were not accepted.
std::vector<int> queued_at(const std::set<pid_t>& replicas, int count) {
  signal_all(replicas, SIGSTOP);
  for (pid_t pid : replicas) {
    EXPECT_TRUE(eventually([&] { return status_field(pid, "State")[0] == 'T'; }));
  }
  std::vector<int> waiting;
  for (int i = 0; i < count; ++i) waiting.push_back(connect_to(kHere));
  return waiting;
}

void expect_answers(const std::vector<int>& waiting) {
  for (int fd : waiting) {
    ASSERT_GE(fd, 0);
    EXPECT_EQ(read_answer(fd, kHttp).kind, Answer::Kind::whole);
    ::close(fd);
  }
}

// A path that no other test has.
std::string unique_path(const std::string& name) {
  static int number = 0;
  return open_folder() + "/" + name + "-" + std::to_string(++number);
}

// ---- --share -----------------------------------------------------------------------------------

TEST_F(Ports, ServerWithTwoPortsSharesBoth) {
  Process process(with_options({"-n", "2", "--share"}, asyncio({"8080", "8081"})));
  EXPECT_TRUE(both_answer(process, {"127.0.0.1", 8080}));
  EXPECT_TRUE(both_answer(process, {"127.0.0.1", 8081}));
  EXPECT_TRUE(both_answer(process, {"::1", 8081}));
  end(process);
}

// asyncio binds 0.0.0.0 and [::], so four by the two replicas.
void expect_own_ephemeral_ports(const std::string& share) {
  Process process(with_options({"-n", "2", share}, asyncio({"8080", "0"})));
  ASSERT_TRUE(both_answer(process));
  for (int i = 0; i < 8; ++i) process.expect_next("<bound ");
  process.signal(SIGTERM);
  std::istringstream output(process.finish().output);
  std::multiset<int> ports;
  for (std::string word; output >> word;) {
    if (word != "<bound") ports.insert(std::atoi(word.c_str()));
  }
  EXPECT_EQ(ports.count(8080), 4U);
  ports.erase(8080);
  EXPECT_EQ(std::set<int>(ports.begin(), ports.end()).size(), 4U) << "one is given to two";
}

TEST_F(Ports, EphemeralPortIsEachOnesOwn) { expect_own_ephemeral_ports("--share"); }
TEST_F(Ports, OnlyThePortThatIsNamedIsShared) { expect_own_ephemeral_ports("--share=8080"); }

TEST_F(Ports, DualStackSocketServesBothFamilies) {
  Process process(with_options({"-n", "2", "--share"}, node({"8080"})));
  EXPECT_TRUE(both_answer(process, {"127.0.0.1", 8080}));
  EXPECT_TRUE(both_answer(process, {"::1", 8080}));
  end(process);
}

TEST_F(Ports, WhatWaitsForTheDeadIsServedByTheirSuccessors) {
  Process process(with_options({"-n", "2", "--share"}, asyncio({"8080"})));
  ASSERT_TRUE(both_answer(process));
  const std::set<pid_t> replicas = children_of(process.pid());
  const std::vector<int> waiting = queued_at(replicas, 40);
  signal_all(replicas, SIGKILL);
  expect_answers(waiting);
  end(process);
}

// The wrapper stays; what listens is its grandchild, and must not outlive it.
TEST_F(Ports, KilledWrapperIsBackWithItsServer) {
  Process process(with_options({"-n", "2", "--share", "--restart-delay", "1ms"},
                               shell("(" + joined(node({"8080"})) + ") & wait")));
  ASSERT_TRUE(both_answer(process));
  const std::set<pid_t> before = children_of(process.pid());
  signal_all(before, SIGKILL);
  ASSERT_TRUE(eventually([&] {
    const std::set<pid_t> now = children_of(process.pid());
    return now.size() == 2 && now.count(*before.begin()) + now.count(*before.rbegin()) == 0;
  }));
  EXPECT_TRUE(both_answer(process));
  end(process);
}

// Of the probe's architecture: where that has one system call for all of sockets, it is read too.
TEST_F(Ports, EachFamilyOnASocketOfItsOwnIsShared) {
  Process process(with_options({"-n", "2", "--share"}, {probe(), "answer", "8080"}));
  EXPECT_TRUE(both_answer(process));
  EXPECT_TRUE(all_answer({"::1", 8080}, kHttp, process.pid(), 2));
  process.signal(SIGHUP);
  process.expect_error("hydrinit: reloaded");
  EXPECT_TRUE(both_answer(process));
  end(process);
}

TEST_F(Ports, OneAloneBindsThroughItToo) {
  Process process(with_options({"-n", "1", "--share"}, node({"8080"})));
  EXPECT_TRUE(answers(kHere, kHttp));
  end(process);
}

TEST_F(Ports, ServerThatNeverBindsIsSaidAfterTheTimeOut) {
  const Outcome outcome = run({"-n", "2", "--share", "--ready-timeout", "50ms", "--max-restarts",
                               "1", "--restart-delay", "1ms", "sleep", "1000"});
  EXPECT_EQ(outcome.code, 137);
  EXPECT_NE(outcome.errors.find("is not up within --ready-timeout, sending KILL"),
            std::string::npos)
      << outcome.errors;
}

class SharesAt : public OwnNetwork, public ::testing::WithParamInterface<Place> {
 protected:
  void SetUp() override {
    REQUIRE_PLACE(GetParam());
    OwnNetwork::SetUp();
  }
};
INSTANTIATE_TEST_SUITE_P(Places, SharesAt, every_place(), place_name);

// Also in a user namespace of nobody's.
TEST_P(SharesAt, PortOfTwoReplicas) {
  Process process(with_options({"-n", "2", "--share"}, node({"8080"})), {.place = GetParam()});
  ASSERT_TRUE(both_answer(process));
  process.signal(SIGHUP);
  process.expect_error("hydrinit: reloaded");
  EXPECT_TRUE(both_answer(process));
  end(process);
}

TEST_P(SharesAt, ListenSocketOfTwoReplicas) {
  Process process(with_options({"-n", "2", "--listen", "8080"}, node({"fd:3"})),
                  {.place = GetParam()});
  EXPECT_TRUE(both_answer(process));
  end(process);
}

// ---- what cannot be shared ---------------------------------------------------------------------

// As in a container of Docker's: root without SYS_PTRACE may not look into another user's process.
void without_ptrace() {
  if (::prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0) != 0) ::_exit(98);
}

Words as_nobody(Words command) {
  command.insert(command.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
  return command;
}

TEST_F(Ports, ReplicasOfAnotherUserAreRefusedWithoutPtrace) {
  Process process(with_options({"-n", "2", "--share"}, as_nobody(node({"8080"}))),
                  {.setup = without_ptrace});
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 125);
  EXPECT_NE(
      outcome.errors.find("hydrinit: --share: /proc/PID/mem: Permission denied (see --listen, "
                          "--user)\n"),
      std::string::npos)
      << outcome.errors;
}

TEST_F(Ports, ReplicasOfAnotherUserAreServedFromWithPtrace) {
  Process process(with_options({"-n", "2", "--share"}, as_nobody(node({"8080"}))));
  EXPECT_TRUE(both_answer(process));
  end(process);
}

TEST_F(Ports, OneOfAnotherUserGoesOnWithItsOwnSocket) {
  Process process(with_options({"-v", "-n", "1", "--share"}, as_nobody(node({"8080"}))),
                  {.setup = without_ptrace});
  process.expect_error("hydrinit: --share: ");
  process.expect_error("hydrinit: replica 0 is up");
  EXPECT_TRUE(answers(kHere, kHttp));
  // There is no second place on its port, but that is no reason to end it.
  process.signal(SIGTTIN);
  process.expect_error("hydrinit: replicas wanted: 2");
  process.expect_error("hydrinit: replicas wanted: 1");
  EXPECT_TRUE(eventually([&] { return children_of(process.pid()).size() == 1; }));
  EXPECT_TRUE(answers(kHere, kHttp));
  end(process);
}

// Only one filter of a process may have a listener (seccomp(2), EBUSY).
TEST_F(Ports, SharingInsideSharingIsRefused) {
  const Outcome outcome = run({"-n", "1", "--share", "--max-restarts", "1", "--restart-delay",
                               "1ms", binary(), "-n", "2", "--share", "sleep", "1000"});
  EXPECT_EQ(outcome.code, 125);
  EXPECT_NE(outcome.errors.find("hydrinit: --share: seccomp: "), std::string::npos)
      << outcome.errors;
}

// ---- balance -----------------------------------------------------------------------------------

TEST_F(Ports, FourReplicasGetAQuarterEach) {
  constexpr int kConnections = 8000;
  const Server& redis = server("Redis");
  REQUIRE_OR_SKIP(why_not(redis).empty(), why_not(redis));
  Process process(with_options({"-n", "4", "--share"}, redis.command()));
  ASSERT_TRUE(all_answer(kHere, redis.question, process.pid(), 4));
  std::map<std::string, int> count;
  for (int i = 0; i < kConnections; ++i) {
    const Answer answer = ask(kHere, redis.question);
    ASSERT_EQ(answer.kind, Answer::Kind::whole) << answer.text;
    ++count[answer.who];
  }
  // Five standard deviations of a fair choice.
  for (const auto& [who, number] : count) EXPECT_NEAR(number, kConnections / 4, 195) << who;
  EXPECT_EQ(count.size(), 4U);
  end(process);
}

// How many connections wait for a process to accept them: the receive queues of its listening
// sockets, state 0A, which it shares with hydrinit alone.
int waiting_for(pid_t pid) {
  std::set<std::string> own;
  for (int fd = 0; fd < 64; ++fd) {
    char link[64]{};
    const std::string path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
    if (::readlink(path.c_str(), link, sizeof link - 1) > 0) own.insert(link);
  }
  int sum = 0;
  for (const char* file : {"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"}) {
    std::istringstream lines(read_file(file));
    for (std::string line; std::getline(lines, line);) {
      const std::size_t state = line.find(" 0A ");
      if (state == std::string::npos) continue;
      // tx:rx timer:when retransmits uid timeout inode
      std::istringstream fields(line.substr(state + 4));
      std::string queues;
      std::string skipped;
      std::string inode;
      fields >> queues >> skipped >> skipped >> skipped >> skipped >> inode;
      if (own.count("socket:[" + inode + "]") == 0) continue;
      sum += static_cast<int>(std::strtol(queues.c_str() + queues.find(':') + 1, nullptr, 16));
    }
  }
  return sum;
}

// So many connections at once, with what is asked sent.
class Connections {
 public:
  explicit Connections(int count) {
    for (int i = 0; i < count; ++i) {
      fds_.push_back(connect_to(kHere));
      (void)!::send(fds_.back(), kHttp.text.data(), kHttp.text.size(), MSG_NOSIGNAL);
    }
  }
  ~Connections() {
    for (int fd : fds_) ::close(fd);
  }
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  int answered() const {
    char byte = 0;
    return static_cast<int>(std::count_if(fds_.begin(), fds_.end(), [&](int fd) {
      return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
    }));
  }
  bool all_answered_but(int waiting) const {
    return eventually([&] { return answered() == static_cast<int>(fds_.size()) - waiting; });
  }

 private:
  std::vector<int> fds_{};
};

TEST_F(Ports, SuspendedReplicaGetsNoNewConnectionsOnceNoticedAndServesTheOldOnesLater) {
  Process process(with_options({"-n", "2", "--share"}, asyncio({"8080"})));
  ASSERT_TRUE(both_answer(process));
  const pid_t suspended = process.child();
  ASSERT_EQ(::kill(suspended, SIGSTOP), 0);
  ASSERT_TRUE(eventually([&] { return status_field(suspended, "State")[0] == 'T'; }));
  std::vector<std::unique_ptr<Connections>> early;
  int waiting = 0;
  const auto grows = [&] {
    const int before = waiting;
    early.push_back(std::make_unique<Connections>(12));
    waiting = waiting_for(suspended);
    EXPECT_TRUE(early.back()->all_answered_but(waiting - before));
    return waiting > before;
  };
  EXPECT_TRUE(grows());
  ASSERT_TRUE(eventually([&] { return !grows(); }));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Connections(12).all_answered_but(0));
  EXPECT_EQ(waiting_for(suspended), waiting);
  ASSERT_EQ(::kill(suspended, SIGCONT), 0);
  for (const auto& connections : early) EXPECT_TRUE(connections->all_answered_but(0));
  EXPECT_TRUE(both_answer(process)) << "it is served from again";
  end(process);
}

TEST_F(Ports, ReplicaInBackOffGetsNoConnection) {
  Process process(
      with_options({"-n", "2", "--share", "--restart-delay", "1h", "--restart-max-delay", "1h"},
                   asyncio({"8080"})));
  ASSERT_TRUE(both_answer(process));
  ASSERT_EQ(::kill(process.child(), SIGKILL), 0);
  process.expect_error("was killed by KILL, starting it again in");
  // It says so a moment before it hands new connections to the other alone; then it sleeps again.
  ASSERT_TRUE(eventually([&] {
    const std::string call = read_file("/proc/" + std::to_string(process.pid()) + "/syscall");
    return call.rfind(std::to_string(SYS_ppoll) + " ", 0) == 0;
  }));
  EXPECT_TRUE(Connections(100).all_answered_but(0));
  end(process);
}

// A start that came as far as execve(2) has sent its notifications' descriptor already: it must not
// be taken for the next one's, whose bind(2) would then wait for ever.
TEST_F(Ports, StartThatCouldNotExecuteLeavesNothingToTheNext) {
  const Server& httpd = server("BusyboxHttpd");
  REQUIRE_SERVER("BusyboxHttpd");
  const std::string program = unique_path("busy") + "/busybox";
  const std::string copy = "dir=${0%/*}; mkdir \"$dir\" && cp \"$(command -v busybox)\" \"$0\"";
  ASSERT_EQ(run({"sh", "-c", copy, program}).code, 0);
  const int writer = ::open(program.c_str(), O_WRONLY | O_CLOEXEC);  // ETXTBSY
  ASSERT_GE(writer, 0);
  Words command = httpd.command();
  command.front() = program;
  Process process(with_options({"-n", "1", "--share", "--restart-delay", "10ms"}, command));
  process.expect_error("replica 0 could not be started, trying again");
  ::close(writer);
  EXPECT_TRUE(all_answer(httpd.targets.front(), httpd.question, process.pid(), 1));
  end(process);
}

// ---- reloads and scaling under load ------------------------------------------------------------

// Of a load, over some reloads.
Load::Totals reload_under_load(Words options, const Words& command) {
  Process process(with_options(options, command));
  const auto count = static_cast<std::size_t>(std::atoi(options[1].c_str()));
  EXPECT_TRUE(all_answer(kHere, kHttp, process.pid(), count));
  Load load(kHere, kHttp, 3);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(load.pass(100));
    process.signal(SIGHUP);
    process.expect_next_error("hydrinit: reloaded");
  }
  EXPECT_TRUE(load.pass(100));
  const Load::Totals totals = load.stop();
  end(process);
  return totals;
}

TEST_F(Ports, ReloadsLoseNothingOfAServerWithoutAHandler) {
  const Load::Totals totals = reload_under_load({"-n", "2", "--share"}, node({"8080"}));
  EXPECT_EQ(totals.failed(), 0) << totals;
}

TEST_F(Ports, ReloadsLoseNothingOfAServerThatClosesGracefully) {
  const Load::Totals totals = reload_under_load({"-n", "2", "--share"}, node({"8080", "graceful"}));
  EXPECT_EQ(totals.failed(), 0) << totals;
}

TEST_F(Ports, ReloadsOfOneLoseNothingWhenItClosesGracefully) {
  const Load::Totals totals = reload_under_load({"-n", "1", "--share"}, node({"8080", "graceful"}));
  EXPECT_EQ(totals.failed(), 0) << totals;
}

TEST_F(Ports, ReloadsOfOneWithAListenSocketLoseNothingWhenItClosesGracefully) {
  const Load::Totals totals = reload_under_load({"-n", "1", "--listen", "8080", "--ready", "200ms"},
                                                node({"fd:3", "graceful"}));
  EXPECT_EQ(totals.failed(), 0) << totals;
}

TEST_F(Ports, ReloadsWithListenSocketsLoseNothing) {
  const Load::Totals totals =
      reload_under_load({"-n", "2", "--listen", "8080", "--ready", "500ms"}, node({"fd:3"}));
  EXPECT_EQ(totals.failed(), 0) << totals;
}

// Under load, with what starts from the second time on failing.
void expect_the_old_ones_to_serve(const std::string& replicas) {
  const std::string broken = unique_path("broken");
  Process process(with_options(
      {"-n", replicas, "--share", "--restart-delay", "1h", "--restart-max-delay", "1h"},
      shell("[ ! -e " + broken + " ] || exit 3; exec " + joined(node({"8080"})))));
  const auto count = static_cast<std::size_t>(std::atoi(replicas.c_str()));
  ASSERT_TRUE(all_answer(kHere, kHttp, process.pid(), count));
  std::ofstream(broken) << "yes";
  Load load(kHere, kHttp, 2);
  ASSERT_TRUE(load.pass(20));
  process.signal(SIGHUP);
  process.expect_error("hydrinit: reload ended: the new replica 0 failed, the others stay");
  ASSERT_TRUE(load.pass(100));
  const Load::Totals totals = load.stop();
  EXPECT_EQ(totals.failed(), 0) << totals;
  end(process);
}

TEST_F(Ports, OneAloneGoesOnWhenItsSuccessorFails) { expect_the_old_ones_to_serve("1"); }
TEST_F(Ports, TheOtherGoesOnWhenTheFirstNewOneFails) { expect_the_old_ones_to_serve("2"); }

// A binary or a script: what is there at the next start is what runs.
TEST_F(Ports, ReloadPicksUpWhatIsBehindThePathByThen) {
  const std::string program = unique_path("program");
  const auto install = [&](const std::string& version) {
    std::ofstream(program + ".new")
        << "#!/bin/sh\nVERSION=" << version << " exec " << joined(node({"8080"})) << "\n";
    ::chmod((program + ".new").c_str(), 0755);
    ASSERT_EQ(::rename((program + ".new").c_str(), program.c_str()), 0);
  };
  install("1");
  Process process(with_options({"-n", "2", "--share"}, {program}));
  ASSERT_TRUE(both_answer(process));
  EXPECT_NE(ask(kHere, kHttp).text.find("version=1"), std::string::npos);
  install("2");
  EXPECT_NE(ask(kHere, kHttp).text.find("version=1"), std::string::npos);
  process.signal(SIGHUP);
  process.expect_error("hydrinit: reloaded");
  for (int i = 0; i < 20; ++i)
    EXPECT_NE(ask(kHere, kHttp).text.find("version=2"), std::string::npos);
  end(process);
}

// Its next start is an hour away, and it is not wanted any more: it comes for its queue alone.
TEST_F(Ports, ScaledDownWhileItIsDeadServesThoseThatWaitForItFirst) {
  Process process(
      with_options({"-n", "2", "--share", "--restart-delay", "1h", "--restart-max-delay", "1h"},
                   asyncio({"8080"})));
  ASSERT_TRUE(both_answer(process));
  const std::set<pid_t> replicas = children_of(process.pid());
  const std::vector<int> waiting = queued_at(replicas, 40);
  for (pid_t pid : replicas) {
    const std::string variables = read_file("/proc/" + std::to_string(pid) + "/environ");
    const bool highest = variables.find("HYDRINIT_REPLICA=1") != std::string::npos;
    ASSERT_EQ(::kill(pid, highest ? SIGKILL : SIGCONT), 0);
  }
  process.expect_error("replica 1 was killed by KILL, starting it again in");
  process.signal(SIGTTOU);
  expect_answers(waiting);
  EXPECT_TRUE(eventually([&] { return children_of(process.pid()).size() == 1; }));
  EXPECT_TRUE(Connections(12).all_answered_but(0));
  end(process);
}

TEST_F(Ports, ScalingUnderLoadLosesNothing) {
  Process process(with_options({"-n", "2", "--share"}, node({"8080"})));
  ASSERT_TRUE(both_answer(process));
  Load load(kHere, kHttp, 3);
  for (const char* wanted : {"3", "4"}) {
    process.signal(SIGTTIN);
    process.expect_error(std::string("hydrinit: replicas wanted: ") + wanted);
  }
  EXPECT_TRUE(all_answer(kHere, kHttp, process.pid(), 4));
  for (std::size_t left : {3U, 2U, 1U}) {
    ASSERT_TRUE(load.pass(100));
    process.signal(SIGTTOU);
    EXPECT_TRUE(eventually([&] { return children_of(process.pid()).size() == left; }));
  }
  ASSERT_TRUE(load.pass(100));
  const Load::Totals totals = load.stop();
  EXPECT_EQ(totals.failed(), 0) << totals;
  end(process);
}

// ---- idle --------------------------------------------------------------------------------------

// The one wait that it sits in has no time-out (ppoll's third argument).
TEST_F(Ports, NobodyWakesUpOnceSharedPortsAreReady) {
  Process process(with_options({"-n", "2", "--share"}, node({"8080"})));
  ASSERT_TRUE(both_answer(process));
  EXPECT_TRUE(eventually([&] {
    std::istringstream fields(read_file("/proc/" + std::to_string(process.pid()) + "/syscall"));
    std::string number;
    std::string skipped;
    std::string timeout;
    fields >> number >> skipped >> skipped >> timeout;
    return number == std::to_string(SYS_ppoll) && timeout == "0x0";
  })) << read_file("/proc/" + std::to_string(process.pid()) + "/syscall");
  end(process);
}

}  // namespace
}  // namespace hydrinit_test
