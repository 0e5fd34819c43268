// Tables of text as one run of bytes. A row is written as a struct and checked by the compiler;
// what the binary holds are its small numbers and its strings, one after the other. Pointers would
// cost a position-independent binary 32 bytes a string and a page of memory written at every start.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/squeezed.h"

namespace hydrinit {

template <std::size_t Heads, std::size_t Strings>
struct PackedRow {
  std::uint8_t head[Heads];
  const char* text[Strings];
};

// Behind the next count strings.
[[gnu::noinline]] inline const char* skip_strings(const char* at, std::size_t count) {
  while (count > 0) count -= *at++ == '\0';
  return at;
}

// Walks the rows of a packed table.
template <std::size_t Heads, std::size_t Strings>
class PackedCursor {
 public:
  // row points at a table made by packed(), which ends in a zero byte; so no row's first head is 0.
  explicit PackedCursor(const char* row) : row_(row) {}
  bool at_end() const { return *row_ == '\0'; }
  std::uint8_t head(std::size_t i) const { return static_cast<std::uint8_t>(row_[i]); }
  [[gnu::always_inline]] const char* text(std::size_t i) const {
    return i == 0 ? row_ + Heads : skip_strings(row_ + Heads, i);
  }
  [[gnu::always_inline]] void next() { row_ = text(Strings); }

 private:
  const char* row_;
};

// A plain dictionary: the text of the row with that head; fallback when there is none.
[[gnu::noinline]] inline const char* find_text(const char* table, int head, const char* fallback) {
  PackedCursor<1, 1> row(table);
  while (!row.at_end() && row.head(0) != head) row.next();
  return row.at_end() ? fallback : row.text(0);
}

// Copies a text, squeezed if it is one of those that are only shown; its size.
constexpr std::size_t copy_text(const char* text, bool shown, char* out) {
  std::size_t size = 0;
  for (; text[size] != '\0'; ++size) out[size] = text[size];
  return shown ? squeeze(out, size) : size;
}

// The strings of a row from number Shown on are only shown, and squeezed.
template <std::size_t Shown, std::size_t Heads, std::size_t Strings, std::size_t Rows>
consteval std::size_t packed_size(const PackedRow<Heads, Strings> (&rows)[Rows]) {
  char scratch[1024]{};
  std::size_t size = 1;
  for (const auto& row : rows) {
    size += Heads;
    for (std::size_t i = 0; i < Strings; ++i)
      size += copy_text(row.text[i], i >= Shown, scratch) + 1;
  }
  return size;
}

template <std::size_t Size, std::size_t Shown, std::size_t Heads, std::size_t Strings,
          std::size_t Rows>
consteval std::array<char, Size> pack(const PackedRow<Heads, Strings> (&rows)[Rows]) {
  char scratch[1024]{};
  std::array<char, Size> out{};
  std::size_t at = 0;
  for (const auto& row : rows) {
    for (std::uint8_t byte : row.head) out[at++] = static_cast<char>(byte);
    for (std::size_t i = 0; i < Strings; ++i) {
      const std::size_t size = copy_text(row.text[i], i >= Shown, scratch);
      for (std::size_t c = 0; c < size; ++c) out[at++] = scratch[c];
      ++at;
    }
  }
  return out;
}

// packed<kRows, 1>(): the table of an array of rows.
template <const auto& rows, std::size_t Shown>
consteval auto packed() {
  return pack<packed_size<Shown>(rows), Shown>(rows);
}

}  // namespace hydrinit
