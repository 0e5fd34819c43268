#include "linux/os.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "core/packed.h"
#include "core/text.h"

namespace hydrinit {

int Fd::release() {
  const int fd = fd_;
  fd_ = -1;
  return fd;
}

void Fd::reset(int fd) {
  // close(2): the descriptor is gone whatever it returns.
  if (fd_ >= 0) ::syscall(SYS_close, fd_);
  fd_ = fd;
}

namespace os {
namespace {

// What execve(2), clone(2), kill(2) and the rest of our calls can leave; strerror() has 2 kB more.
constexpr PackedRow<1, 1> kErrorRows[] = {
    {{EPERM}, {"Operation not permitted"}},
    {{ENOENT}, {"No such file or directory"}},
    {{ESRCH}, {"No such process"}},
    {{E2BIG}, {"Argument list too long"}},
    {{ENOEXEC}, {"Exec format error"}},
    {{EAGAIN}, {"Resource temporarily unavailable"}},
    {{ENOMEM}, {"Cannot allocate memory"}},
    {{EACCES}, {"Permission denied"}},
    {{ENOTDIR}, {"Not a directory"}},
    {{EINVAL}, {"Invalid argument"}},
    {{EMFILE}, {"Too many open files"}},
    {{ETXTBSY}, {"Text file busy"}},
    {{ENAMETOOLONG}, {"File name too long"}},
    {{EBUSY}, {"Device or resource busy"}},
    {{ENOSPC}, {"No space left on device"}},
    {{EPIPE}, {"Broken pipe"}},
    {{ENOSYS}, {"Function not implemented"}},
    {{ELOOP}, {"Too many levels of symbolic links"}},
    {{EPROTO}, {"Protocol error"}},
    {{EADDRINUSE}, {"Address already in use"}},
    {{EADDRNOTAVAIL}, {"Cannot assign requested address"}},
};
constexpr auto kErrors = packed<kErrorRows, 0>();

// Calls go through syscall(2): libc's wrappers are cancellation points, which nobody needs here.
Error last_error(const char* operation) { return {operation, errno}; }

// With 0, 1 or 2 closed, the kernel gives those numbers out first; ours would then pass for a
// standard stream. Moves fd above them.
int above_stdio(long fd) {
  if (fd < 0 || fd > STDERR_FILENO) return static_cast<int>(fd);
  const long moved = ::syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ::syscall(SYS_close, fd);
  return static_cast<int>(moved);
}

// A struct timespec as the plain system calls have it: two longs.
struct Time {
  long seconds;
  long nanoseconds;
};

// ppoll(2) for one descriptor; a negative time-out waits as long as it takes.
long poll_one(int fd, short events, Millis timeout) {
  pollfd entry{fd, events, 0};
  const Time limit{static_cast<long>(timeout.count / 1000),
                   static_cast<long>(timeout.count % 1000 * 1000000)};
  return ::syscall(SYS_ppoll, &entry, 1, timeout.count >= 0 ? &limit : nullptr, nullptr, 0);
}

long raw_sigprocmask(int how, const RawMask* set, RawMask* old) {
  return ::syscall(SYS_rt_sigprocmask, how, set, old, sizeof(RawMask));
}

}  // namespace

Error result_of(long returned, const char* operation) {
  return returned >= 0 ? Error{} : last_error(operation);
}

Error block_all_signals(RawMask& old) {
  const RawMask all = ~RawMask{0};
  return result_of(raw_sigprocmask(SIG_SETMASK, &all, &old), "rt_sigprocmask");
}

void set_signal_mask(RawMask mask) { raw_sigprocmask(SIG_SETMASK, &mask, nullptr); }

void unblock_signal(int number) { set_signal_mask(~(RawMask{1} << (number - 1))); }

namespace {
// The kernel's struct sigaction begins with the handler; a handler of 0 or 1 needs nothing of the
// rest (rt_sigaction(2)). libc's sigaction() would bring its locks along.
struct RawAction {
  std::uintptr_t handler;
  std::uintptr_t rest[7];
};
constexpr std::uintptr_t kIgnore = 1;

void raw_sigaction(int number, const RawAction* action, RawAction* old) {
  // Fails only for a number that is no signal.
  ::syscall(SYS_rt_sigaction, number, action, old, sizeof(RawMask));
}
}  // namespace

bool reset_ignored_sigchld() {
  // What is inherited is one of the two; nobody has set a handler yet.
  const RawAction standard{};
  RawAction inherited{};
  raw_sigaction(SIGCHLD, &standard, &inherited);
  return inherited.handler == kIgnore;
}

void ignore_sigchld() {
  const RawAction action{kIgnore, {}};
  raw_sigaction(SIGCHLD, &action, nullptr);
}

int open_signal_fd() {
  const RawMask all = ~RawMask{0};
  // The raw call, for the same reason as the raw mask.
  return above_stdio(::syscall(SYS_signalfd4, -1, &all, sizeof all, SFD_CLOEXEC | SFD_NONBLOCK));
}

ReceivedSignal read_signal(int signal_fd) {
  signalfd_siginfo info;
  // EAGAIN: none is pending. EINTR cannot be, everything is blocked.
  if (::syscall(SYS_read, signal_fd, &info, sizeof info) != long{sizeof info}) return {};
  return {static_cast<int>(info.ssi_signo), info.ssi_code, static_cast<pid_t>(info.ssi_pid),
          info.ssi_ptr};
}

bool take_pending_signal(int number) {
  const RawMask set = RawMask{1} << (number - 1);
  const Time at_once{};
  return ::syscall(SYS_rt_sigtimedwait, &set, nullptr, &at_once, sizeof set) == number;
}

void wait_readable(int fd, Millis timeout) { (void)poll_one(fd, POLLIN, timeout); }
void wait_writable(int fd, Millis timeout) { (void)poll_one(fd, POLLOUT, timeout); }

// A descriptor of -1 is passed over (poll(2)).
void pause(Millis time) { (void)poll_one(-1, 0, time); }

namespace {
std::int64_t read_clock(int clock) {
  // The plain system call: once a wake-up, it is not worth libc's search through the vDSO. Its long
  // seconds since boot last for 68 years where a long has 32 bits; those since 1970 are unsigned
  // here, which lasts until 2106.
#ifdef SYS_clock_gettime32
  constexpr long kClockGettime = SYS_clock_gettime32;
#else
  constexpr long kClockGettime = SYS_clock_gettime;
#endif
  Time time{};
  // clock_gettime(2) fails only for an unknown clock.
  ::syscall(kClockGettime, clock, &time);
  const auto seconds = static_cast<std::int64_t>(static_cast<unsigned long>(time.seconds));
  return seconds * 1000 + time.nanoseconds / 1000000;
}
}  // namespace

Instant now() { return {read_clock(CLOCK_MONOTONIC)}; }
std::int64_t wall_clock() { return read_clock(CLOCK_REALTIME); }

pid_t own_pid() {
  static pid_t pid = 0;
  if (pid == 0) pid = current_pid();
  return pid;
}

pid_t current_pid() { return static_cast<pid_t>(::syscall(SYS_getpid)); }
pid_t parent_pid() { return static_cast<pid_t>(::syscall(SYS_getppid)); }

Error send_signal(pid_t target, int number) {
  return result_of(::syscall(SYS_kill, target, number), "kill");
}

bool send_queued_signal(pid_t pid, int number, std::uint64_t value) {
  siginfo_t info{};
  info.si_signo = number;
  info.si_code = SI_QUEUE;
  info.si_pid = own_pid();
  info.si_uid = ::getuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(static_cast<std::uintptr_t>(value));
  return ::syscall(SYS_rt_sigqueueinfo, pid, number, &info) == 0;
}

ChildChange next_child_change(bool also_stopped, Peek peek) {
  siginfo_t info;
  // waitid(2): with WNOHANG and nothing to report it may leave info alone, but for si_pid.
  info.si_pid = 0;
  const int options =
      WEXITED | WNOHANG | (also_stopped ? WSTOPPED : 0) | (peek == Peek::leave ? WNOWAIT : 0);
  ChildChange change;
  if (::syscall(SYS_waitid, P_ALL, 0, &info, options, nullptr) != 0) {
    change.pid = errno == ECHILD ? kNoChild : kUnknown;
  } else if (info.si_pid != 0) {
    change.pid = info.si_pid;
    change.stopped = info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED;
    if (info.si_code != CLD_EXITED) change.status.kind = ExitStatus::Kind::signalled;
    change.status.value = static_cast<std::uint8_t>(info.si_status);
  }
  return change;
}

void consume_change(pid_t pid, bool stopped) {
  // A change of our own child that was just seen: it cannot have gone. Should a stopped one have
  // been killed since, its end is told next.
  ::syscall(SYS_waitid, P_PID, pid, nullptr, (stopped ? WSTOPPED : WEXITED) | WNOHANG, nullptr);
}

Error become_subreaper() {
  return result_of(::syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0),
                   "PR_SET_CHILD_SUBREAPER");
}

bool is_subreaper() {
  int is = 0;
  return ::syscall(SYS_prctl, PR_GET_CHILD_SUBREAPER, &is, 0, 0, 0) == 0 && is != 0;
}

Error set_parent_death_signal(int number) {
  return result_of(::syscall(SYS_prctl, PR_SET_PDEATHSIG, number, 0, 0, 0), "PR_SET_PDEATHSIG");
}

pid_t own_group() { return static_cast<pid_t>(::syscall(SYS_getpgid, 0)); }
pid_t own_session() { return static_cast<pid_t>(::syscall(SYS_getsid, 0)); }
void make_group() { ::syscall(SYS_setpgid, 0, 0); }
void make_session() { ::syscall(SYS_setsid); }

int execute(const char* path, char** argv, char** envp) {
  ::syscall(SYS_execve, path, argv, envp);
  return errno;
}

namespace {
using CpuMask = unsigned long[1024 / (8 * sizeof(unsigned long))];
constexpr int kMaskBits = 8 * sizeof(unsigned long);

int count_cpus_in(CpuMask& mask) {
  // The raw call returns how many bytes it has filled.
  if (::syscall(SYS_sched_getaffinity, 0, sizeof mask, mask) <= 0) return 0;
  int count = 0;
  for (unsigned long word : mask) {
    for (; word != 0; word &= word - 1) ++count;
  }
  return count;
}
}  // namespace

int usable_cpus() {
  CpuMask mask{};
  return count_cpus_in(mask);
}

void pin_to_cpu(int index) {
  CpuMask mask{};
  const int count = count_cpus_in(mask);
  if (count == 0) return;
  index %= count;
  for (int cpu = 0; cpu < 1024; ++cpu) {
    unsigned long& word = mask[cpu / kMaskBits];
    const unsigned long bit = 1UL << (cpu % kMaskBits);
    if ((word & bit) != 0 && index-- != 0) word &= ~bit;
  }
  // Nothing is lost but some speed if it fails.
  ::syscall(SYS_sched_setaffinity, 0, sizeof mask, mask);
}

FileLimit file_limit() {
  FileLimit limit;
  // Cannot fail for ourselves. The 64-bit call is the same everywhere.
  ::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, &limit);
  return limit;
}

