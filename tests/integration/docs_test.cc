// README.md and docs/*.md: what they tell people to type is run, what they show is compared with
// what is printed, and the options stand in all places alike. docs.py does it.

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <iterator>

#include "harness.h"

namespace hydrinit_test {
namespace {

std::filesystem::path top() {
  return std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
}

// It bounds all that it runs.
void expect_no_complaint(const std::string& words) {
  const std::string command = "timeout 600 /usr/bin/python3 -B '" +
                              (top() / "tests/integration/docs.py").string() + "' '" + binary() +
                              "' " + words + " 2>&1 </dev/null";
  FILE* pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string complaints;
  char some[4096];
  for (std::size_t size = 0; (size = std::fread(some, 1, sizeof some, pipe)) > 0;) {
    complaints.append(some, size);
  }
  EXPECT_EQ(::pclose(pipe), 0);
  EXPECT_EQ(complaints, "");
}

Words documents() {
  Words names = {"README.md"};
  for (const auto& entry : std::filesystem::directory_iterator(top() / "docs")) {
    if (entry.path().extension() == ".md")
      names.push_back("docs/" + entry.path().filename().string());
  }
  std::sort(names.begin() + 1, names.end());
  return names;
}

class Documents : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Each, Documents, ::testing::ValuesIn(documents()), [](const auto& name) {
  std::string letters;
  std::copy_if(name.param.begin(), name.param.end(), std::back_inserter(letters),
               [](unsigned char c) { return std::isalnum(c) != 0; });
  return letters;
});

TEST_P(Documents, DoAsTheySay) {
  REQUIRE_OR_SKIP(is_root(), "namespaces of their own need root");
  expect_no_complaint("run " + GetParam());
}

TEST(Document, OptionsAreTheSameEverywhere) { expect_no_complaint("options"); }

TEST(Document, EachMessageIsExplained) { expect_no_complaint("messages"); }

TEST(Document, PictureIsOfARun) {
  REQUIRE_OR_SKIP(is_root(), "namespaces of their own need root");
  expect_no_complaint("picture");
}

TEST(Document, LinksLeadSomewhere) { expect_no_complaint("links"); }

}  // namespace
}  // namespace hydrinit_test
