// Reaps children, and knows which pid is which replica. A pid is forgotten when it is reaped, so that
// nobody can signal a process that was given the same number since.
#pragma once

#include "linux/os.h"

namespace hydrinit {

class Reaper {
 public:
  struct Exit {
    pid_t pid = 0;
    bool stopped = false;    // not an end: it was stopped by status.value
    bool is_leader = false;  // of the only slot; else it is an orphan we adopted
    ExitStatus status{};
  };

  void remember(pid_t leader) { leader_ = leader; }
  // 0: the slot has no process.
  pid_t leader() const { return leader_; }

  // The next change of any child; pid 0 when there is none now, ECHILD when there is no child at all.
  // also_stopped: tell stops too. leave_zombie: the leader's zombie stays, and with it its pid and its
  // group's number, until forget().
  Result<Exit> next(bool also_stopped, bool leave_zombie);
  // Reaps the leader that was left.
  void forget(pid_t pid);

 private:
  pid_t leader_ = 0;
};

}  // namespace hydrinit
