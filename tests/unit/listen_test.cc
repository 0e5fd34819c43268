#include "core/listen.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "core/config.h"
#include "core/port_options.h"

namespace hydrinit {
namespace {

std::string shown_bytes(const std::uint8_t* bytes, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    char byte[8];
    std::snprintf(byte, sizeof byte, "%02x", bytes[i]);
    text += (i > 0 && i % 2 == 0 ? ":" : "") + std::string(byte);
  }
  return text;
}

// "web tcp4 7f00:0001 80", "udp6 any 53", "unix /run/a"; "none" for what cannot be read.
std::string read(const std::string& text) {
  ListenSpec spec;
  const char* cursor = text.c_str();
  if (!take_listen(cursor, spec)) return "none";
  std::string shown(spec.name, spec.name_length);
  if (!shown.empty()) shown += " ";
  if (spec.kind == ListenSpec::Kind::unix_stream) {
    const std::string path(spec.text + ListenSpec::kUnixPrefix,
                           spec.length - std::size_t{ListenSpec::kUnixPrefix});
    shown += "unix " + path;
  } else {
    const SocketAddress& address = spec.address;
    const bool v4 = address.family == SocketAddress::kV4;
    shown += spec.kind == ListenSpec::Kind::udp ? "udp" : "tcp";
    shown += v4 ? "4 " + shown_bytes(address.v4, 4)
                : "6 " + (spec.any ? "any" : shown_bytes(address.v6, 16));
    shown += " " + std::to_string(address.port());
  }
  return shown + std::string(*cursor == '\0' ? "" : " and more");
}

// The address alone of [text]:1.
std::string v6(const std::string& text) {
  const std::string shown = read("[" + text + "]:1");
  if (shown == "none") return shown;
  return shown.substr(5, shown.size() - 7);
}

TEST(Listen, PortAloneIsOfEveryAddress) {
  EXPECT_EQ(read("80"), "tcp6 any 80");
  EXPECT_EQ(read("1"), "tcp6 any 1");
  EXPECT_EQ(read("65535"), "tcp6 any 65535");
  EXPECT_EQ(read("0080"), "tcp6 any 80");
}

TEST(Listen, PortIsInTheNetworksOrder) {
  ListenSpec spec;
  const char* cursor = "127.0.0.1:258";
  ASSERT_TRUE(take_listen(cursor, spec));
  EXPECT_EQ(spec.address.port_bytes[0], 1);
  EXPECT_EQ(spec.address.port_bytes[1], 2);
}

TEST(Listen, PortThatIsNoneIsRefused) {
  for (const char* text :
       {"",      "0",    "00",    "65536", "65616", "4294967376", "99999999999999999999",
        "-1",    "+80",  " 80",   "80 ",   "80x",   "x80",        "abc",
        "8.0",   "0x50", "80:80", "80:",   ":80",   ":",          "*:80",
        "80/tcp"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

TEST(Listen, Ipv4IsFourNumbersAndAPort) {
  EXPECT_EQ(read("127.0.0.1:80"), "tcp4 7f00:0001 80");
  EXPECT_EQ(read("0.0.0.0:1"), "tcp4 0000:0000 1");
  EXPECT_EQ(read("255.255.255.255:65535"), "tcp4 ffff:ffff 65535");
}

TEST(Listen, Ipv4ThatIsNoneIsRefused) {
  for (const char* text :
       {"127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:abc", "127.0.0:80",
        "127.0.0.1.1:80", "127.0.0.256:80", "127.0..1:80", ".0.0.1:80", "127.0.0.1 :80",
        "127.0.0.-1:80", "1270.0.1:80", "127.0.0.1:80:81", "127.0.0.1/8:80", "localhost:80",
        "example.org:80"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

TEST(Listen, Ipv6StandsInBrackets) {
  EXPECT_EQ(v6("2001:db8:1:2:3:4:5:6"), "2001:0db8:0001:0002:0003:0004:0005:0006");
  EXPECT_EQ(v6("FFFF:abcd:0:0:0:0:0:1"), "ffff:abcd:0000:0000:0000:0000:0000:0001");
  EXPECT_EQ(read("[::1]:65535"), "tcp6 0000:0000:0000:0000:0000:0000:0000:0001 65535");
}

TEST(Listen, TwoColonsStandForZerosWhereverTheyAre) {
  EXPECT_EQ(v6("::"), "0000:0000:0000:0000:0000:0000:0000:0000");
  EXPECT_EQ(v6("::1"), "0000:0000:0000:0000:0000:0000:0000:0001");
  EXPECT_EQ(v6("1::"), "0001:0000:0000:0000:0000:0000:0000:0000");
  EXPECT_EQ(v6("1::2"), "0001:0000:0000:0000:0000:0000:0000:0002");
  EXPECT_EQ(v6("1:2::3"), "0001:0002:0000:0000:0000:0000:0000:0003");
  EXPECT_EQ(v6("1:2:3::"), "0001:0002:0003:0000:0000:0000:0000:0000");
  EXPECT_EQ(v6("::1:2:3"), "0000:0000:0000:0000:0000:0001:0002:0003");
  // One group of zeros, at each place.
  EXPECT_EQ(v6("::2:3:4:5:6:7:8"), "0000:0002:0003:0004:0005:0006:0007:0008");
  EXPECT_EQ(v6("1:2:3::5:6:7:8"), "0001:0002:0003:0000:0005:0006:0007:0008");
  EXPECT_EQ(v6("1:2:3:4:5:6:7::"), "0001:0002:0003:0004:0005:0006:0007:0000");
}

TEST(Listen, Ipv6ThatIsNoneIsRefused) {
  for (const char* text : {"",
                           ":",
                           ":::",
                           "1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "::1::",
                           ":1::",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "1:2:3:4::5:6:7:8",
                           "12345::",
                           "ffffffffffffffffffff::",
                           "g::",
                           "::g",
                           "1:",
                           ":1",
                           "1:2:3:4:5:6:7:",
                           ":1:2:3:4:5:6:7",
                           "::1:",
                           "::ffff:1.2.3.4",
                           "fe80::1%eth0",
                           "fe80::1%2",
                           " ::1",
                           "::1 ",
                           "[::1]"}) {
    EXPECT_EQ(v6(text), "none") << text;
  }
}

TEST(Listen, Ipv6WithoutItsBracketsOrItsPortIsRefused) {
  for (const char* text : {"::1", "::1:80", "[::1", "[::1]", "[::1]80", "[::1]:", "[::1]:0",
                           "[::1]:65536", "[::1]:80x", "[", "[]", "[]:80", "[127.0.0.1]:80"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

TEST(Listen, UdpStandsBeforeEveryAddress) {
  EXPECT_EQ(read("udp:53"), "udp6 any 53");
  EXPECT_EQ(read("udp:127.0.0.1:53"), "udp4 7f00:0001 53");
  EXPECT_EQ(read("udp:[::]:53"), "udp6 0000:0000:0000:0000:0000:0000:0000:0000 53");
  for (const char* text : {"udp:", "udp", "udp:0", "udp:abc", "UDP:53", "udp:udp:53", "udp:unix:/a",
                           "tcp:80", "udp: 53"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

TEST(Listen, UnixIsAPath) {
  EXPECT_EQ(read("unix:/run/app.socket"), "unix /run/app.socket");
  EXPECT_EQ(read("unix:app.socket"), "unix app.socket");
  EXPECT_EQ(read("unix:80"), "unix 80");
  EXPECT_EQ(read("unix:/with space:and=signs"), "unix /with space:and=signs");
  for (const char* text : {"unix:", "unix", "UNIX:/a", "unix:,80"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

TEST(Listen, PathMayHaveAsMuchAsTheKernelTakes) {
  const std::string longest(kUnixPathMax - 1, 'p');
  EXPECT_EQ(read("unix:" + longest), "unix " + longest);
  EXPECT_EQ(read("name=unix:" + longest), "name unix " + longest);
  // 256 of them more would wrap round a byte.
  for (int more : {1, 2, 149, 256, 1000}) {
    EXPECT_EQ(read("unix:" + longest + std::string(static_cast<std::size_t>(more), 'p')), "none")
        << more;
  }
}

TEST(Listen, NameStandsBeforeAnEqualsSign) {
  EXPECT_EQ(read("web=80"), "web tcp6 any 80");
  EXPECT_EQ(read("web=127.0.0.1:80"), "web tcp4 7f00:0001 80");
  EXPECT_EQ(read("dns=udp:53"), "dns udp6 any 53");
  EXPECT_EQ(read("api=unix:/a=b"), "api unix /a=b");
  EXPECT_EQ(read("80=81"), "80 tcp6 any 81");
  EXPECT_EQ(read("a.b-c_d=80"), "a.b-c_d tcp6 any 80");
}

TEST(Listen, NameThatIsNoneIsRefused) {
  for (const char* text : {"=80", "web=", "web=web=80", "web:x=80", "we b=80", "web/x=80",
                           "web= 80", "[web]=80", "web\n=80"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

TEST(Listen, NameHasItsLimit) {
  const std::string longest(kListenNameMax, 'n');
  EXPECT_EQ(read(longest + "=80"), longest + " tcp6 any 80");
  for (int more : {1, 225, 256}) {
    EXPECT_EQ(read(longest + std::string(static_cast<std::size_t>(more), 'n') + "=80"), "none")
        << more;
  }
}

TEST(Listen, ReadsUpToTheComma) {
  EXPECT_EQ(read("80,81"), "tcp6 any 80 and more");
  EXPECT_EQ(read("127.0.0.1:80,81"), "tcp4 7f00:0001 80 and more");
  EXPECT_EQ(read("unix:/a,81"), "unix /a and more");
  EXPECT_EQ(read("80,"), "tcp6 any 80 and more");
  // What follows is not looked at, not for a name either.
  EXPECT_EQ(read("80,a=81"), "tcp6 any 80 and more");
}

// ---- lists
// ----------------------------------------------------------------------------------------

// How many of a list were taken; negative: it was refused.
int listed(const std::string& list) {
  Config config;
  return read_listen(list.c_str(), config) ? static_cast<int>(config.listen.size()) : -1;
}

std::string ports_up_to(int last) {
  std::string list = "1";
  for (int port = 2; port <= last; ++port) list += "," + std::to_string(port);
  return list;
}

TEST(Listen, ListIsReadToItsEnd) {
  EXPECT_EQ(listed("80"), 1);
  EXPECT_EQ(listed("80,a=127.0.0.1:81,[::1]:82,udp:53,unix:/a"), 5);
  for (const char* list : {"", ",", "80,", ",80", "80,,81", "80, 81", "80;81", "80,abc"}) {
    EXPECT_EQ(listed(list), -1) << list;
  }
}

TEST(Listen, SixteenAreTheMost) {
  EXPECT_EQ(listed(ports_up_to(16)), 16);
  EXPECT_EQ(listed(ports_up_to(17)), -1);
  Config config;
  const std::string full = ports_up_to(16);
  ASSERT_TRUE(read_listen(full.c_str(), config));
  EXPECT_FALSE(read_listen("17", config)) << "of several lists too";
}

TEST(Listen, EachIsRememberedWhereItBegins) {
  Config config;
  ASSERT_TRUE(read_listen("80,web=81,unix:/a", config));
  ASSERT_EQ(config.listen.size(), 3u);
  EXPECT_STREQ(config.listen[0], "80,web=81,unix:/a");
  EXPECT_STREQ(config.listen[1], "web=81,unix:/a");
  EXPECT_STREQ(config.listen[2], "unix:/a");
}

TEST(Listen, AddressIsAsLongAsItsFamilyIs) {
  SocketAddress address;
  address.family = SocketAddress::kV4;
  EXPECT_EQ(address.size(), SocketAddress::kSizeV4);
  address.family = SocketAddress::kV6;
  EXPECT_EQ(address.size(), SocketAddress::kSizeV6);
  address.set_port(65535);
  EXPECT_EQ(address.port(), 65535);
}

}  // namespace
}  // namespace hydrinit
