// The environment of replicas: ours, with each one's number in it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/config.h"

namespace hydrinit {

class ReplicaEnvironment {
 public:
  // How many pointers it needs room for.
  static std::size_t size(char** environment);

  // Comes first. room and index_env (NAME or NAME=BASE, nullptr for none) outlive it. Variables of
  // the same names in the environment are left out.
  void prepare(char** environment, char** room, const char* index_env);

  // The environment for that slot, until the next call.
  char** of_slot(int slot, int count);

 private:
  // Each is NAME=NUMBER; the first is --index-env's.
  static constexpr int kOwn = 4;
  static constexpr std::size_t kDigitsMax = 16;
  char own_[kOwn][kIndexNameMax + kDigitsMax]{};
  int base_ = 0;
  std::uint8_t number_at_[kOwn]{};
  char** environment_ = nullptr;
};

}  // namespace hydrinit
