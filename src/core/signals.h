// Signals: number <-> name, sets of them, and the table that says what becomes of each one
// received. Numbers are the kernel ABI's 1..64 (signal(7)); realtime ones are RTMIN = 34 to RTMAX =
// 64, whatever part of them a libc keeps for itself.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace hydrinit {

class Text;

inline constexpr int kSignalMax = 64;
inline constexpr int kSignalRealtimeMin = 34;

// Those that hydrinit itself gives a meaning.
inline constexpr int kSignalHup = 1;
inline constexpr int kSignalInt = 2;
inline constexpr int kSignalQuit = 3;
inline constexpr int kSignalKill = 9;
inline constexpr int kSignalTerm = 15;
inline constexpr int kSignalChld = 17;
inline constexpr int kSignalCont = 18;
inline constexpr int kSignalStop = 19;
inline constexpr int kSignalTstp = 20;
inline constexpr int kSignalTtin = 21;
inline constexpr int kSignalTtou = 22;
inline constexpr int kSignalWinch = 28;

constexpr bool is_signal(std::int64_t number) { return number >= 1 && number <= kSignalMax; }

// A set of signals 1..64; numbers outside are never in it and cannot be added.
class SignalSet {
 public:
  constexpr SignalSet() = default;
  constexpr SignalSet(std::initializer_list<int> numbers) {
    for (int number : numbers) add(number);
  }
  constexpr void add(int number) { bits_ |= bit(number); }
  constexpr bool has(int number) const { return (bits_ & bit(number)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(SignalSet, SignalSet) = default;

 private:
  static constexpr std::uint64_t bit(int number) {
    // The remainder changes nothing, and tells the analyzer so.
    return is_signal(number) ? std::uint64_t{1} << (static_cast<unsigned>(number - 1) % 64) : 0;
  }
  std::uint64_t bits_ = 0;
};

// The signal named at the cursor, which moves behind the name: TERM, SIGTERM, term, 15, RTMIN,
// RTMIN+3, RTMAX-1; 0 for all else.
int take_signal(const char*& cursor);

// By its bare name in capitals, TERM, of those below the realtime ones; 0 for all else.
int named_signal(const char* name);

// The same as take_signal() for a text that is nothing but the name.
int parse_signal(const char* text);

// TERM for 15, RTMIN+3 for 37, the bare number for 32, 33 and whatever is no signal.
void append_signal(Text& out, int number);

// Per signal received: what is sent on. 0 drops it.
class SignalTable {
 public:
  // from in 1..64, to in 0..64: others change nothing.
  constexpr void rewrite(int from, int to) {
    if (!is_signal(from) || (to != 0 && !is_signal(to))) return;
    change_[from] = static_cast<std::uint8_t>(from ^ to);
    rewritten_.add(from);
  }
  // Never sent on, unless somebody rewrites it.
  constexpr void drop(int number) {
    if (is_signal(number)) change_[number] = static_cast<std::uint8_t>(number);
  }
  // The signal to send for one received; not chained. 0: none.
  constexpr std::uint8_t sent_as(int received) const {
    return is_signal(received) ? static_cast<std::uint8_t>(received ^ change_[received])
                               : std::uint8_t{0};
  }
  // Somebody has said what becomes of it, be it itself.
  constexpr bool is_rewritten(int number) const { return rewritten_.has(number); }

 private:
  std::uint8_t change_[kSignalMax + 1]{};  // the bits in which it differs from the one received
  SignalSet rewritten_{};
};

}  // namespace hydrinit
