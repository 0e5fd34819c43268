// Each of these fails on the sources as they are; they belong into the files of their modules.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "command_line.h"
#include "linux/cpus.h"
#include "story.h"

namespace hydrinit {
namespace {

void write_file(const std::string& path, const std::string& content) {
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
  write_file(root + "/proc/self/cgroup", "0::" + group + "\n");
  write_file(root + "/proc/self/mountinfo",
             "30 24 0:26 / " + mount_point + " rw - cgroup2 cgroup rw\n");
  write_file(root + "/sys/fs/cgroup/cpu.max", "200000 100000\n");
  CpuCount counted;
  count_cpus(root.c_str(), counted);
  std::filesystem::remove_all(root);
  return counted.quota;
}

// cpus.cc:39: index 512 out of bounds for type 'char [512]': a Text that is full does not take the
// '\0' either.
TEST(Fault, GroupOfAnyLengthIsCut) {
  for (std::size_t length = 400; length < 1000; ++length) {
    EXPECT_EQ(quota_of(deep_path(length), "/sys/fs/cgroup"), 2) << length;
  }
}

TEST(Fault, MountPointOfAnyLengthIsCut) {
  for (std::size_t length = 400; length < 1000; ++length) {
    EXPECT_EQ(quota_of("/a", deep_path(length)), 0) << length;
  }
}

TEST(Fault, DelayOfWeeksIsToldAsALongOne) {
  Config config;
  config.replicas = 2;
  config.restart = Restart::always;
  config.exit_when = ExitWhen::failed;
  config.restart_delay = config.restart_max_delay = Millis{std::int64_t{40} * 24 * 3600 * 1000};
  Story story(config, true, 2, 4);
  story.start().at(2000).quietly().exited(3, 1);
  // 40 days are more than 2^31 ms.
  EXPECT_EQ(story.transcript().find("restart 1 in -"), std::string::npos);
}

// A matter of taste: a bad value before --help is refused as well.
TEST(Fault, HelpIsShownWhateverContradictsItself) {
  EXPECT_FALSE(CommandLine({"hydrinit", "--restart-delay=1m", "--help"}).refused());
  EXPECT_FALSE(CommandLine({"tini", "--version"}, {"HYDRINIT_RESTART_DELAY=1m"}).refused());
}

}  // namespace
}  // namespace hydrinit
