#include "linux/status_page.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/text.h"
#include "linux/net.h"
#include "linux/user.h"

namespace hydrinit {
namespace {

// linux/memfd.h and linux/fcntl.h, which cannot be had beside every libc.
constexpr int kFlags = 1 | 2;          // MFD_CLOEXEC, MFD_ALLOW_SEALING
constexpr int kNoExecSeal = 8;         // MFD_NOEXEC_SEAL, since Linux 6.3
constexpr int kAddSeals = 1033;        // F_ADD_SEALS
constexpr long kSealed = 1 | 2 | 4;    // F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW
constexpr long kSealFutureWrite = 16;  // since Linux 5.1
constexpr char kName[] = "hydrinit";
constexpr char kLink[] = "/memfd:hydrinit";
// It is the first of our descriptors; others may have been inherited.
constexpr int kLookedAt = 64;
// So often, once a millisecond, a page that is being written is looked at.
constexpr int kTries = 1000;

// Whoever runs as root without CAP_SYS_PTRACE may not look at another user's process, but become
// that user: that of a hydrinit that was started with --user.
Error become_owner(int pid) {
  os::ProcPath path;
  const net::FileStatus status = net::file_status(os::proc_path(path, pid, ""));
  if (::geteuid() != 0 || status.uid == 0) return {"open", EACCES};
  User owner;
  owner.uid = status.uid;
  owner.gid = status.gid;
  return become_user(owner);
}

// Writes the path of the page into path.
Error find_page(int pid, os::ProcPath& path) {
  char target[sizeof kLink]{};
  for (int fd = net::kOwnFrom; !begins(target, kLink); ++fd) {
    if (fd == net::kOwnFrom + kLookedAt) return {"readlink", ENOENT};
    const long size = ::syscall(SYS_readlinkat, AT_FDCWD, os::proc_path(path, pid, "fd", fd),
                                static_cast<char*>(target), sizeof kLink - 1);
    if (size < 0 && errno != ENOENT) return {"readlink", errno};
  }
  return {};
}

}  // namespace

StatusPage* make_status_page(std::size_t size) {
  long made = ::syscall(SYS_memfd_create, kName, kFlags | kNoExecSeal);
  if (made < 0) made = ::syscall(SYS_memfd_create, kName, kFlags);
  Fd fd(net::own(made));
  if (!fd.valid() || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) return nullptr;
  void* const memory = os::map_file(fd.get(), size, os::Access::write);
  if (memory == nullptr) return nullptr;
  // From now on nobody else can write, not even our own user. An older kernel has only the rest.
  if (::syscall(SYS_fcntl, fd.get(), kAddSeals, kSealed | kSealFutureWrite) != 0)
    ::syscall(SYS_fcntl, fd.get(), kAddSeals, kSealed);
  fd.release();
  return static_cast<StatusPage*>(memory);
}

Error StatusReader::open(int pid) {
  os::ProcPath path;
  Error error = find_page(pid, path);
  if (error.code == EACCES) {
    error = become_owner(pid);
    if (!error.failed()) error = find_page(pid, path);
  }
  if (error.failed()) return error;
  const Fd page(os::open_file(path, O_RDONLY));
  if (!page.valid()) return {"open", errno};
  const auto size = static_cast<std::size_t>(::lseek(page.get(), 0, SEEK_END));
  mapped_ = static_cast<StatusPage*>(os::map_file(page.get(), size, os::Access::read));
  if (mapped_ == nullptr) return {"mmap", errno};
  size_ = size_of_page(mapped_->places);
  if (mapped_->magic != StatusPage::kMagic || mapped_->version != StatusPage::kVersion ||
      size_ > size) {
    return {"version", EPROTO};
  }
  copy_ = static_cast<StatusPage*>(os::map_memory(size_));
  return copy_ != nullptr ? read() : Error{"mmap", errno};
}

Error StatusReader::read() {
  for (int tries = 0; tries < kTries; ++tries) {
    if (copy_page(*mapped_, copy_, size_)) return {};
    os::pause(Millis{1});
  }
  return {"read", EAGAIN};
}

int StatusReader::pid_in(int place) const { return copy_->pids()[place].pid; }

}  // namespace hydrinit
