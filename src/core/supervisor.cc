#include "core/supervisor.h"

#include "core/restart.h"

namespace hydrinit {
namespace {

using Said = Notice::Kind;

constexpr SignalSet kTerminalStops{kSignalTstp, kSignalTtin, kSignalTtou};
// The terminal sends these to every process of its foreground group at once (termios(3)).
constexpr SignalSet kTerminalToGroup{kSignalInt,  kSignalQuit, kSignalTstp,
                                     kSignalTtin, kSignalTtou, kSignalWinch};

}  // namespace

void Supervisor::step(const Event& event, Actions& out) {
  switch (event.kind) {
  case Event::Kind::start:
    if (config_.verb == Verb::pause) {
      phase_ = Phase::pausing;
      break;
    }
    phase_ = Phase::running;
    for (int slot = 0; slot < count_; ++slot) start_at(in_slot(slot), event.at);
    on_tick(event.at, out);
    break;
  case Event::Kind::tick: on_tick(event.at, out); break;
  case Event::Kind::spawned: on_spawned(event.slot, event.at); break;
  case Event::Kind::spawn_failed: on_spawn_failed(event, out); break;
  case Event::Kind::ended: on_ended(event, out); break;
  case Event::Kind::drained: on_drained(event, out); break;
  case Event::Kind::signal: on_signal(event, out); break;
  }
}

// ---- signals -----------------------------------------------------------------------------------

void Supervisor::on_signal(const Event& event, Actions& out) {
  const int received = event.signal.number;
  out.report(Said::received, event.signal.number);
  if (phase_ == Phase::running || phase_ == Phase::delaying || phase_ == Phase::stopping) {
    forward(event, out);
  } else if (phase_ == Phase::pausing) {
    if (received == kSignalTerm || received == kSignalInt) exit(0, out);
  } else if (phase_ == Phase::resting && config_.stop_on.has(received) &&
             config_.signals.sent_as(received) != 0) {
    begin_sweep(event.at, out);
  }
}

void Supervisor::forward(const Event& event, Actions& out) {
  const std::uint8_t received = event.signal.number;
  const bool from_kernel = event.signal.origin == SignalOrigin::kernel;
  SignalReceived sent = event.signal;
  sent.number = config_.signals.sent_as(received);
  const bool dropped = sent.number == 0;
  // With replicas a hang-up of the terminal is no wish to reload.
  const bool hung_up = config_.replicas != 0 && received == kSignalHup && from_kernel;
  const bool stop = !dropped && (config_.stop_on.has(received) || hung_up);
  if (!stop && steer(event.signal, event.at, out)) return;
  if (stop && config_.stop_signal != 0) sent.number = config_.stop_signal;
  if (sent.number != received) out.report(Said::rewritten, received, sent.number);

  const bool suspends = config_.placement != Placement::new_group && kTerminalStops.has(received);
  // A child in our own group has had the terminal's signal already.
  const bool delivered =
      config_.placement == Placement::same_group && kTerminalToGroup.has(received);
  // Nobody could resume an init that stopped for its terminal; the kernel drops such signals for an
  // orphaned group by the same reasoning.
  const bool pointless = suspends && pid1_;
  if (dropped) {
    out.report(Said::not_sent, received);
  } else if (stop) {
    on_stop_signal(sent, from_kernel && delivered, event.at, out);
  } else if (!from_kernel || !(delivered || pointless)) {
    out.send(kEverySlot, config_.scope, sent);
  }
  if (suspends && !(from_kernel && pid1_)) {
    out.report(Said::suspending);
    out.suspend();
  }
}

void Supervisor::on_stop_signal(const SignalReceived& signal, bool delivered, Instant at,
                                Actions& out) {
  if (phase_ == Phase::stopping && config_.stop_timeout.count >= 0) {
    out.report(Said::stop_hastened);
    return kill_all(out);
  }
  if (phase_ != Phase::stopping) requested_ = true;
  if (phase_ == Phase::running && config_.stop_delay.count > 0 && !delivered) {
    phase_ = Phase::delaying;
    held_ = signal;
    deadline_ = at + config_.stop_delay;
    out.report(Said::stop_delayed, signal.number);
    hold_starts();
    return check_end(at, out);
  }
  stop_all(signal, delivered, at, out);
}

// The signals that act on the replicas instead of being sent to them. Whoever rewrites one, be it
// to itself, has it back.
bool Supervisor::steer(const SignalReceived& signal, Instant at, Actions& out) {
  const int number = signal.number;
  const bool ours = number == kSignalHup || number == kSignalTtin || number == kSignalTtou;
  if (config_.replicas == 0 || !ours || config_.signals.is_rewritten(number)) return false;
  if (phase_ != Phase::running || signal.origin == SignalOrigin::kernel) return false;
  if (number != kSignalHup) {
    scale(number == kSignalTtin ? 1 : -1, at, out);
    return true;
  }
  // During a reload this makes those that it has replaced already old again.
  ++generation_;
  reloading_ = true;
  out.report(Said::reload_begun);
  if (reload_slot_ < 0) reload_next(at, out);
  return true;
}

// ---- scaling and reloading ---------------------------------------------------------------------

void Supervisor::scale(int by, Instant at, Actions& out) {
  const int wanted = count_ + by;
  const bool possible = wanted >= 1 && wanted <= static_cast<int>(replicas_.size());
  if (possible) count_ = wanted;
  out.report_replica(possible ? Said::scaled : Said::not_scaled, kEverySlot, {}, count_);
  if (!possible) return;
  if (by > 0) {
    Replica& added = in_slot(count_ - 1);
    // One that is still on its way out is started again when it has ended.
    if (!added.has_process()) start_at(added, at);
    return;
  }
  Replica& removed = in_slot(count_);
  if (removed.has_process()) return stop_one(count_, at, out);
  settle(count_, Step::remove, at, out);
}

// Replaces the first of the old ones, and goes on when its successor is up. Those that have failed
// are revived.
void Supervisor::reload_next(Instant at, Actions& out) {
  reload_slot_ = kEverySlot;
  for (int slot = 0; slot < count_; ++slot) {
    Replica& replica = in_slot(slot);
    if (replica.generation == generation_ || replica.stage == Stage::done) continue;
    reload_slot_ = static_cast<std::int16_t>(slot);
    if (replica.has_process()) return stop_one(slot, at, out);
    replica.early_deaths = 0;
    replica.failed_starts = 0;
    return start_at(replica, at);
  }
  reloading_ = false;
  out.report(Said::reload_done);
}

void Supervisor::end_reload(int failed_slot, Actions& out) {
  reloading_ = false;
  reload_slot_ = kEverySlot;
  out.report_replica(Said::reload_ended, failed_slot, {});
}

// ---- the life of a replica ---------------------------------------------------------------------

void Supervisor::start_at(Replica& replica, Instant at) {
  if (replica.take(Step::want)) set_deadline(replica, at);
}

void Supervisor::on_spawned(int slot, Instant at) {
  Replica& replica = in_slot(slot);
  if (!replica.take(Step::spawned)) return;
  ++processes_;
  spawned_before_ = true;
  replica.started = at;
  replica.generation = generation_;
  replica.failed_starts = 0;
  replica.told = false;
  if (!config_.supervises()) {
    (void)replica.take(Step::up);
  } else {
    set_deadline(replica, at + config_.ready);
  }
}

void Supervisor::on_spawn_failed(const Event& event, Actions& out) {
  Replica& replica = in_slot(event.slot);
  replica.last = event.status;
  const bool reload_failed = reloading_ && reload_slot_ == event.slot;
  if (config_.restart == Restart::no) {
    const bool success = judge_exit_code(event.status, config_.success) == 0;
    settle(event.slot, success ? Step::finish : Step::fail, event.at, out);
  } else if (event.transient) {
    if (replica.failed_starts < UINT16_MAX) ++replica.failed_starts;
    const int in_a_row = replica.early_deaths + replica.failed_starts;
    const Millis delay = back_off(config_, in_a_row, jitter(event.at));
    (void)replica.take(Step::again);
    set_deadline(replica, event.at + delay);
    out.report_replica(Said::start_retried, event.slot, {}, static_cast<int>(delay.count));
  } else {
    settle(event.slot, Step::fail, event.at, out);
  }
  if (reload_failed && reloading_) end_reload(event.slot, out);
}

void Supervisor::on_ended(const Event& event, Actions& out) {
  const int slot = event.slot;
  Replica& replica = in_slot(slot);
  if (!replica.has_process()) return;
  const bool told = replica.stage == Stage::stopping || replica.stage == Stage::killing;
  const RestartVerdict verdict =
      judge_restart(config_, replica, event.status, event.at, jitter(event.at));
  --processes_;
  replica.last = event.status;
  if (slot >= count_) return settle(slot, Step::remove, event.at, out);
  if (ending()) return settle(slot, Step::finish, event.at, out);
  if (told) {
    // It made room for its successor.
    (void)replica.take(Step::again);
    replica.early_deaths = 0;
    return set_deadline(replica, event.at);
  }
  const bool reload_failed = reloading_ && reload_slot_ == slot;
  replica.early_deaths = verdict.early_deaths;
  switch (verdict.kind) {
  case RestartVerdict::Kind::again:
    (void)replica.take(Step::again);
    set_deadline(replica, event.at + verdict.delay);
    out.report_replica(Said::replica_restarts, slot, event.status,
                       static_cast<int>(verdict.delay.count));
    break;
  case RestartVerdict::Kind::done: settle(slot, Step::finish, event.at, out); break;
  case RestartVerdict::Kind::failed: settle(slot, Step::fail, event.at, out); break;
  }
  if (reload_failed && reloading_) end_reload(slot, out);
}

// It has ended for good, or is not wanted any more: the exit policy is asked.
void Supervisor::settle(int slot, Step step, Instant at, Actions& out) {
  Replica& replica = in_slot(slot);
  (void)replica.take(step);
  set_deadline(replica, kNever);
  if (step == Step::remove && reload_slot_ == slot && reloading_) reload_next(at, out);
  if (ending() || step == Step::remove) return check_end(at, out);
  const bool failed = step == Step::fail;
  if (config_.supervises()) {
    out.report_replica(failed ? Said::replica_failed : Said::replica_done, slot, replica.last);
  }
  if (failed && !failed_before_) {
    failed_before_ = true;
    code_ = code_of(replica);
  }
  const bool decides =
      config_.exit_when == ExitWhen::any || (failed && config_.exit_when == ExitWhen::failed);
  if (!decides) return check_end(at, out);
  if (processes_ > 0) out.report_replica(Said::replica_decided, slot, {});
  stop_rest(at, out);
}

void Supervisor::stop_one(int slot, Instant at, Actions& out) {
  Replica& replica = in_slot(slot);
  if (!replica.take(Step::stop)) return;
  replica.told = true;
  const bool limited = config_.stop_timeout.count >= 0;
  set_deadline(replica, limited ? at + config_.stop_timeout : kNever);
  out.send(slot, config_.scope, {.number = stop_signal()});
}

// ---- the end of the container ------------------------------------------------------------------

// The signal for a stop that no signal asked for.
std::uint8_t Supervisor::stop_signal() const {
  return config_.stop_signal != 0 ? config_.stop_signal : std::uint8_t{kSignalTerm};
}

void Supervisor::hold_starts() {
  reloading_ = false;
  for (Replica& replica : replicas_) {
    if (replica.stage != Stage::waiting) continue;
    (void)replica.take(Step::finish);
    set_deadline(replica, kNever);
  }
}

void Supervisor::stop_all(const SignalReceived& signal, bool delivered, Instant at, Actions& out) {
  phase_ = Phase::stopping;
  deadline_ = kNever;
  hold_starts();
  const bool limited = config_.stop_timeout.count >= 0;
  for (Replica& replica : replicas_) {
    if (!replica.take(Step::stop)) continue;
    set_deadline(replica, limited ? at + config_.stop_timeout : kNever);
  }
  if (!delivered && processes_ > 0) out.send_stop(config_.scope, signal);
  check_end(at, out);
}

// The exit policy's word.
void Supervisor::stop_rest(Instant at, Actions& out) {
  stop_all({.number = stop_signal()}, false, at, out);
}

// Whoever does not stop by itself is not trusted to have stopped its own children.
void Supervisor::kill_all(Actions& out) {
  for (Replica& replica : replicas_) {
    if (replica.take(Step::kill)) set_deadline(replica, kNever);
  }
  out.send(kEverySlot, SignalScope::group, {.number = kSignalKill});
}

void Supervisor::check_end(Instant at, Actions& out) {
  if (processes_ > 0) return;
  if (phase_ == Phase::running) {
    for (int slot = 0; slot < count_; ++slot) {
      if (in_slot(slot).stage == Stage::waiting) return;
    }
    if (config_.exit_when == ExitWhen::never) return;
  } else if (phase_ != Phase::delaying && phase_ != Phase::stopping) {
    return;
  }
  if (requested_) code_ = code_of_stop();
  if (config_.wait_all.count > 0 && spawned_before_) {
    phase_ = Phase::resting;
    deadline_ = at + config_.wait_all;
    out.report(Said::rest_told);
    out.send_rest(kSignalTerm);
    // A stopped process acts on TERM only once it is continued.
    out.send_rest(kSignalCont);
  } else if (config_.supervises() && !pid1_) {
    // What the replicas left behind, as the kernel does it for PID 1.
    phase_ = Phase::sweeping;
    deadline_ = at + kSweepMax;
    out.send_rest(kSignalKill);
  } else {
    exit(code_, out);
  }
}

// What one replica's end is worth to the container.
int Supervisor::code_of(const Replica& replica) const {
  const int code = judge_exit_code(replica.last, config_.success);
  return code == 0 && replica.stage == Stage::failed && config_.supervises() ? 1 : code;
}

// The first that is not 0, by slot. Under `never` those that had ended before do not count.
int Supervisor::code_of_stop() const {
  for (int slot = 0; slot < count_; ++slot) {
    const Replica& replica = in_slot(slot);
    if (config_.exit_when == ExitWhen::never && replica.stage == Stage::failed) continue;
    if (code_of(replica) != 0) return code_of(replica);
  }
  return 0;
}

void Supervisor::begin_sweep(Instant at, Actions& out) {
  phase_ = Phase::sweeping;
  deadline_ = at + kSweepMax;
  out.report(Said::rest_killed);
  out.send_rest(kSignalKill);
}

void Supervisor::on_drained(const Event& event, Actions& out) {
  switch (phase_) {
  case Phase::idle:
  case Phase::pausing:
  case Phase::running:
  case Phase::delaying:
  case Phase::stopping: break;
  case Phase::resting:
    if (event.childless) exit(code_, out);
    break;
  case Phase::sweeping:
    if (event.childless) {
      exit(code_, out);
    } else {
      // An exit may have handed us grandchildren that the last KILL did not reach.
      out.send_rest(kSignalKill);
    }
    break;
  }
}

void Supervisor::exit(int code, Actions& out) {
  phase_ = Phase::idle;
  deadline_ = kNever;
  out.exit(code);
}

// ---- time --------------------------------------------------------------------------------------

void Supervisor::on_tick(Instant at, Actions& out) {
  if (at >= deadline_) return on_deadline(at, out);
  if (at < next_deadline()) return;
  // One due replica a step: what becomes of a start is known before the next.
  const int end = static_cast<int>(replicas_.size());
  for (; cursor_ < end && in_slot(cursor_).deadline > at; ++cursor_) {
    if (in_slot(cursor_).deadline < passed_) passed_ = in_slot(cursor_).deadline;
  }
  const int due = cursor_;
  if (++cursor_ >= end) {
    earliest_ = passed_;
    passed_ = kNever;
    cursor_ = 0;
  }
  if (due < end) on_replica_deadline(due, at, out);
}

void Supervisor::on_deadline(Instant at, Actions& out) {
  switch (phase_) {
  case Phase::delaying: stop_all(held_, false, at, out); break;
  case Phase::resting: begin_sweep(at, out); break;
  case Phase::sweeping:
    out.report(Said::rest_left);
    exit(code_, out);
    break;
  case Phase::idle:
  case Phase::pausing:
  case Phase::running:
  case Phase::stopping: break;  // they set no deadline
  }
}

void Supervisor::on_replica_deadline(int slot, Instant at, Actions& out) {
  Replica& replica = in_slot(slot);
  replica.deadline = kNever;
  switch (replica.stage) {
  case Stage::waiting: out.spawn(slot); break;
  case Stage::starting:
    (void)replica.take(Step::up);
    if (reloading_ && reload_slot_ == slot) reload_next(at, out);
    break;
  case Stage::stopping:
    (void)replica.take(Step::kill);
    out.report_replica(Said::stop_timed_out, slot, {});
    out.send(slot, SignalScope::group, {.number = kSignalKill});
    break;
  case Stage::unused:
  case Stage::running:
  case Stage::killing:
  case Stage::done:
  case Stage::failed: break;  // they set no deadline
  }
}

void Supervisor::set_deadline(Replica& replica, Instant deadline) {
  if (replica.deadline == earliest_ && deadline > earliest_) stale_ = true;
  replica.deadline = deadline;
  if (deadline < earliest_) earliest_ = deadline;
  // A pass that has left it behind already must come back for it.
  if (&replica < replicas_.data() + cursor_ && deadline < passed_) passed_ = deadline;
}

Instant Supervisor::next_deadline() {
  if (phase_ == Phase::idle) return kNever;
  if (stale_) {
    stale_ = false;
    cursor_ = 0;
    passed_ = kNever;
    earliest_ = kNever;
    for (const Replica& replica : replicas_) {
      if (replica.deadline < earliest_) earliest_ = replica.deadline;
    }
  }
  return deadline_ < earliest_ ? deadline_ : earliest_;
}

// Knuth's linear congruential generator; its upper bits are good enough to spread restarts.
std::uint8_t Supervisor::jitter(Instant at) {
  random_ =
      (random_ + static_cast<std::uint64_t>(at.ms)) * 6364136223846793005U + 1442695040888963407U;
  return static_cast<std::uint8_t>(random_ >> 56);
}

}  // namespace hydrinit
