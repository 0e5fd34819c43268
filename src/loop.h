// Between the kernel and the supervisor: sleeps until something happens, tells it as events in a
// fixed order (exits before signals before the deadline), and carries the actions out.
#pragma once

#include "core/supervisor.h"
#include "fleet.h"
#include "linux/bind_proxy.h"
#include "linux/os.h"
#include "linux/reaper.h"
#include "linux/report.h"
#include "linux/spawner.h"
#include "linux/terminal.h"

namespace hydrinit {

class Loop {
 public:
  // All of them outlive the loop. request is what is the same for every replica; the rest is filled
  // in for each.
  [[gnu::noinline]] Loop(const Config& config, const ExitCodes& codes, SpawnRequest& request,
                         Fleet& fleet, int signal_fd, Terminal& terminal, Reporter& reporter);

  // Runs until the supervisor says exit; its code.
  [[gnu::noinline]] int run();

 private:
  void handle(const os::ReceivedSignal& signal);
  void show();
  void drain_children();
  bool give_up_lost();
  void on_stopped(const os::ChildChange& change);
  void on_ended(const os::ChildChange& change);
  void say_life(Notice::Kind kind, const os::ChildChange& change, int slot);
  void term_group(pid_t leader) const;
  void tick();

  [[gnu::noinline]] Event make_event(Event::Kind kind, int slot = 0) const;
  void dispatch(Event::Kind kind);
  void dispatch(const Event& event);
  void perform(const Action& action);
  void report(const Action& action);
  void spawn(int slot);
  Error equip(int slot);
  void on_started(int slot, pid_t pid);
  void on_not_started(int slot, const SpawnOutcome& outcome);
  void send(const Action& action);
  void send_to(pid_t pid, const Action& action);
  void weigh(int slot);
  void send_rest(int number);
  void release_inherited();
  std::uint8_t exec_exit_code(const Error& error) const;

  // src/port_events.cc
  void drain_links();
  void hear(int slot);
  void answer_bind(int slot);
  void sample(int slot);
  void tell_queue(int slot, bool asked);
  void move(int from, int to);
  void mend(int slot);

  // src/log_events.cc
  Error open_logs(int slot);
  void tell_log_failure();
  // The child leads a process group of its own.
  bool has_group() const { return config_.placement != Placement::same_group; }

  const Config& config_;
  const ExitCodes& codes_;
  Fleet& fleet_;
  Terminal& terminal_;
  Reporter& reporter_;
  SpawnRequest& request_;
  int signal_fd_;
  int wait_fd_;  // the same, or the epoll descriptor that it is in
  int exit_code_ = 0;
  bool pid1_;
  bool supervises_;
  bool more_children_ = true;  // some changes may not have been told yet
  bool exiting_ = false;
  bool rest_named_ = false;
  Instant now_{};
  SignalSet sent_{};  // to the first child, ever
  Reaper reaper_;
  Supervisor supervisor_;
  BindProxy proxy_;
};

}  // namespace hydrinit
