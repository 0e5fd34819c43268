#include "core/signals.h"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "core/text.h"

namespace hydrinit {
namespace {

// signal(7), x86/ARM and most others: the numbers do not depend on the code under test.
const struct {
  int number;
  const char* name;
} kStandard[] = {
    {SIGHUP, "HUP"},   {SIGINT, "INT"},       {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},
    {SIGTRAP, "TRAP"}, {SIGABRT, "ABRT"},     {SIGBUS, "BUS"},   {SIGFPE, "FPE"},
    {SIGKILL, "KILL"}, {SIGUSR1, "USR1"},     {SIGSEGV, "SEGV"}, {SIGUSR2, "USR2"},
    {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"},     {SIGTERM, "TERM"}, {SIGSTKFLT, "STKFLT"},
    {SIGCHLD, "CHLD"}, {SIGCONT, "CONT"},     {SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"},
    {SIGTTIN, "TTIN"}, {SIGTTOU, "TTOU"},     {SIGURG, "URG"},   {SIGXCPU, "XCPU"},
    {SIGXFSZ, "XFSZ"}, {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGWINCH, "WINCH"},
    {SIGIO, "IO"},     {SIGPWR, "PWR"},       {SIGSYS, "SYS"},
};

std::string shown(int number) {
  char buffer[32];
  Text text(buffer);
  append_signal(text, number);
  return std::string(text.view());
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

TEST(Signals, EveryStandardNameGivesItsNumber) {
  for (const auto& row : kStandard) EXPECT_EQ(parse_signal(row.name), row.number) << row.name;
}

TEST(Signals, EveryStandardNumberGivesItsName) {
  ASSERT_EQ(std::size(kStandard), 31u);
  for (const auto& row : kStandard) EXPECT_EQ(shown(row.number), row.name);
}

TEST(Signals, EveryNumberIsReadBackFromWhatIsShown) {
  for (int number = 1; number <= 64; ++number)
    EXPECT_EQ(parse_signal(shown(number).c_str()), number);
}

TEST(Signals, EveryNumberIsReadAsANumber) {
  for (int number = 1; number <= 64; ++number) {
    EXPECT_EQ(parse_signal(std::to_string(number).c_str()), number);
  }
}

TEST(Signals, PrefixSigMayStandBeforeAnyName) {
  for (const auto& row : kStandard) {
    EXPECT_EQ(parse_signal((std::string("SIG") + row.name).c_str()), row.number) << row.name;
  }
  EXPECT_EQ(parse_signal("SIGRTMIN+3"), 37);
  EXPECT_EQ(parse_signal("SIGRTMAX-1"), 63);
}

TEST(Signals, NamesMayBeWrittenSmall) {
  for (const auto& row : kStandard) {
    EXPECT_EQ(parse_signal(lower(row.name).c_str()), row.number) << row.name;
    EXPECT_EQ(parse_signal(lower(std::string("SIG") + row.name).c_str()), row.number) << row.name;
  }
  EXPECT_EQ(parse_signal("rtmin+3"), 37);
  EXPECT_EQ(parse_signal("SigTerm"), 15);
}

TEST(Signals, RealtimeCountsUpFromTheKernelsMinimum) {
  EXPECT_EQ(parse_signal("RTMIN"), 34);
  for (int offset = 0; offset <= 30; ++offset) {
    EXPECT_EQ(parse_signal(("RTMIN+" + std::to_string(offset)).c_str()), 34 + offset);
  }
}

TEST(Signals, RealtimeCountsDownFromTheMaximum) {
  EXPECT_EQ(parse_signal("RTMAX"), 64);
  for (int offset = 0; offset <= 30; ++offset) {
    EXPECT_EQ(parse_signal(("RTMAX-" + std::to_string(offset)).c_str()), 64 - offset);
  }
}

TEST(Signals, RealtimeIsShownFromTheMinimum) {
  EXPECT_EQ(shown(34), "RTMIN");
  EXPECT_EQ(shown(37), "RTMIN+3");
  EXPECT_EQ(shown(64), "RTMIN+30");
}

TEST(Signals, RealtimeOutsideItsRangeIsNone) {
  for (const char* text : {"RTMIN-1", "RTMIN+31", "RTMIN+99999999999", "RTMAX+1", "RTMAX-31"}) {
    EXPECT_EQ(parse_signal(text), 0) << text;
  }
}

TEST(Signals, RealtimeWithoutItsOffsetIsNone) {
  for (const char* text : {"RTMIN+", "RTMAX-", "RTMIN+x", "RTMIN+-1", "RTMIN3", "RTMIN +3", "RT",
                           "RTMIN+3+1", "TERM+1"}) {
    EXPECT_EQ(parse_signal(text), 0) << text;
  }
}

TEST(Signals, TheTwoOfLibcAreShownAsNumbers) {
  EXPECT_EQ(shown(32), "32");
  EXPECT_EQ(shown(33), "33");
}

TEST(Signals, WhatIsNoSignalIsShownAsANumber) {
  EXPECT_EQ(shown(0), "0");
  EXPECT_EQ(shown(65), "65");
  EXPECT_EQ(shown(-1), "-1");
}

TEST(Signals, NumberOutsideTheRangeIsNone) {
  for (const char* text :
       {"0", "00", "65", "100", "-1", "-15", "+15", "4294967311", "18446744073709551631"}) {
    EXPECT_EQ(parse_signal(text), 0) << text;
  }
}

TEST(Signals, GarbageIsNone) {
  for (const char* text : {"",
                           " ",
                           "SIG",
                           "sig",
                           "FOO",
                           "SIGFOO",
                           "TER",
                           "TERMX",
                           "TERM ",
                           " TERM",
                           "TERM,INT",
                           "SIGSIGTERM",
                           "SIGSIGHUP",
                           "SIG15",
                           "15x",
                           "15.0",
                           "0xf",
                           "USR",
                           "USR3",
                           "STKFLTSTKFLTSTKFLT",
                           "T\xc3\x89RM",
                           "TERM\n"}) {
    EXPECT_EQ(parse_signal(text), 0) << text;
  }
}

TEST(Signals, TakeStopsBehindTheName) {
  const struct {
    const char* text;
    int number;
    const char* rest;
  } kRows[] = {
      {"TERM:QUIT", 15, ":QUIT"},    {"sigint,15", 2, ",15"},     {"15:3", 15, ":3"},
      {"RTMIN+3:TERM", 37, ":TERM"}, {"RTMAX,TERM", 64, ",TERM"}, {"USR1", 10, ""},
  };
  for (const auto& row : kRows) {
    const char* cursor = row.text;
    EXPECT_EQ(take_signal(cursor), row.number) << row.text;
    EXPECT_STREQ(cursor, row.rest);
  }
}

TEST(Signals, OnlyOneToSixtyFourAreSignals) {
  for (int number = -1; number <= 70; ++number) {
    EXPECT_EQ(is_signal(number), number >= 1 && number <= 64) << number;
  }
  // The low 32 bits alone would be a signal.
  EXPECT_FALSE(is_signal((std::int64_t{1} << 32) + 15));
}

TEST(SignalSet, IsEmptyAtFirst) {
  const SignalSet set;
  EXPECT_TRUE(set.empty());
  for (int number = -1; number <= 65; ++number) EXPECT_FALSE(set.has(number)) << number;
}

TEST(SignalSet, HoldsWhatWasAddedAndNothingElse) {
  for (int added = 1; added <= 64; ++added) {
    SignalSet set;
    set.add(added);
    EXPECT_FALSE(set.empty());
    for (int number = -1; number <= 130; ++number) EXPECT_EQ(set.has(number), number == added);
  }
}

TEST(SignalSet, NumberOutsideIsNotAdded) {
  SignalSet set;
  for (int number : {-64, -1, 0, 65, 128, 1 << 30}) set.add(number);
  EXPECT_TRUE(set.empty());
}

TEST(SignalSet, IsEqualByWhatItHolds) {
  SignalSet set{2, 15};
  EXPECT_EQ(set, (SignalSet{15, 2, 15}));
  set.add(64);
  EXPECT_NE(set, (SignalSet{15, 2}));
}

TEST(SignalTable, SendsEverySignalAsItselfAtFirst) {
  const SignalTable table;
  for (int number = 1; number <= 64; ++number) {
    EXPECT_EQ(table.sent_as(number), number);
    EXPECT_FALSE(table.is_rewritten(number));
  }
}

TEST(SignalTable, RewritesOneSignalOnly) {
  SignalTable table;
  table.rewrite(15, 3);
  EXPECT_EQ(table.sent_as(15), 3);
  EXPECT_TRUE(table.is_rewritten(15));
  EXPECT_EQ(table.sent_as(3), 3);
  EXPECT_FALSE(table.is_rewritten(3));
}

TEST(SignalTable, DoesNotChain) {
  SignalTable table;
  table.rewrite(15, 3);
  table.rewrite(3, 2);
  EXPECT_EQ(table.sent_as(15), 3);
  EXPECT_EQ(table.sent_as(3), 2);
}

TEST(SignalTable, LastRewriteWins) {
  SignalTable table;
  table.rewrite(15, 3);
  table.rewrite(15, 64);
  EXPECT_EQ(table.sent_as(15), 64);
}

TEST(SignalTable, RewriteToZeroDrops) {
  SignalTable table;
  table.rewrite(15, 0);
  EXPECT_EQ(table.sent_as(15), 0);
  EXPECT_TRUE(table.is_rewritten(15));
}

TEST(SignalTable, RewriteToItselfCountsAsRewritten) {
  SignalTable table;
  table.rewrite(20, 20);
  EXPECT_EQ(table.sent_as(20), 20);
  EXPECT_TRUE(table.is_rewritten(20));
}

TEST(SignalTable, DroppedSignalCanStillBeRewritten) {
  SignalTable table;
  table.drop(21);
  EXPECT_EQ(table.sent_as(21), 0);
  EXPECT_FALSE(table.is_rewritten(21)) << "nobody has asked for it";
  table.rewrite(21, 15);
  EXPECT_EQ(table.sent_as(21), 15);
}

TEST(SignalTable, NumbersOutsideChangeNothing) {
  SignalTable table;
  for (int number : {-1, 0, 65, 256, 1 << 30}) {
    table.rewrite(number, 15);
    table.drop(number);
    EXPECT_EQ(table.sent_as(number), 0) << number;
    EXPECT_FALSE(table.is_rewritten(number)) << number;
  }
  for (int to : {-1, 65, 256 + 15}) table.rewrite(15, to);
  EXPECT_EQ(table.sent_as(15), 15);
  EXPECT_FALSE(table.is_rewritten(15));
}

}  // namespace
}  // namespace hydrinit
