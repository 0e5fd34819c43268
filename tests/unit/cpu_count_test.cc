#include "core/cpu_count.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>

#include "core/config.h"
#include "linux/cpus.h"
#include "linux/os.h"

namespace hydrinit {
namespace {

constexpr CgroupVersion kNone = CgroupVersion::none;
constexpr CgroupVersion kV1 = CgroupVersion::v1;

std::string shown(CgroupVersion version) {
  switch (version) {
  case CgroupVersion::none: return "none";
  case CgroupVersion::v1: return "v1";
  case CgroupVersion::v2: return "v2";
  }
  return "?";
}

// "v1 /docker/1", and for a mount "v1 /docker/1 at /sys/fs/cgroup/cpu".
std::string shown(const CgroupLine& line) {
  std::string text = shown(line.version);
  if (line.version == kNone) return text;
  text += std::string(" ") + line.path;
  return line.mount_point != nullptr ? text + " at " + line.mount_point : text;
}

// ---- /proc/self/cgroup
// -------------------------------------------------------------------------------

TEST(CpuCount, GroupIsReadFromALineOfProcSelfCgroup) {
  const struct {
    const char* line;
    const char* group;
  } kRows[] = {
      {"0::/", "v2 /"},
      {"0::/kubepods/burstable/pod1/c", "v2 /kubepods/burstable/pod1/c"},
      {"0::/../other", "v2 /../other"},
      {"4:cpu,cpuacct:/docker/1234", "v1 /docker/1234"},
      {"4:cpuacct,cpu:/", "v1 /"},
      {"12:cpu:/a", "v1 /a"},
      {"12:memory,cpu,blkio:/a", "v1 /a"},
      {"4:cpu:/a:b::c", "v1 /a:b::c"},
      {"0::/a b", "v2 /a b"},
      {"5:cpuset:/a", "none"},
      {"5:cpuacct:/a", "none"},
      {"5:memory:/cpu", "none"},
      {"5:xcpu,cpux:/a", "none"},
      {"1:name=systemd:/init.scope", "none"},
      {"1:name=cpu:/a", "none"},
  };
  for (const auto& row : kRows) {
    std::string line = row.line;
    EXPECT_EQ(shown(parse_cgroup_line(line.data())), row.group) << row.line;
  }
}

TEST(CpuCount, HostileGroupLinesAreReadToTheirEnd) {
  const struct {
    const char* line;
    const char* group;
  } kRows[] = {
      {"", "none"},          {":", "none"},         {"::", "none"},   {":::", "none"},
      {"0", "v2 "},          {"0:", "v2 "},         {"0::", "v2 "},   {"00::/", "none"},
      {"4", "none"},         {"4:", "none"},        {"4:cpu", "v1 "}, {"4:cpu:", "v1 "},
      {"4:,:/", "none"},     {"4:,cpu,:/", "v1 /"}, {"4:cpu", "v1 "}, {" 0::/", "none"},
      {"4:cpu ,:/", "none"},
  };
  for (const auto& row : kRows) {
    std::string line = row.line;
    const CgroupLine group = parse_cgroup_line(line.data());
    EXPECT_EQ(shown(group), row.group) << row.line;
    EXPECT_NE(group.path, nullptr) << row.line;
  }
}

// ---- /proc/self/mountinfo
// ----------------------------------------------------------------------------

TEST(CpuCount, MountIsReadFromALineOfProcSelfMountinfo) {
  const struct {
    const char* line;
    const char* mount;
  } kRows[] = {
      {"31 23 0:27 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu,cpuacct",
       "v1 / at /sys/fs/cgroup/cpu"},
      {"31 23 0:27 /docker/1 /sys/fs/cgroup/cpu ro master:9 - cgroup cgroup rw,cpuacct,cpu",
       "v1 /docker/1 at /sys/fs/cgroup/cpu"},
      {"30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate",
       "v2 / at /sys/fs/cgroup"},
      {"30 23 0:26 /../.. /sys/fs/cgroup rw shared:4 master:1 propagate_from:2 unbindable - "
       "cgroup2 cgroup2 rw",
       "v2 /../.. at /sys/fs/cgroup"},
      {"30 23 0:26 / /sys/fs/cgroup rw - cgroup2  rw", "v2 / at /sys/fs/cgroup"},
      {"31 23 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset", "none"},
      {"31 23 0:27 / /sys/fs/cgroup/acct rw - cgroup cgroup rw,cpuacct", "none"},
      {"31 23 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd", "none"},
      {"22 1 8:1 / / rw - ext4 /dev/sda1 rw,cpu", "none"},
      {"22 1 8:1 / /cgroup2 rw - tmpfs cgroup2 rw", "none"},
      {"22 1 8:1 / /cgroup rw - cgroupx cgroup rw,cpu", "none"},
  };
  for (const auto& row : kRows) {
    std::string line = row.line;
    EXPECT_EQ(shown(parse_mount_line(line.data())), row.mount) << row.line;
  }
}

TEST(CpuCount, HostileMountLinesAreReadToTheirEnd) {
  const std::string whole = "31 23 0:27 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu";
  // Cut anywhere it is no mount of CPU time, as the controller stands last.
  for (std::size_t length = 0; length < whole.size(); ++length) {
    std::string line = whole.substr(0, length);
    const CgroupLine mount = parse_mount_line(line.data());
    EXPECT_EQ(shown(mount), "none") << whole.substr(0, length);
    EXPECT_NE(mount.path, nullptr);
    EXPECT_NE(mount.mount_point, nullptr);
  }
  for (const char* text :
       {" ", "        ", "- - - - - - - -", "- cgroup2 x rw", "1 2 3 4 5 6 7 8 9 10 11", "-",
        "31 23 0:27 / /sys/fs/cgroup rw shared:9 cgroup2 cgroup rw"}) {
    std::string line = text;
    EXPECT_EQ(shown(parse_mount_line(line.data())), "none") << text;
  }
}

// ---- where a group's folder is
// -----------------------------------------------------------------------

std::string folder_of(const char* root, const char* mount_point, const char* group) {
  std::string path = root;
  std::string point = mount_point;
  CgroupLine mount;
  mount.version = kV1;
  mount.path = path.data();
  mount.mount_point = point.data();
  return point + group_below(mount, group);
}

TEST(CpuCount, FolderOfAGroupIsBelowTheMountWithoutItsRoot) {
  const struct {
    const char* root;
    const char* group;
    const char* folder;
  } kRows[] = {
      {"/", "/", "/cg"},
      {"/", "/a/b", "/cg/a/b"},
      {"/docker/1", "/docker/1", "/cg"},
      {"/docker/1", "/docker/1/sub", "/cg/sub"},
      // A name that only begins like the root's.
      {"/docker/1", "/docker/12", "/cg"},
      {"/docker/1", "/docker", "/cg"},
      {"/docker/1", "/other", "/cg"},
      {"/docker/1", "/", "/cg"},
      // Outside of our namespace.
      {"/", "/..", "/cg"},
      {"/", "/../other", "/cg"},
      {"/..", "/", "/cg"},
      {"/../..", "/a", "/cg"},
      // Nothing is known of the group.
      {"/", "", "/cg"},
      {"", "", "/cg"},
      {"/", "a", "/cg"},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(folder_of(row.root, "/cg", row.group), row.folder) << row.root << " " << row.group;
  }
}

// ---- limits
// ------------------------------------------------------------------------------------------

TEST(CpuCount, QuotaIsRoundedUp) {
  const struct {
    std::int64_t quota;
    std::int64_t period;
    int cpus;
  } kRows[] = {
      {50000, 100000, 1},
      {100000, 100000, 1},
      {100001, 100000, 2},
      {150000, 100000, 2},
      {200000, 100000, 2},
      {1, 100000, 1},
      {1, 1, 1},
      {1000, 1000, 1},
      {800000, 100000, 8},
      {6400000, 100000, 64},
      {-1, 100000, 0},
      {0, 100000, 0},
      {100000, 0, 0},
      {100000, -1, 0},
      {-1, -1, 0},
      {INT64_MIN, 1, 0},
      {INT64_MAX, 1, 0},
      {INT64_MAX, INT64_MAX, 1},
      {1, INT64_MAX, 1},
      {INT32_MAX, 1, INT32_MAX},
      {std::int64_t{INT32_MAX} + 1, 1, 0},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(cpus_of_quota(row.quota, row.period), row.cpus) << row.quota << " " << row.period;
  }
}

TEST(CpuCount, CpuMaxIsAQuotaAndItsPeriod) {
  const struct {
    const char* text;
    int cpus;
  } kRows[] = {
      {"150000 100000\n", 2}, {"50000 100000\n", 1},  {"150000 100000", 2},
      {"max 100000\n", 0},    {"400000 200000\n", 2},
  };
  for (const auto& row : kRows) EXPECT_EQ(parse_cpu_max(row.text), row.cpus) << row.text;
}

TEST(CpuCount, CpuMaxThatIsNoneLimitsNothing) {
  for (const char* text :
       {"", "\n", " ", "max", "max\n", "150000", "150000 ", "150000\n", "150000 max", " 150000 1",
        "-1 100000", "150000 -1", "0 100000", "150000 0", "150000,100000", "150000x 100000",
        "99999999999999999999 100000", "150000 99999999999999999999", "1.5 1"}) {
    EXPECT_EQ(parse_cpu_max(text), 0) << text;
  }
}

TEST(CpuCount, ReplicasAreAsManyAsAskedOrWhatIsLeftOfTheCpus) {
  const struct {
    int asked;
    int cpus;
    int replicas;
  } kRows[] = {
      {1, 8, 1},  {4, 2, 4},  {10000, 1, 10000}, {-1, 8, 8},         {-1, 1, 1},         {-2, 8, 7},
      {-8, 8, 1}, {-9, 8, 1}, {-10001, 8, 1},    {-10001, 10000, 1}, {-1, 10000, 10000},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(replicas_of(row.asked, row.cpus), row.replicas) << row.asked << " of " << row.cpus;
  }
}

// ---- the files
// ---------------------------------------------------------------------------------------

// A folder with proc and sys in it, gone at the end.
class Tree {
 public:
  Tree() {
    std::string folder = testing::TempDir() + "hydrinit-cpus-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    root_ = folder;
  }
  ~Tree() { std::filesystem::remove_all(root_); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  Tree& file(const std::string& path, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << content;
    return *this;
  }
  Tree& cgroup(const std::string& lines) { return file("/proc/self/cgroup", lines); }
  Tree& mounts(const std::string& lines) { return file("/proc/self/mountinfo", lines); }
  Tree& cpu_max(const std::string& folder, const std::string& content) {
    return file("/sys/fs/cgroup" + folder + "/cpu.max", content + "\n");
  }
  // Of a hierarchy of version 1.
  Tree& cfs(const std::string& folder, const std::string& quota,
            const std::string& period = "100000") {
    file("/sys/fs/cgroup/cpu,cpuacct" + folder + "/cpu.cfs_quota_us", quota + "\n");
    return file("/sys/fs/cgroup/cpu,cpuacct" + folder + "/cpu.cfs_period_us", period + "\n");
  }

  CpuCount count() const {
    CpuCount result;
    count_cpus(root_.c_str(), result);
    return result;
  }
  // "2 by /sys/fs/cgroup/cpu.max", or "none".
  std::string quota() const {
    const CpuCount counted = count();
    if (counted.quota == 0) return "none";
    const std::string file = counted.quota_file;
    EXPECT_EQ(file.compare(0, root_.size(), root_), 0) << file;
    return std::to_string(counted.quota) + " by " +
           file.substr(std::min(root_.size(), file.size()));
  }

 private:
  std::string root_;
};

constexpr char kRootMounts[] =
    "22 1 0:21 / / rw,relatime - overlay overlay rw,lowerdir=/a:/b\n"
    "23 22 0:22 / /proc rw,nosuid - proc proc rw\n"
    "24 22 0:23 / /sys ro,nosuid - sysfs sysfs ro\n";
constexpr char kV2Mount[] =
    "30 24 0:26 / /sys/fs/cgroup ro,nosuid,nodev - cgroup2 cgroup rw,nsdelegate\n";
constexpr char kV1Line[] = "3:cpuset:/\n4:cpu,cpuacct:";

std::string v1_mount(const std::string& root) {
  return "30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
         "31 30 0:27 " +
         root +
         " /sys/fs/cgroup/cpuset ro master:8 - cgroup cgroup rw,cpuset\n"
         "32 30 0:28 " +
         root + " /sys/fs/cgroup/cpu,cpuacct ro,nosuid master:9 - cgroup cgroup rw,cpu,cpuacct\n";
}

Tree& make_v2(Tree& tree, const std::string& group) {
  return tree.cgroup("0::" + group + "\n").mounts(std::string(kRootMounts) + kV2Mount);
}

Tree& make_v1(Tree& tree, const std::string& group, const std::string& root) {
  return tree.cgroup(kV1Line + group + "\n1:name=systemd:/x\n")
      .mounts(kRootMounts + v1_mount(root));
}

TEST(Cpus, V2InItsOwnNamespaceHasItsLimitAtTheMount) {
  Tree tree;
  make_v2(tree, "/").cpu_max("", "150000 100000");
  EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/cpu.max");
}

TEST(Cpus, V2InTheHostsNamespaceHasTheLeastLimitUpTheTree) {
  const struct {
    const char* of_pod;
    const char* of_container;
    const char* quota;
  } kRows[] = {
      {"400000 100000", "150000 100000", "2 by /sys/fs/cgroup/kubepods/pod1/c/cpu.max"},
      {"100000 100000", "150000 100000", "1 by /sys/fs/cgroup/kubepods/pod1/cpu.max"},
      {"100000 100000", "max 100000", "1 by /sys/fs/cgroup/kubepods/pod1/cpu.max"},
      {"max 100000", "300000 100000", "3 by /sys/fs/cgroup/kubepods/pod1/c/cpu.max"},
      {"max 100000", "max 100000", "none"},
      // Of two equal ones it is the nearest.
      {"200000 100000", "150000 100000", "2 by /sys/fs/cgroup/kubepods/pod1/c/cpu.max"},
  };
  for (const auto& row : kRows) {
    Tree tree;
    make_v2(tree, "/kubepods/pod1/c");
    tree.cpu_max("/kubepods", "max 100000");
    tree.cpu_max("/kubepods/pod1", row.of_pod).cpu_max("/kubepods/pod1/c", row.of_container);
    // Another's limit is none of ours.
    tree.cpu_max("/kubepods/pod1/other", "10000 100000").cpu_max("/kubepods/pod2", "10000 100000");
    EXPECT_EQ(tree.quota(), row.quota);
  }
}

TEST(Cpus, V2LimitAtTheMountItselfCountsForAGroupBelow) {
  Tree tree;
  make_v2(tree, "/a/b").cpu_max("", "100000 100000").cpu_max("/a/b", "300000 100000");
  EXPECT_EQ(tree.quota(), "1 by /sys/fs/cgroup/cpu.max");
}

TEST(Cpus, V2FoldersWithoutTheControllerAreSteppedOver) {
  // cpu.max exists only where the parent enables the controller.
  Tree tree;
  make_v2(tree, "/a/b/c/d").cpu_max("/a", "200000 100000");
  tree.file("/sys/fs/cgroup/a/b/c/d/cgroup.procs", "1\n");
  EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/a/cpu.max");
}

TEST(Cpus, V2LimitOutsideTheNamespaceIsNotSeen) {
  Tree tree;
  make_v2(tree, "/").cpu_max("", "max 100000").cpu_max("/../parent", "100000 100000");
  EXPECT_EQ(tree.quota(), "none");
}

TEST(Cpus, V1OfDockerHasItsLimitAtTheMount) {
  Tree tree;
  make_v1(tree, "/docker/1234", "/docker/1234").cfs("", "150000");
  EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us");
}

TEST(Cpus, V1OfDockerCountsAGroupBelowItsOwnToo) {
  Tree tree;
  make_v1(tree, "/docker/1234/sub", "/docker/1234").cfs("", "400000").cfs("/sub", "50000");
  EXPECT_EQ(tree.quota(), "1 by /sys/fs/cgroup/cpu,cpuacct/sub/cpu.cfs_quota_us");
}

TEST(Cpus, V1InItsOwnNamespaceHasItsLimitAtTheMount) {
  Tree tree;
  make_v1(tree, "/", "/").cfs("", "300000");
  EXPECT_EQ(tree.quota(), "3 by /sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us");
}

TEST(Cpus, V1InTheHostsNamespaceHasTheLeastLimitUpTheTree) {
  const struct {
    const char* of_pod;
    const char* of_container;
    const char* quota;
  } kRows[] = {
      {"400000", "150000", "2 by /sys/fs/cgroup/cpu,cpuacct/kubepods/c/cpu.cfs_quota_us"},
      {"100000", "150000", "1 by /sys/fs/cgroup/cpu,cpuacct/kubepods/cpu.cfs_quota_us"},
      {"100000", "-1", "1 by /sys/fs/cgroup/cpu,cpuacct/kubepods/cpu.cfs_quota_us"},
      {"-1", "150000", "2 by /sys/fs/cgroup/cpu,cpuacct/kubepods/c/cpu.cfs_quota_us"},
      {"-1", "-1", "none"},
  };
  for (const auto& row : kRows) {
    Tree tree;
    make_v1(tree, "/kubepods/c", "/").cfs("", "-1");
    tree.cfs("/kubepods", row.of_pod).cfs("/kubepods/c", row.of_container);
    EXPECT_EQ(tree.quota(), row.quota);
  }
}

TEST(Cpus, V1QuotaWithoutAPeriodLimitsNothing) {
  Tree tree;
  make_v1(tree, "/", "/");
  tree.file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
  EXPECT_EQ(tree.quota(), "none");
  tree.cfs("", "100000", "0");
  EXPECT_EQ(tree.quota(), "none");
}

TEST(Cpus, HybridHasTheLimitOfVersion1BesideAVersion2WithoutControllers) {
  Tree tree;
  tree.cgroup(
      "4:cpu,cpuacct:/docker/1\n1:name=systemd:/docker/1\n0::/system.slice/docker.service\n");
  tree.mounts(
      kRootMounts + v1_mount("/docker/1") +
      "33 30 0:29 /system.slice/docker.service /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n");
  tree.cfs("", "250000").file("/sys/fs/cgroup/unified/cgroup.procs", "1\n");
  EXPECT_EQ(tree.quota(), "3 by /sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us");
}

TEST(Cpus, EachVersionHasItsOwnGroup) {
  // The groups' order in /proc/self/cgroup does not matter, nor that of the mounts.
  for (const char* lines : {"0::/two\n4:cpu:/one\n", "4:cpu:/one\n0::/two\n"}) {
    Tree tree;
    tree.cgroup(lines);
    tree.mounts("33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n" + v1_mount("/"));
    tree.cfs("/one", "500000").cfs("/two", "100000");
    tree.cpu_max("/unified/two", "400000 100000").cpu_max("/unified/one", "100000 100000");
    EXPECT_EQ(tree.quota(), "4 by /sys/fs/cgroup/unified/two/cpu.max") << lines;
  }
}

TEST(Cpus, HalfACpuIsOneAndOneAndAHalfAreTwo) {
  const struct {
    const char* quota;
    int cpus;
  } kRows[] = {{"1000", 1}, {"50000", 1}, {"100000", 1}, {"100001", 2}, {"150000", 2}};
  for (const auto& row : kRows) {
    Tree two;
    make_v2(two, "/").cpu_max("", std::string(row.quota) + " 100000");
    EXPECT_EQ(two.count().quota, row.cpus) << row.quota;
    Tree one;
    make_v1(one, "/", "/").cfs("", row.quota);
    EXPECT_EQ(one.count().quota, row.cpus) << row.quota;
  }
}

TEST(Cpus, FilesThatAreNotThereLimitNothing) {
  Tree nothing;
  EXPECT_EQ(nothing.quota(), "none");
  Tree only_group;
  only_group.cgroup("0::/\n").cpu_max("", "100000 100000");
  EXPECT_EQ(only_group.quota(), "none");
  Tree no_limits;
  make_v2(no_limits, "/a");
  EXPECT_EQ(no_limits.quota(), "none");
  Tree empty;
  empty.cgroup("").mounts("");
  EXPECT_EQ(empty.quota(), "none");
  Tree folders;
  folders.file("/proc/self/cgroup/x", "").file("/proc/self/mountinfo/x", "");
  EXPECT_EQ(folders.quota(), "none");
}

TEST(Cpus, LimitsThatAreNoNumbersLimitNothing) {
  for (const char* content : {"", "max", "x 100000", "100000", "-1 100000", "\n\n"}) {
    Tree tree;
    make_v2(tree, "/").cpu_max("", content);
    EXPECT_EQ(tree.quota(), "none") << content;
  }
}

TEST(Cpus, GroupThatIsNotKnownHasTheLimitOfTheMount) {
  Tree tree;
  tree.mounts(std::string(kRootMounts) + kV2Mount).cpu_max("", "200000 100000");
  EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/cpu.max");
}

TEST(Cpus, MountOutsideTheNamespacesRootHasTheLimitOfTheMount) {
  Tree tree;
  tree.cgroup("0::/\n").cpu_max("", "200000 100000");
  tree.mounts("30 24 0:26 /.. /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
  EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/cpu.max");
}

TEST(Cpus, GroupOutsideTheNamespacesRootHasTheLimitOfTheMount) {
  Tree tree;
  make_v2(tree, "/../other").cpu_max("", "200000 100000");
  // A path that leads there is not followed.
  tree.file("/sys/fs/other/cpu.max", "100000 100000\n");
  EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/cpu.max");
}

TEST(Cpus, GroupThatHasBeenRemovedHasTheLimitsAboveIt) {
  Tree tree;
  make_v2(tree, "/a/gone (deleted)").cpu_max("/a", "200000 100000");
  EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/a/cpu.max");
}

TEST(Cpus, LongLinesBeforeTheOneThatMattersAreReadOver) {
  // Around the sizes of a buffer, too.
  for (std::size_t length :
       {900u, 1000u, 1022u, 1023u, 1024u, 1025u, 2047u, 2048u, 5000u, 70000u}) {
    const std::string filler(length, 'x');
    Tree tree;
    tree.cgroup("1:name=" + filler + ":/\n\n0::/a\n");
    tree.mounts("22 1 0:21 / / rw - overlay overlay rw,lowerdir=" + filler + "\n\n" + kV2Mount);
    tree.cpu_max("/a", "200000 100000");
    EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/a/cpu.max") << length;
  }
}

TEST(Cpus, EndOfALongLineIsNoLineOfItsOwn) {
  // What a directory's name can hold, wherever a buffer ends before it.
  for (std::size_t length = 950; length < 1050; ++length) {
    const std::string filler(length, 'x');
    Tree tree;
    tree.cgroup("0::/a\n1:name=" + filler + "0::/decoy\n");
    tree.mounts(kV2Mount + ("22 1 0:21 / / rw - overlay overlay rw,lowerdir=" + filler) +
                "30 24 0:26 / /sys/fs/cgroup/decoy rw - cgroup2 cgroup rw\n");
    tree.cpu_max("/a", "200000 100000").cpu_max("/decoy", "100000 100000");
    EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/a/cpu.max") << length;
  }
}

TEST(Cpus, FilesThatAreTooLongAreReadAsFarAsThereIsRoom) {
  std::string lines;
  while (lines.size() < 500'000) lines += "22 1 0:21 / /mnt rw - overlay overlay rw,lowerdir=/x\n";
  Tree tree;
  tree.cgroup("0::/a\n" + lines).mounts(kV2Mount + lines).cpu_max("/a", "200000 100000");
  EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/a/cpu.max");
}

TEST(Cpus, LastLineNeedsNoNewline) {
  Tree tree;
  std::string mount = kV2Mount;
  mount.pop_back();
  tree.cgroup("0::/a").mounts(mount).cpu_max("/a", "200000 100000");
  EXPECT_EQ(tree.quota(), "2 by /sys/fs/cgroup/a/cpu.max");
}

TEST(Cpus, LongGroupOfKubernetesIsFollowedWhole) {
  const std::string pod =
      "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
      "kubelet-kubepods-burstable-pod01234567_89ab_cdef_0123_456789abcdef.slice";
  const std::string group = pod + "/cri-containerd-" + std::string(64, 'c') + ".scope";
  ASSERT_GT(group.size(), 200u);
  Tree inner;
  make_v2(inner, group).cpu_max(group, "200000 100000").cpu_max(pod, "300000 100000");
  EXPECT_EQ(inner.quota(), "2 by /sys/fs/cgroup" + group + "/cpu.max");
  Tree outer;
  make_v2(outer, group).cpu_max(group, "300000 100000").cpu_max(pod, "200000 100000");
  EXPECT_EQ(outer.quota(), "2 by /sys/fs/cgroup" + pod + "/cpu.max");
  Tree first;
  make_v1(first, group, "/").cfs(group, "300000").cfs(pod, "-1");
  EXPECT_EQ(first.quota(), "3 by /sys/fs/cgroup/cpu,cpuacct" + group + "/cpu.cfs_quota_us");
  Tree docker;
  make_v1(docker, group, group).cfs("", "100000");
  EXPECT_EQ(docker.quota(), "1 by /sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us");
}

TEST(Cpus, RealFilesAreReadToo) {
  CpuCount real;
  count_cpus("", real);
  EXPECT_GE(real.usable, 1);
  EXPECT_GT(real.affinity, 0);
  EXPECT_LE(real.usable, real.affinity);
}

// ---- affinity
// ----------------------------------------------------------------------------------------

// The machine's own, put back at the end.
class Affinity {
 public:
  Affinity() { EXPECT_EQ(sched_getaffinity(0, sizeof set_, &set_), 0); }
  ~Affinity() { EXPECT_EQ(sched_setaffinity(0, sizeof set_, &set_), 0); }
  Affinity(const Affinity&) = delete;
  Affinity& operator=(const Affinity&) = delete;

  int count() const { return CPU_COUNT(&set_); }
  // The index-th of them.
  int cpu(int index) const {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(static_cast<std::size_t>(cpu), &set_) && index-- == 0) return cpu;
    }
    return -1;
  }
  static void restrict_to(int cpu) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(cpu), &one);
    EXPECT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  }
  // Those we may run on now.
  static std::set<int> now() {
    cpu_set_t set;
    EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    std::set<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.insert(cpu);
    }
    return cpus;
  }

