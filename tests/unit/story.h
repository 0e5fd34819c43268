// Plays the loop for the supervisor, and writes down what it decides.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "core/supervisor.h"
#include "core/text.h"

namespace hydrinit {

constexpr SignalOrigin kQueued = SignalOrigin::queued;

// Three that are always restarted, as the parser leaves such a command line.
inline Config supervised() {
  Config config;
  config.scope = SignalScope::leader;
  config.replicas = 3;
  config.restart = Restart::always;
  config.exit_when = ExitWhen::failed;
  config.max_restarts = 10;
  config.stop_timeout = Millis{8000};
  // 3 ms, less a quarter at most of what is rounded down to nothing: a restart is 3 ms later.
  config.restart_delay = Millis{3};
  config.restart_max_delay = Millis{3};
  return config;
}

inline std::string name_of(int signal) {
  char buffer[32];
  Text text(buffer);
  append_signal(text, signal);
  return std::string(text.view());
}

inline std::string shown_report(const Action& action) {
  const std::string signal = name_of(action.signal.number);
  if (action.notice == Notice::Kind::received) return "received " + signal;
  if (action.notice == Notice::Kind::rewritten) {
    return "rewriting " + signal + " to " + name_of(action.other);
  }
  if (action.notice == Notice::Kind::not_sent) return "dropped " + signal;
  if (action.notice == Notice::Kind::stop_delayed) return "holding " + signal;
  if (action.notice == Notice::Kind::stop_timed_out) return "stop timed out";
  if (action.notice == Notice::Kind::stop_hastened) return "stop hastened";
  if (action.notice == Notice::Kind::child_lost) return "child lost";
  if (action.notice == Notice::Kind::rest_told) return "telling the rest";
  if (action.notice == Notice::Kind::rest_killed) return "killing the rest";
  if (action.notice == Notice::Kind::rest_left) return "some are left";
  if (action.notice == Notice::Kind::suspending) return "suspending";
  const std::string slot = " " + std::to_string(action.slot);
  const std::string in = " in " + std::to_string(action.code);
  if (action.notice == Notice::Kind::replica_restarts) return "restart" + slot + in;
  if (action.notice == Notice::Kind::replica_up) return "up" + slot;
  if (action.notice == Notice::Kind::replica_drains) return "drains" + slot;
  if (action.notice == Notice::Kind::replica_replaced) return "replaced" + slot;
  if (action.notice == Notice::Kind::replica_done) return "done" + slot;
  if (action.notice == Notice::Kind::replica_failed) return "failed" + slot;
  if (action.notice == Notice::Kind::replica_decided) return "decided by" + slot;
  if (action.notice == Notice::Kind::not_ready) return "not ready" + slot;
  if (action.notice == Notice::Kind::start_retried) return "retry" + slot + in;
  if (action.notice == Notice::Kind::scaled) return "scaled to " + std::to_string(action.code);
  if (action.notice == Notice::Kind::not_scaled) return "stays at " + std::to_string(action.code);
  if (action.notice == Notice::Kind::renewing) return "replacing" + slot;
  if (action.notice == Notice::Kind::too_heavy) return "too heavy" + slot;
  if (action.notice == Notice::Kind::reload_begun) return "reloading";
  if (action.notice == Notice::Kind::reload_done) return "reloaded";
  if (action.notice == Notice::Kind::reload_ended) return "reload failed at" + slot;
  return "notice " + std::to_string(static_cast<int>(action.notice));
}

// numbered: slots are worth telling apart.
inline std::string shown(const Action& action, bool numbered = false) {
  const std::string slot = action.slot < 0 ? "all" : std::to_string(action.slot);
  switch (action.kind) {
  case Action::Kind::spawn: return numbered ? "spawn " + slot : "spawn";
  case Action::Kind::send: {
    std::string text = "send " + name_of(action.signal.number);
    if (action.signal.origin == kQueued) text += " with " + std::to_string(action.signal.value);
    const bool group = action.scope == SignalScope::group;
    if (numbered) return text + " to " + (group ? "group " : "") + slot;
    return text + (group ? " to group" : " to child");
  }
  case Action::Kind::send_rest: return "send " + name_of(action.signal.number) + " to rest";
  case Action::Kind::suspend: return "stop myself";
  case Action::Kind::move: return "move " + slot + " to " + std::to_string(action.code);
  case Action::Kind::sample: return "sample " + slot;
  case Action::Kind::weigh: return "weigh " + slot;
  case Action::Kind::watch: return "watch";
  case Action::Kind::balance: return "balance";
  case Action::Kind::close: return "close " + slot;
  case Action::Kind::close_all: return "close all";
  case Action::Kind::report: return shown_report(action);
  case Action::Kind::exit: return "exit " + std::to_string(action.code);
  }
  return "?";
}

// Plays the loop: hands events to the supervisor, ticks at its deadlines, and writes down what it
// decides, a line an action: "[ 100] send TERM to child". Each method goes on with the next one.
class Story {
 public:
  explicit Story(const Config& config, bool pid1 = true, int count = 0, std::size_t capacity = 1)
      : config_(resolved(config)),
        numbered_(count > 0),
        // With -n there is one place more, for a replica that is being replaced.
        replicas_(capacity + (config.replicas != 0 ? 1 : 0)),
        supervisor_(config_, pid1, replicas_, count > 0 ? count : 1) {}
  Story(const Story&) = delete;
  Story& operator=(const Story&) = delete;

