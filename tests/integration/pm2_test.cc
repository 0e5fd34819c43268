// scripts/pm2-to-hydrinit: what it makes of pm2's configurations is what stands beside them in
// tests/integration/pm2, and hydrinit understands it. After a change of what is printed:
//
//   cd tests/integration/pm2 && for file in *.*js *.json *.y*ml; do
//     ../../../scripts/pm2-to-hydrinit $file >$file.expected; done

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness.h"

namespace hydrinit_test {
namespace {

class Pm2 : public ::testing::Test {
 protected:
  void SetUp() override { REQUIRE_OR_SKIP(shell("command -v node").code == 0, "no node"); }

  static Outcome shell(const std::string& text) {
    Process process({"/bin/sh", "-c", text});
    process.close_input();
    return process.finish();
  }

  static std::string tests() {
    return std::filesystem::absolute(__FILE__).parent_path().string() + "/";
  }

  // In the folder of the file, so that messages have its name alone.
  static Outcome convert(const std::string& folder, const std::string& arguments) {
    return shell("cd " + folder + " && " + tests() + "../../scripts/pm2-to-hydrinit " + arguments);
  }

  // The names of a folder's files, but for what is expected of them.
  static std::set<std::string> inputs(const std::string& folder) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && name.find("expected") == std::string::npos) names.insert(name);
    }
    EXPECT_FALSE(names.empty());
    return names;
  }

  // The words of the exec form behind each such instruction. None of ours has quotes inside.
  static std::vector<std::vector<std::string>> exec_forms(const std::string& text,
                                                          const std::string& instruction) {
    std::vector<std::vector<std::string>> all;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind(instruction + " [", 0) != 0) continue;
      std::vector<std::string> words;
      for (std::size_t at = line.find('"'); at != std::string::npos; at = line.find('"', at + 1)) {
        const std::size_t end = line.find('"', at + 1);
        words.push_back(line.substr(at + 1, end - at - 1));
        at = end;
      }
      all.push_back(words);
    }
    return all;
  }
};

TEST_F(Pm2, MakesTheExpectedLines) {
  const std::string folder = tests() + "pm2/";
  for (const std::string& name : inputs(folder)) {
    const Outcome outcome = convert(folder, name);
    REQUIRE_OR_SKIP(outcome.code != 1, outcome.errors);
    EXPECT_EQ(outcome.code, 0) << name << ": " << outcome.errors;
    EXPECT_EQ(outcome.output, read_file(folder + name + ".expected")) << name;
  }
}

TEST_F(Pm2, HydrinitTakesEveryOptionOfThem) {
  const std::string folder = tests() + "pm2/";
  int count = 0;
  for (const std::string& name : inputs(folder)) {
    for (auto words : exec_forms(read_file(folder + name + ".expected"), "ENTRYPOINT")) {
      ASSERT_EQ(words.front(), "/sbin/hydrinit");
      ASSERT_EQ(words.back(), "--");
      words.front() = "--explain";
      words.push_back("true");
      const Outcome outcome = run(words);
      EXPECT_EQ(outcome.code, 0) << name << ": " << outcome.errors;
      ++count;
    }
  }
  EXPECT_GT(count, 15);
}

TEST_F(Pm2, OneAppOfSeveralByItsName) {
  const std::string folder = tests() + "pm2/";
  const Outcome outcome = convert(folder, "several.json worker");
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_EQ(outcome.output.rfind("# worker, from several.json\n", 0), 0u) << outcome.output;
  EXPECT_EQ(exec_forms(outcome.output, "CMD").size(), 1u);
}

TEST_F(Pm2, BrokenInputIsOneLineAndCode2) {
  const std::string folder = tests() + "pm2/broken/";
  std::string said;
  for (const std::string& name : inputs(folder)) {
    const Outcome outcome = convert(folder, name);
    REQUIRE_OR_SKIP(outcome.code != 1, outcome.errors);
    EXPECT_EQ(outcome.code, 2) << name;
    EXPECT_EQ(outcome.output, "") << name;
    said += outcome.errors;
  }
  EXPECT_EQ(said, read_file(folder + "expected"));
}

TEST_F(Pm2, WrongArgumentsAreOneLineAndCode2) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "usage: pm2-to-hydrinit FILE [APP]"},
      {"--help", "usage: pm2-to-hydrinit FILE [APP]"},
      {"several.json web worker", "usage: pm2-to-hydrinit FILE [APP]"},
      {"missing.json", "missing.json: cannot be read (ENOENT)"},
      {"several.json nobody", "several.json: no app 'nobody', there is web, worker, job"},
  };
  for (const auto& [arguments, message] : table) {
    const Outcome outcome = convert(tests() + "pm2", arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_EQ(outcome.output, "") << arguments;
    EXPECT_EQ(outcome.errors, "pm2-to-hydrinit: " + message + "\n");
  }
}

// process.send('ready') of a program written for pm2 reaches hydrinit.
TEST_F(Pm2, ReadyIsHeardFromAnUnchangedProgram) {
  const std::string folder = work_folder() + "/pm2/";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "app.js") << "process.stdin.once('data', () => process.send('ready'));\n"
                                      "console.log('waits');\n"
                                      "setInterval(() => {}, 1000);\n";
  std::ofstream(folder + "app.json") << "{script: '" << folder << "app.js', wait_ready: true}";
  const Outcome made = convert(folder, "app.json");
  ASSERT_NE(made.output.find("ENV NODE_CHANNEL_FD=\"3\"\n"), std::string::npos) << made.errors;
  std::vector<std::string> words = exec_forms(made.output, "ENTRYPOINT").at(0);
  words.front() = binary();
  const std::vector<std::string> command = exec_forms(made.output, "CMD").at(0);
  words.insert(words.end(), {"/usr/bin/env"});
  words.insert(words.end(), command.begin(), command.end());

  Process process(words, {.environment = {{"NODE_CHANNEL_FD", "3"}}});
  process.expect("waits");
  const std::string pid = std::to_string(process.pid());
  EXPECT_EQ(run({"--healthy", "--pid", pid}).code, 1);
  process.write("go\n");
  EXPECT_TRUE(eventually([&] { return run({"--healthy", "--pid", pid}).code == 0; }));
  process.signal(15);
  EXPECT_EQ(process.finish().code, 130);
}

}  // namespace
}  // namespace hydrinit_test
