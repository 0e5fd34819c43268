// What is there before the first process is started, once and for all: room for the replicas, their
// sockets and environment, and the user that they are.
#pragma once

#include "core/status.h"
#include "linux/environment.h"
#include "linux/links.h"
#include "linux/logs.h"
#include "linux/reaper.h"
#include "linux/report.h"
#include "linux/sockets.h"

namespace hydrinit {

struct Fleet {
  // With -n the last of both is the place of a replica that is being replaced.
  std::span<Replica> replicas;
  std::span<PidEntry> pids;
  StatusPage* page = nullptr;                 // both are behind it; nullptr: not with -n
  int count = 1;                              // wanted at first
  ReplicaEnvironment* environment = nullptr;  // nullptr: ours, as it is
  char** room = nullptr;                      // for the environment's pointers
  os::FileLimit files{};                      // as it was; all zero: nobody has changed it
  Sockets sockets{};
  Links links{};
  int signal_fd = -1;
  Logs* logs = nullptr;  // nullptr: replicas write by themselves
};

// Returns 0, or why not, which has been said: kExitInternal for what cannot be had, kExitUsage for
// too many replicas.
int prepare_fleet(const Config& config, char** environment, Fleet& fleet, Reporter& reporter);

}  // namespace hydrinit
