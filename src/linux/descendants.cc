#include "linux/descendants.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/text.h"

namespace hydrinit {
namespace {

Error visit(int pid, int number, int depth);

// One thread's children.
Error visit_children(const char* path, int number, int depth) {
  // About 500 pids; the rest is told at the next call, when these are gone.
  char buffer[4096];
  const Error error = os::read_file(path, buffer);
  // proc(5): the pids, each followed by a blank. One cut by the end of the buffer has none.
  for (const char* list = buffer; !error.failed();) {
    const auto pid = static_cast<int>(take_number(list, INT32_MAX));
    if (pid <= 1 || *list++ != ' ') break;
    // One that has ended meanwhile is none of ours any more.
    if (depth < kDepthMax) (void)visit(pid, number, depth + 1);
    // EPERM: not ours to end. ESRCH: it has ended.
    (void)os::send_signal(pid, number);
  }
  return error;
}

// All threads of a process: each has its own children.
__attribute__((noinline)) Error visit(int pid, int number, int depth) {
  char name[64];
  Text path(name);
  path.add("/proc/%d/task", pid);
  const std::size_t length = path.view().size();
  path.put('\0');
  const Fd folder(os::open_file(name, O_RDONLY | O_DIRECTORY));
  if (!folder.valid()) return {"/proc", errno};
  Error first{};
  alignas(dirent64) char entries[1024];
  long size = 0;
  while ((size = ::syscall(SYS_getdents64, folder.get(), entries, sizeof entries)) > 0) {
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(entries + at);
      at += entry->d_reclen;
      if (entry->d_name[0] == '.') continue;
      path.cut(length);
      path.add("/%s/children", entry->d_name);
      path.put('\0');
      const Error error = visit_children(name, number, depth);
      if (error.failed() && depth == 0) first = error;
    }
  }
  return first;
}

}  // namespace

Error signal_descendants(int number) { return visit(os::own_pid(), number, 0); }

}  // namespace hydrinit
