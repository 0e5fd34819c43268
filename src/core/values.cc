#include "core/values.h"

#include "core/config.h"
#include "core/text.h"

namespace hydrinit {
namespace {

// These three never arrive: the first two by the kernel's rule (signal(7)), SIGCHLD because the
// reaper consumes it.
constexpr SignalSet kNotReceived{kSignalKill, kSignalStop, kSignalChld};

}  // namespace

bool take_stop_signal(const char*& cursor, SignalSet& set) {
  const int number = take_signal(cursor);
  set.add(number);
  return number != 0 && !kNotReceived.has(number);
}

bool take_rewrite(const char*& cursor, int max, SignalTable& table) {
  const int from = take_signal(cursor);
  if (from == 0 || from > max || *cursor++ != ':') return false;
  const bool drop = *cursor == '0' && item_ends(cursor + 1);
  if (drop) ++cursor;
  const int to = drop ? 0 : take_signal(cursor);
  table.rewrite(from, to);
  if ((to == 0 && !drop) || to > max) return false;
  // dumb-init takes KILL and STOP here too; that changes nothing, as they never arrive.
  return max != kSignalMax || !kNotReceived.has(from);
}

bool take_status(const char*& cursor, SuccessStatuses& statuses) {
  if (!is_digit(*cursor)) {
    const int number = take_signal(cursor);
    statuses.add_signal(number);
    return number != 0;
  }
  const auto code = static_cast<int>(take_number(cursor, 255));
  statuses.add_code(code);
  return code >= 0;
}

// tini's table: SIGHUP to SIGSYS, without those that are not POSIX's.
int parse_tini_signal(const char* text) {
  constexpr SignalSet kUnknownToTini{16, 29, 30};  // STKFLT, IO, PWR
  const char* name = after(text, "SIG");
  const int number = name != nullptr ? named_signal(name) : 0;
  return kUnknownToTini.has(number) ? 0 : number;
}

[[gnu::noinline]] std::int8_t parse_leading_number(const char* text) {
  const std::int64_t number = take_number(text, INT32_MAX);
  if (number < 0) return 0;
  return static_cast<std::int8_t>(number < kVerbosityMax ? number : kVerbosityMax);
}

[[gnu::noinline]] int parse_count(const char* text) {
  return static_cast<int>(parse_number(text, kReplicasMax));
}

int parse_replicas(const char* text) {
  const char* rest = after(text, "max");
  if (rest == nullptr) {
    const int number = parse_count(text);
    return number < 0 ? 0 : number;
  }
  if (*rest == '\0') return -1;
  const int fewer = *rest == '-' ? parse_count(rest + 1) : -1;
  return fewer < 0 ? 0 : -1 - fewer;
}

bool is_index_env(const char* text) {
  const char* end = text;
  while (*end == '_' || is_digit(*end) || is_capital(to_upper(*end))) ++end;
  if (end == text || is_digit(*text) || end - text > kIndexNameMax) return false;
  return *end == '\0' || (*end == '=' && parse_number(end + 1, INT32_MAX - kReplicasMax) >= 0);
}

int parse_size(const char* text) {
  const std::int64_t number = take_number(text, INT32_MAX * std::int64_t{1024});
  // The exponents of two, plus 1.
  static constexpr int kShifts[] = {0, 1, 11, 21, 31};
  const int shift = kShifts[word_number(*text != '\0' ? text : "B", "B\0K\0M\0G\0")];
  if (number < 0 || shift == 0 || number > INT64_MAX >> shift) return 0;
  const std::int64_t size = number << (shift - 1) >> 10;
  return size <= INT32_MAX ? static_cast<int>(size) : 0;
}

Millis parse_duration(const char* text) {
  const std::int64_t number = take_number(text, kDurationMax.count);
  static constexpr int kScales[] = {0, 1, 1000, 60 * 1000, 3600 * 1000};
  const int scale = kScales[word_number(*text != '\0' ? text : "s", "ms\0s\0m\0h\0")];
  // A number within the limit times the largest scale does not overflow.
  if (number < 0 || scale == 0 || number * scale > kDurationMax.count) return Millis{-1};
  return Millis{number * scale};
}

}  // namespace hydrinit
