// From the bytes that replicas write to whole lines that say whose they are: "[2] line", or an
// object of JSON a line. Bounded: the caller keeps the beginning of a line that has not ended, and
// hands over as much room as the longest line can need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/config.h"

namespace hydrinit {

// A longer line goes out in pieces of this size, each of which but the first is marked.
inline constexpr std::uint32_t kLineMax = 65536;

// Whose lines they are, and how they are to look.
struct LineSource {
  LogFormat format = LogFormat::prefix;
  bool colour = false;       // of the prefix
  bool error = false;        // standard error
  int replica = kItself;     // its number
  std::int64_t time_ms = 0;  // since 1970; JSON tells it
  static constexpr int kItself = -1;
};

// The line of a stream that has not ended yet. Its size bytes are in kLineMax bytes of the
// caller's, which are touched only to add to it.
struct LineTail {
  std::uint32_t size = 0;
  bool continued = false;  // it has pieces that have gone out already
};

// Lines on their way out, behind each other in a buffer.
class LineMux {
 public:
  // The most that one line needs: each byte six of JSON, and what stands around them.
  static constexpr std::uint32_t kHeadMax = 128;
  static constexpr std::uint32_t kRoomMax = kLineMax * 6 + kHeadMax;

  // Comes first. room outlives it.
  void set_room(char* room, std::uint32_t size);
  // Whose lines come from now on.
  void set_source(const LineSource& source);
  // Takes the next bytes of the stream until one more line might not fit; how many. A newline that
  // was not there ends the last line.
  std::uint32_t feed(std::string_view input, LineTail& tail, char* kept);
  // A whole line that has room.
  void put_line(std::string_view line, bool continued = false);
  // A line as it is to be; false: there is no room.
  bool append(std::string_view line);

  // Whole lines, but for those that have been taken from the beginning. Nothing is to be added
  // before they are gone, other than by append().
  std::string_view pending() const { return {begin_, static_cast<std::size_t>(end_ - begin_)}; }
  void take(std::size_t size);

 private:
  void put(std::string_view bytes);
  void make_head(bool continued);
  void put_escaped(std::string_view line);

  char* room_ = nullptr;
  char* begin_ = nullptr;
  char* end_ = nullptr;
  char* limit_ = nullptr;
  LineSource source_{};
  bool continued_ = false;  // what head_ is for
  std::uint8_t head_size_ = 0;
  char head_[kHeadMax];
};

}  // namespace hydrinit
