// How many CPUs we may use: the affinity, which shows cpusets too, and the quota of our control
// group and all above it that can be seen. Version 1 and 2 alike; the least of all counts.
#pragma once

#include "core/cpu_count.h"

namespace hydrinit {

// The longest path of a limit; a longer one is cut, and then not found.
inline constexpr int kPathMax = 512;

struct CpuCount {
  int usable = 1;             // at least 1, at most kReplicasMax
  int affinity = 0;           // CPUs we may run on; 0: it could not be told
  int quota = 0;              // CPUs' worth of time, rounded up; 0: no limit
  char quota_file[kPathMax];  // that says so, when there is one
};

// root: a folder in which proc and sys are, for tests; "" for the real ones. Files that are not
// there or cannot be read limit nothing.
void count_cpus(const char* root, CpuCount& out);

// How many replicas -n asks for; the CPUs are counted only where it hangs on them.
int resolve_replicas(int asked);

}  // namespace hydrinit
