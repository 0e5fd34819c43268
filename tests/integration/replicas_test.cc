// Replicas with real processes: their numbers, restarts, exit policies, stops, scaling, reloads.

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "harness.h"

namespace hydrinit_test {
namespace {

// Succeeds in the first process that comes to it, in the first life of that replica.
std::string once(const std::string& name) {
  return "mkdir " + open_folder() + "/once-" + name + "-$HYDRINIT_REPLICA 2>/dev/null";
}
// A name that no other test has, nor the same one in another place.
std::string unique() {
  static int number = 0;
  return std::to_string(::getpid()) + "-" + std::to_string(++number);
}

class Replicas : public AtPlace {};
INSTANTIATE_TEST_SUITE_P(Places, Replicas, every_place(), place_name);

TEST_P(Replicas, EachKnowsItsNumber) {
  Options with = options();
  with.environment = {{"HYDRINIT_REPLICA", "77"}, {"PORT", "80"}};
  Process process(shell({"-n", "3", "--index-env", "PORT=3000"},
                        "echo \"<$HYDRINIT_REPLICA/$HYDRINIT_REPLICA_COUNT/$NODE_APP_INSTANCE/"
                        "$PORT>\"; " +
                            kStay),
                  with);
  for (const char* line : {"<0/3/0/3000>", "<1/3/1/3001>", "<2/3/2/3002>"}) process.expect(line);
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 128 + SIGTERM);
}

TEST_P(Replicas, KilledOneComesBackWithItsNumber) {
  const std::string name = unique();
  Process process(shell({"-n", "2", "--restart-delay", "1ms"},
                        "if " + once(name) + "; then kill -KILL $$; fi; echo \"back " +
                            "$HYDRINIT_REPLICA\"; " + kStay),
                  options());
  process.expect("back 0");
  process.expect("back 1");
  process.expect_error("replica 0 was killed by KILL, starting it again in 1 ms");
  process.signal(SIGINT);
  EXPECT_EQ(process.finish().code, 128 + SIGINT);
}

TEST_P(Replicas, AfterALongLifeItIsBackAtOnce) {
  Process process(shell({"-n", "1", "--min-uptime", "0", "--ready", "0"},
                        "if " + once(unique()) + "; then exit 3; fi; echo back; " + kStay),
                  options());
  process.expect("back");
  process.expect_error("replica 0 ended with code 3, starting it again at once");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 143);
}

TEST_P(Replicas, CrashLoopEndsWithTheCode) {
  const Outcome outcome = run({"-n", "1", "--max-restarts", "3", "--restart-delay", "1ms", "sh",
                               "-c", "echo started; exit 9"},
                              options());
  EXPECT_EQ(outcome.code, 9);
  EXPECT_EQ(count_of(outcome.output, "started"), 4);
  EXPECT_NE(outcome.errors.find("replica 0 ended with code 9 and has failed"), std::string::npos);
}

TEST_P(Replicas, ExitPolicyMeansNothingForThePlainInit) {
  EXPECT_EQ(run({"--exit-when", "never", probe(), "exit", "3"}, options()).code, 3);
}

TEST_P(Replicas, RestartAloneSupervisesOne) {
  EXPECT_EQ(run({"--restart", "on-failure:2", "--restart-delay", "1ms", "sh", "-c",
                 "echo started; exit 4"},
                options())
                .code,
            4);
  const Outcome clean = run({"--restart", "on-failure", "sh", "-c", "echo started"}, options());
  EXPECT_EQ(clean.code, 0);
  EXPECT_EQ(count_of(clean.output, "started"), 1);
}

