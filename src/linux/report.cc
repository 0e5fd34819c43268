#include "linux/report.h"

#include <unistd.h>

namespace hydrinit {
namespace {

constexpr std::size_t kLineSize = 512;

}  // namespace

bool Reporter::write(const Notice& notice) {
  char line[kLineSize];
  Text text(line);
  const Stream stream = render(text, notice, voice_);
  if (text.empty()) return true;
  const int fd = stream == Stream::output ? STDOUT_FILENO : STDERR_FILENO;
  return voice_.json ? write_json(fd, text.view()) : write(fd, text.view());
}

bool Reporter::write(int fd, std::string_view line) {
  if (waits_) return !os::write_all(fd, line).failed();
  if (logs_ != nullptr) return logs_->say(fd, line);
  return os::write_some(fd, line) == static_cast<long>(line.size());
}

// Several lines are one message.
__attribute__((noinline)) bool Reporter::write_json(int fd, std::string_view line) {
  char object[kLineSize * 6 + LineMux::kHeadMax];
  LineMux mux;
  mux.set_room(object, sizeof object);
  mux.set_source({.format = LogFormat::json, .time_ms = os::wall_clock()});
  mux.put_line({line.data(), line.size() - 1});
  return write(fd, mux.pending());
}

void Reporter::say(const Notice& notice) {
  if (dropped_ == 0 && is_silent(notice.kind, voice_)) return;
  if (dropped_ > 0 && write({.kind = Notice::Kind::lines_dropped, .code = dropped_})) dropped_ = 0;
  if (!write(notice)) ++dropped_;
}

void Reporter::say(Notice::Kind kind, int pid, int other) {
  Notice notice;
  notice.kind = kind;
  notice.pid = pid;
  notice.code = other;
  notice.other = static_cast<std::uint8_t>(other);
  say(notice);
}

void Reporter::say_signal(Notice::Kind kind, int signal) {
  Notice notice;
  notice.kind = kind;
  notice.signal = static_cast<std::uint8_t>(signal);
  say(notice);
}

void Reporter::say_error(Notice::Kind kind, Error error, int pid) {
  Notice notice;
  notice.pid = pid;
  notice.kind = kind;
  notice.code = error.code;
  notice.name = error.operation;
  say(notice);
}

}  // namespace hydrinit
