// The output of replicas, for --log: reads it from a pipe for each stream, and writes it line by
// line to our own standard output and error. A slow reader is not waited for: as long as an output
// has no room its pipes are not read, so that whoever writes there waits for its own pipe, and
// nobody else.
//
// Pipes are kept from life to life, so that what has not been read when a replica ends is not lost,
// and what it leaves running can still write. Where its last line has not ended, the end of its
// life does it.
#pragma once

#include "core/line_mux.h"
#include "linux/links.h"

namespace hydrinit {

// All zero before prepare().
class Logs {
 public:
  // Standard output and standard error: those of place p are streams 2 p and 2 p + 1.
  static constexpr unsigned kStreams = 2;
  // All zero: there is no pipe yet.
  struct Stream {
    int from;  // where we read, and the replica writes
    int to;
    LineTail tail;
    std::uint32_t left;   // ended: so many bytes in the pipe are of the life that has ended
    std::int16_t number;  // the replica's that we read of
    std::int16_t next;    // ... once its bytes are read
    std::int16_t place;   // of the first of two: where the streams of the slot with its number are
    bool ended;
    bool kept;  // pages for the tail have been touched
  };

  // Comes first. links and streams outlive it.
  Error prepare(LogFormat format, const Links& links, std::span<Stream> streams, bool colours);

  // Before a start.
  Error open(unsigned slot);
  // What the slot's next process writes to, from then on.
  int given(unsigned slot, unsigned stream) const { return at(first_of(slot) + stream).to; }
  // The slot's leader has ended.
  void end_life(unsigned slot);
  // The slots' processes, or their lack, change places.
  void swap(unsigned one, unsigned other) const;

  // Links::Source::Kind::lines and room.
  void read(int output);
  void resume(int output);
  // All have ended: what can be had is passed on, for kLastWords at most.
  void finish();
  static constexpr Millis kLastWords{1000};

  // A line of ours for standard output or error, at once or behind those that wait; false: there
  // is no room.
  bool say(int fd, std::string_view line);
  // Why an output could not be written, once until it can be again.
  Error take_failure();

 private:
  // Where lines go; one for both streams when they are the same file.
  struct Output {
    LineMux mux{};
    int pipes = 0;           // an epoll set: those that end here
    char* memory = nullptr;  // kReadSize bytes for what is read, then mux's
    std::uint32_t in_at = 0;
    std::uint32_t in_end = 0;
    unsigned stream = 0;   // whose bytes are in hand
    int ended = 0;         // streams whose last bytes have not been read
    bool blocked = false;  // there is no room
    bool failing = false;
    bool loud = false;  // there are pages worth giving back
    int fd() const { return 1 + static_cast<int>(stream % kStreams); }
  };
  static constexpr std::uint32_t kReadSize = 65536;
  // Whole pages wherever we run. The rest is for lines of ours.
  static constexpr std::size_t kMemory = std::size_t{8} * 65536;
  static_assert(kReadSize + LineMux::kRoomMax + 4096 <= kMemory);

  unsigned first_of(unsigned slot) const {
    return static_cast<unsigned>(at(slot * kStreams).place) * kStreams;
  }
  Stream& at(unsigned stream) const { return streams_[stream]; }
  int written_to(const Output& output) const { return fds_[output.fd() - 1]; }
  Output& output_of(unsigned stream) { return outputs_[same_ ? 0 : stream % kStreams]; }
  bool watch(Links::Source::Kind kind, const Output& output, int fd, net::Watch how) const {
    return links_->watch(kind, static_cast<int>(&output - outputs_), fd, how);
  }
  void take(unsigned stream);
  void work(Output& output);
  bool convert(Output& output);
  bool write(Output& output);

  std::span<Stream> streams_{};
  const Links* links_ = nullptr;
  char* tails_ = nullptr;  // kLineMax bytes for each stream
  LogFormat format_{};
  bool same_ = false;
  int fds_[kStreams]{};  // where the streams are written to
  bool coloured_[kStreams]{};
  bool waits_[kStreams]{};  // there can be a time without room
  Error failure_{};
  Output outputs_[kStreams];
};

}  // namespace hydrinit
