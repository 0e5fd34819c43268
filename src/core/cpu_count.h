// How many CPUs' worth of time a control group leaves us: the texts of /proc/self/cgroup,
// /proc/self/mountinfo and of the limits themselves (cgroups(7), cgroup-v2.rst, sched-bwc.rst).
#pragma once

#include <cstdint>

#include "core/text.h"

namespace hydrinit {

enum class CgroupVersion : std::uint8_t { none, v1, v2 };

// The group that we are in, or where the groups of a hierarchy can be seen. They point into the
// line they were read from.
struct CgroupLine {
  CgroupVersion version = CgroupVersion::none;  // none: the line has nothing about CPU time
  char* path = nullptr;  // the group; of a mount, the group it shows as its root
  char* mount_point = nullptr;
};

// "4:cpu,cpuacct:/docker/1234", "0::/". The line is cut into its fields.
CgroupLine parse_cgroup_line(char* line);
// "31 23 0:27 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu,cpuacct".
CgroupLine parse_mount_line(char* line);

// What follows the mount point in the path of group: "/docker/1234", or "" when it is the mount's
// root. A group that is not below that root is outside of what we can see: then the mount point
// itself has the limits that we can know, and the answer is "" too.
const char* group_below(const CgroupLine& mount, const char* group);

// "150000 100000" or "max 100000": CPUs, rounded up; 0: no limit.
int parse_cpu_max(const char* text);
// quota microseconds of CPU time in each period; a quota of -1 (or a period of 0) is no limit.
int cpus_of_quota(std::int64_t quota, std::int64_t period);

// What -n asks for, with that many usable CPUs: N, or for max-K (-1 - K) at least 1.
int replicas_of(int asked, int usable_cpus);

}  // namespace hydrinit
