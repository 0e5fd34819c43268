// What was asked for: the configuration that the options fill and everything else reads.
#pragma once

#include <cstdint>

#include "core/exit_policy.h"
#include "core/signals.h"
#include "core/types.h"

namespace hydrinit {

// Whose messages, exit codes and options apply.
enum class Style : std::uint8_t { native = 1, tini, dumb_init, catatonit };

// Those before help start something.
enum class Verb : std::uint8_t { run, pause, explain, help, version, license };
enum class Subreaper : std::uint8_t { automatic, on, off };
// Where the child lives: its own process group, its own session, or hydrinit's group.
enum class Placement : std::uint8_t { new_group, new_session, same_group };
// Whom a forwarded signal reaches. Once options are read it is not automatic any more.
enum class SignalScope : std::uint8_t { automatic, leader, group };

struct Config {
  Style style = Style::native;
  Verb verb = Verb::run;
  Subreaper subreaper = Subreaper::automatic;
  Placement placement = Placement::new_group;
  SignalScope scope = SignalScope::automatic;
  std::uint8_t parent_death_signal = 0;  // 0: none
  std::uint8_t stop_signal = 0;          // 0: the one received, rewritten
  bool warn_reaped = false;
  bool term_group_at_end = false;  // TERM to the child's group once the child has ended
  std::int8_t verbosity = 0;       // -1 quiet, 0 what matters, 1 and up: tells more
  Millis stop_timeout{-1};         // negative: never KILL
  Millis stop_delay{};
  Millis wait_all{};
  SignalSet stop_on{kSignalInt, kSignalQuit, kSignalTerm};
  SuccessStatuses success{};
  SignalTable signals{};
};

}  // namespace hydrinit
