#include "core/text.h"

#include <cstdarg>

#include "core/packed.h"

namespace hydrinit {

void Text::put(char c) {
  if (size_ < capacity_) {
    begin_[size_++] = c;
  } else if (c == '\n' || c == '\0') {
    begin_[capacity_ - 1] = c;
  }
}

void Text::put(const char* text) {
  while (*text != '\0') put(*text++);
}

void Text::put_squeezed(const char* text) {
  while (*text != '\0') put_code(*text++);
}

void Text::put_code(char code) {
  const auto byte = static_cast<std::uint8_t>(code);
  if (byte < kFirstPair) return put(code);
  for (std::uint8_t half : kPairs[byte - kFirstPair]) put_code(static_cast<char>(half));
}

void Text::put_shown(const char* text, const char* end) {
  for (int i = 0; text + i != end && text[i] != '\0'; ++i) {
    if (i == kShownMax) return put("...");
    put_shown(text[i]);
  }
}

void Text::put_shown(char c) {
  const bool control = static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  put(control ? '?' : c);
}

void Text::put_number(int number) {
  if (number < 0) put('-');
  // Digits are taken from the negative side, where INT_MIN has room.
  if (number > 0) number = -number;
  char digits[10];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' - number % 10);
    number /= 10;
  } while (number != 0);
  while (count > 0) put(digits[--count]);
}

void Text::add(const char* format, ...) {
  va_list arguments;  // NOLINTBEGIN(clang-analyzer-valist.Uninitialized): 14 misses va_start() here
  va_start(arguments, format);
  for (; *format != '\0'; ++format) {
    if (*format != '%') {
      put(*format);
      continue;
    }
    switch (*++format) {
    case 's': put_shown(va_arg(arguments, const char*)); break;
    case 'd': put_number(va_arg(arguments, int)); break;
    case 'c': put_shown(static_cast<char>(va_arg(arguments, int))); break;
    default: put(*format); break;
    }
  }
  va_end(arguments);  // NOLINTEND(clang-analyzer-valist.Uninitialized)
}

void Text::column(std::size_t column) {
  std::size_t line = 0;
  while (line < size_ && begin_[size_ - 1 - line] != '\n') ++line;
  do {
    put(' ');
  } while (++line < column);
}

void Text::raise(std::size_t from) {
  for (; from < size_; ++from) begin_[from] = to_upper(begin_[from]);
}

std::int64_t take_number(const char*& cursor, std::int64_t max) {
  if (!is_digit(*cursor)) return -1;
  std::int64_t value = 0;
  for (; is_digit(*cursor); ++cursor) {
    if (__builtin_mul_overflow(value, 10, &value)) return -1;
    if (__builtin_add_overflow(value, *cursor - '0', &value) || value > max) return -1;
  }
  return value;
}

const char* after(const char* text, const char* prefix) {
  for (; *prefix != '\0'; ++text, ++prefix) {
    if (*text != *prefix) return nullptr;
  }
  return text;
}

const char* number_behind(const char* text, const char* label) {
  while (*text != '\0' && !begins(text, label)) ++text;
  while (*text != '\0' && !is_digit(*text)) ++text;
  return text;
}

char* cut_field(char*& cursor, char separator) {
  char* const field = cursor;
  while (*cursor != separator && *cursor != '\0') ++cursor;
  if (*cursor != '\0') *cursor++ = '\0';
  return field;
}

bool lists(char* list, const char* word) {
  while (*list != '\0') {
    if (equal(cut_field(list, ','), word)) return true;
  }
  return false;
}

bool equal(const char* a, const char* b) {
  const char* rest = after(a, b);
  return rest != nullptr && *rest == '\0';
}

int word_number(const char* text, const char* words) {
  for (int number = 1; *words != '\0'; words = skip_strings(words, 1), ++number) {
    if (equal(text, words)) return number;
  }
  return 0;
}

std::int64_t parse_number(const char* text, std::int64_t max) {
  const std::int64_t value = take_number(text, max);
  return *text == '\0' ? value : -1;
}

}  // namespace hydrinit