void set_file_limit(const FileLimit& limit) {
  // Up to the hard limit anybody may.
  ::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, nullptr);
}

namespace {
// The plain call; libc's looks after more than these mappings need. On 32 bits it is mmap2, whose
// offset, 0, is counted in pages.
void* map(std::size_t size, int protection, int flags, int fd) {
#ifdef SYS_mmap2
  constexpr long kMmap = SYS_mmap2;
#else
  constexpr long kMmap = SYS_mmap;
#endif
  const long memory = ::syscall(kMmap, 0, size, protection, flags, fd, 0L);
  return memory == -1 ? nullptr : reinterpret_cast<void*>(memory);
}
}  // namespace

void* map_memory(std::size_t size) {
  return map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
}

void* map_file(int fd, std::size_t size, Access access) {
  return map(size, access == Access::write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd);
}

// madvise(2): EINVAL where the kernel has no others.
void use_small_pages(void* memory, std::size_t size) {
  ::syscall(SYS_madvise, memory, size, MADV_NOHUGEPAGE);
}

void give_back(void* memory, std::size_t size) {
  ::syscall(SYS_madvise, memory, size, MADV_DONTNEED);
}

void unmap_memory(void* memory, std::size_t size) { ::syscall(SYS_munmap, memory, size); }

void give_fd(int fd, int number) {
  // The new one is not closed at an exec (dup(2)). It fails only above the limit of files.
  ::syscall(SYS_dup3, fd, number, 0);
}

