// The machine that decides. It is told what happened, one event at a time, and answers with
// actions; it reads no clock, makes no system call and keeps no secret state: the same events
// always give the same actions. The loop carries the actions out and comes back with what became of
// them.
//
// The one child of a plain init is a single replica that is not restarted, and whose end is the
// container's.
#pragma once

#include <cstdint>
#include <span>

#include "core/command.h"
#include "core/notice.h"
#include "core/options.h"
#include "core/replica.h"
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

// How many commands' outcomes are remembered.
inline constexpr int kOutcomes = 32;

// What the supervisor does as a whole, beside what each replica does.
struct Overview {
  int count = 0;               // how many are wanted
  int annex_of = 0;            // whose old one is in the place behind the last slot
  std::uint32_t commands = 0;  // grows with each command
  std::uint16_t generation = 0;
  bool reloading = false;
  bool ending = false;
  Outcome outcomes[kOutcomes]{};
};

// Instead of a slot: all that have a process.
inline constexpr int kEverySlot = -1;

struct Event {
  enum class Kind : std::uint8_t {
    start,         // first of all, once
    tick,          // the deadline has come
    spawned,       // slot: its process runs the command
    spawn_failed,  // slot, status: the exit code that tells why, transient
    ended,         // slot, status; the pid is reaped and forgotten
    drained,       // all exits known so far have been told; childless: nobody is left
    signal,        // signal
    ready,         // slot: its program says that it is up
    leaving,       // slot: it says that it stops
    waiting,       // connections wait to be accepted
    queue,         // slot, amount: so many wait for it; asked: by a sample of that slot
    sampled,       // all queues have been told
    refused,       // slot: --share could not give it a socket
    heavy,         // slot, amount: its processes have so many KiB, more than --max-memory
  };
  Kind kind = Kind::tick;
  bool childless = false;
  bool transient = false;  // want of memory, processes, descriptors: another try may succeed
  bool asked = false;
  int slot = 0;
  int amount = 0;
  ExitStatus status{};
  Instant at{};
  SignalReceived signal{};
};

struct Action {
  enum class Kind : std::uint8_t {
    spawn,      // slot
    send,       // signal to slot, or to its whole group
    send_rest,  // signal.number to every other process we may signal
    suspend,    // stop ourselves, as job control asks
    move,       // slot's process, and all that belongs to it, to the empty slot code
    sample,     // tell slot's queue, or every one
    weigh,      // tell if the slot is heavy
    watch,      // tell when connections wait
    balance,    // hand new connections to those in_balance; if none is to all that are wanted
    close,      // slot's sockets
    close_all,  // all sockets
    report,     // notice; slot, code, signal.number and other belong to it
    exit,       // code, and the notice of it; nothing follows
  };
  Kind kind{};
  SignalScope scope{};
  Notice::Kind notice{};
  std::uint8_t other = 0;
  int slot = 0;
  // Of send to every slot: not to those that have been told to stop before, as a second request is
  // often taken for impatience.
  bool once = false;
  int code = 0;
  SignalReceived signal{};
};

// The actions of one step. Eight are the most that any needs, for a stop by ^Z while nobody runs; a
// unit test keeps them fewer than there is room.
class Actions : public FixedVec<Action, 10> {
 public:
  void spawn(int slot) { next(Action::Kind::spawn, slot); }
  void send(int slot, SignalScope scope, SignalReceived signal) {
    Action& action = next(Action::Kind::send, slot);
    action.scope = scope;
    action.signal = signal;
  }
  void send_stop(SignalScope scope, SignalReceived signal) {
    Action& action = next(Action::Kind::send, kEverySlot);
    action.scope = scope;
    action.once = true;
    action.signal = signal;
  }
  void send_rest(std::uint8_t number) { next(Action::Kind::send_rest).signal.number = number; }
  void suspend() { next(Action::Kind::suspend); }
  // Those that need nothing but a slot, or none.
  void act(Action::Kind kind, int slot = kEverySlot, int code = 0) { next(kind, slot).code = code; }
  [[gnu::noinline]] Action& report(Notice::Kind notice, int slot = 0) {
    Action& action = next(Action::Kind::report, slot);
    action.notice = notice;
    return action;
  }
  void report_signal(Notice::Kind notice, std::uint8_t number, std::uint8_t other = 0) {
    Action& action = report(notice);
    action.other = other;
    action.signal.number = number;
  }
  // About one replica, and how it ended.
  void report_replica(Notice::Kind notice, int slot, ExitStatus status, int code = 0) {
    Action& action = report(notice, slot);
    action.other = status.value;
    action.code = code;
    if (status.kind == ExitStatus::Kind::signalled) action.signal.number = status.value;
  }
  Action& exit(int code) {
    Action& action = next(Action::Kind::exit);
    action.code = code;
    return action;
  }

