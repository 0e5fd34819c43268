// The options about ports, readiness and the user: how their values are read, and what excludes
// what.
#pragma once

#include "core/config.h"
#include "core/notice.h"

namespace hydrinit {

// Descriptors that --ready fd:N can name: above the standard streams, below hydrinit's own.
inline constexpr int kReadyFdMin = 3;
inline constexpr int kReadyFdMax = 63;
// The longest value of --user that is looked up.
inline constexpr int kUserMax = 64;

// Each returns false for a value that the option does not take.
bool read_ready(const char* value, Config& config);
bool read_listen(const char* list, Config& config);
bool read_share(const char* value, Config& config);
bool read_user(const char* value, Config& config);

// The port is one of those that --share names; it has been read before.
bool names_port(const char* ports, int port);

// What cannot be, of those options together; kind none if all is well.
Notice check_ports(const Config& config);

}  // namespace hydrinit
