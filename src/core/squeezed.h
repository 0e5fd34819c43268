// Text that is shown, kept small: a byte above 127 stands for a pair of bytes, either of which may
// stand for a pair again (byte pair encoding). The compiler squeezes, Text::put_squeezed() shows. A
// text of plain ASCII is a squeezed text too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hydrinit {

inline constexpr std::uint8_t kPairs[128][2] = {
#include "core/pairs.inc"
};
inline constexpr int kFirstPair = 128;

// Squeezes size bytes at text in place; the new size. A '%' and the letter behind it stay as they
// are, for those who look for them.
constexpr std::size_t squeeze(char* text, std::size_t size) {
  for (int code = kFirstPair; code < 256; ++code) {
    const char first = static_cast<char>(kPairs[code - kFirstPair][0]);
    const char second = static_cast<char>(kPairs[code - kFirstPair][1]);
    std::size_t kept = 0;
    bool escaped = false;
    for (std::size_t i = 0; i < size; ++i) {
      const bool pair =
          !escaped && text[i] == first && i + 1 < size && text[i + 1] == second && first != '%';
      escaped = text[i] == '%';
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

// squeezed<"text">(): the text for Text::put_squeezed(), or the format of Text::add().
template <Literal literal>
constexpr const char* squeezed() {
  return kSqueezed<literal>.data();
}

}  // namespace hydrinit
