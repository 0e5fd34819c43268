// The man page and the completions, made from the binary's own options: each has all of them, and
// real shells complete by them.

#include <sys/stat.h>

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "harness.h"

namespace hydrinit_test {
namespace {

Outcome shell(const std::string& text) {
  Process process({"/bin/sh", "-c", text});
  process.close_input();
  return process.finish();
}

bool has_command(const std::string& name) { return shell("command -v " + name).code == 0; }

#define REQUIRE_COMMAND(name) REQUIRE_OR_SKIP(has_command(name), std::string("no ") + (name))

// Where a file of the work folder is, with this text.
std::string file(const std::string& name, const std::string& text) {
  const std::string path = work_folder() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

// One of the project's scripts, with its arguments.
Outcome script(const std::string& command) {
  const std::string here = __FILE__;
  return shell(here.substr(0, here.rfind('/')) + "/../../scripts/" + command);
}

// What it prints of this binary.
std::string made(const std::string& name, const std::string& argument = "") {
  const Outcome outcome = script(name + " " + binary() + " " + argument);
  EXPECT_EQ(outcome.code, 0) << outcome.errors;
  EXPECT_EQ(outcome.errors, "");
  return outcome.output;
}

// All long options of --help=all, those with "--no-" too.
std::set<std::string> every_option() {
  std::set<std::string> options;
  std::istringstream help(run({"--help=all"}).output);
  for (std::string line; std::getline(help, line);) {
    const std::size_t at = line.find("--");
    if (line.rfind("  ", 0) != 0 || at != 6) continue;
    const bool negatable = line.compare(at, 7, "--[no-]") == 0;
    std::string name = line.substr(at + (negatable ? 7 : 2));
    name = name.substr(0, name.find_first_of(" ["));
    options.insert("--" + name);
    if (negatable) options.insert("--no-" + name);
  }
  EXPECT_GT(options.size(), 50u);
  return options;
}

std::string man_page() {
  static const std::string path = file("hydrinit.1", made("make-man"));
  return path;
}

TEST(ManPage, IsCleanForMandoc) {
  REQUIRE_COMMAND("mandoc");
  const Outcome outcome = shell("mandoc -Tlint -W warning " + man_page());
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.output, "");
}

TEST(ManPage, HasEveryOption) {
  REQUIRE_COMMAND("mandoc");
  std::string page = shell("mandoc -Tascii " + man_page()).output;
  // Bold is a letter over itself, underlined one over "_".
  for (std::size_t at = page.find('\b'); at != std::string::npos; at = page.find('\b')) {
    page.erase(at - 1, 2);
  }
  std::set<std::string> words;
  std::istringstream stream(page);
  for (std::string word; stream >> word;) words.insert(word.substr(0, word.find_first_of("[,")));
  for (const std::string& option : every_option()) {
    EXPECT_TRUE(words.contains(option)) << option;
  }
}

TEST(ManPage, NeedsABinaryThatRuns) {
  for (const char* command : {"make-man /bin/false", "make-completions /bin/false zsh"}) {
    const Outcome outcome = script(command);
    EXPECT_NE(outcome.code, 0) << command;
    EXPECT_EQ(outcome.output, "") << command;
    EXPECT_NE(outcome.errors.find("HOST_BINARY"), std::string::npos) << outcome.errors;
  }
}

// Each shell is given lines as if they were typed, and puts into them all that their last word can
// become.

// On a terminal. C-o is "insert-completions" of readline(3), C-t tells the line and empties it.
std::vector<std::string> completed_by_bash(const std::vector<std::string>& lines) {
  const std::string results = file("bash-results", "");
  const std::string start =
      file("bashrc", ". " + file("hydrinit.bash", made("make-completions", "bash")) +
                         "\n"
                         "PS1=ready:\n"
                         "show() {\n"
                         "  printf '%s\\n' \"$READLINE_LINE\" >>" +
                         results +
                         "\n"
                         "  READLINE_LINE= READLINE_POINT=0\n"
                         "  echo \"line $((++count)) is done\"\n"
                         "}\n"
                         "bind '\"\\C-o\": insert-completions'\n"
                         "bind -x '\"\\C-t\": show'\n");
  Process bash({"/usr/bin/env", "bash", "--rcfile", start, "-i"},
               {.environment = {{"INPUTRC", "/dev/null"}, {"HISTFILE", ""}}, .terminal = true});
  bash.expect("ready:");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    bash.write(lines[i] + "\x0f\x14");
    bash.expect("line " + std::to_string(i + 1) + " is done");
  }
  bash.write("exit\n");
  bash.finish();
  return lines_of(read_file(results));
}

// On a terminal. The line editor fills the lines in by itself before it reads any key.
std::vector<std::string> completed_by_zsh(const std::vector<std::string>& lines) {
  const std::string folder = work_folder() + "/zsh";
  ::mkdir(folder.c_str(), 0755);
  file("zsh/_hydrinit", made("make-completions", "zsh"));
  const std::string results = file("zsh/results", "");
  std::string asked;
  for (const std::string& line : lines) asked += line + "\n";
  file("zsh/lines", asked);
  file("zsh/.zshrc",
       "fpath=($ZDOTDIR $fpath)\n"
       "autoload -Uz compinit\n"
       "compinit -u -D\n"
       "all-matches() {\n"
       "  _main_complete\n"
       "  compstate[insert]=all compstate[list]=\n"
       "}\n"
       "zle -C all-matches complete-word all-matches\n"
       "zle-line-init() {\n"
       "  local line\n"
       "  for line in \"${(@f)$(<$ZDOTDIR/lines)}\"; do\n"
       "    BUFFER=$line CURSOR=$#line\n"
       "    zle all-matches\n"
       "    print -r -- \"$BUFFER\" >>$ZDOTDIR/results\n"
       "  done\n"
       "  exit\n"
       "}\n"
       "zle -N zle-line-init\n");
  Process zsh({"/usr/bin/env", "zsh", "-d", "-i"},
              {.environment = {{"ZDOTDIR", folder}}, .terminal = true});
  zsh.finish();
  return lines_of(read_file(results));
}

std::vector<std::string> completed_by_fish(const std::vector<std::string>& lines) {
  const std::string script = file("hydrinit.fish", made("make-completions", "fish"));
  std::string asked = "source " + script + "\n";
  // A match is the whole word, and its description follows a tab.
  for (const std::string& line : lines) {
    asked += "echo (complete -C '" + line + "' | string replace -r '\\t.*' '')\n";
  }
  Process fish({"/usr/bin/env", "fish", file("asked.fish", asked)},
               {.environment = {{"XDG_CONFIG_HOME", work_folder()},
                                {"XDG_DATA_HOME", work_folder()},
                                {"XDG_CACHE_HOME", work_folder()}}});
  fish.close_input();
  const Outcome outcome = fish.finish();
  EXPECT_EQ(outcome.errors, "");
  std::vector<std::string> completed;
  std::istringstream stream(outcome.output);
  for (const std::string& line : lines) {
    std::string matches;
    std::getline(stream, matches);
    completed.push_back(matches.empty() ? line : line.substr(0, line.rfind(' ') + 1) + matches);
  }
  return completed;
}

using Matches = std::set<std::string>;

class Completion : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { REQUIRE_COMMAND(GetParam()); }

