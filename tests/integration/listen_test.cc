// --listen with programs that take their sockets ready made, the ways for a replica to say that it
// is up, and what is refused at the start. Each test has a network of its own.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "client.h"
#include "harness.h"
#include "servers.h"

namespace hydrinit_test {
namespace {

class Listen : public OwnNetwork {};

Words node() { return {"node", test_file("servers/who.js"), "fd:3"}; }
Words systemd() { return {"/usr/bin/python3", test_file("servers/who_systemd.py")}; }

bool systemd_library() {
  return std::system("/usr/bin/python3 -c 'import systemd.daemon' >/dev/null 2>&1") == 0;
}
#define REQUIRE_SYSTEMD_LIBRARY() REQUIRE_OR_SKIP(systemd_library(), "python3-systemd is missing")

void end(Process& process) {
  process.signal(SIGTERM);
  process.finish();
}

// Of two replicas, on every target.
void expect_both(Words options, const Words& command, const std::vector<Target>& targets,
                 const Question& question = kHttp) {
  options.insert(options.begin(), {"-n", "2"});
  Process process(with_options(options, command));
  for (const Target& target : targets)
    EXPECT_TRUE(all_answer(target, question, process.pid(), 2)) << target.host << target.path;
  end(process);
}

// ---- who takes them ----------------------------------------------------------------------------

TEST_F(Listen, NodeTakesADescriptor) {
  expect_both({"--listen", "8080"}, node(), {kHere, {"::1", 8080}});
}

TEST_F(Listen, GunicornTakesItBySystemdsVariables) {
  REQUIRE_SERVER("Gunicorn");
  test_file("servers/who_wsgi.py");
  expect_both(
      {"--listen", "127.0.0.1:8080"},
      {"gunicorn", "--log-level", "error", "--chdir", work_folder(), "who_wsgi:application"},
      {kHere});
}

TEST_F(Listen, UvicornTakesADescriptor) {
  REQUIRE_SERVER("Uvicorn");
  test_file("servers/who_wsgi.py");
  expect_both({"--listen", "127.0.0.1:8080"},
              {"/usr/bin/python3", "-m", "uvicorn", "--log-level", "error", "--app-dir",
               work_folder(), "--fd", "3", "who_wsgi:asgi"},
              {kHere});
}

// nginx hands its sockets to its own successor by this variable, and takes them from anybody.
TEST_F(Listen, NginxTakesItByItsOwnVariable) {
  REQUIRE_SERVER("Nginx");
  const Words plain = nginx("listen [::]:8080 ipv6only=off;", 2);
  expect_both({"--listen", "8080"}, {"sh", "-c", "export NGINX='3;'; " + plain.back()},
              {kHere, {"::1", 8080}}, server("Nginx").question);
}

TEST_F(Listen, SystemdsLibraryFindsThemByName) {
  REQUIRE_SYSTEMD_LIBRARY();
  Process process(with_options({"-n", "2", "--ready", "notify", "--listen", "web=8080", "--listen",
                                "admin=127.0.0.1:8081", "--listen", "[::1]:8082"},
                               systemd()));
  EXPECT_TRUE(all_answer(kHere, kHttp, process.pid(), 2));
  EXPECT_TRUE(all_answer({"127.0.0.1", 8081}, kHttp, process.pid(), 2));
  EXPECT_TRUE(all_answer({"::1", 8082}, kHttp, process.pid(), 2));
  EXPECT_NE(ask(kHere, kHttp).text.find("name=web"), std::string::npos);
  EXPECT_NE(ask({"127.0.0.1", 8081}, kHttp).text.find("name=admin"), std::string::npos);
  EXPECT_NE(ask({"::1", 8082}, kHttp).text.find("name=unknown"), std::string::npos);
  end(process);
}

TEST_F(Listen, SystemdsLibraryFindsThemForASingleChild) {
  REQUIRE_SYSTEMD_LIBRARY();
  Process process(with_options(
      {"--listen", "web=8080"},
      shell("export HYDRINIT_REPLICA=none; exec /usr/bin/python3 " + systemd().back())));
  process.expect("<3 is web>");
  EXPECT_TRUE(answers(kHere, kHttp));
  end(process);
}

TEST_F(Listen, SharedQueueServesBoth) {
  expect_both({"--listen", "8080", "--balance", "shared"}, node(), {kHere});
}

// ---- what is listened on -----------------------------------------------------------------------

TEST_F(Listen, AddressIsTheOnlyOneThatIsServed) {
  Process process(with_options({"-n", "1", "--listen", "[::1]:8080"}, node()));
  EXPECT_TRUE(answers({"::1", 8080}, kHttp));
  EXPECT_EQ(ask(kHere, kHttp).kind, Answer::Kind::refused);
  end(process);
}

TEST_F(Listen, DatagramsAreServed) {
  Process process(with_options({"-n", "2", "--listen", "udp:8080"},
                               {"/usr/bin/python3", "-c",
                                "import socket, os\n"
                                "s = socket.socket(fileno=3)\n"
                                "print('it starts', flush=True)\n"
                                "while True:\n"
                                "  data, client = s.recvfrom(100)\n"
                                "  s.sendto(b'it read ' + data, client)"}));
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(8080);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  char buffer[100]{};
  process.expect("it starts");
  ASSERT_EQ(::send(fd, "hello", 5, 0), 5);
  EXPECT_GT(::recv(fd, buffer, sizeof buffer - 1, 0), 0);
  EXPECT_STREQ(buffer, "it read hello");
  ::close(fd);
  end(process);
}

TEST_F(Listen, UnixSocketIsServedAndItsFileRemovedAtTheEnd) {
  const std::string path = open_folder() + "/served.sock";
  Process process(with_options({"-n", "2", "--listen", "unix:" + path}, node()));
  EXPECT_TRUE(all_answer({"", 0, path}, kHttp, process.pid(), 2));
  end(process);
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

// Binds the path, and leaves it.
int bind_path(const std::string& path, int backlog) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  if (backlog > 0) {
    EXPECT_EQ(::listen(fd, backlog), 0);
  }
  return fd;
}

TEST_F(Listen, StaleFileOfAUnixSocketIsReplaced) {
  const std::string path = open_folder() + "/stale.sock";
  ::close(bind_path(path, 1));
  Process process(with_options({"-n", "2", "--listen", "unix:" + path}, node()));
  EXPECT_TRUE(answers({"", 0, path}, kHttp));
  end(process);
}

// With that code and that one line, and nothing started.
void expect_refusal(const Words& options, int code, const std::string& line, Options with = {}) {
  const Outcome outcome = run(
      [&] {
        Words words = options;
        words.insert(words.end(), {"--", "echo", "started"});
        return words;
      }(),
      std::move(with));
  EXPECT_EQ(outcome.code, code) << line;
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.errors, "hydrinit: " + line + "\n");
}

TEST_F(Listen, UnixSocketThatSomebodyListensOnIsLeftAlone) {
  const std::string path = open_folder() + "/live.sock";
  const int fd = bind_path(path, 1);
  expect_refusal({"-n", "2", "--listen", "unix:" + path}, 125,
                 "--listen: cannot bind 'unix:" + path + "': Address already in use");
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  ::close(fd);
}

TEST_F(Listen, FileThatIsNoSocketIsLeftAlone) {
  const std::string path = open_folder() + "/file";
  std::ofstream(path) << "text";
  expect_refusal({"-n", "2", "--listen", "unix:" + path}, 125,
                 "--listen: cannot bind 'unix:" + path + "': Address already in use");
  EXPECT_EQ(read_file(path), "text");
}

// ---- refused at the start ----------------------------------------------------------------------

int bind_port(int port, bool reuse) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = reuse ? 1 : 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(fd, 1), 0);
  return fd;
}

