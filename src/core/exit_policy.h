// What an end is worth: which statuses count as success, and the exit code that hydrinit reports.
#pragma once

#include "core/signals.h"
#include "core/types.h"

namespace hydrinit {

// The documented exit codes that are hydrinit's own (docs/exit-codes.md).
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInternal = 125;
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;

// The list of --success-exit-status. A number is an exit code as the user sees it, so that 143 also
// covers a death by TERM; a signal's name covers the death by that signal alone.
class SuccessStatuses {
 public:
  // code in 0..255; others change nothing.
  constexpr void add_code(int code) {
    if (code >= 0 && code <= 255) codes_[code / 64] |= std::uint64_t{1} << (code % 64);
  }
  constexpr void add_signal(int number) { signals_.add(number); }
  constexpr bool has(ExitStatus status) const {
    if (status.kind == ExitStatus::Kind::signalled && signals_.has(status.value)) return true;
    return has_code(status.code());
  }
  constexpr bool has_code(int code) const {
    return code >= 0 && code <= 255 && (codes_[code / 64] >> (code % 64) & 1) != 0;
  }
  constexpr const SignalSet& signals() const { return signals_; }

 private:
  std::uint64_t codes_[4]{};
  SignalSet signals_{};
};

// The code to exit with when status decides: 0 when it counts as success, else 128 + n or the
// program's own.
constexpr int judge_exit_code(ExitStatus status, const SuccessStatuses& success) {
  return success.has(status) ? 0 : status.code();
}

}  // namespace hydrinit