TEST_P(Replicas, StatusesThatAreNotRestarted) {
  EXPECT_EQ(run({"-n", "1", "sh", "-c", "exit 78"}, options()).code, 78);
  EXPECT_EQ(run({"-n", "1", "--no-restart-status", "5,QUIT", "sh", "-c", "exit 5"}, options()).code,
            5);
  EXPECT_EQ(run({"-n", "1", "--no-restart-status", "5,QUIT", probe(), "die", "3"}, options()).code,
            131);
  EXPECT_EQ(run({"-n", "2", "no-such-command"}, options()).code, 127);
  EXPECT_EQ(run({"-n", "2", "/tmp"}, options()).code, 126);
}

// ---- every exit policy with every end -----------------------------------------------------------

struct End {
  const char* name;
  const char* script;  // of replica 1; the others stay
  int code;
};
constexpr End kClean{"clean", "exit 0", 0};
constexpr End kFailed{"failed", "exit 3", 3};
constexpr End kSignalled{"signalled", "kill -KILL $$", 137};

struct PolicyRow {
  const char* policy;
  End end;
  bool ends;          // while the others run on
  int code;           // of the container then, or when all have ended so
  int never_started;  // of a command that is not there
};

TEST_P(Replicas, EveryExitPolicyWithEveryEnd) {
  const PolicyRow rows[] = {
      {"failed", kClean, false, 0, 127},      {"failed", kFailed, true, 3, 127},
      {"failed", kSignalled, true, 137, 127}, {"any", kClean, true, 0, 127},
      {"any", kFailed, true, 3, 127},         {"any", kSignalled, true, 137, 127},
      {"all", kClean, false, 0, 127},         {"all", kFailed, false, 3, 127},
      {"all", kSignalled, false, 137, 127},   {"never", kClean, false, 0, 0},
      {"never", kFailed, false, 0, 0},        {"never", kSignalled, false, 0, 0},
  };
  for (const PolicyRow& row : rows) {
    SCOPED_TRACE(std::string(row.policy) + " with " + row.end.name);
    const Words policy{"-n", "2", "--restart", "no", "-v", "--exit-when", row.policy};
    const bool never = std::string(row.policy) == "never";
    {
      // One ends, the other stays and stops cleanly.
      Process process(shell(policy, std::string("[ $HYDRINIT_REPLICA = 0 ] || ") + row.end.script +
                                        "; trap 'exit 0' TERM; echo ready; sleep 1000 & wait"),
                      options());
      if (!row.ends) {
        process.expect("ready");
        process.expect_error("replica 1 ");
        process.signal(SIGTERM);
      }
      // On a requested stop the first code that is not 0 counts; `never` forgets those before it.
      EXPECT_EQ(process.finish().code, never ? 0 : row.code);
    }
    {
      // Both end so.
      Process process(shell(policy, row.end.script), options());
      if (never) {
        process.expect_error("replica 0 ");
        process.expect_error("replica 1 ");
        EXPECT_FALSE(process.ended());
        process.signal(SIGTERM);
      }
      EXPECT_EQ(process.finish().code, row.code);
    }
    Words missing = policy;
    missing.emplace_back("no-such-command");
    Process process(hydrinit(missing), options());
    if (never) {
      process.expect_error("replica 1 ");
      process.signal(SIGTERM);
    }
    EXPECT_EQ(process.finish().code, row.never_started);
  }
}

// ---- stops --------------------------------------------------------------------------------------

TEST_P(Replicas, StopKillsWhoDoesNotStopAndLeavesNobody) {
  // Grandchildren in the group and out of it hold standard output open: the end of the output is
  // the proof that they are gone.
  Process process(shell({"-n", "2", "--stop-timeout", "100ms"},
                        "setsid sleep 1000 & sleep 1000 & exec " + probe() + " stubborn"),
                  options());
  process.expect_next("ready ");
  process.expect_next("ready ");
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 137);
  EXPECT_EQ(count_of(outcome.errors, "did not stop within --stop-timeout, sending KILL"), 2);
}

