// What was asked for: the configuration that the options fill and everything else reads.
#pragma once

#include <cstdint>

#include "core/exit_policy.h"
#include "core/listen.h"
#include "core/signals.h"
#include "core/types.h"

namespace hydrinit {

// Whose messages, exit codes and options apply.
enum class Style : std::uint8_t { native = 1, tini, dumb_init, catatonit };

// The first two start something; those from status on ask a hydrinit that runs, and those from help
// on act at once.
enum class Verb : std::uint8_t {
  run,
  pause,
  explain,
  status,
  healthy,
  scale,
  reload,
  restart_replica,
  help,
  help_all,
  version,
  license
};
enum class Subreaper : std::uint8_t { automatic, on, off };
// Where the child lives: its own process group, its own session, or hydrinit's group.
enum class Placement : std::uint8_t { new_group, new_session, same_group };
// Whom a forwarded signal reaches. Once options are read it is not automatic any more.
enum class SignalScope : std::uint8_t { automatic, leader, group };
// Which ends of a replica are followed by a new start. Once options are read it is not automatic.
enum class Restart : std::uint8_t { automatic, no, on_failure, always };
// Which replicas' ends for good end the container. Once options are read it is not automatic.
enum class ExitWhen : std::uint8_t { automatic, failed, any, all, never };
// By what a replica counts as up. Once options are read it is not automatic.
enum class ReadyBy : std::uint8_t {
  automatic,
  time,        // alive for so long
  descriptor,  // a newline on a descriptor of its own
  notify,      // READY=1 by sd_notify(3)
  listen       // its own listen(2), seen by --share
};
// Whether TCP ports have a socket for each replica, or one for all.
enum class Balance : std::uint8_t { even = 1, shared };
// What a reload does first with a replica; automatic hangs on how many are wanted then.
enum class ReloadOrder : std::uint8_t { automatic, drain, start_first, stop_first };
// What becomes of the replicas' output: it is their own, or goes out line by line.
enum class LogFormat : std::uint8_t { raw = 1, prefix, json };

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
  ReadyBy ready_by = ReadyBy::automatic;
  Balance balance = Balance::even;
  ReloadOrder reload_order = ReloadOrder::automatic;
  LogFormat log = LogFormat::raw;
  std::uint8_t ready_fd = 0;
  bool listen_pid = true;
  bool pin = false;
  int replicas = 0;                 // 0: -n was not given; N; -1 - K for max-K
  int max_replicas = 0;             // 0: not given
  int max_restarts = -1;            // early deaths in a row; negative: not given, 0: no limit
  int on_failure_max = -1;          // the N of on-failure:N
  int max_memory = 0;               // of a replica's processes in KiB; 0: no limit
  int argument = 0;                 // of the verb
  int pid = 1;                      // whom it asks
  const char* index_env = nullptr;  // NAME or NAME=BASE
  Millis restart_delay{100};
  Millis restart_max_delay{30000};
  Millis min_uptime{10000};
  const char* user = nullptr;   // NAME or UID[:GROUP or GID]
  const char* share = nullptr;  // the ports, "" for all; nullptr: none
  Millis ready{1000};           // a replica alive for so long counts as up
  Millis ready_timeout{60000};
  Millis drain_time{300};
  Millis stop_timeout{-1};  // negative: never KILL
  Millis stop_delay{};
  Millis wait_all{};
  Millis timeout{};  // of who asks; 0: none
  SignalSet stop_on = kStopSignals;
  SuccessStatuses success{};
  SuccessStatuses no_restart{};  // these fail at once
  SignalTable signals{};
  // Each where its item of a list begins; they have been checked.
  FixedVec<const char*, kListenMax> listen{};

  // -n or a restart policy was given: replicas, and not the one child of a plain init.
  bool supervises() const { return replicas != 0 || restart > Restart::no; }
  // Another hydrinit is asked, and nothing started.
  bool asks() const { return verb >= Verb::status && verb < Verb::help; }
  // hydrinit keeps sockets for the replicas.
  bool has_ports() const { return listen.size() > 0 || share != nullptr; }
  // hydrinit reads what the replicas write.
  bool logs() const { return log != LogFormat::raw; }
  // A replica and hydrinit have something to say to each other, or there are queues to look at.
  bool needs_links() const {
    return share != nullptr || balances() || logs() ||
           (supervises() && (ready_by == ReadyBy::descriptor || ready_by == ReadyBy::notify));
  }
  // ... one for each of them, so that it matters who is to be served.
  bool balances() const { return has_ports() && supervises() && balance == Balance::even; }
};

}  // namespace hydrinit
