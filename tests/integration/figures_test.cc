// Exact figures of the shipped binary: system calls, wake-ups, memory. No times: machines are
// noisy.

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "harness.h"

namespace hydrinit_test {
namespace {

// Lines of an strace log up to the child's execve, our own execve left out.
int calls_until_child_executes(const std::string& log) {
  std::istringstream lines(log);
  int count = -1;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("resumed>") != std::string::npos) continue;  // the second half of one counted
    ++count;
    if (count > 0 && line.find("execve(") != std::string::npos) return count;
  }
  return -1;
}

TEST(Figures, AtMostTwelveSystemCallsUntilTheCommandRuns) {
  REQUIRE_OR_SKIP(std::system("command -v strace >/dev/null 2>&1") == 0, "strace is missing");
  const std::string log = work_folder() + "/strace.log";
  Process process(
      {"/bin/sh", "-c", "exec strace -f -o " + log + " " + binary() + " " + probe() + " exit 0"});
  process.close_input();
  ASSERT_EQ(process.finish().code, 0);
  const int calls = calls_until_child_executes(read_file(log));
  std::printf("system calls until the command runs: %d\n", calls);
  EXPECT_GT(calls, 5);
  EXPECT_LE(calls, 12);
}

// The system call that a process sleeps in, with its arguments; waits until that is ppoll.
std::string idle_call(pid_t pid) {
  std::string call;
  EXPECT_TRUE(eventually([&] {
    call = read_file("/proc/" + std::to_string(pid) + "/syscall");
    return call.rfind(std::to_string(SYS_ppoll) + " ", 0) == 0;
  })) << call;
  return call;
}

// The one wait it sits in has no time-out: nothing but an event can wake it.
TEST(Figures, NoWakeUpWhileIdle) {
  Process process(hydrinit({"sleep", "1000"}));
  std::istringstream fields(idle_call(process.pid()));
  std::string number;
  std::string descriptors;
  std::string count;
  std::string timeout;
  fields >> number >> descriptors >> count >> timeout;
  EXPECT_EQ(count, "0x1");
  EXPECT_EQ(timeout, "0x0");
}

int private_dirty_kb(pid_t pid) {
  std::istringstream lines(read_file("/proc/" + std::to_string(pid) + "/smaps_rollup"));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("Private_Dirty:", 0) == 0) return std::atoi(line.c_str() + 14);
  }
  return -1;
}

// kB, of the process that sleeps without a time-out.
int idle_dirty_kb(const Process& process) {
  EXPECT_TRUE(eventually([&] {
    std::istringstream fields(idle_call(process.pid()));
    std::string number;
    std::string descriptors;
    std::string count;
    std::string timeout;
    fields >> number >> descriptors >> count >> timeout;
    return timeout == "0x0";
  }));
  return private_dirty_kb(process.pid());
}

TEST(Figures, MeanPrivateDirtyOfIdleStartsIsAtMost16Kb) {
  // How much of the stack's first page there is, is chance: a page more or less at each start. The
  // environment stands there too, so it is one as in a container.
  constexpr int kStarts = 800;
  const Options container{.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"},
                                          {"HOME", "/root"},
                                          {"HOSTNAME", "0123456789ab"}},
                          .empty_environment = true};
  // The file's own pages count as dirty until they are on the disk.
  ::sync();
  int sum = 0;
  for (int i = 0; i < kStarts; ++i) {
    Process process(hydrinit({probe(), "signals", "15"}), container);
    process.expect("ready ");
    idle_call(process.pid());
    const int dirty = private_dirty_kb(process.pid());
    ASSERT_GT(dirty, 0);
    sum += dirty;
    process.signal(15);
    EXPECT_EQ(process.finish().code, 0);
  }
  std::printf("mean Private_Dirty: %.1f kB\n", sum / double{kStarts});
  EXPECT_LE(sum, 16 * kStarts);
}

