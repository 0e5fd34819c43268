// All that can happen to up to three replicas, breadth first and up to so many events: a state that
// has been seen before is not gone on from. After each event hold the promises of world.h; from
// each state calm must lead to the end of a reload, and of a stop. HYDRINIT_DEEPER=K goes K events
// deeper than here.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <unordered_set>

#include "world.h"

namespace hydrinit {
namespace {

// Each way in turn: the choices made before, but for the last one of which another is left.
class EveryChoice : public Choices {
 public:
  EveryChoice() = default;
  // That way alone.
  explicit EveryChoice(const std::string& path) {
    for (const char chosen : path) path_.push_back({chosen, chosen + 1});
  }

  int branch(std::initializer_list<int> weights) override {
    return below(static_cast<int>(weights.size()));
  }
  int below(int limit) override {
    if (next_ == path_.size()) path_.push_back({0, limit});
    return path_[next_++].chosen;
  }
  bool once_in(int) override { return true; }
  int amount(int limit) override { return limit / 2; }
  Millis time(int, std::initializer_list<Millis> others) override {
    return others.begin()[below(static_cast<int>(others.size()))];
  }

  // False: that was the last way.
  bool next_way() {
    next_ = 0;
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().limit) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().chosen;
    return true;
  }
  std::string path() const {
    std::string text;
    for (const Branch& each : path_) text += static_cast<char>(each.chosen);
    return text;
  }

 private:
  struct Branch {
    int chosen;
    int limit;
  };
  std::vector<Branch> path_{};
  std::size_t next_ = 0;
};

class Search {
 public:
  explicit Search(const Layout& layout) : layout_(layout), world_(every_, layout, tally_) {
    world_.be_quiet();
  }

