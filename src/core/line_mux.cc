#include "core/line_mux.h"

#include "core/text.h"

namespace hydrinit {
namespace {

// RFC 3339, in UTC, up to the year 2099. The year begins in March here, so that a leap day is its
// last one.
void append_time(Text& out, std::int64_t time_ms) {
  constexpr int kDaysBefore1970 = 671;  // from the first of March 1968, which was a leap year
  constexpr int kMsOfDay = 86400000;
  const auto days = static_cast<int>(time_ms / kMsOfDay) + kDaysBefore1970;
  const auto ms = static_cast<int>(time_ms % kMsOfDay);
  const int years = (4 * days + 3) / 1461;
  const int of_year = days - 1461 * years / 4;
  const int month = (5 * of_year + 2) / 153;  // 0: March
  const bool next = month > 9;
  const int parts[] = {1968 + years + next,
                       month + 3 - 12 * next,
                       of_year - (153 * month + 2) / 5 + 1,
                       ms / 3600000,
                       ms / 60000 % 60,
                       ms / 1000 % 60,
                       ms % 1000};
  static constexpr char kBehind[] = "--T::.Z";
  for (int i = 0; i < 7; ++i) {
    if (parts[i] < 10) out.put('0');
    if (i == 6 && parts[i] < 100) out.put('0');
    out.put_number(parts[i]);
    out.put(kBehind[i]);
  }
}

// How many bytes of well-formed UTF-8 stand from text on, of one character that is not ASCII; 0:
// none (RFC 3629: nothing longer than need be, no surrogates, up to U+10FFFF).
int utf8_size(const char* text, const char* end) {
  const auto first = static_cast<std::uint8_t>(*text);
  const int size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (first < 0xC0 || end - text < size) return 0;
  int character = first & (0xFF >> (size + 1));
  for (int i = 1; i < size; ++i) {
    const int next = static_cast<std::uint8_t>(text[i]) ^ 0x80;
    if (next > 0x3F) return 0;
    character = character << 6 | next;
  }
  // What a character of less bytes could hold is cut off: 7, 11, 16 bits.
  const bool longer = character >> (5 * size - 4 + (size == 2)) != 0;
  const bool surrogate = character >> 11 == 0xD800 >> 11;
  return longer && !surrogate && character <= 0x10FFFF && first < 0xF8 ? size : 0;
}

// Eight bytes at a time; libc's memchr(3) does the same in 200 bytes.
const char* find_newline(const char* at, const char* end) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  for (; end - at >= 8; at += 8) {
    std::uint64_t bytes = 0;
    __builtin_memcpy(&bytes, at, 8);
    bytes ^= kOnes * '\n';
    // The upper bit of those that are zero now; a borrow makes others look so only behind one.
    if (((bytes - kOnes) & ~bytes & kOnes << 7) != 0) break;
  }
  while (at < end && *at != '\n') ++at;
  return at;
}

}  // namespace

void LineMux::set_room(char* room, std::uint32_t size) {
  room_ = room;
  begin_ = room;
  end_ = room;
  limit_ = room + size;
}

void LineMux::set_source(const LineSource& source) {
  source_ = source;
  head_size_ = 0;
}

void LineMux::take(std::size_t size) {
  begin_ += size;
  if (begin_ != end_) return;
  begin_ = room_;
  end_ = room_;
}

void LineMux::put(std::string_view bytes) {
  __builtin_memcpy(end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

bool LineMux::append(std::string_view line) {
  const bool fits = line.size() <= static_cast<std::size_t>(limit_ - end_);
  if (fits) put(line);
  return fits;
}

void LineMux::make_head(bool continued) {
  Text head(head_);
  const bool replica = source_.replica >= 0;
  if (source_.format == LogFormat::json) {
    head.put("{\"time\":\"");
    append_time(head, source_.time_ms);
    if (replica) head.add("\",\"replica\":%d,\"stream\":\"", source_.replica);
    head.put(!replica ? "\",\"stream\":\"hydrinit" : source_.error ? "stderr" : "stdout");
    head.put(continued ? "\",\"continued\":true,\"line\":\"" : "\",\"line\":\"");
  } else {
    // Six colours: neither black nor white, of which one cannot be read.
    const int colour = 31 + source_.replica % 6;
    if (source_.colour) head.add("\x1b[%dm", colour);
    head.add(continued ? "[%d+]" : "[%d]", source_.replica);
    head.put(source_.colour ? "\x1b[0m " : " ");
  }
  continued_ = continued;
  head_size_ = static_cast<std::uint8_t>(head.view().size());
}

void LineMux::put_escaped(std::string_view line) {
  const char* from = line.data();
  const char* const end = from + line.size();
  char* out = end_;
  while (from < end) {
    const auto byte = static_cast<std::uint8_t>(*from);
    int whole = byte >= ' ';
    if (byte >= 0x80) whole = utf8_size(from, end);
    if (whole == 0) {
      // A byte that is not UTF-8 as the character of that number, which Latin-1 means by it.
      for (char c : {'\\', 'u', '0', '0'}) *out++ = c;
      for (int digit : {byte >> 4, byte & 15}) *out++ = "0123456789abcdef"[digit];
      ++from;
    } else if (byte == '"' || byte == '\\') {
      *out++ = '\\';
    }
    for (; whole > 0; --whole) *out++ = *from++;
  }
  end_ = out;
}

void LineMux::put_line(std::string_view line, bool continued) {
  // Made once for all lines that are alike.
  if (head_size_ == 0 || continued != continued_) make_head(continued);
  put({head_, head_size_});
  if (source_.format == LogFormat::json) {
    put_escaped(line);
    put("\"}");
  } else {
    put(line);
  }
  *end_++ = '\n';
}

std::uint32_t LineMux::feed(std::string_view input, LineTail& tail, char* kept) {
  const char* at = input.data();
  const char* const end = at + input.size();
  while (at < end) {
    const char* const begin = at;
    const auto free = static_cast<std::ptrdiff_t>(kLineMax - tail.size);
    const char* const furthest = end - at > free ? at + free : end;
    at = find_newline(at, furthest);
    std::string_view line{begin, static_cast<std::size_t>(at - begin)};
    const bool goes_out = at < end;  // in a piece, if it does not end here
    if (goes_out && limit_ - end_ < static_cast<int>((tail.size + line.size()) * 6 + kHeadMax)) {
      at = begin;
      break;
    }
    // What there is of a line is put together: a character may be cut in two.
    if (tail.size > 0 || !goes_out) {
      __builtin_memcpy(kept + tail.size, begin, line.size());
      tail.size += static_cast<std::uint32_t>(line.size());
      line = {kept, tail.size};
    }
    if (!goes_out) break;
    put_line(line, tail.continued);
    tail.size = 0;
    tail.continued = *at != '\n';
    at += *at == '\n';
  }
  return static_cast<std::uint32_t>(at - input.data());
}

}  // namespace hydrinit
