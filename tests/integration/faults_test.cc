// What goes wrong around hydrinit: no processes, no memory, no descriptors, no space; storms of
// signals, exits and reloads; and a hydrinit that is stopped for a while. What becomes of its own
// system calls when they fail is looked at by scripts/faults.

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "harness.h"

namespace hydrinit_test {
namespace {

// A control group of version 1, as long as it lives.
class ControlGroup {
 public:
  explicit ControlGroup(const std::string& controller)
      : path_("/sys/fs/cgroup/" + controller + "/hydrinit-faults-" + std::to_string(::getpid())) {
    made_ = std::system(("mkdir " + path_ + " 2>/dev/null").c_str()) == 0;
  }
  ~ControlGroup() {
    if (made_) {
      EXPECT_TRUE(eventually([&] { return ::rmdir(path_.c_str()) == 0; }));
    }
  }
  ControlGroup(const ControlGroup&) = delete;
  ControlGroup& operator=(const ControlGroup&) = delete;

  // Whether it has such a file.
  bool has(const std::string& file) const {
    return made_ && ::access((path_ + "/" + file).c_str(), W_OK) == 0;
  }
  void set(const std::string& file, const std::string& value) const {
    std::ofstream out(path_ + "/" + file);
    out << value << std::flush;
    EXPECT_TRUE(out.good()) << file;
  }
  Options inside() const {
    Options with;
    with.setup = [this] { std::ofstream(path_ + "/cgroup.procs") << ::getpid() << std::flush; };
    return with;
  }

 private:
  std::string path_;
  bool made_ = false;
};

const Words kQuickly{"--restart-delay", "1ms", "--restart-max-delay", "2ms", "--min-uptime", "0"};

Words quickly(Words options, const Words& rest) {
  options.insert(options.end(), kQuickly.begin(), kQuickly.end());
  options.insert(options.end(), rest.begin(), rest.end());
  return hydrinit(options);
}

int descriptors_of(pid_t pid) {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    const std::string path = "/proc/" + std::to_string(pid) + "/fdinfo/" + std::to_string(fd);
    count += ::access(path.c_str(), F_OK) == 0 ? 1 : 0;
  }
  return count;
}

// ---- nothing to be had -------------------------------------------------------------------------

TEST(Faults, PidsMaxRefusesTheOnlyStart) {
  const ControlGroup group("pids");
  REQUIRE_OR_SKIP(group.has("pids.max"), "no pids controller of version 1");
  group.set("pids.max", "1");
  Options with = group.inside();
  with.environment["ASAN_OPTIONS"] = "detect_leaks=0";  // the search for them needs a process too
  Process process(hydrinit({"true"}), with);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 125);
  EXPECT_EQ(outcome.errors,
            "hydrinit: cannot start 'true': clone: Resource temporarily unavailable\n");
}

TEST(Faults, PidsMaxIsWaitedOutWithReplicas) {
  const ControlGroup group("pids");
  REQUIRE_OR_SKIP(group.has("pids.max"), "no pids controller of version 1");
  group.set("pids.max", "2");
  Process process(quickly({"-n", "2"}, {probe(), "signals", "15"}), group.inside());
  process.expect_next("ready ");
  for (int i = 0; i < 20; ++i)
    process.expect_next_error("replica 1 could not be started, trying again");
  group.set("pids.max", "max");
  process.expect_next("ready ");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 0);
}

// The program that takes too much is killed by the kernel, and hydrinit is not.
TEST(Faults, ReplicaThatIsOutOfMemoryComesBack) {
  const ControlGroup group("memory");
  REQUIRE_OR_SKIP(group.has("memory.limit_in_bytes"), "no memory controller of version 1");
  group.set("memory.limit_in_bytes", "33554432");
  Options with = group.inside();
  const std::string once = open_folder() + "/once-oom-" + std::to_string(::getpid());
  ::rmdir(once.c_str());
  Process process(quickly({"-n", "2"}, {"sh", "-c",
                                        "if [ $HYDRINIT_REPLICA = 1 ] && mkdir " + once +
                                            " 2>/dev/null; then exec tail -n 1 /dev/zero; fi; "
                                            "echo up $HYDRINIT_REPLICA; exec sleep 1000"}),
                  with);
  process.expect("up 0\n");
  process.expect_error("replica 1 was killed by KILL, starting it again");
  process.expect("up 1\n");
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 143);
  EXPECT_EQ(count_of(outcome.output, "up 0"), 1);
}

TEST(Faults, ChildThatIsOutOfMemoryIs137) {
  const ControlGroup group("memory");
  REQUIRE_OR_SKIP(group.has("memory.limit_in_bytes"), "no memory controller of version 1");
  group.set("memory.limit_in_bytes", "33554432");
  Process process(hydrinit({"tail", "-n", "1", "/dev/zero"}), group.inside());
  EXPECT_EQ(process.finish().code, 137);
}

TEST(Faults, FullDiskLosesLinesAndNobody) {
  Options with;
  with.setup = [] { ::dup2(::open("/dev/full", O_WRONLY | O_CLOEXEC), 1); };
  Process process(
      shell({"-n", "1", "--log", "prefix"}, "echo a; echo b; echo c; echo there >&2; " + kStay),
      with);
  process.expect_error("there");
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 143);
  EXPECT_NE(
      outcome.errors.find("hydrinit: lines are lost: standard output: No space left on device\n"),
      std::string::npos)
      << outcome.errors;
}

