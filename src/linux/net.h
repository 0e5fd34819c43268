// Sockets, epoll and descriptors that are handed over, as the kernel has them: one thin function a
// system call. What it opens is close-on-exec and above kOwnFrom, where no descriptor is that a
// replica is given.
#pragma once

#include <span>

#include "core/listen.h"
#include "core/port_options.h"
#include "linux/os.h"

namespace hydrinit::net {

// The descriptors below are for replicas: 3 and up for --listen, any for --ready fd:N.
inline constexpr int kOwnFrom = 64;
static_assert(kReadyFdMax < kOwnFrom && kListenFdFirst + kListenMax <= kOwnFrom);

// The same descriptor above kOwnFrom; negative as it came, or when there is none free (errno).
int own(long fd);

// type: SOCK_STREAM or SOCK_DGRAM.
Error open_socket(int family, int type, Fd& out);
Error set_option(int fd, int level, int name, const void* value, std::size_t size);
Error get_option(int fd, int level, int name, void* value, std::size_t size);
Error bind(int fd, const void* address, std::size_t size);
Error connect(int fd, const void* address, std::size_t size);
Error listen(int fd, int backlog);
// Of the file, not of what a symbolic link there names; path "": of the descriptor.
Error change_owner(int fd, const char* path, std::uint32_t uid, std::uint32_t gid);
// The address that fd is bound to, at most size bytes of it; how many there are, negative: none.
int bound_address(int fd, void* address, std::size_t size);

// Of the file itself, not of what a symbolic link there names; all zero: there is none.
struct FileStatus {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint16_t mode = 0;
};
FileStatus file_status(const char* path);
void remove_file(const char* path);

// The two ends of a pipe(2), and of a socketpair(2) of datagrams.
Error open_pipe(Fd& read_end, Fd& write_end);
Error open_pair(Fd& one, Fd& other);
// Hands a descriptor over by SCM_RIGHTS (unix(7)); false: it could not.
bool send_fd(int channel, int fd);
// The one that was sent; negative: none was. Never blocks.
int receive_fd(int channel);

// epoll(7); negative: there is none to be had (errno).
int open_epoll();
// Readable, or hung up: wait() tells tag, again and again as long as it lasts; once: only once,
// until it is watched again; writable: once that there is room. False: fd is nothing to wait for,
// such as a regular file.
enum class Watch : std::uint8_t { always, once, writable };
bool watch(int epoll, int fd, std::uint32_t tag, Watch how = Watch::always);
void unwatch(int epoll, int fd);
struct Happened {
  std::uint32_t tag;
  bool readable;  // false: only hung up
};
// What has happened so far, without waiting, at most kHappenedMax; how many.
inline constexpr int kHappenedMax = 32;
int wait(int epoll, Happened (&out)[kHappenedMax]);

// What can be read now, up to size bytes, without waiting for it where fd is a non-blocking or
// readable one. 0 at its end; negative: nothing (errno).
long read_some(int fd, std::span<char> buffer);

}  // namespace hydrinit::net
