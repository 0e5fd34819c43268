// What a user types wrong, and what is told: exit 2, one line, nothing started.

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "harness.h"

namespace hydrinit_test {
namespace {

struct Refused {
  std::vector<std::string> arguments;
  std::string message;
};

TEST(Usage, EachMistakeIsOneLineThatNamesOptionValueAndWhatIsAllowed) {
  const std::string duration = " is not a duration (250ms, 5s, 2m, 1h; a bare number is seconds)";
  const std::string signal = " is not a signal (TERM, SIGTERM, 15, RTMIN+3)";
  const std::vector<Refused> table = {
      {{}, "no command given (see --help)"},
      {{"-v"}, "no command given (see --help)"},
      {{"--"}, "no command given (see --help)"},
      {{"--yolo"}, "--yolo: unknown option (see --help)"},
      {{"-Z"}, "-Z: unknown option (see --help)"},
      {{"-vZ"}, "-Z: unknown option (see --help)"},
      {{"--no-stop-on"}, "--no-stop-on: unknown option (see --help)"},
      {{"--verbose=3"}, "--verbose: takes no value, got '3'"},
      {{"--stop-timeout"}, "--stop-timeout: needs" + duration.substr(7)},
      {{"-p"}, "--parent-death-signal: needs" + signal.substr(7)},
      {{"--stop-timeout", "abc"}, "--stop-timeout: 'abc'" + duration},
      {{"--stop-timeout=-1"}, "--stop-timeout: '-1'" + duration},
      {{"--stop-delay", "5d"}, "--stop-delay: '5d'" + duration},
      {{"--wait-all", "9999999999999999999"}, "--wait-all: '9999999999999999999'" + duration},
      {{"--wait-all", ""}, "--wait-all: ''" + duration},
      {{"-p", "FOO"}, "--parent-death-signal: 'FOO'" + signal},
      {{"-p", "0"}, "--parent-death-signal: '0'" + signal},
      {{"-p65"}, "--parent-death-signal: '65'" + signal},
      {{"--stop-signal", "RTMIN+31"}, "--stop-signal: 'RTMIN+31'" + signal},
      {{"--stop-on", "TERM,KILL"},
       "--stop-on: 'TERM,KILL' is not a list of signals that can be received (TERM,INT,RTMIN+3)"},
      {{"-r", "TERM"},
       "--rewrite: 'TERM' is not FROM:TO signals (TERM:QUIT,INT:0; KILL, STOP and CHLD are never "
       "received)"},
      {{"-e", "256"},
       "--success-exit-status: '256' is not a list of exit codes 0 to 255 and signal names "
       "(143,TERM)"},
      {{"--session", "-p", "x"}, "--parent-death-signal: 'x'" + signal},
      {{"-p", "a\nb"}, "--parent-death-signal: 'a?b'" + signal},
  };
  for (const Refused& row : table) {
    std::vector<std::string> arguments = row.arguments;
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << row.message;
    EXPECT_EQ(outcome.errors, "hydrinit: " + row.message + "\n");
    EXPECT_EQ(outcome.output, "");
  }
}

TEST(Usage, BadVariableIsNamed) {
  const Outcome outcome = run({probe(), "state"}, {.environment = {{"HYDRINIT_WAIT_ALL", "soon"}}});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(
      outcome.errors,
      "hydrinit: HYDRINIT_WAIT_ALL: 'soon' is not a duration (250ms, 5s, 2m, 1h; a bare number is "
      "seconds)\n");
  EXPECT_EQ(outcome.output, "");
}

TEST(Usage, HelpVersionAndLicenseGoToStandardOutput) {
  for (const char* option : {"-h", "--help", "-V", "--version", "-l", "--license"}) {
    const Outcome outcome = run({option});
    EXPECT_EQ(outcome.code, 0) << option;
    EXPECT_NE(outcome.output, "") << option;
    EXPECT_EQ(outcome.errors, "") << option;
  }
  EXPECT_EQ(run({"--version"}).output.rfind("hydrinit ", 0), 0u);
  EXPECT_NE(run({"-l"}).output.find("Permission is hereby granted"), std::string::npos);
}

TEST(Usage, HelpFitsAScreen) {
  std::istringstream lines(run({"--help"}).output);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_LE(count, 40);
}

TEST(Usage, HelpToAFullDiskIsAnError) {
  const Outcome outcome = run({"--help"}, {.setup = [] {
                                const int full = ::open("/dev/full", O_WRONLY);
                                ::dup2(full, 1);
                              }});
  EXPECT_EQ(outcome.code, 125);
}

TEST(Usage, ExplainTellsEveryPolicyAndStartsNothing) {
  const Outcome outcome = run({"--explain", "--stop-timeout", "8s", "-r", "TERM:QUIT", "-e", "143",
                               "--", "touch", work_folder() + "/touched"});
  EXPECT_EQ(outcome.code, 0);
  for (const char* text : {"'touch'", "not PID 1", "--stop-timeout", "8s", "TERM:QUIT", "143"}) {
    EXPECT_NE(outcome.output.find(text), std::string::npos) << text << "\n" << outcome.output;
  }
  EXPECT_NE(::access((work_folder() + "/touched").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace hydrinit_test
