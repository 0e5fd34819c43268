#include "core/port_options.h"

#include "core/text.h"
#include "core/values.h"

namespace hydrinit {
namespace {

using Said = Notice::Kind;

Notice refusal(Said kind, const char* name, const char* value) {
  Notice notice;
  notice.kind = kind;
  notice.name = name;
  notice.value = value;
  return notice;
}

bool same(const char* a, int a_length, const char* b, int b_length) {
  for (int i = 0; i < a_length; ++i) {
    if (a_length != b_length || a[i] != b[i]) return false;
  }
  return a_length == b_length;
}

// Before they listen the kernel lets us bind an address a second time (socket(7), SO_REUSEADDR).
bool alike(const ListenSpec& a, const ListenSpec& b) {
  return same(a.text, a.length, b.text, b.length) ||
         (a.name_length > 0 && same(a.name, a.name_length, b.name, b.name_length));
}

}  // namespace

bool read_ready(const char* value, Config& config) {
  const char* const number = after(value, "fd:");
  const int word = word_number(value, "none\0notify\0listen\0");
  config.ready_by = ReadyBy::time;
  if (number != nullptr) {
    const std::int64_t fd = parse_number(number, kReadyFdMax);
    config.ready_by = ReadyBy::descriptor;
    config.ready_fd = static_cast<std::uint8_t>(fd);
    return fd >= kReadyFdMin;
  }
  if (word > 1) config.ready_by = word == 2 ? ReadyBy::notify : ReadyBy::listen;
  config.ready = word != 0 ? Millis{} : parse_duration(value);
  return config.ready.count >= 0;
}

bool read_listen(const char* list, Config& config) {
  while (true) {
    ListenSpec spec;
    const char* const begin = list;
    if (!take_listen(list, spec) || !config.listen.push(begin)) return false;
    if (*list++ == '\0') return true;
  }
}

bool read_share(const char* value, Config& config) {
  config.share = value;
  if (*value == '\0') return true;
  while (take_port(value) != 0) {
    if (*value == '\0') return true;
    if (*value++ != ',') return false;
  }
  return false;
}

bool read_user(const char* value, Config& config) {
  config.user = value;
  int length = 0;
  while (value[length] != '\0') ++length;
  return length > 0 && length <= kUserMax && *value != ':' && value[length - 1] != ':';
}

bool names_port(const char* ports, int port) {
  while (*ports != '\0') {
    if (take_port(ports) == port) return true;
    if (*ports == ',') ++ports;
  }
  return false;
}

Notice check_ports(const Config& config) {
  if (config.ready_by == ReadyBy::listen && config.share == nullptr)
    return refusal(Said::needs_other, "ready listen", "share");
  if ((config.share != nullptr || config.logs()) && !config.supervises())
    return refusal(Said::needs_other, config.logs() ? "log" : "share", "replicas");
  const int behind = kListenFdFirst + static_cast<int>(config.listen.size());
  if (config.ready_by == ReadyBy::descriptor && config.ready_fd < behind)
    return refusal(Said::given_twice, "ready", "listen");
  for (std::size_t i = 0; i < config.listen.size(); ++i) {
    const ListenSpec spec = listen_of(config.listen[i]);
    if (config.share != nullptr && spec.kind == ListenSpec::Kind::tcp &&
        names_port(config.share, spec.address.port()))
      return refusal(Said::given_twice, "share", "listen");
    for (std::size_t j = 0; j < i; ++j) {
      if (alike(spec, listen_of(config.listen[j])))
        return refusal(Said::given_twice, "listen", "listen");
    }
  }
  return {};
}

}  // namespace hydrinit
