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
// Which ends of a replica are followed by a new start. Once options are read it is not automatic.
enum class Restart : std::uint8_t { automatic, no, on_failure, always };
// Which replicas' ends for good end the container. Once options are read it is not automatic.
enum class ExitWhen : std::uint8_t { automatic, failed, any, all, never };

// How many replicas there can be, which a slot's 16 bits hold with room to spare.
inline constexpr int kReplicasMax = 10000;
// The longest name that --index-env takes.
inline constexpr int kIndexNameMax = 64;

// Those that ask to stop unless --stop-on says otherwise.
inline constexpr SignalSet kStopSignals{kSignalInt, kSignalQuit, kSignalTerm};

struct Config {
  // Not in the header: as a constant the defaults would take 400 bytes of the binary.
  Config();

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
  Restart restart = Restart::automatic;
  ExitWhen exit_when = ExitWhen::automatic;
  bool pin = false;
  int replicas = 0;                 // 0: -n was not given; N; -1 - K for max-K
  int max_replicas = 0;             // 0: not given
  int max_restarts = -1;            // early deaths in a row; negative: not given, 0: no limit
  int on_failure_max = -1;          // the N of on-failure:N
  const char* index_env = nullptr;  // NAME or NAME=BASE
  Millis restart_delay{100};
  Millis restart_max_delay{30000};
  Millis min_uptime{10000};
  Millis ready{1000};       // a replica alive for so long counts as up
  Millis stop_timeout{-1};  // negative: never KILL
  Millis stop_delay{};
  Millis wait_all{};
  SignalSet stop_on = kStopSignals;
  SuccessStatuses success{};
  SuccessStatuses no_restart{};  // these fail at once
  SignalTable signals{};

  // -n or a restart policy was given: replicas, and not the one child of a plain init.
  bool supervises() const { return replicas != 0 || restart > Restart::no; }
};

}  // namespace hydrinit
