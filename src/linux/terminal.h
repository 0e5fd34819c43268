// Job control for a child in a process group of its own: the terminal's foreground is handed to it
// only when it is ours, taken back when it ends, and a ^Z at the child stops us too, so that the
// shell we were started from notices (termios(3), credentials(7), setpgid(2)).
#pragma once

#include "core/options.h"
#include "linux/os.h"

namespace hydrinit {

class Terminal {
 public:
  // Finds the controlling terminal, if there is one. With a session of its own for the child, and
  // we the leader of ours, lets go of it, so that the child can take it; handed_off() then says so.
  // on_demand: the foreground is handed over only when the child wants to read.
  void open(Placement placement, bool on_demand);
  // In the foreground with a pipe on standard input or output: one job with other processes, which
  // would be left in the background if the child had the terminal to itself.
  bool in_pipeline() const;
  // The terminal stays as it is, for a child that stays in our group.
  void leave();

  // The child's stops and not only its end must be told to child_stopped().
  bool controls_jobs() const { return fd_ >= 0 && !takes_session_; }
  // The kernel sent HUP and CONT for our letting go; they have been dropped.
  bool handed_off() const { return takes_session_; }
  // The descriptor it needs, possibly standard input; -1: none.
  int fd() const { return fd_; }

  // In the child, in its own group or session already, every signal blocked: makes it the
  // foreground.
  void enter_child() const;

  void child_stopped(pid_t child, int number);
  // We were continued: by `fg` the foreground is ours again, and so the child's.
  void continued(pid_t child) const;
  // Takes the foreground back, and passes on the ^C or ^\ that the rest of our own job did not see
  // because the child had the foreground. A signal that we sent ourselves was not the terminal's.
  void child_ended(pid_t child, ExitStatus status, SignalSet sent_by_us);
  // The child died of the terminal's ^C.
  bool interrupted() const { return interrupted_; }

 private:
  bool foreground_is(pid_t group) const;
  void give_foreground(pid_t group) const;

  Fd owned_{};               // /dev/tty, when it could be opened
  int fd_ = -1;              // owned_, or standard input
  pid_t own_group_ = 0;      // 0: its leader lives outside our PID namespace
  bool foreground_ = false;  // ours when the child is started
  bool on_demand_ = false;
  bool takes_session_ = false;
  bool interrupted_ = false;
};

}  // namespace hydrinit
