// One line or page of text, built in a buffer of the caller's: no heap, none of libc's printf (16
// kB), and no line that a hostile argument can break in two. Also the small readers of numbers and
// words that options and /proc files share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hydrinit {

class Text {
 public:
  // The buffer outlives the Text. What does not fit is cut; a cut text still ends in its newline or
  // zero.
  template <std::size_t Size>
  explicit Text(char (&buffer)[Size]) : Text(buffer, Size) {}
  [[gnu::noinline]] Text(char* buffer, std::size_t size) : begin_(buffer), capacity_(size) {}

  // Understands %s, %d, %c and %%. Text that comes in by %s and %c is
  // shown safely, as by put_shown().
  [[gnu::format(printf, 2, 3)]] void add(const char* format, ...);
  void put(char c);
  // As it is, newlines and all.
  void put(const char* text);
  // A text of the program's own, see squeezed.h: whole, and one byte of it.
  void put_squeezed(const char* text);
  void put_code(char code);
  // Control characters as '?'; no more than kShownMax bytes, and none from end on.
  void put_shown(const char* text, const char* end = nullptr);
  void put_shown(char c);
  void put_number(int number);
  // All from there on in capitals.
  void raise(std::size_t from);
  // Spaces up to the column (bytes since the last newline); one at least.
  void column(std::size_t column);

  std::string_view view() const { return {begin_, size_}; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  // Back to a size that it had.
  void cut(std::size_t size) { size_ = size; }

  static constexpr int kShownMax = 200;

 private:
  char* begin_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

// The decimal number at the cursor, which moves behind it; -1 when there is none or it is above
// max. No sign, no blanks.
std::int64_t take_number(const char*& cursor, std::int64_t max);

// The same for a text that is nothing but the number.
std::int64_t parse_number(const char* text, std::int64_t max);

// What stands behind prefix in text; nullptr when text does not begin with it.
const char* after(const char* text, const char* prefix);
// The first digit behind the label, or the end of the text.
const char* number_behind(const char* text, const char* label);
inline bool begins(const char* text, const char* prefix) { return after(text, prefix) != nullptr; }
bool equal(const char* a, const char* b);
// The number of text among words, which stand one after the other and end with an empty one; from 1
// on, 0: it is none of them.
int word_number(const char* text, const char* words);

// Ends the field at the cursor, and moves to the next one.
char* cut_field(char*& cursor, char separator);
// word stands in the list, which commas separate, and which is cut on the way.
bool lists(char* list, const char* word);

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
constexpr char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

}  // namespace hydrinit
