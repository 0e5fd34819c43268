#include "linux/spawner.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "core/text.h"
#include "linux/bind_proxy.h"

namespace hydrinit {
namespace {

// Where a command without a slash is looked for when there is no PATH.
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// The child shares our memory until it executes: what it writes here the parent reads.
struct Shared {
  const SpawnRequest* request;
  char** listen_pid;
  char listen_pid_text[32];
  Error error;
};

// A sanitizer must not leave its marks on a stack that the child never unwinds.
#if defined(__SANITIZE_ADDRESS__)
#define IN_VFORK_CHILD __attribute__((no_sanitize("address", "undefined")))
#else
#define IN_VFORK_CHILD
#endif

// 1432 bytes were seen in use, kCandidateMax among them. A build for tests takes more, and resolves
// functions on the way.
#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
constexpr std::size_t kChildStack = 12288;
#else
constexpr std::size_t kChildStack = 2048;
#endif

// The longest FOLDER/NAME that is tried; a longer folder in PATH is passed over. Small, for it lies
// on the child's stack, which lies on ours: each page it touches stays with us.
constexpr std::size_t kCandidateMax = 1024;

// The entry NAME=value, or the nullptr at the end.
char** find_entry(char** environment, const char* name) {
  while (*environment != nullptr && !begins(*environment, name)) ++environment;
  return environment;
}

// If LISTEN_PID (sd_listen_fds(3)) names from, the child must see itself there. Returns the entry
// to rewrite, or nullptr.
char** find_listen_pid(char** environment, pid_t from) {
  char** const entry = find_entry(environment, "LISTEN_PID=");
  const bool ours = *entry != nullptr && parse_number(*entry + 11, INT_MAX) == from;
  return ours ? entry : nullptr;
}

// execve(2) as execvp(3) does it: a file of unknown format is run by /bin/sh. Returns the errno.
IN_VFORK_CHILD int try_exec(const char* path, const SpawnRequest& request) {
  const int error = os::execute(path, request.command, request.environment);
  if (error != ENOEXEC) return error;
  char** script = request.command - 1;
  script[0] = const_cast<char*>("/bin/sh");
  script[1] = const_cast<char*>(path);
  os::execute(script[0], script, request.environment);
  // The shell is missing; what the user wants to hear of is still the format.
  return ENOEXEC;
}

// Every folder of PATH in turn, as execvp(3): a folder that cannot be searched is passed over, and
// EACCES is told only if nothing else was found.
IN_VFORK_CHILD int search_path(const SpawnRequest& request, const char* name,
                               std::size_t name_size) {
  if (name_size > NAME_MAX) return ENAMETOOLONG;
  char** const entry = find_entry(request.environment, "PATH=");
  const char* path = *entry != nullptr ? *entry + 5 : kDefaultPath;
  bool denied = false;
  char candidate[kCandidateMax];
  for (const char* next = path; next != nullptr; path = next) {
    std::size_t length = 0;
    while (path[length] != '\0' && path[length] != ':') ++length;
    next = path[length] == ':' ? path + length + 1 : nullptr;
    if (length + 1 + name_size > sizeof candidate) continue;
    ::memcpy(candidate, path, length);
    std::size_t at = length;
    if (length > 0) candidate[at++] = '/';  // an empty one is the current folder
    ::memcpy(candidate + at, name, name_size);
    const int error = try_exec(candidate, request);
    if (error == EACCES) denied = true;
    if (error != EACCES && error != ENOENT && error != ENOTDIR && error != ENAMETOOLONG &&
        error != ELOOP) {
      return error;
    }
  }
  return denied ? EACCES : ENOENT;
}

// Returns the errno.
IN_VFORK_CHILD int execute(const SpawnRequest& request) {
  const char* name = request.command[0];
  std::size_t size = 0;
  while (name[size] != '\0' && name[size] != '/') ++size;
  if (name[size] == '/') return try_exec(name, request);
  return size == 0 ? ENOENT : search_path(request, name, size + 1);
}

IN_VFORK_CHILD void write_listen_pid(Shared& shared) {
  if (shared.listen_pid == nullptr) return;
  Text text(shared.listen_pid_text);
  text.add("LISTEN_PID=%d", os::current_pid());
  text.put('\0');
  *shared.listen_pid = shared.listen_pid_text;
}

// Runs on a stack of its own in our memory, every signal blocked. Returning ends the child with
// that code (clone(2)).
IN_VFORK_CHILD int child_main(void* argument) {
  Shared& shared = *static_cast<Shared*>(argument);
  const SpawnRequest& request = *shared.request;
  // Should we be killed, the child is told the same way as we are (prctl(2)).
  if (request.parent_death_signal != 0) {
    (void)os::set_parent_death_signal(request.parent_death_signal);
  }
  if (request.placement == Placement::new_group) os::make_group();
  if (request.placement == Placement::new_session) os::make_session();
  request.terminal->enter_child();
  if (request.null_input) os::null_standard_input();
  if (request.cpu >= 0) os::pin_to_cpu(request.cpu);
  if (request.streams[0] >= 0) {
    os::give_fd(request.streams[0], STDOUT_FILENO);
    os::give_fd(request.streams[1], STDERR_FILENO);
  }
  // As far as the limit of files goes before it is restored.
  int number = kListenFdFirst;
  for (int socket : request.sockets) os::give_fd(socket, number++);
  if (request.ready_from >= 0) os::give_fd(request.ready_from, request.ready_to);
  if (request.files.hard != 0) os::set_file_limit(request.files);
  write_listen_pid(shared);
  // Signals stay blocked until dispositions are right: a vfork child has its own table of them.
  if (request.signals.sigchld_ignored) os::ignore_sigchld();
  if (request.bind_channel >= 0) {
    shared.error = {"seccomp", BindProxy::install(request.bind_channel)};
    if (shared.error.failed()) return kExitInternal;
  }
  os::set_signal_mask(request.signals.mask);
  shared.error = {"execve", execute(request)};
  return kExitNotFound;
}

}  // namespace

SpawnOutcome start(const SpawnRequest& request) {
  Shared shared{};
  shared.request = &request;
  shared.listen_pid = find_listen_pid(request.environment, os::own_pid());
  // What the child changes in our memory on its way is put back: the next one starts from the same.
  char* const listen_pid = shared.listen_pid != nullptr ? *shared.listen_pid : nullptr;
  char* const script[2] = {request.command[-1], request.command[0]};
  alignas(16) char stack[kChildStack];
  // CLONE_VFORK: we sleep until the child has executed or ended, so its stack may lie on ours, and
  // no signal can be forwarded to it too early.
  const pid_t pid =
      ::clone(child_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &shared);
  const int clone_errno = errno;
  if (shared.listen_pid != nullptr) *shared.listen_pid = listen_pid;
  request.command[-1] = script[0];
  request.command[0] = script[1];
  if (pid < 0) return {0, {"clone", clone_errno}};
  return {pid, shared.error};
}

}  // namespace hydrinit