void null_standard_input() {
  ::syscall(SYS_close, STDIN_FILENO);
  // The lowest free number is now that of standard input (open(2)).
  ::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
}

void change_directory(const char* path) { ::syscall(SYS_chdir, path); }

int close_gap(int first, int kept) {
#ifndef SYS_close_range
  constexpr long SYS_close_range = 436;  // the same number on every architecture
#endif
  // ENOSYS before Linux 5.9: what is inherited then stays open, as with the other inits.
  if (first < kept) ::syscall(SYS_close_range, first, kept - 1, 0);
  return kept + 1;
}

long write_some(int fd, std::string_view text) {
  iovec piece{const_cast<char*>(text.data()), text.size()};
  constexpr int kNoWait = 8;  // RWF_NOWAIT (linux/fs.h)
  // Offset -1, in its two halves: the current position. musl has no pwritev2 before 1.2.5.
  const long written = ::syscall(SYS_pwritev2, fd, &piece, 1, -1L, -1L, kNoWait);
  if (written >= 0) return written;
  if (errno == EAGAIN) return 0;
  if (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS) return written;
  // Terminals and old kernels. POLLOUT on a pipe promises room for PIPE_BUF bytes (pipe(7)).
  if (poll_one(fd, POLLOUT, Millis{0}) != 1) return 0;
  const long some =
      ::syscall(SYS_write, fd, text.data(), text.size() < PIPE_BUF ? text.size() : PIPE_BUF);
  return some < 0 && errno == EAGAIN ? 0 : some;
}

