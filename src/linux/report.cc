#include "linux/report.h"

#include <unistd.h>

namespace hydrinit {

bool Reporter::write(const Notice& notice) {
  char line[512];
  Text text(line);
  const Stream stream = render(text, notice, voice_);
  if (text.empty()) return true;
  const int fd = stream == Stream::output ? STDOUT_FILENO : STDERR_FILENO;
  if (waits_) return !os::write_all(fd, text.view()).failed();
  return os::write_without_waiting(fd, text.view());
}

void Reporter::say(const Notice& notice) {
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
