#include "linux/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace hydrinit {

// The results of the signals sent here are not looked at: a group that has ended meanwhile is told
// by the reaper, and there is nothing else to do about a process that may not be signalled.

void Terminal::open(Placement placement, bool on_demand) {
  on_demand_ = on_demand;
  if (placement == Placement::same_group) return;  // the terminal's group stays as it is
  // /dev/tty is the controlling terminal whatever the standard streams are; ENXIO: there is none.
  owned_.reset(os::open_file("/dev/tty", O_RDWR | O_NOCTTY));
  if (!owned_.valid() && errno == ENXIO) return;
  // No /dev/tty in a bare image: standard input may still be it.
  fd_ = owned_.valid() ? owned_.get() : STDIN_FILENO;
  pid_t foreground = 0;
  // tty_ioctl(4): TIOCGPGRP is ENOTTY unless this is the caller's own controlling terminal.
  if (os::control(fd_, TIOCGPGRP, &foreground) != 0) {
    owned_.reset();
    fd_ = -1;
    return;
  }
  if (placement == Placement::new_group) {
    own_group_ = os::own_group();
    // Both are 0 when the group belongs to a process outside our PID namespace, as under
    // unshare(1).
    foreground_ = foreground == own_group_;
    return;
  }
  // Only a session leader's letting go sets the terminal free for another session; the kernel then
  // sends HUP and CONT to the foreground group, which is still ours.
  if (os::own_session() != os::own_pid() || os::control(fd_, TIOCNOTTY, nullptr) != 0) return;
  takes_session_ = true;
  os::take_pending_signal(kSignalHup);
  os::take_pending_signal(kSignalCont);
}

bool Terminal::in_pipeline() const {
  return foreground_ && own_group_ != 0 &&
         (os::is_pipe(STDIN_FILENO) || os::is_pipe(STDOUT_FILENO));
}

void Terminal::leave() {
  owned_.reset();
  fd_ = -1;
  foreground_ = false;
}

void Terminal::enter_child() const {
  // Best effort: a terminal lost meanwhile leaves the child as a background process.
  if (takes_session_) {
    os::control(fd_, TIOCSCTTY, nullptr);
  } else if (foreground_ && !on_demand_) {
    give_foreground(os::current_pid());
  }
}

bool Terminal::foreground_is(pid_t group) const {
  pid_t foreground = 0;
  return os::control(fd_, TIOCGPGRP, &foreground) == 0 && foreground == group;
}

// SIGTTOU is blocked, so the kernel lets a background process do this too (tcsetpgrp(3)).
void Terminal::give_foreground(pid_t group) const { os::control(fd_, TIOCSPGRP, &group); }

void Terminal::child_stopped(pid_t child, int number) {
  if (!controls_jobs()) return;
  const bool reads_or_writes = number == SIGTTIN || number == SIGTTOU;
  if (number != SIGTSTP && !reads_or_writes) return;  // STOP: somebody meant the child alone
  // The terminal's ^Z came to us, and we have passed it on.
  if (on_demand_ && number == SIGTSTP && !foreground_is(child)) return;
  if (own_group_ == 0) {
    // The job is outside our sight and cannot be stopped with the child.
    if (!reads_or_writes) (void)os::send_signal(-child, SIGCONT);
    return;
  }
  if (reads_or_writes && foreground_is(own_group_)) {
    // `fg` brought us to the front without a CONT.
    give_foreground(child);
    (void)os::send_signal(-child, SIGCONT);
    return;
  }
  // Had the child stayed in our group, the terminal's signal would have stopped the whole job. Send
  // it to the job now, with the signal's default action for ourselves. In an orphaned group, or as
  // PID 1, the kernel drops it, since nobody could continue us: then the child goes on at once.
  (void)os::send_signal(0, number);
  // `fg` may have come before it: then we have stopped what it continued. CONT also takes back our
  // own signal, which is pending still (signal(7)); should `fg` come only now, its CONT does.
  if (reads_or_writes && foreground_is(own_group_)) (void)os::send_signal(0, SIGCONT);
  os::unblock_signal(number);
  os::set_signal_mask(~os::RawMask{0});
  if (reads_or_writes && !foreground_is(own_group_)) return;  // it would only stop again
  continued(child);
  (void)os::send_signal(-child, SIGCONT);
}

void Terminal::continued(pid_t child) const {
  if (!controls_jobs() || on_demand_) return;
  if (own_group_ != 0 && foreground_is(own_group_)) give_foreground(child);
}

void Terminal::child_ended(pid_t child, ExitStatus status, SignalSet sent_by_us) {
  if (!controls_jobs() || own_group_ == 0 || !foreground_is(child)) return;
  give_foreground(own_group_);
  const bool by_key = status.value == SIGINT || status.value == SIGQUIT;
  if (status.kind == ExitStatus::Kind::signalled && by_key && !sent_by_us.has(status.value)) {
    (void)os::send_signal(0, status.value);
    interrupted_ = status.value == SIGINT;
  }
}

}  // namespace hydrinit
