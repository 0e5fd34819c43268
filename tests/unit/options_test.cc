#include "core/options.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "command_line.h"

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
};

constexpr char kSessionChange[] =
    "placement=new_session scope=group signals=TSTP:STOP,TTIN:STOP,TTOU:STOP";

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

std::vector<Described> all_options() {
  std::vector<Described> all = policies();
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
  case ValueKind::tini_signal:
  case ValueKind::tini_status:
  case ValueKind::low_rewrite:
  case ValueKind::verbosity_level: break;
  }
  ADD_FAILURE() << "hydrinit's own table has a dialect's kind of value: --" << option.name();
  return "";
}

// ---- the table ----------------------------------------------------------------------------------

TEST(Options, TableHasTheDescribedOptionsAndNoOther) {
  std::string table;
  for (Option option(native_options()); !option.at_end(); option.next()) {
    table += std::string(option.letter() != 0 ? 1 : 0, option.letter()) + " --" + option.name() +
             (option.takes_value() ? " VALUE" : "") + (option.is_policy() ? "" : " action") + "\n";
  }
  std::string described;
  for (const Described& row : all_options()) {
    described += std::string(row.letter != 0 ? 1 : 0, row.letter) + " --" + row.name +
                 (*row.value != '\0' ? " VALUE" : "") +
                 (std::string(row.change).starts_with("verb=") ? " action" : "") + "\n";
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
    Words words{std::string("--") + row.name};
    if (*row.value != '\0') words.push_back(row.value);
    EXPECT_EQ(changes(words, {}, "hydrinit", row.before), row.change) << row.name;
  }
}

TEST(Options, EachWorksByItsLongNameWithTheValueBehindEquals) {
  for (const Described& row : policies()) {
    if (*row.value == '\0') continue;
    const std::string word = std::string("--") + row.name + "=" + row.value;
    EXPECT_EQ(changes({word}), row.change) << word;
  }
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
}

