#include "core/help.h"

#include "core/squeezed.h"

namespace hydrinit {
namespace {

constexpr std::size_t kHelpColumn = 33;

// "hydrinit 0.1.0 (commit, libc)"
constexpr char kVersionLine[] = "hydrinit " HYDRINIT_VERSION
                                " ("
#include "commit.inc"  // made by the Makefile
                                ", " HYDRINIT_LIBC ")\n";

void append_option(Text& out, const Option& option, bool negatable) {
  out.put("  ");
  if (option.letter() != 0) out.add("-%c", option.letter());
  if (*option.name() != '\0') {
    out.add("%s--%s%s", option.letter() != 0 ? ", " : "    ", negatable ? "[no-]" : "",
            option.name());
  }
  if (*option.placeholder() != '\0')
    out.add(option.value_is_attached() ? "%s" : " %s", option.placeholder());
  out.column(kHelpColumn);
  Option same(native_options());
  while (*option.help() == '\0' && !same.at_end() &&
         (same.field() != option.field() || same.on() != option.on())) {
    same.next();
  }
  out.put_squeezed(*option.help() == '\0' && !same.at_end() ? same.help() : option.help());
  out.put('\n');
}

}  // namespace

void append_license(Text& out) {
  out.put_squeezed(squeezed<
#include "license.inc"  // made from LICENSE by the Makefile
                   >());
  // Kept in small letters, which share pairs with the other texts.
  const std::size_t disclaimer = out.view().size();
  out.put_squeezed(squeezed<
#include "disclaimer.inc"
                   >());
  out.raise(disclaimer);
}

void append_help(Text& out, const Dialect& dialect, bool all) {
  const bool native = dialect.style == Style::native;
  if (!native) append_version(out, dialect);
  out.add("Usage: %s", dialect.name);
  out.put_squeezed(dialect.usage());
  out.put_squeezed(
      squeezed<
          "\n\nRuns the command, forwards signals, reaps orphans, exits with its code.\n\n">());
  for (Option option(dialect.options); !option.at_end(); option.next()) {
    if (option.is_detail() && !all) continue;
    append_option(out, option, native && !option.takes_value() && option.is_policy());
  }
  Variable variable(dialect.variables);
  if (!variable.at_end()) out.put("\nEnvironment:");
  for (; !variable.at_end(); variable.next()) out.add(" %s", variable.name());
  out.put_squeezed(
      squeezed<"\nPolicies of hydrinit are read from the environment too: HYDRINIT_WAIT_ALL=8s.\n"
               "D: 250ms 5s 2m 1h. SIG: TERM, 15, RTMIN+3.\n">());
}

void append_version(Text& out, const Dialect& dialect) {
  // The original's text stands first: Docker reads "tini version X - ..." from it.
  out.put_squeezed(dialect.version());
  if (dialect.style != Style::native) out.put(dialect.style == Style::dumb_init ? "\n" : " - ");
  out.put(kVersionLine);
}

}  // namespace hydrinit
