#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

namespace hydrinit_test {
namespace {

constexpr int kLimitMs = 20000;

std::string g_binary;
std::string g_probe;
std::string g_folder;

void copy_file(const std::string& from, const std::string& to) {
  std::ifstream in(from, std::ios::binary);
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  out << in.rdbuf();
  out.close();
  ::chmod(to.c_str(), 0755);
}

[[noreturn]] void die(const char* what) {
  std::string line = std::string("harness: ") + what + ": " + std::strerror(errno) + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(99);
}

void write_file(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0 || ::write(fd, text.data(), text.size()) < 0) {
    ADD_FAILURE() << path << ": " << std::strerror(errno);
  }
  ::close(fd);
}

void enter_namespaces(Place place) {
  if (place == Place::pid1_as_nobody && (::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0)) {
    die("setresuid");
  }
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) die("mount private");
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    die("mount /proc");
  }
}

pid_t fork_into(Place place) {
  unsigned long flags = SIGCHLD;
  if (place != Place::child) flags |= CLONE_NEWPID | CLONE_NEWNS;
  if (place == Place::pid1_as_nobody) flags |= CLONE_NEWUSER;
  return static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, nullptr));
}

}  // namespace

Process::Process(std::vector<std::string> arguments, Options options) { start(arguments, options); }

void Process::start(const std::vector<std::string>& arguments, const Options& options) {
  int in[2] = {-1, -1};
  int out[2] = {-1, -1};
  int err[2] = {-1, -1};
  int go[2];
  int slave = -1;
  ASSERT_EQ(::pipe2(go, O_CLOEXEC), 0);
  if (options.terminal) {
    ASSERT_EQ(::openpty(&output_, &slave, nullptr, nullptr, nullptr), 0);
    ::fcntl(output_, F_SETFD, FD_CLOEXEC);
    ::fcntl(slave, F_SETFD, FD_CLOEXEC);
    input_ = ::fcntl(output_, F_DUPFD_CLOEXEC, 3);
  } else {
    ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(err, O_CLOEXEC), 0);
  }
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  const std::string program = arguments.front();
  if (program == g_binary) argv[0] = const_cast<char*>(options.name.c_str());
  argv.push_back(nullptr);
  std::vector<std::string> entries;
  if (!options.empty_environment) {
    entries = {"PATH=" + g_folder + ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/tmp",
               "TERM=dumb", "LANG=C"};
  }
  for (const auto& [name, value] : options.environment) entries.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (std::string& entry : entries) envp.push_back(entry.data());
  envp.push_back(nullptr);

  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  pid_ = fork_into(options.place);
  if (pid_ != 0) ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ASSERT_GE(pid_, 0) << std::strerror(errno);
  if (pid_ == 0) {
    char byte = 0;
    ::close(go[1]);
    if (::read(go[0], &byte, 1) != 1) die("not let go");
    // A test that dies takes its children along.
    ::prctl(PR_SET_PDEATHSIG, options.place == Place::child ? SIGKILL : 0);
    if (options.place != Place::child) enter_namespaces(options.place);
    if (options.terminal) {
      ::setsid();
      if (::ioctl(slave, TIOCSCTTY, 0) != 0) die("TIOCSCTTY");
      for (int fd : {0, 1, 2}) ::dup2(slave, fd);
    } else {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      ::dup2(err[1], 2);
    }
    sigset_t none;
    ::sigemptyset(&none);
    if (!options.blocked) ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int number : {SIGPIPE, SIGCHLD, SIGINT, SIGQUIT}) ::signal(number, SIG_DFL);
    // glibc's posix_spawn() leaves its own two ignored, and its sigaction() will not touch them.
    for (int number : {32, 33}) {
      const unsigned long by_default[8] = {};
      ::syscall(SYS_rt_sigaction, number, by_default, nullptr, 8);
    }
    if (options.setup) options.setup();
    ::execve(program.c_str(), argv.data(), envp.data());
    die("execve");
  }
  if (options.place == Place::pid1_as_nobody) {
    const std::string proc = "/proc/" + std::to_string(pid_);
    write_file(proc + "/setgroups", "deny");
    write_file(proc + "/uid_map", "0 65534 1");
    write_file(proc + "/gid_map", "0 65534 1");
  }
  ::close(go[0]);
  ASSERT_EQ(::write(go[1], "g", 1), 1);
  ::close(go[1]);
  if (options.terminal) {
    ::close(slave);
    return;
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  input_ = in[1];
  output_ = out[0];
  errors_ = err[0];
}

