#include "linux/environment.h"

#include "core/text.h"

namespace hydrinit {

std::size_t ReplicaEnvironment::size(char** environment) {
  std::size_t count = 0;
  while (environment[count] != nullptr) ++count;
  return count + kOwn + 1;
}

void ReplicaEnvironment::prepare(char** environment, char** room, const char* index_env) {
  environment_ = room;
  // --index-env's comes first: should it be called as one of the others, it is the one that counts.
  const char* const names[kOwn] = {index_env, "HYDRINIT_REPLICA", "HYDRINIT_REPLICA_COUNT",
                                   "NODE_APP_INSTANCE"};
  for (int i = index_env != nullptr ? 0 : 1; i < kOwn; ++i) {
    char* end = own_[i];
    const char* from = names[i];
    while (*from != '=' && *from != '\0') *end++ = *from++;
    *end++ = '=';
    // Only --index-env's goes on with its base.
    if (*from++ == '=') base_ = static_cast<int>(take_number(from, INT32_MAX));
    bool taken = false;
    for (char** other = environment_; other < room; ++other) taken |= begins(*other, own_[i]);
    number_at_[i] = static_cast<std::uint8_t>(end - own_[i]);
    if (!taken) *room++ = own_[i];
  }
  for (; *environment != nullptr; ++environment) {
    bool replaced = false;
    for (const char* own : own_) replaced |= *own != '\0' && begins(*environment, own);
    if (!replaced) *room++ = *environment;
  }
  *room = nullptr;
}

char** ReplicaEnvironment::of_slot(int slot, int count) {
  for (int i = 0; i < kOwn; ++i) {
    Text text(own_[i] + number_at_[i], kDigitsMax);
    text.put_number(i == 0 ? base_ + slot : i == 2 ? count : slot);
    text.put('\0');
  }
  return environment_;
}

}  // namespace hydrinit
