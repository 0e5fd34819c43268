// --share: a program that binds its port by itself is given the slot's socket in its place. A
// seccomp filter tells hydrinit of bind(2), of listen(2) and of IPV6_V6ONLY, before they happen, in
// the replica and in whatever it starts (seccomp_unotify(2)).
#pragma once

#include "linux/sockets.h"

namespace hydrinit {

class BindProxy {
 public:
  // What a replica has just done.
  enum class Outcome : std::uint8_t {
    nothing,  // that concerns anybody
    listens,  // it serves a port that is shared
    refused,  // nobody can be given a socket (error); its call has failed, or gone on without
  };
  struct Result {
    Outcome outcome = Outcome::nothing;
    Error error{};
  };

  // What is remembered of a replica, zero at first: the last IPV6_V6ONLY that was set, and that it
  // has gone on with a socket of its own.
  struct Memory {
    std::uint32_t pid;
    std::uint32_t fd;
    bool v6_only;
    bool goes_on;
  };

  // In the child, before it executes: sets no_new_privs and the filter, and sends the descriptor
  // of the notifications through the channel. Returns 0, or why not (errno).
  static int install(int channel);

  // ports: those that are shared, with commas between them; "": all. Both outlive it.
  BindProxy(Sockets& sockets, const char* ports) : sockets_(sockets), ports_(ports) {}

  // There is a notification to be read. slots: how many there are now; slot: whose replica it is.
  Result answer(int notifications, int slot, int slots, Memory& memory);

 private:
  struct Call;
  Result on_bind(const Call& call, int slot, const Memory& memory, int& error);
  Result on_listen(const Call& call, int slot, int slots, const Memory& memory);

  Sockets& sockets_;
  const char* ports_;
  bool works_ = false;  // somebody has been given a socket
};

}  // namespace hydrinit
