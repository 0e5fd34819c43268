// The supervisor's part that changes replicas while they run: scaling and reloading.
#include "core/supervisor.h"

namespace hydrinit {
namespace {

using Said = Notice::Kind;

}  // namespace

Answer Supervisor::scale(int wanted) {
  const bool possible = wanted >= 1 && wanted <= capacity();
  const int before = count_;
  if (possible) count_ = wanted;
  out_->report(possible ? Said::scaled : Said::not_scaled).code = count_;
  for (int slot = before; slot < count_; ++slot) {
    // One that is still on its way out is started again when it has ended.
    if (!in_slot(slot).has_process()) start_now(in_slot(slot));
  }
  if (before > surplus_) surplus_ = before;
  if (surplus_ > count_) remove_surplus();
  return possible ? Answer::done : Answer::refused;
}

// The highest one; one a step, as there may be many.
void Supervisor::remove_surplus() {
  const int slot = --surplus_;
  // The old one that a reload has put beside it is not wanted either.
  if (annexed() && reload_slot_ == slot) stop_one(annex());
  Replica& replica = in_slot(slot);
  if (replica.has_process()) return config_.balances() ? retire(slot) : stop_one(slot);
  if (replica.stage != Stage::waiting || !config_.balances()) return settle(slot, Step::remove);
  // Connections may wait for its next life, and have nobody else: it is asked for them when due.
  set_deadline(replica, now_);
}

// ---- reloading ---------------------------------------------------------------------------------

ReloadOrder Supervisor::reload_order() const {
  if (config_.reload_order != ReloadOrder::automatic) return config_.reload_order;
  if (!config_.has_ports()) return ReloadOrder::stop_first;
  // Others are there for the connections meanwhile.
  if (count_ > 1) return ReloadOrder::drain;
  // By --index-env two would be given the same port.
  return config_.index_env != nullptr ? ReloadOrder::stop_first : ReloadOrder::start_first;
}

// During a reload this makes those that it has replaced already old again.
void Supervisor::begin_reload() {
  ++generation_;
  if (!reloading_) next_old_ = 0;
  for (Replica& replica : replicas_) replica.heavy = false;
  reloading_ = true;
  out_->report(Said::reload_begun);
  if (reload_slot_ < 0) reload_next();
}

// A reload of one alone.
void Supervisor::renew(int slot, Notice::Kind why, int kib) {
  Replica& replica = in_slot(slot);
  out_->report(why, slot).code = kib;
  replica.heavy = why == Said::too_heavy;
  replica.generation = static_cast<std::uint16_t>(generation_ - 1);
  if (replica.stage == Stage::done) start_now(replica);
  reloading_ = true;
  if (reload_slot_ < 0) reload_next();
}

void Supervisor::on_heavy(const Event& event) {
  Replica& replica = in_slot(event.slot);
  const bool marked = reloading_ && replica.generation != generation_;
  if (ending() || replica.stage != Stage::running || marked) return;
  renew(event.slot, Said::too_heavy, event.amount);
}

void Supervisor::weigh_next() {
  weigh_at_ = now_ + Millis{kWeighRound.count / count_ + 1};
  weighed_ = weighed_ + 1 < count_ ? weighed_ + 1 : 0;
  out_->act(Action::Kind::weigh, weighed_);
}

// Replaces the next of the old ones, round and round, as they may become old again meanwhile; and
// goes on when its successor is up. Those that have failed are revived.
void Supervisor::reload_next() {
  reload_slot_ = kEverySlot;
  if (annexed()) return;  // goes on when that one has ended
  for (int i = 0; i < count_; ++i) {
    const int slot = (next_old_ + i) % count_;
    Replica& replica = in_slot(slot);
    if (replica.generation == generation_ || replica.stage == Stage::done) continue;
    reload_slot_ = slot;
    next_old_ = slot + 1;
    if (replica.has_process()) return replace(slot);
    failed_before_ = false;  // it may be this one that is revived
    return start_now(replica);
  }
  reloading_ = false;
  answer_all(Answer::done, 0);
  out_->report(Said::reload_done);
}

void Supervisor::replace(int slot) {
  Replica& replica = in_slot(slot);
  const ReloadOrder order = reload_order();
  // One that is being killed as it was not up in time makes room too, and is no failure of this.
  replica.overdue = false;
  out_->report(Said::replica_replaced, slot);
  if (order == ReloadOrder::drain) return retire(slot);
  // One that is not up yet has nothing to hand over.
  if (order == ReloadOrder::stop_first || replica.stage != Stage::running) return stop_one(slot);
  in_slot(annex()) = replica;
  annex_of_ = slot;
  out_->act(Action::Kind::move, slot, annex());
  (void)replica.take(Step::again);
  replica.early_deaths = 0;
  replica.failed_starts = 0;
  set_deadline(replica, now_);
}

// The new one in reload_slot_ is up: the old one can go.
void Supervisor::successor_up() {
  if (annexed()) return stop_one(annex());
  reload_next();
}

// The new one has failed, and the old one still serves: it has its place again.
bool Supervisor::restore(int slot) {
  if (!annexed() || in_slot(annex()).stage != Stage::running) return false;
  Replica& replica = in_slot(slot);
  out_->report_replica(Said::replica_failed, slot, replica.last);
  clear_deadline(replica);
  // The queue and who is told of it are the slot's, not the process's.
  Replica& old = in_slot(annex());
  old.queued = replica.queued;
  old.counted = replica.counted;
  old.suspect = replica.suspect;
  old.stuck = replica.stuck;
  old.in_balance = replica.in_balance;
  replica = old;
  old = {};
  out_->act(Action::Kind::move, annex(), slot);
  end_reload(slot);
  return true;
}

void Supervisor::end_reload(int failed_slot) {
  reloading_ = false;
  reload_slot_ = kEverySlot;
  // Nobody is left to be replaced, also when a single one is next.
  for (Replica& replica : replicas_) replica.generation = generation_;
  answer_all(Answer::failed, failed_slot);
  out_->report(Said::reload_ended, failed_slot);
}

// To all who wait for the end of a reload.
[[gnu::noinline]] void Supervisor::answer_all(Answer answer, int slot) {
  for (Outcome& outcome : outcomes_) {
    if (outcome.answer != Answer::working) continue;
    outcome.answer = answer;
    outcome.slot = static_cast<std::uint16_t>(slot);
  }
}

// ---- draining ----------------------------------------------------------------------------------

// Others are there for its connections. One that is not up yet has none, unless nobody is, or it is
// to be removed with its queue: there may be some that came before its last life's end was seen.
void Supervisor::retire(int slot) {
  Replica& replica = in_slot(slot);
  if (replica.stage != Stage::running && !replica.in_balance && slot < count_)
    return stop_one(slot);
  if (!replica.take(Step::drain)) return;
  replica.since = now_;
  out_->report(Said::replica_drains, slot);
  set_deadline(replica, now_ + config_.drain_time);
}

void Supervisor::on_queue(const Event& event) {
  Replica& replica = in_slot(event.slot);
  replica.counted = static_cast<std::uint16_t>(event.amount);
  if (!event.asked) return;
  // Not wanted any more: it lives once more at most, for those that wait for it.
  if (replica.stage == Stage::waiting) {
    const bool wanted = event.amount > 0 && !ending();
    return wanted ? out_->spawn(event.slot) : settle(event.slot, Step::remove);
  }
  if (event.amount == 0 || now_ - replica.since > config_.drain_time + kDrainMax)
    stop_one(event.slot);
}

}  // namespace hydrinit