 private:
  [[gnu::noinline]] Action& next(Action::Kind kind, int slot = 0) {
    Action& action = extend();
    action.kind = kind;
    action.slot = slot;
    return action;
  }
};

// The life of the container, above that of its replicas (core/replica.h):
//
// clang-format off
//   event \ phase | running          | delaying         | stopping          | resting          | sweeping
//   --------------+------------------+------------------+-------------------+------------------+-----------------
//   stop signal   | delaying if a    | stopping: send   | if a time-out is  | sweeping: KILL   | -
//                 | delay is set,    | it now           | set, KILL to the  | to the rest      |
//                 | else stopping:   |                  | groups, unless it |                  |
//                 | send it          |                  | is the first ever;|                  |
//                 |                  |                  | else send it      |                  |
//   other signal  | send             | send             | send              | -                | -
//   HUP, TTIN and | reload, one more,| send             | send              | -                | -
//   TTOU, with -n | one fewer        |                  |                   |                  |
//   deadline      | -                | stopping: send   | (of each replica: | sweeping: KILL   | exit
//                 |                  | the one held     | KILL to its group)| to the rest      |
//   replica ends  | its restart      | none is started any more; when the   | -                | -
//                 | policy; if the   | last has ended: resting if --wait-all|                  |
//                 | exit policy says | is set, TERM to the rest; sweeping   |                  |
//                 | so, stopping     | when supervising and not PID 1, KILL |                  |
//                 |                  | to the rest; else exit               |                  |
//   nobody left   | -                | -                | -                 | exit             | exit
//   drained       | -                | -                | -                 | -                | KILL to the rest
// clang-format on
//
// Before the start, and after exit, it is `idle`; `pausing` has no child and ends on TERM or INT.
class Supervisor {
 public:
  // pid1: hydrinit is the init of its PID namespace, so nothing could resume it once stopped.
  // replicas: room for as many as there can ever be, and with -n one more behind them, where a
  // reload keeps the old one until the new one is up; they outlive the supervisor. count of them
  // are wanted at first.
  Supervisor(const Config& config, bool pid1, std::span<Replica> replicas, int count)
      : config_(config),
        pid1_(pid1),
        supervises_(config.supervises()),
        replicas_(replicas),
        count_(count),
        balanced_(count) {}

  [[gnu::noinline]] void step(const Event& event, Actions& out);

  // When the next tick is due; kNever when only an event can change anything. As long as it is not
  // later than now, tick again: one tick acts on one replica.
  [[gnu::noinline]] Instant next_deadline();

  // How many are wanted.
  int count() const { return count_; }
  // For all the world to see.
  Overview overview() const;
  // No replica is started any more.
  bool ending() const { return phase_ != Phase::running; }
  // Whose sockets and environment the slot has: its own, or those of the one that is replaced.
  int place_of(int slot) const { return slot == annex() ? annex_of_ : slot; }

  // After KILL has gone to all that remained, how long its effect is awaited: a process in an
  // uninterruptible wait, or of a user we may not signal, does not keep us for ever.
  static constexpr Millis kSweepMax{5000};

  // How long it takes until all have been weighed once, one after the other.
  static constexpr Millis kWeighRound{5000};

  // How often a queue is looked at: first after a connection has been seen waiting, then as long as
  // any waits. So the sleep is left ten times a second at most.
  static constexpr Millis kFirstLook{200};
  static constexpr Millis kNextLook{100};
  // A queue that stands out is suspected more with each look that finds it no shorter, the more
  // the longer it is: two looks are enough for three connections, while a single one must be seen
  // in six, as it may well be another one each time.
  static constexpr int kSuspicionMax = 6;
  static constexpr int kSuspicionOfLook = 3;
  // How often a draining replica's queue is asked for once --drain-time is over, and when it is
  // stopped though it is not empty: whoever has not taken what waits by then takes nothing.
  static constexpr Millis kDrainLook{50};
  static constexpr Millis kDrainMax{5000};

