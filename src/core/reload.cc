// The supervisor's part that changes replicas while they run: scaling and reloading.
#include "core/supervisor.h"

namespace hydrinit {
namespace {

using Said = Notice::Kind;

}  // namespace

void Supervisor::scale(int by) {
  const int wanted = count_ + by;
  const bool possible = wanted >= 1 && wanted <= capacity();
  if (possible) count_ = wanted;
  out_->report(possible ? Said::scaled : Said::not_scaled).code = count_;
  if (!possible) return;
  if (by > 0) {
    Replica& added = in_slot(count_ - 1);
    // One that is still on its way out is started again when it has ended.
    if (!added.has_process()) start_now(added);
    return;
  }
  const int removed = count_;
  // The old one that a reload has put beside it is not wanted either.
  if (annexed() && reload_slot_ == removed) stop_one(annex());
  if (!in_slot(removed).has_process()) return settle(removed, Step::remove);
  config_.balances() ? retire(removed) : stop_one(removed);
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

// Replaces the first of the old ones, and goes on when its successor is up. Those that have failed
// are revived.
void Supervisor::reload_next() {
  reload_slot_ = kEverySlot;
  if (annexed()) return;  // goes on when that one has ended
  for (int slot = 0; slot < count_; ++slot) {
    Replica& replica = in_slot(slot);
    if (replica.generation == generation_ || replica.stage == Stage::done) continue;
    reload_slot_ = slot;
    if (replica.has_process()) return replace(slot);
    failed_before_ = false;  // it may be this one that is revived
    return start_now(replica);
  }
  reloading_ = false;
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
  const Replica place = replica;
  replica = in_slot(annex());
  replica.queued = place.queued;
  replica.counted = place.counted;
  replica.suspect = place.suspect;
  replica.stuck = place.stuck;
  replica.in_balance = place.in_balance;
  in_slot(annex()) = {};
  out_->act(Action::Kind::move, annex(), slot);
  end_reload(slot);
  return true;
}

void Supervisor::end_reload(int failed_slot) {
  reloading_ = false;
  reload_slot_ = kEverySlot;
  out_->report(Said::reload_ended, failed_slot);
}

// ---- draining ----------------------------------------------------------------------------------

// Others are there for its connections. One that is not up yet has none, unless nobody is.
void Supervisor::retire(int slot) {
  Replica& replica = in_slot(slot);
  if (replica.stage != Stage::running && !replica.in_balance) return stop_one(slot);
  if (!replica.take(Step::drain)) return;
  replica.since = now_;
  out_->report(Said::replica_drains, slot);
  set_deadline(replica, now_ + config_.drain_time);
}

void Supervisor::on_queue(const Event& event) {
  Replica& replica = in_slot(event.slot);
  replica.counted = event.length;
  if (!event.asked || replica.stage != Stage::draining) return;
  if (event.length == 0 || now_ - replica.since > config_.drain_time + kDrainMax)
    stop_one(event.slot);
}

}  // namespace hydrinit
