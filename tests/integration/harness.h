// Runs the shipped binary as a real process, in namespaces of its own where asked, and talks to it
// through pipes or a terminal. Everything waits for an event with a generous limit, never for a
// time.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace hydrinit_test {

// How hydrinit is placed.
enum class Place {
  pid1,            // init of a PID namespace, as root
  pid1_as_nobody,  // the same in a user namespace that belongs to nobody
  child,           // an ordinary process
};

using Words = std::vector<std::string>;

struct Options {
  Place place = Place::child;
  std::string name = "hydrinit";                     // argv[0]
  std::map<std::string, std::string> environment{};  // added to a small fixed one
  bool empty_environment = false;
  bool blocked = false;           // every signal blocked from the first instant on
  bool terminal = false;          // on a pty of its own, which is its controlling terminal
  std::function<void()> setup{};  // in the new process, just before it executes
};

// What a finished run left behind.
struct Outcome {
  int code = -1;  // the exit code, or 128 + n when it died by a signal
  std::string output;
  std::string errors;
};

// Above every pid there can be: a kill(2) of 0 or less would reach many.
inline constexpr pid_t kNobody = INT32_MAX;

class Process {
 public:
  explicit Process(std::vector<std::string> arguments, Options options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  void queue(int number, int value) const;
  void write(const std::string& text) const;
  void close_input();

  // Reads on until the text has come out (standard output, or the terminal); everything so far.
  std::string expect(const std::string& text);
  std::string expect_error(const std::string& text);
  // Like expect, but looks only behind what the last expect_next found.
  void expect_next(const std::string& text);
  void expect_next_error(const std::string& text);
  // The first number behind the text.
  int expect_number(const std::string& before);
  bool ended();
  // Waits for the end and reads the rest.
  Outcome finish();

  // The foreground group of its terminal.
  pid_t foreground() const;

  // The only child of the process; kNobody: it has none.
  pid_t child() const;

 private:
  void start(const std::vector<std::string>& arguments, const Options& options);
  bool read_some(int& fd, std::string& into, int timeout_ms);
  void expect_next_on(int& fd, std::string& seen, std::size_t& next, const std::string& text);
  std::string expect_on(int& fd, std::string& seen, const std::string& text);

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  int errors_ = -1;
  bool reaped_ = false;
  int status_ = 0;
  std::string out_{};
  std::size_t next_ = 0;
  std::string err_{};
  std::size_t next_error_ = 0;
};

// hydrinit with these arguments; the program's own path is found by the harness.
std::vector<std::string> hydrinit(std::vector<std::string> arguments);
// ... and a shell's script as the command.
Words shell(Words options, const std::string& script);
// The end of a script that is to run until it is stopped.
inline const std::string kStay = "exec sleep 1000";
// A whole run in one call.
Outcome run(std::vector<std::string> arguments, Options options = {});
// The helper program that runs under hydrinit.
std::string probe();
std::string binary();
std::string work_folder();
// A folder in which everybody may make files.
std::string open_folder();
// A copy of tests/integration/NAME where everybody can read it; its path.
std::string test_file(const std::string& name);

// Waits until the condition holds.
bool eventually(const std::function<bool()>& condition);

std::string read_file(const std::string& path);
std::vector<std::string> lines_of(const std::string& text);
int count_of(const std::string& text, const std::string& what);
// A field of /proc/PID/status.
std::string status_field(pid_t pid, const std::string& field);
bool alive(pid_t pid);
// Of all its threads' children those of the first, the only one that we have.
std::set<pid_t> children_of(pid_t pid);

// Skips the test on a machine that cannot run it; in CI that is a failure.
#define REQUIRE_OR_SKIP(condition, reason)                               \
  do {                                                                   \
    if (!(condition)) {                                                  \
      if (std::getenv("CI") != nullptr) FAIL() << "in CI: " << (reason); \
      GTEST_SKIP() << (reason);                                          \
    }                                                                    \
  } while (false)

bool is_root();
// Empty when the place can be had on this machine, else why not.
std::string why_not(Place place);

#define REQUIRE_PLACE(place) REQUIRE_OR_SKIP(why_not(place).empty(), why_not(place))

// What holds wherever hydrinit is placed:
//   class Suite : public AtPlace {};
//   INSTANTIATE_TEST_SUITE_P(Places, Suite, every_place(), place_name);
class AtPlace : public ::testing::TestWithParam<Place> {
 protected:
  void SetUp() override { REQUIRE_PLACE(GetParam()); }
  Options options() const { return {.place = GetParam()}; }
};
inline auto every_place() {
  return ::testing::Values(Place::pid1, Place::pid1_as_nobody, Place::child);
}
std::string place_name(const ::testing::TestParamInfo<Place>& place);

}  // namespace hydrinit_test
