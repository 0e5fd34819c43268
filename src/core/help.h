// The texts that a user asks for: --help, --version and --license.
#pragma once

#include "core/options.h"
#include "core/text.h"

namespace hydrinit {

// all: with the details too.
void append_help(Text& out, const Dialect& dialect, bool all);
void append_version(Text& out, const Dialect& dialect);
// The MIT licence, as in the file LICENSE.
void append_license(Text& out);

}  // namespace hydrinit
