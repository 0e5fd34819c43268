#include "linux/sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>

namespace hydrinit {
namespace {

constexpr int kOn = 1;
// Of --listen; the kernel takes less where net.core.somaxconn says so (listen(2)).
constexpr int kBacklog = 4096;
constexpr int kReusePortProgram = 51;    // SO_ATTACH_REUSEPORT_CBPF; not in every libc's headers
constexpr std::uint8_t kTcpListen = 10;  // TCP_LISTEN of the kernel's net/tcp_states.h

// The beginning of struct tcp_info (linux/tcp.h). Of a listening socket unacked is how many
// connections wait to be accepted.
struct TcpInfo {
  std::uint8_t state;
  std::uint8_t other[7];
  std::uint32_t times[4];
  std::uint32_t unacked;
};

bool tcp_info(int fd, TcpInfo& out) {
  return !net::get_option(fd, IPPROTO_TCP, TCP_INFO, &out, sizeof out).failed();
}

}  // namespace

std::size_t Sockets::size(int slots) {
  return sizeof(Room) + sizeof(Entry) * kPortsMax * static_cast<std::size_t>(slots);
}

void Sockets::prepare(void* memory, int slots, Spread spread) {
  room_ = static_cast<Room*>(memory);
  entries_ = reinterpret_cast<Entry*>(room_ + 1);
  slots_ = slots;
  spread_ = spread;
  // Without it a stuck replica is not noticed; that is all.
  if (spread == Spread::each && slots > 1) watch_.reset(net::open_epoll());
}

int Sockets::socket(int port, int slot) const {
  const Entry& its = entry(port, slot);
  return its.fd != 0 ? its.fd : -1;
}

// ---- making them -------------------------------------------------------------------------------

// A bound socket that does not listen yet. A client's connect(2) on a listening one is EISCONN, so
// nobody listens before the program asks for it.
Error Sockets::make(const Port& port, Spread spread, Fd& out) const {
  const int type = port.kind == ListenSpec::Kind::udp ? SOCK_DGRAM : SOCK_STREAM;
  Error error = net::open_socket(port.address.family, type, out);
  if (error.failed()) return error;
  const int fd = out.get();
  const int only = port.v6_only ? 1 : 0;
  // A udp port that two may have is no use to either (socket(7), SO_REUSEADDR).
  if (type == SOCK_STREAM) error = net::set_option(fd, SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  if (!error.failed() && spread == Spread::each)
    error = net::set_option(fd, SOL_SOCKET, SO_REUSEPORT, &kOn, sizeof kOn);
  if (!error.failed() && port.address.family == SocketAddress::kV6)
    error = net::set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  return error.failed() ? error : net::bind(fd, &port.address, port.address.size());
}

sockaddr_un Sockets::unix_address(const Port& port) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ::memcpy(address.sun_path, port.path, port.path_length);
  return address;
}

// A file that nobody listens behind any more is left over from an earlier run.
Error Sockets::make_unix(const Port& port, Fd& out) const {
  const sockaddr_un address = unix_address(port);
  Error error = net::open_socket(AF_UNIX, SOCK_STREAM, out);
  if (error.failed()) return error;
  error = net::bind(out.get(), &address, sizeof address);
  if (error.code != EADDRINUSE) return error;
  Fd client;
  Error found = net::open_socket(AF_UNIX, SOCK_STREAM, client);
  if (!found.failed()) found = net::connect(client.get(), &address, sizeof address);
  // unix(7): what is no socket, or one that nobody listens on, is refused as well.
  if (found.code != ECONNREFUSED || !S_ISSOCK(net::file_status(address.sun_path).mode))
    return error;
  net::remove_file(address.sun_path);
  return net::bind(out.get(), &address, sizeof address);
}

Error Sockets::open(const ListenSpec& spec, int count) {
  const int number = ports_++;
  listened_ = ports_;
  Port& port = this->port(number);
  port.kind = spec.kind;
  port.address = spec.address;
  port.backlog = kBacklog;
  Fd first;
  if (spec.kind == ListenSpec::Kind::unix_stream) {
    port.path = spec.text + ListenSpec::kUnixPrefix;
    port.path_length = static_cast<std::uint8_t>(spec.length - ListenSpec::kUnixPrefix);
    const Error error = make_unix(port, first);
    if (error.failed()) {
      port.path = nullptr;  // not ours to remove
      return error;
    }
    port.listening = true;
    entry(number, 0).fd = first.release();
    return {};
  }
  // Alone: with SO_REUSEPORT we would join whoever has set it too, in silence.
  Error error = make(port, Spread::one, first);
  if (spec.any && (error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL)) {
    port.address.family = SocketAddress::kV4;
    error = make(port, Spread::one, first);
  }
  if (error.failed()) return error;
  if (spec.kind == ListenSpec::Kind::tcp) port.spread = spread_;
  port.listening = true;
  if (port.spread == Spread::one) {
    entry(number, 0).fd = first.release();
    return {};
  }
  first.reset();
  for (int slot = 0; slot < count; ++slot) {
    if (bind(number, slot) < 0) return {"bind", errno};
  }
  return {};
}

int Sockets::find(const SocketAddress& address, bool v6_only) {
  for (int i = 0; i < ports_; ++i) {
    const Port& port = this->port(i);
    if (port.kind == ListenSpec::Kind::tcp && port.v6_only == v6_only &&
        ::memcmp(&port.address, &address, address.size()) == 0) {
      return i;
    }
  }
  if (ports_ == kPortsMax) return -1;
  Port& port = this->port(ports_);
  port.address = address;
  port.v6_only = v6_only;
  port.spread = spread_;
  return ports_++;
}

int Sockets::bind(int port, int slot) {
  Entry& its = entry(port, slot);
  if (its.fd == 0) {
    Fd made;
    const Error error = make(this->port(port), this->port(port).spread, made);
    if (error.failed()) {
      errno = error.code;
      return -1;
    }
    its.fd = made.release();
  }
  return its.fd;
}

// ---- listening ---------------------------------------------------------------------------------

Error Sockets::start_listening(Port& port, Entry& entry) const {
  if (port.kind == ListenSpec::Kind::udp) return {};
  const Error error = net::listen(entry.fd, port.backlog);
  if (error.failed() || entry.listens) return error;
  entry.listens = true;
  // The kernel numbers them as they come.
  entry.index = port.members++;
  if (port.spread == Spread::each && watch_.valid()) net::watch(watch_.get(), entry.fd, 0);
  return {};
}

Error Sockets::listen(int number, int slot, int count, int backlog) {
  Port& port = this->port(number);
  port.backlog = backlog;
  if (port.listening || port.spread == Spread::one) {
    port.listening = true;
    return start_listening(port, entry(number, slot));
  }
  port.listening = true;
  Error error{};
  for (int other = 0; other < count && !error.failed(); ++other) error = join_port(number, other);
  return error;
}

Error Sockets::join_port(int number, int slot) {
  if (bind(number, slot) < 0) return {"bind", errno};
  Entry& its = entry(number, slot);
  return its.listens ? Error{} : start_listening(port(number), its);
}

Error Sockets::join(int slot) {
  Error error{};
  for (int i = 0; i < ports_ && !error.failed(); ++i) {
    if (port(i).listening) error = join_port(i, slot);
  }
  return error;
}

int Sockets::passed(int slot, std::span<int, kListenMax> out) const {
  for (int i = 0; i < listened_; ++i) out[static_cast<std::size_t>(i)] = socket(i, slot);
  return listened_;
}

Error Sockets::give_to(std::uint32_t uid, std::uint32_t gid) {
  for (int i = 0; i < ports_ * slots_; ++i) {
    if (entries_[i].fd == 0) continue;
    const Error error = net::change_owner(entries_[i].fd, "", uid, gid);
    if (error.failed()) return error;
  }
  // connect(2) asks for the right to write to the file.
  Error error{};
  for (int i = 0; i < ports_ && !error.failed(); ++i) {
    if (port(i).path != nullptr)
      error = net::change_owner(AT_FDCWD, unix_address(port(i)).sun_path, uid, gid);
  }
  return error;
}

// ---- who is served -----------------------------------------------------------------------------

void Sockets::balance(std::span<const Replica> replicas, int wanted) {
  for (int i = 0; i < ports_; ++i) {
    const Port& port = this->port(i);
    if (port.spread == Spread::one || port.members == 0) continue;
    std::size_t count = 0;
    std::size_t waiting = 0;
    int any = -1;
    // There are no more than kBalancedMax slots. Behind those that are live, from the end on, the
    // others that are wanted.
    for (int slot = 0; slot < slots_; ++slot) {
      const Entry& its = entry(i, slot);
      if (!its.listens) continue;
      any = its.fd;
      if (replicas[static_cast<std::size_t>(slot)].in_balance) {
        room_->live[count++] = its.index;
      } else if (slot < wanted) {
        room_->live[kBalancedMax - ++waiting] = its.index;
      }
    }
    const std::span<const std::uint16_t> live =
        count > 0 ? std::span<const std::uint16_t>{room_->live, count}
                  : std::span<const std::uint16_t>{room_->live + kBalancedMax - waiting, waiting};
    const std::size_t size = make_balance_program(live, port.members, room_->program);
    const BpfProgram program{static_cast<std::uint16_t>(size), room_->program};
    // Refused by a kernel before 4.6: then it balances by its hash, over all.
    (void)net::set_option(any, SOL_SOCKET, kReusePortProgram, &program, sizeof program);
  }
}

int Sockets::queue_length(int slot) const {
  std::uint32_t length = 0;
  for (int i = 0; i < ports_; ++i) {
    TcpInfo info;
    if (port(i).spread == Spread::each && entry(i, slot).listens &&
        tcp_info(entry(i, slot).fd, info)) {
      length += info.unacked;
    }
  }
  return static_cast<int>(length);
}

// ---- the end -----------------------------------------------------------------------------------

// reuseport_detach_sock() of the kernel: the last one moves into the hole.
void Sockets::leave_group(int number, Entry& gone) {
  Port& port = this->port(number);
  if (!gone.listens) return;
  gone.listens = false;
  --port.members;
  if (port.spread == Spread::one) return;
  for (int slot = 0; slot < slots_; ++slot) {
    Entry& other = entry(number, slot);
    if (other.listens && other.index == port.members) other.index = gone.index;
  }
  if (watch_.valid()) net::unwatch(watch_.get(), gone.fd);
}

void Sockets::drop(Entry& entry) {
  if (entry.fd != 0) Fd(entry.fd).reset();
  entry.fd = 0;
}

void Sockets::mend(int slot) {
  for (int i = 0; i < ports_; ++i) {
    Entry& its = entry(i, slot);
    TcpInfo info;
    if (port(i).kind != ListenSpec::Kind::tcp || its.fd == 0 || !tcp_info(its.fd, info) ||
        info.state == kTcpListen) {
      continue;
    }
    leave_group(i, its);
    if (port(i).listening) {
      // Its server has shut it down (shutdown(2)), which ends it for all who have it.
      (void)start_listening(port(i), its);
    } else {
      drop(its);  // who knows what has been done with it
    }
  }
}

void Sockets::close(int slot) {
  for (int i = 0; i < ports_; ++i) {
    if (port(i).spread == Spread::one || entry(i, slot).fd == 0) continue;
    leave_group(i, entry(i, slot));
    drop(entry(i, slot));
  }
}

void Sockets::close_all() {
  for (int i = 0; i < ports_; ++i) {
    for (int slot = 0; slot < (port(i).spread == Spread::each ? slots_ : 1); ++slot) {
      drop(entry(i, slot));
    }
    if (port(i).path == nullptr) continue;
    net::remove_file(unix_address(port(i)).sun_path);
  }
  slots_ = 0;
  ports_ = 0;
  listened_ = 0;
  watch_.reset();
}

}  // namespace hydrinit
