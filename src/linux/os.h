// The kernel as hydrinit uses it: one thin function a system call, errno turned into an Error,
// every descriptor close-on-exec and above the standard three. Nothing is decided here. This is the
// seam that tests replace at link time to make calls fail.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "core/signals.h"
#include "core/types.h"

namespace hydrinit {

// Owns one descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) = delete;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release();
  // Closes it, and owns fd from now on.
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

namespace os {

// What a system call's result means, by libc's rule: negative, with the reason in errno.
Error result_of(long returned, const char* operation);

// The kernel's 64-bit signal mask. libc's sigset_t functions leave out 32 to 34, which libc keeps
// for itself; as PID 1 those would be lost or fatal like any other.
using RawMask = std::uint64_t;

// Blocks every signal; old is the mask as it was.
Error block_all_signals(RawMask& old);
void set_signal_mask(RawMask mask);
// Lets a pending signal of that number act.
void unblock_signal(int number);

// True when SIGCHLD was inherited as ignored, in which case it is set to its default: an ignored
// SIGCHLD makes the kernel reap our children itself (wait(2), NOTES).
bool reset_ignored_sigchld();
void ignore_sigchld();

// A signalfd(2) for all signals, non-blocking; negative when there is none to be had (errno).
int open_signal_fd();

struct ReceivedSignal {
  int number;  // 0: none was pending
  int code;    // si_code
  pid_t sender;
  std::uint64_t value;
};
// Takes the next pending signal. Never blocks.
ReceivedSignal read_signal(int signal_fd);
// Takes one pending signal of that number off the queue; false when there is none.
bool take_pending_signal(int number);

// Sleeps until fd is readable or the time has passed; negative: as long as it takes. It fails only
// for want of kernel memory, and then returns at once.
void wait_readable(int fd, Millis timeout);
// The same for room to write.
void wait_writable(int fd, Millis timeout);

// Sleeps, whatever happens.
void pause(Millis time);

Instant now();
// Milliseconds since 1970.
std::int64_t wall_clock();

// Asks the kernel once.
pid_t own_pid();
// Asks the kernel: right in a vfork child too, which shares our memory.
pid_t current_pid();
pid_t parent_pid();
// pid > 0: the process; -1: every process of the namespace we may signal, except us; < -1: the
// group.
Error send_signal(pid_t target, int number);
// False: it was refused, or there is no such process.
bool send_queued_signal(pid_t pid, int number, std::uint64_t value);

struct ChildChange {
  pid_t pid = 0;  // 0: no child has changed
  bool stopped = false;
  ExitStatus status{};  // stopped: its value is the signal that stopped it
};
// In place of a pid: there is no child at all; the kernel could not tell, and is to be asked again.
inline constexpr pid_t kNoChild = -1;
inline constexpr pid_t kUnknown = -2;
enum class Peek : std::uint8_t { reap, leave };
// waitid(2) without blocking, for any child. With leave the change stays to be told again, and the
// zombie's pid with it, until consume_change().
ChildChange next_child_change(bool also_stopped, Peek peek);
void consume_change(pid_t pid, bool stopped);

Error become_subreaper();
bool is_subreaper();
Error set_parent_death_signal(int number);

// Of the caller.
pid_t own_group();
pid_t own_session();
// Neither can fail in a process that was just made (setpgid(2), setsid(2)).
void make_group();
void make_session();
// Returns only if it failed: the errno.
int execute(const char* path, char** argv, char** envp);

// How many CPUs we may run on (sched_setaffinity(2)); 0: more than 1024, or it cannot be told.
int usable_cpus();
// Keeps the caller on one of them, the index-th, counted round.
void pin_to_cpu(int index);

// The limit of open files (getrlimit(2)).
struct FileLimit {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};
FileLimit file_limit();
void set_file_limit(const FileLimit& limit);

// Zeroed pages of our own; nullptr when there are none (errno). Those not touched take nothing.
void* map_memory(std::size_t size);
// Of a large mapping: touching a page takes that one alone.
void use_small_pages(void* memory, std::size_t size);
// Whole pages in there are given back, and zero once they are touched again.
void give_back(void* memory, std::size_t size);
void unmap_memory(void* memory, std::size_t size);
// The beginning of a file, shared with all who map it; nullptr: it cannot be (errno).
enum class Access : std::uint8_t { read, write };
void* map_file(int fd, std::size_t size, Access access);

// In a child: the descriptor by that number too, and handed on at an exec.
void give_fd(int fd, int number);

// Standard input from /dev/null; closed where there is none.
void null_standard_input();

// Best effort.
void change_directory(const char* path);
// Closes every descriptor from first on that is below kept; the one behind kept.
int close_gap(int first, int kept);

// An inherited stream that may be a full pipe or a stopped terminal: writes what can be written
// without waiting, and never sets O_NONBLOCK, as the description is shared. How many bytes that
// were, 0 also when there is no room for any; negative: it failed (errno).
long write_some(int fd, std::string_view text);
// Before anything runs waiting is harmless: writes all, or returns why not.
Error write_all(int fd, std::string_view text);

// Reads a small file into buffer, cut where it is full, and terminates it.
Error read_file(const char* path, std::span<char> buffer);

bool is_pipe(int fd);
// How many bytes can be read at once.
std::uint32_t readable_bytes(int fd);
bool is_terminal(int fd);
// Both are the same file, or one cannot be told.
bool same_file(int one, int other);
// O_NONBLOCK and the like, which outlive whoever has set them.
void clear_status_flags(int fd);

// ioctl(2) with its plain result; libc's is 100 bytes of compatibility.
int control(int fd, unsigned long request, void* argument);

// open(2), close-on-exec and above the standard streams; negative when it fails (errno).
int open_file(const char* path, int flags);

// The path of a process's file /proc/PID/WHAT, or /proc/PID/WHAT/FD unless fd is negative; out.
using ProcPath = char[64];
const char* proc_path(ProcPath& out, int pid, const char* what, int fd = -1);

// What errno means, in English, squeezed (core/squeezed.h); nullptr for one that hydrinit does not
// expect.
const char* error_text(int code);

}  // namespace os
}  // namespace hydrinit
