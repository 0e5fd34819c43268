// The processes below us in the tree, for the end of a run in which we are not PID 1 and kill(-1)
// would reach far too many: those named by the children files of /proc (proc(5)), from us downward.
#pragma once

#include "linux/report.h"

namespace hydrinit {

// Sends the signal to every descendant, children before their parents. A tree that changes
// meanwhile may hide some: whoever must be sure calls again after each exit, when the orphans are
// ours. Deeper than kDepthMax levels is not looked. Fails when /proc cannot tell even our own
// children.
Error signal_descendants(int number);

// Says of the first kNamedMax of them who they are, and of those that have ended who does not reap
// them.
void name_descendants(Reporter& reporter);
inline constexpr int kNamedMax = 16;

inline constexpr int kDepthMax = 16;

}  // namespace hydrinit
