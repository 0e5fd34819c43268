#include "core/squeezed.h"

#include <gtest/gtest.h>

#include <string>

#include "core/text.h"

namespace hydrinit {
namespace {

std::string shown(const char* text) {
  char buffer[256];
  Text out(buffer);
  out.put_squeezed(text);
  return std::string(out.view());
}

TEST(Squeezed, TextComesOutAsItWentIn) {
  EXPECT_EQ(shown(squeezed<"the child's process group, and the signals that are sent to it\n">()),
            "the child's process group, and the signals that are sent to it\n");
  EXPECT_EQ(shown(squeezed<"">()), "");
  EXPECT_EQ(shown("plain, from ' ' to |"), "plain, from ' ' to |");
}

TEST(Squeezed, TextIsShorter) {
  constexpr const char* kText = squeezed<"signals that are sent to the child's process group">();
  EXPECT_LT(std::string(kText).size(), 35U);
}

TEST(Squeezed, PercentAndItsLetterAreOneByteThatNoPairHolds) {
  const std::string text = squeezed<"%s%e %the">();
  EXPECT_EQ(text.substr(0, 3), (std::string{field_code('s'), field_code('e'), ' '}));
  EXPECT_EQ(text[3], field_code('t'));
  for (const auto& pair : kPairs) {
    for (const int half : pair) EXPECT_TRUE(half >= ' ' || half == '\n') << half;
  }
}

TEST(Squeezed, PairsHoldEarlierOnesOnly) {
  for (int i = 0; i < 256 - kFirstPair; ++i) {
    EXPECT_LT(kPairs[i][0], kFirstPair + i);
    EXPECT_LT(kPairs[i][1], kFirstPair + i);
    EXPECT_NE(kPairs[i][0], 0);
    EXPECT_NE(kPairs[i][1], 0);
  }
}

}  // namespace
}  // namespace hydrinit
