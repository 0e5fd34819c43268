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

// Reads the file of that name in the folder, which stays as it is; its path stays behind in buffer.
bool read_number(Text& folder, const char* name, char (&text)[64]) {
  const std::size_t size = folder.view().size();
  folder.put(name);
  folder.put('\0');
  folder.cut(size);
  return !os::read_file(folder.view().data(), text).failed();
}

// The limit that stands in the folder, rounded up; 0: none. Behind the folder's path is left the
// name of the file.
[[gnu::noinline]] int read_limit(Text& folder) {
  char text[64];
  const char* at = text;
  if (!read_number(folder, "/cpu.cfs_period_us", text)) {
    return read_number(folder, "/cpu.max", text) ? parse_cpu_max(text) : 0;
  }
  const std::int64_t period = take_number(at, INT64_MAX);
  at = text;
  // -1 is no number here, and no limit.
  if (!read_number(folder, "/cpu.cfs_quota_us", text)) return 0;
  return cpus_of_quota(take_number(at, INT64_MAX), period);
}

// The least limit from the folder up to the mount point, its first shortest bytes.
void walk_up(Text& folder, std::size_t shortest, CpuCount& out) {
  while (true) {
    const int cpus = read_limit(folder);
    if (cpus > 0 && (out.quota == 0 || cpus < out.quota)) {
      out.quota = cpus;
      join(out.quota_file, folder.view().data(), "");
    }
    std::size_t size = folder.view().size();
    if (size <= shortest) return;
    while (size > shortest && folder.view()[--size] != '/') {
    }
    folder.cut(size);
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
    walk_up(folder, shortest, out);
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
