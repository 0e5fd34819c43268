// The environment of replicas: ours, with what each is told in it: its number, its sockets, how it
// says that it is up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/config.h"
#include "core/text.h"
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

  // Where its NOTIFY_SOCKET is to be written before.
  using Notify = char[Links::kVariableMax];
  Notify& notify() { return notify_; }

 private:
  static constexpr int kOwnMax = 9;
  static constexpr std::size_t kHomeMax = 256;  // with a zero behind it
  static constexpr std::size_t kTextMax =
      kListenMax * (kListenNameMax + 1) + kIndexNameMax + kHomeMax + 256;

  void begin(Text& out);
  void put_number(Text& out, const char* name, int number);
  void put_listen(Text& out);

  const Config* config_ = nullptr;
  int base_ = 0;  // of --index-env
  int own_ = 0;   // how many of environment_ are not as we were given them
  char** environment_ = nullptr;
  Notify notify_{};
  char text_[kTextMax]{};  // most of it stays untouched
  char home_[kHomeMax]{};
};

}  // namespace hydrinit
