// Exact figures of the shipped binary: system calls, wake-ups, memory. No times: machines are
// noisy.

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
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

TEST(Figures, MeanPrivateDirtyOfTwentyIdleStartsIsAtMost16Kb) {
  // The file's own pages count as dirty until they are on the disk.
  ::sync();
  int sum = 0;
  for (int i = 0; i < 20; ++i) {
    Process process(hydrinit({probe(), "signals", "15"}));
    process.expect("ready ");
    idle_call(process.pid());
    const int dirty = private_dirty_kb(process.pid());
    ASSERT_GT(dirty, 0);
    sum += dirty;
    process.signal(15);
    EXPECT_EQ(process.finish().code, 0);
  }
  std::printf("mean Private_Dirty: %.1f kB\n", sum / 20.0);
  EXPECT_LE(sum, 16 * 20);
}

}  // namespace
}  // namespace hydrinit_test
