// Called by another name, hydrinit is a drop-in: the originals' options, environment, exit codes
// and the messages that their users grep.

#include <signal.h>
#include <unistd.h>

#include "harness.h"

namespace hydrinit_test {
namespace {

Options as(const std::string& name, std::map<std::string, std::string> environment = {}) {
  return {.name = name, .environment = std::move(environment)};
}

TEST(Tini, VersionBeginsAsDockerReadsIt) {
  for (const char* name :
       {"tini", "tini-static", "docker-init", "podman-init", "/sbin/docker-init"}) {
    const Outcome outcome = run({"--version"}, as(name));
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.output.rfind("tini version 0.19.0 - hydrinit ", 0), 0u) << outcome.output;
  }
  EXPECT_EQ(run({"--version", "x"}, as("tini")).code, 1);
}

TEST(Tini, EveryExitCodeCanBeRemapped) {
  for (int code = 0; code <= 255; code += 5) {
    const std::string text = std::to_string(code);
    EXPECT_EQ(run({"-e", text, "--", probe(), "exit", text}, as("tini")).code, 0);
  }
  EXPECT_EQ(run({"-g", "-e", "143", "--", probe(), "die", "15"}, as("tini")).code, 0);
}

TEST(Tini, ExecErrorsAreCountedAsTiniDoes) {
  const Outcome missing = run({"-s", "--", "/no/such"}, as("tini"));
  EXPECT_EQ(missing.code, 127);
  EXPECT_EQ(missing.errors.rfind("[FATAL tini (", 0), 0u) << missing.errors;
  EXPECT_NE(missing.errors.find(")] exec /no/such failed: No such file or directory\n"),
            std::string::npos);
  EXPECT_EQ(run({"/tmp"}, as("tini")).code, 126);
  EXPECT_EQ(run({"/etc/passwd/x"}, as("tini")).code, 1);
  EXPECT_EQ(run({}, as("tini")).code, 1);
  EXPECT_EQ(run({"-x"}, as("tini")).code, 1);
}

TEST(Tini, BadValuesAreFatal) {
  for (const auto& [option, value] :
       std::vector<std::pair<std::string, std::string>>{{"-p", "TERM"},
                                                        {"-p", "15"},
                                                        {"-p", "SIGterm"},
                                                        {"-p", "SIGRTMIN"},
                                                        {"-p", "SIGPWR"},
                                                        {"-e", "256"},
                                                        {"-e", "x"}}) {
    const Outcome outcome = run({option, value, "true"}, as("tini"));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.errors.find("Not a valid option for " + option + ": " + value + "\n"),
              std::string::npos)
        << outcome.errors;
  }
}

TEST(Tini, WarnsWhenOrphansWillNotCome) {
  EXPECT_NE(run({"true"}, as("tini")).errors.find("zombie reaping won't work"), std::string::npos);
  EXPECT_EQ(run({"-s", "true"}, as("tini")).errors, "");
  EXPECT_EQ(run({"true"}, as("tini", {{"TINI_SUBREAPER", ""}})).errors, "");
  EXPECT_EQ(run({"true"}, as("tini", {{"TINI_VERBOSITY", "0"}})).errors, "");
}

TEST(Tini, NamesReapedOrphansWithW) {
  Process process(hydrinit({"-s", "-w", "--", probe(), "orphans", "3"}), as("tini"));
  process.expect("ready ");
  process.expect_error("Reaped zombie process with pid=");
  process.close_input();
  EXPECT_EQ(process.finish().code, 0);
}

TEST(Tini, ProgressGoesToStandardOutput) {
  const Outcome outcome = run({"-s", "-vvv", probe(), "exit", "4"}, as("tini"));
  EXPECT_EQ(outcome.code, 4);
  EXPECT_NE(outcome.output.find("[INFO  tini ("), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("Main child exited normally (with status '4')"), std::string::npos);
}

TEST(Tini, TerminalAndCoreSignalsAreNotForwarded) {
  Process process(hydrinit({"-s", "--", probe(), "signals", "15"}), as("tini"));
  process.expect("ready ");
  for (int number : {4, 5, 6, 7, 8, 11, 31, SIGTTIN, SIGTTOU}) process.signal(number);
  process.signal(SIGCONT);
  process.expect("signal 18 ");
  process.signal(SIGTSTP);
  process.expect("signal 20 ");
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.output.find("signal 6 "), std::string::npos) << outcome.output;
  EXPECT_EQ(outcome.output.find("signal 21 "), std::string::npos);
}

TEST(Tini, KillProcessGroupByVariable) {
  Process process(hydrinit({"-s", "--", "sh", "-c",
                            "trap 'echo shell' USR1; " + probe() + " signals 10; exit 0"}),
                  as("tini", {{"TINI_KILL_PROCESS_GROUP", ""}}));
  process.expect("ready ");
  process.signal(SIGUSR1);
  process.expect("signal 10");
  EXPECT_EQ(process.finish().code, 0);
}

TEST(Tini, PoliciesOfHydrinitComeThroughTheEnvironment) {
  Process process(hydrinit({"-s", "--", probe(), "stubborn"}),
                  as("docker-init", {{"HYDRINIT_STOP_TIMEOUT", "50ms"}}));
  process.expect("ready ");
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 137);
}

