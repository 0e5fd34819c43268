#include "core/options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "command_line.h"
#include "core/values.h"

namespace hydrinit {
namespace {

// hydrinit's options as the user's manual has them. Where the effect is hydrinit's default anyway,
// `before` holds options that make it show.
struct Described {
  char letter;
  const char* name;
  const char* value;  // "": a flag
  const char* change;
  Words before;
  bool attached = false;  // its value stands in the same word, or there is none
};

constexpr char kSessionChange[] =
    "placement=new_session scope=group signals=TSTP:STOP,TTIN:STOP,TTOU:STOP";

// What supervision brings with it.
constexpr char kReplicasChange[] = "restart=always exit_when=failed replicas=4 stop_timeout=8000";
constexpr char kOnFailureChange[] =
    "restart=on_failure exit_when=failed max_restarts=3 on_failure_max=3 stop_timeout=8000";

const std::vector<Described>& policies() {
  static const std::vector<Described> kPolicies = {
      {'s', "subreaper", "", "subreaper=on", {}},
      {'p', "parent-death-signal", "TERM", "parent_death_signal=TERM", {}},
      {'g', "process-group", "", "scope=group", {}},
      {'c', "single-child", "", "scope=leader", {"--session"}},
      {0, "session", "", kSessionChange, {}},
      {'r', "rewrite", "TERM:QUIT", "signals=TERM:QUIT", {}},
      {'e', "success-exit-status", "143", "success=143", {}},
      {0, "stop-on", "RTMIN+3", "stop_on=RTMIN+3", {}},
      {0, "stop-signal", "QUIT", "stop_signal=QUIT", {}},
      {0, "stop-timeout", "8s", "stop_timeout=8000", {}},
      {0, "stop-delay", "250ms", "stop_delay=250", {}},
      {0, "wait-all", "2m", "wait_all=120000", {}},
      {'n', "replicas", "4", kReplicasChange, {}},
      {0, "max-replicas", "8", "max_replicas=8", {}},
      {0, "restart", "on-failure:3", kOnFailureChange, {}},
      {0, "restart-delay", "250ms", "restart_delay=250", {}},
      {0, "restart-max-delay", "1m", "restart_max_delay=60000", {}},
      {0, "min-uptime", "5s", "min_uptime=5000", {}},
      {0, "max-restarts", "5", "max_restarts=5", {}},
      {0, "no-restart-status", "3,KILL", "no_restart=3,KILL", {}},
      {0, "exit-when", "never", "exit_when=never", {}},
      {0, "listen", "web=127.0.0.1:80,[::1]:81", "listen=web=127.0.0.1:80,[::1]:81", {}},
      {0, "share", "80,81", "ready_by=listen share=80,81", {"-n4"}, true},
      {0, "balance", "shared", "balance=shared", {}},
      {0, "ready", "2s", "ready=2000", {}},
      {0, "ready-timeout", "5s", "ready_timeout=5000", {}},
      {0, "reload-order", "start-first", "reload_order=start_first", {}},
      {0, "drain-time", "1s", "drain_time=1000", {}},
      {0, "listen-pid", "", "listen_pid=yes", {"--no-listen-pid"}},
      {0, "user", "app:staff", "user=app:staff", {}},
      {0, "index-env", "PORT=3000", "index_env=PORT=3000", {}},
      {0, "max-memory", "300M", "max_memory=307200", {"-n4"}},
      {0, "pin", "", "pin=yes", {}},
      {0, "log", "prefix", "log=prefix", {"-n4"}, true},
      {'w', "warn-reaped", "", "warn_reaped=yes", {}},
      {'v', "verbose", "", "verbosity=1", {}},
      {'q', "quiet", "", "verbosity=-1", {}},
  };
  return kPolicies;
}

const std::vector<Described>& actions() {
  static const std::vector<Described> kActions = {
      {0, "explain", "", "verb=explain", {}},
      {'h', "help", "", "verb=help", {}},
      {'V', "version", "", "verb=version", {}},
      {'l', "license", "", "verb=license", {}},
  };
  return kActions;
}

// What asks a hydrinit that runs.
const std::vector<Described>& requests() {
  static const std::vector<Described> kRequests = {
      {0, "status", "json", "verb=status argument=2", {}, true},
      {0, "healthy", "2", "verb=healthy argument=2", {}, true},
      {0, "scale", "3", "verb=scale argument=3", {}},
      {0, "reload", "", "verb=reload", {}},
      {0, "restart-replica", "1", "verb=restart-replica argument=1", {}},
      {0, "pid", "7", "pid=7", {}},
      {0, "timeout", "5s", "timeout=5000", {}},
  };
  return kRequests;
}

std::vector<Described> all_options() {
  std::vector<Described> all = policies();
  all.insert(all.end(), requests().begin(), requests().end());
  all.insert(all.end(), actions().begin(), actions().end());
  return all;
}

std::string variable_name(const std::string& option_name) {
  std::string name = "HYDRINIT_";
  for (char c : option_name) name += c == '-' ? '_' : to_upper(c);
  return name;
}

// A value that the option takes and that is not its default.
std::string sample_value(const Option& option) {
  switch (option.value()) {
  case ValueKind::flag:
  case ValueKind::count: return "1";
  case ValueKind::duration: return "7s";
  case ValueKind::signal: return "USR1";
  case ValueKind::signal_list: return "USR1,RTMIN+3";
  case ValueKind::rewrite_list: return "USR1:USR2,INT:0";
  case ValueKind::status_list: return "7,USR1";
  case ValueKind::replicas: return "max-2";
  case ValueKind::number: return "7";
  case ValueKind::restart: return "on-failure";
  case ValueKind::exit_when: return "never";
  case ValueKind::index_env: return "PORT=3000";
  case ValueKind::ready: return "fd:20";
  case ValueKind::balance: return "shared";
  case ValueKind::reload_order: return "stop-first";
  case ValueKind::listen_list: return "udp:53,web=80,unix:/run/socket";
  case ValueKind::share: return "80,81";
  case ValueKind::user: return "1000:staff";
  case ValueKind::size: return "300M";
  case ValueKind::log: return "json";
  case ValueKind::tini_signal:
  case ValueKind::tini_status:
  case ValueKind::low_rewrite:
  case ValueKind::verbosity_level:
  case ValueKind::pid:
  case ValueKind::ask_number:
  case ValueKind::ask_count:
  case ValueKind::ask_format: break;
  }
  ADD_FAILURE() << "hydrinit's own table has a dialect's kind of value: --" << option.name();
  return "";
}

// Variables without which the option would contradict itself.
Words beside(const Option& option) {
  const bool several = option.value() == ValueKind::share || option.value() == ValueKind::size ||
                       option.value() == ValueKind::ready || option.value() == ValueKind::log;
  return several ? Words{"HYDRINIT_REPLICAS=4"} : Words{};
}

// ---- the table ----------------------------------------------------------------------------------

TEST(Options, TableHasTheDescribedOptionsAndNoOther) {
  std::string table;
  for (Option option(native_options()); !option.at_end(); option.next()) {
    table += std::string(option.letter() != 0 ? 1 : 0, option.letter()) + " --" + option.name() +
             (option.takes_value() ? " VALUE" : "") + (option.is_policy() ? "" : " action") + "\n";
  }
  std::string described;
  const std::vector<Described> all = all_options();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Described& row = all[i];
    described += std::string(row.letter != 0 ? 1 : 0, row.letter) + " --" + row.name +
                 (*row.value != '\0' ? " VALUE" : "") + (i >= policies().size() ? " action" : "") +
                 "\n";
  }
  EXPECT_EQ(table, described);
}

TEST(Options, NoLetterAndNoNameIsTakenTwice) {
  for (const char* argv0 : {"hydrinit", "tini", "dumb-init", "catatonit"}) {
    std::set<std::string> taken;
    const Dialect dialect = choose_dialect(argv0);
    for (Option option(dialect.options); !option.at_end(); option.next()) {
      if (option.letter() != 0) {
        EXPECT_TRUE(taken.insert(std::string(1, option.letter())).second)
            << argv0 << " -" << option.letter();
      }
      if (*option.name() != '\0') {
        EXPECT_TRUE(taken.insert(option.name()).second) << argv0 << " --" << option.name();
      }
    }
  }
}

TEST(Options, ValuesHaveAPlaceholderAndFlagsHaveNone) {
  for (Option option(native_options()); !option.at_end(); option.next()) {
    EXPECT_EQ(option.takes_value(), *option.placeholder() != '\0') << option.name();
    EXPECT_STRNE(option.help(), "") << option.name();
  }
}

// ---- forms
// ----------------------------------------------------------------------------------------

TEST(Options, EachWorksByItsLongName) {
  for (const Described& row : all_options()) {
    if (row.attached) continue;
    Words words{std::string("--") + row.name};
    if (*row.value != '\0') words.push_back(row.value);
    EXPECT_EQ(changes(words, {}, "hydrinit", row.before), row.change) << row.name;
  }
}

TEST(Options, EachWorksByItsLongNameWithTheValueBehindEquals) {
  for (const Described& row : policies()) {
    if (*row.value == '\0') continue;
    const std::string word = std::string("--") + row.name + "=" + row.value;
    EXPECT_EQ(changes({word}, {}, "hydrinit", row.before), row.change) << word;
  }
}

TEST(Options, ShareTakesItsPortsOnlyInTheSameWord) {
  const CommandLine line({"hydrinit", "-n4", "--share", "80", "true"});
  ASSERT_FALSE(line.refused()) << line.message();
  EXPECT_STREQ(line.config().share, "");
  EXPECT_EQ(line.command(), "80|true");
}

TEST(Options, ShareWithoutPortsIsOfAll) {
  EXPECT_EQ(changes({"--share"}, {}, "hydrinit", {"-n4"}), "ready_by=listen share=");
  EXPECT_EQ(changes({"--share="}, {}, "hydrinit", {"-n4"}), "ready_by=listen share=");
  EXPECT_EQ(changes({"--share=80", "--share"}, {}, "hydrinit", {"-n4"}), "ready_by=listen share=");
}

TEST(Options, SharingIsReadyByListeningUnlessItIsSaidOtherwise) {
  EXPECT_EQ(changes({"--share"}, {}, "hydrinit", {"-n4", "--ready=2s"}), "share=");
  EXPECT_EQ(changes({"--share"}, {}, "hydrinit", {"-n4", "--ready=notify"}), "share=");
  EXPECT_EQ(changes({"--share", "--ready=listen"}, {}, "hydrinit", {"-n4"}),
            "ready_by=listen share= ready=0");
}

TEST(Options, EveryWayToBeReadyIsTaken) {
  EXPECT_EQ(changes({"--ready=none"}), "ready=0");
  EXPECT_EQ(changes({"--ready=0"}), "ready=0");
  EXPECT_EQ(changes({"--ready=250ms"}), "ready=250");
  EXPECT_EQ(changes({"--ready=fd:3"}, {}, "hydrinit", {"-n4"}), "ready_by=descriptor ready_fd=3");
  EXPECT_EQ(changes({"--ready=fd:63"}, {}, "hydrinit", {"-n4"}), "ready_by=descriptor ready_fd=63");
  EXPECT_EQ(changes({"--ready=notify"}, {}, "hydrinit", {"-n4"}), "ready_by=notify ready=0");
}

TEST(Options, EveryOrderAndBalanceIsTakenByItsWord) {
  EXPECT_EQ(changes({"--reload-order=drain"}), "reload_order=drain");
  EXPECT_EQ(changes({"--reload-order=start-first"}), "reload_order=start_first");
  EXPECT_EQ(changes({"--reload-order=stop-first"}), "reload_order=stop_first");
  EXPECT_EQ(changes({"--balance=even"}, {}, "hydrinit", {"--balance=shared"}), "balance=even");
}

TEST(Options, LogIsForReplicas) {
  EXPECT_EQ(changes({"--log=prefix"}), "hydrinit: --log: needs --replicas");
  EXPECT_EQ(changes({"--log=json", "--restart=no"}), "hydrinit: --log: needs --replicas");
  EXPECT_EQ(changes({"--log=raw"}), "");
  EXPECT_EQ(changes({"--log=json"}, {}, "hydrinit", {"--restart=always"}), "log=json");
}

TEST(Options, ListenAddsUp) {
  EXPECT_EQ(changes({"--listen=80", "--listen", "udp:53,unix:/a"}), "listen=80,udp:53,unix:/a");
}

TEST(Options, PortsThatContradictAreRefused) {
  EXPECT_EQ(changes({"--ready=listen"}), "hydrinit: --ready listen: needs --share");
  EXPECT_EQ(changes({"--share"}), "hydrinit: --share: needs --replicas");
  EXPECT_EQ(changes({"--ready=notify"}), "hydrinit: --ready: needs --replicas");
  EXPECT_EQ(changes({"--ready=fd:4"}), "hydrinit: --ready: needs --replicas");
  EXPECT_EQ(changes({"--max-memory=1G"}), "hydrinit: --max-memory: needs --replicas");
  EXPECT_EQ(changes({"-n2", "--share=80", "--listen=80"}),
            "hydrinit: --share: a name, port or descriptor that --listen has too");
  EXPECT_EQ(changes({"-n2", "--listen=80", "--ready=fd:3"}),
            "hydrinit: --ready: a name, port or descriptor that --listen has too");
  EXPECT_EQ(changes({"--listen=a=80,a=81"}),
            "hydrinit: --listen: a name, port or descriptor that --listen has too");
}

TEST(Options, EachWorksByItsLetter) {
  for (const Described& row : all_options()) {
    if (row.letter == 0) continue;
    Words words{std::string("-") + row.letter};
    if (*row.value != '\0') words.push_back(row.value);
    EXPECT_EQ(changes(words, {}, "hydrinit", row.before), row.change) << row.name;
  }
}

TEST(Options, EachWorksByItsLetterWithTheValueAttached) {
  for (const Described& row : policies()) {
    if (row.letter == 0 || *row.value == '\0') continue;
    const std::string word = std::string("-") + row.letter + row.value;
    EXPECT_EQ(changes({word}), row.change) << word;
  }
}

TEST(Options, LettersMayStandTogether) {
  EXPECT_EQ(changes({"-sgw"}), "subreaper=on scope=group warn_reaped=yes");
  EXPECT_EQ(changes({"-vvv"}), "verbosity=3");
  EXPECT_EQ(changes({"-vgv"}), "scope=group verbosity=2");
}

TEST(Options, LastOfLettersThatStandTogetherMayTakeAValue) {
  EXPECT_EQ(changes({"-ge", "143"}), "scope=group success=143");
  EXPECT_EQ(changes({"-ge143"}), "scope=group success=143");
  EXPECT_EQ(changes({"-gsrTERM:INT"}), "subreaper=on scope=group signals=TERM:INT");
  EXPECT_EQ(changes({"-gn4"}), std::string("scope=group ") + kReplicasChange);
}

TEST(Options, AttachedValueMayLookLikeLetters) {
  EXPECT_EQ(changes({"-pHUP"}), "parent_death_signal=HUP");
  EXPECT_EQ(changes({"-nmax-1"}),
            "restart=always exit_when=failed replicas=max-1 stop_timeout=8000");
  EXPECT_EQ(changes({"-p=HUP"}),
            "hydrinit: --parent-death-signal: '=HUP' is not a signal (TERM, SIGTERM, 15, RTMIN+3)");
}

TEST(Options, ValueMayLookLikeAnOption) {
  EXPECT_EQ(changes({"--stop-timeout", "--"}),
            "hydrinit: --stop-timeout: '--' is not a duration (250ms, 5s, 2m, 1h; a bare number is "
            "seconds)");
}

TEST(Options, SeveralAddUpInOneCommandLine) {
  EXPECT_EQ(changes({"-s", "--stop-timeout=8s", "-e", "143", "--wait-all", "2s", "-v"}),
            "subreaper=on verbosity=1 stop_timeout=8000 wait_all=2000 success=143");
}

TEST(Options, EveryFlagOfPolicyCanBeNegated) {
  const struct {
    const char* word;
    Words before;
    const char* change;
  } kRows[] = {
      {"--no-subreaper", {}, "subreaper=off"},
      {"--no-process-group", {"-g"}, "scope=leader"},
      {"--no-single-child", {}, "scope=group"},
      {"--no-session", {"--session"}, "placement=new_group scope=leader signals="},
      {"--no-listen-pid", {}, "listen_pid=no"},
      {"--no-pin", {"--pin"}, "pin=no"},
      {"--no-warn-reaped", {"-w"}, "warn_reaped=no"},
      {"--no-verbose", {"-vvv"}, "verbosity=0"},
      {"--no-quiet", {"-q"}, "verbosity=0"},
  };
  std::set<std::string> negated;
  for (const auto& row : kRows) {
    EXPECT_EQ(changes({row.word}, {}, "hydrinit", row.before), row.change) << row.word;
    negated.insert(row.word);
  }
  for (const Described& row : policies()) {
    const std::string word = std::string("--no-") + row.name;
    EXPECT_EQ(negated.count(word), *row.value == '\0' ? 1u : 0u) << word;
  }
}

TEST(Options, NothingElseCanBeNegated) {
  for (const Described& row : all_options()) {
    const bool action = std::string(row.change).starts_with("verb=");
    if (*row.value == '\0' && !action) continue;
    const std::string word = std::string("--no-") + row.name;
    EXPECT_EQ(changes({word}), "hydrinit: " + word + ": unknown option (see --help)");
  }
}

TEST(Options, LastOfTwoContraryFlagsWins) {
  EXPECT_EQ(changes({"-g", "-c"}), "");
  EXPECT_EQ(changes({"-c", "-g"}), "scope=group");
  EXPECT_EQ(changes({"-s", "--no-subreaper"}), "subreaper=off");
  EXPECT_EQ(changes({"--no-subreaper", "-s"}), "subreaper=on");
}

TEST(Options, LastOfTwoValuesWins) {
  EXPECT_EQ(changes({"--stop-timeout", "8s", "--stop-timeout", "3s"}), "stop_timeout=3000");
  EXPECT_EQ(changes({"-p", "TERM", "-p", "KILL"}), "parent_death_signal=KILL");
  EXPECT_EQ(changes({"--stop-on", "TERM", "--stop-on", "WINCH"}), "stop_on=WINCH");
  EXPECT_EQ(changes({"-r", "TERM:INT", "-r", "TERM:QUIT"}), "signals=TERM:QUIT");
  EXPECT_EQ(changes({"-n", "max-1", "-n4"}), kReplicasChange);
  EXPECT_EQ(changes({"--exit-when=all", "--exit-when=never"}), "exit_when=never");
  EXPECT_EQ(changes({"--index-env=A", "--index-env=B=7"}), "index_env=B=7");
  EXPECT_EQ(changes({"--max-restarts=3", "--max-restarts=5"}), "max_restarts=5");
  EXPECT_EQ(changes({"--ready=notify", "--ready=2s"}), "ready=2000");
  EXPECT_EQ(changes({"--balance=even", "--balance=shared"}), "balance=shared");
  EXPECT_EQ(changes({"--reload-order=drain", "--reload-order=stop-first"}),
            "reload_order=stop_first");
  EXPECT_EQ(changes({"--user=app", "--user=1000"}), "user=1000");
}

TEST(Options, VerboseAddsToQuiet) { EXPECT_EQ(changes({"-q", "-vv"}), "verbosity=1"); }

TEST(Options, QuietTakesVerboseBack) { EXPECT_EQ(changes({"-vv", "-q"}), "verbosity=-1"); }

// ---- scope and session ------------------------------------------------------------------------

TEST(Options, ChildAloneIsSignalledByDefault) {
  EXPECT_EQ(CommandLine({"hydrinit", "true"}).config().scope, SignalScope::leader);
}

TEST(Options, SessionKeepsSingleChild) {
  for (const Words& words : {Words{"--session", "-c"}, Words{"-c", "--session"}}) {
    EXPECT_EQ(changes(words), "placement=new_session signals=TSTP:STOP,TTIN:STOP,TTOU:STOP");
  }
}

TEST(Options, SessionLeavesRewrittenTerminalStopsAlone) {
  // An explicit rewrite to itself says: leave it as it is.
  EXPECT_EQ(changes({"--session", "-r", "TSTP:TSTP,TTIN:0"}),
            "placement=new_session scope=group signals=TSTP:TSTP,TTIN:0,TTOU:STOP");
}

// ---- lists
// ----------------------------------------------------------------------------------------

TEST(Options, RewriteTakesNumbersNamesAndLists) {
  EXPECT_EQ(changes({"-r", "15:3"}), "signals=TERM:QUIT");
  EXPECT_EQ(changes({"-r", "SIGTERM:sigquit"}), "signals=TERM:QUIT");
  EXPECT_EQ(changes({"-r", "TERM:INT,HUP:0,RTMIN+3:TERM"}), "signals=HUP:0,TERM:INT,RTMIN+3:TERM");
  EXPECT_EQ(changes({"-r", "TERM:INT", "-r", "HUP:RTMAX"}), "signals=HUP:RTMIN+30,TERM:INT");
}

TEST(Options, RewriteMaySendWhatIsNeverReceived) {
  EXPECT_EQ(changes({"-r", "TERM:KILL,TSTP:STOP"}), "signals=TERM:KILL,TSTP:STOP");
}

TEST(Options, SuccessStatusesAreNumbersAndNames) {
  EXPECT_EQ(changes({"-e", "0,1,255"}), "success=0,1,255");
  EXPECT_EQ(changes({"-e", "143,TERM,SIGKILL"}), "success=143,KILL,TERM");
  EXPECT_EQ(changes({"-e", "143", "-e", "SIGINT"}), "success=143,INT");
}

TEST(Options, StopOnReplacesTheDefault) {
  EXPECT_EQ(changes({"--stop-on", "RTMIN+3,WINCH,TERM"}), "stop_on=TERM,WINCH,RTMIN+3");
}

TEST(Options, StopsAreTermIntAndQuitByDefault) {
  EXPECT_EQ(CommandLine({"hydrinit", "true"}).config().stop_on, (SignalSet{15, 2, 3}));
}

TEST(Options, SignalsOfEveryNumberAreTaken) {
  for (int number = 1; number <= 64; ++number) {
    const std::string text = std::to_string(number);
    const CommandLine line({"hydrinit", "-p", text, "--stop-signal", text, "true"});
    EXPECT_FALSE(line.refused()) << line.message();
    EXPECT_EQ(line.config().parent_death_signal, number);
    EXPECT_EQ(line.config().stop_signal, number);
  }
}

// ---- replicas
// -------------------------------------------------------------------------------------

// The fields that hang on whether replicas are supervised, after parsing.
std::string supervision(const Words& words) {
  const CommandLine line(Words{"hydrinit"} + words + Words{"true"});
  if (line.refused()) return line.message();
  const Config& config = line.config();
  return std::string(config.supervises() ? "supervises" : "one child") + ", restart " +
         shown(config.restart) + ", exit when " + shown(config.exit_when) + ", max " +
         std::to_string(config.max_restarts) + ", stop in " +
         std::to_string(config.stop_timeout.count);
}

TEST(Options, PlainInitHasOneChildThatIsNeverRestarted) {
  EXPECT_EQ(supervision({}), "one child, restart no, exit when any, max 10, stop in -1");
  EXPECT_EQ(supervision({"--restart=no"}),
            "one child, restart no, exit when any, max 10, stop in -1");
}

TEST(Options, ReplicasAreAlwaysRestartedAndTheFirstFailedOneEndsAll) {
  for (const char* count : {"1", "4", "10000", "max", "max-3"}) {
    EXPECT_EQ(supervision({"-n", count}),
              "supervises, restart always, exit when failed, max 10, stop in 8000")
        << count;
  }
}

TEST(Options, ReplicasNeedNotBeRestarted) {
  EXPECT_EQ(supervision({"-n", "4", "--restart=no"}),
            "supervises, restart no, exit when failed, max 10, stop in 8000");
  EXPECT_EQ(supervision({"-n", "4", "--restart=on-failure"}),
            "supervises, restart on_failure, exit when failed, max 10, stop in 8000");
}

TEST(Options, RestartPolicyAloneSupervisesOneReplica) {
  const char* const kAlways = "supervises, restart always, exit when failed, max 10, stop in 8000";
  EXPECT_EQ(supervision({"--restart=always"}), kAlways);
  EXPECT_EQ(supervision({"--restart=on-failure"}),
            "supervises, restart on_failure, exit when failed, max 10, stop in 8000");
  EXPECT_EQ(CommandLine({"hydrinit", "--restart=always", "true"}).config().replicas, 0);
}

TEST(Options, WhatIsGivenIsNotADefaultAnyMore) {
  EXPECT_EQ(supervision({"-n4", "--exit-when=any", "--stop-timeout=3s", "--max-restarts=0"}),
            "supervises, restart always, exit when any, max 0, stop in 3000");
  EXPECT_EQ(supervision({"--exit-when=all", "--stop-timeout=0", "--max-restarts=10000"}),
            "one child, restart no, exit when all, max 10000, stop in 0");
}

TEST(Options, OrderOfTheOptionsOfReplicasDoesNotMatter) {
  EXPECT_EQ(supervision({"--restart=no", "-n4"}), supervision({"-n4", "--restart=no"}));
  EXPECT_EQ(supervision({"--exit-when=all", "-n4"}), supervision({"-n4", "--exit-when=all"}));
  EXPECT_EQ(changes({"--max-replicas=4", "-n4"}), changes({"-n4", "--max-replicas=4"}));
}

TEST(Options, NumberBehindOnFailureIsThatOfMaxRestarts) {
  for (const char* number : {"0", "1", "3", "10000"}) {
    EXPECT_EQ(supervision({std::string("--restart=on-failure:") + number}),
              std::string("supervises, restart on_failure, exit when failed, max ") + number +
                  ", stop in 8000");
  }
}

TEST(Options, NumberBehindOnFailureGoesWithItsPolicy) {
  const char* const kAlways = "supervises, restart always, exit when failed, max 10, stop in 8000";
  EXPECT_EQ(supervision({"--restart=on-failure:3", "--restart=always"}), kAlways);
  EXPECT_EQ(supervision({"--restart=on-failure:3", "--restart=on-failure"}),
            "supervises, restart on_failure, exit when failed, max 10, stop in 8000");
  EXPECT_EQ(supervision({"--restart=on-failure:3", "--restart=always", "--max-restarts=5"}),
            "supervises, restart always, exit when failed, max 5, stop in 8000");
}

TEST(Options, TwoQuestionsAtOnceAreRefused) {
  EXPECT_EQ(changes({"--status", "--reload"}),
            "hydrinit: --reload: cannot be given beside --status");
  EXPECT_EQ(changes({"--reload", "--pid=7", "--status=json"}),
            "hydrinit: --status: cannot be given beside --reload");
  EXPECT_EQ(changes({"--scale", "3", "--restart-replica", "0"}),
            "hydrinit: --restart-replica: cannot be given beside --scale");
  EXPECT_EQ(changes({"--status", "--explain", "true"}),
            "hydrinit: --explain: cannot be given beside --status");
  EXPECT_EQ(changes({"--status", "--status=json"}), changes({"--status=json"}));
  EXPECT_EQ(changes({"--reload", "--help"}), changes({"--help"}));
}

TEST(Options, NumberBehindOnFailureIsRefusedBesideMaxRestarts) {
  const char* const kRefusal =
      "hydrinit: --max-restarts: cannot be given beside --restart on-failure:N";
  EXPECT_EQ(changes({"--restart=on-failure:3", "--max-restarts=3"}), kRefusal);
  EXPECT_EQ(changes({"--max-restarts=0", "--restart=on-failure:0"}), kRefusal);
  EXPECT_EQ(changes({"--restart=on-failure:3"}, {"HYDRINIT_MAX_RESTARTS=3"}), kRefusal);
  EXPECT_EQ(changes({}, {"HYDRINIT_MAX_RESTARTS=3", "HYDRINIT_RESTART=on-failure:3"}), kRefusal);
}

TEST(Options, PolicyWithoutANumberStandsBesideMaxRestarts) {
  EXPECT_EQ(supervision({"--restart=on-failure", "--max-restarts=3"}),
            "supervises, restart on_failure, exit when failed, max 3, stop in 8000");
}

TEST(Options, EveryPolicyAndEveryExitIsTakenByItsWord) {
  for (const char* word : {"no", "on-failure", "always"}) {
    const CommandLine line({"hydrinit", "-n1", "--restart", word, "true"});
    const std::string policy = word == std::string("on-failure") ? "on_failure" : word;
    EXPECT_EQ(shown(line.config().restart), policy) << line.message();
  }
  for (const char* word : {"failed", "any", "all", "never"}) {
    const CommandLine line({"hydrinit", "--exit-when", word, "true"});
    EXPECT_EQ(shown(line.config().exit_when), word) << line.message();
  }
}

TEST(Options, NumberOfReplicasIsAnythingFrom1To10000) {
  for (int number : {1, 2, 9, 10, 64, 65, 9999, 10000}) {
    EXPECT_EQ(CommandLine({"hydrinit", "-n", std::to_string(number), "true"}).config().replicas,
              number);
  }
  EXPECT_EQ(CommandLine({"hydrinit", "-n", "007", "true"}).config().replicas, 7);
}

TEST(Options, MaxLessAFewIsTold) {
  const struct {
    const char* value;
    int replicas;
  } kRows[] = {{"max", -1}, {"max-0", -1}, {"max-1", -2}, {"max-10000", -10001}};
  for (const auto& row : kRows) {
    EXPECT_EQ(CommandLine({"hydrinit", "-n", row.value, "true"}).config().replicas, row.replicas);
  }
}

TEST(Options, NumbersReachTheirLimits) {
  EXPECT_EQ(changes({"--max-replicas=1"}), "max_replicas=1");
  EXPECT_EQ(changes({"--max-replicas=10000"}), "max_replicas=10000");
  EXPECT_EQ(changes({"--max-restarts=0"}), "max_restarts=0");
  EXPECT_EQ(changes({"--max-restarts=10000"}), "max_restarts=10000");
}

TEST(Options, MoreReplicasThanMaxReplicasAreRefused) {
  const char* const kRefusal = "hydrinit: --replicas: must not be above --max-replicas";
  EXPECT_EQ(changes({"-n", "4", "--max-replicas=3"}), kRefusal);
  EXPECT_EQ(changes({"--max-replicas=1", "-n10000"}), kRefusal);
  EXPECT_EQ(changes({"-n4"}, {"HYDRINIT_MAX_REPLICAS=3"}), kRefusal);
  EXPECT_FALSE(CommandLine({"hydrinit", "-n4", "--max-replicas=4", "true"}).refused());
  // How many that are is known only when they are started.
  EXPECT_FALSE(CommandLine({"hydrinit", "-nmax", "--max-replicas=1", "true"}).refused());
}

TEST(Options, RestartDelayAboveItsMaximumIsRefused) {
  const char* const kRefusal = "hydrinit: --restart-delay: must not be above --restart-max-delay";
  EXPECT_EQ(changes({"--restart-delay=2s", "--restart-max-delay=1s"}), kRefusal);
  EXPECT_EQ(changes({"--restart-delay=30001ms"}), kRefusal);
  EXPECT_EQ(changes({"--restart-max-delay=99ms"}), kRefusal);
  EXPECT_EQ(changes({"--restart-max-delay=1s"}, {"HYDRINIT_RESTART_DELAY=2s"}), kRefusal);
  EXPECT_EQ(changes({"--restart-delay=1s", "--restart-max-delay=1s"}),
            "restart_delay=1000 restart_max_delay=1000");
  EXPECT_EQ(changes({"--restart-delay=0", "--restart-max-delay=0"}),
            "restart_delay=0 restart_max_delay=0");
}

TEST(Options, RefusalOfWhatContradictsIsNotHiddenByQuiet) {
  EXPECT_EQ(changes({"-q", "-n4", "--max-replicas=3"}),
            "hydrinit: --replicas: must not be above --max-replicas");
}

TEST(Options, FirstMistakeIsToldBeforeAContradiction) {
  EXPECT_EQ(changes({"-n4", "--max-replicas=3", "--foo"}),
            "hydrinit: --foo: unknown option (see --help)");
}

TEST(Options, IndexNameIsOneThatAShellWouldTake) {
  for (const char* value : {"PORT", "port", "_", "_9", "A1_b", "PORT=0", "PORT=3000", "PORT=007"}) {
    EXPECT_EQ(changes({"--index-env", value}), std::string("index_env=") + value);
  }
}

TEST(Options, IndexNameMayHave64Characters) {
  const std::string longest(64, 'x');
  EXPECT_EQ(changes({"--index-env=" + longest}), "index_env=" + longest);
  EXPECT_EQ(changes({"--index-env=" + longest + "=3000"}), "index_env=" + longest + "=3000");
  for (const std::string& value :
       {longest + "x", longest + "x=3000", longest + std::string(1000, 'x')}) {
    EXPECT_TRUE(CommandLine({"hydrinit", "--index-env", value, "true"}).refused()) << value;
  }
}

TEST(Options, IndexBaseLeavesRoomForEveryReplica) {
  EXPECT_EQ(changes({"--index-env=A=2147473647"}), "index_env=A=2147473647");
  EXPECT_TRUE(CommandLine({"hydrinit", "--index-env=A=2147473648", "true"}).refused());
}

TEST(Options, NoRestartStatusesAddUp) {
  EXPECT_EQ(changes({"--no-restart-status=3", "--no-restart-status=4,TERM"}),
            "no_restart=3,4,TERM");
}

// ---- durations
// ------------------------------------------------------------------------------------

TEST(Duration, IsReadInEveryUnit) {
  EXPECT_EQ(parse_duration("250ms"), Millis{250});
  EXPECT_EQ(parse_duration("5s"), Millis{5000});
  EXPECT_EQ(parse_duration("2m"), Millis{120'000});
  EXPECT_EQ(parse_duration("1h"), Millis{3'600'000});
}

TEST(Duration, BareNumberIsSeconds) {
  EXPECT_EQ(parse_duration("8"), Millis{8000});
  EXPECT_EQ(parse_duration("008"), Millis{8000});
}

TEST(Duration, MayBeZero) {
  for (const char* text : {"0", "0ms", "0s", "0m", "0h"}) {
    EXPECT_EQ(parse_duration(text), Millis{0}) << text;
  }
}

TEST(Duration, MayBeAYearAndADayInEveryUnit) {
  for (const char* text : {"31622400000ms", "31622400s", "31622400", "527040m", "8784h"}) {
    EXPECT_EQ(parse_duration(text), kDurationMax) << text;
  }
}

TEST(Duration, LongerOneIsRefused) {
  for (const char* text : {"31622400001ms", "31622401s", "31622401", "527041m", "8785h"}) {
    EXPECT_LT(parse_duration(text), Millis{0}) << text;
  }
}

TEST(Duration, DoesNotOverflow) {
  for (const char* text : {"9223372036854775807ms", "9223372036854775808", "18446744073709551616s",
                           "5124095576030432h", "99999999999999999999999999m"}) {
    EXPECT_LT(parse_duration(text), Millis{0}) << text;
  }
}

TEST(Duration, GarbageIsRefused) {
  for (const char* text :
       {"",    "s",    "ms",   "-1",    "-1s", "+1",  " 5s",  "5 s", "5s ",  "5S",
        "5MS", "5sec", "1.5s", "1h30m", "5d",  "5us", "0x10", "1e3", "five", "5\n"}) {
    EXPECT_LT(parse_duration(text), Millis{0}) << text;
  }
}

// ---- what is refused
// --------------------------------------------------------------------------------

constexpr char kFlagWords[] = "yes or no (1 or 0, on or off)";
constexpr char kCountWords[] = "yes, no or a number up to 9";
constexpr char kDurationWords[] = "a duration (250ms, 5s, 2m, 1h; a bare number is seconds)";
constexpr char kSignalWords[] = "a signal (TERM, SIGTERM, 15, RTMIN+3)";
constexpr char kSignalListWords[] = "a list of signals that can be received (TERM,INT,RTMIN+3)";
constexpr char kRewriteWords[] =
    "FROM:TO signals (TERM:QUIT,INT:0; KILL, STOP and CHLD are never received)";
constexpr char kStatusWords[] = "a list of exit codes 0 to 255 and signal names (143,TERM)";

constexpr char kReplicasWords[] = "a number of replicas, max or max-K";
constexpr char kNumberWords[] = "a number up to 10000";
constexpr char kRestartWords[] = "no, on-failure, on-failure:N or always";
constexpr char kExitWhenWords[] = "failed, any, all or never";
constexpr char kIndexWords[] = "NAME or NAME=BASE";
constexpr char kReadyWords[] = "none, a duration, fd:N (3 to 63), notify or listen";
constexpr char kListenWords[] =
    "[NAME=]PORT, ADDRESS:PORT, [IPV6]:PORT, udp:... or unix:PATH, 16 at most";
constexpr char kPortsWords[] = "a list of ports 1 to 65535";
constexpr char kUserWords[] = "a user: NAME or UID, :GROUP or :GID";

// Alone it is of all ports, and as a variable also yes or no; so neither "" nor 0 is refused.
const std::set<std::string> kAttached{"share", "status", "healthy"};

// The numbers that only a process that is asked is told.
constexpr char kPidWords[] = "a process id";
constexpr char kSizeWords[] = "a size (64K, 300M, 1G)";

struct Refusal {
  const char* name;
  const char* expected;
  std::vector<const char*> values;
};

const std::vector<const char*> kBadDurations = {"",    "soon", "-1",   "5x",        "1.5s",
                                                " 5s", "5s ",  "1h1m", "31622401s", "8785h"};
const std::vector<const char*> kBadSignals = {"",         "0",        "65",      "FOO",
                                              "-15",      "SIG",      "15x",     "TERM,INT",
                                              "RTMIN+31", "RTMAX-31", "RTMIN-1", "TERM "};

const std::vector<const char*> kBadStatuses = {"",
                                               "256",
                                               "-1",
                                               "1000",
                                               "FOO",
                                               "1,",
                                               ",1",
                                               "1,,2",
                                               "1 2",
                                               "1;2",
                                               "1x",
                                               "TERMX",
                                               "99999999999999999999"};
// A 16-bit number would wrap round to 4.
constexpr char kWrapsRound[] = "65540";

const std::vector<Refusal>& refusals() {
  static const std::vector<Refusal> kRefusals = {
      {"parent-death-signal", kSignalWords, kBadSignals},
      {"rewrite",
       kRewriteWords,
       {"",          "TERM",      "TERM:",     ":TERM",           "TERM:FOO",       "FOO:TERM",
        "0:TERM",    "65:1",      "1:65",      "TERM:00",         "TERM:-1",        "TERM:INT:QUIT",
        "TERM=INT",  "TERM:INT,", ",TERM:INT", "TERM:INT,,HUP:0", "TERM:INT HUP:0", "TERM:0x",
        "KILL:TERM", "STOP:TERM", "CHLD:TERM", "TERM:INT,KILL:0"}},
      {"success-exit-status", kStatusWords, kBadStatuses},
      {"stop-on",
       kSignalListWords,
       {"", "0", "65", "FOO", "TERM,", ",TERM", "TERM,,INT", "TERM INT", "TERM:INT", "KILL", "STOP",
        "CHLD", "TERM,KILL"}},
      {"stop-signal", kSignalWords, kBadSignals},
      {"stop-timeout", kDurationWords, kBadDurations},
      {"stop-delay", kDurationWords, kBadDurations},
      {"wait-all", kDurationWords, kBadDurations},
      {"replicas",
       kReplicasWords,
       {"",       "0",         "-1",         "-0",    "+4",        "4 ",
        " 4",     "4x",        "0x4",        "1e9",   "1e3",       "4.0",
        "10001",  kWrapsRound, "4294967300", "max+1", "max-",      "max-x",
        "max--1", "max-1x",    "max 1",      "max1",  "max-10001", "MAX",
        "Max",    "ma",        "maxx",       "-max",  "auto",      "18446744073709551620"}},
      {"max-replicas",
       kNumberWords,
       {"", "0", "-1", "+4", "4 ", "4x", "1e9", "10001", kWrapsRound, "max", "max-1",
        "18446744073709551620"}},
      {"restart",
       kRestartWords,
       {"",
        "yes",
        "never",
        "No",
        "ALWAYS",
        "always ",
        "alway",
        "alwaysx",
        "always:3",
        "no:3",
        "onfailure",
        "on_failure",
        "on-failures",
        "unless-stopped",
        "on-failure:",
        "on-failure:x",
        "on-failure:-1",
        "on-failure:3x",
        "on-failure: 3",
        "on-failure:10001",
        "on-failure:65540",
        "on-failure:3:4",
        "on-failure=3",
        ":3"}},
      {"restart-delay", kDurationWords, kBadDurations},
      {"restart-max-delay", kDurationWords, kBadDurations},
      {"min-uptime", kDurationWords, kBadDurations},
      {"max-restarts",
       kNumberWords,
       {"", "-1", "+4", "4 ", "4x", "1e9", "10001", kWrapsRound, "max", "no",
        "18446744073709551620"}},
      {"no-restart-status", kStatusWords, kBadStatuses},
      {"exit-when",
       kExitWhenWords,
       {"", "fail", "failure", "Any", "ALL", "never ", "neverx", "any,all", "one", "1", "0"}},
      {"listen",
       kListenWords,
       {"", "0", "65536", "abc", "80,", ",80", "80,,81", "-80", "80 81", "a=", "unix:", "udp:",
        "udp:unix:/a", "localhost:80", "127.0.0.1", "127.0.0.1:0", "[::1]", "[::1]:65536", "::1:80",
        // 17 of them
        "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"}},
      {"share",
       kPortsWords,
       {"65536", "65616", "abc", "80,", ",80", "80,,81", "80 81", "80-90", "80,0", "tcp:80", "-1",
        "+80", "80x", "all"}},
      {"balance", "even or shared", {"", "Even", "even ", "evenly", "share", "1", "even,shared"}},
      {"ready",
       kReadyWords,
       {"",      "soon",      "-1",    "5x",       "1.5s",      " 5s",   "5s ",
        "1h1m",  "31622401s", "8785h", "fd",       "fd:",       "fd:0",  "fd:2",
        "fd:64", "fd:259",    "fd:-1", "fd:+4",    "fd:x",      "fd:4x", "FD:4",
        "fd: 4", "NOTIFY",    "none ", "notified", "listening", "never", "listen,notify"}},
      {"ready-timeout", kDurationWords, kBadDurations},
      {"reload-order",
       "drain, start-first or stop-first",
       {"", "drained", "Drain", "start", "start_first", "stop-first ", "first", "none", "1"}},
      {"drain-time", kDurationWords, kBadDurations},
      {"user",
       kUserWords,
       {"", ":", ":staff", "app:", "1000:",
        // 65 characters
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}},
      {"max-memory",
       kSizeWords,
       {"", "0", "-1", "abc", "1T", "1k", "1 M", "1MB", "M", "1023", "1.5G", "99999999999999999999",
        "2048G", "9223372036854775807K"}},
      {"status", "table or json", {"xml", "Table", "json ", "1"}},
      {"healthy", kNumberWords, {"0", "-1", "all", "10001", "1x"}},
      {"scale", kNumberWords, {"", "0", "-1", "+1", "max", "10001", kWrapsRound, "3x"}},
      {"restart-replica", kNumberWords, {"", "-1", "x", "10001", "all"}},
      {"pid", kPidWords, {"", "0", "-1", "self", "1x", "2147483648", "4294967297"}},
      {"timeout", kDurationWords, kBadDurations},
      {"log", "raw, prefix or json", {"", "Raw", "JSON", "prefixed", "none", "json,raw", "1"}},
      {"index-env",
       kIndexWords,
       {"", "=", "=3000", "9PORT", "9", "PO RT", "PO-RT", "PORT.", "P\303\226RT", "PORT ", "PO\nRT",
        "PORT=", "PORT=x", "PORT=-1", "PORT=+1", "PORT=3000x", "PORT=3000=1", "PORT= 3000",
        "PORT==3000", "PORT=4294967296", "PORT=99999999999999999999",
        // 65 characters
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}},
  };
  return kRefusals;
}

// As a message shows it.
std::string on_one_line(std::string value) {
  std::replace(value.begin(), value.end(), '\n', '?');
  return value;
}

TEST(Options, BadValueIsRefusedWithTheOptionTheValueAndWhatItShouldBe) {
  for (const Refusal& row : refusals()) {
    for (const char* value : row.values) {
      const std::string word = std::string("--") + row.name;
      const std::string message =
          "hydrinit: " + word + ": '" + on_one_line(value) + "' is not " + row.expected;
      if (kAttached.count(row.name) == 0) {
        EXPECT_EQ(changes({word, value}), message);
      }
      EXPECT_EQ(changes({word + "=" + value}), message);
    }
  }
}

TEST(Options, ShareOfPort0IsRefused) {
  EXPECT_EQ(changes({"--share=0"}), std::string("hydrinit: --share: '0' is not ") + kPortsWords);
}

TEST(Options, BadValueOfALetterNamesTheLongOption) {
  for (const Described& option : policies()) {
    if (option.letter == 0) continue;
    for (const Refusal& row : refusals()) {
      if (row.name != std::string(option.name)) continue;
      for (const char* value : row.values) {
        EXPECT_EQ(changes({std::string("-") + option.letter, value}),
                  std::string("hydrinit: --") + row.name + ": '" + on_one_line(value) +
                      "' is not " + row.expected);
      }
    }
  }
}

TEST(Options, EveryOptionWithAValueHasItsRefusalsTested) {
  std::set<std::string> tested;
  for (const Refusal& row : refusals()) tested.insert(row.name);
  std::set<std::string> have;
  for (Option option(native_options()); !option.at_end(); option.next()) {
    if (option.takes_value()) have.insert(option.name());
  }
  EXPECT_EQ(tested, have);
}

TEST(Options, MissingValueIsRefusedWithWhatItShouldBe) {
  for (const Refusal& row : refusals()) {
    if (kAttached.count(row.name) != 0) continue;
    const std::string word = std::string("--") + row.name;
    EXPECT_EQ(CommandLine({"hydrinit", word}).message(),
              "hydrinit: " + word + ": needs " + row.expected);
  }
}

TEST(Options, MissingValueOfALetterNamesTheLongOption) {
  EXPECT_EQ(CommandLine({"hydrinit", "-p"}).message(),
            std::string("hydrinit: --parent-death-signal: needs ") + kSignalWords);
  EXPECT_EQ(CommandLine({"hydrinit", "-vr"}).message(),
            std::string("hydrinit: --rewrite: needs ") + kRewriteWords);
  EXPECT_EQ(CommandLine({"hydrinit", "-e"}).message(),
            std::string("hydrinit: --success-exit-status: needs ") + kStatusWords);
  EXPECT_EQ(CommandLine({"hydrinit", "-n"}).message(),
            std::string("hydrinit: --replicas: needs ") + kReplicasWords);
}

TEST(Options, UnknownLongOptionIsRefused) {
  for (const char* word : {"--foo", "--stop", "--stop-timeouts", "--Stop-timeout", "--no-",
                           "--no-foo", "--no-no-session", "--verb"}) {
    EXPECT_EQ(changes({word}), std::string("hydrinit: ") + word + ": unknown option (see --help)");
  }
}

TEST(Options, UnknownLongOptionIsNamedWithoutItsValue) {
  EXPECT_EQ(changes({"--foo=bar"}), "hydrinit: --foo: unknown option (see --help)");
  EXPECT_EQ(changes({"--=bar"}), "hydrinit: --: unknown option (see --help)");
}

TEST(Options, UnknownLetterIsRefused) {
  EXPECT_EQ(changes({"-x"}), "hydrinit: -x: unknown option (see --help)");
  EXPECT_EQ(changes({"-gx"}), "hydrinit: -x: unknown option (see --help)");
  EXPECT_EQ(changes({"-g-"}), "hydrinit: --: unknown option (see --help)");
  EXPECT_EQ(changes({"-\n"}), "hydrinit: -?: unknown option (see --help)");
}

TEST(Options, FlagWithAValueIsRefused) {
  for (const Described& row : all_options()) {
    if (*row.value != '\0') continue;
    const std::string word = std::string("--") + row.name;
    EXPECT_EQ(CommandLine({"hydrinit", word + "=yes", "true"}).message(),
              "hydrinit: " + word + ": takes no value, got 'yes'");
  }
  EXPECT_EQ(changes({"--no-session=1"}), "hydrinit: --no-session: takes no value, got '1'");
  EXPECT_EQ(changes({"--session="}), "hydrinit: --session: takes no value, got ''");
}

TEST(Options, NoCommandIsRefused) {
  for (const Words& words : {Words{"hydrinit"}, Words{"hydrinit", "--"}, Words{"hydrinit", "-g"}}) {
    EXPECT_EQ(CommandLine(words).message(), "hydrinit: no command given (see --help)");
  }
}

TEST(Options, FirstMistakeIsTheOneTold) {
  EXPECT_EQ(changes({"--foo", "--stop-timeout=x"}), "hydrinit: --foo: unknown option (see --help)");
  EXPECT_EQ(changes({"--foo"}, {"HYDRINIT_STOP_DELAY=x"}),
            std::string("hydrinit: HYDRINIT_STOP_DELAY: 'x' is not ") + kDurationWords);
}

TEST(Options, HostileValueStaysOnOneLine) {
  EXPECT_EQ(changes({"--stop-timeout=1\nhydrinit: all is well\x1b[2J"}),
            std::string("hydrinit: --stop-timeout: '1?hydrinit: all is well?[2J' is not ") +
                kDurationWords);
}

TEST(Options, QuietDoesNotHideARefusal) {
  EXPECT_EQ(changes({"-q", "--foo"}), "hydrinit: --foo: unknown option (see --help)");
}

// ---- where parsing stops
// ----------------------------------------------------------------------------

TEST(Options, ParsingStopsAtTheFirstNonOption) {
  const CommandLine line({"hydrinit", "-g", "sh", "-c", "exit 3", "--help"});
  EXPECT_EQ(line.command(), "sh|-c|exit 3|--help");
  EXPECT_EQ(line.config().verb, Verb::run);
}

TEST(Options, ParsingStopsAtTwoDashes) {
  EXPECT_EQ(CommandLine({"hydrinit", "-g", "--", "-v", "--help"}).command(), "-v|--help");
}

TEST(Options, SecondTwoDashesAreTheCommand) {
  EXPECT_EQ(CommandLine({"hydrinit", "--", "--", "true"}).command(), "--|true");
}

TEST(Options, TwoDashesBehindTheCommandAreItsOwn) {
  EXPECT_EQ(CommandLine({"hydrinit", "java", "--", "-v"}).command(), "java|--|-v");
}

TEST(Options, SingleDashIsACommand) {
  EXPECT_EQ(CommandLine({"hydrinit", "-g", "-", "-v"}).command(), "-|-v");
}

TEST(Options, EmptyWordIsACommand) {
  const CommandLine line({"hydrinit", "", "-v"});
  EXPECT_FALSE(line.refused());
  EXPECT_EQ(line.command(), "|-v");
}

TEST(Options, ActionsNeedNoCommand) {
  for (const Described& row : actions()) {
    const CommandLine line({"hydrinit", std::string("--") + row.name});
    EXPECT_FALSE(line.refused()) << line.message();
  }
}

TEST(Options, HelpVersionAndLicenseActAtOnce) {
  for (const char* word : {"--help", "--version", "--license", "-h", "-V", "-l"}) {
    const CommandLine line({"hydrinit", word, "--foo", "--stop-timeout=x"});
    EXPECT_FALSE(line.refused()) << line.message();
  }
}

TEST(Options, ExplainReadsTheWholeCommandLine) {
  const CommandLine line({"hydrinit", "--explain", "--stop-timeout", "8s", "node", "server.js"});
  EXPECT_EQ(line.config().verb, Verb::explain);
  EXPECT_EQ(line.config().stop_timeout, Millis{8000});
  EXPECT_EQ(line.command(), "node|server.js");
  EXPECT_TRUE(CommandLine({"hydrinit", "--explain", "--foo"}).refused());
}

TEST(Options, ArgvWithoutEvenAProgramNameIsRefusedNotRead) {
  char* argv[] = {nullptr};
  char* envp[] = {nullptr};
  const Invocation invocation = parse_invocation(choose_dialect(""), argv, envp);
  EXPECT_EQ(invocation.error.kind, Notice::Kind::no_command);
}

// ---- the environment
// --------------------------------------------------------------------------------

TEST(Environment, EveryPolicyWorksThroughItsVariableAsOnTheCommandLine) {
  int policies_seen = 0;
  for (Option option(native_options()); !option.at_end(); option.next()) {
    if (!option.is_policy()) continue;
    ++policies_seen;
    const std::string value = sample_value(option);
    const std::string word = std::string("--") + option.name();
    const Words words{option.takes_value() ? word + "=" + value : word};
    const Words variables{variable_name(option.name()) + "=" + value};
    const CommandLine by_variable({"hydrinit", "true"}, variables + beside(option));
    const CommandLine by_word(Words{"hydrinit"} + words + Words{"true"}, beside(option));
    EXPECT_FALSE(by_variable.refused()) << by_variable.message();
    EXPECT_FALSE(by_word.refused()) << by_word.message();
    EXPECT_EQ(changes(by_variable.config(), by_word.config()), "") << variables[0];
  }
  EXPECT_EQ(policies_seen, 37);
}

TEST(Environment, EveryPolicyChangesSomethingThroughItsVariable) {
  for (const Described& row : policies()) {
    const std::string value = *row.value != '\0' ? row.value : "1";
    if (row.name == std::string("listen-pid")) continue;  // on by default
    EXPECT_EQ(changes({}, {variable_name(row.name) + "=" + value}, "hydrinit", row.before),
              row.change)
        << row.name;
  }
  EXPECT_EQ(changes({}, {"HYDRINIT_LISTEN_PID=0"}), "listen_pid=no");
}

TEST(Environment, ShareIsPortsOrYesOrNo) {
  for (const char* yes : {"1", "yes", "true", "on"}) {
    EXPECT_EQ(changes({}, {std::string("HYDRINIT_SHARE=") + yes}, "hydrinit", {"-n4"}),
              "ready_by=listen share=")
        << yes;
  }
  for (const char* no : {"0", "no", "false", "off"}) {
    EXPECT_EQ(changes({}, {std::string("HYDRINIT_SHARE=") + no}), "") << no;
  }
  EXPECT_EQ(changes({}, {"HYDRINIT_SHARE=1,2"}, "hydrinit", {"-n4"}), "ready_by=listen share=1,2");
}

TEST(Environment, EveryPolicyWorksInEveryDialect) {
  for (const char* argv0 : {"hydrinit", "tini", "dumb-init", "catatonit"}) {
    const CommandLine base({argv0, "true"});
    for (Option option(native_options()); !option.at_end(); option.next()) {
      if (!option.is_policy()) continue;
      const std::string name = variable_name(option.name());
      const CommandLine set({argv0, "true"},
                            Words{name + "=" + sample_value(option)} + beside(option));
      // A flag may name the dialect's default: then its contrary is what changes something.
      const CommandLine unset({argv0, "true"},
                              Words{option.takes_value() ? "X=" : name + "=0"} + beside(option));
      EXPECT_FALSE(set.refused()) << argv0 << " " << name;
      EXPECT_NE(changes(set.config(), unset.config()), "") << argv0 << " " << name;
    }
  }
}

TEST(Environment, FlagsUnderstandYesAndNo) {
  for (const char* yes : {"1", "yes", "true", "on"}) {
    EXPECT_EQ(changes({}, {std::string("HYDRINIT_SUBREAPER=") + yes}), "subreaper=on");
    EXPECT_EQ(changes({}, {std::string("HYDRINIT_VERBOSE=") + yes}), "verbosity=1");
  }
  for (const char* no : {"0", "no", "false", "off"}) {
    EXPECT_EQ(changes({}, {std::string("HYDRINIT_SUBREAPER=") + no}), "subreaper=off");
    EXPECT_EQ(changes({}, {std::string("HYDRINIT_VERBOSE=") + no}), "");
  }
}

TEST(Environment, VerboseTakesANumber) {
  for (int level = 0; level <= 9; ++level) {
    const CommandLine line({"hydrinit", "true"}, {"HYDRINIT_VERBOSE=" + std::to_string(level)});
    EXPECT_EQ(line.config().verbosity, level);
  }
}

TEST(Environment, BadValueIsRefusedWithTheVariableTheValueAndWhatItShouldBe) {
  std::set<std::string> others;
  for (const Described& row : requests()) others.insert(row.name);
  for (const Refusal& row : refusals()) {
    if (others.count(row.name) != 0) continue;  // no policy
    for (const char* value : row.values) {
      if (*value == '\0') continue;  // counts as unset
      const std::string name = variable_name(row.name);
      EXPECT_EQ(changes({}, {name + "=" + value}),
                "hydrinit: " + name + ": '" + on_one_line(value) + "' is not " + row.expected);
    }
  }
}

TEST(Environment, BadValueOfAFlagIsRefused) {
  for (const Described& row : policies()) {
    if (*row.value != '\0') continue;
    const bool count = row.letter == 'v';
    for (const char* value : {"maybe", "-1", "10", " 1", "1 ", "yes,no", "="}) {
      const std::string name = variable_name(row.name);
      EXPECT_EQ(
          changes({}, {name + "=" + value}),
          "hydrinit: " + name + ": '" + value + "' is not " + (count ? kCountWords : kFlagWords));
    }
  }
}

TEST(Environment, EmptyVariableCountsAsUnset) {
  for (const Described& row : policies()) {
    EXPECT_EQ(changes({}, {variable_name(row.name) + "="}), "") << row.name;
  }
}

TEST(Environment, ActionsHaveNoVariable) {
  for (const Described& row : actions()) {
    EXPECT_EQ(changes({}, {variable_name(row.name) + "=1"}), "") << row.name;
    EXPECT_EQ(changes({}, {variable_name(row.name) + "=garbage"}), "") << row.name;
  }
}

TEST(Environment, VariablesThatNameNoOptionAreIgnored) {
  EXPECT_EQ(changes({}, {"HYDRINIT_REPLICA=x", "HYDRINIT_REPLICA_COUNT=x", "HYDRINIT_N=x",
                         "HYDRINIT_NO_PIN=x", "HYDRINIT_SERVICE_HOST=10.0.0.1", "HYDRINIT_=1",
                         "HYDRINIT_STOP=x", "HYDRINIT_STOP_TIMEOUTS=x", "HYDRINIT_STOP-TIMEOUT=x",
                         "hydrinit_stop_timeout=x", "HYDRINIT_stop_timeout=x", "STOP_TIMEOUT=x",
                         "XHYDRINIT_STOP_TIMEOUT=x", "HYDRINIT_NO_SESSION=x", "HYDRINIT_SESSION",
                         "HYDRINIT", "", "="}),
            "");
}

TEST(Environment, ArgvWinsOverAFlag) {
  for (const Described& row : policies()) {
    if (*row.value != '\0') continue;
    const Words against{std::string("--no-") + row.name};
    const CommandLine both(Words{"hydrinit"} + against + Words{"true"},
                           {variable_name(row.name) + "=1"});
    const CommandLine alone(Words{"hydrinit"} + against + Words{"true"});
    EXPECT_EQ(changes(both.config(), alone.config()), "") << row.name;
  }
}

TEST(Environment, ArgvWinsOverAValue) {
  const struct {
    const char* variable;
    Words words;
    const char* change;
  } kRows[] = {
      {"HYDRINIT_PARENT_DEATH_SIGNAL=KILL", {"-p", "TERM"}, "parent_death_signal=TERM"},
      {"HYDRINIT_REWRITE=TERM:INT", {"-r", "TERM:QUIT"}, "signals=TERM:QUIT"},
      {"HYDRINIT_STOP_ON=WINCH", {"--stop-on=TERM"}, "stop_on=TERM"},
      {"HYDRINIT_STOP_SIGNAL=INT", {"--stop-signal=QUIT"}, "stop_signal=QUIT"},
      {"HYDRINIT_STOP_TIMEOUT=1s", {"--stop-timeout=2s"}, "stop_timeout=2000"},
      {"HYDRINIT_STOP_DELAY=1s", {"--stop-delay=2s"}, "stop_delay=2000"},
      {"HYDRINIT_WAIT_ALL=1s", {"--wait-all=2s"}, "wait_all=2000"},
      {"HYDRINIT_REPLICAS=max", {"-n4"}, kReplicasChange},
      {"HYDRINIT_MAX_REPLICAS=4", {"--max-replicas=8"}, "max_replicas=8"},
      {"HYDRINIT_RESTART=on-failure:5", {"--restart=on-failure:3"}, kOnFailureChange},
      {"HYDRINIT_RESTART=on-failure:5", {"--restart=no"}, ""},
      {"HYDRINIT_RESTART_DELAY=1s", {"--restart-delay=2s"}, "restart_delay=2000"},
      {"HYDRINIT_RESTART_MAX_DELAY=1s", {"--restart-max-delay=2s"}, "restart_max_delay=2000"},
      {"HYDRINIT_MIN_UPTIME=1s", {"--min-uptime=2s"}, "min_uptime=2000"},
      {"HYDRINIT_MAX_RESTARTS=1", {"--max-restarts=2"}, "max_restarts=2"},
      {"HYDRINIT_EXIT_WHEN=all", {"--exit-when=never"}, "exit_when=never"},
      {"HYDRINIT_READY=3s", {"--ready=2s"}, "ready=2000"},
      {"HYDRINIT_READY=notify", {"--ready=2s"}, "ready=2000"},
      {"HYDRINIT_READY_TIMEOUT=1s", {"--ready-timeout=2s"}, "ready_timeout=2000"},
      {"HYDRINIT_BALANCE=shared", {"--balance=even"}, ""},
      {"HYDRINIT_RELOAD_ORDER=drain", {"--reload-order=stop-first"}, "reload_order=stop_first"},
      {"HYDRINIT_DRAIN_TIME=1s", {"--drain-time=2s"}, "drain_time=2000"},
      {"HYDRINIT_USER=root", {"--user=app"}, "user=app"},
      {"HYDRINIT_LOG=json", {"--log=raw"}, ""},
      {"HYDRINIT_INDEX_ENV=A=1", {"--index-env=B"}, "index_env=B"},
      {"HYDRINIT_SINGLE_CHILD=1", {"-g"}, "scope=group"},
      {"HYDRINIT_QUIET=1", {"--no-quiet", "-v"}, "verbosity=1"},
  };
  for (const auto& row : kRows) EXPECT_EQ(changes(row.words, {row.variable}), row.change);
}

TEST(Environment, ListsOfArgvAddToThoseOfTheEnvironment) {
  EXPECT_EQ(changes({"-e", "3"}, {"HYDRINIT_SUCCESS_EXIT_STATUS=143"}), "success=3,143");
  EXPECT_EQ(changes({"-r", "INT:0"}, {"HYDRINIT_REWRITE=TERM:QUIT"}), "signals=INT:0,TERM:QUIT");
  EXPECT_EQ(changes({"--no-restart-status=3"}, {"HYDRINIT_NO_RESTART_STATUS=KILL"}),
            "no_restart=3,KILL");
  EXPECT_EQ(changes({"--listen=80"}, {"HYDRINIT_LISTEN=udp:53"}), "listen=udp:53,80");
}

TEST(Environment, ValueMayHoldAnEqualsSign) {
  EXPECT_EQ(changes({}, {"HYDRINIT_INDEX_ENV=PORT=3000"}), "index_env=PORT=3000");
  EXPECT_EQ(changes({}, {"HYDRINIT_STOP_TIMEOUT=1s=2"}),
            std::string("hydrinit: HYDRINIT_STOP_TIMEOUT: '1s=2' is not ") + kDurationWords);
}

std::string stripped(Words variables) {
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  char name[] = "hydrinit";
  char* argv[] = {name, nullptr};
  parse_invocation(choose_dialect(name), argv, envp.data());
  Words kept;
  for (char** variable = envp.data(); *variable != nullptr; ++variable) kept.push_back(*variable);
  return joined(kept, " ");
}

TEST(Environment, StripTakesOutEveryPolicysVariable) {
  Words variables{"FIRST=1"};
  for (const Described& row : policies()) {
    variables.push_back(variable_name(row.name) + "=");  // as good as not set, for all kinds
    variables.push_back("BETWEEN=" + std::to_string(variables.size()));
  }
  Words expected{"FIRST=1"};
  for (std::size_t i = 2; i < variables.size(); i += 2) expected.push_back(variables[i]);
  EXPECT_EQ(stripped(variables), joined(expected, " "));
  // Whatever its value, and be it refused.
  for (const Described& row : policies()) {
    EXPECT_EQ(stripped({"FIRST=1", variable_name(row.name) + "=1"}), "FIRST=1");
  }
}

TEST(Environment, StripKeepsAllElseInItsOrder) {
  const Words kKept = {
      "PATH=/bin",
      "HYDRINIT_REPLICA=0",
      "HYDRINIT_REPLICA_COUNT=4",
      // Kubernetes makes these up for a service that is called hydrinit.
      "HYDRINIT_SERVICE_HOST=10.0.0.1",
      "HYDRINIT_SERVICE_PORT=80",
      "HYDRINIT_PORT=tcp://10.0.0.1:80",
      "HYDRINIT_HELP=1",
      "HYDRINIT_VERSION=1",
      "HYDRINIT_LICENSE=1",
      "HYDRINIT_EXPLAIN=1",
      "HYDRINIT_STOP_TIMEOUT",
      "HYDRINIT_STOP_TIMEOUTS=1",
      "hydrinit_stop_timeout=1",
      "MY_HYDRINIT_STOP_TIMEOUT=1",
      "TINI_SUBREAPER=",
      "DUMB_INIT_DEBUG=1",
      "CATATONIT_DEBUG=1",
      "HYDRINIT_=1",
  };
  EXPECT_EQ(stripped(kKept), joined(kKept, " "));
}

TEST(Environment, StripTakesOutEmptyAndRepeatedVariables) {
  EXPECT_EQ(stripped({"HYDRINIT_SESSION=", "A=1", "HYDRINIT_SESSION=1", "HYDRINIT_SESSION=0"}),
            "A=1");
}

TEST(Environment, StripOfNothingIsNothing) { EXPECT_EQ(stripped({}), ""); }

TEST(Environment, NestedHydrinitSeesNoneOfTheVariables) {
  Words variables;
  for (const Described& row : policies()) {
    variables.push_back(variable_name(row.name) + "=" + (*row.value != '\0' ? row.value : "1"));
  }
  EXPECT_EQ(stripped(variables), "");
}

TEST(Options, HelpIsShownWhateverContradictsItself) {
  EXPECT_FALSE(CommandLine({"hydrinit", "--restart-delay=1m", "--help"}).refused());
  EXPECT_FALSE(CommandLine({"tini", "--version"}, {"HYDRINIT_RESTART_DELAY=1m"}).refused());
}

// They scale, also where each replica leads a session.
TEST(Options, SessionLeavesTtinAndTtouToReplicas) {
  EXPECT_EQ(changes({"-n", "2", "--session"}).find("TTIN"), std::string::npos);
  EXPECT_NE(changes({"--session"}).find("TTIN"), std::string::npos);
}

}  // namespace
}  // namespace hydrinit
