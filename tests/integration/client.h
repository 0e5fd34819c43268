// A client of servers under hydrinit, in the test's own process, and a network of its own for both.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hydrinit_test {

// A network namespace with nothing but its loopback, for the test and all that it starts: every
// port is free, and nobody else's client comes along. Needs root.
class OwnNetwork : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

 private:
  int before_ = -1;
};

// Where a server is: an IPv4 or IPv6 address and a port, or the path of a unix socket.
struct Target {
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string path{};
};

// What is sent, and what an answer must have in it to be whole.
struct Question {
  std::string text = "GET /cgi-bin/who HTTP/1.0\r\n\r\n";
  std::string mark = "replica=";
};

struct Answer {
  enum class Kind { whole, refused, reset, cut, late, other };
  Kind kind = Kind::other;
  std::string text{};
  // Who it was: what stands between the question's mark and the next white space.
  std::string who{};
};

// Returns a connected socket, or -1 and errno.
int connect_to(const Target& target);
// On one connection: sends, and reads up to the end.
Answer ask(const Target& target, const Question& question = {});
// The rest of it, on a connection that there is.
Answer read_answer(int fd, const Question& question = {});
// Asks again and again until there is a whole answer; false: there never was.
bool answers(const Target& target, const Question& question = {});

// Several threads that ask all the time, each time on a new connection.
class Load {
 public:
  struct Totals {
    std::map<Answer::Kind, int> count{};
    std::map<std::string, int> who{};
    int whole() const { return of(Answer::Kind::whole); }
    int of(Answer::Kind kind) const {
      const auto found = count.find(kind);
      return found == count.end() ? 0 : found->second;
    }
    int failed() const;
  };

  explicit Load(Target target, Question question = {}, int threads = 4);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  Totals now() const;
  // Waits until so many more have been answered.
  bool pass(int more) const;
  // Ends it. The connections that are under way end first.
  Totals stop();

 private:
  void run();

  const Target target_;
  const Question question_;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_{};
  Totals totals_{};
  std::vector<std::thread> threads_{};
};

// "4000 whole, 1 refused", for messages.
std::ostream& operator<<(std::ostream& out, const Load::Totals& totals);

}  // namespace hydrinit_test
