// --log with real processes: what replicas write, line by line, to every kind of output, however
// slow its reader is.

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "harness.h"

namespace hydrinit_test {
namespace {

// Of those that run once, and are waited for.
const Words kOnce{"--log", "prefix", "-n", "1", "--restart", "no"};

Outcome finish(const Words& command, const Options& options) {
  Process process(command, options);
  process.close_input();
  return process.finish();
}

// A file with that content, which everybody may read; its path.
std::string file_of(const std::string& name, const std::string& content) {
  const std::string path = work_folder() + "/log-" + name;
  std::ofstream(path, std::ios::binary) << content;
  ::chmod(path.c_str(), 0644);
  return path;
}

// What comes behind the mark in the lines that begin with it.
std::string behind(const std::string& text, const std::string& mark) {
  std::string found;
  for (const std::string& line : lines_of(text)) {
    if (line.rfind(mark, 0) == 0) found += line.substr(mark.size()) + "\n";
  }
  return found;
}

std::string random_bytes(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes;
  while (bytes.size() < size) bytes += static_cast<char>(random());
  return bytes;
}

class Log : public AtPlace {};
INSTANTIATE_TEST_SUITE_P(Places, Log, every_place(), place_name);

TEST_P(Log, LinesSayWhoseTheyAreAndStreamsStayApart) {
  const Outcome outcome =
      finish(shell({"--log", "prefix", "-n", "2", "--restart", "no", "--exit-when", "all"},
                   "printf 'one\\n\\n\\ntwo'; printf 'bad %s' $HYDRINIT_REPLICA >&2"),
             options());
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(behind(outcome.output, "[0] "), "one\n\n\ntwo\n");
  EXPECT_EQ(behind(outcome.output, "[1] "), "one\n\n\ntwo\n");
  EXPECT_EQ(lines_of(outcome.output).size(), 8U);
  EXPECT_EQ(behind(outcome.errors, "[0] "), "bad 0\n");
  EXPECT_EQ(behind(outcome.errors, "[1] "), "bad 1\n");
}

TEST_P(Log, BytesComeOutAsTheyWentIn) {
  const std::string bytes = random_bytes(300000);
  Words command = kOnce;
  command.insert(command.end(), {"cat", file_of("bytes", bytes)});
  const Outcome outcome = finish(hydrinit(command), options());
  EXPECT_TRUE(behind(outcome.output, "[0] ") == bytes + "\n");
}

TEST_P(Log, LongLinesStayWholeOrAreMarked) {
  const std::string longest(65536, 'x');
  const std::string longer = longest + longest + "y";
  Words command = kOnce;
  command.insert(command.end(), {"cat", file_of("long", longest + "\n" + longer + "\nend\n")});
  const Outcome outcome = finish(hydrinit(command), options());
  EXPECT_TRUE(outcome.output ==
              "[0] " + longest + "\n[0] " + longest + "\n[0+] " + longest + "\n[0+] y\n[0] end\n");
}

TEST_P(Log, JsonIsValidWhateverIsWritten) {
  std::string bytes = random_bytes(200000) + "\n\"\\\n" + std::string(70000, '\1') + "\n\n";
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  const Outcome outcome = finish(hydrinit({"--log", "json", "-v", "-n", "1", "--restart", "no",
                                           "cat", file_of("json", bytes)}),
                                 options());
  // Back to bytes: what is not UTF-8 stands as an escape from \u0080 on, and nothing else does.
  const std::string script = file_of("json.py", R"py(
import json, re, sys
whole = b""
for line in open(sys.argv[1], "rb"):
    entry = json.loads(line.decode("utf-8"))
    assert set(entry) - {"continued"} == {"time", "replica", "stream", "line"}, entry
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"]), entry
    assert entry["replica"] == 0 and entry["stream"] == "stdout", entry
    text = line[line.index(b'"line":"') + 8:-3]
    text = re.sub(rb"\\(u00(..)|.)", lambda m: bytes([int(m[2], 16)]) if m[2] else m[1], text)
    whole += (b"" if entry.get("continued") else b"\n") + text
assert whole[1:] == open(sys.argv[2], "rb").read(), "not the same bytes"
for line in open(sys.argv[3], "rb"):
    assert set(json.loads(line)) == {"time", "stream", "line"}, line
print("good")
)py");
  const std::string said = file_of("json.err", outcome.errors);
  Process python({"/usr/bin/env", "python3", script, file_of("json.out", outcome.output),
                  work_folder() + "/log-json", said});
  const Outcome judged = python.finish();
  EXPECT_EQ(judged.output, "good\n") << judged.errors;
  EXPECT_NE(outcome.errors.find("\"stream\":\"hydrinit\",\"line\":\"exiting with code 0\"}"),
            std::string::npos)
      << outcome.errors;
}

TEST_P(Log, LinesOfTwoAreNeverMixed) {
  // Lines of many lengths, which no buffer's end respects.
  std::string text;
  for (int i = 0; i < 6000; ++i)
    text += std::to_string(i) + std::string(static_cast<std::size_t>(i * 37 % 251), 'a') + "\n";
  const Outcome outcome =
      finish(hydrinit({"--log", "prefix", "-n", "2", "--restart", "no", "--exit-when", "all", "dd",
                       "if=" + file_of("many", text), "bs=1000", "status=none"}),
             options());
  EXPECT_TRUE(behind(outcome.output, "[0] ") == text);
  EXPECT_TRUE(behind(outcome.output, "[1] ") == text);
  EXPECT_EQ(lines_of(outcome.output).size(), 12000U);
}

TEST_P(Log, EachLifeEndsItsLastLine) {
  Process process(
      shell({"--log", "prefix", "-n", "1", "--max-restarts", "2", "--restart-delay", "1ms"},
            "printf life; printf error >&2; exit 3"),
      options());
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.output, "[0] life\n[0] life\n[0] life\n");
  EXPECT_EQ(behind(outcome.errors, "[0] "), "error\nerror\nerror\n");
  // What it said comes before what is said of it.
  EXPECT_LT(outcome.errors.find("[0] error"), outcome.errors.find("starting it again"));
}

TEST_P(Log, BothOfAStartFirstReloadAreHeard) {
  const std::string script =
      "trap 'printf stopped; exit 0' TERM; echo start; echo >&9; "
      "while :; do sleep 1000 & wait $!; done";
  Process process(
      shell({"--log", "prefix", "-n", "2", "--ready", "fd:9", "--reload-order", "start-first"},
            script),
      options());
  for (int reload = 0; reload < 2; ++reload) {
    process.expect_next("start");
    process.expect_next("start");
    process.signal(SIGHUP);
    process.expect_next_error("hydrinit: reloaded");
  }
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 0);
  std::vector<std::string> lines = lines_of(outcome.output);
  std::sort(lines.begin(), lines.end());
  Words expected;
  for (const char* line : {"[0] start", "[0] stopped", "[1] start", "[1] stopped"})
    expected.insert(expected.end(), 3, line);
  EXPECT_EQ(lines, expected);
}