Process::~Process() {
  if (pid_ > 0 && !reaped_) {
    const pid_t grandchild = child();
    if (grandchild > 0) ::kill(grandchild, SIGKILL);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (int fd : {input_, output_, errors_}) {
    if (fd >= 0) ::close(fd);
  }
}

void Process::signal(int number) const { ASSERT_EQ(::kill(pid_, number), 0); }

void Process::queue(int number, int value) const {
  sigval payload{};
  payload.sival_int = value;
  ASSERT_EQ(::sigqueue(pid_, number, payload), 0);
}

void Process::write(const std::string& text) const {
  ASSERT_EQ(::write(input_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

void Process::close_input() {
  if (input_ >= 0) ::close(input_);
  input_ = -1;
}

bool Process::read_some(int& fd, std::string& into, int timeout_ms) {
  if (fd < 0) return false;
  pollfd entry{fd, POLLIN, 0};
  if (::poll(&entry, 1, timeout_ms) <= 0) return false;
  char buffer[8192];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got <= 0) {
    ::close(fd);
    fd = -1;
    return false;
  }
  into.append(buffer, static_cast<std::size_t>(got));
  return true;
}

std::string Process::expect_on(int& fd, std::string& seen, const std::string& text) {
  while (seen.find(text) == std::string::npos) {
    if (!read_some(fd, seen, kLimitMs)) {
      ADD_FAILURE() << "'" << text << "' never came. Output:\n" << out_ << "\nErrors:\n" << err_;
      return seen;
    }
  }
  return seen;
}

std::string Process::expect(const std::string& text) { return expect_on(output_, out_, text); }
std::string Process::expect_error(const std::string& text) {
  return expect_on(errors_, err_, text);
}

void Process::expect_next_on(int& fd, std::string& seen, std::size_t& next,
                             const std::string& text) {
  while (seen.find(text, next) == std::string::npos) {
    if (!read_some(fd, seen, kLimitMs)) {
      ADD_FAILURE() << "'" << text << "' never came behind\n"
                    << seen.substr(0, next) << "\nbut\n"
                    << seen.substr(next);
      return;
    }
  }
  next = seen.find(text, next) + text.size();
}

void Process::expect_next(const std::string& text) { expect_next_on(output_, out_, next_, text); }
void Process::expect_next_error(const std::string& text) {
  expect_next_on(errors_, err_, next_error_, text);
}

int Process::expect_number(const std::string& before) {
  expect(before);
  const std::size_t at = out_.find(before) + before.size();
  while (out_.find_first_not_of("0123456789 ", at) == std::string::npos) {
    if (!read_some(output_, out_, kLimitMs)) break;
  }
  return std::atoi(out_.c_str() + at);
}

bool Process::ended() {
  if (!reaped_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) reaped_ = true;
  return reaped_;
}

Outcome Process::finish() {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLimitMs);
  while (!ended()) {
    if (std::chrono::steady_clock::now() > limit) {
      ADD_FAILURE() << "it never ended. Output:\n" << out_ << "\nErrors:\n" << err_;
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status_, 0);
      reaped_ = true;
      break;
    }
    // Keeps pipes from filling while it runs.
    pollfd entries[2] = {{output_, POLLIN, 0}, {errors_, POLLIN, 0}};
    if (::poll(entries, 2, 10) > 0) {
      if (entries[0].revents != 0) read_some(output_, out_, 0);
      if (entries[1].revents != 0) read_some(errors_, err_, 0);
    }
  }
  while (read_some(output_, out_, 0)) {
  }
  while (read_some(errors_, err_, 0)) {
  }
  const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  return {code, out_, err_};
}

pid_t Process::foreground() const {
  pid_t group = -1;
  ::ioctl(output_, TIOCGPGRP, &group);
  return group;
}

pid_t Process::child() const {
  const std::set<pid_t> children = children_of(pid_);
  return children.empty() ? kNobody : *children.begin();
}

std::vector<std::string> hydrinit(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), g_binary);
  return arguments;
}

