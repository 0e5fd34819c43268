#include "core/port_options.h"

#include <gtest/gtest.h>

#include <string>

#include "command_line.h"

namespace hydrinit {
namespace {

// ---- --ready
// --------------------------------------------------------------------------------------

// "time 1000", "descriptor 5"; "none" for what is refused.
std::string read_as(const char* value) {
  Config config;
  if (!read_ready(value, config)) return "none";
  const bool number = config.ready_by == ReadyBy::descriptor;
  return shown(config.ready_by) + " " +
         std::to_string(number ? config.ready_fd : config.ready.count);
}

TEST(PortOptions, ReadyIsATimeAWordOrADescriptor) {
  EXPECT_EQ(read_as("none"), "time 0");
  EXPECT_EQ(read_as("0"), "time 0");
  EXPECT_EQ(read_as("250ms"), "time 250");
  EXPECT_EQ(read_as("5"), "time 5000");
  EXPECT_EQ(read_as("notify"), "notify 0");
  EXPECT_EQ(read_as("listen"), "listen 0");
  EXPECT_EQ(read_as("fd:3"), "descriptor 3");
  EXPECT_EQ(read_as("fd:63"), "descriptor 63");
  EXPECT_EQ(read_as("fd:007"), "descriptor 7");
}

TEST(PortOptions, ReadyThatIsNeitherIsRefused) {
  for (const char* value : {"",
                            "never",
                            "NONE",
                            "notify,listen",
                            "notify ",
                            "fd",
                            "fd:",
                            "fd:0",
                            "fd:1",
                            "fd:2",
                            "fd:64",
                            "fd:259",
                            "fd:99999999999999999999",
                            "fd:-3",
                            "fd:+3",
                            "fd: 3",
                            "fd:3x",
                            "fd:x",
                            "-1",
                            "1d",
                            "1.5s"}) {
    EXPECT_EQ(read_as(value), "none") << value;
  }
}

TEST(PortOptions, LastReadyCounts) {
  Config config;
  ASSERT_TRUE(read_ready("fd:5", config));
  ASSERT_TRUE(read_ready("notify", config));
  EXPECT_EQ(config.ready_by, ReadyBy::notify);
  ASSERT_TRUE(read_ready("2s", config));
  EXPECT_EQ(config.ready_by, ReadyBy::time);
  EXPECT_EQ(config.ready, Millis{2000});
}

// ---- --share
// --------------------------------------------------------------------------------------

bool takes_share(const char* value) {
  Config config;
  return read_share(value, config) && config.share == value;
}

TEST(PortOptions, ShareIsAListOfPorts) {
  for (const char* value : {"80", "1,65535,80", "080", "80,80"})
    EXPECT_TRUE(takes_share(value)) << value;
}

TEST(PortOptions, ShareOfNothingIsOfAll) { EXPECT_TRUE(takes_share("")); }

TEST(PortOptions, ShareThatIsNoListOfPortsIsRefused) {
  for (const char* value : {"0", "65536", "65616", "abc", "80,", ",80", "80,,81", "80, 81", "80;81",
                            "80-81", "-80", "80,0", "80,65536", "80x", "127.0.0.1:80", "*", ","}) {
    EXPECT_FALSE(takes_share(value)) << value;
  }
}

TEST(PortOptions, PortIsFoundAmongThoseThatAreNamed) {
  for (int port : {1, 80, 65535}) EXPECT_TRUE(names_port("80,1,65535", port)) << port;
  for (int port : {0, 8, 65, 800, 655}) EXPECT_FALSE(names_port("80,1,65535", port)) << port;
  EXPECT_FALSE(names_port("", 80));
}

// ---- --user
// ---------------------------------------------------------------------------------------

bool takes_user(const std::string& value) {
  Config config;
  return read_user(value.c_str(), config);
}

TEST(PortOptions, UserIsANameOrANumberAndSoIsItsGroup) {
  for (const char* value : {"app", "1000", "app:staff", "1000:1000", "app:1000", "0",
                            "_apt:nogroup", "user.name", "DOMAIN\\user"}) {
    EXPECT_TRUE(takes_user(value)) << value;
  }
}

TEST(PortOptions, UserOrGroupThatIsEmptyIsRefused) {
  for (const char* value : {"", ":", ":staff", "app:", "app::", "::"}) {
    EXPECT_FALSE(takes_user(value)) << value;
  }
}

TEST(PortOptions, UserHasItsLimit) {
  EXPECT_TRUE(takes_user(std::string(kUserMax, 'u')));
  EXPECT_FALSE(takes_user(std::string(kUserMax + 1, 'u')));
  EXPECT_FALSE(takes_user(std::string(4096, 'u')));
}

// ---- what excludes what
// ---------------------------------------------------------------------------

// The message; "" if all is well.
std::string refusal(const Words& words) {
  return CommandLine(Words{"hydrinit"} + words + Words{"true"}).message();
}

constexpr char kTwice[] = ": a name, port or descriptor that --";

TEST(PortOptions, ReadyByListeningNeedsShare) {
  EXPECT_EQ(refusal({"-n2", "--ready=listen"}), "hydrinit: --ready listen: needs --share");
  EXPECT_EQ(refusal({"-n2", "--ready=listen", "--listen=80"}),
            "hydrinit: --ready listen: needs --share");
  EXPECT_EQ(refusal({"-n2", "--ready=listen", "--share"}), "");
}

TEST(PortOptions, ShareNeedsReplicas) {
  EXPECT_EQ(refusal({"--share=80"}), "hydrinit: --share: needs --replicas");
  EXPECT_EQ(refusal({"--share=80", "--restart=no"}), "hydrinit: --share: needs --replicas");
  EXPECT_EQ(refusal({"--share=80", "-n1"}), "");
  EXPECT_EQ(refusal({"--share=80", "--restart=always"}), "");
}

TEST(PortOptions, ListenNeedsNoReplicas) { EXPECT_EQ(refusal({"--listen=80"}), ""); }

TEST(PortOptions, ReadyDescriptorMayNotBeOneOfThoseThatListen) {
  const std::string refused = std::string("hydrinit: --ready") + kTwice + "listen has too";
  EXPECT_EQ(refusal({"-n2", "--ready=fd:3"}), "");
  EXPECT_EQ(refusal({"-n2", "--ready=fd:3", "--listen=80"}), refused);
  EXPECT_EQ(refusal({"-n2", "--ready=fd:4", "--listen=80"}), "");
  EXPECT_EQ(refusal({"-n2", "--ready=fd:18", "--listen=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"}),
            refused);
  EXPECT_EQ(refusal({"-n2", "--ready=fd:19", "--listen=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"}),
            "");
  // It is no descriptor any more.
  EXPECT_EQ(refusal({"-n2", "--ready=fd:3", "--ready=1s", "--listen=80"}), "");
}

TEST(PortOptions, TwoNamesMayNotBeAlike) {
  const std::string refused = std::string("hydrinit: --listen") + kTwice + "listen has too";
  EXPECT_EQ(refusal({"--listen=a=80,b=81,a=82"}), refused);
  EXPECT_EQ(refusal({"--listen=a=80", "--listen=a=unix:/a"}), refused);
  EXPECT_EQ(refusal({"--listen=a=80,ab=81,A=82,b=83"}), "");
  EXPECT_EQ(refusal({"--listen=80,81"}), "") << "without names";
}

TEST(PortOptions, PortIsEitherSharedOrListenedOn) {
  const std::string refused = std::string("hydrinit: --share") + kTwice + "listen has too";
  EXPECT_EQ(refusal({"-n2", "--share=80,81", "--listen=81"}), refused);
  EXPECT_EQ(refusal({"-n2", "--share=81", "--listen=80,127.0.0.1:81"}), refused);
  EXPECT_EQ(refusal({"-n2", "--share=81", "--listen=[::1]:81"}), refused);
  EXPECT_EQ(refusal({"-n2", "--share=80", "--listen=81"}), "");
  EXPECT_EQ(refusal({"-n2", "--share=53", "--listen=udp:53"}), "") << "another protocol";
  EXPECT_EQ(refusal({"-n2", "--share=53", "--listen=unix:53"}), "") << "a path";
  EXPECT_EQ(refusal({"-n2", "--share", "--listen=80"}), "") << "all others";
}

// What --listen has is found among all that are shared, however many.
TEST(PortOptions, PortIsEitherSharedOrListenedOnBehindManyOthers) {
  std::string ports = "1";
  for (int port = 2; port <= 20; ++port) ports += "," + std::to_string(port);
  EXPECT_EQ(refusal({"-n2", "--share=" + ports, "--listen=20"}),
            std::string("hydrinit: --share") + kTwice + "listen has too");
}

TEST(PortOptions, NothingIsRefusedWithoutPorts) {
  EXPECT_EQ(check_ports(Config{}).kind, Notice::Kind::none);
}

}  // namespace
}  // namespace hydrinit
