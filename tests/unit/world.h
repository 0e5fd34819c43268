// Replicas, ports, reloads, commands and stops in any order, played against a model of the loop
// that knows which processes there are. What must hold whatever happens is checked after every
// event. What happens is chosen by chance (random_test.cc, tests/fuzz/supervisor_fuzz.cc) or is all
// that can (exhaustive_test.cc).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/supervisor.h"
#include "fingerprint.h"
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

// Where the choices of a world come from.
class Choices {
 public:
  virtual ~Choices() = default;
  // One of several ways to go on, by their weights where chance decides.
  virtual int branch(std::initializer_list<int> weights) = 0;
  // One of so many that are alike, but not the same.
  virtual int below(int limit) = 0;
  // What is always possible; how often it is chosen is left to chance.
  virtual bool once_in(int n) = 0;
  // How much, where chance decides: below the limit.
  virtual int amount(int limit) = 0;
  // A time; its limit where chance decides, and where not, those that make a difference.
  virtual Millis time(int limit, std::initializer_list<Millis> others) = 0;
};

// Numbers decide, of any origin.
class Chance : public Choices {
 public:
  using Source = std::function<std::uint32_t()>;
  explicit Chance(Source source) : source_(std::move(source)) {}

  int branch(std::initializer_list<int> weights) override {
    int left = below(std::accumulate(weights.begin(), weights.end(), 0));
    int chosen = 0;
    for (int weight : weights) {
      if (left < weight) break;
      left -= weight;
      ++chosen;
    }
    return chosen;
  }
  int below(int limit) override {
    return static_cast<int>(source_() % static_cast<unsigned>(limit));
  }
  bool once_in(int n) override { return below(n) == 0; }
  int amount(int limit) override { return below(limit); }
  Millis time(int limit, std::initializer_list<Millis>) override { return Millis{below(limit)}; }

 private:
  Source source_;
};

// What was worth playing for, over many worlds.
struct Tally {
  std::size_t most_actions = 0;
  int reloads = 0;
  int failed_reloads = 0;
  int moves = 0;
  int restored = 0;
  int stuck = 0;
};

// How a world is laid out.
struct Layout {
  Config config{};
  int capacity = 1;
  bool pid1 = true;
};

inline Layout any_layout(Chance& chance) {
  const auto one_in = [&chance](int n) { return chance.once_in(n); };
  const auto below = [&chance](int limit) { return chance.below(limit); };
  const auto any_time = [&](int limit) { return Millis{one_in(3) ? 0 : below(limit)}; };
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
  const int capacity = config.replicas + below(3);
  return {config, capacity, one_in(2)};
}

// What changes in a world, beside the supervisor.
struct WorldState {
  std::vector<Replica> replicas_;
  std::vector<Process> processes_;
  std::vector<int> queues_;
  std::vector<bool> unused_;  // a place was, when it was last looked at
  std::vector<int> balanced_{};
  Instant now_{};
  bool calm_ = false;
  bool ended_ = false;
  bool reloading_ = false;
  bool watched_ = true;
  int started_ = 0;
  int last_ended_ = 0;
  int oldest_new_ = 0;
};

class World : private WorldState {
 public:
  struct Saved {
    WorldState state;
    Supervisor supervisor;
  };

