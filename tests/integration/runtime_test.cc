// A container's init under a real OCI runtime: runc, with the capabilities and the seccomp profile
// that Docker gives by default, as nobody, on a read-only root that holds no library.

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "client.h"
#include "harness.h"
#include "servers.h"

namespace hydrinit_test {
namespace {

enum class Streams { pipes, terminal };
// As Docker by default, or with --cap-drop ALL and --security-opt no-new-privileges.
enum class Privileges { docker, none };

Outcome run_to_its_end(std::vector<std::string> arguments) {
  Process process(std::move(arguments));
  process.close_input();
  return process.finish();
}

// env finds the program on the harness's PATH, and becomes it.
std::vector<std::string> runc(std::vector<std::string> arguments) {
  const std::vector<std::string> begin = {"/usr/bin/env", "runc", "--root",
                                          work_folder() + "/runc"};
  arguments.insert(arguments.begin(), begin.begin(), begin.end());
  return arguments;
}

// A container from its bundle to its removal. The command is its PID 1.
class Container {
 public:
  explicit Container(const std::vector<std::string>& command, Streams streams = Streams::pipes,
                     Privileges privileges = Privileges::docker)
      : id_(next_id()),
        bundle_(make_bundle(command, streams, privileges)),
        process_(runc({"run", "--bundle", folder(), "--pid-file", folder() + "/pid", id_}),
                 {.terminal = streams == Streams::terminal}) {}
  // It would outlive a test that failed: what runs in it is no child of ours.
  ~Container() { run_to_its_end(runc({"delete", "--force", id_})); }
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  const Outcome& bundle() const { return bundle_; }
  Process& process() { return process_; }
  void kill(const std::string& signal) const {
    const Outcome outcome = run_to_its_end(runc({"kill", id_, signal}));
    EXPECT_EQ(outcome.code, 0) << outcome.errors;
  }
  pid_t init() const { return std::atoi(read_file(folder() + "/pid").c_str()); }
  // As seen from outside, the children of its PID 1, which has one thread.
  std::string children() const {
    const std::string init = read_file(folder() + "/pid");
    return read_file("/proc/" + init + "/task/" + init + "/children");
  }

 private:
  // No other container of this machine may have it: it names the control groups.
  static std::string next_id() {
    static int count = 0;
    return "hydrinit-test-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  }
  std::string folder() const { return work_folder() + "/" + id_; }
  Outcome make_bundle(const std::vector<std::string>& command, Streams streams,
                      Privileges privileges) const {
    ::mkdir(folder().c_str(), 0755);
    // The script lies beside this file; tests are run where they were compiled.
    const std::string here = __FILE__;
    std::vector<std::string> arguments = {"/usr/bin/env", "python3",
                                          here.substr(0, here.rfind('/') + 1) + "oci_bundle.py"};
    for (const std::string& path : {folder(), binary(), probe()}) arguments.push_back(path);
    const char* const bare = privileges == Privileges::none ? "bare" : "pipes";
    arguments.push_back(streams == Streams::terminal ? "terminal" : bare);
    arguments.insert(arguments.end(), command.begin(), command.end());
    return run_to_its_end(arguments);
  }

  const std::string id_;
  const Outcome bundle_;
  Process process_;
};

// Empty when a container runs on this machine, one without hydrinit, else why not.
std::string why_not_runc() {
  static const std::string known = []() -> std::string {
    if (!is_root()) return "containers for these tests need root";
    Container trial({"/bin/true"});
    if (trial.bundle().code != 0) return trial.bundle().errors;
    const Outcome outcome = trial.process().finish();
    return outcome.code == 0 ? "" : "runc cannot run a container: " + outcome.errors;
  }();
  return known;
}

class RuntimeRunc : public ::testing::Test {
 protected:
  void SetUp() override { REQUIRE_OR_SKIP(why_not_runc().empty(), why_not_runc()); }
};

std::vector<std::string> hydrinit_inside(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "/hydrinit");
  return arguments;
}

// The child's own number is not 2: runc's threads, which were PID 1 before, have used the first.
TEST_F(RuntimeRunc, CommandIsTheChildOfPid1AndItsCodeIsHandedOn) {
  Container container(hydrinit_inside(
      {"sh", "-c", "echo \"parent $PPID\"; echo \"init $(cat /proc/1/comm)\"; exit 7"}));
  const Outcome outcome = container.process().finish();
  EXPECT_EQ(outcome.code, 7) << outcome.errors;
  EXPECT_EQ(outcome.output, "parent 1\ninit hydrinit\n");
}

// What every other test here relies on.
TEST_F(RuntimeRunc, ConfinementIsInForce) {
  Container container(
      hydrinit_inside({"sh", "-c",
                       "id; grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/1/status; "
                       "touch /open/file; unshare -r true; true"}));
  const Outcome outcome = container.process().finish();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.output,
            "uid=65534 gid=65534\n"
            "Uid:\t65534\t65534\t65534\t65534\n"
            "CapEff:\t0000000000000000\n"
            "CapBnd:\t00000000a80425fb\n"
            "NoNewPrivs:\t0\n"
            "Seccomp:\t2\n");
  EXPECT_EQ(outcome.errors,
            "touch: /open/file: Read-only file system\n"
            "unshare: unshare(0x10000000): Operation not permitted\n");
}

TEST_F(RuntimeRunc, OrphansAreReaped) {
  Container container(hydrinit_inside({"-w", "/probe", "orphans", "20"}));
  container.process().expect("ready ");
  // Zombies would be among them. Each number is followed by a space.
  EXPECT_TRUE(eventually([&] {
    const std::string children = container.children();
    return !children.empty() && children.find(' ') == children.size() - 1;
  })) << container.children();
  container.process().close_input();
  const Outcome outcome = container.process().finish();
  EXPECT_EQ(outcome.code, 0);
  int reaped = 0;
  for (std::size_t at = 0; (at = outcome.errors.find("reaped orphan", at)) != std::string::npos;
       ++at) {
    ++reaped;
  }
  EXPECT_EQ(reaped, 20) << outcome.errors;
}

TEST_F(RuntimeRunc, TermReachesTheChildAndItsCodeIsHandedOn) {
  Container container(
      hydrinit_inside({"sh", "-c", "trap 'exit 9' TERM; sleep 1000 & echo ready; wait"}));
  container.process().expect("ready");
  container.kill("TERM");
  EXPECT_EQ(container.process().finish().code, 9);
}

TEST_F(RuntimeRunc, StopTimeoutKills) {
  Container container(hydrinit_inside({"--stop-timeout", "100ms", "/probe", "stubborn"}));
  container.process().expect("ready ");
  container.kill("TERM");
  const Outcome outcome = container.process().finish();
  EXPECT_EQ(outcome.code, 128 + SIGKILL);
  EXPECT_NE(outcome.errors.find("did not stop within --stop-timeout, sending KILL"),
            std::string::npos)
      << outcome.errors;
}

TEST_F(RuntimeRunc, WaitAllKillsWhoDoesNotEnd) {
  Container container(hydrinit_inside({"--wait-all", "100ms", "/probe", "daemon", "stubborn"}));
  const Outcome outcome = container.process().finish();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.errors.find("processes remain after --wait-all, sending KILL"),
            std::string::npos)
      << outcome.errors;
}

