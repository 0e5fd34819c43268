#include "linux/cpus.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/config.h"
#include "linux/os.h"

namespace hydrinit {
namespace {

// Reads a file line by line. What is longer than the buffer is cut: mount options of some overlay
// file system, none of a control group's.
class LineReader {
 public:
  LineReader(const char* root, const char* path) {
    Text text(buffer_);
    text.put(std::string_view(root));
    text.put(std::string_view(path));
    text.put('\0');
    fd_ = os::open_file(buffer_, O_RDONLY);
  }
  // Without its newline; nullptr at the end.
  char* next() {
    std::size_t size = 0;
    char c = '\0';
    bool any = false;
    while (take(c) && c != '\n') {
      any = true;
      if (size < sizeof line_ - 1) line_[size++] = c;
    }
    line_[size] = '\0';
    return any || c == '\n' ? line_ : nullptr;
  }

 private:
  bool take(char& c) {
    if (at_ == size_) {
      at_ = 0;
      size_ = fd_.valid() ? ::read(fd_.get(), buffer_, sizeof buffer_) : 0;
      if (size_ < 0) size_ = 0;  // an error is the end
    }
    if (size_ == 0) return false;
    c = buffer_[at_++];
    return true;
  }

  Fd fd_{};
  ssize_t at_ = 0;
  ssize_t size_ = 0;
  char buffer_[1024];
  char line_[1024];
};

// The number in folder/name, or the CPUs of cpu.max; negative: there is none.
std::int64_t read_number(const char* folder, const char* name, char (&path)[kPathMax],
                         bool cpu_max) {
  Text text(path);
  text.put(std::string_view(folder));
  text.put(std::string_view(name));
  text.put('\0');
  char content[64];
  if (os::read_file(path, content).failed()) return -1;
  if (cpu_max) return parse_cpu_max(content);
  const char* at = content;
  return take_number(at, INT64_MAX);
}

// The least limit from the folder up to the mount point, which is its first length bytes.
void walk_up(char* folder, std::size_t size, std::size_t length, CgroupVersion version,
             CpuCount& out) {
  char path[kPathMax];
  while (true) {
    std::int64_t cpus = 0;
    if (version == CgroupVersion::v2) {
      cpus = read_number(folder, "/cpu.max", path, true);
    } else {
      const std::int64_t period = read_number(folder, "/cpu.cfs_period_us", path, false);
      cpus = cpus_of_quota(read_number(folder, "/cpu.cfs_quota_us", path, false), period);
    }
    if (cpus > 0 && (out.quota == 0 || cpus < out.quota)) {
      out.quota = static_cast<int>(cpus);
      Text text(out.quota_file);
      text.put(std::string_view(path, sizeof path));
    }
    if (size <= length) return;
    while (size > length && folder[--size] != '/') {
    }
    folder[size] = '\0';
  }
}

}  // namespace

void count_cpus(const char* root, CpuCount& out) {
  // The group that we are in, for each version.
  char groups[2][kPathMax] = {"", ""};
  LineReader own(root, "/proc/self/cgroup");
  while (char* line = own.next()) {
    const CgroupLine group = parse_cgroup_line(line);
    if (group.version == CgroupVersion::none) continue;
    Text text(groups[group.version == CgroupVersion::v2 ? 1 : 0]);
    text.put(std::string_view(group.path));
    text.put('\0');
  }
  LineReader mounts(root, "/proc/self/mountinfo");
  while (char* line = mounts.next()) {
    const CgroupLine mount = parse_mount_line(line);
    if (mount.version == CgroupVersion::none) continue;
    char folder[kPathMax];
    Text text(folder);
    text.put(std::string_view(root));
    const std::size_t prefix = text.view().size();
    append_group_folder(text, mount, groups[mount.version == CgroupVersion::v2 ? 1 : 0]);
    const std::size_t size = text.view().size();
    text.put('\0');
    std::size_t length = prefix;
    for (const char* at = mount.mount_point; *at != '\0'; ++at) ++length;
    walk_up(folder, size, length, mount.version, out);
  }
  out.affinity = os::usable_cpus();
  out.usable = out.affinity > 0 ? out.affinity : kReplicasMax;
  if (out.quota > 0 && out.quota < out.usable) out.usable = out.quota;
  // Neither could be told: one is always right.
  if (out.affinity <= 0 && out.quota <= 0) out.usable = 1;
}

}  // namespace hydrinit