// Its limit goes down while it runs: no pipe can be made for the next start. Later it can.
TEST(Faults, WantOfDescriptorsIsWaitedOut) {
  Process process(
      quickly({"-n", "1", "--ready", "fd:4"}, {"sh", "-c", "echo >&4; echo up; exec sleep 1000"}));
  process.expect_next("up\n");
  const int before = descriptors_of(process.pid());
  rlimit limit{};
  ASSERT_EQ(::prlimit(process.pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
  const rlimit none{4, limit.rlim_max};
  ASSERT_EQ(::prlimit(process.pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  ASSERT_EQ(::kill(process.child(), SIGKILL), 0);
  for (int i = 0; i < 20; ++i)
    process.expect_next_error("replica 0 could not be started, trying again");
  ASSERT_EQ(::prlimit(process.pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  process.expect_next("up\n");
  // Its pipe is let go of once hydrinit has read of it.
  EXPECT_TRUE(eventually([&] { return descriptors_of(process.pid()) <= before; }));
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 143);
}

// ---- stopped for a while -----------------------------------------------------------------------

class Suspended : public AtPlace {};
INSTANTIATE_TEST_SUITE_P(Places, Suspended, every_place(), place_name);

bool stopped(pid_t pid) { return status_field(pid, "State")[0] == 'T'; }

TEST_P(Suspended, WhatHappenedMeanwhileIsMadeUpFor) {
  Process process(quickly({"-n", "2"}, {probe(), "signals", "15"}), options());
  process.expect_next("ready ");
  process.expect_next("ready ");
  process.signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return stopped(process.pid()); }));
  for (pid_t pid : children_of(process.pid())) ASSERT_EQ(::kill(pid, SIGKILL), 0);
  process.signal(SIGCONT);
  process.expect_next("ready ");
  process.expect_next("ready ");
  EXPECT_TRUE(eventually([&] { return children_of(process.pid()).size() == 2; }));
  process.signal(SIGSTOP);
  ASSERT_TRUE(eventually([&] { return stopped(process.pid()); }));
  process.signal(SIGTERM);
  process.signal(SIGCONT);
  EXPECT_EQ(process.finish().code, 0);
}

// ---- storms ------------------------------------------------------------------------------------

// Many melt into one on their way; none of them does any harm.
TEST(Storm, MillionSignals) {
  REQUIRE_PLACE(Place::pid1);
  Process process(hydrinit({"sh", "-c", "trap '' USR1 USR2 WINCH; echo up; exec sleep 1000"}),
                  {.place = Place::pid1});
  process.expect("up\n");
  const int before = descriptors_of(process.pid());
  constexpr int kNumbers[] = {SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD, SIGUSR1};
  for (int i = 0; i < 200000; ++i) {
    for (int number : kNumbers) ASSERT_EQ(::kill(process.pid(), number), 0);
  }
  EXPECT_FALSE(process.ended());
  EXPECT_EQ(children_of(process.pid()).size(), 1u);
  EXPECT_LE(descriptors_of(process.pid()), before);
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 143);
}

TEST(Storm, TenThousandExits) {
  REQUIRE_PLACE(Place::pid1);
  Process process(hydrinit({probe(), "orphans", "10000"}), {.place = Place::pid1});
  process.expect("ready ");
  EXPECT_TRUE(eventually([&] { return children_of(process.pid()).size() == 1; }));
  process.close_input();
  EXPECT_EQ(process.finish().code, 0);
}

class Reloads : public AtPlace {
 protected:
  // Two replicas that run, and who they are.
  Process started() const {
    return Process(quickly({"-n", "2", "--ready", "fd:4", "--drain-time", "0"},
                           {"sh", "-c", "echo up; echo >&4; exec sleep 1000"}),
                   options());
  }
  static void expect_other_two(const Process& process, const std::set<pid_t>& before) {
    EXPECT_TRUE(eventually([&] {
      const std::set<pid_t> now = children_of(process.pid());
      bool others = now.size() == 2;
      for (pid_t pid : now) others &= before.count(pid) == 0;
      return others;
    }));
  }
  static void stop(Process& process) {
    process.signal(SIGTERM);
    EXPECT_EQ(process.finish().code, 143);
  }
};
INSTANTIATE_TEST_SUITE_P(Places, Reloads, every_place(), place_name);

TEST_P(Reloads, AHundredOneAfterTheOther) {
  Process process = started();
  for (int i = 0; i < 2; ++i) process.expect_next("up\n");
  const int before = descriptors_of(process.pid());
  for (int i = 0; i < 100; ++i) {
    const std::set<pid_t> old = children_of(process.pid());
    process.signal(SIGHUP);
    process.expect_next_error("hydrinit: reloaded\n");
    expect_other_two(process, old);
  }
  EXPECT_LE(descriptors_of(process.pid()), before);
  stop(process);
}

// Those that come while one is under way begin it anew.
TEST_P(Reloads, AHundredAtOnce) {
  Process process = started();
  for (int i = 0; i < 2; ++i) process.expect_next("up\n");
  const std::set<pid_t> before = children_of(process.pid());
  for (int i = 0; i < 100; ++i) process.signal(SIGHUP);
  process.expect_next_error("hydrinit: reloaded\n");
  expect_other_two(process, before);
  stop(process);
}

}  // namespace
}  // namespace hydrinit_test
