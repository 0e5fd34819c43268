#include "linux/links.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

#include "core/text.h"

namespace hydrinit {
namespace {

constexpr int kSlotBits = 16;

}  // namespace

Error Links::prepare(const Config& config, int signals, std::span<Entry> entries) {
  entries_ = entries;
  ready_by_ = config.ready_by;
  epoll_.reset(net::open_epoll());
  if (!epoll_.valid()) return {"epoll_create1", errno};
  if (!watch(Source::Kind::signals, 0, signals)) return {"epoll_ctl", errno};
  return config.share ? net::open_pair(own_end_, child_end_) : Error{};
}

bool Links::watch(Source::Kind kind, int slot, int fd, net::Watch how) const {
  const auto tag = static_cast<std::uint32_t>(kind) << kSlotBits | static_cast<std::uint32_t>(slot);
  return net::watch(epoll_.get(), fd, tag, how);
}

int Links::next(Source (&out)[kSourcesMax]) const {
  net::Happened happened[net::kHappenedMax];
  const int count = net::wait(epoll_.get(), happened);
  for (int i = 0; i < count; ++i) {
    out[i] = {static_cast<Source::Kind>(happened[i].tag >> kSlotBits),
              static_cast<std::int16_t>(happened[i].tag), happened[i].readable};
  }
  return count;
}

// The kernel finds a name for it that nobody has (unix(7), autobind).
Error Links::open_notify(Fd& ready, char (&variable)[kVariableMax]) const {
  Error error = net::open_socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, ready);
  if (error.failed()) return error;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  error = net::bind(ready.get(), &address, sizeof address.sun_family);
  if (error.failed()) return error;
  // A zero, then five digits; nothing ends them.
  if (net::bound_address(ready.get(), &address, sizeof address - 1) < 0)
    return {"getsockname", errno};
  Text text(variable);
  text.add("NOTIFY_SOCKET=@%s", address.sun_path + 1);
  text.put('\0');
  return {};
}

Error Links::open(int slot, char (&variable)[kVariableMax]) {
  closed(slot);
  given_.reset();
  Fd ready;
  Error error{};
  if (ready_by_ == ReadyBy::descriptor) error = net::open_pipe(ready, given_);
  if (ready_by_ == ReadyBy::notify) error = open_notify(ready, variable);
  if (error.failed()) return error;
  if (ready.valid()) {
    if (!watch(Source::Kind::ready, slot, ready.get())) return {"epoll_ctl", errno};
    in(slot).ready = ready.release();
  }
  return {};
}

void Links::started(int slot) {
  given_.reset();
  if (!own_end_.valid()) return;
  // Only the last is its own, should an earlier one not have been received.
  int& binds = in(slot).binds;
  for (int fd = 0; (fd = net::receive_fd(own_end_.get())) >= 0; binds = fd) close(binds);
  if (binds == 0) return;
  watch(Source::Kind::binds, slot, binds);
}

void Links::close(int& fd) const {
  if (fd == 0) return;
  // Others may have it too, and then closing alone does not take it out (epoll(7)).
  net::unwatch(epoll_.get(), fd);
  Fd(fd).reset();
  fd = 0;
}

void Links::closed(int slot) {
  if (entries_.empty()) return;
  close(in(slot).ready);
  close(in(slot).binds);
  in(slot).memory = {};
}

void Links::close_binds(int slot) { close(in(slot).binds); }

void Links::move(int from, int to) {
  if (entries_.empty()) return;
  closed(to);
  in(to) = in(from);
  in(from) = {};
  if (in(to).ready != 0) watch(Source::Kind::ready, to, in(to).ready);
  if (in(to).binds != 0) watch(Source::Kind::binds, to, in(to).binds);
}

Heard Links::hear(int slot) {
  char message[1024];
  const int fd = in(slot).ready;
  const long size = fd == 0 ? -1 : net::read_some(fd, message);
  if (size > 0) {
    const std::string_view text(message, static_cast<std::size_t>(size));
    return ready_by_ == ReadyBy::notify ? parse_notification(text) : parse_newline(text);
  }
  // The end of a pipe, whose writers are gone: it has nothing more to tell.
  if (size == 0 && ready_by_ == ReadyBy::descriptor) close(in(slot).ready);
  return {};
}

}  // namespace hydrinit
