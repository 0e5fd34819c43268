// The machine that decides. It is told what happened, one event at a time, and answers with
// actions; it reads no clock, makes no system call and keeps no secret state: the same events
// always give the same actions. The loop carries the actions out and comes back with what became of
// them.
#pragma once

#include <cstdint>

#include "core/notice.h"
#include "core/options.h"
#include "core/types.h"

namespace hydrinit {

enum class SignalOrigin : std::uint8_t {
  process,  // kill(2) and its like
  queued,   // sigqueue(3): it carries a value
  kernel    // the terminal, a timer, a hang-up
};

struct SignalReceived {
  std::uint8_t number = 0;
  SignalOrigin origin = SignalOrigin::process;
  std::uint64_t value = 0;  // of a queued one
};

struct Event {
  enum class Kind : std::uint8_t {
    start,         // first of all, once
    tick,          // the deadline has come
    spawned,       // the child runs its command
    spawn_failed,  // status: the exit code that tells why
    ended,         // status; the pid is reaped and forgotten
    drained,       // all exits known so far have been told; childless: nobody is left
    signal,        // signal
  };
  Kind kind = Kind::tick;
  bool childless = false;
  ExitStatus status{};
  Instant at{};
  SignalReceived signal{};
};

struct Action {
  enum class Kind : std::uint8_t {
    spawn,
    send,       // signal to the child, or to its whole group
    send_rest,  // signal.number to every other process we may signal
    suspend,    // stop ourselves, as job control asks
    report,     // notice; signal.number and other belong to it
    exit,       // code; nothing follows
  };
  Kind kind = Kind::report;
  SignalScope scope = SignalScope::leader;
  Notice::Kind notice{};
  std::uint8_t other = 0;
  int code = 0;
  SignalReceived signal{};
};

// The actions of one step. One child needs six at most; a unit test keeps them fewer than there is
// room.
class Actions : public FixedVec<Action, 8> {
 public:
  void spawn() { add({.kind = Action::Kind::spawn}); }
  void send(SignalScope scope, const SignalReceived& signal) {
    add({.kind = Action::Kind::send, .scope = scope, .signal = signal});
  }
  void send_rest(std::uint8_t number) {
    add({.kind = Action::Kind::send_rest, .signal = {.number = number}});
  }
  void suspend() { add({.kind = Action::Kind::suspend}); }
  void report(Notice::Kind notice, std::uint8_t number = 0, std::uint8_t other = 0) {
    add({.kind = Action::Kind::report,
         .notice = notice,
         .other = other,
         .signal = {.number = number}});
  }
  void exit(int code) { add({.kind = Action::Kind::exit, .code = code}); }

 private:
  // There is room for the longest step; a full one could only drop its last.
  void add(const Action& action) { (void)push(action); }
};

// The life of the one child, and of what it leaves behind:
//
// clang-format off
//   event \ stage | running          | delaying         | stopping          | resting          | sweeping
//   --------------+------------------+------------------+-------------------+------------------+-----------------
//   stop signal   | delaying if a    | stopping: send   | KILL to the group | sweeping: KILL   | -
//                 | delay is set,    | it now           | if a time-out is  | to the rest      |
//                 | else stopping:   |                  | set, else send it |                  |
//                 | send it          |                  |                   |                  |
//   other signal  | send             | send             | send              | -                | -
//   deadline      | -                | stopping: send   | KILL to the group | sweeping: KILL   | exit
//                 |                  | the one held     |                   | to the rest      |
//   leader ends   | resting if --wait-all is set: TERM to the rest; else exit | -                | -
//   nobody left   | exit 125: somebody else took the child's status           | exit             | exit
//   drained       | -                | -                | -                 | -                | KILL to the rest
// clang-format on
//
// Before the first spawn, and after exit, it is `idle`; `pausing` has no child and ends on TERM or
// INT.
class Supervisor {
 public:
  // pid1: hydrinit is the init of its PID namespace, so nothing could resume it once stopped.
  Supervisor(const Config& config, bool pid1) : config_(config), pid1_(pid1) {}

  void step(const Event& event, Actions& out);

  // When the next tick is due; kNever when only an event can change anything.
  Instant next_deadline() const { return deadline_; }

  // After KILL has gone to all that remained, how long its effect is awaited: a process in an
  // uninterruptible wait, or of a user we may not signal, does not keep us for ever.
  static constexpr Millis kSweepMax{5000};

 private:
  enum class Stage : std::uint8_t { idle, pausing, running, delaying, stopping, resting, sweeping };

  void on_signal(const Event& event, Actions& out);
  void forward(const Event& event, Actions& out);
  // delivered: the terminal has sent it to the child already.
  void on_stop_signal(const SignalReceived& signal, bool delivered, Instant at, Actions& out);
  void on_ended(const Event& event, Actions& out);
  void on_drained(const Event& event, Actions& out);
  void on_deadline(Instant at, Actions& out);

  void begin_stop(Instant at);
  void send_kill(Notice::Kind why, Actions& out);
  void begin_sweep(Instant at, Actions& out);
  void exit(int code, Actions& out);

  const Config& config_;
  bool pid1_;
  Stage stage_ = Stage::idle;
  Instant deadline_ = kNever;
  SignalReceived held_{};  // the stop signal that --stop-delay keeps back
  int code_ = 0;           // what to exit with once nobody is left
};

}  // namespace hydrinit
