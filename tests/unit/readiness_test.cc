#include "core/readiness.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace hydrinit {
namespace {

std::string shown(const Heard& heard) {
  return std::string(heard.ready ? "ready" : "-") + (heard.stopping ? " stopping" : "");
}
std::string notified(std::string_view message) { return shown(parse_notification(message)); }

TEST(Readiness, ReadyIsALineOfItsOwn) {
  EXPECT_EQ(notified("READY=1"), "ready");
  EXPECT_EQ(notified("READY=1\n"), "ready");
  EXPECT_EQ(notified("STATUS=serving\nREADY=1\nMAINPID=7\n"), "ready");
  EXPECT_EQ(notified("\n\nREADY=1"), "ready");
}

TEST(Readiness, StoppingIsToo) {
  EXPECT_EQ(notified("STOPPING=1"), "- stopping");
  EXPECT_EQ(notified("STOPPING=1\nSTATUS=bye"), "- stopping");
  EXPECT_EQ(notified("READY=1\nSTOPPING=1"), "ready stopping");
}

TEST(Readiness, EverythingElseSaysNothing) {
  for (const char* message :
       {"", "\n", "\n\n\n", "READY", "READY=", "READY=0", "READY=11", "READY=1 ", " READY=1",
        "ready=1", "XREADY=1", "STATUS=READY=1", "READY=1\r\n", "WATCHDOG=1", "RELOADING=1",
        "STOPPING=0", "FDSTORE=1", "READY=1;STOPPING=1"}) {
    EXPECT_EQ(notified(message), "-") << message;
  }
}

TEST(Readiness, ZeroBytesAreNoEnd) {
  EXPECT_EQ(notified(std::string_view("A\0B\nREADY=1", 11)), "ready");
  EXPECT_EQ(notified(std::string_view("READY=1\0", 8)), "-");
}

TEST(Readiness, NothingIsReadBehindTheMessage) {
  EXPECT_EQ(notified(std::string_view("READY=10", 7)), "ready");
  EXPECT_EQ(notified(std::string_view("READY=1", 6)), "-");
}

TEST(Readiness, LongestDatagramIsRead) {
  const std::string filler(4096, 'x');
  EXPECT_EQ(notified(filler + "\nREADY=1"), "ready");
  EXPECT_EQ(notified(filler), "-");
}

TEST(Readiness, NewlineIsReadyWhateverStandsBeforeIt) {
  EXPECT_EQ(shown(parse_newline("\n")), "ready");
  EXPECT_EQ(shown(parse_newline("up\n")), "ready");
  EXPECT_EQ(shown(parse_newline("up\nand more")), "ready");
  EXPECT_EQ(shown(parse_newline(std::string_view("\0\n", 2))), "ready");
}

TEST(Readiness, WithoutANewlineItIsNot) {
  EXPECT_EQ(shown(parse_newline("")), "-");
  EXPECT_EQ(shown(parse_newline("READY=1")), "-");
  EXPECT_EQ(shown(parse_newline("\r")), "-");
  EXPECT_EQ(shown(parse_newline(std::string_view("up\n", 2))), "-");
}

}  // namespace
}  // namespace hydrinit
