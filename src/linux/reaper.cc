#include "linux/reaper.h"

namespace hydrinit {

Result<Reaper::Exit> Reaper::next(bool also_stopped, bool leave_zombie) {
  const auto change =
      os::next_child_change(also_stopped, leave_zombie ? os::Peek::leave : os::Peek::reap);
  if (!change.ok()) return {{}, change.error};
  const pid_t pid = change.value.pid;
  const Exit exit{pid, change.value.stopped, pid != 0 && pid == leader_, change.value.status};
  if (pid == 0) return {exit, {}};
  if (!exit.is_leader || exit.stopped) {
    if (leave_zombie) os::reap_child(pid, exit.stopped);
  } else if (!leave_zombie) {
    leader_ = 0;
  }
  return {exit, {}};
}

void Reaper::forget(pid_t pid) {
  if (pid == leader_) leader_ = 0;
  os::reap_child(pid, false);
}

}  // namespace hydrinit