  void run(int depth) {
    ways_.push_back({0, ""});
    edge_.push_back({0, world_.save()});
    for (int i = 0; i <= depth; ++i) {
      std::vector<Reached> edge;
      edge.swap(edge_);
      for (const Reached& from : edge) {
        go_on(from);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
  std::size_t states() const { return seen_.size(); }
  long events() const { return events_; }
  const Tally& tally() const { return tally_; }

 private:
  struct Reached {
    std::size_t state;
    World::Saved saved;
  };
  // How a state was reached first; 0 is before the start.
  struct Way {
    std::size_t from;
    std::string path;
  };

  void go_on(const Reached& from) {
    do {
      world_.restore(from.saved);
      step(world_, from.state);
      ++events_;
      if (::testing::Test::HasFailure()) return tell(from.state, every_.path());
      arrive(from.state, every_.path());
      if (::testing::Test::HasFailure()) return;
    } while (every_.next_way());
  }

  static void step(World& world, std::size_t state) {
    state == 0 ? world.begin() : world.any_step();
  }

  void arrive(std::size_t from, const std::string& path) {
    if (!seen_.insert(world_.fingerprint()).second) return;
    const std::size_t state = ways_.size();
    ways_.push_back({from, path});
    if (world_.ended()) return;
    edge_.push_back({state, world_.save()});
    calm_down(world_, state);
    world_.choose_by(every_);
    if (::testing::Test::HasFailure()) tell(state, "");
  }

  // Who hears what in calm is left to chance, but to the same in each run.
  static void calm_down(World& world, std::size_t state) {
    std::minstd_rand random(static_cast<unsigned>(state + 1));
    Chance chance([&random] { return static_cast<std::uint32_t>(random() >> 8); });
    world.choose_by(chance);
    world.calm_down();
  }

  // From the start, aloud; without a last path it was in calm that it failed.
  void tell(std::size_t state, const std::string& last) {
    const bool in_calm = last.empty();
    std::vector<Way> ways;
    if (!in_calm) ways.push_back({state, last});
    for (std::size_t at = state; at != 0; at = ways_[at].from) ways.push_back(ways_[at]);
    World world(every_, layout_, tally_);
    world.tell_again();
    for (auto way = ways.rbegin(); way != ways.rend(); ++way) {
      EveryChoice same(way->path);
      world.choose_by(same);
      step(world, way->from);
    }
    if (in_calm) calm_down(world, state);
    ADD_FAILURE() << "after " << ways.size() << " events:\n" << world.told();
  }

  Layout layout_;
  EveryChoice every_{};
  Tally tally_{};
  World world_;
  std::unordered_set<std::uint64_t> seen_{};
  std::vector<Way> ways_{};
  std::vector<Reached> edge_{};
  long events_ = 0;
};

struct Case {
  const char* name;
  int replicas;
  int depth;
  void (*adapt)(Layout&);
};

Layout layout_of(const Case& tested) {
  Layout layout;
  layout.capacity = tested.replicas;
  Config& config = layout.config;
  config.replicas = tested.replicas;
  config.restart = Restart::always;
  config.exit_when = ExitWhen::failed;
  config.ready_by = ReadyBy::time;
  config.scope = SignalScope::leader;
  config.no_restart.add_code(3);
  config.max_restarts = 2;
  // Times that have much in common make states that do. Up to 4 ms a delay has no jitter.
  config.restart_delay = Millis{2};
  config.restart_max_delay = Millis{4};
  config.min_uptime = Millis{8};
  config.ready = Millis{4};
  config.ready_timeout = Millis{24};
  config.drain_time = Millis{4};
  config.stop_timeout = Millis{8};
  tested.adapt(layout);
  return layout;
}

void listen(Layout& layout) { (void)layout.config.listen.push("80"); }

const Case kCases[] = {
    {"OneStartFirst", 1, 6,
     [](Layout& layout) {
       listen(layout);
       layout.config.balance = Balance::shared;
       layout.config.ready_by = ReadyBy::descriptor;
     }},
    {"OneForGood", 1, 12,
     [](Layout& layout) {
       layout.config.restart = Restart::no;
       layout.config.wait_all = Millis{4};
       layout.config.stop_delay = Millis{4};
       layout.pid1 = false;
     }},
    {"TwoStopFirst", 2, 4,
     [](Layout& layout) {
       layout.config.restart = Restart::on_failure;
       layout.config.exit_when = ExitWhen::all;
       layout.config.wait_all = Millis{4};
       layout.pid1 = false;
     }},
    {"TwoStartFirst", 2, 3,
     [](Layout& layout) {
       listen(layout);
       layout.config.reload_order = ReloadOrder::start_first;
       layout.config.ready_by = ReadyBy::descriptor;
       layout.config.exit_when = ExitWhen::any;
       layout.config.stop_delay = Millis{4};
     }},
    {"TwoDrain", 2, 3,
     [](Layout& layout) {
       layout.config.share = "";
       layout.config.ready_by = ReadyBy::listen;
       layout.config.restart = Restart::on_failure;
       layout.capacity = 3;
     }},
    {"ThreeStopFirst", 3, 3,
     [](Layout& layout) {
       layout.config.exit_when = ExitWhen::never;
       layout.config.ready_by = ReadyBy::descriptor;
     }},
    {"ThreeStartFirst", 3, 3,
     [](Layout& layout) {
       listen(layout);
       layout.config.reload_order = ReloadOrder::start_first;
       layout.config.balance = Balance::shared;
       layout.config.ready_by = ReadyBy::notify;
       layout.config.max_restarts = 0;
     }},
    {"ThreeDrain", 3, 2,
     [](Layout& layout) {
       listen(layout);
       layout.config.exit_when = ExitWhen::all;
     }},
};

class Exhaustive : public ::testing::TestWithParam<Case> {};

TEST_P(Exhaustive, WhateverHappensKeepsItsPromises) {
  const Case& tested = GetParam();
  const char* deeper = std::getenv("HYDRINIT_DEEPER");
  const int depth = tested.depth + (deeper != nullptr ? std::atoi(deeper) : 0);
  Search search(layout_of(tested));
  search.run(depth);
  std::cout << tested.name << ": " << depth << " events deep, " << search.states() << " states by "
            << search.events() << " events\n";
  EXPECT_GT(search.tally().reloads, 0);
}

INSTANTIATE_TEST_SUITE_P(Cases, Exhaustive, ::testing::ValuesIn(kCases),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace hydrinit
