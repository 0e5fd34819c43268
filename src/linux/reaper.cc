#include "linux/reaper.h"

namespace hydrinit {

void Reaper::configure(bool also_stopped, bool leave_zombies) {
  also_stopped_ = also_stopped;
  peek_ = leave_zombies ? os::Peek::leave : os::Peek::reap;
}

void Reaper::remember(int slot, pid_t pid, Instant since) {
  PidEntry& entry = entries_[static_cast<std::size_t>(slot)];
  std::uint16_t& head = head_of(pid);
  entry.since = since;
  entry.pid = pid;
  entry.next = head;
  head = static_cast<std::uint16_t>(slot + 1);
}

void Reaper::forget(int slot) {
  PidEntry& entry = entries_[static_cast<std::size_t>(slot)];
  std::uint16_t* link = &head_of(entry.pid);
  while (*link != slot + 1) link = &entries_[*link - 1U].next;
  *link = entry.next;
  entry.pid = 0;
}

int Reaper::slot_of(pid_t pid) const {
  int slot = head_of(pid) - 1;
  while (slot >= 0 && this->pid(slot) != pid)
    slot = entries_[static_cast<std::size_t>(slot)].next - 1;
  return slot;
}

void Reaper::done(const os::ChildChange& change) const {
  if (peek_ == os::Peek::leave) os::consume_change(change.pid, change.stopped);
}

}  // namespace hydrinit
