// The environment of replicas: ours, with what each is told in it: its number, its sockets, how it
// says that it is up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/config.h"
#include "linux/links.h"

namespace hydrinit {

class ReplicaEnvironment {
 public:
  // How many pointers it needs room for.
  static std::size_t size(char** environment);

  // Comes first. room and config outlive it. home: nullptr if it stays. Variables of the same names
  // in the environment are left out.
  void prepare(char** environment, char** room, const Config& config, const char* home);

  // The environment for that slot, until the next call.
  char** of_slot(int slot, int count);

  // Where its NOTIFY_SOCKET is to be written, each time anew.
  using Notify = char[Links::kVariableMax];
  Notify& notify() { return notify_; }

 private:
  // Each is NAME=NUMBER; the first is --index-env's.
  static constexpr int kNumbers = 4;
  static constexpr int kOwn = kNumbers + 5;
  static constexpr std::size_t kDigitsMax = 16;
  static constexpr std::size_t kHomeMax = 256 + 8;

  void put_listen(const Config& config);

  char numbers_[kNumbers][kIndexNameMax + kDigitsMax]{};
  int base_ = 0;
  std::uint8_t number_at_[kNumbers]{};
  char listen_fds_[kDigitsMax + 16]{};
  char listen_pid_[kDigitsMax + 16]{};
  char listen_names_[kListenMax * (kListenNameMax + 1) + 16]{};
  char home_[kHomeMax]{};
  Notify notify_{};
  char** environment_ = nullptr;
};

}  // namespace hydrinit