TEST(DumbInit, VersionAndUsageAreOnStandardError) {
  const Outcome version = run({"--version"}, as("dumb-init"));
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.errors.rfind("dumb-init v1.2.5\n", 0), 0u);
  const Outcome nothing = run({}, as("dumb-init"));
  EXPECT_EQ(nothing.code, 1);
  EXPECT_EQ(nothing.errors,
            "Usage: dumb-init [option] program [args]\nTry dumb-init --help for full usage.\n");
  EXPECT_EQ(run({"--yolo", "true"}, as("dumb-init")).errors,
            "dumb-init: unrecognized option '--yolo'\n");
  EXPECT_EQ(run({"--help"}, as("dumb-init")).code, 0);
}

TEST(DumbInit, ExecErrorsAre2) {
  const Outcome outcome = run({"/no/such"}, as("dumb-init"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.errors, "[dumb-init] /no/such: No such file or directory\n");
  EXPECT_EQ(run({"/tmp"}, as("dumb-init")).code, 2);
}

TEST(DumbInit, VerboseLinesAreTheOnesThatPeopleGrep) {
  const Outcome outcome = run({"-v", probe(), "exit", "3"}, as("dumb-init"));
  EXPECT_EQ(outcome.code, 3);
  std::size_t at = 0;
  for (const char* line : {"[dumb-init] setsid complete.\n", "[dumb-init] Child spawned with PID ",
                           "[dumb-init] Received signal 17.\n", " exited with exit status 3.\n",
                           "[dumb-init] Forwarded signal 15 to children.\n",
                           "[dumb-init] Child exited with status 3. Goodbye.\n"}) {
    const std::size_t found = outcome.errors.find(line, at);
    EXPECT_NE(found, std::string::npos) << line << " in\n" << outcome.errors;
    if (found != std::string::npos) at = found;
  }
}

TEST(DumbInit, SessionAndWholeGroupByDefaultNeitherWithC) {
  EXPECT_NE(run({probe(), "state"}, as("dumb-init")).output.find("own-session yes"),
            std::string::npos);
  for (const auto& [arguments, environment] :
       std::vector<std::pair<std::vector<std::string>, std::map<std::string, std::string>>>{
           {{"-c", probe(), "state"}, {}},
           {{"--single-child", probe(), "state"}, {}},
           {{"--sing", probe(), "state"}, {}},
           {{probe(), "state"}, {{"DUMB_INIT_SETSID", "0"}}}}) {
    const Outcome outcome = run(arguments, as("dumb-init", environment));
    EXPECT_NE(outcome.output.find("own-session no"), std::string::npos);
    EXPECT_NE(outcome.output.find("own-group no"), std::string::npos);
  }
}

TEST(DumbInit, RewritesUpToTheLastOneNotChained) {
  Process process(
      hydrinit({"--rewrite", "15:3", "-r", "15:2", "-r", "2:0", probe(), "signals", "12"}),
      as("dumb-init"));
  process.expect("ready ");
  process.signal(SIGINT);
  process.signal(SIGTERM);
  process.expect("signal 2 ");
  process.signal(SIGUSR2);
  EXPECT_EQ(process.finish().code, 0);
  for (const char* bad : {"", "herp", "15", "15::12", "15:derp", "1:32", "0:1"}) {
    const Outcome outcome = run({"-r", bad, "true"}, as("dumb-init"));
    EXPECT_EQ(outcome.code, 1) << bad;
    EXPECT_EQ(outcome.errors.rfind("Usage: -r option takes <signum>:<signum>", 0), 0u);
  }
}

TEST(DumbInit, OrphansAreNamedWhenHydrinitsOwnVariableAsks) {
  Process process(hydrinit({probe(), "orphans", "1"}),
                  as("dumb-init", {{"HYDRINIT_WARN_REAPED", "1"}, {"HYDRINIT_SUBREAPER", "1"}}));
  process.expect("ready ");
  process.expect_error("A child with PID ");
  process.close_input();
  EXPECT_EQ(process.finish().code, 0);
}

TEST(DumbInit, GroupGetsTermWhenTheChildEnds) {
  Process process(hydrinit({"sh", "-c", probe() + " signals 15 & read x"}), as("dumb-init"));
  process.expect("ready ");
  process.close_input();
  process.expect("signal 15 ");
  process.finish();
}

TEST(Catatonit, PausesUntilTermOrInt) {
  for (int number : {SIGTERM, SIGINT}) {
    Options with = as("catatonit");
    with.blocked = true;  // nothing may hit it before it is ready
    Process process(hydrinit({"-P"}), with);
    for (int other : {SIGQUIT, SIGHUP, SIGUSR1}) process.signal(other);
    EXPECT_TRUE(eventually([&] {
      return status_field(process.pid(), "Name") == "hydrinit" &&
             status_field(process.pid(), "ShdPnd") == "0000000000000000";
    }));
    EXPECT_FALSE(process.ended());
    process.signal(number);
    EXPECT_EQ(process.finish().code, 0);
  }
}

TEST(Catatonit, VersionExecErrorAndUsage) {
  EXPECT_EQ(run({"-V"}, as("catatonit")).output.rfind("tini version 0.1.7_catatonit", 0), 0u);
  EXPECT_EQ(run({"--version"}, as("catatonit")).code, 0);
  EXPECT_EQ(run({"--", "/no/such"}, as("catatonit")).code, 1);
  EXPECT_EQ(run({}, as("catatonit")).code, 1);
  EXPECT_EQ(run({"-x"}, as("catatonit")).code, 1);
  EXPECT_EQ(run({"--", probe(), "exit", "5"}, as("catatonit")).code, 5);
}

}  // namespace
}  // namespace hydrinit_test
