// Text that is shown, kept small: a byte above '|' stands for a pair of bytes, either of which may
// stand for a pair again (byte pair encoding); one below ' ', but for the newline, for a field to
// be filled in, written as %a to %z. The compiler squeezes, Text::put_squeezed() shows. A text
// without fields and bytes above '|' is a squeezed text too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hydrinit {

inline constexpr int kFirstPair = '|' + 1;
inline constexpr std::uint8_t kPairs[256 - kFirstPair][2] = {
#include "core/pairs.inc"
};

// The byte for %letter. That of j is the newline's.
constexpr char field_code(char letter) { return static_cast<char>(letter & 31); }

// Not constexpr: ends the compilation of a text with bytes of its own above 'z'.
inline void text_cannot_be_squeezed() {}

// Squeezes size bytes at text in place; the new size.
constexpr std::size_t squeeze(char* text, std::size_t size) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (static_cast<std::uint8_t>(text[i]) >= kFirstPair) text_cannot_be_squeezed();
    const bool field = text[i] == '%';
    if (field) ++i;
    text[plain++] = field ? field_code(text[i]) : text[i];
  }
  size = plain;
  for (int code = kFirstPair; code < 256; ++code) {
    const char first = static_cast<char>(kPairs[code - kFirstPair][0]);
    const char second = static_cast<char>(kPairs[code - kFirstPair][1]);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const bool pair = text[i] == first && i + 1 < size && text[i + 1] == second;
      text[kept++] = pair ? static_cast<char>(code) : text[i];
      if (pair) ++i;
    }
    size = kept;
  }
  return size;
}

// A literal on its way to squeezed<"...">.
template <std::size_t Size>
struct Literal {
  char text[Size]{};
  std::size_t size = Size - 1;
  constexpr Literal(const char (&literal)[Size]) {  // NOLINT(google-explicit-constructor)
    for (std::size_t i = 0; i < Size; ++i) text[i] = literal[i];
    size = squeeze(text, Size - 1);
    for (std::size_t i = size; i < Size; ++i) text[i] = '\0';
  }
};

template <Literal literal>
constexpr auto to_array() {
  std::array<char, literal.size + 1> out{};
  for (std::size_t i = 0; i < literal.size; ++i) out[i] = literal.text[i];
  return out;
}

template <Literal literal>
inline constexpr auto kSqueezed = to_array<literal>();

// squeezed<"text">(): the text for Text::put_squeezed().
template <Literal literal>
constexpr const char* squeezed() {
  return kSqueezed<literal>.data();
}

}  // namespace hydrinit
