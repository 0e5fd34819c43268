// Which pid is which replica, and how their exits are collected. A pid is forgotten at the latest
// when it is reaped, so that nobody can signal a process that was given the same number since.
#pragma once

#include <span>

#include "core/replica.h"
#include "linux/os.h"

namespace hydrinit {

class Reaper {
 public:
  // As many entries as there are slots, all zero.
  explicit Reaper(std::span<PidEntry> entries) : entries_(entries) {}

  // also_stopped: tell stops too. leave_zombies: a zombie, and with it the number of its group, is
  // only let go by done().
  void configure(bool also_stopped, bool leave_zombies);

  void remember(int slot, pid_t pid, Instant since = {});
  void forget(int slot);
  // 0: there is no process.
  pid_t pid(int slot) const { return entries_[static_cast<std::size_t>(slot)].pid; }
  // When it was remembered first.
  Instant since(int slot) const { return entries_[static_cast<std::size_t>(slot)].since; }
  // Negative: it is no replica.
  int slot_of(pid_t pid) const;
  int slots() const { return static_cast<int>(entries_.size()); }

  // The next change of any child: a replica, or an orphan that we adopted.
  os::ChildChange next() const { return os::next_child_change(also_stopped_, peek_); }
  // Whatever the change asked for has been done.
  void done(const os::ChildChange& change) const;

 private:
  std::uint16_t& head_of(pid_t pid) const {
    return entries_[static_cast<std::size_t>(pid) % entries_.size()].head;
  }

  std::span<PidEntry> entries_;
  bool also_stopped_ = false;
  os::Peek peek_ = os::Peek::reap;
};

}  // namespace hydrinit
