// The command lines that hydrinit understands: its own, and those of tini, dumb-init and catatonit,
// chosen by the name it was called by. A dialect is a table of options and defaults; one machine
// runs them all.
#pragma once

#include "core/options.h"

namespace hydrinit {

// By the last component of argv[0]; anything unknown is hydrinit's own.
Dialect choose_dialect(const char* argv0);

}  // namespace hydrinit
