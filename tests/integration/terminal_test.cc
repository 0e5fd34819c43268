// Job control on real terminals: an interactive bash that starts hydrinit, and hydrinit as PID 1 of
// a terminal of its own.

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "harness.h"

namespace hydrinit_test {
namespace {

const char kCtrlC[] = "\x03";
const char kCtrlZ[] = "\x1a";

const std::string kPrompt = "PROMPT$ ";

// An interactive bash. Nothing is typed before what the last line led to has been seen: keys that
// come early would go to whoever has the terminal then.
class Bash {
 public:
  Bash()
      : process_({"/bin/bash", "--norc", "--noprofile", "-i"},
                 {.environment = {{"PS1", kPrompt}, {"HISTFILE", ""}}, .terminal = true}) {
    expect(kPrompt);
  }
  // What is typed is echoed first, and passed over up to the end of its line.
  void type(const std::string& line) {
    process_.write(line + "\n");
    expect("\n");
  }
  void press(const char* key) { process_.write(key); }
  void expect(const std::string& text) { process_.expect_next(text); }
  // The code of the last command.
  void expect_code(int code) {
    type("echo \"co\"de=$?");
    expect("code=" + std::to_string(code) + "\r\n" + kPrompt);
  }
  pid_t foreground() const { return process_.foreground(); }
  std::string seen() { return process_.expect(""); }
  void leave() {
    type("exit 0");
    EXPECT_EQ(process_.finish().code, 0);
  }