Words shell(Words options, const std::string& script) {
  options.insert(options.end(), {"sh", "-c", script});
  return hydrinit(options);
}

Outcome run(std::vector<std::string> arguments, Options options) {
  Process process(hydrinit(std::move(arguments)), std::move(options));
  process.close_input();
  return process.finish();
}

std::string probe() { return g_probe; }
std::string binary() { return g_binary; }
std::string work_folder() { return g_folder; }
std::string open_folder() {
  std::string folder = work_folder() + "/open";
  ::mkdir(folder.c_str(), 0777);
  ::chmod(folder.c_str(), 01777);
  return folder;
}

// Tests are run where they were compiled.
std::string test_file(const std::string& name) {
  const std::string here = __FILE__;
  const std::string to = g_folder + "/" + name.substr(name.rfind('/') + 1);
  if (::access(to.c_str(), F_OK) != 0) copy_file(here.substr(0, here.rfind('/') + 1) + name, to);
  return to;
}

bool eventually(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLimitMs);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

int count_of(const std::string& text, const std::string& what) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++count;
  return count;
}

std::string status_field(pid_t pid, const std::string& field) {
  std::istringstream lines(read_file("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(field + ":", 0) != 0) continue;
    const std::size_t at = line.find_first_not_of(" \t", field.size() + 1);
    return at == std::string::npos ? "" : line.substr(at);
  }
  return "";
}

bool alive(pid_t pid) {
  const std::string state = status_field(pid, "State");
  return !state.empty() && state[0] != 'Z' && state[0] != 'X';
}

std::string place_name(const ::testing::TestParamInfo<Place>& place) {
  switch (place.param) {
  case Place::pid1: return "Pid1";
  case Place::pid1_as_nobody: return "Pid1AsNobody";
  case Place::child: return "Child";
  }
  return "";
}

std::set<pid_t> children_of(pid_t pid) {
  std::istringstream list(
      read_file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children"));
  return {std::istream_iterator<pid_t>(list), {}};
}

bool is_root() { return ::geteuid() == 0; }

std::string why_not(Place place) {
  if (place == Place::child) return "";
  if (!is_root()) return "namespaces for these tests need root";
  static std::map<Place, std::string> known;
  const auto found = known.find(place);
  if (found != known.end()) return found->second;
  const pid_t pid = fork_into(place);
  if (pid == 0) ::_exit(0);
  std::string why;
  if (pid < 0) why = std::string("no such namespace: ") + std::strerror(errno);
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  return known[place] = why;
}

}  // namespace hydrinit_test

int main(int argc, char** argv) {
  using namespace hydrinit_test;
  ::testing::InitGoogleTest(&argc, argv);
  // As nohup(1) leaves it; the tests tell what a child gets from a caller that ignores nothing.
  ::signal(SIGHUP, SIG_DFL);
  if (argc != 3) {
    std::fprintf(stderr, "usage: integration-tests HYDRINIT PROBE\n");
    return 2;
  }
  // Where nobody can reach them too.
  char folder[] = "/tmp/hydrinit-test-XXXXXX";
  if (::mkdtemp(folder) == nullptr) return 2;
  ::chmod(folder, 0755);
  g_folder = folder;
  g_binary = g_folder + "/hydrinit";
  g_probe = g_folder + "/probe";
  copy_file(argv[1], g_binary);
  copy_file(argv[2], g_probe);
  for (const char* name : {"tini", "dumb-init", "catatonit", "docker-init"}) {
    (void)!::symlink("hydrinit", (g_folder + "/" + name).c_str());
  }
  const int result = RUN_ALL_TESTS();
  (void)!std::system(("rm -rf " + g_folder).c_str());
  return result;
}
