// Replicas, ports, reloads, commands and stops in any order: lives made up from numbers, played
// against a model of the loop that knows which processes there are. What must hold whatever happens
// is checked after every event.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/supervisor.h"
#include "story.h"

namespace hydrinit {

inline constexpr int kUsr1 = 10;
// Room of Actions: a list as long as that may have lost its last one.
inline constexpr std::size_t kRoom = sizeof(Actions) / sizeof(Action);

// A process as the loop knows it.
struct Process {
  bool alive = false;
  bool told = false;    // by a signal to it, or to all
  bool killed = false;  // it cannot go on
  int number = 0;       // in the order of their starts
  Instant ends = kNever;
  Instant ready = kNever;
};

class World {
 public:
  // Where its choices come from.
  using Source = std::function<std::uint32_t()>;

  explicit World(Source source)
      : source_(std::move(source)),
        config_(any_config()),
        count_(config_.replicas),
        capacity_(count_ + below(3)),
        replicas_(static_cast<std::size_t>(capacity_) + 1),
        processes_(replicas_.size()),
        queues_(replicas_.size()),
        unused_(replicas_.size(), true),
        pid1_(one_in(2)),
        supervisor_(config_, pid1_, replicas_, count_) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // What happens comes in any order, then calm, in which a reload must come to its end, then a
  // stop, which must too.
  void play(int steps) {
    give(event_of(Event::Kind::start));
    tick();
    for (int i = 0; i < steps && good(); ++i) any_step();
    calm_ = true;
    std::fill(queues_.begin(), queues_.end(), 0);
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      if (processes_[i].alive) expect_end(static_cast<int>(i));
    }
    pass(Millis{600'000});
    if (!ended_ && !supervisor_.ending()) reload_in_calm();
    stop_in_calm();
  }

  std::size_t most_actions() const { return most_actions_; }
  int reloads() const { return reloads_; }
  int failed_reloads() const { return failed_reloads_; }
  int moves() const { return moves_; }
  int restored() const { return restored_; }
  int stuck() const { return stuck_; }
  const std::string& told() const { return told_; }

 private:
  static bool good() { return !::testing::Test::HasFailure(); }
  int below(int limit) { return static_cast<int>(source_() % static_cast<unsigned>(limit)); }
  bool one_in(int n) { return below(n) == 0; }
  Millis any_time(int limit) { return Millis{one_in(3) ? 0 : below(limit)}; }

  Config any_config() {
    Config config;
    config.replicas = static_cast<std::int16_t>(1 + below(4));
    config.restart = one_in(4) ? Restart::on_failure : Restart::always;
    if (one_in(8)) config.restart = Restart::no;
    config.exit_when = static_cast<ExitWhen>(1 + below(4));
    config.ready_by = static_cast<ReadyBy>(1 + below(4));
    config.balance = one_in(4) ? Balance::shared : Balance::even;
    config.reload_order = static_cast<ReloadOrder>(below(4));
    if (config.ready_by == ReadyBy::listen || one_in(3)) config.share = "";
    if (one_in(3)) (void)config.listen.push("80");
    if (one_in(4)) config.index_env = "PORT=3000";
    config.placement = static_cast<Placement>(below(3));
    config.scope = one_in(2) ? SignalScope::leader : SignalScope::group;
    config.max_restarts = static_cast<std::int16_t>(one_in(2) ? 0 : below(4));
    // Without one a start that fails for a while is tried again at once, as asked for.
    config.restart_delay = Millis{1 + below(50)};
    config.restart_max_delay = Millis{100};
    config.min_uptime = any_time(300);
    config.ready = any_time(200);
    config.ready_timeout = one_in(5) ? Millis{0} : Millis{300};
    config.drain_time = any_time(200);
    config.stop_timeout = any_time(400);
    config.stop_delay = one_in(3) ? Millis{below(300)} : Millis{0};
    config.wait_all = one_in(3) ? Millis{below(300)} : Millis{0};
    if (one_in(4)) config.stop_signal = kSignalQuit;
    if (one_in(4)) config.stop_on.add(kSignalTstp);
    if (one_in(4)) config.no_restart.add_code(3);
    if (one_in(6)) config.signals.rewrite(kSignalTstp, kSignalTerm);
    if (one_in(3)) config.max_memory = 1000;
    return config;
  }

  int annex() const { return capacity_; }
  Process& process(int place) { return processes_.at(static_cast<std::size_t>(place)); }
  const Replica& replica(int place) const { return replicas_.at(static_cast<std::size_t>(place)); }
  int any_process() {
    std::vector<int> places;
    for (int place = 0; place <= annex(); ++place) {
      if (process(place).alive) places.push_back(place);
    }
    return places.empty() ? -1 : places[static_cast<std::size_t>(below(int(places.size())))];
  }
  int alive() const {
    return static_cast<int>(std::count_if(processes_.begin(), processes_.end(),
                                          [](const Process& each) { return each.alive; }));
  }
  void tell(const std::string& line) {
    told_ += "[" + std::to_string(now_.ms) + "] " + line + "\n";
  }

  // ---- what happens -------------------------------------------------------------------------

  Event event_of(Event::Kind kind, int slot = 0) const {
    Event event;
    event.kind = kind;
    event.at = now_;
    event.slot = static_cast<std::int16_t>(slot);
    return event;
  }

  void any_step() {
    const int place = any_process();
    switch (below(16)) {
    case 0: return any_signal();
    case 1:
    case 2:
      if (place >= 0 && (process(place).told || one_in(4))) return end(place);
      break;
    case 3:
    case 4:
    case 5:
      if (place >= 0 && config_.ready_by != ReadyBy::time) return say(Event::Kind::ready, place);
      break;
    case 6:
      if (place >= 0 && config_.ready_by == ReadyBy::notify && one_in(4))
        return say(Event::Kind::leaving, place);
      break;
    case 7:
      if (place >= 0 && config_.share != nullptr && one_in(40))
        return say(Event::Kind::refused, place);
      break;
    case 8:
      for (int& queue : queues_) queue = one_in(2) ? 0 : below(20);
      return wait_for_connections();
    case 9:
      if (one_in(3)) failing_ = one_in(2) ? 1 + below(2) : 0;
      break;
    case 10:
      // Busy: what is due meanwhile is told late.
      now_ = now_ + Millis{below(80)};
      if (place >= 0) end(place);
      return tick();
    default: break;
    }
    pass(Millis{below(60)});
  }

  void any_command() {
    Command command{static_cast<Request>(below(4)), static_cast<std::uint8_t>(below(64)),
                    static_cast<std::uint16_t>(below(capacity_ + 2))};
    Event event = event_of(Event::Kind::signal);
    event.signal = {kCommandSignal, SignalOrigin::queued, pack(command)};
    tell("command " + std::to_string(static_cast<int>(command.request)) + " " +
         std::to_string(command.argument));
    give(event);
    tick();
  }
  void any_signal() {
    if (one_in(3)) return any_command();
    constexpr int kNumbers[] = {kSignalHup,  kSignalHup,  kSignalHup,  kSignalTtin, kSignalTtin,
                                kSignalTtou, kSignalTtou, kSignalTtou, kUsr1,       kSignalTstp};
    signal(one_in(30) ? kSignalTerm : kNumbers[below(10)]);
    tick();
  }
  void signal(int number) {
    Event event = event_of(Event::Kind::signal);
    event.signal.number = static_cast<std::uint8_t>(number);
    if (one_in(8)) event.signal.origin = SignalOrigin::kernel;
    if (calm_) event.signal.origin = SignalOrigin::process;
    tell("signal " + name_of(number));
    give(event);
  }
  void say(Event::Kind kind, int place) {
    tell("says " + std::to_string(static_cast<int>(kind)) + " in " + std::to_string(place));
    give(event_of(kind, place));
    tick();
  }
  void end(int place) {
    Process& its = process(place);
    Event event = event_of(Event::Kind::ended, place);
    event.status = {one_in(2) ? ExitStatus::Kind::exited : ExitStatus::Kind::signalled,
                    static_cast<std::uint8_t>(1 + below(5))};
    if (one_in(2)) event.status = {};
    last_ended_ = its.number;
    its = {};
    tell("ended in " + std::to_string(place));
    give(event);
    Event drained = event_of(Event::Kind::drained);
    drained.childless = alive() == 0 && one_in(2);
    if (!ended_) give(drained);
    tick();
  }
  void wait_for_connections() {
    if (!watched_ || !config_.balances()) return;
    watched_ = false;
    tell("waiting");
    give(event_of(Event::Kind::waiting));
    tick();
  }

  // Lets the time pass, with all that is due on the way.
  void pass(Millis time) {
    const Instant until = now_ + time;
    while (good() && !ended_) {
      Instant next = supervisor_.next_deadline();
      int ends = -1;
      int ready = -1;
      for (int place = 0; place <= annex(); ++place) {
        const Process& its = process(place);
        if (its.alive && its.ends < next) next = its.ends, ends = place, ready = -1;
        if (its.alive && its.ready < next) next = its.ready, ready = place, ends = -1;
      }
      if (next > until) break;
      if (next > now_) now_ = next;
      if (ends >= 0) {
        end(ends);
      } else if (ready >= 0) {
        process(ready).ready = kNever;
        say(Event::Kind::ready, ready);
      } else {
        tick();
      }
    }
    if (until > now_) now_ = until;
  }
  void tick() {
    for (int ticks = 0; good() && supervisor_.next_deadline() <= now_; ++ticks) {
      ASSERT_LT(ticks, 100) << "ticks without an end";
      give(event_of(Event::Kind::tick));
    }
  }

  // ---- what is decided ----------------------------------------------------------------------

  void give(const Event& event) {
    play_event(event);
    if (good()) check();
  }
  void play_event(const Event& event) {
    Actions actions;
    supervisor_.step(event, actions);
    most_actions_ = std::max(most_actions_, actions.size());
    ASSERT_LT(actions.size(), kRoom) << "a full list may have dropped its last action";
    for (const Action& action : actions) {
      tell("  " + shown(action, true));
      perform(action);
      if (!good()) return;
    }
  }

  void perform(const Action& action) {
    ASSERT_TRUE(!ended_ || action.kind == Action::Kind::report) << "after the exit";
    switch (action.kind) {
    case Action::Kind::spawn: return spawn(action.slot);
    case Action::Kind::send: return send(action);
    case Action::Kind::move: return move(action.slot, action.code);
    case Action::Kind::sample: return sample(action.slot);
    case Action::Kind::weigh: return weigh(action.slot);
    case Action::Kind::watch: watched_ = true; break;
    case Action::Kind::balance:
      ASSERT_TRUE(config_.balances());
      balanced_.clear();
      for (int slot = 0; slot < supervisor_.count(); ++slot) {
        if (replica(slot).in_balance) balanced_.push_back(slot);
      }
      break;
    case Action::Kind::close:
      ASSERT_TRUE(config_.has_ports());
      ASSERT_GE(action.slot, 0);
      ASSERT_LT(action.slot, capacity_);
      ASSERT_FALSE(process(action.slot).alive) << "its process still has the socket";
      break;
    case Action::Kind::close_all:
      ASSERT_TRUE(config_.has_ports());
      ASSERT_TRUE(supervisor_.ending());
      break;
    case Action::Kind::report: return report(action);
    case Action::Kind::exit:
      ASSERT_EQ(alive(), 0) << "somebody is left";
      ended_ = true;
      break;
    case Action::Kind::send_rest:
    case Action::Kind::suspend: break;
    }
  }

  void spawn(int slot) {
    ASSERT_GE(slot, 0);
    ASSERT_LT(slot, supervisor_.count()) << "nobody wants it";
    ASSERT_FALSE(supervisor_.ending());
    ASSERT_FALSE(process(slot).alive) << "there is one already";
    ++started_;
    if (failing_ != 0 && !calm_) {
      last_ended_ = started_;
      Event event = event_of(Event::Kind::spawn_failed, slot);
      event.status.value = 127;
      event.transient = failing_ == 1;
      return play_event(event);
    }
    Process& its = process(slot);
    its = {};
    its.alive = true;
    its.number = started_;
    if (calm_) expect_end(slot);
    play_event(event_of(Event::Kind::spawned, slot));
  }
  // In calm everybody does what is asked for.
  void expect_end(int place) {
    Process& its = process(place);
    if (config_.ready_by != ReadyBy::time) its.ready = now_ + Millis{20};
    if (its.told) its.ends = now_ + Millis{10};
    if (its.killed) its.ends = now_ + Millis{1};
  }

  void send(const Action& action) {
    const int number = action.signal.number;
    ASSERT_TRUE(is_signal(number));
    ASSERT_TRUE(action.slot == kEverySlot || process(action.slot).alive) << "nobody is there";
    const bool stops = number == kSignalTerm || number == kSignalQuit || number == kSignalKill ||
                       action.once || action.slot != kEverySlot;
    if (!stops) return;
    for (int place = 0; place <= annex(); ++place) {
      Process& its = process(place);
      if (!its.alive || (action.slot != kEverySlot && action.slot != place)) continue;
      if (action.once && replica(place).told) continue;
      its.told = true;
      its.killed |= number == kSignalKill;
      // Some never hear anything but KILL.
      if (calm_ && (its.killed || one_in(2))) its.ends = now_ + Millis{its.killed ? 1 : 10};
    }
  }

  void move(int from, int to) {
    ASSERT_TRUE((from == annex()) != (to == annex())) << "only to the place beside and back";
    ASSERT_TRUE(process(from).alive) << "nobody is there";
    ASSERT_FALSE(process(to).alive) << "somebody is there";
    ASSERT_TRUE(reloading_) << "only a reload does that";
    process(to) = process(from);
    process(from) = {};
    ++(from == annex() ? restored_ : moves_);
  }

  void sample(int slot) {
    if (slot >= 0) return queue(slot, true);
    for (int each = 0; each < supervisor_.count() && good(); ++each) queue(each, false);
    if (good()) play_event(event_of(Event::Kind::sampled));
  }
  void weigh(int slot) {
    ASSERT_NE(config_.max_memory, 0);
    ASSERT_LT(slot, supervisor_.count());
    if (calm_ || one_in(3)) return;
    Event event = event_of(Event::Kind::heavy, slot);
    event.amount = config_.max_memory + 1;
    play_event(event);
  }
  void queue(int slot, bool asked) {
    Event event = event_of(Event::Kind::queue, slot);
    event.asked = asked;
    event.amount = static_cast<int>(queues_.at(static_cast<std::size_t>(slot)));
    play_event(event);
  }

  void report(const Action& action) {
    if (action.notice == Notice::Kind::reload_begun || action.notice == Notice::Kind::renewing ||
        action.notice == Notice::Kind::too_heavy) {
      if (!reloading_) oldest_new_ = started_ + 1;
      reloading_ = true;
    }
    if (action.notice == Notice::Kind::reload_done) {
      ASSERT_TRUE(reloading_);
      reloading_ = false;
      ++reloads_;
    }
    if (action.notice == Notice::Kind::reload_ended) {
      ASSERT_TRUE(reloading_);
      ASSERT_GE(last_ended_, oldest_new_) << "it was no new one that failed";
      reloading_ = false;
      ++failed_reloads_;
    }
  }

  // ---- what must hold -----------------------------------------------------------------------

  void check() {
    const int wanted = supervisor_.count();
    ASSERT_GE(wanted, 1);
    ASSERT_LE(wanted, capacity_);
    if (ended_) {
      ASSERT_EQ(supervisor_.next_deadline(), kNever);
      return;
    }
    const Overview seen = supervisor_.overview();
    for (const Outcome& outcome : seen.outcomes) {
      ASSERT_TRUE(outcome.answer != Answer::working || seen.reloading || seen.ending)
          << "a command that is never answered";
    }
    // Those that are not wanted any more are told to go one after the other.
    const bool told_all = supervisor_.next_deadline() > now_;
    for (int place = 0; place <= annex(); ++place) {
      const Replica& its = replica(place);
      ASSERT_EQ(its.has_process(), process(place).alive)
          << "in " << place << " at stage " << static_cast<int>(its.stage);
      if (place < wanted) {
        ASSERT_NE(its.stage, Stage::unused) << place;
      } else if (told_all && its.stage != Stage::unused && place != annex()) {
        ASSERT_GE(its.stage, Stage::draining) << "nobody wants " << place;
        ASSERT_LE(its.stage, Stage::killing) << "nobody wants " << place;
      }
      if (its.stage == Stage::waiting && !supervisor_.ending()) {
        ASSERT_NE(its.deadline, kNever) << place << " waits for nothing";
      }
      const auto i = static_cast<std::size_t>(place);
      if (unused_[i] && its.stage == Stage::waiting) {
        ASSERT_FALSE(its.stuck || its.suspect || its.excused) << place << " has it from another";
      }
      unused_[i] = its.stage == Stage::unused;
      stuck_ += its.stuck ? 1 : 0;
    }
    const int home = supervisor_.place_of(annex());
    if (process(annex()).alive) {
      ASSERT_LT(home, capacity_) << "the old one has a slot's sockets";
    }
    check_balance();
  }

  // It is up, or the old one beside it is, and neither says that it stops.
  bool serves(int slot) {
    const auto up = [](const Replica& its) { return its.stage == Stage::running && !its.leaving; };
    if (slot >= supervisor_.count()) return false;
    return up(replica(slot)) || (supervisor_.place_of(annex()) == slot && up(replica(annex())));
  }

  void check_balance() {
    if (!config_.balances() || supervisor_.ending()) return;
    bool anyone = false;
    bool anyone_free = false;
    for (int slot = 0; slot < capacity_; ++slot) {
      anyone |= serves(slot);
      anyone_free |= serves(slot) && !replica(slot).stuck;
    }
    for (int slot = 0; slot < capacity_; ++slot) {
      const bool told = std::count(balanced_.begin(), balanced_.end(), slot) != 0;
      const Replica& its = replica(slot);
      ASSERT_EQ(its.in_balance, told) << "a change for " << slot << " that nobody was told of";
      // A stuck one only if all that are left are.
      // ... and one that is only starting if nobody is up.
      const bool starting = slot < supervisor_.count() && its.stage == Stage::starting;
      ASSERT_EQ(told, anyone ? serves(slot) && !(anyone_free && its.stuck) : starting) << slot;
    }
  }

  void reload_in_calm() {
    oldest_new_ = started_ + 1;
    signal(kSignalHup);
    tick();
    pass(Millis{600'000});
    if (!good() || ended_ || supervisor_.ending()) return;
    ASSERT_FALSE(reloading_) << "the reload hangs";
    ASSERT_FALSE(process(annex()).alive) << "the old one is left";
    for (int slot = 0; slot < supervisor_.count(); ++slot) {
      const Stage stage = replica(slot).stage;
      if (stage == Stage::done) continue;
      ASSERT_EQ(stage, Stage::running) << slot;
      ASSERT_GE(process(slot).number, oldest_new_) << slot << " is still the old one";
    }
    if (config_.max_memory != 0) return;
    ASSERT_EQ(supervisor_.next_deadline(), kNever) << "nobody wakes up while nothing happens";
  }

  void stop_in_calm() {
    if (ended_ || !good()) return;
    signal(kSignalTerm);
    tick();
    const Millis longest = config_.stop_delay + config_.stop_timeout + config_.wait_all;
    pass(longest + Supervisor::kSweepMax + Millis{1000});
    if (!good()) return;
    ASSERT_TRUE(ended_) << "the stop does not come to its end";
  }

  Source source_;
  Config config_;
  int count_;
  int capacity_;
  std::vector<Replica> replicas_;
  std::vector<Process> processes_;
  std::vector<int> queues_;
  std::vector<bool> unused_;  // a place was, when it was last looked at
  bool pid1_;
  Supervisor supervisor_;
  Instant now_{};
  bool calm_ = false;
  bool ended_ = false;
  bool reloading_ = false;
  bool watched_ = true;
  int started_ = 0;
  int last_ended_ = 0;
  int oldest_new_ = 0;
  int failing_ = 0;  // 1: for a while; 2: for good
  std::vector<int> balanced_;
  std::size_t most_actions_ = 0;
  int reloads_ = 0;
  int failed_reloads_ = 0;
  int moves_ = 0;
  int restored_ = 0;
  int stuck_ = 0;
  std::string told_;
};

}  // namespace hydrinit