 private:
  Process process_;
};

std::string family() { return binary() + " " + probe() + " family 1"; }

TEST(Terminal, ChildHasTheForegroundAndTheShellGetsItBack) {
  Bash bash;
  bash.type(binary() + " " + probe() + " state");
  bash.expect("foreground yes");
  bash.expect(kPrompt);
  bash.expect_code(0);
  bash.leave();
}

// Hazard 6: from an interactive shell ^Z wedges the terminal under tini.
TEST(Terminal, CtrlZStopsTheJobAndFgContinuesIt) {
  Bash bash;
  bash.type(family());
  bash.expect("ready ");
  const pid_t job = bash.foreground();
  bash.press(kCtrlZ);
  bash.expect("Stopped");
  bash.expect(kPrompt);
  bash.type("fg");
  EXPECT_TRUE(eventually([&] { return bash.foreground() == job; }));
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.expect_code(130);
  bash.leave();
}

TEST(Terminal, BgLetsAStoppedJobRunInTheBackground) {
  Bash bash;
  bash.type(binary() + " -g sh -c 'trap \"echo it goes on\" CONT; " + probe() +
            " family 1 & wait; wait'");
  bash.expect("ready ");
  bash.press(kCtrlZ);
  bash.expect("Stopped");
  bash.expect(kPrompt);
  bash.type("bg");
  bash.expect("it goes on");
  bash.type("kill %1");
  bash.expect(kPrompt);
  bash.type("wait");
  bash.expect(kPrompt);
  bash.leave();
}

TEST(Terminal, CtrlCEndsTheChildAndTheCodeTells) {
  Bash bash;
  bash.type(family());
  bash.expect("ready ");
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.expect_code(130);
  bash.leave();
}

// The terminal would have sent ^C to the whole job, a script that runs hydrinit included.
TEST(Terminal, CtrlCEndsTheScriptThatStartedIt) {
  Bash bash;
  bash.type("sh -c '" + family() + "; echo \"script goes\" on'");
  bash.expect("ready ");
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.expect_code(130);
  EXPECT_EQ(bash.seen().find("script goes on"), std::string::npos);
  bash.leave();
}

// bash goes on after a command that caught ^C itself, and judges by whether it died of SIGINT: an
// exit code of 130 would not end its script or loop. (A fault of tini, dumb-init and catatonit.)
TEST(Terminal, CtrlCEndsBashsScriptAndLoop) {
  Bash bash;
  bash.type("bash -c '" + family() + "; echo \"script goes\" on'");
  bash.expect("ready ");
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.expect_code(130);
  bash.type("while true; do " + family() + "; done");
  bash.expect("ready ");
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.expect_code(130);
  EXPECT_EQ(bash.seen().find("script goes on"), std::string::npos);
  bash.leave();
}

// Several replicas share no foreground: hydrinit keeps it, and passes the keys on.
TEST(Terminal, KeysReachSeveralReplicas) {
  Bash bash;
  bash.type(binary() + " -n 2 sh -c 'trap \"echo it \"goes\" on\" CONT; echo \"it \"starts; " +
            "while :; do sleep 1000 & wait; done'");
  bash.expect("it starts");
  bash.expect("it starts");
  bash.press(kCtrlZ);
  bash.expect("Stopped");
  bash.expect(kPrompt);
  bash.type("fg");
  bash.expect("it goes on");
  bash.expect("it goes on");
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.expect_code(130);
  bash.leave();
}

// One replica alone: ^C ends it for good, whatever it makes of it, and ^Z stops it.
TEST(Terminal, KeysReachOneReplica) {
  Bash bash;
  bash.type(binary() +
            " -n 1 sh -c 'trap \"exit 3\" INT; trap \"echo it \"goes\" on\" CONT; echo \"it "
            "\"starts; while :; do sleep "
            "1000 & wait; done'");
  bash.expect("it starts");
  bash.press(kCtrlZ);
  bash.expect("Stopped");
  bash.expect(kPrompt);
  bash.type("fg");
  bash.expect("it goes on");
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.expect_code(3);
  bash.type(binary() + " --restart always " + probe() + " family 1");
  bash.expect("ready ");
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.expect_code(130);
  bash.leave();
}

// The foreground is handed over when it wants to read.
TEST(Terminal, OneReplicaCanReadTheTerminal) {
  Bash bash;
  bash.type(binary() + " -n 1 --exit-when any --restart no sh -c 'echo it\\ starts; read l; echo " +
            "\"it read $l\"'");
  bash.expect("it starts");
  bash.type("hello");
  bash.expect("it read hello");
  bash.expect(kPrompt);
  bash.type(binary() + " -n 1 sh -c 'echo it\\ starts; read l; echo \"it read $l\"; read l'");
  bash.expect("it starts");
  bash.type("again");
  bash.expect("it read again");
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.expect_code(130);
  bash.leave();
}

// Hazard 7: `tini ... &` and `catatonit ... &` take the foreground and make the shell exit.
TEST(Terminal, BackgroundJobDoesNotTakeTheForeground) {
  Bash bash;
  bash.type(family() + " &");
  bash.expect("ready ");
  bash.type("echo still he''re");
  bash.expect("still here");
  bash.expect(kPrompt);
  bash.type("kill %1");
  bash.expect(kPrompt);
  bash.type("wait");
  bash.expect(kPrompt);
  bash.leave();
}

// Should `fg` come just before the stop, bash sends no CONT and sees the job stop, as it does with
// any program: so it is waited for.
TEST(Terminal, FgOfAJobThatStoppedToReadLetsItRead) {
  Bash bash;
  bash.type(binary() + " sh -c 'echo \"it star\"ts; read line; echo \"it read: $line\"' &");
  bash.expect("it starts");
  bash.type("until [[ $(jobs) = *Stopped* ]]; do :; done; fg");
  bash.expect("read: $line");
  bash.type("hello");
  bash.expect("it read: hello");
  bash.expect(kPrompt);
  bash.leave();
}

TEST(Terminal, FgOfABackgroundJobLetsItReadLater) {
  const std::string gate = open_folder() + "/gate";
  ASSERT_EQ(::mkfifo(gate.c_str(), 0666), 0);
  Bash bash;
  bash.type(binary() + " sh -c 'echo \"it star\"ts; read go <" + gate +
            "; read line; echo \"it read: $line\"' &");
  bash.expect("it starts");
  const pid_t shell = bash.foreground();
  bash.type("fg");
  bash.expect("read: $line");
  EXPECT_TRUE(eventually([&] { return bash.foreground() != shell; }));
  std::ofstream(gate) << "\n";
  bash.type("hello");
  bash.expect("it read: hello");
  bash.expect(kPrompt);
  bash.leave();
  ::unlink(gate.c_str());
}

TEST(Terminal, InteractiveShellHasJobControl) {
  Bash bash;
  bash.type(binary() + " bash --norc --noprofile -i");
  bash.expect(kPrompt);
  bash.type(probe() + " family 1");
  bash.expect("ready ");
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.type("exit 7");
  bash.expect("exit");
  bash.expect(kPrompt);
  bash.expect_code(7);
  bash.leave();
}

// Each process of a pipeline that bash starts gives the terminal to the pipeline's group, so that
// the last one may take it from our child again: a momentary look at who has it would prove
// nothing. What counts is that the child can read it.
TEST(Terminal, ChildInAPipelineCanReadTheTerminal) {
  Bash bash;
  bash.type("echo x | " + binary() +
            " sh -c 'echo it\\ starts; read l </dev/tty; echo \"it read $l\"' | cat");
  bash.expect("it starts");
  bash.type("hello");
  bash.expect("it read hello");
  bash.expect(kPrompt);
  bash.leave();
}

// The others of the pipeline are of our own job: a pager behind us must not find itself in the
// background. (It does with tini and catatonit.)
TEST(Terminal, PagerBehindUsCanReadTheTerminal) {
  Bash bash;
  bash.type(binary() + " " + probe() + " exit 0 | sh -c 'cat; echo pager\\ starts; read l " +
            "</dev/tty; echo \"pager read $l\"'");
  bash.expect("pager starts");
  bash.type("hello");
  bash.expect("pager read hello");
  bash.expect(kPrompt);
  bash.type(binary() + " yes | sh -c 'head -n 1; echo and\\ now; read l </dev/tty; " +
            "echo \"pager read $l\"'");
  bash.expect("and now");
  bash.type("more");
  bash.expect("pager read more");
  bash.expect(kPrompt);
  bash.leave();
}

TEST(Terminal, CtrlCEndsAWholePipeline) {
  Bash bash;
  bash.type(family() + " | cat");
  bash.expect("ready ");
  bash.press(kCtrlC);
  bash.expect(kPrompt);
  bash.expect_code(130);
  bash.leave();
}

class OnPty : public ::testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Names, OnPty,
                         ::testing::Values("hydrinit", "tini", "dumb-init", "catatonit"),
                         [](const auto& name) {
                           const std::string text = name.param;
                           return text == "dumb-init" ? std::string("dumbinit") : text;
                         });

// Hazard 8: as PID 1 on a terminal, ^Z and then ^C leaves tini and dumb-init stuck.
TEST_P(OnPty, CtrlZAndThenCtrlCAsPid1EndsTheChild) {
  REQUIRE_PLACE(Place::pid1);
  Process process(hydrinit({probe(), "family", "1"}),
                  {.place = Place::pid1, .name = GetParam(), .terminal = true});
  process.expect("ready ");
  process.write(kCtrlZ);
  process.write(kCtrlC);
  EXPECT_EQ(process.finish().code, 130);
}

TEST_P(OnPty, InteractiveShellAsChildOfPid1HasJobControl) {
  REQUIRE_PLACE(Place::pid1);
  Process process(hydrinit({"bash", "--norc", "--noprofile", "-i"}),
                  {.place = Place::pid1,
                   .name = GetParam(),
                   .environment = {{"PS1", "PROMPT$ "}},
                   .terminal = true});
  process.expect_next(kPrompt);
  process.write(probe() + " family 1\n");
  process.expect_next("ready ");
  const pid_t job = process.foreground();
  process.write(kCtrlZ);
  process.expect_next("Stopped");
  process.expect_next(kPrompt);
  process.write("fg\n");
  EXPECT_TRUE(eventually([&] { return process.foreground() == job; }));
  process.write(kCtrlC);
  process.expect_next(kPrompt);
  process.write("exit 9\n");
  EXPECT_EQ(process.finish().code, 9);
}

TEST(Terminal, SessionOfTheChildTakesTheTerminalOverFromPid1) {
  REQUIRE_PLACE(Place::pid1);
  Process process(hydrinit({"--session", probe(), "state"}),
                  {.place = Place::pid1, .terminal = true});
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.output.find("own-session yes"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("terminal yes"), std::string::npos) << outcome.output;
  EXPECT_NE(outcome.output.find("foreground yes"), std::string::npos) << outcome.output;
}

TEST(Terminal, HangUpOfTheHandOverIsNotForwarded) {
  REQUIRE_PLACE(Place::pid1);
  Process process(hydrinit({"--session", probe(), "signals", "15"}),
                  {.place = Place::pid1, .terminal = true});
  process.expect("ready ");
  process.signal(SIGHUP);
  process.expect("signal 1 ");
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.output.find("signal 1 "), outcome.output.rfind("signal 1 ")) << outcome.output;
  EXPECT_EQ(outcome.output.find("signal 18"), std::string::npos);
}

// A session's child cannot be stopped by the terminal: it gets STOP, and so do we; CONT goes on
// with both.
TEST(Terminal, SessionIsSuspendedAndContinuedWithUs) {
  Process process(hydrinit({"--session", probe(), "signals", "15"}));
  process.expect("ready ");
  const pid_t child = process.child();
  for (int number : {SIGTSTP, SIGTTIN, SIGTTOU}) {
    process.signal(number);
    EXPECT_TRUE(eventually([&] {
      return status_field(process.pid(), "State")[0] == 'T' &&
             status_field(child, "State")[0] == 'T';
    }));
    process.signal(SIGCONT);
    EXPECT_TRUE(eventually([&] {
      return status_field(process.pid(), "State")[0] == 'S' &&
             status_field(child, "State")[0] == 'S';
    }));
  }
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 0);
}

}  // namespace
}  // namespace hydrinit_test
