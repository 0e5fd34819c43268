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
  EXPECT_EQ(shown("plain"), "plain");
}

TEST(Squeezed, TextIsShorter) {
  constexpr const char* kText = squeezed<"signals that are sent to the child's process group">();
  EXPECT_LT(std::string(kText).size(), 35U);
}

TEST(Squeezed, PercentAndItsLetterStay) {
  EXPECT_EQ(std::string(squeezed<"%s%e %the">()).substr(0, 4), "%s%e");
  for (const auto& pair : kPairs) {
    EXPECT_NE(pair[0], '%');
    EXPECT_NE(pair[1], '%');
  }
}

TEST(Squeezed, PairsHoldEarlierOnesOnly) {
  for (int i = 0; i < 128; ++i) {
    EXPECT_LT(kPairs[i][0], kFirstPair + i);
    EXPECT_LT(kPairs[i][1], kFirstPair + i);
    EXPECT_NE(kPairs[i][0], 0);
    EXPECT_NE(kPairs[i][1], 0);
  }
}

}  // namespace
}  // namespace hydrinit