  // From the first event to the running child, which every story has in common.
  Story& begin() {
    give(Event::Kind::start);
    give(Event::Kind::spawned);
    EXPECT_EQ(transcript(), "[   0] spawn\n");
    transcript_.clear();
    return *this;
  }
  // Lets the time pass up to there, with a tick at every deadline on the way.
  Story& at(std::int64_t ms) {
    for (int ticks = 0; supervisor_.next_deadline().ms <= ms; ++ticks) {
      if (ticks == 100000) {
        ADD_FAILURE() << "the ticks do not come to an end";
        break;
      }
      if (supervisor_.next_deadline() > now_) now_ = supervisor_.next_deadline();
      give(Event::Kind::tick);
    }
    now_ = Instant{ms};
    return *this;
  }
  // Lets it pass without a tick: the loop was busy, or the machine asleep.
  Story& late_until(std::int64_t ms) {
    now_ = Instant{ms};
    return *this;
  }
  Story& signal(int number, SignalOrigin origin = SignalOrigin::process, std::uint64_t value = 0) {
    Event event;
    event.kind = Event::Kind::signal;
    event.signal = {static_cast<std::uint8_t>(number), origin, value};
    return give(event);
  }
  Story& command(Request request, int argument = 0, int tag = 0) {
    const Command command{request, byte(tag), static_cast<std::uint16_t>(argument)};
    return signal(kCommandSignal, kQueued, pack(command));
  }
  // What the replica takes in all, in KiB, is above --max-memory.
  Story& heavy(int slot, int kib) {
    Event event;
    event.kind = Event::Kind::heavy;
    event.slot = slot;
    event.amount = kib;
    return give(event);
  }
  Story& exited(int code, int slot = 0) {
    return ended({ExitStatus::Kind::exited, byte(code)}, slot);
  }
  Story& killed_by(int number, int slot = 0) {
    return ended({ExitStatus::Kind::signalled, byte(number)}, slot);
  }
  Story& drained() { return give(Event::Kind::drained); }
  Story& nobody_left() {
    Event event;
    event.kind = Event::Kind::drained;
    event.childless = true;
    return give(event);
  }
  Story& spawn_failed(int code, bool transient = false, int slot = 0) {
    Event event;
    event.kind = Event::Kind::spawn_failed;
    event.status.value = byte(code);
    event.transient = transient;
    event.slot = static_cast<std::int16_t>(slot);
    return give(event);
  }
  // From now on every start fails with that code; 0: none does.
  Story& starts_fail(int code, bool transient) {
    failing_ = code;
    transient_ = transient;
    return *this;
  }
  // The program in the slot says that it is up, that it stops; or cannot be given a socket.
  Story& says_ready(int slot) { return about(Event::Kind::ready, slot); }
  Story& says_stopping(int slot) { return about(Event::Kind::leaving, slot); }
  Story& refused(int slot) { return about(Event::Kind::refused, slot); }
  // Somebody waits; what a sample finds from now on, slot by slot.
  Story& waiting() { return give(Event::Kind::waiting); }
  Story& queues(std::vector<int> lengths) {
    queues_ = std::move(lengths);
    return *this;
  }
  // The steps of each replica are told too.
  Story& step_by_step() {
    steps_ = true;
    return *this;
  }
  Story& start() { return give(Event::Kind::start); }
  Story& tick() { return give(Event::Kind::tick); }

