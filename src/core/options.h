// Options: one table a dialect, read by the parser, the environment reader and --help alike. A row
// names the field of Config that it fills and the kind of value, so that a new option is a field
// and a row.
#pragma once

#include <cstdint>

#include "core/config.h"
#include "core/notice.h"
#include "core/packed.h"

namespace hydrinit {

// A policy is also read from HYDRINIT_<NAME>; an action is not. What is a detail --help leaves to
// --help=all.
enum class OptionUse : std::uint8_t { policy = 1, detail, action, action_detail };

// One row of a dialect's table: value kind, letter, use, field of Config, and for a flag what it
// writes there when it is given and when it is negated; then name, placeholder and help. Letter 0:
// no short form; name "": no long form.
using OptionRow = PackedRow<6, 3>;

// Walks a dialect's options: for (Option o(dialect.options); !o.at_end(); o.next()).
class Option : public PackedCursor<6, 3> {
 public:
  using PackedCursor::PackedCursor;
  ValueKind value() const { return static_cast<ValueKind>(head(0)); }
  char letter() const { return static_cast<char>(head(1)); }
  OptionUse use() const { return static_cast<OptionUse>(head(2)); }
  bool is_policy() const { return use() <= OptionUse::detail; }
  bool is_detail() const { return use() == OptionUse::detail || use() == OptionUse::action_detail; }
  std::size_t field() const { return head(3); }
  std::uint8_t on() const { return head(4); }
  std::uint8_t off() const { return head(5); }
  bool takes_value() const { return value() > ValueKind::count; }
  // It can be left out, so it stands in the same argument.
  bool value_is_attached() const {
    return value() == ValueKind::share || value() >= ValueKind::ask_count;
  }
  const char* name() const { return text(0); }
  const char* placeholder() const { return text(1); }
  const char* help() const { return text(2); }
};

// A variable of a dialect's own, read after the command line and left in the environment: value
// kind, field, what a flag writes; name, and the only value with which it counts ("": any, also
// none).
using VariableRow = PackedRow<3, 2>;
class Variable : public PackedCursor<3, 2> {
 public:
  using PackedCursor::PackedCursor;
  ValueKind value() const { return static_cast<ValueKind>(head(0)); }
  std::size_t field() const { return head(1); }
  std::uint8_t on() const { return head(2); }
  const char* name() const { return text(0); }
  const char* only_value() const { return text(1); }
};

struct ExitCodes {
  std::uint8_t usage;
  std::uint8_t internal;
  std::uint8_t not_found;
  std::uint8_t not_executable;  // EACCES
  std::uint8_t exec_failed;     // every other errno of execve(2)
};

struct Dialect {
  Style style;
  ExitCodes codes;
  Subreaper subreaper;
  Placement placement;
  std::int8_t verbosity;
  bool term_group_at_end;
  SignalSet dropped;      // what the original leaves to the kernel or swallows
  const char* name;       // the program's
  const char* options;    // packed OptionRows
  const char* variables;  // packed VariableRows
  // Behind the name in the table, squeezed, and looked for only when asked for: what follows the
  // name on the usage line, and the original's own version text.
  const char* usage() const { return skip_strings(name, 1); }
  const char* version() const { return skip_strings(name, 2); }
};

struct Invocation {
  Notice error{};            // why it was refused; of kind none if it was not
  char** command = nullptr;  // into argv, ends in nullptr; nullptr: none given
  Config config{};
  bool refused() const { return error.kind != Notice::Kind::none; }
};

// The words of --restart and --exit-when, in the order of their enumerators from 1 on, and an empty
// one.
inline constexpr char kRestartWords[] = "no\0on-failure\0always\0";
inline constexpr char kExitWhenWords[] = "failed\0any\0all\0never\0";
inline constexpr char kBalanceWords[] = "even\0shared\0";
inline constexpr char kFormatWords[] = "table\0json\0";
inline constexpr char kLogWords[] = "raw\0prefix\0json\0";
inline constexpr char kReloadOrderWords[] = "drain\0start-first\0stop-first\0";

// hydrinit's own table: the HYDRINIT_ variables are named after it in every dialect.
const char* native_options();

// Reads the environment, then argv (which wins), then the dialect's own variables. Nothing is
// copied: the result points into argv and envp, which both end in nullptr.
//
// Takes every HYDRINIT_ variable that names an option out of envp, in place, so that a hydrinit
// further down does not act on it again. Of one that refuses envp ends where it was refused.
Invocation parse_invocation(const Dialect& dialect, char** argv, char** envp);

}  // namespace hydrinit
