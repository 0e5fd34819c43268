// What a program says of itself: sd_notify(3)'s messages, and the newline of s6's notification
// descriptor.
#pragma once

#include <string_view>

namespace hydrinit {

struct Heard {
  bool ready = false;
  bool stopping = false;
};

// "READY=1\nSTATUS=...": assignments, one a line; those that are not known mean nothing.
Heard parse_notification(std::string_view message);
// Anything up to a newline.
Heard parse_newline(std::string_view text);

}  // namespace hydrinit
