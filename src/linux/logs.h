// The output of replicas, for --log: reads it from a pipe for each stream, and writes it line by
// line to our own standard output and error. A slow reader is not waited for: as long as an output
// has no room its pipes are not read, so that whoever writes there waits for its own pipe, and
// nobody else.
//
// A slot keeps its pipes from life to life, so that what has not been read when a replica ends is
// not lost, and what it leaves running can still write. Where its last line has not ended, the end
// of its life does it.
#pragma once

#include "core/line_mux.h"
#include "linux/links.h"

namespace hydrinit {

class Logs {
 public:
  static constexpr int kStreams = 2;  // standard output and standard error
  struct Stream {
    int from;  // where we read, and the replica writes; 0: there is no pipe yet
    int to;
    LineTail tail;
    std::uint32_t left;   // ended: so many bytes in the pipe are of the life that has ended
    std::int16_t number;  // the replica's that we read of
    std::int16_t next;    // ... once its bytes are read
    bool ended;
    bool kept;  // pages for the tail have been touched
  };
  // Of one slot; all zero at first.
  struct Entry {
    Stream streams[kStreams];
    std::int16_t home;  // where the tails are kept
  };

  // Comes first. links and entries outlive it.
  Error prepare(LogFormat format, const Links& links, std::span<Entry> entries, bool colours);
  bool prepared() const { return memory_ != nullptr; }

  // Before a start.
  Error open(int slot);
  // What the slot's next process writes to, from then on.
  int given(int slot, int stream) const { return in(slot).streams[stream].to; }
  // The slot's leader has ended.
  void end_life(int slot);
  // The slots' processes, or their lack, change places.
  void swap(int one, int other);

  // Links::Source::Kind::lines and room.
  void read(int output);
  void resume(int output);
  // All have ended: what can be had is passed on, for kLastWords at most.
  void finish();
  static constexpr Millis kLastWords{1000};

  // Ours for standard output or error: 0: it has no room; -1: write it yourself, nothing waits.
  int queue(int fd, std::string_view line);
  // Why an output could not be written, once until it can be again.
  Error take_failure();

 private:
  // Where lines go; one for both streams when they are the same file.
  struct Output {
    Fd pipes{};  // an epoll set: those that end here
    std::size_t in_at = 0;
    std::size_t in_end = 0;
    std::size_t out_at = 0;
    std::size_t out_end = 0;
    int slot = 0;  // whose bytes are in hand
    int stream = 0;
    int ended = 0;         // streams whose last bytes have not been read
    bool blocked = false;  // there is no room
    bool failing = false;
    bool loud = false;  // there are pages worth giving back
  };
  static constexpr std::size_t kReadSize = 65536;
  // Also for some lines of ours.
  static constexpr std::size_t kOutSize = LineMux::kRoomMax + 4096;
  // Whole pages wherever we run.
  static constexpr std::size_t kScratchSize = std::size_t{8} * 65536;
  static_assert(kReadSize + kOutSize <= kScratchSize);

  Entry& in(int slot) const { return entries_[static_cast<std::size_t>(slot)]; }
  int output_of(int stream) const { return same_ ? 0 : stream; }
  char* scratch(int output) const {
    return memory_ + static_cast<std::size_t>(output) * kScratchSize;
  }
  char* kept(const Entry& entry, int stream) const {
    return memory_ + kStreams * kScratchSize +
           static_cast<std::size_t>(entry.home * kStreams + stream) * kLineMax;
  }
  void watch_pipes(int slot) const;
  void take(int slot, int stream);
  void work(int output);
  std::size_t convert(int output);
  bool write(int output);
  void block(int output);

  std::span<Entry> entries_{};
  const Links* links_ = nullptr;
  char* memory_ = nullptr;
  LogFormat format_{};
  bool same_ = false;
  bool coloured_[kStreams]{};
  bool waits_[kStreams]{};  // there can be a time without room
  Error failure_{};
  Output outputs_[kStreams];
};

}  // namespace hydrinit
