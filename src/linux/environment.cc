#include "linux/environment.h"

namespace hydrinit {
namespace {

bool same_variable(const char* a, const char* b) {
  while (*a == *b && *a != '=' && *a != '\0') {
    ++a;
    ++b;
  }
  return *a == '=' && *b == '=';
}

// One of the first count is called so.
bool has_variable(char** environment, int count, const char* entry) {
  while (count > 0 && !same_variable(environment[count - 1], entry)) --count;
  return count > 0;
}

}  // namespace

std::size_t ReplicaEnvironment::size(char** environment) {
  std::size_t count = 0;
  while (environment[count] != nullptr) ++count;
  return count + kOwnMax + 1;
}

// The last variable ends, and the next begins.
void ReplicaEnvironment::begin(Text& out) {
  out.put('\0');
  environment_[own_++] = text_ + out.view().size();
}

// name may go on behind a '='. Should --index-env be called as another, it is the one that counts.
void ReplicaEnvironment::put_number(Text& out, const char* name, int number) {
  const char* const index = config_->index_env;
  if (index != nullptr && index != name) {
    const char* const rest = after(index, name);
    if (rest != nullptr && (*rest == '=' || *rest == '\0')) return;
  }
  begin(out);
  for (; *name != '=' && *name != '\0'; ++name) out.put(*name);
  out.add("=%d", number);
}

void ReplicaEnvironment::put_listen(Text& out) {
  begin(out);
  // It names us: whoever is started is put in our place (linux/spawner).
  out.add("LISTEN_PID=%d", os::own_pid());
  begin(out);
  out.add("LISTEN_FDS=%d", static_cast<int>(config_->listen.size()));
  begin(out);
  out.put("LISTEN_FDNAMES");
  char separator = '=';
  for (const char* item : config_->listen) {
    const ListenSpec spec = listen_of(item);
    out.put(separator);
    separator = ':';
    // What sd_listen_fds_with_names(3) calls one without a name.
    if (spec.name_length == 0) out.put("unknown");
    for (int c = 0; c < spec.name_length; ++c) out.put(spec.name[c]);
  }
}

void ReplicaEnvironment::prepare(char** environment, char** room, const Config& config,
                                 const char* home) {
  config_ = &config;
  environment_ = room;
  Text text(home_);
  if (home != nullptr) text.put(home);
  for (const char* base = config.index_env; base != nullptr && *base != '\0';) {
    if (*base++ == '=') base_ = static_cast<int>(take_number(base, INT32_MAX));
  }
  Text(notify_).put("NOTIFY_SOCKET=");
  of_slot(0, 0);
  room += own_;
  for (; *environment != nullptr; ++environment) {
    if (!has_variable(environment_, own_, *environment)) *room++ = *environment;
  }
  *room = nullptr;
}

char** ReplicaEnvironment::of_slot(int slot, int count) {
  const Config& config = *config_;
  Text out(text_);
  own_ = 0;
  const bool listens = config.listen.size() > 0;
  if (listens) put_listen(out);
  if (config.supervises()) {
    if (config.index_env != nullptr) put_number(out, config.index_env, base_ + slot);
    put_number(out, "HYDRINIT_REPLICA", slot);
    put_number(out, "HYDRINIT_REPLICA_COUNT", count);
    put_number(out, "NODE_APP_INSTANCE", slot);
    if (config.ready_by == ReadyBy::notify) {
      begin(out);
      out.put(notify_);
    }
  }
  if (home_[0] != '\0') {
    begin(out);
    out.put("HOME=");
    out.put(home_);
  }
  out.put('\0');
  // The first is LISTEN_PID.
  return environment_ + (listens && !config.listen_pid ? 1 : 0);
}

}  // namespace hydrinit
