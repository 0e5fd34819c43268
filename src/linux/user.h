// --user: becomes another user for good, as gosu and su-exec do before they execute: groups, user,
// no capability left. Names are looked up in /etc/passwd and /etc/group alone.
#pragma once

#include "core/accounts.h"
#include "linux/os.h"

namespace hydrinit {

struct User {
  static constexpr std::size_t kHomeMax = 256;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  FixedVec<std::uint32_t, kGroupsMax> groups{};
  char home[kHomeMax] = "/";
};

// False: the user or the group is not known. Fails when the user has more groups than there is
// room for, or there is no memory.
bool find_user(const char* asked, User& out, Error& error);

// Fails with EPERM for whoever is neither root nor that user already.
Error become_user(const User& user);

}  // namespace hydrinit