// The two ends of something that nobody reads; the second becomes the child's standard output.
struct Unread {
  explicit Unread(bool socket = false) {
    EXPECT_EQ(socket ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)
                     : ::pipe2(ends, O_CLOEXEC),
              0);
  }
  ~Unread() {
    for (int end : ends) {
      if (end >= 0) ::close(end);
    }
  }
  Unread(const Unread&) = delete;
  Unread& operator=(const Unread&) = delete;
  std::function<void()> as_output() const {
    const int end = ends[1];
    return [end] { ::dup2(end, 1); };
  }
  int waiting() const {
    int bytes = 0;
    ::ioctl(ends[0], FIONREAD, &bytes);
    return bytes;
  }
  void close_one(int which) {
    ::close(ends[which]);
    ends[which] = -1;
  }
  std::string read_all() {
    close_one(1);
    std::string text;
    char buffer[65536];
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(got));
    return text;
  }
  int ends[2] = {-1, -1};
};

// In no system call but the one it sleeps in, with no time-out.
bool sleeps(pid_t pid) {
  return read_file("/proc/" + std::to_string(pid) + "/wchan").find("poll") != std::string::npos;
}
bool writes(pid_t pid) {
  return read_file("/proc/" + std::to_string(pid) + "/wchan").find("pipe_w") != std::string::npos;
}
int switches(pid_t pid) { return std::atoi(status_field(pid, "voluntary_ctxt_switches").c_str()); }