  static std::vector<Matches> complete(const std::vector<std::string>& lines) {
    const std::string name = GetParam();
    const auto completed = name == "bash"  ? completed_by_bash(lines)
                           : name == "zsh" ? completed_by_zsh(lines)
                                           : completed_by_fish(lines);
    EXPECT_EQ(completed.size(), lines.size());
    std::vector<Matches> all(lines.size());
    for (std::size_t i = 0; i < lines.size() && i < completed.size(); ++i) {
      if (completed[i] != lines[i]) all[i] = matches(completed[i].substr(lines[i].rfind(' ') + 1));
    }
    return all;
  }

 private:
  // Shells differ in how much of the word stands before a match, and in the "=" behind an option.
  static Matches matches(const std::string& words) {
    Matches found;
    std::istringstream stream(words);
    for (std::string word; stream >> word;) {
      if (word.back() == '=') word.pop_back();
      found.insert(word.substr(word.find_last_of("=:,") + 1));
    }
    return found;
  }
};
INSTANTIATE_TEST_SUITE_P(Shell, Completion, ::testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return std::string(shell.param); });

TEST_P(Completion, OffersOptionsThenTheirWordsThenTheCommand) {
  const std::string command = "a-command-of-this-test";
  ::chmod(file(command, "#!/bin/sh\n").c_str(), 0755);
  const std::string some = work_folder() + "/some-";
  file("some-file", "");

  const std::vector<std::pair<std::string, Matches>> table = {
      {"hydrinit --exit-w", {"--exit-when"}},
      {"hydrinit --no-p", {"--no-pin", "--no-process-group"}},
      {"hydrinit --status --he", {"--healthy", "--help"}},
      {"hydrinit --exit-when ", {"failed", "any", "all", "never"}},
      {"hydrinit --exit-when=ne", {"never"}},
      {"hydrinit -n 2 --reload-order s", {"start-first", "stop-first"}},
      {"hydrinit -vn m", {"max"}},
      {"hydrinit --status=", {"table", "json"}},
      {"hydrinit --help=", {"all"}},
      {"hydrinit -p WI", {"WINCH"}},
      {"hydrinit -r TERM:QU", {"QUIT"}},
      {"hydrinit --rewrite=TERM:QUIT,IN", {"INT"}},
      {"hydrinit --stop-on TERM,WI", {"WINCH"}},
      {"hydrinit --user nobod", {"nobody"}},
      // Nothing is known of these, so no files either.
      {"hydrinit --stop-timeout ", {}},
      {"hydrinit --index-env ", {}},
      {"hydrinit a-command-of", {command}},
      {"hydrinit -n 2 a-command-of", {command}},
      {"hydrinit --restart on-failure:3 --share -- a-command-of", {command}},
      {"hydrinit " + command + " --exit-w", {}},
      {"hydrinit -n 2 -- " + command + " " + some, {some + "file"}},
  };
  std::vector<std::string> lines;
  for (const auto& row : table) lines.push_back(row.first);
  const std::vector<Matches> found = complete(lines);
  for (std::size_t i = 0; i < table.size(); ++i) EXPECT_EQ(found[i], table[i].second) << lines[i];
}

TEST_P(Completion, HasEveryOption) {
  const Matches found = complete({"hydrinit --"}).front();
  for (const std::string& option : every_option()) {
    EXPECT_TRUE(found.contains(option)) << option;
  }
}

TEST_P(Completion, OffersSignalsThatHydrinitKnows) {
  const Matches found = complete({"hydrinit -p "}).front();
  EXPECT_TRUE(found.contains("TERM"));
  for (const std::string& signal : found) {
    EXPECT_EQ(run({"-p", signal, "--explain", "--", "true"}).code, 0) << signal;
  }
}

}  // namespace
}  // namespace hydrinit_test
