#include "core/dialects.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "command_line.h"
#include "core/help.h"

namespace hydrinit {
namespace {

constexpr char kTini[] = "tini";
constexpr char kDumbInit[] = "dumb-init";
constexpr char kCatatonit[] = "catatonit";

// What a dialect starts from, as fields that differ from hydrinit's own.
std::string defaults(const char* argv0) {
  const CommandLine dialect({argv0, "true"});
  const CommandLine native({"hydrinit", "true"});
  return changes(dialect.config(), native.config());
}

// The whole page, as help or version print it.
std::string help_of(const char* argv0) {
  static char buffer[8192];
  Text text(buffer);
  append_help(text, choose_dialect(argv0), true);
  return std::string(text.view());
}

std::string version_of(const char* argv0) {
  char buffer[256];
  Text text(buffer);
  append_version(text, choose_dialect(argv0));
  return std::string(text.view());
}

constexpr char kOwnVersion[] = "hydrinit " HYDRINIT_VERSION
                               " ("
#include "commit.inc"
                               ", " HYDRINIT_LIBC ")\n";

// ---- by what name
// ---------------------------------------------------------------------------------

TEST(Dialects, AreChosenByTheLastPartOfTheName) {
  const struct {
    const char* argv0;
    Style style;
  } kRows[] = {
      {"tini", Style::tini},
      {"/sbin/tini", Style::tini},
      {"tini-static", Style::tini},
      {"/sbin/docker-init", Style::tini},
      {"/usr/libexec/podman/podman-init", Style::tini},
      {"dumb-init", Style::dumb_init},
      {"./dumb-init", Style::dumb_init},
      {"/usr/bin/catatonit", Style::catatonit},
      {"catatonit", Style::catatonit},
      {"//tini", Style::tini},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(shown(choose_dialect(row.argv0).style), shown(row.style)) << row.argv0;
  }
}

TEST(Dialects, AnyOtherNameIsHydrinits) {
  for (const char* argv0 : {"hydrinit", "/sbin/hydrinit", "init", "", "/", "tini/", "tini.real",
                            "mytini", "TINI", "-tini", "dumb_init", "/tini/catatonit2"}) {
    EXPECT_EQ(shown(choose_dialect(argv0).style), "native") << argv0;
  }
}

TEST(Dialects, SetTheStyleOfTheMessages) {
  for (const char* argv0 : {"hydrinit", kTini, kDumbInit, kCatatonit}) {
    const CommandLine line({argv0, "true"});
    EXPECT_EQ(shown(line.config().style), shown(line.dialect().style)) << argv0;
  }
}

// ---- what they start from -----------------------------------------------------------------------

TEST(Dialects, HydrinitItselfStartsFromTheDefaults) {
  const CommandLine line({"hydrinit", "true"});
  Config expected;
  expected.scope = SignalScope::leader;
  expected.restart = Restart::no;
  expected.exit_when = ExitWhen::any;
  expected.max_restarts = 10;
  expected.ready_by = ReadyBy::time;
  EXPECT_EQ(changes(line.config(), expected), "");
}

TEST(Dialects, TiniStartsWithWarningsAndWithoutSubreaper) {
  EXPECT_EQ(defaults(kTini),
            "style=tini subreaper=off verbosity=1 "
            "signals=ILL:0,TRAP:0,ABRT:0,BUS:0,FPE:0,SEGV:0,TTIN:0,TTOU:0,SYS:0,32:0,33:0");
}

TEST(Dialects, DumbInitStartsWithASessionAndItsGroup) {
  EXPECT_EQ(defaults(kDumbInit),
            "style=dumb_init subreaper=off placement=new_session scope=group term_group_at_end=yes "
            "signals=TSTP:STOP,TTIN:STOP,TTOU:STOP,32:0,33:0");
}

TEST(Dialects, CatatonitStartsQuietAndSwallowsTheTerminalStops) {
  EXPECT_EQ(defaults(kCatatonit),
            "style=catatonit signals=ILL:0,TRAP:0,ABRT:0,BUS:0,FPE:0,SEGV:0,TSTP:0,TTIN:0,TTOU:0,"
            "SYS:0,32:0,33:0");
}

TEST(Dialects, HydrinitSendsEverySignalOn) {
  const CommandLine line({"hydrinit", "true"});
  for (int number = 1; number <= 64; ++number) {
    EXPECT_EQ(line.config().signals.sent_as(number), number);
  }
}

TEST(Dialects, ExitCodesAreTheOriginals) {
  const struct {
    const char* argv0;
    const char* codes;
  } kRows[] = {
      {"hydrinit", "2 125 127 126 126"},
      {kTini, "1 1 127 126 1"},
      {kDumbInit, "1 1 2 2 2"},
      {kCatatonit, "1 1 1 1 1"},
  };
  for (const auto& row : kRows) {
    const ExitCodes codes = choose_dialect(row.argv0).codes;
    std::string shown_codes;
    for (int code :
         {codes.usage, codes.internal, codes.not_found, codes.not_executable, codes.exec_failed}) {
      shown_codes += (shown_codes.empty() ? "" : " ") + std::to_string(code);
    }
    EXPECT_EQ(shown_codes, row.codes) << row.argv0;
  }
}

// ---- tini
// -------------------------------------------------------------------------------------------

TEST(Tini, EveryOptionWorks) {
  const struct {
    Words words;
    const char* change;
  } kRows[] = {
      {{"-s"}, "subreaper=on"},
      {{"-p", "SIGTERM"}, "parent_death_signal=TERM"},
      {{"-pSIGKILL"}, "parent_death_signal=KILL"},
      {{"-v"}, "verbosity=2"},
      {{"-vvv"}, "verbosity=4"},
      {{"-w"}, "warn_reaped=yes"},
      {{"-g"}, "scope=group"},
      {{"-e", "143"}, "success=143"},
      {{"-e143", "-e", "0", "-e", "255"}, "success=0,143,255"},
      {{"-sgwvp", "SIGHUP"},
       "subreaper=on scope=group parent_death_signal=HUP warn_reaped=yes verbosity=2"},
      {{"-h"}, "verb=help"},
      {{"-l"}, "verb=license"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(changes(row.words, {}, kTini), row.change) << joined(row.words, " ");
  }
}

TEST(Tini, TakesTheCommandLinesThatItsUsersWrite) {
  const CommandLine java({"tini", "-g", "-e", "143", "--", "java", "-jar", "a.jar"});
  EXPECT_EQ(java.command(), "java|-jar|a.jar");
  EXPECT_EQ(java.config().scope, SignalScope::group);
  EXPECT_TRUE(java.config().success.has_code(143));
  EXPECT_EQ(CommandLine({"/sbin/docker-init", "--", "node", "-v"}).command(), "node|-v");
}

TEST(Tini, StopsAtTheFirstNonOption) {
  EXPECT_EQ(CommandLine({"tini", "-s", "sh", "-c", "exit 3"}).command(), "sh|-c|exit 3");
}

TEST(Tini, SecondTwoDashesAreTheProgram) {
  EXPECT_EQ(CommandLine({"tini", "--", "--", "x"}).command(), "--|x");
}

TEST(Tini, PrintsItsVersionWhenThatIsTheOnlyArgument) {
  const CommandLine line({"/sbin/docker-init", "--version"});
  EXPECT_FALSE(line.refused());
  EXPECT_EQ(line.config().verb, Verb::version);
}

TEST(Tini, VersionWithAnythingElseIsRefused) {
  for (const Words& words : {Words{"tini", "--version", "true"}, Words{"tini", "-v", "--version"},
                             Words{"tini", "--version", "--"}}) {
    EXPECT_EQ(CommandLine(words).message(), "tini: invalid option -- '-'");
  }
}

TEST(Tini, VersionBehindTwoDashesIsTheProgram) {
  EXPECT_EQ(CommandLine({"tini", "--", "--version"}).command(), "--version");
}

TEST(Tini, HasNoLongOptions) {
  for (const char* word : {"--help", "--verbose", "--subreaper", "--stop-timeout=5s", "--versio"}) {
    EXPECT_EQ(changes({word}, {}, kTini), "tini: invalid option -- '-'") << word;
  }
}

TEST(Tini, UnknownLetterIsRefused) {
  EXPECT_EQ(changes({"-x"}, {}, kTini), "tini: invalid option -- 'x'");
  EXPECT_EQ(changes({"-gV"}, {}, kTini), "tini: invalid option -- 'V'");
}

TEST(Tini, MissingValueIsRefused) {
  EXPECT_EQ(CommandLine({"tini", "-p"}).message(), "tini: option requires an argument -- 'p'");
  EXPECT_EQ(CommandLine({"tini", "-ge"}).message(), "tini: option requires an argument -- 'e'");
}

TEST(Tini, NoProgramIsRefused) {
  EXPECT_EQ(CommandLine({"tini"}).message(), "tini: no program given");
  EXPECT_EQ(CommandLine({"tini", "-g", "--"}).message(), "tini: no program given");
}

TEST(Tini, ParentDeathSignalsAreThoseThatTiniKnows) {
  // tini's table has the POSIX ones: neither STKFLT, IO and PWR nor realtime ones.
  for (int number = 1; number <= 64; ++number) {
    const std::string name = "SIG" + shown_signal(number);
    const bool known = number <= 31 && number != 16 && number != 29 && number != 30;
    const CommandLine line({"tini", "-p", name, "true"});
    EXPECT_EQ(line.refused(), !known) << name;
    if (known) {
      EXPECT_EQ(line.config().parent_death_signal, number) << name;
    } else {
      EXPECT_EQ(line.message(), "[FATAL tini (1)] Not a valid option for -p: " + name);
    }
  }
}

TEST(Tini, ParentDeathSignalNeedsItsFullName) {
  for (const char* value : {"TERM", "15", "SIG15", "SIG", "", "SIGFOO", "SIGTERM ", "SIGRTMIN"}) {
    EXPECT_EQ(changes({"-p", value}, {}, kTini),
              std::string("[FATAL tini (1)] Not a valid option for -p: ") + value);
  }
}

TEST(Tini, EveryExitCodeCanBeRemapped) {
  for (int code = 0; code <= 255; ++code) {
    const CommandLine line({"tini", "-e", std::to_string(code), "true"});
    EXPECT_FALSE(line.refused());
    EXPECT_TRUE(line.config().success.has_code(code)) << code;
  }
}

TEST(Tini, OtherExitCodesAreRefused) {
  for (const char* value : {"256", "-1", "", "x", "1x", "TERM", "SIGTERM", "1,2", "1000"}) {
    EXPECT_EQ(changes({"-e", value}, {}, kTini),
              std::string("[FATAL tini (1)] Not a valid option for -e: ") + value);
  }
}

TEST(Tini, SubreaperVariableCountsEvenEmpty) {
  for (const char* variable : {"TINI_SUBREAPER=", "TINI_SUBREAPER=1", "TINI_SUBREAPER=0"}) {
    EXPECT_EQ(changes({}, {variable}, kTini), "subreaper=on") << variable;
  }
}

TEST(Tini, ProcessGroupVariableCountsEvenEmpty) {
  for (const char* variable : {"TINI_KILL_PROCESS_GROUP=", "TINI_KILL_PROCESS_GROUP=0"}) {
    EXPECT_EQ(changes({}, {variable}, kTini), "scope=group") << variable;
  }
}

TEST(Tini, VerbosityVariableReplacesTheCount) {
  const struct {
    const char* variable;
    int verbosity;
  } kRows[] = {
      {"TINI_VERBOSITY=0", 0}, {"TINI_VERBOSITY=3", 3},  {"TINI_VERBOSITY=2x", 2},
      {"TINI_VERBOSITY=x", 0}, {"TINI_VERBOSITY=", 0},   {"TINI_VERBOSITY=007", 7},
      {"TINI_VERBOSITY=9", 9}, {"TINI_VERBOSITY=10", 9},
  };
  for (const auto& row : kRows) {
    const CommandLine line({"tini", "-vv", "true"}, {row.variable});
    // Above the loudest level the number does not matter any more, and is kept small.
    EXPECT_EQ(line.config().verbosity, row.verbosity) << row.variable;
  }
}

TEST(Tini, OtherVariablesAreIgnored) {
  EXPECT_EQ(changes({},
                    {"TINI_SUBREAPERS=", "TINI_SUBREAPER", "XTINI_SUBREAPER=1",
                     "TINI_KILL_PROCESS=1", "DUMB_INIT_SETSID=0", "CATATONIT_DEBUG=1"},
                    kTini),
            "");
}

// ---- dumb-init
// ------------------------------------------------------------------------------------

TEST(DumbInit, EveryOptionWorks) {
  const struct {
    Words words;
    const char* change;
  } kRows[] = {
      {{"-c"}, "placement=same_group scope=leader signals=32:0,33:0"},
      {{"--single-child"}, "placement=same_group scope=leader signals=32:0,33:0"},
      {{"-v"}, "verbosity=1"},
      {{"--verbose"}, "verbosity=1"},
      {{"-h"}, "verb=help"},
      {{"--help"}, "verb=help"},
      {{"-V"}, "verb=version"},
      {{"--version"}, "verb=version"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(changes(row.words, {}, kDumbInit), row.change) << joined(row.words, " ");
  }
}

std::string dumb_init_signals(const Words& words) {
  const CommandLine line(Words{"dumb-init"} + words + Words{"true"});
  return line.refused() ? line.message() : shown(line.config().signals);
}

TEST(DumbInit, RewritesInEveryForm) {
  for (const Words& words : {Words{"-r", "15:3"}, Words{"-r15:3"}, Words{"--rewrite", "15:3"},
                             Words{"--rewrite=15:3"}, Words{"-vr15:3"}, Words{"-r", "TERM:QUIT"}}) {
    EXPECT_EQ(dumb_init_signals(words), "TERM:QUIT,TSTP:STOP,TTIN:STOP,TTOU:STOP,32:0,33:0")
        << joined(words, " ");
  }
}

TEST(DumbInit, RewriteToZeroDrops) {
  EXPECT_EQ(dumb_init_signals({"-r", "15:0"}), "TERM:0,TSTP:STOP,TTIN:STOP,TTOU:STOP,32:0,33:0");
}

TEST(DumbInit, LastRewriteWinsAndNothingIsChained) {
  EXPECT_EQ(dumb_init_signals({"-r", "15:2", "-r", "15:3", "-r", "3:1"}),
            "QUIT:HUP,TERM:QUIT,TSTP:STOP,TTIN:STOP,TTOU:STOP,32:0,33:0");
}

TEST(DumbInit, RewrittenTerminalStopIsNotMadeStop) {
  EXPECT_EQ(dumb_init_signals({"-r", "20:15", "-r", "21:0", "-r", "22:22"}),
            "TSTP:TERM,TTIN:0,TTOU:TTOU,32:0,33:0");
}

TEST(DumbInit, TakesEverySignalUpTo31) {
  for (int number = 1; number <= 31; ++number) {
    const std::string text = std::to_string(number);
    const CommandLine line({"dumb-init", "-r", text + ":" + text, "-r", "15:" + text, "true"});
    EXPECT_FALSE(line.refused()) << number;
    EXPECT_EQ(line.config().signals.sent_as(15), number);
  }
}

TEST(DumbInit, BadRewriteIsRefusedInThreeLines) {
  for (const char* value : {"", "15", "15:", ":3", "0:3", "32:3", "15:32", "34:15", "15:3,2:3",
                            "15:3x", "x", "15:-1", "-1:15", "15 3"}) {
    EXPECT_EQ(dumb_init_signals({"-r", value}),
              "Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31.\n"
              "This option can be specified multiple times.\n"
              "Use --help for full usage.")
        << value;
  }
}

TEST(DumbInit, LongOptionsMayBeAbbreviated) {
  const struct {
    const char* word;
    const char* change;
  } kRows[] = {
      {"--s", "placement=same_group scope=leader signals=32:0,33:0"},
      {"--single", "placement=same_group scope=leader signals=32:0,33:0"},
      {"--verb", "verbosity=1"},
      {"--vers", "verb=version"},
      {"--h", "verb=help"},
      {"--r=15:15", "signals=TERM:TERM,TSTP:STOP,TTIN:STOP,TTOU:STOP,32:0,33:0"},
      {"--rew=15:15", "signals=TERM:TERM,TSTP:STOP,TTIN:STOP,TTOU:STOP,32:0,33:0"},
  };
  for (const auto& row : kRows) EXPECT_EQ(changes({row.word}, {}, kDumbInit), row.change);
}

TEST(DumbInit, AmbiguousAbbreviationIsRefused) {
  for (const char* word : {"--v", "--ve", "--ver"}) {
    EXPECT_TRUE(CommandLine({"dumb-init", word, "true"}).refused()) << word;
  }
}

TEST(DumbInit, KnowsNoneOfHydrinitsLongOptions) {
  EXPECT_EQ(changes({"--stop-timeout"}, {}, kDumbInit),
            "dumb-init: unrecognized option '--stop-timeout'");
  EXPECT_EQ(changes({"--no-single-child"}, {}, kDumbInit),
            "dumb-init: unrecognized option '--no-single-child'");
}

TEST(DumbInit, GetoptsComplaintsAreGetopts) {
  EXPECT_EQ(changes({"-x"}, {}, kDumbInit), "dumb-init: invalid option -- 'x'");
  EXPECT_EQ(changes({"--verbose=1"}, {}, kDumbInit),
            "dumb-init: option '--verbose' doesn't allow an argument");
  EXPECT_EQ(CommandLine({"dumb-init", "-r"}).message(),
            "dumb-init: option requires an argument -- 'r'");
  EXPECT_EQ(CommandLine({"dumb-init", "--rewrite"}).message(),
            "dumb-init: option '--rewrite' requires an argument");
}

TEST(DumbInit, NoProgramIsRefusedWithTheUsage) {
  EXPECT_EQ(CommandLine({"dumb-init"}).message(),
            "Usage: dumb-init [option] program [args]\nTry dumb-init --help for full usage.");
}

TEST(DumbInit, TakesTheCommandLinesThatItsUsersWrite) {
  const CommandLine line({"dumb-init", "--rewrite", "15:3", "--", "gunicorn", "-w", "4"});
  EXPECT_EQ(line.command(), "gunicorn|-w|4");
  EXPECT_EQ(line.config().signals.sent_as(15), 3);
}

TEST(DumbInit, StopsAtTheFirstNonOption) {
  EXPECT_EQ(CommandLine({"dumb-init", "-v", "sh", "-c", "exit 3"}).command(), "sh|-c|exit 3");
}

TEST(DumbInit, DebugVariableCountsOnlyAsOne) {
  EXPECT_EQ(changes({}, {"DUMB_INIT_DEBUG=1"}, kDumbInit), "verbosity=1");
  for (const char* variable : {"DUMB_INIT_DEBUG=", "DUMB_INIT_DEBUG=0", "DUMB_INIT_DEBUG=2",
                               "DUMB_INIT_DEBUG=11", "DUMB_INIT_DEBUG=yes", "DUMB_INIT_DEBUG"}) {
    EXPECT_EQ(changes({}, {variable}, kDumbInit), "") << variable;
  }
}

TEST(DumbInit, SetsidVariableCountsOnlyAsZero) {
  EXPECT_EQ(changes({}, {"DUMB_INIT_SETSID=0"}, kDumbInit),
            "placement=same_group scope=leader signals=32:0,33:0");
  for (const char* variable : {"DUMB_INIT_SETSID=", "DUMB_INIT_SETSID=1", "DUMB_INIT_SETSID=00",
                               "DUMB_INIT_SETSID=no", "DUMB_INIT_SETSID"}) {
    EXPECT_EQ(changes({}, {variable}, kDumbInit), "") << variable;
  }
}

TEST(DumbInit, WithoutSessionTheGroupIsNotSignalled) {
  // It is hydrinit's own group then.
  const CommandLine line({"dumb-init", "-c", "true"}, {"HYDRINIT_PROCESS_GROUP=1"});
  EXPECT_EQ(line.config().scope, SignalScope::leader);
}

// ---- catatonit
// --------------------------------------------------------------------------------------

TEST(Catatonit, EveryOptionWorks) {
  const struct {
    Words words;
    const char* change;
  } kRows[] = {
      {{"-g"}, "scope=group"},      {{"-h"}, "verb=help"},
      {{"-L"}, "verb=license"},     {{"-P"}, "verb=pause"},
      {{"-V"}, "verb=version"},     {{"--version"}, "verb=version"},
      {{"--vers"}, "verb=version"}, {{"-gP"}, "verb=pause scope=group"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(changes(row.words, {}, kCatatonit), row.change) << joined(row.words, " ");
  }
}

TEST(Catatonit, PauseNeedsNoProgram) {
  const CommandLine line({"catatonit", "-P"});
  EXPECT_FALSE(line.refused()) << line.message();
  EXPECT_EQ(line.config().verb, Verb::pause);
}

TEST(Catatonit, TakesTheCommandLineThatPodmanWrites) {
  EXPECT_EQ(CommandLine({"/usr/bin/catatonit", "--", "nginx", "-g", "x"}).command(), "nginx|-g|x");
}

TEST(Catatonit, UnknownOptionIsRefusedInGetoptsWords) {
  EXPECT_EQ(changes({"-s"}, {}, kCatatonit), "catatonit: invalid option -- 's'");
  EXPECT_EQ(changes({"--foo"}, {}, kCatatonit), "catatonit: unrecognized option '--foo'");
  EXPECT_EQ(changes({"--version=1"}, {}, kCatatonit),
            "catatonit: option '--version' doesn't allow an argument");
}

TEST(Catatonit, NoProgramIsRefused) {
  EXPECT_EQ(CommandLine({"catatonit"}).message(), "ERROR (catatonit:1): missing program name");
}

TEST(Catatonit, DebugVariableCountsWhateverItsValue) {
  for (const char* variable : {"CATATONIT_DEBUG=", "CATATONIT_DEBUG=1", "CATATONIT_DEBUG=0"}) {
    EXPECT_EQ(changes({}, {variable}, kCatatonit), "verbosity=1") << variable;
  }
}

// ---- what no dialect can say on its command line
// --------------------------------------------------

TEST(Dialects, HydrinitsVariablesSetTheirPolicies) {
  for (const char* argv0 : {kTini, kDumbInit, kCatatonit}) {
    EXPECT_EQ(changes({}, {"HYDRINIT_STOP_TIMEOUT=8s", "HYDRINIT_STOP_DELAY=1s"}, argv0),
              "stop_timeout=8000 stop_delay=1000")
        << argv0;
  }
}

TEST(Dialects, ReplicasAreHadThroughHydrinitsVariables) {
  for (const char* argv0 : {kTini, kDumbInit, kCatatonit}) {
    EXPECT_EQ(changes({},
                      {"HYDRINIT_REPLICAS=max-1", "HYDRINIT_INDEX_ENV=PORT=3000",
                       "HYDRINIT_RESTART=on-failure:3", "HYDRINIT_PIN=yes"},
                      argv0),
              "restart=on_failure exit_when=failed pin=yes replicas=max-1 max_restarts=3 "
              "on_failure_max=3 index_env=PORT=3000 stop_timeout=8000" +
                  // TTIN and TTOU scale, instead of stopping a session.
                  std::string(equal(argv0, kDumbInit) ? " signals=TSTP:STOP,32:0,33:0" : ""))
        << argv0;
  }
}

TEST(Dialects, NoDialectKnowsTheOptionsOfReplicas) {
  EXPECT_EQ(changes({"-n", "4"}, {}, kTini), "tini: invalid option -- 'n'");
  EXPECT_EQ(changes({"-n4"}, {}, kDumbInit), "dumb-init: invalid option -- 'n'");
  EXPECT_EQ(changes({"-n4"}, {}, kCatatonit), "catatonit: invalid option -- 'n'");
  // Nor is it an abbreviation of one that they know.
  EXPECT_EQ(changes({"--replicas=4"}, {}, kDumbInit),
            "dumb-init: unrecognized option '--replicas'");
  EXPECT_EQ(changes({"--re=15:15"}, {}, kDumbInit),
            "signals=TERM:TERM,TSTP:STOP,TTIN:STOP,TTOU:STOP,32:0,33:0");
}

TEST(Dialects, VariablesThatContradictEachOtherAreToldInHydrinitsWords) {
  for (const char* argv0 : {kTini, kDumbInit, kCatatonit}) {
    EXPECT_EQ(changes({}, {"HYDRINIT_RESTART_DELAY=31s"}, argv0),
              "hydrinit: --restart-delay: must not be above --restart-max-delay")
        << argv0;
    EXPECT_EQ(changes({}, {"HYDRINIT_RESTART=on-failure:3", "HYDRINIT_MAX_RESTARTS=3"}, argv0),
              "hydrinit: --max-restarts: cannot be given beside --restart on-failure:N")
        << argv0;
  }
}

TEST(Dialects, BadVariableIsToldInHydrinitsWords) {
  for (const char* argv0 : {kTini, kDumbInit, kCatatonit}) {
    EXPECT_EQ(changes({}, {"HYDRINIT_STOP_SIGNAL=FOO"}, argv0),
              "hydrinit: HYDRINIT_STOP_SIGNAL: 'FOO' is not a signal (TERM, SIGTERM, 15, RTMIN+3)")
        << argv0;
  }
}

TEST(Dialects, ArgvWinsOverHydrinitsVariables) {
  EXPECT_EQ(changes({"-g"}, {"HYDRINIT_SINGLE_CHILD=1"}, kTini), "scope=group");
  EXPECT_EQ(dumb_init_signals({"-r", "15:3"}), "TERM:QUIT,TSTP:STOP,TTIN:STOP,TTOU:STOP,32:0,33:0");
  const CommandLine line({"dumb-init", "-r", "15:3", "true"}, {"HYDRINIT_REWRITE=TERM:INT"});
  EXPECT_EQ(line.config().signals.sent_as(15), 3);
}

TEST(Dialects, RewriteVariableRevivesADroppedSignal) {
  const CommandLine line({"tini", "true"}, {"HYDRINIT_REWRITE=TTIN:TERM,SEGV:SEGV"});
  EXPECT_EQ(line.config().signals.sent_as(21), 15);
  EXPECT_EQ(line.config().signals.sent_as(11), 11);
}

TEST(Dialects, SessionVariableGivesTiniASession) {
  const CommandLine line({"tini", "true"}, {"HYDRINIT_SESSION=1"});
  EXPECT_EQ(line.config().placement, Placement::new_session);
  EXPECT_EQ(line.config().scope, SignalScope::group);
  EXPECT_EQ(line.config().signals.sent_as(20), 19);
}

TEST(Dialects, VariablesOfAnotherDialectAreIgnored) {
  const Words kAll = {"TINI_SUBREAPER=1",  "TINI_KILL_PROCESS_GROUP=1", "TINI_VERBOSITY=3",
                      "DUMB_INIT_DEBUG=1", "DUMB_INIT_SETSID=0",        "CATATONIT_DEBUG=1"};
  EXPECT_EQ(changes({}, kAll, "hydrinit"), "");
  EXPECT_EQ(changes({}, kAll, kCatatonit), "verbosity=1");
}

// ---- help and version
// -------------------------------------------------------------------------------

TEST(Dialects, VersionIsHydrinitsOwn) { EXPECT_EQ(version_of("hydrinit"), kOwnVersion); }

TEST(Dialects, VersionBeginsAsTheOriginals) {
  // Docker reads `docker-init --version` and wants "tini version X".
  EXPECT_EQ(version_of("docker-init"), std::string("tini version 0.19.0 - ") + kOwnVersion);
  EXPECT_EQ(version_of("dumb-init"), std::string("dumb-init v1.2.5\n") + kOwnVersion);
  EXPECT_EQ(version_of("catatonit"), std::string("tini version 0.1.7_catatonit - ") + kOwnVersion);
}

// The line of the help page that begins with the option; "" if there is none.
std::string help_line(const std::string& help, const Option& option) {
  const std::string letter = std::string("  -") + option.letter();
  for (std::size_t at = 0; at < help.size(); at = help.find('\n', at) + 1) {
    const std::string line = help.substr(at, help.find('\n', at) - at);
    const std::string name = std::string("]") + option.name();
    const bool named = line.find(std::string("--") + option.name() + " ") != std::string::npos ||
                       line.find(std::string("--") + option.name() + "[=") != std::string::npos ||
                       line.find(name + " ") != std::string::npos;
    if (option.letter() != 0 ? line.starts_with(letter) : named) return line;
  }
  return "";
}

TEST(Dialects, HelpNamesEveryOptionAndSaysWhatItDoes) {
  for (const char* argv0 : {"hydrinit", kTini, kDumbInit, kCatatonit}) {
    const std::string help = help_of(argv0);
    for (Option option(choose_dialect(argv0).options); !option.at_end(); option.next()) {
      const std::string line = help_line(help, option);
      ASSERT_NE(line, "") << argv0 << " -" << option.letter() << " --" << option.name();
      EXPECT_NE(line.find(option.name()), std::string::npos) << line;
      // What stands before the words is filled up with blanks: a line without them ends in one.
      EXPECT_NE(line.back(), ' ') << argv0 << ": '" << line << "'";
    }
  }
}

TEST(Dialects, HelpNamesEveryVariable) {
  for (const char* argv0 : {kTini, kDumbInit, kCatatonit}) {
    const std::string help = help_of(argv0);
    for (Variable variable(choose_dialect(argv0).variables); !variable.at_end(); variable.next()) {
      EXPECT_NE(help.find(std::string(" ") + variable.name()), std::string::npos)
          << variable.name();
    }
  }
}

TEST(Dialects, LicenseIsTheWholeText) {
  char buffer[4096];
  Text page(buffer);
  append_license(page);
  const std::string text(page.view());
  EXPECT_EQ(text.substr(0, text.find('\n')), "MIT License");
  EXPECT_NE(text.find("WITHOUT WARRANTY OF ANY KIND"), std::string::npos);
  EXPECT_EQ(text.back(), '\n');
}

}  // namespace
}  // namespace hydrinit