const std::string kFlood = "trap 'echo alive >&2' USR1; yes & while :; do wait $!; done";

TEST_P(Log, BlockedOutputKeepsNobodyElse) {
  Unread unread;
  Options with = options();
  with.setup = unread.as_output();
  Process process(shell({"--log", "prefix", "-n", "1", "-w"}, kFlood), with);
  // It is full, and whoever writes waits.
  pid_t shell = 0;
  pid_t yes = 0;
  ASSERT_TRUE(eventually([&] {
    for (pid_t pid : children_of(process.pid())) shell = pid;
    if (shell == 0) return false;
    for (pid_t pid : children_of(shell)) yes = pid;
    return yes != 0 && writes(yes) && unread.waiting() > 60000 && sleeps(process.pid());
  }));
  const int before = switches(process.pid());
  // The other stream goes on, and so do signals and orphans.
  process.signal(SIGUSR1);
  process.expect_next_error("[0] alive");
  ::kill(yes, SIGKILL);
  process.signal(SIGUSR1);
  process.expect_next_error("[0] alive");
  EXPECT_TRUE(eventually([&] { return sleeps(process.pid()); }));
  // Two signals, two lines: nothing turns round in circles.
  EXPECT_LE(switches(process.pid()) - before, 12);
  process.signal(SIGTERM);
  EXPECT_EQ(process.finish().code, 128 + SIGTERM);
}

TEST_P(Log, NothingIsLostOnceABlockedOutputIsRead) {
  std::string text;
  for (int i = 0; i < 30000; ++i) text += "line " + std::to_string(i) + "\n";
  for (bool socket : {false, true}) {
    Unread unread(socket);
    Options with = options();
    with.setup = unread.as_output();
    Process process(shell(kOnce, "cat " + file_of("lost", text) + "; printf end"), with);
    process.close_input();
    EXPECT_TRUE(eventually([&] { return unread.waiting() > 60000 && sleeps(process.pid()); }));
    const std::string read = unread.read_all();
    EXPECT_EQ(process.finish().code, 0);
    EXPECT_TRUE(behind(read, "[0] ") == text + "end\n") << socket;
  }
}

// What a life has left in its pipe is not the next one's.
TEST_P(Log, RestartsGoOnWhileTheOutputIsBlocked) {
  const std::string lives =
      work_folder() + "/lives-" + std::to_string(::getpid()) + place_name({GetParam(), 0});
  const std::string many = file_of("fill", std::string(30000, 'x') + "\n");
  Unread unread;
  Options with = options();
  with.setup = unread.as_output();
  std::ofstream(lives).close();
  ::chmod(lives.c_str(), 0666);
  Process process(
      shell({"--log", "prefix", "-n", "1", "--restart-delay", "1ms", "--max-restarts", "2"},
            "echo x >> " + lives + "; cat " + many + "; printf tail; exit 4"),
      with);
  process.expect_next_error("replica 0 ended with code 4 and has failed");
  const std::string read = unread.read_all();
  EXPECT_EQ(process.finish().code, 4);
  std::string expected;
  for (int life = 0; life < 3; ++life) expected += std::string(30000, 'x') + "\ntail\n";
  EXPECT_TRUE(behind(read, "[0] ") == expected) << read.size();
}

TEST_P(Log, ReaderThatGoesAwayEndsNobody) {
  Unread unread;
  Options with = options();
  with.setup = unread.as_output();
  Process process(shell({"--log", "prefix", "-n", "1"},
                        "trap 'echo word; echo said >&2' USR1; echo word; echo up >&2; "
                        "while :; do sleep 1000 & wait $!; done"),
                  with);
  process.expect_next_error("[0] up");
  unread.close_one(1);
  unread.close_one(0);
  for (int i = 0; i < 3; ++i) {
    process.signal(SIGUSR1);
    process.expect_next_error("[0] said");
  }
  process.signal(SIGTERM);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 128 + SIGTERM);
  const std::string lost = "lines are lost: standard output: Broken pipe";
  EXPECT_NE(outcome.errors.find(lost), std::string::npos) << outcome.errors;
  EXPECT_EQ(outcome.errors.find(lost), outcome.errors.rfind(lost)) << outcome.errors;
}

