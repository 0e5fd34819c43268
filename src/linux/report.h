// Says notices: renders each as one line and writes it. Once something runs, a slow reader is not
// waited for: lines that could not be written are counted, and told with the next one that can.
#pragma once

#include "core/notice.h"
#include "linux/logs.h"

namespace hydrinit {

class Reporter {
 public:
  explicit Reporter(const Voice& voice) : voice_(voice) {}
  void say(const Notice& notice);
  void say(Notice::Kind kind, int pid = 0, int other = 0);
  void say_signal(Notice::Kind kind, int signal);
  // What failed, and its errno.
  void say_error(Notice::Kind kind, Error error, int pid = 0);
  // From now on rather lose a line than wait.
  void wait_no_more() { waits_ = false; }
  // Whatever waits there for room must stay in one piece, and goes first.
  void queue_behind(Logs& logs) { logs_ = &logs; }

 private:
  bool write(const Notice& notice);
  bool write(int fd, std::string_view line);
  bool write_json(int fd, std::string_view line);

  const Voice& voice_;
  Logs* logs_ = nullptr;
  bool waits_ = true;
  int dropped_ = 0;
};

}  // namespace hydrinit