TEST_F(RuntimeRunc, CommandReadsFromTheTerminal) {
  Container container(
      hydrinit_inside({"sh", "-c", "echo it starts; read line; echo \"it read $line\"; exit 3"}),
      Streams::terminal);
  container.process().expect("it starts");
  container.process().write("hello\n");
  container.process().expect("it read hello");
  EXPECT_EQ(container.process().finish().code, 3);
}

TEST_F(RuntimeRunc, CtrlCOnTheTerminalEndsTheCommand) {
  Container container(hydrinit_inside({"/probe", "family", "1"}), Streams::terminal);
  container.process().expect("ready ");
  container.process().write("\x03");
  EXPECT_EQ(container.process().finish().code, 128 + SIGINT);
}

// ---- ports --------------------------------------------------------------------------------------

// The test's thread is in the container's network while this lives.
class InsideNetworkOf {
 public:
  explicit InsideNetworkOf(pid_t pid)
      : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    const int fd =
        ::open(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(::setns(fd, CLONE_NEWNET), 0);
    ::close(fd);
  }
  ~InsideNetworkOf() {
    EXPECT_EQ(::setns(before_, CLONE_NEWNET), 0);
    ::close(before_);
  }
  InsideNetworkOf(const InsideNetworkOf&) = delete;
  InsideNetworkOf& operator=(const InsideNetworkOf&) = delete;

 private:
  const int before_;
};

// Two replicas of busybox httpd, that are killed and reloaded.
void expect_shared_port(Privileges privileges) {
  Container container(
      hydrinit_inside({"-n", "2", "--share", "httpd", "-f", "-p", "8080", "-h", "/www"}),
      Streams::pipes, privileges);
  ASSERT_TRUE(eventually([&] { return container.init() > 0 && !container.children().empty(); }));
  EXPECT_EQ(status_field(container.init(), "CapBnd"),
            privileges == Privileges::none ? "0000000000000000" : "00000000a80425fb");
  EXPECT_EQ(status_field(container.init(), "NoNewPrivs"),
            privileges == Privileges::none ? "1" : "0");
  const InsideNetworkOf inside(container.init());
  const Target target{"127.0.0.1", 8080};
  EXPECT_TRUE(all_answer(target, {}, container.init(), 2));
  const std::set<pid_t> replicas = children_of(container.init());
  ASSERT_FALSE(replicas.empty());
  ::kill(*replicas.begin(), SIGKILL);
  EXPECT_TRUE(all_answer(target, {}, container.init(), 2));
  Load load(target, {}, 2);
  EXPECT_TRUE(load.pass(20));
  container.kill("HUP");
  container.process().expect_error("hydrinit: reloaded");
  EXPECT_TRUE(load.pass(20));
  const Load::Totals totals = load.stop();
  EXPECT_EQ(totals.failed(), 0) << totals;
  container.kill("TERM");
  EXPECT_EQ(container.process().finish().code, 128 + SIGTERM);
}

TEST_F(RuntimeRunc, PortIsSharedWithDockersPrivileges) { expect_shared_port(Privileges::docker); }
TEST_F(RuntimeRunc, PortIsSharedWithoutAnyCapabilityAndWithNoNewPrivileges) {
  expect_shared_port(Privileges::none);
}

}  // namespace
}  // namespace hydrinit_test
