#include "core/packed.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace hydrinit {
namespace {

constexpr PackedRow<2, 2> kRows[] = {
    {{1, 200}, {"one", "first"}},
    {{255, 0}, {"", ""}},
    {{3, 30}, {"three", ""}},
};
constexpr auto kTable = packed<kRows, 2>();

TEST(Packed, TableIsTheBytesOneAfterTheOther) {
  constexpr std::string_view kExpected(
      "\1\310one\0first\0"
      "\377\0\0\0"
      "\3\36three\0\0",
      25);
  EXPECT_EQ(std::string_view(kTable.data(), kTable.size() - 1), kExpected);
  EXPECT_EQ(kTable.back(), '\0') << "the end is a row whose first head is 0";
}

TEST(Packed, CursorWalksEveryRow) {
  std::string walked;
  for (PackedCursor<2, 2> row(kTable.data()); !row.at_end(); row.next()) {
    walked += std::to_string(row.head(0)) + "," + std::to_string(row.head(1)) + "," + row.text(0) +
              "," + row.text(1) + ";";
  }
  EXPECT_EQ(walked, "1,200,one,first;255,0,,;3,30,three,;");
}

TEST(Packed, EmptyTableIsAtItsEnd) {
  const PackedCursor<2, 2> row("");
  EXPECT_TRUE(row.at_end());
}

TEST(Packed, SkipStringsStopsBehindTheLast) {
  constexpr char kWords[] = "a\0\0bc\0d";
  EXPECT_EQ(skip_strings(kWords, 0), kWords);
  EXPECT_STREQ(skip_strings(kWords, 1), "");
  EXPECT_STREQ(skip_strings(kWords, 2), "bc");
  EXPECT_STREQ(skip_strings(kWords, 3), "d");
}

constexpr PackedRow<1, 1> kWordRows[] = {{{1}, {"one"}}, {{7}, {""}}, {{200}, {"many"}}};
constexpr auto kWords = packed<kWordRows, 1>();

TEST(Packed, FindTextGivesTheRowsText) {
  EXPECT_STREQ(find_text(kWords.data(), 1, "?"), "one");
  EXPECT_STREQ(find_text(kWords.data(), 7, "?"), "");
  EXPECT_STREQ(find_text(kWords.data(), 200, "?"), "many");
}

TEST(Packed, FindTextGivesTheFallbackForNoRow) {
  for (int head : {-1, 0, 2, 255, 257}) EXPECT_STREQ(find_text(kWords.data(), head, "?"), "?");
}

}  // namespace
}  // namespace hydrinit
