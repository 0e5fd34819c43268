#include "core/notice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/dialects.h"
#include "core/options.h"
#include "core/port_options.h"
#include "core/text.h"

namespace hydrinit {
namespace {

using Kind = Notice::Kind;

const char* error_text(int code) { return code == 2 ? "No such file or directory" : nullptr; }

Voice voice_of(Style style, int verbosity) {
  Voice voice;
  voice.style = style;
  voice.verbosity = static_cast<std::int8_t>(verbosity);
  voice.own_pid = 1;
  voice.command = "sleep";
  voice.error_text = error_text;
  for (const char* argv0 : {"hydrinit", "tini", "dumb-init", "catatonit"}) {
    const Dialect dialect = choose_dialect(argv0);
    if (dialect.style != style) continue;
    voice.name = dialect.name;
    voice.usage = dialect.usage();
  }
  return voice;
}

// Every field filled, each with a value that no other has where the words could be confused.
Notice sample(Kind kind) {
  Notice notice;
  notice.kind = kind;
  notice.signal = 15;
  notice.other = 3;
  notice.letter = 'x';
  notice.expected = ValueKind::signal;
  notice.pid = 7;
  notice.code = 2;
  notice.slot = 4;
  notice.name = "word";
  notice.value = "soon";
  return notice;
}

struct Said {
  std::string text;
  Stream stream;
};

Said said(const Notice& notice, const Voice& voice) {
  char buffer[512];
  Text text(buffer);
  const Stream stream = render(text, notice, voice);
  return {std::string(text.view()), stream};
}

constexpr int kLastKind = static_cast<int>(Kind::lines_dropped);
// Shown even by --quiet; and one step above the loudest that anything asks for.
constexpr int kQuietest = -1;
constexpr int kLoudest = 5;

// A line of a dialect: said from that verbosity on.
struct Line {
  Kind kind;
  int level;
  const char* words;
  Stream stream = Stream::error;
};

constexpr Stream kOutput = Stream::output;

// Compares every kind of notice at every verbosity with the lines; what has no line is never said.
void expect_lines(Style style, const std::vector<Line>& lines) {
  for (int number = 0; number <= kLastKind; ++number) {
    const auto kind = static_cast<Kind>(number);
    const auto line = std::find_if(lines.begin(), lines.end(),
                                   [kind](const Line& each) { return each.kind == kind; });
    for (int verbosity = kQuietest; verbosity <= kLoudest; ++verbosity) {
      const Said got = said(sample(kind), voice_of(style, verbosity));
      std::string expected;
      if (line != lines.end() && verbosity >= line->level)
        expected = line->words + std::string("\n");
      EXPECT_EQ(got.text, expected) << "kind " << number << " at verbosity " << verbosity;
      if (expected.empty()) continue;
      EXPECT_EQ(got.stream == kOutput, line->stream == kOutput) << expected;
    }
  }
}

TEST(Notice, HydrinitsWords) {
  expect_lines(
      Style::native,
      {
          {Kind::unknown_option, -1, "hydrinit: --word: unknown option (see --help)"},
          {Kind::unknown_letter, -1, "hydrinit: -x: unknown option (see --help)"},
          {Kind::missing_value, -1,
           "hydrinit: --word: needs a signal (TERM, SIGTERM, 15, RTMIN+3)"},
          {Kind::missing_letter_value, -1,
           "hydrinit: --word: needs a signal (TERM, SIGTERM, 15, RTMIN+3)"},
          {Kind::unexpected_value, -1, "hydrinit: --word: takes no value, got 'soon'"},
          {Kind::bad_value, -1,
           "hydrinit: --word: 'soon' is not a signal (TERM, SIGTERM, 15, RTMIN+3)"},
          {Kind::bad_variable, -1,
           "hydrinit: word: 'soon' is not a signal (TERM, SIGTERM, 15, RTMIN+3)"},
          {Kind::no_command, -1, "hydrinit: no command given (see --help)"},
          {Kind::unwanted_command, -1, "hydrinit: nothing is started here, got 'soon'"},
          {Kind::renewing, 0, "hydrinit: asked to replace replica 4"},
          {Kind::too_heavy, 0,
           "hydrinit: replica 4 has 2 KiB, more than --max-memory, replacing it"},
          {Kind::ask_failed, -1, "hydrinit: pid 7: No such file or directory (see --pid)"},
          {Kind::no_status, -1,
           "hydrinit: pid 7 is no hydrinit with -n that could answer (see --pid)"},
          {Kind::stopping, -1, "hydrinit: pid 7 is stopping"},
          {Kind::not_healthy, -1, "hydrinit: 2 of 4 replicas are ready"},
          {Kind::renewed, -1, "hydrinit: replica 4 is up as pid 7"},
          {Kind::no_replica, -1, "hydrinit: there is no replica 4"},
          {Kind::no_answer, -1, "hydrinit: no answer in time (see --timeout)"},
          {Kind::both_given, -1, "hydrinit: --word: cannot be given beside --soon"},
          {Kind::above_limit, -1, "hydrinit: --word: must not be above --soon"},
          {Kind::needs_other, -1, "hydrinit: --word: needs --soon"},
          {Kind::given_twice, -1,
           "hydrinit: --word: a name, port or descriptor that --soon has too"},
          {Kind::too_many, -1, "hydrinit: --word: at most 2 with ports"},
          {Kind::listen_failed, -1,
           "hydrinit: --listen: cannot soon 'word': No such file or directory"},
          {Kind::share_begun, 1, "hydrinit: replicas get no_new_privs, for --share"},
          {Kind::share_failed, -1,
           "hydrinit: --share: word: No such file or directory (see --listen, --user)"},
          {Kind::user_unknown, -1, "hydrinit: --user: 'word' is unknown here"},
          {Kind::user_failed, -1, "hydrinit: --user: word: No such file or directory"},
          {Kind::not_ready, 0,
           "hydrinit: replica 4 is not up within --ready-timeout, sending KILL"},
          {Kind::log_lost, 0, "hydrinit: lines are lost: word: No such file or directory"},
          {Kind::exec_failed, -1, "hydrinit: cannot run 'sleep': No such file or directory"},
          {Kind::spawn_failed, -1,
           "hydrinit: cannot start 'sleep': word: No such file or directory"},
          {Kind::fatal, -1, "hydrinit: word: No such file or directory"},
          {Kind::failed, 0, "hydrinit: word: No such file or directory"},
          {Kind::send_failed, 0, "hydrinit: cannot send TERM to pid 7: No such file or directory"},
          {Kind::stop_timed_out, 0,
           "hydrinit: pid 7 did not stop within --stop-timeout, sending KILL"},
          {Kind::stop_hastened, 0, "hydrinit: asked to stop a second time, sending KILL"},
          {Kind::child_lost, -1, "hydrinit: pid 7 is gone, and somebody else took its exit status"},
          {Kind::rest_killed, 0, "hydrinit: processes remain after --wait-all, sending KILL"},
          {Kind::replica_restarts, 0,
           "hydrinit: replica 4 was killed by TERM, starting it again in 2 ms"},
          {Kind::replica_failed, 0, "hydrinit: replica 4 was killed by TERM and has failed"},
          {Kind::replica_decided, 0, "hydrinit: replica 4 ends the container, stopping the rest"},
          {Kind::start_retried, 0,
           "hydrinit: replica 4 could not be started, trying again in 2 ms"},
          {Kind::scaled, 0, "hydrinit: replicas wanted: 2"},
          {Kind::not_scaled, 0, "hydrinit: replicas stay at 2 (1 to --max-replicas)"},
          {Kind::reload_begun, 0, "hydrinit: reloading"},
          {Kind::reload_done, 0, "hydrinit: reloaded"},
          {Kind::reload_ended, 0,
           "hydrinit: reload ended: the new replica 4 failed, the others stay"},
          {Kind::rest_left, 0, "hydrinit: some could not be killed"},
          {Kind::lines_dropped, 0, "hydrinit: 2 messages could not be written"},
          {Kind::spawned, 1, "hydrinit: started 'sleep' as pid 7"},
          {Kind::received, 1, "hydrinit: received TERM"},
          {Kind::sent, 1, "hydrinit: sent TERM to pid 7"},
          {Kind::not_sent, 1, "hydrinit: dropped TERM"},
          {Kind::leader_exited, 1, "hydrinit: pid 7 ended with code 3"},
          {Kind::leader_killed, 1, "hydrinit: pid 7 was killed by QUIT"},
          {Kind::orphan_exited, 1, "hydrinit: reaped orphan pid 7, which ended with code 3"},
          {Kind::orphan_killed, 1, "hydrinit: reaped orphan pid 7, which was killed by QUIT"},
          {Kind::replica_up, 1, "hydrinit: replica 4 is up"},
          {Kind::replica_drains, 1, "hydrinit: draining replica 4"},
          {Kind::replica_replaced, 1, "hydrinit: replacing replica 4"},
          {Kind::replica_done, 1, "hydrinit: replica 4 was killed by TERM and is done"},
          {Kind::stop_delayed, 1, "hydrinit: holding TERM back for --stop-delay"},
          {Kind::still_there, 1, "hydrinit: pid 7 (word) remains"},
          {Kind::not_reaped, 1, "hydrinit: pid 7 (word) is a zombie, not reaped by its parent 2"},
          {Kind::rest_told, 1, "hydrinit: sent TERM to the remaining processes"},
          {Kind::suspending, 1, "hydrinit: stopping myself"},
          {Kind::exiting, 1, "hydrinit: exiting with code 2"},
          {Kind::exiting_alone, 0, "hydrinit: exiting with code 2, no replica's own"},
          {Kind::rewritten, 2, "hydrinit: rewriting TERM to QUIT"},
          {Kind::hand_off_ignored, 2, "hydrinit: ignored the terminal's TERM"},
          {Kind::session_made, 2, "hydrinit: the child leads a new session"},
          {Kind::child_signal, 3, "hydrinit: received TERM"},
      });
}

// hydrinit's words for what the original cannot do: said by all three dialects.
const std::vector<Line> kOfVariables = {
    {Kind::bad_variable, -1, "hydrinit: word: 'soon' is not a signal (TERM, SIGTERM, 15, RTMIN+3)"},
    {Kind::stop_timed_out, 0, "hydrinit: pid 7 did not stop within --stop-timeout, sending KILL"},
    {Kind::stop_hastened, 0, "hydrinit: asked to stop a second time, sending KILL"},
    {Kind::rest_killed, 0, "hydrinit: processes remain after --wait-all, sending KILL"},
    {Kind::rest_left, 0, "hydrinit: some could not be killed"},
    {Kind::child_lost, -1, "hydrinit: pid 7 is gone, and somebody else took its exit status"},
    {Kind::both_given, -1, "hydrinit: --word: cannot be given beside --soon"},
    {Kind::above_limit, -1, "hydrinit: --word: must not be above --soon"},
    {Kind::replica_restarts, 0,
     "hydrinit: replica 4 was killed by TERM, starting it again in 2 ms"},
    {Kind::replica_failed, 0, "hydrinit: replica 4 was killed by TERM and has failed"},
    {Kind::replica_decided, 0, "hydrinit: replica 4 ends the container, stopping the rest"},
    {Kind::start_retried, 0, "hydrinit: replica 4 could not be started, trying again in 2 ms"},
    {Kind::scaled, 0, "hydrinit: replicas wanted: 2"},
    {Kind::not_scaled, 0, "hydrinit: replicas stay at 2 (1 to --max-replicas)"},
    {Kind::reload_begun, 0, "hydrinit: reloading"},
    {Kind::reload_done, 0, "hydrinit: reloaded"},
    {Kind::reload_ended, 0, "hydrinit: reload ended: the new replica 4 failed, the others stay"},
    {Kind::unwanted_command, -1, "hydrinit: nothing is started here, got 'soon'"},
    {Kind::renewing, 0, "hydrinit: asked to replace replica 4"},
    {Kind::too_heavy, 0, "hydrinit: replica 4 has 2 KiB, more than --max-memory, replacing it"},
    {Kind::ask_failed, -1, "hydrinit: pid 7: No such file or directory (see --pid)"},
    {Kind::no_status, -1, "hydrinit: pid 7 is no hydrinit with -n that could answer (see --pid)"},
    {Kind::stopping, -1, "hydrinit: pid 7 is stopping"},
    {Kind::not_healthy, -1, "hydrinit: 2 of 4 replicas are ready"},
    {Kind::renewed, -1, "hydrinit: replica 4 is up as pid 7"},
    {Kind::no_replica, -1, "hydrinit: there is no replica 4"},
    {Kind::no_answer, -1, "hydrinit: no answer in time (see --timeout)"},
    {Kind::needs_other, -1, "hydrinit: --word: needs --soon"},
    {Kind::given_twice, -1, "hydrinit: --word: a name, port or descriptor that --soon has too"},
    {Kind::too_many, -1, "hydrinit: --word: at most 2 with ports"},
    {Kind::listen_failed, -1, "hydrinit: --listen: cannot soon 'word': No such file or directory"},
    {Kind::share_failed, -1,
     "hydrinit: --share: word: No such file or directory (see --listen, --user)"},
    {Kind::user_unknown, -1, "hydrinit: --user: 'word' is unknown here"},
    {Kind::user_failed, -1, "hydrinit: --user: word: No such file or directory"},
    {Kind::not_ready, 0, "hydrinit: replica 4 is not up within --ready-timeout, sending KILL"},
    {Kind::log_lost, 0, "hydrinit: lines are lost: word: No such file or directory"},
    {Kind::exiting_alone, 0, "hydrinit: exiting with code 2, no replica's own"},
    {Kind::lines_dropped, 0, "hydrinit: 2 messages could not be written"},
};

std::vector<Line> with_variables(std::vector<Line> lines) {
  lines.insert(lines.end(), kOfVariables.begin(), kOfVariables.end());
  return lines;
}

// What getopt_long(3) prints.
std::vector<Line> with_getopt(std::vector<Line> lines, const std::vector<Line>& getopt) {
  lines.insert(lines.end(), getopt.begin(), getopt.end());
  return lines;
}

TEST(Notice, TinisWords) {
  const std::vector<Line> kGetopt = {
      {Kind::unknown_option, -1, "tini: unrecognized option '--word'"},
      {Kind::unknown_letter, -1, "tini: invalid option -- 'x'"},
      {Kind::missing_value, -1, "tini: option '--word' requires an argument"},
      {Kind::missing_letter_value, -1, "tini: option requires an argument -- 'x'"},
      {Kind::unexpected_value, -1, "tini: option '--word' doesn't allow an argument"},
  };
  const std::vector<Line> kTini = {
      {Kind::bad_value, -1, "[FATAL tini (1)] Not a valid option for -x: soon"},
      {Kind::no_command, -1, "tini: no program given"},
      {Kind::exec_failed, -1, "[FATAL tini (7)] exec sleep failed: No such file or directory"},
      {Kind::spawn_failed, -1, "[FATAL tini (1)] fork failed: No such file or directory"},
      {Kind::fatal, -1, "[FATAL tini (1)] word failed: No such file or directory"},
      {Kind::failed, 1, "[WARN  tini (1)] word failed: No such file or directory"},
      {Kind::send_failed, 1,
       "[WARN  tini (1)] Unexpected error when forwarding signal: 'No such file or directory'"},
      {Kind::orphan_warned, 1, "[WARN  tini (1)] Reaped zombie process with pid=7"},
      {Kind::not_a_reaper, 1,
       "[WARN  tini (1)] Tini is not running as PID 1 and isn't registered as a child subreaper.\n"
       "Orphans do not become its children, so zombie reaping won't work.\n"
       "To fix the problem, use -s, set TINI_SUBREAPER, or run it as PID 1."},
      {Kind::spawned, 2, "[INFO  tini (1)] Spawned child process 'sleep' with pid '7'", kOutput},
      {Kind::leader_exited, 2, "[INFO  tini (1)] Main child exited normally (with status '3')",
       kOutput},
      {Kind::leader_killed, 2,
       "[INFO  tini (1)] Main child exited with signal (with signal 'QUIT')", kOutput},
      {Kind::child_signal, 3, "[DEBUG tini (1)] Received SIGCHLD", kOutput},
      {Kind::received, 3, "[DEBUG tini (1)] Passing signal: 'TERM'", kOutput},
      {Kind::orphan_exited, 3, "[DEBUG tini (1)] Reaped child with pid: '7'", kOutput},
      {Kind::orphan_killed, 3, "[DEBUG tini (1)] Reaped child with pid: '7'", kOutput},
  };
  expect_lines(Style::tini, with_getopt(with_variables(kTini), kGetopt));
}

TEST(Notice, DumbInitsWords) {
  const std::vector<Line> kGetopt = {
      {Kind::unknown_option, -1, "dumb-init: unrecognized option '--word'"},
      {Kind::unknown_letter, -1, "dumb-init: invalid option -- 'x'"},
      {Kind::missing_value, -1, "dumb-init: option '--word' requires an argument"},
      {Kind::missing_letter_value, -1, "dumb-init: option requires an argument -- 'x'"},
      {Kind::unexpected_value, -1, "dumb-init: option '--word' doesn't allow an argument"},
  };
  const std::vector<Line> kDumbInit = {
      {Kind::bad_value, -1,
       "Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31.\n"
       "This option can be specified multiple times.\n"
       "Use --help for full usage."},
      {Kind::no_command, -1,
       "Usage: dumb-init [option] program [args]\nTry dumb-init --help for full usage."},
      {Kind::exec_failed, -1, "[dumb-init] sleep: No such file or directory"},
      {Kind::spawn_failed, -1, "hydrinit: cannot start 'sleep': word: No such file or directory"},
      {Kind::fatal, -1, "hydrinit: word: No such file or directory"},
      {Kind::failed, 0, "hydrinit: word: No such file or directory"},
      {Kind::send_failed, 0, "hydrinit: cannot send TERM to pid 7: No such file or directory"},
      {Kind::spawned, 1, "[dumb-init] Child spawned with PID 7."},
      {Kind::session_made, 1, "[dumb-init] setsid complete."},
      {Kind::received, 1, "[dumb-init] Received signal 15."},
      {Kind::child_signal, 1, "[dumb-init] Received signal 15."},
      {Kind::rewritten, 1, "[dumb-init] Translating signal 15 to 3."},
      {Kind::sent, 1, "[dumb-init] Forwarded signal 15 to children."},
      {Kind::not_sent, 1, "[dumb-init] Not forwarding signal 3 to children (ignored)."},
      {Kind::hand_off_ignored, 1, "[dumb-init] Ignoring tty hand-off signal 15."},
      {Kind::suspending, 1, "[dumb-init] Suspending self due to TTY signal."},
      {Kind::leader_exited, 1, "[dumb-init] A child with PID 7 exited with exit status 3."},
      {Kind::leader_killed, 1, "[dumb-init] A child with PID 7 was terminated by signal 3."},
      {Kind::orphan_exited, 1, "[dumb-init] A child with PID 7 exited with exit status 3."},
      {Kind::orphan_killed, 1, "[dumb-init] A child with PID 7 was terminated by signal 3."},
      {Kind::exiting, 1, "[dumb-init] Child exited with status 2. Goodbye."},
  };
  expect_lines(Style::dumb_init, with_getopt(with_variables(kDumbInit), kGetopt));
}

TEST(Notice, CatatonitsWords) {
  const std::vector<Line> kGetopt = {
      {Kind::unknown_option, -1, "catatonit: unrecognized option '--word'"},
      {Kind::unknown_letter, -1, "catatonit: invalid option -- 'x'"},
      {Kind::missing_value, -1, "catatonit: option '--word' requires an argument"},
      {Kind::missing_letter_value, -1, "catatonit: option requires an argument -- 'x'"},
      {Kind::unexpected_value, -1, "catatonit: option '--word' doesn't allow an argument"},
  };
  // It says little of its own; what it tells when it is to debug is hydrinit's.
  const std::vector<Line> kCatatonit = {
      {Kind::no_command, -1, "ERROR (catatonit:1): missing program name"},
      {Kind::usage_line, -1, "usage: catatonit [-ghLPV] [--] <progname> [<arguments>...]"},
      {Kind::exec_failed, -1,
       "ERROR (catatonit:7): failed to exec pid1: No such file or directory"},
      {Kind::bad_value, -1,
       "hydrinit: --word: 'soon' is not a signal (TERM, SIGTERM, 15, RTMIN+3)"},
      {Kind::spawn_failed, -1, "hydrinit: cannot start 'sleep': word: No such file or directory"},
      {Kind::fatal, -1, "hydrinit: word: No such file or directory"},
      {Kind::failed, 0, "hydrinit: word: No such file or directory"},
      {Kind::send_failed, 0, "hydrinit: cannot send TERM to pid 7: No such file or directory"},
      {Kind::share_begun, 1, "hydrinit: replicas get no_new_privs, for --share"},
      {Kind::spawned, 1, "hydrinit: started 'sleep' as pid 7"},
      {Kind::received, 1, "hydrinit: received TERM"},
      {Kind::sent, 1, "hydrinit: sent TERM to pid 7"},
      {Kind::not_sent, 1, "hydrinit: dropped TERM"},
      {Kind::leader_exited, 1, "hydrinit: pid 7 ended with code 3"},
      {Kind::leader_killed, 1, "hydrinit: pid 7 was killed by QUIT"},
      {Kind::orphan_exited, 1, "hydrinit: reaped orphan pid 7, which ended with code 3"},
      {Kind::orphan_killed, 1, "hydrinit: reaped orphan pid 7, which was killed by QUIT"},
      {Kind::replica_up, 1, "hydrinit: replica 4 is up"},
      {Kind::replica_drains, 1, "hydrinit: draining replica 4"},
      {Kind::replica_replaced, 1, "hydrinit: replacing replica 4"},
      {Kind::replica_done, 1, "hydrinit: replica 4 was killed by TERM and is done"},
      {Kind::stop_delayed, 1, "hydrinit: holding TERM back for --stop-delay"},
      {Kind::still_there, 1, "hydrinit: pid 7 (word) remains"},
      {Kind::not_reaped, 1, "hydrinit: pid 7 (word) is a zombie, not reaped by its parent 2"},
      {Kind::rest_told, 1, "hydrinit: sent TERM to the remaining processes"},
      {Kind::suspending, 1, "hydrinit: stopping myself"},
      {Kind::exiting, 1, "hydrinit: exiting with code 2"},
      {Kind::rewritten, 2, "hydrinit: rewriting TERM to QUIT"},
      {Kind::hand_off_ignored, 2, "hydrinit: ignored the terminal's TERM"},
      {Kind::child_signal, 3, "hydrinit: received TERM"},
      {Kind::session_made, 2, "hydrinit: the child leads a new session"},
  };
  expect_lines(Style::catatonit, with_getopt(with_variables(kCatatonit), kGetopt));
}

TEST(Notice, WarnReapedNamesOrphansWithoutVerbose) {
  Voice voice = voice_of(Style::native, 0);
  voice.warn_reaped = true;
  EXPECT_EQ(said(sample(Kind::orphan_exited), voice).text,
            "hydrinit: reaped orphan pid 7, which ended with code 3\n");
  EXPECT_EQ(said(sample(Kind::orphan_killed), voice).text,
            "hydrinit: reaped orphan pid 7, which was killed by QUIT\n");
}

TEST(Notice, WarnReapedSaysNothingElseThanOrphans) {
  for (Style style : {Style::native, Style::tini, Style::dumb_init, Style::catatonit}) {
    Voice voice = voice_of(style, 0);
    voice.warn_reaped = true;
    for (Kind kind : {Kind::leader_exited, Kind::leader_killed, Kind::received, Kind::spawned}) {
      EXPECT_EQ(said(sample(kind), voice).text, "");
    }
  }
}

TEST(Notice, TinisWarningIsInItsOwnWordsForBothEnds) {
  Voice voice = voice_of(Style::tini, 1);
  voice.warn_reaped = true;
  for (Kind kind : {Kind::orphan_exited, Kind::orphan_killed}) {
    const Said got = said(sample(kind), voice);
    EXPECT_EQ(got.text, "[WARN  tini (1)] Reaped zombie process with pid=7\n");
    EXPECT_EQ(got.stream, Stream::error);
  }
}

TEST(Notice, TinisWarningNeedsTheLevelOfWarnings) {
  Voice voice = voice_of(Style::tini, 0);
  voice.warn_reaped = true;
  EXPECT_EQ(said(sample(Kind::orphan_exited), voice).text, "");
}

TEST(Notice, GroupIsNamedAsOne) {
  Notice notice = sample(Kind::sent);
  notice.to_group = true;
  EXPECT_EQ(said(notice, voice_of(Style::native, 1)).text,
            "hydrinit: sent TERM to process group 7\n");
  notice.kind = Kind::send_failed;
  EXPECT_EQ(said(notice, voice_of(Style::native, 0)).text,
            "hydrinit: cannot send TERM to process group 7: No such file or directory\n");
}

TEST(Notice, EndOfAReplicaIsToldByItsCodeWithoutASignal) {
  const struct {
    Kind kind;
    const char* words;
  } kRows[] = {
      {Kind::replica_restarts,
       "hydrinit: replica 4 ended with code 3, starting it again in 2 ms\n"},
      {Kind::replica_failed, "hydrinit: replica 4 ended with code 3 and has failed\n"},
      {Kind::replica_done, "hydrinit: replica 4 ended with code 3 and is done\n"},
  };
  for (const auto& row : kRows) {
    Notice notice = sample(row.kind);
    notice.signal = 0;
    EXPECT_EQ(said(notice, voice_of(Style::native, 1)).text, row.words);
  }
}

TEST(Notice, EndOfAReplicaByARealtimeSignalHasItsName) {
  Notice notice = sample(Kind::replica_failed);
  notice.signal = 37;
  EXPECT_EQ(said(notice, voice_of(Style::native, 0)).text,
            "hydrinit: replica 4 was killed by RTMIN+3 and has failed\n");
}

TEST(Notice, StartWithoutADelayIsAtOnce) {
  Notice notice = sample(Kind::replica_restarts);
  notice.code = 0;
  EXPECT_EQ(said(notice, voice_of(Style::native, 0)).text,
            "hydrinit: replica 4 was killed by TERM, starting it again at once\n");
  notice.kind = Kind::start_retried;
  EXPECT_EQ(said(notice, voice_of(Style::native, 0)).text,
            "hydrinit: replica 4 could not be started, trying again at once\n");
}

TEST(Notice, LargestNumbersOfReplicasAndDelaysAreToldWhole) {
  Notice notice = sample(Kind::replica_restarts);
  notice.slot = kReplicasMax - 1;
  notice.code = INT32_MAX;
  EXPECT_EQ(said(notice, voice_of(Style::native, 0)).text,
            "hydrinit: replica 9999 was killed by TERM, starting it again in 2147483647 ms\n");
}

TEST(Notice, UnknownErrorIsShownByItsNumber) {
  Notice notice = sample(Kind::exec_failed);
  notice.code = 4095;
  EXPECT_EQ(said(notice, voice_of(Style::native, 0)).text,
            "hydrinit: cannot run 'sleep': errno 4095\n");
}

TEST(Notice, NameMayGoOnBehindItsEnd) {
  Notice notice = sample(Kind::unknown_option);
  notice.name = "foo=bar";
  notice.name_end = notice.name + 3;
  EXPECT_EQ(said(notice, voice_of(Style::native, 0)).text,
            "hydrinit: --foo: unknown option (see --help)\n");
}

TEST(Notice, RealtimeSignalsHaveTheirNames) {
  Notice notice = sample(Kind::received);
  notice.signal = 37;
  EXPECT_EQ(said(notice, voice_of(Style::native, 1)).text, "hydrinit: received RTMIN+3\n");
  EXPECT_EQ(said(notice, voice_of(Style::dumb_init, 1)).text, "[dumb-init] Received signal 37.\n");
}

std::string described(ValueKind kind) {
  Notice notice;
  notice.kind = Kind::bad_value;
  notice.name = notice.value = "";
  notice.expected = kind;
  const std::string text = said(notice, voice_of(Style::native, 0)).text;
  return text.substr(text.find("is not ") + 7, text.size() - text.find("is not ") - 8);
}

TEST(Notice, EveryKindOfValueOfHydrinitsIsDescribed) {
  EXPECT_EQ(described(ValueKind::flag), "yes or no (1 or 0, on or off)");
  EXPECT_EQ(described(ValueKind::count), "yes, no or a number up to 9");
  EXPECT_EQ(described(ValueKind::duration),
            "a duration (250ms, 5s, 2m, 1h; a bare number is seconds)");
  EXPECT_EQ(described(ValueKind::signal), "a signal (TERM, SIGTERM, 15, RTMIN+3)");
  EXPECT_EQ(described(ValueKind::signal_list),
            "a list of signals that can be received (TERM,INT,RTMIN+3)");
  EXPECT_EQ(described(ValueKind::rewrite_list),
            "FROM:TO signals (TERM:QUIT,INT:0; KILL, STOP and CHLD are never received)");
  EXPECT_EQ(described(ValueKind::status_list),
            "a list of exit codes 0 to 255 and signal names (143,TERM)");
  EXPECT_EQ(described(ValueKind::replicas), "a number of replicas, max or max-K");
  EXPECT_EQ(described(ValueKind::number), "a number up to 10000");
  EXPECT_EQ(described(ValueKind::restart), "no, on-failure, on-failure:N or always");
  EXPECT_EQ(described(ValueKind::exit_when), "failed, any, all or never");
  EXPECT_EQ(described(ValueKind::index_env), "NAME or NAME=BASE");
  EXPECT_EQ(described(ValueKind::ready), "none, a duration, fd:N (3 to 63), notify or listen");
  EXPECT_EQ(described(ValueKind::balance), "even or shared");
  EXPECT_EQ(described(ValueKind::reload_order), "drain, start-first or stop-first");
  EXPECT_EQ(described(ValueKind::listen_list),
            "[NAME=]PORT, ADDRESS:PORT, [IPV6]:PORT, udp:... or unix:PATH, 16 at most");
  EXPECT_EQ(described(ValueKind::share), "a list of ports 1 to 65535");
  EXPECT_EQ(described(ValueKind::size), "a size (64K, 300M, 1G)");
  EXPECT_EQ(described(ValueKind::pid), "a process id");
  EXPECT_EQ(described(ValueKind::ask_number), "a number up to 10000");
  EXPECT_EQ(described(ValueKind::ask_count), "a number up to 10000");
  EXPECT_EQ(described(ValueKind::ask_format), "table or json");
  EXPECT_EQ(described(ValueKind::user), "a user: NAME or UID, :GROUP or :GID");
}

TEST(Notice, EveryOptionWithAValueHasItsValueDescribed) {
  int seen = 0;
  for (Option option(native_options()); !option.at_end(); option.next()) {
    if (!option.takes_value()) continue;
    ++seen;
    EXPECT_NE(described(option.value()), "") << option.name();
  }
  EXPECT_GT(seen, 0);
}

TEST(Notice, DescribedLimitsAreTheRealOnes) {
  EXPECT_NE(described(ValueKind::number).find(std::to_string(kReplicasMax)), std::string::npos);
  const std::string descriptors =
      std::to_string(kReadyFdMin) + " to " + std::to_string(kReadyFdMax);
  EXPECT_NE(described(ValueKind::ready).find(descriptors), std::string::npos);
  const std::string most = std::to_string(kListenMax) + " at most";
  EXPECT_NE(described(ValueKind::listen_list).find(most), std::string::npos);
}

TEST(Notice, OneNoticeIsOneLineWhateverItHolds) {
  const std::string hostile = "a\nhydrinit: b\r\x1b[2J" + std::string(1000, 'x');
  for (Style style : {Style::native, Style::catatonit}) {
    for (int number = 0; number <= kLastKind; ++number) {
      Notice notice = sample(static_cast<Kind>(number));
      notice.name = hostile.c_str();
      notice.value = hostile.c_str();
      notice.letter = '\n';
      Voice voice = voice_of(style, kLoudest);
      voice.command = hostile.c_str();
      const std::string text = said(notice, voice).text;
      if (text.empty()) continue;
      EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
      EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
    }
  }
}

TEST(Notice, IsAppendedToWhatIsThere) {
  char buffer[128];
  Text text(buffer);
  text.put("before ");
  render(text, sample(Kind::received), voice_of(Style::native, 1));
  EXPECT_EQ(text.view(), "before hydrinit: received TERM\n");
}

TEST(Notice, LongLineIsCutAndStillEndsInItsNewline) {
  char buffer[24];
  Text text(buffer);
  render(text, sample(Kind::stop_timed_out), voice_of(Style::native, 0));
  EXPECT_EQ(text.view(), "hydrinit: pid 7 did not\n");
}

TEST(Notice, LifeOfAReplicaHasItsNumberAndLength) {
  Notice notice = sample(Kind::spawned);
  notice.of_replica = true;
  const Voice voice = voice_of(Style::native, 1);
  EXPECT_EQ(said(notice, voice).text, "hydrinit: started 'sleep' as pid 7 (replica 4)\n");
  notice.kind = Kind::leader_exited;
  notice.lived = Millis{9999};
  EXPECT_EQ(said(notice, voice).text,
            "hydrinit: pid 7 ended with code 3 (replica 4, after 9999 ms)\n");
  notice.kind = Kind::leader_killed;
  notice.lived = Millis{10000};
  EXPECT_EQ(said(notice, voice).text,
            "hydrinit: pid 7 was killed by QUIT (replica 4, after 10 s)\n");
}

TEST(Notice, AsJsonItIsWithoutTheSpeakersName) {
  Voice voice = voice_of(Style::native, 1);
  voice.json = true;
  EXPECT_EQ(said(sample(Kind::received), voice).text, "received TERM\n");
}

}  // namespace
}  // namespace hydrinit
