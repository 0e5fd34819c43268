#include "core/readiness.h"

namespace hydrinit {

Heard parse_notification(std::string_view message) {
  Heard said;
  while (!message.empty()) {
    std::size_t size = 0;
    while (size < message.size() && message[size] != '\n') ++size;
    const std::string_view line(message.data(), size);
    said.ready |= line == "READY=1";
    said.stopping |= line == "STOPPING=1";
    message.remove_prefix(size < message.size() ? size + 1 : size);
  }
  return said;
}

Heard parse_newline(std::string_view text) {
  Heard said;
  for (char c : text) said.ready |= c == '\n';
  return said;
}

}  // namespace hydrinit
