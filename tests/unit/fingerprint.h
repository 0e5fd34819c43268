// Of the supervisor's state, a number that is the same when nothing differs but what decides
// nothing: the time itself, counters that only grow, the exit code, what is only told. All times
// count from now.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <initializer_list>

#include "core/supervisor.h"

namespace hydrinit {

struct Fingerprint {
  Fingerprint(const Config& config, Instant now) : config_(config), now_(now) {}

  std::uint64_t value() const { return value_; }

  // The finisher of splitmix64 after each number.
  template <std::integral Number>
  void add(Number number) {
    value_ = (value_ ^ static_cast<std::uint64_t>(number)) + 0x9e3779b97f4a7c15;
    value_ = (value_ ^ (value_ >> 30)) * 0xbf58476d1ce4e5b9;
    value_ = (value_ ^ (value_ >> 27)) * 0x94d049bb133111eb;
    value_ ^= value_ >> 31;
  }
  void add(std::initializer_list<bool> bits) {
    unsigned all = 1;
    for (const bool bit : bits) all = all << 1 | (bit ? 1U : 0U);
    add(all);
  }
  void add(Instant at) { add(at == kNever ? INT64_MAX : (at - now_).count); }

  // Every member has its name here, so that a new one does not compile until somebody has thought
  // of it.
  void add(const Supervisor& supervisor) {
    const auto& [config, out, now, pid1, supervises, phase, asked, requested, spawned_before,
                 reloading, failed_before, stale, generation, reload_slot, next_old, annex_of,
                 replicas, count, balanced, surplus, weighed, processes, code, cursor, deadline,
                 earliest, passed, look_at, weigh_at, held, random, outcomes, commands] =
        supervisor;
    // The same for all of a world; of a step; of the exit code. Delays of 2 and 4 ms, as all who
    // ask have them, have no jitter (core/restart.cc), so that random decides nothing either.
    (void)config, (void)pid1, (void)supervises, (void)out, (void)now;
    (void)requested, (void)failed_before, (void)code, (void)held, (void)random;
    // Where the next outcome comes matters only once all places are taken; all who wait are
    // answered together.
    (void)commands;
    const bool asks =
        std::any_of(std::begin(outcomes), std::end(outcomes),
                    [](const Outcome& each) { return each.answer == Answer::working; });
    add({asks, asked, spawned_before, reloading, stale});
    // Whose the old one is, and how many there were, matters as long as there are any.
    const int old = replicas.back().has_process() ? annex_of : 0;
    for (const int number : {static_cast<int>(phase), reload_slot, next_old, old, count, balanced,
                             std::max(surplus, count), weighed, processes, cursor}) {
      add(number);
    }
    for (const Instant at : {deadline, earliest, passed, look_at, weigh_at}) add(at);
    for (const Replica& replica : replicas) add(replica, generation);
  }

 private:
  void add(const Replica& replica, int current) {
    const auto& [deadline, since, starts, generation, early_deaths, failed_starts, queued, counted,
                 suspect, last, stage, told, excused, overdue, ended, leaving, stuck, in_balance,
                 heavy] = replica;
    (void)starts, (void)last, (void)ended, (void)heavy;
    add(static_cast<int>(stage));
    add(deadline);
    for (const int number : {queued, counted}) add(number);
    add(suspect);
    add({stuck, in_balance});
    // The next start makes all the rest anew.
    if (stage == Stage::unused || stage == Stage::done) return;
    add({generation == current, excused});
    // More in a row make neither the delay longer nor the end nearer.
    const int enough = std::max(config_.max_restarts + 1, 3);
    add(std::min<int>(early_deaths, enough));
    add(std::min<int>(failed_starts, enough));
    if (!replica.has_process()) return;
    add({told, overdue, leaving});
    // Older than that makes no difference.
    Millis limit{};
    if (stage == Stage::starting && config_.ready_by == ReadyBy::time) limit = config_.ready;
    if (stage == Stage::running) limit = config_.min_uptime;
    if (stage == Stage::draining) limit = config_.drain_time + Supervisor::kDrainMax;
    add(std::min((now_ - since).count, limit.count + 1));
  }

  const Config& config_;
  Instant now_;
  std::uint64_t value_ = 0;
};

}  // namespace hydrinit