TEST_F(Listen, PortInUseIsRefused) {
  const int fd = bind_port(8080, false);
  expect_refusal({"-n", "2", "--listen", "8080"}, 125,
                 "--listen: cannot bind '8080': Address already in use");
  ::close(fd);
}

// Joining it would be possible, and would take connections from it in silence.
TEST_F(Listen, PortOfAnotherGroupIsRefused) {
  const int fd = bind_port(8080, true);
  expect_refusal({"-n", "2", "--listen", "127.0.0.1:8080"}, 125,
                 "--listen: cannot bind '127.0.0.1:8080': Address already in use");
  ::close(fd);
}

TEST_F(Listen, AddressThatIsNotOursIsRefused) {
  expect_refusal({"--listen", "192.0.2.1:8080"}, 125,
                 "--listen: cannot bind '192.0.2.1:8080': Cannot assign requested address");
}

void become_nobody() {
  if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) ::_exit(98);
}

TEST_F(Listen, PrivilegedPortIsRefusedToNobody) {
  expect_refusal({"-n", "2", "--listen", "80"}, 125,
                 "--listen: cannot bind '80': Permission denied", {.setup = become_nobody});
}

TEST_F(Listen, WhatIsNoAddressIsAUsageError) {
  for (const char* bad : {"0", "65536", "abc", "", "1.2.3.4", "256.1.1.1:80", "[::1]", "[::g]:80",
                          "unix:", "udp:unix:/x", "8080,", "-1", "80x"}) {
    SCOPED_TRACE(bad);
    const Outcome outcome = run({"-n", "2", "--listen", bad, "echo", "started"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(count_of(outcome.errors, "\n"), 1) << outcome.errors;
    EXPECT_EQ(outcome.errors.rfind("hydrinit: --listen: '" + std::string(bad) + "' is not ", 0), 0U)
        << outcome.errors;
  }
}

TEST_F(Listen, PathThatIsTooLongIsAUsageError) {
  const Outcome outcome = run({"--listen", "unix:/" + std::string(108, 'x'), "echo", "started"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(count_of(outcome.errors, "\n"), 1) << outcome.errors;
}

TEST_F(Listen, WhatExcludesEachOtherIsAUsageError) {
  struct Row {
    Words options;
    const char* line;
  };
  const Row rows[] = {
      {{"-n", "2", "--listen", "a=8080", "--listen", "a=8081"},
       "--listen: a name, port or descriptor that --listen has too"},
      {{"-n", "2", "--listen", "8080", "--listen", "8080"},
       "--listen: a name, port or descriptor that --listen has too"},
      {{"--listen", "a=unix:/tmp/x", "--listen", "b=unix:/tmp/x"},
       "--listen: a name, port or descriptor that --listen has too"},
      {{"-n", "2", "--share=8080", "--listen", "8080"},
       "--share: a name, port or descriptor that --listen has too"},
      {{"-n", "2", "--ready", "fd:3", "--listen", "8080"},
       "--ready: a name, port or descriptor that --listen has too"},
      {{"-n", "2", "--ready", "listen"}, "--ready listen: needs --share"},
      {{"--share"}, "--share: needs --replicas"},
      {{"-n", "600", "--listen", "8080"}, "--replicas: at most 512 with ports"},
  };
  for (const Row& row : rows) expect_refusal(row.options, 2, row.line);
}

TEST_F(Listen, WhatIsNoPortToShareIsAUsageError) {
  for (const char* bad : {"0", "65536", "abc", "80,", ",80", "80,x"}) {
    SCOPED_TRACE(bad);
    const Outcome outcome =
        run({"-n", "2", "--share=" + std::string(bad), "--", "echo", "started"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(count_of(outcome.errors, "\n"), 1) << outcome.errors;
  }
}

// ---- when a replica is up ----------------------------------------------------------------------

class Readiness : public OwnNetwork {};

// A reload of one is through when the new one is up.
void expect_reloaded(Words options, const Words& command) {
  options.insert(options.begin(), {"-n", "1", "--reload-order", "stop-first"});
  Process process(with_options(options, command));
  ASSERT_TRUE(eventually([&] { return process.child() != kNobody; }));
  process.signal(SIGHUP);
  process.expect_error("hydrinit: reloaded");
  end(process);
}

// Who never says so is killed, and started again.
void expect_killed(Words options) {
  options.insert(options.begin(), {"-n", "2", "--ready-timeout", "50ms", "--restart-delay", "1ms"});
  Process process(with_options(options, {"sleep", "1000"}));
  process.expect_next_error("is not up within --ready-timeout, sending KILL");
  process.expect_next_error("was killed by KILL, starting it again");
  process.expect_next_error("is not up within --ready-timeout, sending KILL");
  end(process);
}

const char* const kSender =
    "import os, socket, time\n"
    "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
    "s.connect('\\0' + os.environ['NOTIFY_SOCKET'][1:])\n"
    "s.send(b'STATUS=nearly\\nREADY=1\\n')\n"
    "time.sleep(1000)";

TEST_F(Readiness, NoneIsUpAtOnce) { expect_reloaded({"--ready", "none"}, {"sleep", "1000"}); }
TEST_F(Readiness, TimeIsEnough) { expect_reloaded({"--ready", "10ms"}, {"sleep", "1000"}); }
TEST_F(Readiness, NewlineOnTheDescriptor) {
  expect_reloaded({"--ready", "fd:3"}, shell("printf hel >&3; echo lo >&3; exec sleep 1000"));
}
TEST_F(Readiness, NewlineOnADescriptorBehindThoseThatAreListenedOn) {
  expect_reloaded({"--ready", "fd:5", "--listen", "8080"}, shell("echo >&5; exec sleep 1000"));
}
TEST_F(Readiness, Notification) {
  expect_reloaded({"--ready", "notify"}, {"/usr/bin/python3", "-c", kSender});
}
TEST_F(Readiness, NotificationOfTheSystemdLibrary) {
  REQUIRE_SYSTEMD_LIBRARY();
  expect_reloaded({"--ready", "notify", "--listen", "8080"}, systemd());
}
TEST_F(Readiness, ItsOwnListen) {
  expect_reloaded({"--share"}, {"node", test_file("servers/who.js"), "8080"});
}

TEST_F(Readiness, WithoutANewlineItIsKilled) { expect_killed({"--ready", "fd:3"}); }
TEST_F(Readiness, WithoutANotificationItIsKilled) { expect_killed({"--ready", "notify"}); }
TEST_F(Readiness, WithoutAListenItIsKilled) { expect_killed({"--share"}); }

// On USR1 it says so, and serves on.
TEST_F(Readiness, WhoSaysThatItStopsGetsNoNewConnection) {
  Process process(with_options({"-n", "2", "--listen", "8080", "--ready", "notify"},
                               {"/usr/bin/python3", "-c",
                                "import os, signal, socket\n"
                                "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                                "s.connect('\\0' + os.environ['NOTIFY_SOCKET'][1:])\n"
                                "signal.signal(signal.SIGUSR1, lambda *a: s.send(b'STOPPING=1'))\n"
                                "s.send(b'READY=1')\n"
                                "listener = socket.socket(fileno=3)\n"
                                "while True:\n"
                                "  client = listener.accept()[0]\n"
                                "  client.recv(1000)\n"
                                "  client.send(b'replica=%d\\n' % os.getpid())\n"
                                "  client.close()\n"}));
  ASSERT_TRUE(all_answer(kHere, kHttp, process.pid(), 2));
  const pid_t leaving = process.child();
  ASSERT_EQ(::kill(leaving, SIGUSR1), 0);
  // What it does with the signal takes its time: then it is left out.
  const auto served_from = [&](int asked) {
    bool any = false;
    for (int i = 0; i < asked; ++i) any |= ask(kHere, kHttp).who == std::to_string(leaving);
    return any;
  };
  EXPECT_TRUE(eventually([&] { return !served_from(20); }));
  EXPECT_FALSE(served_from(100));
  end(process);
}

}  // namespace
}  // namespace hydrinit_test
