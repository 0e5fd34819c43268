#include "linux/cpus.h"

#include "core/config.h"
#include "linux/os.h"

namespace hydrinit {
namespace {

using Path = char[kPathMax];
// Both files of /proc/self in one mapping: far more than any machine has mounts for. What is longer
// is cut.
constexpr std::size_t kHalf = std::size_t{128} * 1024;

const char* join(Path& out, const char* folder, const char* name) {
  Text text(out);
  text.put(folder);
  text.put(name);
  text.put('\0');
  return out;
}

// The limit that stands in the folder, rounded up; 0: none. path is left as that of the file.
int read_limit(const char* folder, Path& path) {
  char text[64];
  const char* at = text;
  if (!os::read_file(join(path, folder, "/cpu.cfs_period_us"), text).failed()) {
    const std::int64_t period = take_number(at, INT64_MAX);
    at = text;
    // -1 is no number here, and no limit.
    if (os::read_file(join(path, folder, "/cpu.cfs_quota_us"), text).failed()) return 0;
    return cpus_of_quota(take_number(at, INT64_MAX), period);
  }
  return os::read_file(join(path, folder, "/cpu.max"), text).failed() ? 0 : parse_cpu_max(text);
}

// The least limit from the folder, of that size, up to the mount point, its first shortest bytes.
void walk_up(Path& folder, std::size_t size, std::size_t shortest, CpuCount& out) {
  while (true) {
    Path path;
    const int cpus = read_limit(folder, path);
    if (cpus > 0 && (out.quota == 0 || cpus < out.quota)) {
      out.quota = cpus;
      join(out.quota_file, path, "");
    }
    if (size <= shortest) return;
    while (size > shortest && folder[--size] != '/') {
    }
    folder[size] = '\0';
  }
}

void find_quota(const char* root, char* memory, CpuCount& out) {
  Path path;
  // The group that we are in, for each version.
  const char* groups[] = {"", "", ""};
  // Should it not be there, the memory is zero, and the groups that are mounted are what is known.
  (void)os::read_file(join(path, root, "/proc/self/cgroup"), {memory, kHalf});
  for (char* rest = memory; *rest != '\0';) {
    const CgroupLine group = parse_cgroup_line(cut_field(rest, '\n'));
    groups[static_cast<int>(group.version)] = group.path;
  }
  char* rest = memory + kHalf;
  if (os::read_file(join(path, root, "/proc/self/mountinfo"), {rest, kHalf}).failed()) return;
  while (*rest != '\0') {
    const CgroupLine mount = parse_mount_line(cut_field(rest, '\n'));
    if (mount.version == CgroupVersion::none) continue;
    Text folder(path);
    folder.put(root);
    folder.put(mount.mount_point);
    const std::size_t shortest = folder.view().size();
    folder.put(group_below(mount, groups[static_cast<int>(mount.version)]));
    const std::size_t size = folder.view().size();
    folder.put('\0');
    walk_up(path, size, shortest, out);
  }
}

}  // namespace

void count_cpus(const char* root, CpuCount& out) {
  auto* const memory = static_cast<char*>(os::map_memory(2 * kHalf));
  if (memory != nullptr) {
    find_quota(root, memory, out);
    os::unmap_memory(memory, 2 * kHalf);
  }
  out.affinity = os::usable_cpus();
  out.usable = out.affinity;
  if (out.quota > 0 && (out.quota < out.usable || out.usable == 0)) out.usable = out.quota;
  // Neither could be told: one is always right.
  if (out.usable == 0) out.usable = 1;
  if (out.usable > kReplicasMax) out.usable = kReplicasMax;
}

int resolve_replicas(int asked) {
  if (asked >= 0) return asked;
  CpuCount cpus;
  count_cpus("", cpus);
  return replicas_of(asked, cpus.usable);
}

}  // namespace hydrinit
