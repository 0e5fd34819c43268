// What a fuzzer hands over, taken apart.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace hydrinit_fuzz {

// A promise that does not hold ends the run, and the fuzzer keeps the input.
inline void require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : at_(data), end_(data + size) {}
  bool empty() const { return at_ == end_; }
  // 0 when nothing is left.
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : *at_++; }
  // Up to the next zero, without it.
  std::string text() {
    std::string out;
    while (!empty() && *at_ != 0) out += static_cast<char>(*at_++);
    if (!empty()) ++at_;
    return out;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> out;
    while (!empty()) out.push_back(text());
    return out;
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

}  // namespace hydrinit_fuzz