  // What has been decided since it was last asked.
  std::string transcript() {
    std::string text;
    text.swap(transcript_);
    return text;
  }
  // Forgets it.
  Story& quietly() {
    transcript_.clear();
    return *this;
  }
  Instant deadline() { return supervisor_.next_deadline(); }
  const Replica& replica(int slot) const { return replicas_[static_cast<std::size_t>(slot)]; }
  int count() const { return supervisor_.count(); }
  Overview overview() const { return supervisor_.overview(); }

 private:
  static std::uint8_t byte(int number) { return static_cast<std::uint8_t>(number); }

  // As the parser leaves it for a plain init.
  static Config resolved(Config config) {
    if (config.restart == Restart::automatic) config.restart = Restart::no;
    if (config.exit_when == ExitWhen::automatic) config.exit_when = ExitWhen::any;
    if (config.ready_by == ReadyBy::automatic) {
      config.ready_by = config.share != nullptr ? ReadyBy::listen : ReadyBy::time;
    }
    return config;
  }

  Story& about(Event::Kind kind, int slot) {
    Event event;
    event.kind = kind;
    event.slot = static_cast<std::int16_t>(slot);
    return give(event);
  }
  // As the loop answers it.
  void sampled(int slot) {
    for (int each = slot < 0 ? 0 : slot; each < (slot < 0 ? count() : slot + 1); ++each) {
      const auto i = static_cast<std::size_t>(each);
      Event event;
      event.kind = Event::Kind::queue;
      event.slot = static_cast<std::int16_t>(each);
      event.asked = slot >= 0;
      event.amount = i < queues_.size() ? static_cast<int>(queues_[i]) : 0;
      give(event);
    }
    if (slot < 0) give(Event::Kind::sampled);
  }

  Story& ended(ExitStatus status, int slot) {
    Event event;
    event.kind = Event::Kind::ended;
    event.status = status;
    event.slot = static_cast<std::int16_t>(slot);
    return give(event);
  }
  // Those that are given new connections.
  std::string live() const {
    std::string slots;
    for (int slot = 0; slot < count(); ++slot) {
      if (replica(slot).in_balance) slots += " " + std::to_string(slot);
    }
    return slots;
  }
  Story& give(Event::Kind kind) {
    Event event;
    event.kind = kind;
    return give(event);
  }
  Story& give(Event event) {
    event.at = now_;
    Actions actions;
    supervisor_.step(event, actions);
    for (const Action& action : actions) {
      const bool step = action.kind == Action::Kind::report &&
                        action.notice >= Notice::Kind::replica_up &&
                        action.notice <= Notice::Kind::replica_replaced;
      if (step && !steps_) continue;
      char time[32];
      std::snprintf(time, sizeof time, "[%4lld] ", static_cast<long long>(now_.ms));
      transcript_ += time + shown(action, numbered_);
      if (action.kind == Action::Kind::balance) transcript_ += live();
      transcript_ += "\n";
    }
    for (const Action& action : actions) {
      if (action.kind == Action::Kind::sample) sampled(action.slot);
    }
    // With several, what the loop does with a spawn: it comes back before anything else happens.
    for (const Action& action : actions) {
      if (!numbered_ || action.kind != Action::Kind::spawn) continue;
      if (failing_ != 0) {
        spawn_failed(failing_, transient_, action.slot);
      } else {
        Event spawned;
        spawned.kind = Event::Kind::spawned;
        spawned.slot = action.slot;
        give(spawned);
      }
    }
    return *this;
  }

  Config config_;
  bool numbered_;
  bool steps_ = false;
  int failing_ = 0;
  bool transient_ = false;
  std::vector<int> queues_{};
  std::vector<Replica> replicas_;
  Supervisor supervisor_;
  Instant now_{};
  std::string transcript_;
};

}  // namespace hydrinit