  World(Choices& choices, const Layout& layout, Tally& tally)
      : WorldState{std::vector<Replica>(static_cast<std::size_t>(layout.capacity) + 1),
                   std::vector<Process>(static_cast<std::size_t>(layout.capacity) + 1),
                   std::vector<int>(static_cast<std::size_t>(layout.capacity)),
                   std::vector<bool>(static_cast<std::size_t>(layout.capacity) + 1, true)},
        choices_(&choices),
        tally_(tally),
        config_(layout.config),
        capacity_(layout.capacity),
        supervisor_(config_, layout.pid1, replicas_, config_.replicas) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // What happens comes in any order, then calm.
  void play(int steps) {
    begin();
    for (int i = 0; i < steps && good(); ++i) any_step();
    calm_down();
  }
  void begin() {
    give(event_of(Event::Kind::start));
    tick();
  }
  // In calm a reload must come to its end, then a stop, which must too.
  void calm_down() {
    calm_ = true;
    std::fill(queues_.begin(), queues_.end(), 0);
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      if (processes_[i].alive) expect_end(static_cast<int>(i));
    }
    pass(Millis{600'000});
    if (!ended_ && !supervisor_.ending()) reload_in_calm();
    stop_in_calm();
  }

  void any_step() {
    start_failed_ = false;
    const int what = choices_->branch({1, 1, 6, 2, 3, 1, 1, 1});
    const int place = what < 3 ? -1 : any_process();
    switch (what) {
    case 0: return any_signal();
    case 1:
      if (!config_.balances()) break;
      for (int& queue : queues_) queue = one_in(2) ? 0 : choices_->amount(20);
      return wait_for_connections();
    case 2: break;
    case 3:
      if (place >= 0 && (process(place).told || choices_->once_in(4))) return end(place);
      break;
    case 4:
      if (place >= 0 && config_.ready_by != ReadyBy::time) return say(Event::Kind::ready, place);
      break;
    case 5:
      if (place >= 0 && config_.ready_by == ReadyBy::notify && choices_->once_in(4))
        return say(Event::Kind::leaving, place);
      break;
    case 6:
      if (place >= 0 && config_.share != nullptr && choices_->once_in(40))
        return say(Event::Kind::refused, place);
      break;
    default:
      // Busy: what is due meanwhile is told late.
      now_ = now_ + any_time(80);
      if (place >= 0) end(place);
      return tick();
    }
    pass(any_time(60));
  }

  const std::string& told() const { return told_; }
  bool ended() const { return ended_; }
  // Nothing is told, which takes most of the time.
  void be_quiet() { quiet_ = true; }
  // What has failed already happens once more.
  void tell_again() { told_again_ = true; }
  void choose_by(Choices& choices) { choices_ = &choices; }

  Saved save() const { return {*this, supervisor_}; }
  void restore(const Saved& saved) {
    // Into the same memory, where the supervisor has its replicas.
    static_cast<WorldState&>(*this) = saved.state;
    std::destroy_at(&supervisor_);
    std::construct_at(&supervisor_, saved.supervisor);
  }
  // The same for states that differ in nothing but the time, and what is only told.
  std::uint64_t fingerprint() const {
    Fingerprint out(config_, now_);
    out.add(supervisor_);
    for (const Process& its : processes_) {
      out.add({its.alive, its.told, its.killed, reloading_ && its.number >= oldest_new_});
    }
    for (const int queue : queues_) out.add(queue);
    for (const bool unused : unused_) out.add(unused);
    out.add(balanced_.size());
    for (const int slot : balanced_) out.add(slot);
    out.add({ended_, reloading_, watched_, reloading_ && last_ended_ >= oldest_new_});
    return out.value();
  }

 private:
  bool good() const { return told_again_ || !::testing::Test::HasFailure(); }
  bool one_in(int n) { return choices_->branch({1, n - 1}) == 0; }

  int annex() const { return capacity_; }
  Process& process(int place) { return processes_.at(static_cast<std::size_t>(place)); }
  const Replica& replica(int place) const { return replicas_.at(static_cast<std::size_t>(place)); }
  int any_process() {
    std::vector<int> places;
    for (int place = 0; place <= annex(); ++place) {
      if (process(place).alive) places.push_back(place);
    }
    if (places.empty()) return -1;
    return places[static_cast<std::size_t>(choices_->below(static_cast<int>(places.size())))];
  }
  int alive() const {
    return static_cast<int>(std::count_if(processes_.begin(), processes_.end(),
                                          [](const Process& each) { return each.alive; }));
  }
  // Up to the next deadline, or as long as a life must be.
  Millis any_time(int limit) {
    const Instant next = supervisor_.next_deadline();
    const Millis to_next{next == kNever ? 0 : next.ms - now_.ms};
    return choices_->time(limit, {to_next, config_.min_uptime});
  }
  // The line is made only if it is wanted.
  template <typename Line>
  void tell(const Line& line) {
    if (!quiet_) told_ += "[" + std::to_string(now_.ms) + "] " + line() + "\n";
  }

  // ---- what happens -------------------------------------------------------------------------

  Event event_of(Event::Kind kind, int slot = 0) const {
    Event event;
    event.kind = kind;
    event.at = now_;
    event.slot = static_cast<std::int16_t>(slot);
    return event;
  }

  void any_command() {
    Command command{static_cast<Request>(choices_->below(4)),
                    static_cast<std::uint8_t>(choices_->amount(64)),
                    static_cast<std::uint16_t>(choices_->below(capacity_ + 2))};
    Event event = event_of(Event::Kind::signal);
    event.signal = {kCommandSignal, SignalOrigin::queued, pack(command)};
    tell([&] {
      return "command " + std::to_string(static_cast<int>(command.request)) + " " +
             std::to_string(command.argument);
    });
    give(event);
    tick();
  }
  void any_signal() {
    if (one_in(3)) return any_command();
    constexpr int kNumbers[] = {kSignalHup, kSignalTtin, kSignalTtou,
                                kUsr1,      kSignalTstp, kSignalTerm};
    signal(kNumbers[choices_->branch({9, 6, 9, 3, 3, 1})]);
    tick();
  }
  void signal(int number) {
    Event event = event_of(Event::Kind::signal);
    event.signal.number = static_cast<std::uint8_t>(number);
    if (one_in(8)) event.signal.origin = SignalOrigin::kernel;
    if (calm_) event.signal.origin = SignalOrigin::process;
    tell([&] { return "signal " + name_of(number); });
    give(event);
  }
  void say(Event::Kind kind, int place) {
    tell([&] {
      return "says " + std::to_string(static_cast<int>(kind)) + " in " + std::to_string(place);
    });
    give(event_of(kind, place));
    tick();
  }
  void end(int place) {
    Process& its = process(place);
    Event event = event_of(Event::Kind::ended, place);
    const int how = choices_->branch({2, 1, 1});
    if (how != 0) {
      event.status = {how == 1 ? ExitStatus::Kind::exited : ExitStatus::Kind::signalled,
                      static_cast<std::uint8_t>(1 + choices_->amount(5))};
    }
    last_ended_ = its.number;
    its = {};
    tell([&] { return "ended in " + std::to_string(place); });
    give(event);
    Event drained = event_of(Event::Kind::drained);
    drained.childless = alive() == 0 && one_in(2);
    if (!ended_) give(drained);
    tick();
  }
  void wait_for_connections() {
    if (!watched_) return;
    watched_ = false;
    tell([] { return std::string("waiting"); });
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
    tally_.most_actions = std::max(tally_.most_actions, actions.size());
    ASSERT_LT(actions.size(), kRoom) << "a full list may have dropped its last action";
    for (const Action& action : actions) {
      tell([&] { return "  " + shown(action, true); });
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
    ASSERT_LT(slot, capacity_);
    // It may be there once more for its queue alone.
    const bool awaited = config_.balances() && queues_.at(static_cast<std::size_t>(slot)) > 0;
    ASSERT_TRUE(slot < supervisor_.count() || awaited) << "nobody wants it";
    ASSERT_FALSE(supervisor_.ending());
    ASSERT_FALSE(process(slot).alive) << "there is one already";
    ++started_;
    // One start a step.
    const int fails = calm_ || start_failed_ ? 0 : choices_->branch({6, 1, 1});
    if (fails != 0) {
      start_failed_ = true;
      last_ended_ = started_;
      Event event = event_of(Event::Kind::spawn_failed, slot);
      event.status.value = 127;
      event.transient = fails == 1;
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
    ++(from == annex() ? tally_.restored : tally_.moves);
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

  // Doubled with each early death or failed start in a row, and shorter by a quarter at most.
  void check_delay(const Action& action) {
    const Replica& its = replica(action.slot);
    const bool retried = action.notice == Notice::Kind::start_retried;
    const int in_a_row = its.early_deaths + (retried ? its.failed_starts : 0);
    std::int64_t longest = in_a_row == 0 ? 0 : config_.restart_delay.count;
    for (int i = 1; i < in_a_row; ++i) {
      longest = std::min(2 * longest, config_.restart_max_delay.count);
    }
    ASSERT_LE(action.code, longest) << "after " << in_a_row;
    ASSERT_GE(4 * action.code, 3 * longest) << "after " << in_a_row;
    ASSERT_EQ(its.deadline, now_ + Millis{action.code});
  }

  void report(const Action& action) {
    if (action.notice == Notice::Kind::replica_restarts ||
        action.notice == Notice::Kind::start_retried) {
      check_delay(action);
    }
    if (action.notice == Notice::Kind::reload_begun || action.notice == Notice::Kind::renewing ||
        action.notice == Notice::Kind::too_heavy) {
      if (!reloading_) oldest_new_ = started_ + 1;
      reloading_ = true;
    }
    if (action.notice == Notice::Kind::reload_done) {
      ASSERT_TRUE(reloading_);
      reloading_ = false;
      ++tally_.reloads;
    }
    if (action.notice == Notice::Kind::reload_ended) {
      ASSERT_TRUE(reloading_);
      ASSERT_GE(last_ended_, oldest_new_) << "it was no new one that failed";
      reloading_ = false;
      ++tally_.failed_reloads;
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
    int staying = 0;
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
      staying += its.stage == Stage::starting || its.stage == Stage::running ? 1 : 0;
      const auto i = static_cast<std::size_t>(place);
      if (unused_[i] && its.stage == Stage::waiting) {
        ASSERT_FALSE(its.stuck || its.suspect || its.excused) << place << " has it from another";
      }
      unused_[i] = its.stage == Stage::unused;
      tally_.stuck += its.stuck ? 1 : 0;
    }
    if (process(annex()).alive) {
      ASSERT_LT(supervisor_.place_of(annex()), capacity_) << "the old one has a slot's sockets";
      ASSERT_TRUE(config_.reload_order == ReloadOrder::start_first ||
                  config_.reload_order == ReloadOrder::automatic);
    }
    const bool one_more = replica(annex()).stage == Stage::running;
    ASSERT_TRUE(!one_more || seen.reloading || seen.ending) << "nobody asked for one more";
    if (told_all) {
      ASSERT_LE(staying, wanted + (one_more ? 1 : 0)) << "too many";
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

  Choices* choices_;
  Tally& tally_;
  Config config_;
  int capacity_;
  Supervisor supervisor_;
  bool start_failed_ = false;
  bool quiet_ = false;
  bool told_again_ = false;
  std::string told_;
};

}  // namespace hydrinit