 private:
  cpu_set_t set_;
};

TEST(Cpus, WithoutAQuotaAllOfTheAffinityCanBeUsed) {
  const Affinity affinity;
  Tree tree;
  const CpuCount counted = tree.count();
  EXPECT_EQ(counted.affinity, affinity.count());
  EXPECT_EQ(counted.usable, affinity.count());
}

TEST(Cpus, RestrictedAffinityCounts) {
  const Affinity affinity;
  Tree tree;
  make_v2(tree, "/").cpu_max("", "100000000 100000");
  for (int i = 0; i < affinity.count(); ++i) {
    Affinity::restrict_to(affinity.cpu(i));
    const CpuCount counted = tree.count();
    EXPECT_EQ(counted.affinity, 1);
    EXPECT_EQ(counted.usable, 1);
    EXPECT_EQ(counted.quota, 1000);
  }
}

TEST(Cpus, LesserOfAffinityAndQuotaCanBeUsed) {
  const Affinity affinity;
  for (int cpus = 1; cpus <= affinity.count() + 2; ++cpus) {
    Tree tree;
    make_v2(tree, "/").cpu_max("", std::to_string(cpus * 100000) + " 100000");
    EXPECT_EQ(tree.count().quota, cpus);
    EXPECT_EQ(tree.count().usable, std::min(cpus, affinity.count()));
  }
}

