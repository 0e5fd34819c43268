#include "core/accounts.h"

#include <gtest/gtest.h>

#include <string>

namespace hydrinit {
namespace {

const char* const kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "daemon:x:1:1::/:/sbin/nologin\n"
    "app:x:1000:1001:An application:/home/app:/bin/sh\n"
    "application:x:1002:1002::/srv:/bin/sh\n"
    "65534:x:4000:4001::/numbered:/bin/sh\n";
const char* const kGroup =
    "root:x:0:\n"
    "daemon:x:1:app\n"
    "app:x:1001:app\n"
    "staff:x:50:root,app,application\n"
    "video:x:44:application\n"
    "appl:x:60:appl\n"
    "last:x:70:x,app";

// "1000:1001 app /home/app 1 50 70"; what was not found is "?". The texts are copied, as they are
// cut into fields.
std::string found(const std::string& asked, std::string passwd, std::string group) {
  const Account account = find_account(asked.c_str(), passwd.data(), group.data());
  std::string text = account.found ? std::to_string(account.uid) : "?";
  text += ":" + (account.group_found ? std::to_string(account.gid) : "?");
  text += std::string(" ") + (account.name != nullptr ? account.name : "-") + " " + account.home;
  for (std::uint32_t id : account.groups) text += " " + std::to_string(id);
  return text + (account.too_many_groups ? " ..." : "");
}
std::string found(const std::string& asked) { return found(asked, kPasswd, kGroup); }

TEST(Accounts, NameHasItsUidItsGroupsAndItsHome) {
  EXPECT_EQ(found("app"), "1000:1001 app /home/app 1 50 70");
  EXPECT_EQ(found("root"), "0:0 root /root 50");
  EXPECT_EQ(found("daemon"), "1:1 daemon /");
}

TEST(Accounts, NumberWithAnEntryHasAllOfIt) {
  EXPECT_EQ(found("1000"), "1000:1001 app /home/app 1 50 70");
  EXPECT_EQ(found("0"), "0:0 root /root 50");
}

TEST(Accounts, NumberWithoutAnEntryIsItsOwnGroup) {
  EXPECT_EQ(found("2000"), "2000:2000 - /");
  EXPECT_EQ(found("4294967294"), "4294967294:4294967294 - /");
}

// A user who is called so is not meant by it: a number is a number, as for chown(1).
TEST(Accounts, NumberIsNeverAName) { EXPECT_EQ(found("65534"), "65534:65534 - /"); }

TEST(Accounts, UnknownNameIsNotFound) {
  for (const char* asked : {"nobody", "ap", "apps", "App", "app ", " app", "-1", "+0", "0x0"})
    EXPECT_EQ(found(asked).substr(0, 2), "?:") << asked;
}

TEST(Accounts, NumberThatIsTooLargeIsNotFound) {
  for (const char* asked : {"4294967295", "4294967296", "99999999999999999999"})
    EXPECT_EQ(found(asked).substr(0, 2), "?:") << asked;
}

TEST(Accounts, GroupThatIsNamedIsTheOnlyOne) {
  EXPECT_EQ(found("app:staff"), "1000:50 app /home/app");
  EXPECT_EQ(found("app:app"), "1000:1001 app /home/app");
  EXPECT_EQ(found("1000:video"), "1000:44 app /home/app");
  EXPECT_EQ(found("2000:video"), "2000:44 - /");
  EXPECT_EQ(found("app:last"), "1000:70 app /home/app");
}

TEST(Accounts, GroupByNumberNeedsNoEntry) {
  EXPECT_EQ(found("app:50"), "1000:50 app /home/app");
  EXPECT_EQ(found("app:12345"), "1000:12345 app /home/app");
  EXPECT_EQ(found("2000:0"), "2000:0 - /");
  EXPECT_EQ(found("2000:0", "", ""), "2000:0 - /");
}

TEST(Accounts, UnknownGroupIsNotFound) {
  for (const char* asked : {"app:nogroup", "app:staf", "app:staffs", "2000:nogroup", "app:staff ",
                            "app:4294967295", "app:-1", "app:staff:x"})
    EXPECT_EQ(found(asked).find(":?"), found(asked).find(':')) << asked;
}

TEST(Accounts, FilesThatAreNotThereHaveNoNames) {
  EXPECT_EQ(found("app", "", ""), "?:? - /");
  EXPECT_EQ(found("1000", "", ""), "1000:1000 - /");
  EXPECT_EQ(found("1000:1001", "", ""), "1000:1001 - /");
  EXPECT_EQ(found("1000:app", "", ""), "1000:? - /");
}

TEST(Accounts, NameWithoutAGroupFileHasItsOwnGroup) {
  EXPECT_EQ(found("app", kPasswd, ""), "1000:1001 app /home/app");
}

TEST(Accounts, FirstEntryOfANameOrANumberCounts) {
  const std::string passwd = "a:x:1:2::/one:\na:x:3:4::/two:\nb:x:1:5::/three:\n";
  EXPECT_EQ(found("a", passwd, ""), "1:2 a /one");
  EXPECT_EQ(found("1", passwd, ""), "1:2 a /one");
  EXPECT_EQ(found("a:g", "a:x:1:2::/:\n", "g:x:7:\ng:x:8:\n"), "1:7 a /");
}

TEST(Accounts, LinesThatAreNoneArePassedOver) {
  const std::string passwd =
      "\n"
      "# a comment\n"
      "app\n"
      "app:x\n"
      "app:x:\n"
      "app:x:5\n"
      "app:x::6::/a:\n"
      "app:x:five:6::/a:\n"
      "app:x:-5:6::/a:\n"
      "app:x:5:six::/a:\n"
      "app:x:5 :6::/a:\n"
      "app:x:4294967295:6::/a:\n"
      "+::::::\n"
      "app:x:1000:1001::/home/app:\n";
  EXPECT_EQ(found("app", passwd, ""), "1000:1001 app /home/app");
  const std::string group = "\n# app\nstaff\nstaff:x\nstaff:x:\nstaff:x:x:app\nstaff:x:-1:app\n";
  EXPECT_EQ(found("app", passwd, group), "1000:1001 app /home/app");
  EXPECT_EQ(found("app:staff", passwd, group + "staff:x:50:\n"), "1000:50 app /home/app");
}

TEST(Accounts, LastLineNeedsNoNewline) {
  EXPECT_EQ(found("a", "a:x:1:2::/home:/bin/sh", ""), "1:2 a /home");
  EXPECT_EQ(found("a", "a:x:1:2::/home", ""), "1:2 a /home");
  EXPECT_EQ(found("a", "a:x:1:2::/:\n", "g:x:7:a"), "1:2 a / 7");
}

TEST(Accounts, MembersAreWholeNames) {
  EXPECT_EQ(found("app", "app:x:1:2::/:\n", "a:x:7:apps,ap\nb:x:8:ap,app\nc:x:9:app,\nd:x:10:,\n"),
            "1:2 app / 8 9");
}

// The gid is handed to setgid(2), and need not be among the others.
TEST(Accounts, OwnGroupIsNotASupplementaryOne) {
  EXPECT_EQ(found("app", "app:x:1:2::/:\n", "app:x:2:app\nb:x:3:app\n"), "1:2 app / 3");
}

std::string groups_of_app(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string id = std::to_string(100 + i);
    text.append("g").append(id).append(":x:").append(id).append(":app\n");
  }
  return text;
}

TEST(Accounts, MoreGroupsThanThereIsRoomForAreTold) {
  const std::string passwd = "app:x:1:2::/:\n";
  const std::string most = found("app", passwd, groups_of_app(kGroupsMax));
  EXPECT_EQ(most.find("..."), std::string::npos);
  EXPECT_NE(most.find(" 131"), std::string::npos);
  EXPECT_NE(found("app", passwd, groups_of_app(kGroupsMax + 1)).find("..."), std::string::npos);
}

TEST(Accounts, GroupsOfOthersTakeNoRoom) {
  EXPECT_EQ(found("other", "other:x:1:2::/:\n", groups_of_app(kGroupsMax + 1)), "1:2 other /");
}

}  // namespace
}  // namespace hydrinit
