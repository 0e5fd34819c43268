#include "core/signals.h"

#include <csignal>
#include <cstring>

#include "core/text.h"

namespace hydrinit {
namespace {

constexpr char kNames[][7] = {
    "HUP",  "INT",  "QUIT", "ILL",    "TRAP", "ABRT",   "BUS",  "FPE",  "KILL", "USR1", "SEGV",
    "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
    "URG",  "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH",  "IO",   "PWR",  "SYS"};
constexpr int kNamed = sizeof kNames / sizeof kNames[0];

// The table is the numbering that x86, ARM, POWER, RISC-V and s390 share; another would need its own.
static_assert(kNamed == 31);
static_assert(SIGABRT == 6 && SIGBUS == 7 && SIGUSR1 == 10 && SIGUSR2 == 12 && SIGCHLD == 17);
static_assert(SIGSTOP == 19 && SIGURG == 23 && SIGIO == 29 && SIGPWR == 30 && SIGSYS == 31);

constexpr bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }

// Behind RTMIN or RTMAX: nothing, or the sign and a number.
int take_offset(const char*& cursor, char sign, int base) {
  if (*cursor != sign) return base;
  ++cursor;
  const auto offset = static_cast<int>(take_number(cursor, kSignalMax - kSignalRealtimeMin));
  if (offset < 0) return 0;
  return sign == '+' ? base + offset : base - offset;
}

int named(const char* name) {
  for (int i = 0; i < kNamed; ++i) {
    if (std::strcmp(name, kNames[i]) == 0) return i + 1;
  }
  return 0;
}

}  // namespace

int take_signal(const char*& cursor) {
  if (is_digit(*cursor)) {
    const auto number = static_cast<int>(take_number(cursor, kSignalMax));
    return number > 0 ? number : 0;
  }
  char word[sizeof "SIGSTKFLT"];
  std::size_t length = 0;
  // The one digit in a name is that of USR1 and USR2.
  for (; is_letter(to_upper(*cursor)) || is_digit(*cursor); ++cursor) {
    if (length == sizeof word - 1) return 0;
    word[length++] = to_upper(*cursor);
  }
  word[length] = '\0';
  const char* name = std::strncmp(word, "SIG", 3) == 0 ? word + 3 : word;
  if (std::strcmp(name, "RTMIN") == 0) return take_offset(cursor, '+', kSignalRealtimeMin);
  if (std::strcmp(name, "RTMAX") == 0) return take_offset(cursor, '-', kSignalMax);
  return named(name);
}

int parse_signal(const char* text) {
  const int number = take_signal(text);
  return *text == '\0' ? number : 0;
}

void append_signal(Text& out, int number) {
  if (number >= 1 && number <= kNamed) {
    out.add("%s", kNames[number - 1]);
  } else if (number < kSignalRealtimeMin || number > kSignalMax) {
    out.add("%d", number);
  } else {
    out.add("RTMIN");
    if (number > kSignalRealtimeMin) out.add("+%d", number - kSignalRealtimeMin);
  }
}

}  // namespace hydrinit
