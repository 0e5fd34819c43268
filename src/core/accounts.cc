#include "core/accounts.h"

#include "core/text.h"

namespace hydrinit {
namespace {

constexpr std::int64_t kIdMax = UINT32_MAX - 1;  // the last means "unchanged" (setuid(2))

// The text is spelled out by the first length characters of word.
bool spells(const char* word, std::size_t length, const char* text) {
  return after(word, text) == word + length;
}

// The word as a number; negative: it is none.
std::int64_t id_of(const char* word, std::size_t length) {
  const char* cursor = word;
  const std::int64_t id = take_number(cursor, kIdMax);
  return cursor == word + length ? id : -1;
}

}  // namespace

Account find_account(const char* asked, char* passwd, char* groups) {
  Account account;
  std::size_t length = 0;
  while (asked[length] != '\0' && asked[length] != ':') ++length;
  const std::int64_t uid = id_of(asked, length);
  const char* group = asked[length] == ':' ? asked + length + 1 : nullptr;
  if (uid >= 0) {
    account.found = true;
    account.uid = static_cast<std::uint32_t>(uid);
    account.gid = account.uid;
    account.group_found = true;
  }
  while (*passwd != '\0' && account.name == nullptr) {
    char* line = cut_field(passwd, '\n');
    char* const name = cut_field(line, ':');
    cut_field(line, ':');
    const std::int64_t entry_uid = parse_number(cut_field(line, ':'), kIdMax);
    const std::int64_t entry_gid = parse_number(cut_field(line, ':'), kIdMax);
    if (entry_uid < 0 || entry_gid < 0) continue;
    if (uid >= 0 ? entry_uid != uid : !spells(asked, length, name)) continue;
    account.found = true;
    account.group_found = true;
    account.name = name;
    account.uid = static_cast<std::uint32_t>(entry_uid);
    account.gid = static_cast<std::uint32_t>(entry_gid);
    cut_field(line, ':');
    account.home = cut_field(line, ':');
  }
  std::int64_t gid = -1;
  if (group != nullptr) {
    gid = parse_number(group, kIdMax);
    account.group_found = gid >= 0;
    if (gid >= 0) account.gid = static_cast<std::uint32_t>(gid);
  }
  while (*groups != '\0') {
    char* line = cut_field(groups, '\n');
    const char* const name = cut_field(line, ':');
    cut_field(line, ':');
    const std::int64_t entry = parse_number(cut_field(line, ':'), kIdMax);
    if (entry < 0) continue;
    const auto id = static_cast<std::uint32_t>(entry);
    if (group != nullptr && gid < 0 && !account.group_found && equal(name, group)) {
      account.gid = id;
      account.group_found = true;
    }
    // A group that is named is all that is wanted, as with gosu and `docker run -u`.
    if (group != nullptr || account.name == nullptr || id == account.gid) continue;
    if (lists(line, account.name)) account.too_many_groups |= !account.groups.push(id);
  }
  return account;
}

}  // namespace hydrinit