// Then no SIGCHLD tells that nobody is left: it must not wait for one.
TEST_P(Replicas, StopWhileNobodyRunsIsAtOnce) {
  for (const Words& more : {Words{}, Words{"--wait-all", "1h"}}) {
    Words words{"-n", "1", "--restart-delay", "1m", "--restart-max-delay", "1m"};
    words.insert(words.end(), more.begin(), more.end());
    Process process(shell(words, "exit 5"), options());
    process.expect_error("starting it again");
    process.signal(SIGTERM);
    const Outcome outcome = process.finish();
    EXPECT_EQ(outcome.code, 5);
    EXPECT_EQ(count_of(outcome.errors, "could not be killed"), 0);
  }
}

TEST_P(Replicas, SecondStopSignalHastensIt) {
  Process process(shell({"-n", "2", "--stop-timeout", "1h"}, "exec " + probe() + " stubborn"),
                  options());
  process.expect_next("ready ");
  process.expect_next("ready ");
  process.signal(SIGTERM);
  process.signal(SIGTERM);
  // Two that wait at the same time are one; another one makes sure.
  EXPECT_TRUE(eventually([&] {
    if (!process.ended()) process.signal(SIGTERM);
    return process.ended();
  }));
  EXPECT_EQ(process.finish().code, 137);
}

TEST_P(Replicas, StopIsOrderlyWithTheStopSignalThatWasAskedFor) {
  Process process(shell({"-n", "2", "--stop-signal", "USR1"},
                        "trap 'echo bye; exit 0' USR1; echo ready; sleep 1000 & wait"),
                  options());
  process.expect_next("ready");
  process.expect_next("ready");
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(count_of(outcome.output, "bye"), 2);
}

TEST_P(Replicas, OtherSignalsReachEveryReplica) {
  Process process(hydrinit({"-n", "3", probe(), "signals", "15"}), options());
  for (int i = 0; i < 3; ++i) process.expect_next("ready ");
  process.signal(SIGUSR1);
  for (int i = 0; i < 3; ++i) process.expect_next("signal 10 ");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 0);
}

// A worker that its master left behind would go on accepting beside the successor.
TEST_P(Replicas, GroupIsKilledBeforeTheNextStart) {
  const std::string file = open_folder() + "/worker-" + unique();
  Process process(shell({"-n", "1", "--restart-delay", "1ms"},
                        "if [ -e " + file + " ]; then grep -s '^State' /proc/$(cat " + file +
                            ")/status | grep -qv '[ZX] (' && echo still || echo gone; " + kStay +
                            "; fi; sleep 1000 & echo $! >" + file + "; kill -KILL $$"),
                  options());
  process.expect("\n");
  EXPECT_EQ(process.expect("\n"), "gone\n");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 143);
}

TEST_P(Replicas, WaitAllGivesWhatTheDecidingOneLeavesItsTime) {
  Process process(shell({"--restart", "on-failure", "--wait-all", "1h"},
                        probe() + " slow-term & read l; exit 0"),
                  options());
  process.expect("ready");
  process.write("go\n");
  process.expect("cleaning");
  const Outcome outcome = process.finish();
  EXPECT_NE(outcome.output.find("clean\n"), std::string::npos);
  EXPECT_EQ(outcome.code, 0);
}

TEST_P(Replicas, ReloadIntoACommandThatIsGoneLeavesTheOthersServing) {
  const std::string server = open_folder() + "/server-" + unique();
  ASSERT_EQ(std::system(("cp " + probe() + " " + server).c_str()), 0);
  Process process(hydrinit({"-n", "2", "--ready", "0", server, "signals", "15"}), options());
  process.expect_next("ready ");
  process.expect_next("ready ");
  ::unlink(server.c_str());
  process.signal(SIGHUP);
  process.expect_error("reload ended: the new replica 0 failed, the others stay");
  process.signal(SIGUSR1);
  process.expect_next("signal 10 ");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 127);
}

// ---- scaling and reloading ----------------------------------------------------------------------

