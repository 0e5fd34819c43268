#include "linux/user.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/packed.h"
#include "core/text.h"

namespace hydrinit {
namespace {

// Each file; what is longer is cut.
constexpr std::size_t kFileMax = std::size_t{256} * 1024;

// On 32 bits the plain calls take 16-bit numbers (setuid(2)).
#ifdef SYS_setuid32
constexpr std::uintptr_t kSetuid = SYS_setuid32;
constexpr std::uintptr_t kSetgid = SYS_setgid32;
constexpr std::uintptr_t kSetgroups = SYS_setgroups32;
#else
constexpr std::uintptr_t kSetuid = SYS_setuid;
constexpr std::uintptr_t kSetgid = SYS_setgid;
constexpr std::uintptr_t kSetgroups = SYS_setgroups;
#endif

// capset(2): version 3 has two sets of 32.
struct CapabilityHeader {
  std::uint32_t version;
  int pid;
};
struct CapabilityData {
  std::uint32_t effective;
  std::uint32_t permitted;
  std::uint32_t inheritable;
};
constexpr std::uint32_t kCapabilityVersion3 = 0x20080522;

}  // namespace

bool find_user(const char* asked, User& out, Error& error) {
  auto* const memory = static_cast<char*>(os::map_memory(2 * kFileMax));
  if (memory == nullptr) {
    error = {"mmap", errno};
    return true;
  }
  // A file that is not there knows nobody; a number needs none.
  (void)os::read_file("/etc/passwd", {memory, kFileMax});
  (void)os::read_file("/etc/group", {memory + kFileMax, kFileMax});
  const Account account = find_account(asked, memory, memory + kFileMax);
  out.uid = account.uid;
  out.gid = account.gid;
  out.groups = account.groups;
  Text home(out.home);
  home.put(account.home);
  home.put('\0');
  if (account.too_many_groups) error = {"groups", E2BIG};
  os::unmap_memory(memory, 2 * kFileMax);
  return account.found && account.group_found;
}

Error become_user(const User& user) {
  if (::geteuid() == user.uid && ::getegid() == user.gid && user.uid != 0) return {};
  CapabilityHeader header{kCapabilityVersion3, 0};
  const CapabilityData none[2]{};
  const auto address = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at); };
  const std::uintptr_t steps[][3] = {
      {kSetgroups, user.groups.size(), address(user.groups.begin())},
      {kSetgid, user.gid},
      {kSetuid, user.uid},
      // setuid has taken those that are permitted, unless it was told not to (capabilities(7)).
      {SYS_capset, address(&header), address(none)},
      // setuid also made us undumpable, and then not even we could open our own files of /proc
      // (prctl(2)).
      {SYS_prctl, PR_SET_DUMPABLE, 1},
  };
  const char* name = "setgroups\0setgid\0setuid\0capset\0prctl";
  for (const auto& step : steps) {
    if (step[0] == SYS_capset && user.uid == 0) break;
    const Error error =
        os::result_of(::syscall(static_cast<long>(step[0]), step[1], step[2]), name);
    if (error.failed()) return error;
    name = skip_strings(name, 1);
  }
  return {};
}

}  // namespace hydrinit
