#include "linux/bind_proxy.h"

#include <endian.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "core/port_options.h"
#include "core/text.h"

namespace hydrinit {

// linux/seccomp.h and linux/audit.h, which cannot be had beside every libc.
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = 0xC000003E;
#elif defined(__i386__)
constexpr std::uint32_t kArchitecture = 0x40000003;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = 0xC00000B7;
#elif defined(__arm__)
constexpr std::uint32_t kArchitecture = 0x40000028;
#elif defined(__powerpc64__)
constexpr std::uint32_t kArchitecture = 0xC0000015;
#elif defined(__s390x__)
constexpr std::uint32_t kArchitecture = 0x80000016;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t kArchitecture = 0xC00000F3;
#else
#error "which AUDIT_ARCH_ of linux/audit.h is this?"
#endif

constexpr int kSetModeFilter = 1;  // SECCOMP_SET_MODE_FILTER
constexpr long kSpecAllow = 4;     // SECCOMP_FILTER_FLAG_SPEC_ALLOW
constexpr long kNewListener = 8;
// A signal must not make bind(2) fail with EINTR while we answer; since Linux 5.19.
constexpr long kWaitKillable = 32;

struct SyscallData {
  std::int32_t number;
  std::uint32_t architecture;
  std::uint64_t instruction_pointer;
  std::uint64_t arguments[6];
};
struct Notification {
  std::uint64_t id;
  std::uint32_t pid;
  std::uint32_t flags;
  SyscallData data;
};
struct Response {
  std::uint64_t id;
  std::int64_t value;
  std::int32_t error;
  std::uint32_t flags;
};
struct AddFd {
  std::uint64_t id;
  std::uint32_t flags;
  std::uint32_t source;
  std::uint32_t target;
  std::uint32_t target_flags;
};
constexpr std::uint32_t kContinue = 1;  // SECCOMP_USER_NOTIF_FLAG_CONTINUE
constexpr std::uint32_t kSetFd = 1;     // SECCOMP_ADDFD_FLAG_SETFD

// _IOC() of asm-generic/ioctl.h; two architectures have the directions' bits elsewhere.
constexpr unsigned long request(bool reads, unsigned long number, unsigned long size) {
#if defined(__powerpc64__)
  const unsigned long direction = (reads ? 6UL : 4UL) << 29;
#else
  const unsigned long direction = (reads ? 3UL : 1UL) << 30;
#endif
  return direction | size << 16 | static_cast<unsigned long>('!') << 8 | number;
}
constexpr unsigned long kReceive = request(true, 0, sizeof(Notification));
constexpr unsigned long kSend = request(true, 1, sizeof(Response));
constexpr unsigned long kStillValid = request(false, 2, sizeof(std::uint64_t));
constexpr unsigned long kAddFd = request(false, 3, sizeof(AddFd));

// ---- the filter --------------------------------------------------------------------------------

constexpr std::uint32_t kAllow = 0x7fff0000;   // SECCOMP_RET_ALLOW
constexpr std::uint32_t kNotify = 0x7fc00000;  // SECCOMP_RET_USER_NOTIF
constexpr std::uint32_t kNumberAt = 0;
constexpr std::uint32_t kArchitectureAt = 4;
// The lower half of an argument.
constexpr std::uint32_t argument_at(std::uint32_t i) {
  return 16 + 8 * i + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
}

// Where there is one call for all of sockets, too, glibc takes that: on i386 and s390x
// (socketcall(2)). Its first argument says which is meant; linux/net.h.
#ifdef SYS_socketcall
constexpr std::uint32_t kCallBind = 2;
constexpr std::uint32_t kCallListen = 4;
constexpr std::uint32_t kCallSetsockopt = 14;
constexpr std::uint8_t kMore = 5;
#else
constexpr std::uint8_t kMore = 0;
#endif

constexpr BpfInstruction kFilter[] = {
    bpf::load(kArchitectureAt),
    bpf::if_equal(kArchitecture, 0, 12 + kMore),  // to allow
    bpf::load(kNumberAt),
#ifdef SYS_socketcall
    bpf::if_equal(SYS_socketcall, 0, kMore - 1),
    bpf::load(argument_at(0)),
    bpf::if_equal(kCallBind, 14, 0),  // to notify
    bpf::if_equal(kCallListen, 13, 0),
    bpf::if_equal(kCallSetsockopt, 12, 11),  // or to allow
#endif
    bpf::if_equal(SYS_listen, 11, 0),  // to notify
    bpf::if_equal(SYS_setsockopt, 5, 0),
    bpf::if_equal(SYS_bind, 0, 8),
    // The sizes of the two families' addresses, and of sockaddr_storage. Unix sockets' and
    // netlink's are others.
    bpf::load(argument_at(2)),
    bpf::if_equal(SocketAddress::kSizeV4, 7, 0),
    bpf::if_equal(SocketAddress::kSizeV6, 6, 0),
    bpf::if_above(110, 5, 4),
    bpf::load(argument_at(1)),
    bpf::if_equal(IPPROTO_IPV6, 0, 2),
    bpf::load(argument_at(2)),
    bpf::if_equal(IPV6_V6ONLY, 1, 0),
    bpf::answer(kAllow),
    bpf::answer(kNotify),
};

// ---- looking into the caller -------------------------------------------------------------------

// A descriptor of the caller: /proc/PID/fd/FD, or fdinfo.
const char* fd_path(os::ProcPath& out, std::uint32_t pid, const char* what, std::uint32_t fd) {
  return os::proc_path(out, static_cast<int>(pid), what, static_cast<int>(fd));
}

Error read_memory(std::uint32_t pid, std::uint64_t at, std::span<char> out) {
  os::ProcPath path;
  const Fd memory(os::open_file(os::proc_path(path, static_cast<int>(pid), "mem"), O_RDONLY));
  if (!memory.valid()) return {"/proc/PID/mem", errno};
  iovec content{out.data(), out.size()};
  // The offset in two halves, of which a 64-bit kernel looks only at the first.
  const long got = ::syscall(SYS_preadv, memory.get(), &content, 1, static_cast<unsigned long>(at),
                             static_cast<unsigned long>(at >> 32));
  return got == static_cast<long>(out.size()) ? Error{}
                                              : Error{"/proc/PID/mem", got < 0 ? errno : EFAULT};
}

// Makes of a socketcall(2) the call that is meant. False: it is one that the filter passes by when
// it is called by itself.
#ifdef SYS_socketcall
bool unfold(std::uint32_t pid, SyscallData& data) {
  if (data.number != SYS_socketcall) return true;
  const bool bind = data.arguments[0] == kCallBind;
  const bool listen = data.arguments[0] == kCallListen;
  unsigned long arguments[5]{};
  const std::size_t size = (bind ? 3 : listen ? 2 : 5) * sizeof arguments[0];
  if (read_memory(pid, data.arguments[1], {reinterpret_cast<char*>(arguments), size}).failed())
    return false;
  for (int i = 0; i < 5; ++i) data.arguments[i] = arguments[i];
  if (listen) {
    data.number = SYS_listen;
    return true;
  }
  if (!bind) {
    data.number = SYS_setsockopt;
    return arguments[1] == IPPROTO_IPV6 && arguments[2] == IPV6_V6ONLY;
  }
  data.number = SYS_bind;
  return arguments[2] == SocketAddress::kSizeV4 || arguments[2] == SocketAddress::kSizeV6 ||
         arguments[2] > 110;
}
#else
constexpr bool unfold(std::uint32_t, SyscallData&) { return true; }
#endif

// Both TCP and the multipath TCP that Go's listeners are: its clients are served over TCP alone.
// error: why it is not known; what is no socket has no such attribute.
bool is_tcp(std::uint32_t pid, std::uint32_t fd, int& error) {
  os::ProcPath path;
  char protocol[16]{};
  const long size = ::syscall(SYS_getxattr, fd_path(path, pid, "fd", fd), "system.sockprotoname",
                              protocol, sizeof protocol - 1);
  if (size < 0 && errno != EOPNOTSUPP) error = errno;
  return size > 0 && (begins(protocol, "TCP") || begins(protocol, "MPTCP"));
}

// The open flags of the caller's descriptor, from the octal number in its fdinfo (proc(5)).
unsigned flags_of(std::uint32_t pid, std::uint32_t fd) {
  os::ProcPath path;
  char text[128];
  if (os::read_file(fd_path(path, pid, "fdinfo", fd), text).failed()) return 0;
  unsigned flags = 0;
  for (const char* at = number_behind(text, "flags:"); is_digit(*at); ++at)
    flags = flags * 8 + static_cast<unsigned>(*at - '0');
  return flags;
}

// Both are names of one socket: the links read "socket:[inode]".
bool same_socket(std::uint32_t pid, std::uint32_t fd, int own) {
  os::ProcPath path;
  char theirs[32]{};
  char ours[32]{};
  ::syscall(SYS_readlinkat, AT_FDCWD, fd_path(path, pid, "fd", fd), theirs, sizeof theirs - 1);
  ::syscall(SYS_readlinkat, AT_FDCWD, os::proc_path(path, os::own_pid(), "fd", own), ours,
            sizeof ours - 1);
  return theirs[0] != '\0' && equal(theirs, ours);
}

}  // namespace

