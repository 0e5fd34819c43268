#include "linux/environment.h"

#include "core/text.h"

namespace hydrinit {
namespace {

// How long the name is; the '=' behind it not counted.
int name_length(const char* entry) {
  int length = 0;
  while (entry[length] != '=' && entry[length] != '\0') ++length;
  return length;
}

bool same_name(const char* entry, const char* own) {
  const int length = name_length(own);
  if (name_length(entry) != length) return false;
  for (int i = 0; i < length; ++i) {
    if (entry[i] != own[i]) return false;
  }
  return true;
}

// Writes the number behind the name and its '='.
template <std::size_t Size>
void set_number(char (&entry)[Size], int number) {
  char digits[16];
  Text text(digits);
  text.add("%d", number);
  text.put('\0');
  int at = name_length(entry) + 1;
  for (const char* digit = digits; *digit != '\0'; ++digit) entry[at++] = *digit;
  entry[at] = '\0';
}

}  // namespace

std::size_t ReplicaEnvironment::size(char** environment) {
  std::size_t count = 0;
  while (environment[count] != nullptr) ++count;
  return count + kOwn + 1;
}

void ReplicaEnvironment::prepare(char** environment, char** room, const char* index_env) {
  indexed_ = index_env != nullptr;
  environment_ = room;
  const char* names[kOwn] = {"HYDRINIT_REPLICA", "HYDRINIT_REPLICA_COUNT", "NODE_APP_INSTANCE",
                             index_env};
  if (indexed_ && same_name(index_env, names[2])) names[2] = "";
  for (int i = 0; i < kOwn && names[i] != nullptr; ++i) {
    Text text(own_[i]);
    text.put_shown(names[i], name_length(names[i]));
    text.put('=');
    text.put('\0');
    if (*names[i] != '\0') *room++ = own_[i];
  }
  if (indexed_ && index_env[name_length(index_env)] == '=') {
    const char* base = index_env + name_length(index_env) + 1;
    base_ = static_cast<int>(parse_number(base, INT32_MAX));
  }
  for (; *environment != nullptr; ++environment) {
    bool replaced = false;
    for (const auto& own : own_) replaced |= own[0] != '\0' && same_name(*environment, own);
    if (!replaced) *room++ = *environment;
  }
  *room = nullptr;
}

char** ReplicaEnvironment::of_slot(int slot, int count) {
  set_number(own_[0], slot);
  set_number(own_[1], count);
  set_number(own_[2], slot);
  if (indexed_) set_number(own_[3], base_ + slot);
  return environment_;
}

}  // namespace hydrinit
