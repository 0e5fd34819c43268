#include "linux/reaper.h"

namespace hydrinit {

void Reaper::configure(bool also_stopped, bool leave_zombies) {
  also_stopped_ = also_stopped;
  peek_ = leave_zombies ? os::Peek::leave : os::Peek::reap;
}

void Reaper::done(pid_t pid) const {
  if (peek_ == os::Peek::leave) os::consume_change(pid);
}

}  // namespace hydrinit
