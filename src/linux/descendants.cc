#include "linux/descendants.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/text.h"

namespace hydrinit {
namespace {

// What is done with each, children before their parents, and how deep we are. A tree that changes
// meanwhile may hide some. It fails when /proc cannot tell even the children of the first.
struct Walk {
  void (*visit)(int pid, void* context);
  void* context;
  int depth;
};
Error walk(int pid, const Walk& above);

// One thread's children.
Error walk_children(const char* path, const Walk& here) {
  // About 500 pids; the rest is told at the next call, when these are gone.
  char buffer[4096];
  const Error error = os::read_file(path, buffer);
  // proc(5): the pids, each followed by a blank. One cut by the end of the buffer has none.
  for (const char* list = buffer; !error.failed();) {
    const auto pid = static_cast<int>(take_number(list, INT32_MAX));
    if (pid <= 1 || *list++ != ' ') break;
    // One that has ended meanwhile is none of ours any more.
    if (here.depth < kDepthMax) (void)walk(pid, here);
    here.visit(pid, here.context);
  }
  return error;
}

// All threads of a process: each has its own children.
__attribute__((noinline)) Error walk(int pid, const Walk& above) {
  char name[64];
  Text path(name);
  path.add("/proc/%d/task", pid);
  const std::size_t length = path.view().size();
  path.put('\0');
  const Fd folder(os::open_file(name, O_RDONLY | O_DIRECTORY));
  if (!folder.valid()) return {"/proc", errno};
  const Walk here{above.visit, above.context, above.depth + 1};
  Error first{};
  alignas(dirent64) char entries[1024];
  long size = 0;
  while ((size = ::syscall(SYS_getdents64, folder.get(), entries, sizeof entries)) > 0) {
    for (long at = 0; at < size;) {
      const void* const next = entries + at;
      const auto* entry = static_cast<const dirent64*>(next);
      at += entry->d_reclen;
      if (entry->d_name[0] == '.') continue;
      path.cut(length);
      path.add("/%s/children", entry->d_name);
      path.put('\0');
      const Error error = walk_children(name, here);
      if (error.failed() && above.depth == 0) first = error;
    }
  }
  return first;
}

void add_memory(int pid, void* sum) {
  os::ProcPath path;
  char content[1024];
  if (os::read_file(os::proc_path(path, pid, "smaps_rollup"), content).failed()) return;
  // "Pss:", blanks, the number, and "kB".
  const char* at = number_behind(content, "Pss:");
  const std::int64_t kib = take_number(at, INT32_MAX);
  int& total = *static_cast<int*>(sum);
  if (kib > 0 && kib <= INT32_MAX - total) total += static_cast<int>(kib);
}

void signal_one(int pid, void* number) {
  // EPERM: not ours to end. ESRCH: it has ended.
  (void)os::send_signal(pid, *static_cast<int*>(number));
}

struct Naming {
  Reporter& reporter;
  int named;
};

// /proc/PID/stat: "PID (COMMAND) STATE PARENT ..." (proc(5)); the command may have anything in it.
void name_one(int pid, void* context) {
  Naming& naming = *static_cast<Naming*>(context);
  char buffer[512];
  os::ProcPath path;
  if (os::read_file(os::proc_path(path, pid, "stat"), buffer).failed() ||
      ++naming.named > kNamedMax)
    return;
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
  if (end[2] != 'Z' || notice.code != os::own_pid()) naming.reporter.say(notice);
}

}  // namespace

Error signal_descendants(int number) { return walk(os::own_pid(), {signal_one, &number, 0}); }

void name_descendants(Reporter& reporter) {
  Naming naming{reporter, 0};
  // Where /proc does not tell them they have no names.
  (void)walk(os::own_pid(), {name_one, &naming, 0});
}

int memory_of_tree(int root) {
  int kib = 0;
  add_memory(root, &kib);
  // Without the children files it is the leader alone.
  (void)walk(root, {add_memory, &kib, 0});
  return kib;
}

}  // namespace hydrinit