TEST_P(Replicas, TtinAndTtouAddAndRemoveTheHighest) {
  Process process(shell({"-n", "1", "--max-replicas", "2"},
                        "trap 'echo bye $HYDRINIT_REPLICA; exit 0' TERM; echo \"I am "
                        "$HYDRINIT_REPLICA\"; sleep 1000 & wait"),
                  options());
  process.expect("I am 0");
  process.signal(SIGTTIN);
  process.expect("I am 1");
  process.signal(SIGTTIN);
  process.expect_error("replicas stay at 2");
  process.signal(SIGTTOU);
  process.expect("bye 1");
  process.signal(SIGTTOU);
  process.expect_error("replicas stay at 1");
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(count_of(outcome.output, "bye"), 2);
}

TEST_P(Replicas, HupReplacesThemOneByOne) {
  Process process(shell({"-n", "3", "-v", "--ready", "0"}, kStay), options());
  for (int i = 0; i < 3; ++i) process.expect_next_error("started 'sh'");
  process.signal(SIGHUP);
  process.expect_error("hydrinit: reloaded");
  process.signal(SIGTERM);
  const std::string said = process.finish().errors;
  std::istringstream lines(said.substr(said.find("reloading"), said.find("reloaded")));
  std::string order;
  for (std::string line; std::getline(lines, line) && line != "hydrinit: reloaded";) {
    if (line.find("sent TERM") != std::string::npos) order += "stop ";
    if (line.find("was killed by TERM") != std::string::npos) order += "end ";
    if (line.find("started") != std::string::npos) order += "start ";
  }
  EXPECT_EQ(order, "stop end start stop end start stop end start ") << said;
}

TEST_P(Replicas, ReloadThatFailsLeavesTheOthersAlone) {
  const std::string bad = work_folder() + "/bad-" + unique();
  Process process(
      shell({"-n", "2", "--ready", "50ms", "--exit-when", "never", "--max-restarts", "1",
             "--restart-delay", "1ms"},
            "[ ! -e " + bad + " ] || exit 5; echo \"start $HYDRINIT_REPLICA\"; " + kStay),
      options());
  process.expect("start 0");
  process.expect("start 1");
  std::ofstream(bad).put('x');
  process.signal(SIGHUP);
  process.expect_error("reload ended: the new replica 0 failed, the others stay");
  process.expect_error("replica 0 ended with code 5 and has failed");
  EXPECT_TRUE(eventually([&] { return children_of(process.pid()).size() == 1; }));
  ::unlink(bad.c_str());
  process.signal(SIGHUP);
  process.expect_error("hydrinit: reloaded");
  EXPECT_TRUE(eventually([&] { return children_of(process.pid()).size() == 2; }));
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 143);
}

TEST_P(Replicas, SignalsOfReplicasAreForwardedWithRestartAlone) {
  Process process(hydrinit({"--restart", "always", probe(), "signals", "15"}), options());
  process.expect("ready ");
  for (int number : {SIGHUP, SIGTTIN, SIGTTOU}) {
    process.signal(number);
    process.expect("signal " + std::to_string(number) + " ");
  }
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 0);
}

// ---- what a replica is given --------------------------------------------------------------------

TEST_P(Replicas, SeveralHaveNoInputAndOneHasOurs) {
  const Outcome several =
      run({"-n", "2", "--restart", "no", "sh", "-c", "readlink /proc/$$/fd/0"}, options());
  EXPECT_EQ(several.output, "/dev/null\n/dev/null\n");
  const Outcome one =
      run({"-n", "1", "--restart", "no", "sh", "-c", "readlink /proc/$$/fd/0"}, options());
  EXPECT_EQ(one.output.rfind("pipe:", 0), 0u) << one.output;
}