struct BindProxy::Call {
  int notifications;
  const Notification& notification;
  std::uint32_t pid() const { return notification.pid; }
  std::uint32_t fd() const { return static_cast<std::uint32_t>(argument(0)); }
  std::uint64_t argument(int i) const { return notification.data.arguments[i]; }
  // The caller has not died meanwhile and given its number to another.
  bool valid() const {
    std::uint64_t id = notification.id;
    return os::control(notifications, kStillValid, &id) == 0 || errno != ENOENT;
  }
};

int BindProxy::install(int channel) {
  const BpfProgram program{sizeof kFilter / sizeof kFilter[0], kFilter};
  // Without a privilege a filter needs the promise that no setuid program is misled by it.
  if (::syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  long fd =
      ::syscall(SYS_seccomp, kSetModeFilter, kNewListener | kSpecAllow | kWaitKillable, &program);
  if (fd < 0 && errno == EINVAL)
    fd = ::syscall(SYS_seccomp, kSetModeFilter, kNewListener | kSpecAllow, &program);
  if (fd < 0) return errno;
  return net::send_fd(channel, static_cast<int>(fd)) ? 0 : errno;
}

BindProxy::Result BindProxy::on_bind(const Call& call, int slot, const Memory& memory, int& error) {
  SocketAddress address;
  const std::size_t size =
      call.argument(2) == SocketAddress::kSizeV4 ? SocketAddress::kSizeV4 : SocketAddress::kSizeV6;
  const Error unread =
      read_memory(call.pid(), call.argument(1), {reinterpret_cast<char*>(&address), size});
  if (!call.valid()) return {};
  // EFAULT: the kernel will tell the program so itself.
  if (unread.failed()) return {unread.code == EFAULT ? Outcome::nothing : Outcome::refused, unread};
  const bool v6 = address.family == SocketAddress::kV6 && size == SocketAddress::kSizeV6;
  if (!v6 && address.family != SocketAddress::kV4) return {};
  // Port 0 is whatever is free: no two get the same.
  const int number = address.port();
  if (number == 0 || (*ports_ != '\0' && !names_port(ports_, number))) return {};
  if (!is_tcp(call.pid(), call.fd(), error)) return {};
  // What lies behind an IPv4 address is nothing (ip(7)).
  if (!v6) ::memset(address.v6, 0, sizeof address - offsetof(SocketAddress, v6));
  const bool only = v6 && memory.pid == call.pid() && memory.fd == call.fd() && memory.v6_only;
  const int port = sockets_.find(address, only);
  if (port < 0) {
    works_ = false;
    return {Outcome::refused, {"bind", EMFILE}};
  }
  const int ours = sockets_.bind(port, slot);
  if (ours < 0) {
    error = errno;  // the program's own bind(2) would have failed so too
    return {};
  }
  const unsigned flags = flags_of(call.pid(), call.fd());
  // It lies on what both have, so it must be as the program has set it.
  ::syscall(SYS_fcntl, ours, F_SETFL, static_cast<long>(flags & O_NONBLOCK));
  AddFd add{call.notification.id, kSetFd, static_cast<std::uint32_t>(ours), call.fd(),
            flags & O_CLOEXEC};
  // ENOENT: the caller was killed.
  if (os::control(call.notifications, kAddFd, &add) < 0 && errno != ENOENT)
    return {Outcome::refused, {"SECCOMP_IOCTL_NOTIF_ADDFD", errno}};
  error = -1;  // done
  works_ = true;
  return {};
}

BindProxy::Result BindProxy::on_listen(const Call& call, int slot, int slots,
                                       const Memory& memory) {
  for (int port = 0; port < sockets_.ports(); ++port) {
    const int ours = sockets_.socket(port, slot);
    if (ours < 0 || !same_socket(call.pid(), call.fd(), ours)) continue;
    const auto backlog = static_cast<int>(call.argument(1));
    const Error error = sockets_.listen(port, slot, slots, backlog);
    return {error.failed() ? Outcome::refused : Outcome::listens, error};
  }
  return {memory.goes_on ? Outcome::listens : Outcome::nothing, {}};
}

BindProxy::Result BindProxy::answer(int notifications, int slot, int slots, Memory& memory) {
  Notification notification{};
  // ENOENT: the caller has died meanwhile. Whatever else is wrong will be told again.
  if (os::control(notifications, kReceive, &notification) < 0) return {};
  const Call call{notifications, notification};
  Result result;
  int error = 0;  // 0: the kernel goes on with the call; -1: it has succeeded; an errno
  if (!sockets_.prepared() || !unfold(notification.pid, notification.data)) {
    // The container ends: nothing is shared any more. Or it is none of those that are.
  } else if (notification.data.number == SYS_bind) {
    result = on_bind(call, slot, memory, error);
  } else if (notification.data.number == SYS_listen) {
    result = on_listen(call, slot, slots, memory);
  } else {
    char value = 0;
    const auto at = call.argument(3) + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 3 : 0);
    if (!read_memory(call.pid(), at, {&value, 1}).failed())
      memory = {call.pid(), call.fd(), value != 0, memory.goes_on};
  }
  // Several would fight for the port; one alone needs nobody's socket.
  const bool refused = result.outcome == Outcome::refused;
  if (refused) memory.goes_on = slots == 1;
  if (refused && slots > 1) {
    error = EADDRINUSE;
    // It can be done, but not this time: the program's call fails with that, and it ends as it
    // will.
    if (works_) {
      error = result.error.code;
      result = {};
    }
  }
  Response response{notification.id, 0, error > 0 ? -error : 0, error == 0 ? kContinue : 0};
  // ENOENT again. Who gets no answer does not listen either.
  if (os::control(notifications, kSend, &response) < 0) return {};
  return result;
}

}  // namespace hydrinit
