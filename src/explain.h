// --explain: what would be done with this command line in this place, and why. Starts nothing.
#pragma once

#include "core/options.h"
#include "core/text.h"

namespace hydrinit {

void append_explanation(Text& out, const Invocation& invocation);

}  // namespace hydrinit
