// What is read of others: control groups, accounts, notifications, and the values of commands. The
// first byte chooses which.

#include <string>

#include "core/accounts.h"
#include "core/command.h"
#include "core/cpu_count.h"
#include "core/listen.h"
#include "core/readiness.h"
#include "core/signals.h"
#include "input.h"

using namespace hydrinit;
using hydrinit_fuzz::Input;
using hydrinit_fuzz::require;

namespace {

void fuzz_cgroups(Input& input) {
  std::string mounts = input.text();
  std::string groups = input.text();
  char* rest = groups.data();
  const char* group = "";
  while (*rest != '\0') {
    const CgroupLine line = parse_cgroup_line(cut_field(rest, '\n'));
    if (line.version != CgroupVersion::none) group = line.path;
  }
  rest = mounts.data();
  while (*rest != '\0') {
    const CgroupLine line = parse_mount_line(cut_field(rest, '\n'));
    if (line.version == CgroupVersion::none) continue;
    require(line.mount_point != nullptr && line.path != nullptr);
    require(group_below(line, group) != nullptr);
  }
  require(parse_cpu_max(input.text().c_str()) >= 0);
}

void fuzz_accounts(Input& input) {
  const std::string asked = input.text();
  std::string passwd = input.text();
  std::string groups = input.text();
  const Account account = find_account(asked.c_str(), passwd.data(), groups.data());
  require(account.groups.size() <= kGroupsMax);
  require(account.home != nullptr);
}

void fuzz_listen(Input& input) {
  const std::string list = input.text();
  const char* at = list.c_str();
  const char* const end = at + list.size();
  ListenSpec spec;
  if (!take_listen(at, spec)) return;
  require(at <= end && spec.text >= list.c_str() && spec.text + spec.length <= end);
  require(spec.name_length <= kListenNameMax);
  if (spec.kind != ListenSpec::Kind::unix_stream)
    require(spec.address.port() > 0 && spec.address.port() <= 65535);
}

void fuzz_command(Input& input) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | input.byte();
  const Command command = unpack(value);
  if (command.request != Request::none) require(pack(command) == value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  switch (input.byte() % 5) {
  case 0: fuzz_cgroups(input); break;
  case 1: fuzz_accounts(input); break;
  case 2: fuzz_listen(input); break;
  case 3: fuzz_command(input); break;
  default: {
    const std::string text = input.text();
    (void)parse_notification(text);
    (void)parse_newline(text);
    require(parse_signal(text.c_str()) <= kSignalMax);
  }
  }
  return 0;
}
