// What --status shows: the page that hydrinit keeps its replicas in, which others map read-only,
// and how it reads. One process writes; whoever reads takes a copy, and again if it was written
// meanwhile (a sequence lock).
#pragma once

#include <span>

#include "core/config.h"
#include "core/supervisor.h"
#include "core/text.h"

namespace hydrinit {

struct StatusPage {
  static constexpr std::uint32_t kMagic = 0x72647968;
  // Another one has another layout.
  static constexpr std::uint16_t kVersion = 1;

  std::uint32_t magic;
  std::uint16_t version;
  std::uint16_t places;    // in the table that follows: one for each slot, and the annex
  std::uint32_t sequence;  // odd: it is being written
  std::int32_t pid;        // of the writer
  Instant begun;
  Overview overview;
  std::int32_t max_restarts;
  Restart restart;
  ExitWhen exit_when;

  Replica* replicas() { return reinterpret_cast<Replica*>(this + 1); }
  std::span<const Replica> all() const {
    return {reinterpret_cast<const Replica*>(this + 1), places};
  }
  const Replica& in_slot(int slot) const { return all()[static_cast<std::size_t>(slot)]; }
  int capacity() const { return places - 1; }
  // Behind the replicas.
  const PidEntry* pids() const { return reinterpret_cast<const PidEntry*>(all().data() + places); }

  void begin_writing() {
    __atomic_store_n(&sequence, sequence + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
  }
  void end_writing() { __atomic_store_n(&sequence, sequence + 1, __ATOMIC_RELEASE); }
};
static_assert(sizeof(StatusPage) % alignof(Replica) == 0);
// With both tables of so many places.
constexpr std::size_t size_of_page(std::size_t places) {
  return sizeof(StatusPage) + places * (sizeof(Replica) + sizeof(PidEntry));
}

// Copies size bytes of a page that another process writes; false: it was written meanwhile.
bool copy_page(const StatusPage& page, void* out, std::size_t size);

// The slot serves: its replica is up, or the old one beside the one that comes.
bool is_ready(const StatusPage& page, int slot);
// How many of those that are wanted are.
int count_ready(const StatusPage& page);

// One line or object of a replica. pid 0: none; memory in KiB, 0: unknown.
struct Seen {
  int place;
  int pid;
  int memory;
};
// The head, a row for each place, and the foot; json: one object instead of a table.
void append_head(Text& out, const StatusPage& page, Instant now, bool json);
void append_replica(Text& out, const StatusPage& page, const Seen& seen, Instant now, bool json);
void append_foot(Text& out, bool json);

// 512K, 45M, 12G.
void append_size(Text& out, int kib);

}  // namespace hydrinit
