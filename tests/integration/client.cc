#include "client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness.h"

namespace hydrinit_test {
namespace {

// For one connection: whoever does not answer within it is late.
constexpr int kLimitSeconds = 15;

Answer::Kind kind_of(int error) {
  if (error == ECONNREFUSED || error == ENOENT) return Answer::Kind::refused;
  if (error == ECONNRESET || error == EPIPE) return Answer::Kind::reset;
  if (error == EAGAIN || error == EINPROGRESS || error == ETIMEDOUT) return Answer::Kind::late;
  return Answer::Kind::other;
}

}  // namespace

void OwnNetwork::SetUp() {
  REQUIRE_OR_SKIP(is_root(), "a network namespace needs root");
  before_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(before_, 0);
  ASSERT_EQ(::unshare(CLONE_NEWNET), 0) << std::strerror(errno);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  ASSERT_EQ(::ioctl(fd, SIOCGIFFLAGS, &request), 0);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  ASSERT_EQ(::ioctl(fd, SIOCSIFFLAGS, &request), 0);
  ::close(fd);
}

void OwnNetwork::TearDown() {
  if (before_ < 0) return;
  EXPECT_EQ(::setns(before_, CLONE_NEWNET), 0) << std::strerror(errno);
  ::close(before_);
}

int connect_to(const Target& target) {
  sockaddr_storage address{};
  socklen_t size = 0;
  if (!target.path.empty()) {
    auto* const local = reinterpret_cast<sockaddr_un*>(&address);
    local->sun_family = AF_UNIX;
    std::strncpy(local->sun_path, target.path.c_str(), sizeof local->sun_path - 1);
    size = sizeof *local;
  } else if (target.host.find(':') != std::string::npos) {
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(target.port));
    ::inet_pton(AF_INET6, target.host.c_str(), &v6->sin6_addr);
    size = sizeof *v6;
  } else {
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&address);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(target.port));
    ::inet_pton(AF_INET, target.host.c_str(), &v4->sin_addr);
    size = sizeof *v4;
  }
  const int fd = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{kLimitSeconds, 0};
  // Of connect(2) too (socket(7)).
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), size) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

Answer read_answer(int fd, const Question& question) {
  Answer answer;
  const auto length = static_cast<ssize_t>(question.text.size());
  if (length > 0 && ::send(fd, question.text.data(), question.text.size(), MSG_NOSIGNAL) < length)
    answer.kind = kind_of(errno);
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::recv(fd, buffer, sizeof buffer, 0)) > 0)
    answer.text.append(buffer, static_cast<std::size_t>(got));
  answer.kind = got == 0 ? Answer::Kind::cut : kind_of(errno);
  // Whole is whole, however the connection ends.
  const std::size_t mark = answer.text.find(question.mark);
  if (mark != std::string::npos) {
    const std::size_t begin = mark + question.mark.size();
    const std::size_t end = answer.text.find_first_of(" \r\n", begin);
    if (end != std::string::npos) {
      answer.who = answer.text.substr(begin, end - begin);
      answer.kind = Answer::Kind::whole;
    }
  }
  return answer;
}

Answer ask(const Target& target, const Question& question) {
  const int fd = connect_to(target);
  if (fd < 0) return {kind_of(errno), std::strerror(errno), ""};
  Answer answer = read_answer(fd, question);
  ::close(fd);
  return answer;
}

bool answers(const Target& target, const Question& question) {
  return eventually([&] { return ask(target, question).kind == Answer::Kind::whole; });
}

// ---- load --------------------------------------------------------------------------------------

int Load::Totals::failed() const {
  int sum = 0;
  for (const auto& [kind, number] : count) {
    if (kind != Answer::Kind::whole) sum += number;
  }
  return sum;
}

Load::Load(Target target, Question question, int threads)
    : target_(std::move(target)), question_(std::move(question)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

Load::~Load() { stop(); }

void Load::run() {
  while (!stopping_) {
    const Answer answer = ask(target_, question_);
    const std::lock_guard<std::mutex> lock(mutex_);
    ++totals_.count[answer.kind];
    if (answer.kind == Answer::Kind::whole) ++totals_.who[answer.who];
  }
}

Load::Totals Load::now() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return totals_;
}

bool Load::pass(int more) const {
  const int wanted = now().whole() + more;
  return eventually([&] { return now().whole() >= wanted; });
}

Load::Totals Load::stop() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return totals_;
}

std::ostream& operator<<(std::ostream& out, const Load::Totals& totals) {
  constexpr const char* kNames[] = {"whole", "refused", "reset", "cut", "late", "other"};
  for (const auto& [kind, number] : totals.count)
    out << number << " " << kNames[static_cast<int>(kind)] << ", ";
  for (const auto& [who, number] : totals.who) out << who << ": " << number << " ";
  return out;
}

}  // namespace hydrinit_test
