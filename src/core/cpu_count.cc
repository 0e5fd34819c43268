#include "core/cpu_count.h"

namespace hydrinit {

CgroupLine parse_cgroup_line(char* line) {
  CgroupLine result;
  const char* hierarchy = cut_field(line, ':');
  char* const controllers = cut_field(line, ':');
  result.path = line;
  if (equal(hierarchy, "0")) {
    result.version = CgroupVersion::v2;
  } else if (lists(controllers, "cpu")) {
    result.version = CgroupVersion::v1;
  }
  return result;
}

CgroupLine parse_mount_line(char* line) {
  CgroupLine result;
  for (int skipped = 0; skipped < 3; ++skipped) cut_field(line, ' ');
  result.path = cut_field(line, ' ');
  result.mount_point = cut_field(line, ' ');
  // The optional fields end with a hyphen.
  while (*line != '\0' && !equal(cut_field(line, ' '), "-")) {
  }
  const char* type = cut_field(line, ' ');
  cut_field(line, ' ');
  if (equal(type, "cgroup2")) {
    result.version = CgroupVersion::v2;
  } else if (equal(type, "cgroup") && lists(line, "cpu")) {
    result.version = CgroupVersion::v1;
  }
  return result;
}

const char* group_below(const CgroupLine& mount, const char* group) {
  const char* below = equal(mount.path, "/") ? group : after(group, mount.path);
  // The root's name must end where a name of the group's ends; "/.." leads out of our namespace.
  if (below == nullptr || below[0] != '/' || below[1] == '\0') return "";
  return begins(below, "/..") ? "" : below;
}

int parse_cpu_max(const char* text) {
  const std::int64_t quota = take_number(text, INT64_MAX);
  if (*text++ != ' ') return 0;
  return cpus_of_quota(quota, take_number(text, INT64_MAX));
}

int cpus_of_quota(std::int64_t quota, std::int64_t period) {
  if (quota <= 0 || period <= 0) return 0;
  const std::int64_t cpus = (quota - 1) / period + 1;
  return cpus > INT32_MAX ? 0 : static_cast<int>(cpus);
}

int replicas_of(int asked, int usable_cpus) {
  if (asked >= 0) return asked;
  const int replicas = usable_cpus + 1 + asked;
  return replicas < 1 ? 1 : replicas;
}

}  // namespace hydrinit