// Also that nobody wakes up once they are up.
TEST(Figures, MeanPrivateDirtyOfSixtyFourIdleReplicasIsAtMost24Kb) {
  ::sync();
  int sum = 0;
  for (int i = 0; i < 20; ++i) {
    Process process(hydrinit({"-n", "64", "--ready", "10ms", "sleep", "1000"}));
    ASSERT_TRUE(eventually([&] { return children_of(process.pid()).size() == 64; }));
    sum += idle_dirty_kb(process);
    process.signal(SIGTERM);
    EXPECT_EQ(process.finish().code, 143);
  }
  std::printf("mean Private_Dirty of 64 replicas: %.1f kB\n", sum / 20.0);
  EXPECT_LE(sum, 24 * 20);
}

const std::vector<std::string> kLongLived{"--ready", "0", "--min-uptime", "0", "sleep", "1000"};

std::vector<std::string> many(int replicas) {
  std::vector<std::string> words{"-n", std::to_string(replicas)};
  words.insert(words.end(), kLongLived.begin(), kLongLived.end());
  return hydrinit(words);
}

// Kills them all, and waits until as many others are there.
void replace_all(pid_t init, std::size_t count) {
  std::set<pid_t> before;
  ASSERT_TRUE(eventually([&] {
    before = children_of(init);
    return before.size() == count;
  }));
  for (pid_t pid : before) ASSERT_EQ(::kill(pid, SIGKILL), 0);
  ASSERT_TRUE(eventually([&] {
    const std::set<pid_t> now = children_of(init);
    if (now.size() != count) return false;
    for (pid_t pid : now) {
      if (before.count(pid) != 0) return false;
    }
    return true;
  }));
}

TEST(Figures, ThousandReplicasComeBackAndTakeAtMost128BytesEach) {
  ::sync();
  Process one(many(1));
  ASSERT_TRUE(eventually([&] { return children_of(one.pid()).size() == 1; }));
  Process process(many(1000));
  replace_all(process.pid(), 1000);
  const int growth_kb = idle_dirty_kb(process) - idle_dirty_kb(one);
  std::printf("a thousand replicas take %d kB more than one\n", growth_kb);
  EXPECT_LE(growth_kb, 125);
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 143);
  one.signal(SIGTERM);
  EXPECT_EQ(one.finish().code, 143);
}

// Of a whole run, with every replica killed once or not.
int calls_of_run(int replicas, bool killed) {
  const std::string log = work_folder() + "/strace.log";
  std::vector<std::string> words{"strace", "-o", log};
  const std::vector<std::string> rest = many(replicas);
  words.insert(words.end(), rest.begin(), rest.end());
  words.insert(words.begin(), {"/usr/bin/env"});
  Process process(words);
  pid_t init = 0;
  EXPECT_TRUE(eventually([&] {
    init = process.child();
    return init > 0 && children_of(init).size() == static_cast<std::size_t>(replicas);
  }));
  if (killed) replace_all(init, static_cast<std::size_t>(replicas));
  ::kill(init, SIGTERM);
  EXPECT_EQ(process.finish().code, 143);
  const std::string text = read_file(log);
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

// How many exits one wake-up finds is chance, so the figure is not the same twice; a quadratic step
// would make it ten times as large.
TEST(Figures, RestartTakesAsManySystemCallsAmongAThousandAsAmongAHundred) {
  REQUIRE_OR_SKIP(std::system("command -v strace >/dev/null 2>&1") == 0, "strace is missing");
  double each[2]{};
  const int counts[2] = {100, 1000};
  for (int i = 0; i < 2; ++i) {
    each[i] = (calls_of_run(counts[i], true) - calls_of_run(counts[i], false)) / double(counts[i]);
    std::printf("system calls a restart among %d: %.1f\n", counts[i], each[i]);
  }
  EXPECT_LE(each[1], each[0] * 1.5);
  EXPECT_LE(each[0], 16);
}

}  // namespace
}  // namespace hydrinit_test