TEST(Options, AttachedValueMayLookLikeLetters) {
  EXPECT_EQ(changes({"-pHUP"}), "parent_death_signal=HUP");
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

const std::vector<Refusal>& refusals() {
  static const std::vector<Refusal> kRefusals = {
      {"parent-death-signal", kSignalWords, kBadSignals},
      {"rewrite",
       kRewriteWords,
       {"",          "TERM",      "TERM:",     ":TERM",           "TERM:FOO",       "FOO:TERM",
        "0:TERM",    "65:1",      "1:65",      "TERM:00",         "TERM:-1",        "TERM:INT:QUIT",
        "TERM=INT",  "TERM:INT,", ",TERM:INT", "TERM:INT,,HUP:0", "TERM:INT HUP:0", "TERM:0x",
        "KILL:TERM", "STOP:TERM", "CHLD:TERM", "TERM:INT,KILL:0"}},
      {"success-exit-status",
       kStatusWords,
       {"", "256", "-1", "1000", "FOO", "1,", ",1", "1,,2", "1 2", "1;2", "1x", "TERMX",
        "99999999999999999999"}},
      {"stop-on",
       kSignalListWords,
       {"", "0", "65", "FOO", "TERM,", ",TERM", "TERM,,INT", "TERM INT", "TERM:INT", "KILL", "STOP",
        "CHLD", "TERM,KILL"}},
      {"stop-signal", kSignalWords, kBadSignals},
      {"stop-timeout", kDurationWords, kBadDurations},
      {"stop-delay", kDurationWords, kBadDurations},
      {"wait-all", kDurationWords, kBadDurations},
  };
  return kRefusals;
}

TEST(Options, BadValueIsRefusedWithTheOptionTheValueAndWhatItShouldBe) {
  for (const Refusal& row : refusals()) {
    for (const char* value : row.values) {
      const std::string word = std::string("--") + row.name;
      const std::string message = "hydrinit: " + word + ": '" + value + "' is not " + row.expected;
      EXPECT_EQ(changes({word, value}), message);
      EXPECT_EQ(changes({word + "=" + value}), message);
    }
  }
}

TEST(Options, BadValueOfALetterNamesTheLongOption) {
  for (const Described& option : policies()) {
    if (option.letter == 0) continue;
    for (const Refusal& row : refusals()) {
      if (row.name != std::string(option.name)) continue;
      for (const char* value : row.values) {
        EXPECT_EQ(
            changes({std::string("-") + option.letter, value}),
            std::string("hydrinit: --") + row.name + ": '" + value + "' is not " + row.expected);
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
    const CommandLine by_variable({"hydrinit", "true"}, variables);
    const CommandLine by_word(Words{"hydrinit"} + words + Words{"true"});
    EXPECT_FALSE(by_variable.refused()) << by_variable.message();
    EXPECT_EQ(changes(by_variable.config(), by_word.config()), "") << variables[0];
  }
  EXPECT_EQ(policies_seen, 15);
}

TEST(Environment, EveryPolicyChangesSomethingThroughItsVariable) {
  for (const Described& row : policies()) {
    const std::string value = *row.value != '\0' ? row.value : "1";
    EXPECT_EQ(changes({}, {variable_name(row.name) + "=" + value}, "hydrinit", row.before),
              row.change)
        << row.name;
  }
}

TEST(Environment, EveryPolicyWorksInEveryDialect) {
  for (const char* argv0 : {"hydrinit", "tini", "dumb-init", "catatonit"}) {
    const CommandLine base({argv0, "true"});
    for (Option option(native_options()); !option.at_end(); option.next()) {
      if (!option.is_policy()) continue;
      const std::string name = variable_name(option.name());
      const CommandLine set({argv0, "true"}, {name + "=" + sample_value(option)});
      // A flag may name the dialect's default: then its contrary is what changes something.
      const CommandLine unset({argv0, "true"}, {option.takes_value() ? "X=" : name + "=0"});
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
  for (const Refusal& row : refusals()) {
    for (const char* value : row.values) {
      if (*value == '\0') continue;  // counts as unset
      const std::string name = variable_name(row.name);
      EXPECT_EQ(changes({}, {name + "=" + value}),
                "hydrinit: " + name + ": '" + value + "' is not " + row.expected);
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
  EXPECT_EQ(changes({}, {"HYDRINIT_REPLICA=x", "HYDRINIT_SERVICE_HOST=10.0.0.1", "HYDRINIT_=1",
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
      {"HYDRINIT_SINGLE_CHILD=1", {"-g"}, "scope=group"},
      {"HYDRINIT_QUIET=1", {"--no-quiet", "-v"}, "verbosity=1"},
  };
  for (const auto& row : kRows) EXPECT_EQ(changes(row.words, {row.variable}), row.change);
}

TEST(Environment, ListsOfArgvAddToThoseOfTheEnvironment) {
  EXPECT_EQ(changes({"-e", "3"}, {"HYDRINIT_SUCCESS_EXIT_STATUS=143"}), "success=3,143");
  EXPECT_EQ(changes({"-r", "INT:0"}, {"HYDRINIT_REWRITE=TERM:QUIT"}), "signals=INT:0,TERM:QUIT");
}

TEST(Environment, ValueMayHoldAnEqualsSign) {
  EXPECT_EQ(changes({}, {"HYDRINIT_STOP_TIMEOUT=1s=2"}),
            std::string("hydrinit: HYDRINIT_STOP_TIMEOUT: '1s=2' is not ") + kDurationWords);
}

std::string stripped(Words variables) {
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  strip_environment(envp.data());
  Words kept;
  for (char** variable = envp.data(); *variable != nullptr; ++variable) kept.push_back(*variable);
  return joined(kept, " ");
}

TEST(Environment, StripTakesOutEveryPolicysVariable) {
  Words variables{"FIRST=1"};
  for (const Described& row : policies()) {
    variables.push_back(variable_name(row.name) + "=1");
    variables.push_back("BETWEEN=" + std::to_string(variables.size()));
  }
  Words expected{"FIRST=1"};
  for (std::size_t i = 2; i < variables.size(); i += 2) expected.push_back(variables[i]);
  EXPECT_EQ(stripped(variables), joined(expected, " "));
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

}  // namespace
}  // namespace hydrinit
