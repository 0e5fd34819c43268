// What hydrinit has in common with each running replica: the descriptor by which the program says
// that it is ready, and the one by which its bind(2) calls are seen. Both last as long as one life.
#pragma once

#include "core/config.h"
#include "core/readiness.h"
#include "linux/bind_proxy.h"
#include "linux/net.h"

namespace hydrinit {

class Links {
 public:
  // Of one slot; all zero: none.
  struct Entry {
    int ready;  // what the program writes comes out here
    int binds;  // its notifications
    BindProxy::Memory memory;
  };
  // What happened to whom.
  struct Source {
    // The last two: of the output by that number.
    enum class Kind : std::uint8_t { signals, connections, ready, binds, lines, room };
    Kind kind;
    std::int16_t slot;
    bool readable;  // false: the other end is gone
  };
  // "NOTIFY_SOCKET=@00001"
  static constexpr std::size_t kVariableMax = 32;

  // Comes first. entries, all zero, outlive it. signals: what tells of them.
  Error prepare(const Config& config, int signals, std::span<Entry> entries);

  // Sleep on this one: it is readable when any of them has something to tell.
  int epoll() const { return epoll_.get(); }
  bool watch(Source::Kind kind, int slot, int fd, net::Watch how = net::Watch::always) const;
  bool prepared() const { return epoll_.valid(); }
  // What there is to be told, without waiting; how many.
  static constexpr int kSourcesMax = net::kHappenedMax;
  int next(Source (&out)[kSourcesMax]) const;

  // Before a start: what the last life has left is closed, and the next one's way to say that it is
  // ready is opened. variable: its NOTIFY_SOCKET, if it has one. What the child is given of it, at
  // the number that was asked for, and only until closed(): given(); negative: nothing.
  Error open(int slot, char (&variable)[kVariableMax]);
  int given() const { return given_.get(); }
  // The child's end of the channel for its notifications; negative: nothing is shared.
  int channel() const { return child_end_.get(); }
  // It runs, or has failed to.
  void started(int slot);
  void closed(int slot);
  // The life goes on in another slot.
  void move(int from, int to);

  // What the program has said since.
  Heard hear(int slot);
  int binds(int slot) const { return in(slot).binds; }
  BindProxy::Memory& memory(int slot) const { return in(slot).memory; }
  void close_binds(int slot);

 private:
  Entry& in(int slot) const { return entries_[static_cast<std::size_t>(slot)]; }
  void close(int& fd) const;
  Error open_notify(Fd& ready, char (&variable)[kVariableMax]) const;

  std::span<Entry> entries_{};
  ReadyBy ready_by_{};
  Fd epoll_{};
  Fd own_end_{};
  Fd child_end_{};
  Fd given_{};
};

}  // namespace hydrinit