TEST_P(Replicas, LimitOfOpenFilesIsRaisedForUsAlone) {
  Options with = options();
  with.setup = [] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 123;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  };
  Process process(shell({"-n", "2"}, "echo \"limit $(ulimit -Sn)\"; " + kStay), with);
  process.expect_next("limit 123\n");
  process.expect_next("limit 123\n");
  std::istringstream limits(read_file("/proc/" + std::to_string(process.pid()) + "/limits"));
  for (std::string line; std::getline(limits, line);) {
    if (line.rfind("Max open files", 0) != 0) continue;
    std::istringstream fields(line.substr(14));
    std::string soft;
    std::string hard;
    fields >> soft >> hard;
    EXPECT_EQ(soft, hard);
    EXPECT_NE(soft, "123");
  }
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 143);
}

std::vector<int> usable_cpus() {
  cpu_set_t set;
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

TEST_P(Replicas, PinnedOnesShareTheCpusInTurn) {
  const std::vector<int> cpus = usable_cpus();
  ASSERT_FALSE(cpus.empty());
  const Outcome outcome =
      run({"-n", "3", "--pin", "--restart", "no", "sh", "-c",
           "echo \"$HYDRINIT_REPLICA on$(grep Cpus_allowed_list /proc/$$/status | cut -f 2)\""},
          options());
  for (int i = 0; i < 3; ++i) {
    const int cpu = cpus[static_cast<std::size_t>(i) % cpus.size()];
    const std::string line = std::to_string(i) + " on" + std::to_string(cpu) + "\n";
    EXPECT_NE(outcome.output.find(line), std::string::npos) << outcome.output;
  }
}

// ---- how many -----------------------------------------------------------------------------------

int replicas_started(Words options, Options with) {
  options.insert(options.end(), {"--restart", "no", "sh", "-c", "echo one"});
  return count_of(run(options, with).output, "one");
}

TEST_P(Replicas, MaxIsTheUsableCpusByAffinity) {
  const std::vector<int> cpus = usable_cpus();
  Options one = options();
  one.setup = [&] {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(cpus.back()), &set);
    ::sched_setaffinity(0, sizeof set, &set);
  };
  EXPECT_EQ(replicas_started({"-n", "max"}, one), 1);
  EXPECT_EQ(replicas_started({"-n", "max-5"}, one), 1);
}

// A control group of version 1 with half a CPU; and one above another that has more.
TEST(ReplicasCount, MaxIsTheQuotaOfTheControlGroup) {
  const std::string root = "/sys/fs/cgroup/cpu";
  REQUIRE_OR_SKIP(is_root() && !read_file(root + "/cgroup.procs").empty(),
                  "no control group of version 1 to make");
  const std::string outer = root + "/hydrinit-" + unique();
  const std::string inner = outer + "/inner";
  REQUIRE_OR_SKIP(std::system(("mkdir -p " + inner).c_str()) == 0, "no control group to make");
  Options inside;
  inside.setup = [&] { std::ofstream(inner + "/cgroup.procs") << ::getpid(); };
  const auto with_quota = [](const std::string& group, int quota) {
    std::ofstream(group + "/cpu.cfs_quota_us") << quota;
  };
  const int cpus = static_cast<int>(usable_cpus().size());
  EXPECT_EQ(replicas_started({"-n", "max"}, inside), cpus);
  with_quota(outer, 50000);
  EXPECT_EQ(replicas_started({"-n", "max"}, inside), 1) << "the limit of the group above";
  with_quota(outer, -1);
  with_quota(inner, 150000);
  EXPECT_EQ(replicas_started({"-n", "max"}, inside), std::min(2, cpus)) << "rounded up";
  with_quota(inner, 100000);
  Process explained(hydrinit({"-n", "max", "--explain", "true"}), inside);
  EXPECT_NE(explained.finish().output.find("1 by " + inner + "/cpu.cfs_quota_us"),
            std::string::npos);
  EXPECT_TRUE(eventually([&] { return ::rmdir(inner.c_str()) == 0; }));
  EXPECT_TRUE(eventually([&] { return ::rmdir(outer.c_str()) == 0; }));
}

