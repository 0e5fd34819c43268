#include "core/line_mux.h"

#include "core/text.h"

namespace hydrinit {
namespace {

void append_digits(Text& out, std::int64_t number, int digits, char behind) {
  char text[4];
  for (int i = digits; i > 0; number /= 10) text[--i] = static_cast<char>('0' + number % 10);
  for (int i = 0; i < digits; ++i) out.put(text[i]);
  out.put(behind);
}

// RFC 3339, in UTC. The year begins in March here, so that a leap day is its last one.
void append_time(Text& out, std::int64_t time_ms) {
  constexpr int kDaysBefore1970 = 719468;  // from the first of March in the year 0
  constexpr int kDaysOf400Years = 146097;
  constexpr int kMsOfDay = 86400000;
  const auto days = static_cast<int>(time_ms / kMsOfDay) + kDaysBefore1970;
  const auto ms = static_cast<int>(time_ms % kMsOfDay);
  const int era = days / kDaysOf400Years;
  const int of_era = days % kDaysOf400Years;
  const int years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int of_year = of_era - (365 * years + years / 4 - years / 100);
  const int month = (5 * of_year + 2) / 153;  // 0: March
  append_digits(out, era * 400 + years + (month > 9), 4, '-');
  append_digits(out, month < 10 ? month + 3 : month - 9, 2, '-');
  append_digits(out, of_year - (153 * month + 2) / 5 + 1, 2, 'T');
  append_digits(out, ms / 3600000, 2, ':');
  append_digits(out, ms / 60000 % 60, 2, ':');
  append_digits(out, ms / 1000 % 60, 2, '.');
  append_digits(out, ms % 1000, 3, 'Z');
}

// How many bytes of well-formed UTF-8 stand at the beginning of text, of one character that is not
// ASCII; 0: none (RFC 3629: nothing longer than need be, no surrogates, up to U+10FFFF).
std::size_t utf8_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  const std::size_t size = first < 0xC2 || first > 0xF4 ? 0
                           : first < 0xE0               ? 2
                           : first < 0xF0               ? 3
                                                        : 4;
  if (size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (byte(i) >> 6 != 2) return 0;
  }
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
      (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F))
    return 0;
  return size;
}

}  // namespace

bool LineMux::has_room(std::size_t length) const {
  if (source_.format == LogFormat::json) length *= 6;
  return out_.size() - size_ >= length + kHeadMax;
}

void LineMux::put(std::string_view bytes) {
  __builtin_memcpy(out_.data() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

// Made once for all lines that are alike.
void LineMux::put_head(bool continued) {
  if (head_size_ == 0 || continued != continued_) {
    Text head(head_);
    const bool replica = source_.replica >= 0;
    if (source_.format == LogFormat::json) {
      head.put("{\"time\":\"");
      append_time(head, source_.time_ms);
      head.put('"');
      if (replica) head.add(",\"replica\":%d", source_.replica);
      head.put(",\"stream\":\"");
      head.put(!replica ? "hydrinit" : source_.error ? "stderr" : "stdout");
      head.put(continued ? "\",\"continued\":true" : "\"");
      head.put(",\"line\":\"");
    } else {
      // Six colours: neither black nor white, of which one cannot be read.
      if (source_.colour) {
        head.put("\x1b[3");
        head.put_number(source_.replica % 6 + 1);
        head.put('m');
      }
      head.add(continued ? "[%d+]" : "[%d]", source_.replica);
      if (source_.colour) head.put("\x1b[0m");
      head.put(' ');
    }
    continued_ = continued;
    head_size_ = static_cast<std::uint8_t>(head.view().size());
  }
  put({head_, head_size_});
}

void LineMux::put_escaped(std::string_view line) {
  constexpr char kHex[] = "0123456789abcdef";
  const char* from = line.data();
  const char* const end = from + line.size();
  char* out = out_.data() + size_;
  while (from < end) {
    const auto byte = static_cast<std::uint8_t>(*from);
    std::size_t whole = 1;
    if (byte >= 0x80) {
      whole = utf8_size({from, static_cast<std::size_t>(end - from)});
    } else if (byte < ' ') {
      whole = 0;
    } else if (byte == '"' || byte == '\\') {
      *out++ = '\\';
    }
    if (whole == 0) {
      // A byte that is not UTF-8 as the character of that number, which Latin-1 means by it.
      for (char c : {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]}) *out++ = c;
      ++from;
    }
    for (; whole > 0; --whole) *out++ = *from++;
  }
  size_ = static_cast<std::size_t>(out - out_.data());
}

void LineMux::put_line(std::string_view line, bool continued) {
  put_head(continued);
  if (source_.format == LogFormat::json) {
    put_escaped(line);
    put("\"}");
  } else {
    put(line);
  }
  put("\n");
}

std::size_t LineMux::feed(std::string_view input, LineTail& tail, char* kept) {
  std::size_t taken = 0;
  while (taken < input.size()) {
    const char* const begin = input.data() + taken;
    const std::size_t left = input.size() - taken;
    const auto* const newline = static_cast<const char*>(__builtin_memchr(begin, '\n', left));
    std::size_t length = newline != nullptr ? static_cast<std::size_t>(newline - begin) : left;
    const std::size_t free = kLineMax - tail.size;
    const bool fits = length <= free;
    const bool ends = fits && newline != nullptr;
    if (!fits) length = free;
    const bool goes_out = ends || !fits;
    if (goes_out && !has_room(tail.size + length)) return taken;
    std::string_view line{begin, length};
    // What is there of a line is put together: a character may be cut in two.
    if (tail.size > 0 || !goes_out) {
      __builtin_memcpy(kept + tail.size, begin, length);
      tail.size += static_cast<std::uint32_t>(length);
      line = {kept, tail.size};
    }
    taken += length + ends;
    if (!goes_out) break;
    put_line(line, tail.continued);
    tail = {0, !ends};
  }
  return taken;
}

bool LineMux::flush(LineTail& tail, const char* kept) {
  if (!has_room(tail.size)) return false;
  if (tail.size > 0) put_line({kept, tail.size}, tail.continued);
  tail = {};
  return true;
}

}  // namespace hydrinit
