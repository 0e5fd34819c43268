#include "core/supervisor.h"

#include "core/restart.h"

namespace hydrinit {
namespace {

using Said = Notice::Kind;

}  // namespace

void Supervisor::step(const Event& event, Actions& out) {
  out_ = &out;
  now_ = event.at;
  switch (event.kind) {
  case Event::Kind::start:
    if (config_.verb == Verb::pause) {
      phase_ = Phase::pausing;
      break;
    }
    phase_ = Phase::running;
    for (int slot = 0; slot < count_; ++slot) start_now(in_slot(slot));
    if (config_.max_memory != 0) weigh_at_ = now_ + kWeighRound;
    on_tick();
    break;
  case Event::Kind::tick: on_tick(); break;
  case Event::Kind::spawned: on_spawned(event.slot); break;
  case Event::Kind::spawn_failed: on_spawn_failed(event); break;
  case Event::Kind::ended: on_ended(event); break;
  case Event::Kind::drained: on_drained(event); break;
  case Event::Kind::signal: on_signal(event); break;
  case Event::Kind::ready:
    if (in_slot(event.slot).stage == Stage::starting) become_up(event.slot);
    break;
  case Event::Kind::leaving: in_slot(event.slot).leaving = true; break;
  case Event::Kind::waiting:
    if (look_at_ == kNever && balancing()) look_at_queues();
    break;
  case Event::Kind::queue: on_queue(event); break;
  case Event::Kind::sampled: judge_queues(); break;
  case Event::Kind::refused: refuse(event.slot); break;
  case Event::Kind::heavy: on_heavy(event); break;
  }
  if (balancing()) rebalance();
}

Overview Supervisor::overview() const {
  Overview out{count_, annex_of_, commands_, generation_, reloading_, ending(), {}};
  for (int i = 0; i < kOutcomes; ++i) out.outcomes[i] = outcomes_[i];
  return out;
}

// ---- the life of a replica ---------------------------------------------------------------------

void Supervisor::start_now(Replica& replica) {
  replica.early_deaths = 0;
  replica.failed_starts = 0;
  replica.excused = false;
  replica.suspect = false;
  replica.stuck = false;
  if (replica.take(Step::want)) set_deadline(replica, now_);
}

void Supervisor::on_spawned(int slot) {
  Replica& replica = in_slot(slot);
  if (!replica.take(Step::spawned)) return;
  ++processes_;
  spawned_before_ = true;
  ++replica.starts;
  replica.since = now_;
  replica.generation = generation_;
  replica.failed_starts = 0;
  replica.told = false;
  replica.overdue = false;
  replica.leaving = false;
  if (!supervises_) {
    (void)replica.take(Step::up);
  } else if (config_.ready_by == ReadyBy::time) {
    set_deadline(replica, now_ + config_.ready);
  } else {
    const bool limited = config_.ready_timeout.count > 0;
    set_deadline(replica, limited ? now_ + config_.ready_timeout : kNever);
  }
  if (slot >= count_) retire(slot);  // it is there for its queue alone
}

void Supervisor::become_up(int slot) {
  Replica& replica = in_slot(slot);
  (void)replica.take(Step::up);
  // By time it was up then, however late we hear of it.
  replica.since = config_.ready_by == ReadyBy::time ? replica.since + config_.ready : now_;
  replica.excused = false;
  clear_deadline(replica);
  out_->report(Said::replica_up, slot);
  if (reloading_ && reload_slot_ == slot) successor_up();
}

void Supervisor::on_spawn_failed(const Event& event) {
  Replica& replica = in_slot(event.slot);
  replica.last = event.status;
  replica.ended = true;
  replica.since = now_;
  if (event.slot >= count_) return settle(event.slot, Step::remove);
  const bool reload_failed = reloading_ && reload_slot_ == event.slot;
  if (reload_failed && restore(event.slot)) return;
  if (reload_failed) replica.excused = true;
  if (config_.restart == Restart::no) {
    const bool success = judge_exit_code(event.status, config_.success) == 0;
    settle(event.slot, success ? Step::finish : Step::fail);
  } else if (event.transient) {
    if (replica.failed_starts < UINT16_MAX) ++replica.failed_starts;
    const int in_a_row = replica.early_deaths + replica.failed_starts;
    again(event.slot, back_off(config_, in_a_row, jitter()), Said::start_retried, event.status);
  } else {
    settle(event.slot, Step::fail);
  }
  if (reload_failed && reloading_) end_reload(event.slot);
}

void Supervisor::on_ended(const Event& event) {
  const int slot = event.slot;
  Replica& replica = in_slot(slot);
  if (!replica.has_process()) return;
  // It was up before it ended, though exits are told before the deadline. No reason for a reload to
  // let the next one go, now that it is gone.
  const bool successor = reloading_ && reload_slot_ == slot;
  const bool by_time = config_.ready_by == ReadyBy::time && !successor;
  if (by_time && replica.stage == Stage::starting && now_ >= replica.deadline) become_up(slot);
  const bool told = replica.stage > Stage::running && !replica.overdue;
  const RestartVerdict verdict = judge_restart(config_, replica, event.status, now_, jitter());
  --processes_;
  replica.last = event.status;
  replica.ended = true;
  replica.since = now_;
  replica.heavy = replica.heavy && told;
  if (slot == annex() && in_slot(annex_of_).has_process()) {
    in_slot(annex_of_).last = event.status;
    in_slot(annex_of_).ended = true;
  }
  if (slot >= count_) return settle(slot, Step::remove);
  if (ending()) return settle(slot, Step::finish);
  if (told) {
    // It made room for its successor.
    (void)replica.take(Step::again);
    replica.early_deaths = 0;
    return set_deadline(replica, now_);
  }
  if (successor && restore(slot)) return;
  if (successor) replica.excused = true;
  replica.early_deaths = verdict.early_deaths;
  switch (verdict.kind) {
  case RestartVerdict::Kind::again:
    again(slot, verdict.delay, Said::replica_restarts, event.status);
    break;
  case RestartVerdict::Kind::done: settle(slot, Step::finish); break;
  case RestartVerdict::Kind::failed: settle(slot, Step::fail); break;
  }
  if (successor && reloading_) end_reload(slot);
}

void Supervisor::again(int slot, Millis delay, Notice::Kind said, ExitStatus status) {
  Replica& replica = in_slot(slot);
  (void)replica.take(Step::again);
  set_deadline(replica, now_ + delay);
  out_->report_replica(said, slot, status, shown_ms(delay));
}

// It has ended for good, or is not wanted any more: the exit policy is asked.
void Supervisor::settle(int slot, Step step) {
  Replica& replica = in_slot(slot);
  (void)replica.take(step);
  clear_deadline(replica);
  // Better refused than waiting for somebody who will not come.
  if (slot != annex() && config_.has_ports()) out_->act(Action::Kind::close, slot);
  // The reload goes on once the old one is gone, and its successor up or not wanted any more.
  const bool gone = step == Step::remove && reloading_;
  if (gone &&
      (reload_slot_ == slot ||
       (slot == annex() && (reload_slot_ < 0 || in_slot(reload_slot_).stage == Stage::running))))
    reload_next();
  if (ending() || step == Step::remove) return check_end();
  const bool failed = step == Step::fail;
  if (supervises_) {
    out_->report_replica(failed ? Said::replica_failed : Said::replica_done, slot, replica.last);
  }
  if (failed && !failed_before_ && !replica.excused) {
    failed_before_ = true;
    code_ = code_of(replica);
  }
  // The one child of a plain init decides whatever was asked for.
  const bool decides = config_.exit_when == ExitWhen::any || !supervises_ ||
                       (failed && config_.exit_when == ExitWhen::failed);
  if (!decides || replica.excused) return check_end();
  if (processes_ > 0) out_->report(Said::replica_decided, slot);
  stop_all({.number = stop_signal()}, false);
}

// False: it has been told already, or has no process.
bool Supervisor::begin_stop(Replica& replica) {
  if (!replica.take(Step::stop)) return false;
  const bool limited = config_.stop_timeout.count >= 0;
  set_deadline(replica, limited ? now_ + config_.stop_timeout : kNever);
  return true;
}

void Supervisor::stop_one(int slot) {
  Replica& replica = in_slot(slot);
  if (!begin_stop(replica)) return;
  replica.told = true;
  out_->send(slot, config_.scope, {.number = stop_signal()});
}

// Several that bind one port cannot go on without a socket each.
void Supervisor::refuse(int slot) {
  // One that goes anyway decides nothing.
  if (ending() || count_ == 1 || slot >= count_) return;
  // Those that serve already go on without it.
  if (slot > 0 && serves(0)) return (void)scale(slot);
  failed_before_ = true;
  code_ = kExitInternal;
  out_->report(Said::replica_decided, slot);
  stop_all({.number = stop_signal()}, false);
}

// ---- the end of the container ------------------------------------------------------------------

// The signal for a stop that no signal asked for.
std::uint8_t Supervisor::stop_signal() const {
  return config_.stop_signal != 0 ? config_.stop_signal : std::uint8_t{kSignalTerm};
}

void Supervisor::hold_starts() {
  reloading_ = false;
  weigh_at_ = kNever;
  surplus_ = 0;
  for (Replica& replica : replicas_) {
    if (replica.stage != Stage::waiting) continue;
    (void)replica.take(Step::finish);
    clear_deadline(replica);
  }
}

void Supervisor::stop_all(SignalReceived signal, bool delivered) {
  phase_ = Phase::stopping;
  deadline_ = kNever;
  look_at_ = kNever;
  hold_starts();
  for (Replica& replica : replicas_) (void)begin_stop(replica);
  if (!delivered && processes_ > 0) out_->send_stop(config_.scope, signal);
  // From now on nobody is to wait for a server that will not come.
  if (config_.has_ports()) out_->act(Action::Kind::close_all);
  check_end();
}

// Whoever does not stop by itself is not trusted to have stopped its own children.
void Supervisor::kill_all() {
  for (Replica& replica : replicas_) {
    if (replica.take(Step::kill)) clear_deadline(replica);
  }
  out_->send(kEverySlot, SignalScope::group, {.number = kSignalKill});
}

void Supervisor::check_end() {
  if (processes_ > 0) return;
  if (phase_ == Phase::running) {
    for (int slot = 0; slot < count_; ++slot) {
      if (in_slot(slot).stage == Stage::waiting) return;
    }
    if (config_.exit_when == ExitWhen::never) return;
  } else if (phase_ != Phase::delaying && phase_ != Phase::stopping) {
    return;
  }
  if (requested_ || (phase_ == Phase::running && !failed_before_)) code_ = code_of_stop();
  if (config_.wait_all.count > 0 && spawned_before_) {
    phase_ = Phase::resting;
    deadline_ = now_ + config_.wait_all;
    out_->report(Said::rest_told);
    out_->send_rest(kSignalTerm);
    // A stopped process acts on TERM only once it is continued.
    out_->send_rest(kSignalCont);
  } else if (supervises_ && !pid1_) {
    // What the replicas left behind, as the kernel does it for PID 1.
    begin_sweep();
  } else {
    exit(code_);
  }
}

// What one replica's end is worth to the container.
int Supervisor::code_of(const Replica& replica) const {
  const int code = judge_exit_code(replica.last, config_.success);
  return code == 0 && replica.stage == Stage::failed && supervises_ ? 1 : code;
}

// The first that is not 0, by slot. Under `never` those that had ended before do not count.
int Supervisor::code_of_stop() const {
  for (int slot = 0; slot < count_; ++slot) {
    const Replica& replica = in_slot(slot);
    if (config_.exit_when == ExitWhen::never && replica.stage == Stage::failed) continue;
    const int code = code_of(replica);
    if (code != 0) return code;
  }
  return 0;
}

// The time of --wait-all is over.
void Supervisor::end_rest() {
  out_->report(Said::rest_killed);
  begin_sweep();
}

void Supervisor::begin_sweep() {
  phase_ = Phase::sweeping;
  deadline_ = now_ + kSweepMax;
  out_->send_rest(kSignalKill);
}

void Supervisor::on_drained(const Event& event) {
  if (phase_ != Phase::resting && phase_ != Phase::sweeping) return;
  if (event.childless) {
    exit(code_);
  } else if (phase_ == Phase::sweeping) {
    // An exit may have handed us grandchildren that the last KILL did not reach.
    out_->send_rest(kSignalKill);
  }
}

void Supervisor::exit(int code) {
  phase_ = Phase::idle;
  deadline_ = kNever;
  bool own = supervises_ && code != 0;
  for (const Replica& replica : replicas_) own = own && replica.last.code() != code;
  out_->exit(code).notice = own ? Said::exiting_alone : Said::exiting;
}

// ---- time --------------------------------------------------------------------------------------

void Supervisor::on_tick() {
  if (now_ >= deadline_) return on_deadline();
  if (now_ >= look_at_) return look_at_queues();
  if (now_ >= weigh_at_) return weigh_next();
  if (surplus_ > count_) return remove_surplus();
  if (now_ < next_deadline()) return;
  // One due replica a step: what becomes of a start is known before the next.
  const int end = static_cast<int>(replicas_.size());
  for (; cursor_ < end && in_slot(cursor_).deadline > now_; ++cursor_) {
    if (in_slot(cursor_).deadline < passed_) passed_ = in_slot(cursor_).deadline;
  }
  const int due = cursor_;
  if (++cursor_ >= end) {
    earliest_ = passed_;
    passed_ = kNever;
    cursor_ = 0;
  }
  if (due < end) on_replica_deadline(due);
}

void Supervisor::on_deadline() {
  switch (phase_) {
  case Phase::delaying: stop_all(held_, false); break;
  case Phase::resting: end_rest(); break;
  case Phase::sweeping:
    out_->report(Said::rest_left);
    exit(code_);
    break;
  case Phase::idle:
  case Phase::pausing:
  case Phase::running:
  case Phase::stopping: break;  // they set no deadline
  }
}

void Supervisor::on_replica_deadline(int slot) {
  Replica& replica = in_slot(slot);
  replica.deadline = kNever;
  switch (replica.stage) {
  case Stage::waiting:
    slot < count_ ? out_->spawn(slot) : out_->act(Action::Kind::sample, slot);
    break;
  case Stage::starting:
    if (config_.ready_by == ReadyBy::time) return become_up(slot);
    (void)replica.take(Step::kill);
    replica.overdue = true;
    out_->report(Said::not_ready, slot);
    out_->send(slot, SignalScope::group, {.number = kSignalKill});
    break;
  case Stage::draining:
    set_deadline(replica, now_ + kDrainLook);
    out_->act(Action::Kind::sample, slot);
    break;
  case Stage::stopping:
    (void)replica.take(Step::kill);
    out_->report(Said::stop_timed_out, slot);
    out_->send(slot, SignalScope::group, {.number = kSignalKill});
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
  if (surplus_ > count_) return now_;
  Instant next = deadline_ < earliest_ ? deadline_ : earliest_;
  if (look_at_ < next) next = look_at_;
  return weigh_at_ < next ? weigh_at_ : next;
}

// Knuth's linear congruential generator; its upper bits are good enough to spread restarts.
std::uint8_t Supervisor::jitter() {
  random_ =
      (random_ + static_cast<std::uint64_t>(now_.ms)) * 6364136223846793005U + 1442695040888963407U;
  return static_cast<std::uint8_t>(random_ >> 56);
}

}  // namespace hydrinit