 private:
  enum class Phase : std::uint8_t { idle, pausing, running, delaying, stopping, resting, sweeping };
  // Tells a test whether two states are the same (tests/unit/fingerprint.h).
  friend struct Fingerprint;

  // core/steering.cc
  void on_signal(const Event& event);
  void forward(const Event& event);
  void on_stop_signal(SignalReceived signal, bool delivered);
  bool steer(SignalReceived signal);
  void obey(Command command);

  // core/reload.cc
  Answer scale(int wanted);
  void remove_surplus();
  void begin_reload();
  void renew(int slot, Notice::Kind why, int kib);
  void reload_next();
  void replace(int slot);
  void successor_up();
  bool restore(int slot);
  void end_reload(int failed_slot);
  void answer_all(Answer answer, int slot);
  ReloadOrder reload_order() const;
  void retire(int slot);
  void on_queue(const Event& event);
  void on_heavy(const Event& event);
  void weigh_next();

  // core/live_set.cc
  void look_at_queues();
  void judge_queues();
  bool stands_out(int slot) const;
  bool serves(int slot) const;
  bool balancing() const;
  void rebalance();

  void on_spawned(int slot);
  void on_spawn_failed(const Event& event);
  void on_ended(const Event& event);
  void on_drained(const Event& event);
  void on_tick();
  void on_deadline();
  void on_replica_deadline(int slot);

  void start_now(Replica& replica);
  void become_up(int slot);
  void again(int slot, Millis delay, Notice::Kind said, ExitStatus status);
  void settle(int slot, Step step);
  bool begin_stop(Replica& replica);
  void stop_one(int slot);
  void refuse(int slot);
  void hold_starts();
  void stop_all(SignalReceived signal, bool delivered);
  void kill_all();
  void check_end();
  void end_rest();
  void begin_sweep();
  void exit(int code);

  Replica& in_slot(int slot) const { return replicas_[static_cast<std::size_t>(slot)]; }
  // How many replicas there can be, and the place behind them.
  int capacity() const { return static_cast<int>(replicas_.size()) - (config_.replicas != 0); }
  int annex() const { return config_.replicas != 0 ? capacity() : kEverySlot; }
  // An old one is there beside its successor.
  bool annexed() const { return config_.replicas != 0 && in_slot(annex()).has_process(); }
  std::uint8_t stop_signal() const;
  int code_of(const Replica& replica) const;
  int code_of_stop() const;
  [[gnu::noinline]] std::uint8_t jitter();
  void set_deadline(Replica& replica, Instant deadline);
  [[gnu::noinline]] void clear_deadline(Replica& replica) { set_deadline(replica, kNever); }

  const Config& config_;
  Actions* out_ = nullptr;  // of this step
  Instant now_{};           // its time
  bool pid1_;
  bool supervises_;
  Phase phase_ = Phase::idle;
  bool asked_ = false;      // a stop signal has come
  bool requested_ = false;  // the end was asked for by a signal
  bool spawned_before_ = false;
  bool reloading_ = false;
  bool failed_before_ = false;  // code_ is that of the first failure
  bool stale_ = false;          // earliest_ may be too early
  std::uint16_t generation_ = 0;
  int reload_slot_ = kEverySlot;  // the one being replaced
  int next_old_ = 0;              // where the next one is looked for first
  int annex_of_ = 0;              // whose old one is, or was last, in the annex
  std::span<Replica> replicas_;
  int count_;
  int balanced_;               // how many were wanted at the last balance
  int surplus_ = 0;            // those from count_ up to it are to be removed still
  int weighed_ = 0;            // the slot that was weighed last
  int processes_ = 0;          // replicas that have one
  int code_ = 0;               // what to exit with once nobody is left
  int cursor_ = 0;             // how far the pass over the due ones has come
  Instant deadline_ = kNever;  // of the phase
  Instant earliest_ = kNever;  // of the replicas
  Instant passed_ = kNever;    // the earliest seen in this pass
  Instant look_at_ = kNever;   // when the queues are looked at again
  Instant weigh_at_ = kNever;  // when the next one is weighed
  SignalReceived held_{};      // the stop signal that --stop-delay keeps back
  std::uint64_t random_ = 1;
  Outcome outcomes_[kOutcomes]{};
  std::uint32_t commands_ = 0;  // so far; the place of the next outcome
};

}  // namespace hydrinit
