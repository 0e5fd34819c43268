#include "core/signals.h"

#include <csignal>

#include "core/packed.h"
#include "core/text.h"

namespace hydrinit {
namespace {

// In the order of their numbers, from 1 on.
constexpr char kNames[] =
    "HUP\0INT\0QUIT\0ILL\0TRAP\0ABRT\0BUS\0FPE\0KILL\0USR1\0SEGV\0USR2\0PIPE\0ALRM\0TERM\0"
    "STKFLT\0CHLD\0CONT\0STOP\0TSTP\0TTIN\0TTOU\0URG\0XCPU\0XFSZ\0VTALRM\0PROF\0WINCH\0"
    "IO\0PWR\0SYS\0";
constexpr int kNamed = 31;

// The table is the numbering that x86, ARM, POWER, RISC-V and s390 share; another would need its
// own.
static_assert(SIGABRT == 6 && SIGBUS == 7 && SIGUSR1 == 10 && SIGUSR2 == 12 && SIGCHLD == 17);
static_assert(SIGSTOP == 19 && SIGURG == 23 && SIGIO == 29 && SIGPWR == 30 && SIGSYS == 31);

// Behind RTMIN or RTMAX: nothing, or the sign and a number.
int take_offset(const char*& cursor, char sign, int base) {
  if (*cursor != sign) return base;
  ++cursor;
  const auto offset = static_cast<int>(take_number(cursor, kSignalMax - kSignalRealtimeMin));
  if (offset < 0) return 0;
  return sign == '+' ? base + offset : base - offset;
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
  for (; is_capital(to_upper(*cursor)) || is_digit(*cursor); ++cursor) {
    if (length == sizeof word - 1) return 0;
    word[length++] = to_upper(*cursor);
  }
  word[length] = '\0';
  const char* name = begins(word, "SIG") ? word + 3 : word;
  if (equal(name, "RTMIN")) return take_offset(cursor, '+', kSignalRealtimeMin);
  if (equal(name, "RTMAX")) return take_offset(cursor, '-', kSignalMax);
  return named_signal(name);
}

int named_signal(const char* name) { return word_number(name, kNames); }

int parse_signal(const char* text) {
  const int number = take_signal(text);
  return *text == '\0' ? number : 0;
}

void append_signal(Text& out, int number) {
  if (number >= 1 && number <= kNamed) {
    out.put(skip_strings(kNames, static_cast<std::size_t>(number) - 1));
  } else if (number < kSignalRealtimeMin || number > kSignalMax) {
    out.put_number(number);
  } else {
    out.put("RTMIN");
    if (number > kSignalRealtimeMin) out.add("+%d", number - kSignalRealtimeMin);
  }
}

}  // namespace hydrinit
