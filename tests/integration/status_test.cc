// Whoever asks a hydrinit that runs: --status, --healthy, --scale, --reload, --restart-replica; and
// --max-memory.

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "harness.h"

namespace hydrinit_test {
namespace {

// What one says who asks that process.
Outcome ask(const Process& whom, Words words, Options options = {}) {
  words.insert(words.end(), {"--pid", std::to_string(whom.pid())});
  return run(words, options);
}

bool has(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

// Waits until as many are ready as are wanted.
void become_ready(const Process& process) {
  ASSERT_TRUE(eventually([&] { return ask(process, {"--healthy"}).code == 0; }));
}

// In the first process that comes to it.
std::string once() {
  static int number = 0;
  return "mkdir " + open_folder() + "/status-" + std::to_string(::getpid()) + "-" +
         std::to_string(++number) + " 2>/dev/null";
}

class Status : public AtPlace {};
INSTANTIATE_TEST_SUITE_P(Places, Status, every_place(), place_name);

TEST_P(Status, ShowsEveryReplica) {
  Process process(hydrinit({"-n", "2", "--ready", "0", "sleep", "1000"}), options());
  become_ready(process);
  const Outcome table = ask(process, {"--status"});
  EXPECT_EQ(table.code, 0) << table.errors;
  EXPECT_TRUE(has(table.output, ": 2 of 2 replicas are ready, room for 64\n")) << table.output;
  EXPECT_TRUE(has(table.output, "\n0 ")) << table.output;
  EXPECT_TRUE(has(table.output, "\n1 ")) << table.output;
  EXPECT_FALSE(has(table.output, "\n2 ")) << table.output;
  const Outcome json = ask(process, {"--status=json"});
  EXPECT_EQ(json.code, 0) << json.errors;
  EXPECT_TRUE(has(json.output, "\"wanted\":2,\"ready\":2,\"max\":64,")) << json.output;
}

// From where `docker exec` starts it.
TEST_P(Status, WorksFromWithin) {
  const std::string ask = binary() + (GetParam() == Place::child ? " --pid $PPID" : "");
  Process process(shell({"-n", "1", "--ready", "0"},
                        "until " + ask + " --healthy 2>/dev/null; do :; done; " + ask +
                            " --status; " + ask + " --scale 2; echo \"code $?\"; " + kStay),
                  options());
  process.expect("1 of 1 replicas are ready");
  process.expect("code 0");
  process.expect("2 of 2 replicas are ready");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 143);
}

TEST_P(Status, HealthyOnlyOnceEnoughAreReady) {
  Process process(shell({"-n", "1", "--ready", "fd:5"}, "read go; echo >&5; " + kStay), options());
  Outcome outcome;
  // Until there is a page to see.
  ASSERT_TRUE(eventually([&] {
    outcome = ask(process, {"--healthy"});
    return has(outcome.errors, "0 of 1 replicas are ready\n");
  })) << outcome.errors;
  EXPECT_EQ(outcome.code, 1);
  process.write("go\n");
  become_ready(process);
  EXPECT_EQ(ask(process, {"--healthy=1"}).code, 0);
  outcome = ask(process, {"--healthy=2"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(has(outcome.errors, "hydrinit: 1 of 2 replicas are ready\n")) << outcome.errors;
}

// The probe takes it out of the balance before anybody is stopped.
TEST_P(Status, NotHealthyDuringTheStopDelay) {
  Process process(hydrinit({"-n", "1", "--ready", "0", "--stop-delay", "1000s", "sleep", "1000"}),
                  options());
  become_ready(process);
  process.signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return ask(process, {"--healthy"}).code == 1; }));
  EXPECT_TRUE(has(ask(process, {"--status"}).output, ", stopping for ")) << "but it still runs";
}

TEST_P(Status, ScalesBothWays) {
  Process process(hydrinit({"-n", "1", "--ready", "0", "--max-replicas", "40", "sleep", "1000"}),
                  options());
  become_ready(process);
  Outcome outcome = ask(process, {"--scale", "40"});
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_TRUE(has(outcome.errors, "hydrinit: replica 39 is up as pid ")) << outcome.errors;
  EXPECT_TRUE(has(ask(process, {"--status"}).output, "40 of 40 replicas are ready"));
  outcome = ask(process, {"--scale", "2"});
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_EQ(children_of(process.pid()).size(), 2u);
  outcome = ask(process, {"--scale", "41"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.errors, "hydrinit: replicas stay at 2 (1 to --max-replicas)\n");
}

TEST_P(Status, ReloadsAndTellsOfEach) {
  Process process(hydrinit({"-n", "3", "--ready", "0", "sleep", "1000"}), options());
  become_ready(process);
  const std::set<pid_t> before = children_of(process.pid());
  const Outcome outcome = ask(process, {"--reload"});
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  for (const char* slot : {"0", "1", "2"}) {
    EXPECT_TRUE(has(outcome.errors, std::string("replica ") + slot + " is up as pid "));
  }
  const std::set<pid_t> after = children_of(process.pid());
  EXPECT_EQ(after.size(), 3u);
  for (pid_t pid : after) EXPECT_EQ(before.count(pid), 0u);
}

TEST_P(Status, FailedReloadIsToldWithItsSlot) {
  Process process(shell({"-n", "2", "--ready", "0", "--ready", "200ms", "--restart-delay", "60s",
                         "--restart-max-delay", "60s"},
                        once() + " || " + once() + " || exit 3; " + kStay),
                  options());
  become_ready(process);
  const Outcome outcome = ask(process, {"--reload"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(has(outcome.errors, "reload ended: the new replica 0 failed, the others stay\n"))
      << outcome.errors;
  // It is waiting for its next start now, and says why.
  const Outcome table = ask(process, {"--status"});
  EXPECT_TRUE(has(table.output, "back-off no    -")) << table.output;
  EXPECT_TRUE(has(table.output, "code 3, 1 early in a row\n")) << table.output;
}

TEST_P(Status, RestartsOneAlone) {
  Process process(hydrinit({"-n", "3", "--ready", "0", "sleep", "1000"}), options());
  become_ready(process);
  const std::set<pid_t> before = children_of(process.pid());
  Outcome outcome = ask(process, {"--restart-replica", "1"});
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_TRUE(has(outcome.errors, "hydrinit: replica 1 is up as pid ")) << outcome.errors;
  int kept = 0;
  for (pid_t pid : children_of(process.pid())) kept += static_cast<int>(before.count(pid));
  EXPECT_EQ(kept, 2);
  outcome = ask(process, {"--restart-replica", "3"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.errors, "hydrinit: there is no replica 3\n");
}

TEST_P(Status, WhoeverAsksDuringAStopIsToldSo) {
  Process process(shell({"-n", "1", "--ready", "0"},
                        "trap 'echo stopping; read go; exit 0' TERM; echo up; "
                        "while :; do sleep 0.1; done"),
                  options());
  process.expect("up");
  become_ready(process);
  process.signal(SIGTERM);
  process.expect("stopping");
  for (const Words& words : {Words{"--healthy"}, Words{"--scale", "2"}, Words{"--reload"}}) {
    const Outcome outcome = ask(process, words);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(has(outcome.errors, " is stopping\n")) << outcome.errors;
  }
  process.write("go\n");
  EXPECT_EQ(process.finish().code, 0);
}

TEST_P(Status, TimeoutEndsTheWaiting) {
  Process process(shell({"-n", "1", "--ready", "fd:5", "--ready-timeout", "0"}, kStay), options());
  Outcome outcome;
  ASSERT_TRUE(eventually([&] { return ask(process, {"--status"}).code == 0; }));
  outcome = ask(process, {"--scale", "2", "--timeout", "10ms"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.errors, "hydrinit: no answer in time (see --timeout)\n");
}

// They are there with `docker exec`, and the container's command line is not.
TEST_P(Status, VariablesOfTheImageDoNotMatter) {
  Process process(hydrinit({"-n", "1", "--ready", "0", "sleep", "1000"}), options());
  become_ready(process);
  Options image;
  image.environment = {{"HYDRINIT_LOG", "json"},
                       {"HYDRINIT_SHARE", "80"},
                       {"HYDRINIT_READY", "notify"},
                       {"HYDRINIT_MAX_MEMORY", "300M"}};
  EXPECT_EQ(ask(process, {"--healthy"}, image).code, 0);
  EXPECT_EQ(ask(process, {"--healthy=2"}, image).errors, "hydrinit: 1 of 2 replicas are ready\n");
}

TEST_P(Status, WhoeverWaitsCanBeToldToGo) {
  Process process(shell({"-n", "1", "--ready", "fd:5", "--ready-timeout", "0"}, kStay), options());
  ASSERT_TRUE(eventually([&] { return ask(process, {"--status"}).code == 0; }));
  Process client(hydrinit({"--scale", "2", "--pid", std::to_string(process.pid())}));
  process.expect_error("replicas wanted: 2");
  client.signal(SIGTERM);
  EXPECT_EQ(client.finish().code, 128 + SIGTERM);
}

TEST_P(Status, EveryOneOfManyIsAnswered) {
  Process process(hydrinit({"-n", "1", "--ready", "0", "sleep", "1000"}), options());
  become_ready(process);
  std::vector<std::unique_ptr<Process>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<Process>(
        hydrinit({"--scale", std::to_string(1 + i % 2), "--pid", std::to_string(process.pid())})));
  }
  // Those that another has overtaken say so.
  for (const auto& client : clients) EXPECT_LE(client->finish().code, 1);
}

TEST_P(Status, PlainInitHasNone) {
  Process process(hydrinit({"sh", "-c", "echo up; " + kStay}), options());
  process.expect("up");
  const Outcome outcome = ask(process, {"--status"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.errors, "hydrinit: pid " + std::to_string(process.pid()) +
                                " is no hydrinit with -n that could answer (see --pid)\n");
}

// ---- who may ------------------------------------------------------------------------------------

Options as_nobody() {
  Options options;
  options.setup = [] {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) std::_Exit(99);
  };
  return options;
}

TEST(StatusPage, AnotherUserIsRefused) {
  REQUIRE_OR_SKIP(is_root(), "needs two users");
  Process process(hydrinit({"-n", "1", "--ready", "0", "sleep", "1000"}));
  become_ready(process);
  for (const Words& words : {Words{"--status"}, Words{"--healthy"}, Words{"--scale", "2"}}) {
    const Outcome outcome = ask(process, words, as_nobody());
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(has(outcome.errors, ": Permission denied (see --pid)\n")) << outcome.errors;
  }
}

TEST(StatusPage, RootSeesTheOneThatBecameAnotherUser) {
  REQUIRE_OR_SKIP(is_root(), "needs two users");
  Process process(hydrinit({"-n", "1", "--ready", "0", "--user", "65534:65534", "sleep", "1000"}));
  become_ready(process);
  const Outcome outcome = ask(process, {"--scale", "2"});
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
}

TEST(StatusPage, OfNestedOnesEachIsAskedByItsPid) {
  Process process(hydrinit(
      {"-n", "1", "--ready", "0", "--", binary(), "-n", "2", "--ready", "0", "sleep", "1000"}));
  become_ready(process);
  const pid_t inner = process.child();
  Outcome outcome;
  ASSERT_TRUE(eventually([&] {
    outcome = run({"--status", "--pid", std::to_string(inner)});
    return has(outcome.output, "2 of 2 replicas are ready");
  })) << outcome.output;
  EXPECT_TRUE(has(ask(process, {"--status"}).output, "1 of 1 replicas are ready"));
}

std::string page_of(pid_t pid) {
  for (int fd = 3; fd < 200; ++fd) {
    const std::string path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd);
    char target[64]{};
    if (::readlink(path.c_str(), target, sizeof target - 1) > 0 && has(target, "memfd:hydrinit"))
      return path;
  }
  return "";
}

TEST(StatusPage, NobodyElseCanWriteIt) {
  Process process(hydrinit({"-n", "1", "--ready", "0", "sleep", "1000"}));
  become_ready(process);
  const int fd = ::open(page_of(process.pid()).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return;  // neither
  char byte = 0;
  EXPECT_LT(::pwrite(fd, &byte, 1, 0), 0);
  EXPECT_LT(::ftruncate(fd, 0), 0);
  EXPECT_LT(::ftruncate(fd, 1 << 20), 0);
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
  ::close(fd);
}

TEST(StatusPage, ReplicasDoNotHaveIt) {
  Process process(hydrinit({"-n", "1", "--ready", "0", "sleep", "1000"}));
  become_ready(process);
  EXPECT_NE(page_of(process.pid()), "");
  EXPECT_EQ(page_of(process.child()), "");
}

// Exactly: it does not even wake up.
TEST(StatusPage, ShowingItCostsTheInitNothing) {
  Process process(hydrinit({"-n", "2", "--ready", "0", "sleep", "1000"}));
  become_ready(process);
  const auto switches = [&] {
    return status_field(process.pid(), "voluntary_ctxt_switches") + "/" +
           status_field(process.pid(), "nonvoluntary_ctxt_switches");
  };
  const std::string before = switches();
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(ask(process, {"--status"}).code, 0);
    ASSERT_EQ(ask(process, {"--healthy"}).code, 0);
  }
  EXPECT_EQ(switches(), before);
}

// A program that uses the signal itself still gets it.
TEST(StatusPage, SignalWithoutACommandIsForwarded) {
  Process process(hydrinit({"-n", "1", "--ready", "0", "sleep", "1000"}));
  become_ready(process);
  process.queue(63, 42);
  process.expect_error("replica 0 was killed by RTMIN+29, starting it again");
}

// ---- --max-memory -------------------------------------------------------------------------------

TEST(MaxMemory, HeavyReplicaIsReplaced) {
  Process process(shell({"-n", "1", "--ready", "0", "--max-memory", "20M"},
                        "if " + once() +
                            "; then x=$(head -c 40000000 /dev/zero | tr '\\0' x); fi; echo ready; "
                            "while :; do sleep 0.1; done"));
  process.expect("ready");
  process.expect_error("KiB, more than --max-memory, replacing it");
  process.expect_next("ready");
  process.expect_error("hydrinit: reloaded");
  EXPECT_TRUE(has(ask(process, {"--status"}).output, ", above --max-memory\n"));
}

}  // namespace
}  // namespace hydrinit_test
