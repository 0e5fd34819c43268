// The texts of /etc/passwd and /etc/group (passwd(5), group(5)), for --user: without NSS, as a
// static program in a container has none.
#pragma once

#include <cstdint>

#include "core/types.h"

namespace hydrinit {

// As many as Linux gave before 2.6.4; the rest would be left out in silence.
inline constexpr std::size_t kGroupsMax = 32;
inline constexpr int kAccountNameMax = 32;

struct Account {
  bool found = false;  // what was asked for is known, or a number
  bool group_found = false;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  char* name = nullptr;  // into the text of /etc/passwd; nullptr: not in it
  const char* home = "/";
  FixedVec<std::uint32_t, kGroupsMax> groups{};  // supplementary, without gid
  bool too_many_groups = false;
};

// NAME or UID[:GROUP or GID]. passwd and groups are the whole texts, "" for a file that is not
// there; they are cut into fields. A number needs no entry, but then a group must be named or is
// that number's own: gid = uid.
Account find_account(const char* asked, char* passwd, char* groups);

}  // namespace hydrinit