TEST(Cpus, CountedRoundEveryIndexHasACpuToBePinnedTo) {
  const Affinity affinity;
  for (int index : {0, 1, 2, 3, 63, 64, 1000, kReplicasMax - 1}) {
    const Affinity restored;
    os::pin_to_cpu(index);
    EXPECT_EQ(Affinity::now(), std::set<int>{affinity.cpu(index % affinity.count())}) << index;
  }
}

TEST(Cpus, PinnedStaysWithinARestrictedAffinity) {
  const Affinity affinity;
  const int last = affinity.cpu(affinity.count() - 1);
  Affinity::restrict_to(last);
  for (int index : {0, 1, 2}) {
    os::pin_to_cpu(index);
    EXPECT_EQ(Affinity::now(), std::set<int>{last}) << index;
  }
}

// ---- paths that are too long: cut, and then not found

void write_deep_file(const std::string& path, const std::string& content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << content;
}

std::string deep_path(std::size_t length) {
  std::string path;
  while (path.size() < length) path += "/" + std::string(99, 'g');
  return path.substr(0, length);
}

int quota_of(const std::string& group, const std::string& mount_point) {
  std::string root = testing::TempDir() + "hydrinit-fault-XXXXXX";
  if (mkdtemp(root.data()) == nullptr) return -1;
  write_deep_file(root + "/proc/self/cgroup", "0::" + group + "\n");
  write_deep_file(root + "/proc/self/mountinfo",
                  "30 24 0:26 / " + mount_point + " rw - cgroup2 cgroup rw\n");
  write_deep_file(root + "/sys/fs/cgroup/cpu.max", "200000 100000\n");
  CpuCount counted;
  count_cpus(root.c_str(), counted);
  std::filesystem::remove_all(root);
  return counted.quota;
}

TEST(Cpus, GroupOfAnyLengthIsCut) {
  for (std::size_t length = 400; length < 1000; ++length) {
    EXPECT_EQ(quota_of(deep_path(length), "/sys/fs/cgroup"), 2) << length;
  }
}

TEST(Cpus, MountPointOfAnyLengthIsCut) {
  for (std::size_t length = 400; length < 1000; ++length) {
    EXPECT_EQ(quota_of("/a", deep_path(length)), 0) << length;
  }
}

}  // namespace
}  // namespace hydrinit
