// What the integration tests run under hydrinit: small programs that tell what they see and get.
//
// clang-format off
//   probe state                what the process was given: signals, group, session, terminal, ...
//   probe signals [NUMBER]     "ready PID", then a line for each signal; ends with 0 after NUMBER
//   probe exit CODE            ends so
//   probe die NUMBER           ends by that signal
//   probe stubborn             ignores everything that can be ignored: "ready PID"
//   probe orphans COUNT        leaves COUNT orphans that end at once, then waits for its input to end
//   probe zombies COUNT        "ready PID"; after a byte of input it leaves COUNT that have ended, all at once;
//                              then as orphans
//   probe daemon COMMAND       starts "probe COMMAND ..." as a daemon, waits until it is ready, ends
//   probe slow-term            on TERM says "cleaning", works for half a second, says "clean"
//   probe family DEPTH         a chain of DEPTH processes, each the parent of the next; the last is ready
//   probe serve PORT           listens on it, on 127.0.0.1: "ready PID"; ends with 0 on TERM
//   probe notify [NUMBER]      tells the socket of sd_notify that it is up, then as signals
//   probe become UID           becomes that user by setuid, then "ready PID", ends when its input does
//   probe stamp                "PID NANOSECONDS" of the monotonic clock as soon as it runs; waits. It goes to
//                              the end of the file that $STAMPS names, else to the output
//   probe crash                the same, but ends with 1
//   probe stamps               "PID NANOSECONDS", then so for each USR1
//   probe lines COUNT          COUNT numbered lines of 100 bytes, each written by itself, then "the end"; waits
//   probe calls COUNT          nanoseconds a system call that does nothing, over so many
//   probe answer PORT          tells by HTTP which replica it is, on a socket of IPv4 and one of IPv6 alone
//   probe respawn COMMAND...   the bare loop to compare with: vfork, exec of the absolute path, wait, again
// clang-format on

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace {

void copy_fields(const char* path, const char* const* fields) {
  FILE* file = fopen(path, "re");
  char line[512];
  while (file != nullptr && fgets(line, sizeof line, file) != nullptr) {
    for (const char* const* field = fields; *field != nullptr; ++field) {
      if (strncmp(line, *field, strlen(*field)) == 0) fputs(line, stdout);
    }
  }
  if (file != nullptr) fclose(file);
}

int state() {
  const char* const fields[] = {"SigBlk", "SigIgn",     "SigCgt", "SigPnd",
                                "ShdPnd", "NoNewPrivs", nullptr};
  copy_fields("/proc/self/status", fields);
  const int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
  pid_t foreground = -1;
  if (tty >= 0) foreground = tcgetpgrp(tty);
  int death_signal = 0;
  prctl(PR_GET_PDEATHSIG, &death_signal);
  printf("pid %d ppid %d group %d session %d\n", getpid(), getppid(), getpgrp(), getsid(0));
  printf("own-group %s\n", getpgrp() == getpid() ? "yes" : "no");
  printf("own-session %s\n", getsid(0) == getpid() ? "yes" : "no");
  printf("terminal %s\n", tty >= 0 ? "yes" : "no");
  printf("foreground %s\n", tty >= 0 && foreground == getpgrp() ? "yes" : "no");
  printf("death-signal %d\n", death_signal);
  printf("fds");
  for (int fd = 0; fd < 64; ++fd) {
    if (fd != tty && fcntl(fd, F_GETFD) >= 0) printf(" %d", fd);
  }
  printf(" end\n");
  char folder[256];
  printf("cwd %s\n", getcwd(folder, sizeof folder) != nullptr ? folder : "?");
  for (char** entry = environ; *entry != nullptr; ++entry) printf("env %s\n", *entry);
  return 0;
}

void block_all(sigset_t* all) {
  sigfillset(all);
  sigprocmask(SIG_SETMASK, all, nullptr);
}

int g_ready_fd = -1;  // a daemon's starter waits here

void ready() {
  printf("ready %d\n", getpid());
  fflush(stdout);
  if (g_ready_fd >= 0 && write(g_ready_fd, "r", 1) != 1) exit(1);
}

int signals(int last) {
  sigset_t all;
  block_all(&all);
  ready();
  while (true) {
    siginfo_t info{};
    const int number = sigwaitinfo(&all, &info);
    if (number < 0) continue;
    printf("signal %d code %d value %d\n", number, info.si_code,
           info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
    fflush(stdout);
    if (number == last) return 0;
  }
}

int serve(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 16) != 0) {
    perror("probe");
    return 1;
  }
  return signals(SIGTERM);
}

int notify(int last) {
  const char* name = getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name != '@') return 1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = strlen(name);
  memcpy(address.sun_path + 1, name + 1, length - 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const char text[] = "READY=1";
  if (sendto(fd, text, sizeof text - 1, 0, reinterpret_cast<sockaddr*>(&address),
             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length)) < 0) {
    perror("probe");
    return 1;
  }
  return signals(last);
}

int stubborn() {
  for (int number = 1; number <= SIGRTMAX; ++number) signal(number, SIG_IGN);
  ready();
  while (true) pause();
}

int wait_for_input() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}

int orphans(int count) {
  for (int i = 0; i < count; ++i) {
    const pid_t middle = fork();
    if (middle == 0) {
      if (fork() == 0) _exit(0);
      _exit(0);
    }
    waitpid(middle, nullptr, 0);
  }
  ready();
  return wait_for_input();
}

int zombies(int count) {
  ready();
  char byte = 0;
  if (read(STDIN_FILENO, &byte, 1) != 1) return 1;
  const pid_t middle = fork();
  if (middle == 0) {
    for (int i = 0; i < count; ++i) {
      if (vfork() == 0) _exit(0);
    }
    _exit(0);
  }
  waitpid(middle, nullptr, 0);
  ready();
  return wait_for_input();
}

