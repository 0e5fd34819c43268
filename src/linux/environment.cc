#include "linux/environment.h"

#include "core/text.h"

namespace hydrinit {
namespace {

bool same_variable(const char* a, const char* b) {
  while (*a == *b && *a != '=' && *a != '\0') {
    ++a;
    ++b;
  }
  return *a == '=' && *b == '=';
}

}  // namespace

std::size_t ReplicaEnvironment::size(char** environment) {
  std::size_t count = 0;
  while (environment[count] != nullptr) ++count;
  return count + kOwn + 1;
}

// LISTEN_PID names us: whoever is started is put in our place (linux/spawner).
void ReplicaEnvironment::put_listen(const Config& config) {
  Text fds(listen_fds_);
  fds.add("LISTEN_FDS=%d", static_cast<int>(config.listen.size()));
  fds.put('\0');
  Text pid(listen_pid_);
  pid.add("LISTEN_PID=%d", os::own_pid());
  pid.put('\0');
  Text names(listen_names_);
  names.put("LISTEN_FDNAMES=");
  for (std::size_t i = 0; i < config.listen.size(); ++i) {
    ListenSpec spec;
    const char* cursor = config.listen[i];
    (void)take_listen(cursor, spec);  // it has been checked
    if (i > 0) names.put(':');
    // What sd_listen_fds_with_names(3) calls one without a name.
    if (spec.name_length == 0) names.put("unknown");
    for (int c = 0; c < spec.name_length; ++c) names.put(spec.name[c]);
  }
  names.put('\0');
}

void ReplicaEnvironment::prepare(char** environment, char** room, const Config& config,
                                 const char* home) {
  environment_ = room;
  char* own[kOwn]{};
  int count = 0;
  const char* const index_env = config.index_env;
  // --index-env's comes first: should it be called as one of the others, it is the one that counts.
  const char* const names[kNumbers] = {index_env, "HYDRINIT_REPLICA", "HYDRINIT_REPLICA_COUNT",
                                       "NODE_APP_INSTANCE"};
  for (int i = index_env != nullptr ? 0 : 1; i < kNumbers && config.supervises(); ++i) {
    Text text(numbers_[i]);
    for (const char* c = names[i]; *c != '=' && *c != '\0'; ++c) text.put(*c);
    text.put('=');
    number_at_[i] = static_cast<std::uint8_t>(text.view().size());
    own[count++] = numbers_[i];
  }
  const char* base = index_env != nullptr ? index_env + number_at_[0] : "";
  // NAME alone ends a byte before: its base is 0.
  if (number_at_[0] != 0 && base[-1] == '=') base_ = static_cast<int>(take_number(base, INT32_MAX));
  if (config.listen.size() > 0) {
    put_listen(config);
    own[count++] = listen_fds_;
    own[count++] = listen_names_;
    own[count++] = listen_pid_;
  }
  if (config.ready_by == ReadyBy::notify && config.supervises()) {
    Text(notify_).put("NOTIFY_SOCKET=");
    own[count++] = notify_;
  }
  if (home != nullptr) {
    Text text(home_);
    text.put("HOME=");
    text.put(home);
    text.put('\0');
    own[count++] = home_;
  }
  for (int i = 0; i < count; ++i) {
    bool taken = false;
    for (char** other = environment_; other < room; ++other) taken |= same_variable(*other, own[i]);
    if (!taken && (own[i] != listen_pid_ || config.listen_pid)) *room++ = own[i];
  }
  for (; *environment != nullptr; ++environment) {
    bool replaced = false;
    for (int i = 0; i < count; ++i) replaced |= same_variable(*environment, own[i]);
    if (!replaced) *room++ = *environment;
  }
  *room = nullptr;
}

char** ReplicaEnvironment::of_slot(int slot, int count) {
  for (int i = 0; i < kNumbers; ++i) {
    if (number_at_[i] == 0) continue;
    Text text(numbers_[i] + number_at_[i], kDigitsMax);
    text.put_number(i == 0 ? base_ + slot : i == 2 ? count : slot);
    text.put('\0');
  }
  return environment_;
}

}  // namespace hydrinit
