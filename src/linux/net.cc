#include "linux/net.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace hydrinit::net {

using os::result_of;

namespace {

constexpr unsigned kStatxAsked = 1 | 2 | 8 | 16;  // STATX_TYPE, _MODE, _UID, _GID

// Both ends of what a call has opened.
Error take_ends(long returned, const char* operation, const int (&fds)[2], Fd& one, Fd& other) {
  if (returned < 0) return {operation, errno};
  one.reset(own(fds[0]));
  other.reset(own(fds[1]));
  return one.valid() && other.valid() ? Error{} : Error{operation, errno};
}

// A control message that holds one descriptor (cmsg(3)), as the kernel has it: libc's struct may
// end in an array of no size.
struct ControlHeader {
  std::size_t size;
  int level;
  int type;
};
struct FdMessage {
  explicit FdMessage(int given) : fd(given) {
    content.iov_base = &byte;
    content.iov_len = 1;
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = &header;
    message.msg_controllen = sizeof header + sizeof fd;
    header = {sizeof header + sizeof fd, SOL_SOCKET, SCM_RIGHTS};
  }
  msghdr message{};
  iovec content{};
  char byte = 0;
  ControlHeader header{};
  int fd;  // right behind the header
};
static_assert(offsetof(FdMessage, fd) == offsetof(FdMessage, header) + sizeof(ControlHeader));

}  // namespace

int own(long fd) {
  if (fd < 0 || fd >= kOwnFrom) return static_cast<int>(fd);
  const Fd low(static_cast<int>(fd));
  return static_cast<int>(::syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, kOwnFrom));
}

Error open_socket(int family, int type, Fd& out) {
  out.reset(own(::syscall(SYS_socket, family, type | SOCK_CLOEXEC, 0)));
  return result_of(out.get(), "socket");
}

Error set_option(int fd, int level, int name, const void* value, std::size_t size) {
  return result_of(::syscall(SYS_setsockopt, fd, level, name, value, size), "setsockopt");
}

Error get_option(int fd, int level, int name, void* value, std::size_t size) {
  auto length = static_cast<socklen_t>(size);
  return result_of(::syscall(SYS_getsockopt, fd, level, name, value, &length), "getsockopt");
}

Error bind(int fd, const void* address, std::size_t size) {
  return result_of(::syscall(SYS_bind, fd, address, size), "bind");
}

Error connect(int fd, const void* address, std::size_t size) {
  return result_of(::syscall(SYS_connect, fd, address, size), "connect");
}

Error listen(int fd, int backlog) {
  return result_of(::syscall(SYS_listen, fd, backlog), "listen");
}

Error change_owner(int fd, const char* path, std::uint32_t uid, std::uint32_t gid) {
  const int flags = *path == '\0' ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
  return result_of(::syscall(SYS_fchownat, fd, path, uid, gid, flags), "fchownat");
}

int bound_address(int fd, void* address, std::size_t size) {
  auto length = static_cast<socklen_t>(size);
  if (::syscall(SYS_getsockname, fd, address, &length) < 0) return -1;
  return static_cast<int>(length);
}

FileStatus file_status(const char* path) {
  // The beginning of struct statx, which is the same everywhere (statx(2)).
  struct {
    std::uint32_t before[5];
    std::uint32_t uid;
    std::uint32_t gid;
    std::uint16_t mode;
    std::uint16_t after[113];
  } status{};
  ::syscall(SYS_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, kStatxAsked, &status);
  return {status.uid, status.gid, status.mode};
}

void remove_file(const char* path) { ::syscall(SYS_unlinkat, AT_FDCWD, path, 0); }

Error open_pipe(Fd& read_end, Fd& write_end) {
  int fds[2];
  return take_ends(::syscall(SYS_pipe2, fds, O_CLOEXEC), "pipe", fds, read_end, write_end);
}

Error open_pair(Fd& one, Fd& other) {
  int fds[2];
  return take_ends(::syscall(SYS_socketpair, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds),
                   "socketpair", fds, one, other);
}

bool send_fd(int channel, int fd) {
  const FdMessage message(fd);
  return ::syscall(SYS_sendmsg, channel, &message.message, 0) >= 0;
}

int receive_fd(int channel) {
  FdMessage message(-1);
  ::syscall(SYS_recvmsg, channel, &message.message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  return own(message.fd);
}

int open_epoll() { return own(::syscall(SYS_epoll_create1, EPOLL_CLOEXEC)); }

bool watch(int epoll, int fd, std::uint32_t tag, Watch how) {
  epoll_event event{};
  event.events = how == Watch::writable ? EPOLLOUT : EPOLLIN;
  if (how != Watch::always) event.events |= EPOLLONESHOT;
  event.data.u32 = tag;
  // EEXIST: it is known already, and armed again.
  return ::syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, &event) == 0 ||
         (errno == EEXIST && ::syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_MOD, fd, &event) == 0);
}

void unwatch(int epoll, int fd) {
  epoll_event event{};
  ::syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, fd, &event);
}

int wait(int epoll, Happened (&out)[kHappenedMax]) {
  epoll_event events[kHappenedMax];
  // All signals are blocked, and there is nothing to wait for: it cannot fail.
  const long count = ::syscall(SYS_epoll_pwait, epoll, events, kHappenedMax, 0, nullptr, 0);
  for (long i = 0; i < count; ++i) out[i] = {events[i].data.u32, (events[i].events & EPOLLIN) != 0};
  return static_cast<int>(count);
}

long read_some(int fd, std::span<char> buffer) {
  return ::syscall(SYS_read, fd, buffer.data(), buffer.size());
}

}  // namespace hydrinit::net