TEST(ReplicasCount, MaxIsTheCpuset) {
  const std::string root = "/sys/fs/cgroup/cpuset";
  REQUIRE_OR_SKIP(is_root() && !read_file(root + "/cgroup.procs").empty(),
                  "no control group of version 1 to make");
  const std::string group = root + "/hydrinit-" + unique();
  REQUIRE_OR_SKIP(::mkdir(group.c_str(), 0755) == 0, "no control group to make");
  const auto set = [&](const std::string& file, const std::string& value) {
    std::ofstream(group + "/" + file) << value;
  };
  set("cpuset.mems", read_file(root + "/cpuset.mems"));
  set("cpuset.cpus", std::to_string(usable_cpus().back()));
  Options inside;
  inside.setup = [&] { set("cgroup.procs", std::to_string(::getpid())); };
  EXPECT_EQ(replicas_started({"-n", "max"}, inside), 1);
  EXPECT_TRUE(eventually([&] { return ::rmdir(group.c_str()) == 0; }));
}

TEST(ReplicasCount, ImpossibleNumbersStartNothing) {
  const struct {
    Words options;
    const char* says;
  } rows[] = {
      {{"-n", "0"}, "--replicas: '0' is not a number of replicas, max or max-K"},
      {{"-n", "-1"}, "--replicas: '-1' is not a number of replicas, max or max-K"},
      {{"-n", "1e9"}, "--replicas: '1e9' is not a number of replicas, max or max-K"},
      {{"-n", "max+1"}, "--replicas: 'max+1' is not a number of replicas, max or max-K"},
      {{"--restart", "on-failure:3", "--max-restarts", "2"},
       "--max-restarts: cannot be given beside --restart on-failure:N"},
      {{"--restart", "sometimes"},
       "--restart: 'sometimes' is not no, on-failure, on-failure:N or always"},
      {{"-n", "2", "--exit-when", "bored"},
       "--exit-when: 'bored' is not failed, any, all or never"},
      {{"-n", "2", "--restart-delay", "1m"},
       "--restart-delay: must not be above --restart-max-delay"},
      {{"-n", "3", "--max-replicas", "2"}, "--replicas: must not be above --max-replicas"},
      {{"-n", "2", "--index-env", "9=1"}, "--index-env: '9=1' is not NAME or NAME=BASE"},
  };
  for (const auto& row : rows) {
    Words words = row.options;
    words.insert(words.end(), {"sh", "-c", "echo started"});
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << row.says;
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(outcome.errors, std::string("hydrinit: ") + row.says + "\n");
  }
}

TEST(ReplicasCount, MaxAboveTheLimitStartsNothing) {
  const std::vector<int> cpus = usable_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "one CPU is not above any limit";
  const Outcome outcome = run({"-n", "max", "--max-replicas", "1", "sh", "-c", "echo started"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.errors, "hydrinit: --replicas: must not be above --max-replicas\n");
}

// The limit of processes is reached, and later it is not any more: we live through both.
TEST(ReplicasCount, WantOfProcessesIsWaitedOut) {
  REQUIRE_OR_SKIP(is_root(), "another user's processes are started by root alone");
  const auto become_somebody = [] {
    const rlimit two{2, 2};
    (void)!::setgid(64321);
    (void)!::setuid(64321);
    ::setrlimit(RLIMIT_NPROC, &two);
  };
  Options with;
  with.setup = become_somebody;
  Process other({probe(), "signals", "15"}, with);
  other.expect("ready ");
  Process process(hydrinit({"-n", "1", "--max-restarts", "1", "--restart-delay", "1ms",
                            "--restart-max-delay", "2ms", probe(), "signals", "15"}),
                  with);
  for (int i = 0; i < 20; ++i) process.expect_next_error("could not be started, trying again");
  EXPECT_FALSE(process.ended());
  other.signal(SIGTERM);
  EXPECT_EQ(other.finish().code, 0);
  process.expect("ready ");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 0);
}

}  // namespace
}  // namespace hydrinit_test
