#include "linux/descendants.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/text.h"

namespace hydrinit {
namespace {

// What is done with each.
struct Visitor {
  int number = 0;  // sent to them
  Reporter* reporter = nullptr;
  int named = 0;
};

Error visit(int pid, Visitor& visitor, int depth);

// /proc/PID/stat: "PID (COMMAND) STATE PARENT ..." (proc(5)); the command may have anything in it.
void name_process(int pid, Visitor& visitor) {
  char buffer[512];
  char name[32];
  Text path(name);
  path.add("/proc/%d/stat", pid);
  path.put('\0');
  if (os::read_file(name, buffer).failed() || ++visitor.named > kNamedMax) return;
  const char* begin = buffer;
  (void)take_number(begin, INT32_MAX);
  const char* end = begin;
  for (const char* c = begin; *c != '\0'; ++c) {
    if (*c == ')') end = c;
  }
  const char* parent = end + 4;
  Notice notice;
  notice.kind = end[2] == 'Z' ? Notice::Kind::not_reaped : Notice::Kind::still_there;
  notice.pid = pid;
  notice.name = begin + 2;
  notice.name_end = end;
  notice.code = static_cast<int>(take_number(parent, INT32_MAX));
  // Our own is reaped next.
  if (end[2] != 'Z' || notice.code != os::own_pid()) visitor.reporter->say(notice);
}

// One thread's children.
Error visit_children(const char* path, Visitor& visitor, int depth) {
  // About 500 pids; the rest is told at the next call, when these are gone.
  char buffer[4096];
  const Error error = os::read_file(path, buffer);
  // proc(5): the pids, each followed by a blank. One cut by the end of the buffer has none.
  for (const char* list = buffer; !error.failed();) {
    const auto pid = static_cast<int>(take_number(list, INT32_MAX));
    if (pid <= 1 || *list++ != ' ') break;
    // One that has ended meanwhile is none of ours any more.
    if (depth < kDepthMax) (void)visit(pid, visitor, depth + 1);
    if (visitor.reporter != nullptr) {
      name_process(pid, visitor);
    } else {
      // EPERM: not ours to end. ESRCH: it has ended.
      (void)os::send_signal(pid, visitor.number);
    }
  }
  return error;
}

// All threads of a process: each has its own children.
__attribute__((noinline)) Error visit(int pid, Visitor& visitor, int depth) {
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
      const Error error = visit_children(name, visitor, depth);
      if (error.failed() && depth == 0) first = error;
    }
  }
  return first;
}

}  // namespace

Error signal_descendants(int number) {
  Visitor visitor{.number = number};
  return visit(os::own_pid(), visitor, 0);
}

void name_descendants(Reporter& reporter) {
  Visitor visitor{.reporter = &reporter};
  // Where /proc does not tell them they have no names.
  (void)visit(os::own_pid(), visitor, 0);
}

}  // namespace hydrinit
