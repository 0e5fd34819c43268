// Which pid is the replica, and how its exits are collected. A pid is forgotten at the latest when
// it is reaped, so that nobody can signal a process that was given the same number since.
#pragma once

#include "linux/os.h"

namespace hydrinit {

class Reaper {
 public:
  // also_stopped: tell stops too. leave_zombies: a zombie, and with it the number of its group, is
  // only let go by done().
  void configure(bool also_stopped, bool leave_zombies);

  void remember(pid_t leader) { leader_ = leader; }
  void forget() { leader_ = 0; }
  // 0: there is no process.
  pid_t leader() const { return leader_; }

  // The next change of any child: its own, or an orphan that we adopted.
  os::ChildChange next() const { return os::next_child_change(also_stopped_, peek_); }
  // Whatever the change asked for has been done.
  void done(pid_t pid) const;

 private:
  pid_t leader_ = 0;
  bool also_stopped_ = false;
  os::Peek peek_ = os::Peek::reap;
};

}  // namespace hydrinit