Error write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const long written = ::syscall(SYS_write, fd, text.data(), text.size());
    if (written < 0 && errno == EAGAIN) {
      // Somebody else made the shared description non-blocking.
      (void)poll_one(fd, POLLOUT, Millis{-1});
      continue;
    }
    if (written < 0) return last_error("write");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Error read_file(const char* path, std::span<char> buffer) {
  const Fd fd(open_file(path, O_RDONLY));
  if (!fd.valid()) return last_error("open");
  std::size_t size = 0;
  long got = 0;
  while (size < buffer.size() - 1 && (got = ::syscall(SYS_read, fd.get(), buffer.data() + size,
                                                      buffer.size() - 1 - size)) > 0) {
    size += static_cast<std::size_t>(got);
  }
  if (got < 0) return last_error("read");
  buffer[size] = '\0';
  return {};
}

// fcntl(2): EBADF for everything that is no pipe.
bool is_pipe(int fd) { return ::syscall(SYS_fcntl, fd, F_GETPIPE_SZ) >= 0; }

std::uint32_t readable_bytes(int fd) {
  int bytes = 0;
  control(fd, FIONREAD, &bytes);
  return static_cast<std::uint32_t>(bytes);
}

bool is_terminal(int fd) {
  winsize size{};
  return control(fd, TIOCGWINSZ, &size) == 0;
}

bool same_file(int one, int other) {
  // struct statx, which is the same everywhere (statx(2)), as words of 64 bits: number 4 is the
  // inode's, 17 the device's.
  constexpr int kInode = 0x100;  // STATX_INO
  std::uint64_t files[2][32]{};
  for (std::uint64_t* file : {files[0], files[1]}) {
    ::syscall(SYS_statx, one, "", AT_EMPTY_PATH, kInode, file);
    one = other;
  }
  return files[0][4] == files[1][4] && files[0][17] == files[1][17];
}

void clear_status_flags(int fd) { ::syscall(SYS_fcntl, fd, F_SETFL, 0); }

int control(int fd, unsigned long request, void* argument) {
  return static_cast<int>(::syscall(SYS_ioctl, fd, request, argument));
}

int open_file(const char* path, int flags) {
  return above_stdio(::syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0));
}

const char* proc_path(ProcPath& out, int pid, const char* what, int fd) {
  Text path(out);
  path.add("/proc/%d/%s", pid, what);
  if (fd >= 0) path.add("/%d", fd);
  path.put('\0');
  return out;
}

const char* error_text(int code) { return find_text(kErrors.data(), code, nullptr); }

}  // namespace os
}  // namespace hydrinit