TEST_P(Log, FilesTakeAll) {
  std::string text;
  for (int i = 0; i < 30000; ++i) text += "line " + std::to_string(i) + "\n";
  const std::string path = file_of("file", "");
  const int fd = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  Options with = options();
  with.setup = [fd] {
    ::dup2(fd, 1);
    ::dup2(fd, 2);
  };
  Process process(shell(kOnce, "cat " + file_of("text", text) + "; echo last >&2"), with);
  process.close_input();
  EXPECT_EQ(process.finish().code, 0);
  ::close(fd);
  EXPECT_TRUE(behind(read_file(path), "[0] ") == text + "last\n");
}

TEST_P(Log, DevNullAndNothingAtAllTakeWhatTheyAreGiven) {
  Options with = options();
  with.setup = [] { ::dup2(::open("/dev/null", O_WRONLY | O_CLOEXEC), 1); };
  EXPECT_EQ(finish(shell(kOnce, "echo a; echo b >&2"), with).errors, "[0] b\n");
  with.setup = [] { ::close(1); };
  EXPECT_NE(finish(shell(kOnce, "echo a; echo b >&2"), with).errors.find("[0] b\n"),
            std::string::npos);
}

TEST(LogTerminal, PrefixIsColouredThereUnlessNoColorIsSet) {
  Options options{.terminal = true};
  Process coloured(shell(kOnce, "echo word; read answer; echo \"got $answer\""), options);
  coloured.expect("\x1b[31m[0]\x1b[0m word\r\n");
  // Its standard input is still the terminal's.
  coloured.write("answer\n");
  coloured.expect("\x1b[31m[0]\x1b[0m got answer\r\n");
  EXPECT_EQ(coloured.finish().code, 0);
  options.environment = {{"NO_COLOR", "1"}};
  Process plain(shell(kOnce, "echo word; echo error >&2"), options);
  const Outcome outcome = plain.finish();
  EXPECT_NE(outcome.output.find("[0] word\r\n"), std::string::npos);
  EXPECT_NE(outcome.output.find("[0] error\r\n"), std::string::npos);
  EXPECT_EQ(outcome.output.find('\x1b'), std::string::npos);
}

// A write to it may wait for room though it said that there was some.
TEST(LogTerminal, ThatNobodyReadsDoesNotKeepHydrinitFromStopping) {
  Process process(shell({"-n", "1", "--log", "prefix"}, "while :; do echo some words; done"),
                  {.terminal = true});
  // Until the replica waits for room in its own pipe.
  ASSERT_TRUE(eventually([&] {
    const pid_t child = process.child();
    return child != 0 && status_field(child, "State")[0] == 'S';
  }));
  process.signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return process.ended(); }));
  EXPECT_EQ(process.finish().code, 143);
}

// dd fills the pipe with each write, and each read empties it.
TEST(Figures, OneReadAndOneWriteForEach64KiBOfTheLog) {
  REQUIRE_OR_SKIP(std::system("command -v strace >/dev/null 2>&1") == 0, "strace is missing");
  std::string text;
  while (text.size() < 1048576) text += std::string(99, 'x') + "\n";
  text.resize(1048576);
  const std::string trace = work_folder() + "/log-strace";
  const std::string out = file_of("strace-out", "");
  const std::string command =
      "exec strace -o " + trace + " " + binary() +
      " --log prefix -n 1 --restart no dd bs=65536 status=none if=" + file_of("mib", text) + " >" +
      out;
  Process process({"/bin/sh", "-c", command});
  process.close_input();
  EXPECT_EQ(process.finish().code, 0);
  const std::string log = read_file(trace);
  const int reads = count_of(log, ", 65536) = 65536");
  const int writes = count_of(log, "write(1, ");
  std::printf("for 16 times 64 KiB: %d reads, %d writes\n", reads, writes);
  EXPECT_EQ(reads, 16);
  // The last line has no end, and goes out by itself.
  EXPECT_LE(writes, 17);
  EXPECT_EQ(behind(read_file(out), "[0] ").size(), text.size() + 1);
}

}  // namespace
}  // namespace hydrinit_test
