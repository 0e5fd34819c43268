#include "core/text.h"

#include <gtest/gtest.h>

#include <climits>
#include <cstdint>
#include <string>

namespace hydrinit {
namespace {

TEST(Text, IsEmptyAtFirst) {
  char buffer[8];
  Text text(buffer);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.view(), "");
}

TEST(Text, PutsPlainTextAsItIs) {
  char buffer[16];
  Text text(buffer);
  text.put("a\nb\x01");
  text.put('c');
  EXPECT_EQ(text.view(),
            "a\nb\x01"
            "c");
  EXPECT_FALSE(text.empty());
}

TEST(Text, ClearForgetsWhatWasPut) {
  char buffer[8];
  Text text(buffer);
  text.put("12345678");
  text.clear();
  EXPECT_TRUE(text.empty());
  text.put("ab");
  EXPECT_EQ(text.view(), "ab");
}

TEST(Text, FillsTheBufferToItsLastByte) {
  char buffer[4];
  Text text(buffer);
  text.put("abcd");
  EXPECT_EQ(text.view(), "abcd");
}

TEST(Text, CutsWhatDoesNotFit) {
  char buffer[4];
  Text text(buffer);
  text.put("abcdef");
  text.put('g');
  EXPECT_EQ(text.view(), "abcd");
}

TEST(Text, CutLineStillEndsInItsNewline) {
  char buffer[8];
  Text text(buffer);
  text.add("hydrinit: %s\n", "too long");
  EXPECT_EQ(text.view(), "hydrini\n");
}

TEST(Text, NewlineThatJustFitsCutsNothing) {
  char buffer[4];
  Text text(buffer);
  text.add("abc\n");
  EXPECT_EQ(text.view(), "abc\n");
}

TEST(Text, NothingIsAddedBehindACutLine) {
  char buffer[4];
  Text text(buffer);
  text.add("abcdef\n");
  text.add("x%d\n", 1);
  EXPECT_EQ(text.view(), "abc\n");
}

TEST(Text, BufferOfOneByteHoldsTheNewline) {
  char buffer[1];
  Text text(buffer);
  text.add("long\n");
  EXPECT_EQ(text.view(), "\n");
}

TEST(Text, NeverWritesBehindTheBuffer) {
  // The guard bytes make the test fail without a sanitizer too.
  struct {
    char buffer[5];
    char guard[3];
  } room{{}, {'g', 'g', 'g'}};
  Text text(room.buffer);
  text.add("%s %d %c\n", "string", INT_MIN, 'c');
  text.column(40);
  text.put("\n");
  EXPECT_EQ(std::string(room.guard, 3), "ggg");
  EXPECT_EQ(text.view().size(), 5u);
}

TEST(Text, AddUnderstandsStringsNumbersCharactersAndPercent) {
  char buffer[64];
  Text text(buffer);
  text.add("%s has %d of %c, 100%%", "it", 42, 'x');
  EXPECT_EQ(text.view(), "it has 42 of x, 100%");
}

TEST(Text, AddWritesEveryNumber) {
  const struct {
    int number;
    const char* shown;
  } kRows[] = {
      {0, "0"},
      {7, "7"},
      {10, "10"},
      {-1, "-1"},
      {-10, "-10"},
      {1000000000, "1000000000"},
      {INT_MAX, "2147483647"},
      {INT_MIN, "-2147483648"},
      {INT_MIN + 1, "-2147483647"},
  };
  for (const auto& row : kRows) {
    char buffer[16];
    Text text(buffer);
    text.add("%d", row.number);
    EXPECT_EQ(text.view(), row.shown);
  }
}

TEST(Text, AddShowsControlCharactersAsQuestionMarks) {
  char buffer[64];
  Text text(buffer);
  text.add("%s", "a\nb\tc\x1b[1md\x7f");
  EXPECT_EQ(text.view(), "a?b?c?[1md?");
}

TEST(Text, EveryControlCharacterIsShownAsOneQuestionMark) {
  for (int byte = 1; byte < 128; ++byte) {
    const char one[] = {static_cast<char>(byte), '\0'};
    char buffer[4];
    Text text(buffer);
    text.add("%s", one);
    EXPECT_EQ(text.view(), byte < 32 || byte == 127 ? "?" : one) << byte;
  }
}

TEST(Text, AddShowsAControlCharacterOfPercentC) {
  char buffer[8];
  Text text(buffer);
  text.add("%c %c", '\n', '\x7f');
  EXPECT_EQ(text.view(), "? ?");
}

TEST(Text, BytesOfUtf8AreShownAsTheyAre) {
  char buffer[16];
  Text text(buffer);
  text.add("%s", "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(text.view(), "gr\xc3\xbc\xc3\x9f");
}

TEST(Text, ControlCharactersOfTheFormatItselfStay) {
  char buffer[16];
  Text text(buffer);
  text.add("a\tb\n");
  EXPECT_EQ(text.view(), "a\tb\n");
}

TEST(Text, PutShownStopsAtTheEnd) {
  char buffer[16];
  Text text(buffer);
  const char* const option = "stop-timeout=5s";
  text.put_shown(option, option + 12);
  EXPECT_EQ(text.view(), "stop-timeout");
}

TEST(Text, PutShownOfNothingPutsNothing) {
  char buffer[16];
  Text text(buffer);
  const char* const abc = "abc";
  text.put_shown(abc, abc);
  text.put_shown("");
  EXPECT_TRUE(text.empty());
}

TEST(Text, TextOfTheLongestShownLengthIsWhole) {
  const std::string longest(Text::kShownMax, 'x');
  char buffer[256];
  Text text(buffer);
  text.add("%s", longest.c_str());
  EXPECT_EQ(text.view(), longest);
}

TEST(Text, LongerTextIsCutAndMarked) {
  const std::string longer(Text::kShownMax + 1, 'x');
  char buffer[256];
  Text text(buffer);
  text.add("%s|", longer.c_str());
  EXPECT_EQ(text.view(), std::string(Text::kShownMax, 'x') + "...|");
}

TEST(Text, ColumnFillsUpWithSpaces) {
  char buffer[32];
  Text text(buffer);
  text.add("ab");
  text.column(5);
  text.add("|");
  EXPECT_EQ(text.view(), "ab   |");
}

TEST(Text, ColumnLeavesOneSpaceAtLeast) {
  for (const char* before : {"abcde", "abcdefgh"}) {
    char buffer[32];
    Text text(buffer);
    text.put(before);
    text.column(5);
    EXPECT_EQ(text.view(), std::string(before) + " ");
  }
}

TEST(Text, ColumnCountsFromTheLastNewline) {
  char buffer[32];
  Text text(buffer);
  text.add("a first line\nb");
  text.column(3);
  text.add("|");
  EXPECT_EQ(text.view(), "a first line\nb  |");
}

TEST(Text, ColumnAtTheBeginningOfALine) {
  char buffer[32];
  Text text(buffer);
  text.column(2);
  text.add("a\n");
  text.column(0);
  text.add("b");
  EXPECT_EQ(text.view(), "  a\n b");
}

TEST(Number, IsReadUpToItsEnd) {
  const char* cursor = "143,TERM";
  EXPECT_EQ(take_number(cursor, 255), 143);
  EXPECT_STREQ(cursor, ",TERM");
}

TEST(Number, IsMinusOneWhenThereIsNone) {
  for (const char* text : {"", "x", "-1", "+1", " 1", ",", "\n1"}) {
    const char* cursor = text;
    EXPECT_EQ(take_number(cursor, INT64_MAX), -1) << text;
    EXPECT_EQ(cursor, text) << "nothing was there to move behind";
  }
}

TEST(Number, MayBeAsLargeAsMax) {
  EXPECT_EQ(parse_number("255", 255), 255);
  EXPECT_EQ(parse_number("256", 255), -1);
  EXPECT_EQ(parse_number("260", 255), -1);
  EXPECT_EQ(parse_number("1000", 255), -1);
  EXPECT_EQ(parse_number("64", 64), 64);
  EXPECT_EQ(parse_number("65", 64), -1);
  EXPECT_EQ(parse_number("30", 30), 30);
  EXPECT_EQ(parse_number("31", 30), -1);
}

TEST(Number, DoesNotOverflow) {
  EXPECT_EQ(parse_number("9223372036854775807", INT64_MAX), INT64_MAX);
  EXPECT_EQ(parse_number("9223372036854775808", INT64_MAX), -1);
  EXPECT_EQ(parse_number("18446744073709551617", INT64_MAX), -1);
  EXPECT_EQ(parse_number("99999999999999999999999999", INT64_MAX), -1);
}

TEST(Number, LeadingZerosCountForNothing) {
  EXPECT_EQ(parse_number("0", 255), 0);
  EXPECT_EQ(parse_number("000000000000000000000000255", 255), 255);
}

TEST(Number, ParsedWholeLeavesNothingBehind) {
  for (const char* text : {"", "1 ", "1x", "1.5", "0x10", "1,2", "-1", "+1"}) {
    EXPECT_EQ(parse_number(text, INT64_MAX), -1) << text;
  }
}

TEST(Words, AfterIsWhatStandsBehindThePrefix) {
  EXPECT_STREQ(after("HYDRINIT_VERBOSE=1", "HYDRINIT_"), "VERBOSE=1");
  EXPECT_STREQ(after("abc", "abc"), "");
  EXPECT_STREQ(after("abc", ""), "abc");
  EXPECT_EQ(after("abc", "abcd"), nullptr);
  EXPECT_EQ(after("abc", "b"), nullptr);
  EXPECT_EQ(after("", "a"), nullptr);
}

TEST(Words, BeginsAnswersForAPrefix) {
  EXPECT_TRUE(begins("SIGTERM", "SIG"));
  EXPECT_FALSE(begins("SI", "SIG"));
}

TEST(Words, EqualWantsBothToEnd) {
  EXPECT_TRUE(equal("tini", "tini"));
  EXPECT_TRUE(equal("", ""));
  EXPECT_FALSE(equal("tini", "tini-static"));
  EXPECT_FALSE(equal("tini-static", "tini"));
  EXPECT_FALSE(equal("tini", "Tini"));
}

TEST(Words, OnlyTheTenAreDigits) {
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(is_digit(static_cast<char>(byte)), byte >= '0' && byte <= '9') << byte;
  }
}

TEST(Words, OnlySmallLettersAreRaised) {
  EXPECT_EQ(to_upper('a'), 'A');
  EXPECT_EQ(to_upper('z'), 'Z');
  for (char c : {'A', 'Z', '0', '-', '`', '{', '@', '\xe4'}) EXPECT_EQ(to_upper(c), c);
}

}  // namespace
}  // namespace hydrinit
