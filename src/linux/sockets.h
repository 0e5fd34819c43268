// The listening sockets that hydrinit keeps, those of --listen and those that --share takes over
// from the replicas: a port has one for each slot, all bound to the same address (SO_REUSEPORT,
// socket(7)), or one for all. A slot's socket outlives its replicas, so that a connection that
// waits in its queue is served by the next one.
#pragma once

#include <sys/un.h>

#include <span>

#include "core/balance.h"
#include "core/listen.h"
#include "core/replica.h"
#include "linux/net.h"

namespace hydrinit {

// A socket for each slot, or one for all. Only TCP can have the first.
enum class Spread : std::uint8_t { one, each };

class Sockets {
 public:
  static constexpr int kPortsMax = 16;
  static_assert(kListenMax <= kPortsMax);

  // How much zeroed memory it needs for so many slots.
  static std::size_t size(int slots);

  // Comes first. memory of that size outlives it. spread: of TCP ports.
  void prepare(void* memory, int slots, Spread spread);
  bool prepared() const { return slots_ > 0; }

  // A port of --listen. Binds it for the slots below count. EADDRINUSE: somebody has it.
  Error open(const ListenSpec& spec, int count);
  // The port that has this address, made if there is none; negative: there is no room for it.
  int find(const SocketAddress& address, bool v6_only);
  // Its socket for the slot, which is made and bound if there is none; negative: it could not be
  // (errno).
  int bind(int port, int slot);
  // The slot listens with that backlog. The first of a port brings all below count with it, so that
  // the kernel numbers them by their slots.
  Error listen(int port, int slot, int count, int backlog);
  // The slot has and listens on all that the others do: before its first start.
  Error join(int slot);

  int ports() const { return ports_; }
  // -1: there is none.
  int socket(int port, int slot) const;

  // The sockets of --listen for that slot, in the order in which they were named; how many.
  int passed(int slot, std::span<int, kListenMax> out) const;

  // Becomes that user's, who then can bind others beside them.
  Error give_to(std::uint32_t uid, std::uint32_t gid);

  // Hands new connections to those that are in_balance alone; when there is none to the slots
  // below wanted, where they wait for whoever comes. replicas: of every slot.
  void balance(std::span<const Replica> replicas, int wanted);
  // Connections that wait to be accepted by the slot.
  int queue_length(int slot) const;
  // An epoll(7) descriptor that is readable while any connection waits; -1: none.
  int watch() const { return watch_.get(); }

  // The slot's replica has ended: what it has spoilt is mended.
  void mend(int slot);
  // It is scaled down. What waits in its queues is lost.
  void close(int slot);
  // The container ends. Files of unix sockets go too.
  void close_all();

 private:
  // Zero is a good beginning.
  struct Port {
    SocketAddress address;
    ListenSpec::Kind kind;
    Spread spread;
    bool v6_only;
    bool listening;
    std::uint8_t path_length;
    std::uint16_t members;  // how many sockets of the group listen
    int backlog;
    const char* path;  // of a unix socket, not terminated
  };
  // fd 0: there is none; ours are never so low. index: in the port's group.
  struct Entry {
    int fd;
    std::uint16_t index;
    bool listens;
  };
  struct Room {
    Port ports[kPortsMax];
    BpfInstruction program[kBalanceProgramMax];
    std::uint16_t live[kBalancedMax];
  };

  Port& port(int number) const { return room_->ports[number]; }
  Entry& entry(int port, int slot) const {
    return entries_[port * slots_ + (this->port(port).spread == Spread::each ? slot : 0)];
  }
  Error make(const Port& port, Spread spread, Fd& out) const;
  static sockaddr_un unix_address(const Port& port);
  Error make_unix(const Port& port, Fd& out) const;
  Error join_port(int port, int slot);
  Error start_listening(Port& port, Entry& entry) const;
  void leave_group(int port, Entry& gone);
  static void drop(Entry& entry);

  Entry* entries_ = nullptr;  // a row of slots for each port
  Room* room_ = nullptr;
  int slots_ = 0;
  int ports_ = 0;
  int listened_ = 0;  // the first are those of --listen
  Spread spread_ = Spread::one;
  Fd watch_{};
};

}  // namespace hydrinit