int slow_term() {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, nullptr);
  ready();
  int number = 0;
  sigwait(&term, &number);
  printf("cleaning\n");
  fflush(stdout);
  usleep(500 * 1000);  // the work of a handler, not a wait for an event
  printf("clean\n");
  fflush(stdout);
  return 0;
}

int command(int argc, char** argv);

// A daemon in a session of its own.
int daemon_of(int argc, char** argv) {
  int ready_pipe[2];
  if (pipe2(ready_pipe, O_CLOEXEC) != 0) return 1;
  if (fork() == 0) {
    close(ready_pipe[0]);
    setsid();
    g_ready_fd = ready_pipe[1];
    exit(command(argc, argv));
  }
  close(ready_pipe[1]);
  char byte = 0;
  return read(ready_pipe[0], &byte, 1) == 1 ? 0 : 1;
}

int family(int depth) {
  while (--depth > 0 && fork() == 0) {
  }
  if (depth <= 0) ready();
  while (true) pause();
}

int become(int uid) {
  if (setresuid(static_cast<uid_t>(uid), static_cast<uid_t>(uid), static_cast<uid_t>(uid)) != 0) {
    perror("setresuid");
    return 1;
  }
  ready();
  return wait_for_input();
}

// One write, so that the lines of several do not mix.
void put_stamp(int fd) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (dprintf(fd, "%d %lld\n", getpid(), now.tv_sec * 1000000000LL + now.tv_nsec) < 0) exit(1);
}

void put_first_stamp() {
  const char* const path = getenv("STAMPS");
  put_stamp(path == nullptr ? STDOUT_FILENO : open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
}

int stamp() {
  put_first_stamp();
  while (true) pause();
}

int crash() {
  put_first_stamp();
  return 1;
}

int stamps() {
  sigset_t usr1;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  sigprocmask(SIG_BLOCK, &usr1, nullptr);
  while (true) {
    put_stamp(STDOUT_FILENO);
    int number = 0;
    sigwait(&usr1, &number);
  }
}

int lines(int count) {
  char line[101];
  memset(line, '.', sizeof line);
  line[99] = '\n';
  for (int i = 0; i < count; ++i) {
    line[snprintf(line, 10, "%08d", i)] = ' ';
    if (write(STDOUT_FILENO, line, 100) != 100) return 1;
  }
  if (write(STDOUT_FILENO, "the end\n", 8) != 8) return 1;
  while (true) pause();
}

// Nanoseconds a system call that does nothing.
int calls(int number) {
  timespec before{};
  timespec after{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  for (int i = 0; i < number; ++i) syscall(SYS_getppid);
  clock_gettime(CLOCK_MONOTONIC, &after);
  const double took = 1e9 * static_cast<double>(after.tv_sec - before.tv_sec) +
                      static_cast<double>(after.tv_nsec - before.tv_nsec);
  printf("%.1f\n", took / number);
  return 0;
}

int respawn(char** argv) {
  while (true) {
    const pid_t pid = vfork();
    if (pid == 0) {
      execv(argv[0], argv);
      _exit(127);
    }
    if (pid < 0 || waitpid(pid, nullptr, 0) != pid) return 1;
  }
}

int listening(const sockaddr* address, socklen_t size) {
  const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (address->sa_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, address, size) == 0 && listen(fd, 64) == 0) return fd;
  perror("answer");
  exit(1);
}

int answer(int port) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<uint16_t>(port));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = v4.sin_port;
  pollfd sockets[] = {{listening(reinterpret_cast<sockaddr*>(&v6), sizeof v6), POLLIN, 0},
                      {listening(reinterpret_cast<sockaddr*>(&v4), sizeof v4), POLLIN, 0}};
  while (poll(sockets, 2, -1) >= 0) {
    for (const pollfd& socket : sockets) {
      if ((socket.revents & POLLIN) == 0) continue;
      const int client = accept4(socket.fd, nullptr, nullptr, SOCK_CLOEXEC);
      char request[1024];
      if (read(client, request, sizeof request) > 0)
        dprintf(client, "HTTP/1.0 200 OK\r\n\r\nreplica=%s\n", getenv("HYDRINIT_REPLICA"));
      close(client);
    }
  }
  return 1;
}

int command(int argc, char** argv) {
  const std::string name = argc > 0 ? argv[0] : "";
  const int number = argc > 1 ? atoi(argv[1]) : 0;
  if (name == "state") return state();
  if (name == "signals") return signals(number);
  if (name == "exit") return number;
  if (name == "serve") return serve(number);
  if (name == "notify") return notify(number);
  if (name == "stubborn") return stubborn();
  if (name == "orphans") return orphans(number);
  if (name == "zombies") return zombies(number);
  if (name == "slow-term") return slow_term();
  if (name == "daemon") return daemon_of(argc - 1, argv + 1);
  if (name == "family") return family(number);
  if (name == "become") return become(number);
  if (name == "stamp") return stamp();
  if (name == "crash") return crash();
  if (name == "stamps") return stamps();
  if (name == "lines") return lines(number);
  if (name == "calls") return calls(number);
  if (name == "answer") return answer(number);
  if (name == "respawn") return respawn(argv + 1);
  if (name == "die") {
    signal(number, SIG_DFL);
    kill(getpid(), number);
    pause();
  }
  fprintf(stderr, "probe: what?\n");
  return 64;
}

}  // namespace

int main(int argc, char** argv) { return command(argc - 1, argv + 1); }
