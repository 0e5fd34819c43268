// One replica: a slot that holds a process, or waits for the next one. Which step leads from which
// stage to which stands in one table; everything else about a replica is a number in it.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "core/types.h"

namespace hydrinit {

enum class Stage : std::uint8_t {
  unused,    // nobody wants it: never used, or scaled down
  waiting,   // no process; its next start is due at the deadline, in back-off or at once
  starting,  // its process runs, and is not up yet; at the deadline it is, or it is killed
  running,   // up
  draining,  // gets no new connection; at the deadline it is asked to stop, if none waits for it
  stopping,  // asked to stop; killed at the deadline
  killing,   // KILL was sent to its group
  done,      // ended for good, in a way that counts as success
  failed     // ended for good, and the exit policy is told
};

enum class Step : std::uint8_t {
  want,
  spawned,
  up,
  drain,
  stop,
  kill,
  again,
  finish,
  fail,
  remove
};

class StageSet {
 public:
  constexpr StageSet(std::initializer_list<Stage> stages) {
    for (Stage stage : stages) bits_ = static_cast<std::uint16_t>(bits_ | 1U << int(stage));
  }
  constexpr bool has(Stage stage) const { return (bits_ >> int(stage) & 1U) != 0; }

 private:
  std::uint16_t bits_ = 0;
};

struct StepRow {
  StageSet from;
  Stage to;
};

// In the order of Step. docs/policies.md draws it; a test compares the two.
inline constexpr StepRow kSteps[] = {
    // want: start it now; by the first start, scaling up, a reload that revives it
    {{Stage::unused, Stage::waiting, Stage::done, Stage::failed}, Stage::waiting},
    // spawned: its process executes the command
    {{Stage::waiting}, Stage::starting},
    // up: by --ready
    {{Stage::starting}, Stage::running},
    // drain: it is to be replaced or removed, and others are there for its connections
    {{Stage::starting, Stage::running}, Stage::draining},
    // stop: it is asked to
    {{Stage::starting, Stage::running, Stage::draining}, Stage::stopping},
    // kill: it did not stop or was not up in time, or the request was repeated
    {{Stage::starting, Stage::running, Stage::draining, Stage::stopping}, Stage::killing},
    // again: it ended, or could not be started, and will be; or its process goes on elsewhere
    {{Stage::waiting, Stage::starting, Stage::running, Stage::draining, Stage::stopping,
      Stage::killing},
     Stage::waiting},
    // finish: it ended well, or in a stop of the container
    {{Stage::waiting, Stage::starting, Stage::running, Stage::draining, Stage::stopping,
      Stage::killing},
     Stage::done},
    // fail: it ended badly or too often, or was not up in time, or can never be started
    {{Stage::waiting, Stage::starting, Stage::running, Stage::killing}, Stage::failed},
    // remove: scaled down, once no process is left
    {{Stage::waiting, Stage::starting, Stage::running, Stage::draining, Stage::stopping,
      Stage::killing, Stage::done, Stage::failed},
     Stage::unused},
};

struct Replica {
  Instant deadline = kNever;        // see Stage
  Instant since{};                  // when it was started, was up, began to drain, or ended
  std::uint32_t starts = 0;         // how often its slot has been given a process
  std::uint16_t generation = 0;     // the reload that its process comes after
  std::uint16_t early_deaths = 0;   // in a row
  std::uint16_t failed_starts = 0;  // in a row, for want of memory or processes
  std::uint16_t queued = 0;         // connections that waited for it when they were last counted
  std::uint16_t counted = 0;        // ... and now
  std::uint8_t suspect = 0;         // how much it is suspected to be stuck
  ExitStatus last{};                // its last process's end
  Stage stage = Stage::unused;
  bool told : 1 = false;     // to stop, before the container is
  bool excused : 1 = false;  // put by a reload in a good one's place: its failure decides nothing
  bool overdue : 1 = false;  // killed, as it was not up in time
  bool ended : 1 = false;    // once at least: last is true
  bool leaving : 1 = false;  // it says that it stops
  // Not bits, as these are computed rather than set.
  bool stuck = false;       // more connections wait for it than for others, and go on waiting
  bool in_balance = false;  // new connections are handed to it
  bool heavy = false;       // it is or was replaced for --max-memory

  // New connections may be handed to it.
  bool is_up() const { return stage == Stage::running && !leaving; }
  bool has_process() const { return stage >= Stage::starting && stage <= Stage::killing; }
  // Takes the step if the table has it; false, and nothing is changed, if not.
  [[gnu::always_inline]] bool take(Step step) {
    const StepRow& row = kSteps[static_cast<int>(step)];
    if (!row.from.has(stage)) return false;
    stage = row.to;
    return true;
  }
};

// Which process is in a slot, and the slot in a hash table of pids: chains that begin in heads
// (linux/reaper.h).
struct PidEntry {
  Instant since{};  // when it was started
  std::int32_t pid = 0;
  std::uint16_t head = 0;  // the first slot of the chain for hash i, plus 1; 0: none
  std::uint16_t next = 0;  // the next slot in the same chain, plus 1
};

// What a thousand of them cost matters.
static_assert(sizeof(Replica) <= 40);

}  // namespace hydrinit
