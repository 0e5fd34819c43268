// The verbs that ask a hydrinit that runs: --status, --healthy, --scale, --reload,
// --restart-replica. They start nothing.
#pragma once

#include "core/config.h"
#include "linux/report.h"

namespace hydrinit {

// The exit code: 0, or 1 with the reason said.
[[gnu::noinline]] int ask(const Config& config, Reporter& reporter);

}  // namespace hydrinit
