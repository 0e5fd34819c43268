// The vocabulary every other file speaks: time, exit statuses, errors, fixed containers.
// Pure: nothing here makes a system call or allocates.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hydrinit {

// A length of time in milliseconds; negative only as the difference of two instants.
struct Millis {
  std::int64_t count = 0;
  friend constexpr bool operator==(Millis, Millis) = default;
  friend constexpr bool operator<(Millis a, Millis b) { return a.count < b.count; }
  friend constexpr bool operator>(Millis a, Millis b) { return b < a; }
  friend constexpr bool operator<=(Millis a, Millis b) { return !(b < a); }
  friend constexpr bool operator>=(Millis a, Millis b) { return !(a < b); }
  friend constexpr Millis operator+(Millis a, Millis b) { return {a.count + b.count}; }
};

// Milliseconds to be shown; a time of more than 24 days is told as that.
constexpr int shown_ms(Millis time) {
  return static_cast<int>(time.count < INT32_MAX ? time.count : INT32_MAX);
}

// A reading of the monotonic clock in milliseconds. The core never reads a clock: every instant
// arrives inside an event.
struct Instant {
  std::int64_t ms = 0;
  friend constexpr bool operator==(Instant, Instant) = default;
  friend constexpr bool operator<(Instant a, Instant b) { return a.ms < b.ms; }
  friend constexpr bool operator>(Instant a, Instant b) { return b < a; }
  friend constexpr bool operator<=(Instant a, Instant b) { return !(b < a); }
  friend constexpr bool operator>=(Instant a, Instant b) { return !(a < b); }
  friend constexpr Instant operator+(Instant at, Millis by) { return {at.ms + by.count}; }
  friend constexpr Millis operator-(Instant to, Instant from) { return {to.ms - from.ms}; }
};

// Later than any deadline: "never".
inline constexpr Instant kNever{INT64_MAX};

// How a process ended, as waitid(2) tells it.
struct ExitStatus {
  enum class Kind : std::uint8_t { exited, signalled };
  Kind kind = Kind::exited;
  std::uint8_t value = 0;  // the exit code, or the signal's number

  // What a shell reports: the program's own code, or 128 + n for a death by signal n.
  constexpr int code() const { return kind == Kind::exited ? value : 128 + value; }
  friend constexpr bool operator==(ExitStatus, ExitStatus) = default;
};

// A failed system call: its name and the errno it left. code 0 means success.
struct [[nodiscard]] Error {
  const char* operation = nullptr;
  int code = 0;
  constexpr bool failed() const { return code != 0; }
};

// An array with a length; never grows past Capacity, and says so.
template <typename T, std::size_t Capacity>
class FixedVec {
 public:
  constexpr FixedVec() {}
  // False when full: the caller decides what that means.
  [[nodiscard]] constexpr bool push(const T& item) {
    if (size_ == Capacity) return false;
    items_[size_++] = item;
    return true;
  }
  // One more, as T begins; the last one once more when full.
  constexpr T& extend() { return items_[size_ < Capacity ? size_++ : Capacity - 1] = T{}; }
  constexpr std::size_t size() const { return size_; }
  constexpr const T& operator[](std::size_t i) const { return items_[i]; }
  constexpr const T* begin() const { return items_; }
  constexpr const T* end() const { return items_ + size_; }

 private:
  // What is not there yet costs no time.
  union {
    T items_[Capacity];
  };
  std::size_t size_ = 0;
};

}  // namespace hydrinit
