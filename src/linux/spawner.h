// Starts the command: a vfork child that sets up its group or session, terminal and signals exactly
// as we were given them, and executes. When start() returns, the child runs the command already, so
// that no signal can reach it before.
#pragma once

#include "core/options.h"
#include "linux/os.h"
#include "linux/terminal.h"

namespace hydrinit {

// What must be as it was when the command runs.
struct InheritedSignals {
  os::RawMask mask = 0;
  bool sigchld_ignored = false;
};

struct SpawnRequest {
  char** command = nullptr;      // argv, with one writable place before it: argv[-1]
  char** environment = nullptr;  // ends in nullptr
  Placement placement = Placement::new_group;
  int parent_death_signal = 0;
  InheritedSignals signals{};
  const Terminal* terminal = nullptr;
  // Of a replica.
  int cpu = -1;             // pinned to that one of the usable CPUs; negative: to none
  bool null_input = false;  // standard input from /dev/null
  os::FileLimit files{};    // to be restored; all zero: as it is
  // Descriptors that it is given as 3, 4, ...; all of them are net::kOwnFrom or above.
  std::span<const int> sockets{};
  int ready_from = -1;  // by which it says that it is up, and what number it is to have
  int ready_to = -1;
  int streams[2] = {-1, -1};  // what standard output and error are to be; negative: as they are
  int bind_channel = -1;      // where its bind(2) notifications are to be sent; negative: none
};

struct SpawnOutcome {
  pid_t pid = 0;  // also when only the execution failed: a zombie then; 0: there is no process
  Error error{};  // not failed(): the command runs; of "seccomp": it could not be watched
};

// One try; nothing is retried here.
SpawnOutcome start(const SpawnRequest& request);

}  // namespace hydrinit
