// The supervisor's part that knows who is to be given new connections: those that are up, do not
// go, and are not stuck.
#include "core/supervisor.h"

namespace hydrinit {

bool Supervisor::serves(int slot) const {
  // The old one still has the slot's socket.
  return in_slot(slot).is_up() || (slot == annex_of_ && annexed() && in_slot(annex()).is_up());
}

// Once everybody has been told to stop there are no queues any more.
bool Supervisor::balancing() const {
  return config_.balances() && (phase_ == Phase::running || phase_ == Phase::delaying);
}

void Supervisor::rebalance() {
  bool anyone = false;
  bool anyone_free = false;
  for (int slot = 0; slot < count_; ++slot) {
    anyone |= serves(slot);
    anyone_free |= serves(slot) && !in_slot(slot).stuck;
  }
  bool changed = false;
  bool anyone_in = false;
  for (int slot = 0; slot < capacity(); ++slot) {
    Replica& replica = in_slot(slot);
    // With nobody else left a stuck one may still go on, and one that has been started will be up
    // or is so already; one that is on its way out will not serve.
    bool now = slot < count_ && serves(slot) && !(anyone_free && replica.stuck);
    if (!anyone) now = slot < count_ && replica.stage == Stage::starting;
    changed |= now != replica.in_balance;
    replica.in_balance = now;
    anyone_in |= now;
  }
  // With nobody in it all that are wanted are, and no other.
  if (!changed && (anyone_in || balanced_ == count_)) return;
  balanced_ = count_;
  out_->act(Action::Kind::balance);
}

void Supervisor::look_at_queues() {
  look_at_ = now_ + (look_at_ == kNever ? kFirstLook : kNextLook);
  out_->act(Action::Kind::sample);
}

// At least half of the others who are served have queues of less than a third. Those of the rest
// tell nothing: they are empty because nobody comes, or stand still. Without any there is nobody
// who could serve instead.
bool Supervisor::stands_out(int slot) const {
  int others = 0;
  int shorter = 0;
  for (int other = 0; other < count_; ++other) {
    if (other == slot || !in_slot(other).in_balance || in_slot(other).stuck) continue;
    ++others;
    shorter += 3 * in_slot(other).counted < in_slot(slot).counted;
  }
  return shorter > 0 && 2 * shorter >= others;
}

// A replica is stuck when its queue stands out, and does not become shorter from look to look. A
// load that is too much for all fills all their queues alike, and makes nobody stuck.
void Supervisor::judge_queues() {
  bool waiting = false;
  for (int slot = 0; slot < count_; ++slot) {
    Replica& replica = in_slot(slot);
    waiting |= replica.counted > 0;
    const bool shrinks = replica.counted == 0 || replica.counted < replica.queued;
    if (shrinks || !stands_out(slot)) {
      replica.suspect = 0;
    } else if (replica.suspect < kSuspicionMax) {
      const int more = replica.counted < kSuspicionOfLook ? replica.counted : kSuspicionOfLook;
      replica.suspect = static_cast<std::uint8_t>(replica.suspect + more);
    }
    // Nobody is sent there any more, so a queue that stays as it is still stands.
    replica.stuck = !shrinks && (replica.stuck || replica.suspect >= kSuspicionMax);
    replica.queued = replica.counted;
  }
  if (waiting) return;
  look_at_ = kNever;
  out_->act(Action::Kind::watch);
}

}  // namespace hydrinit
