// The processes below one in the tree: for the end of a run in which we are not PID 1 and kill(-1)
// would reach far too many, and for what a replica takes in all. They are those named by the
// children files of /proc (proc(5)), from us downward.
#pragma once

#include "linux/report.h"

namespace hydrinit {

// Sends the signal to every descendant of ours. A tree that changes meanwhile may hide some:
// whoever must be sure calls again after each exit, when the orphans are ours. Fails when /proc
// cannot tell even our own children.
Error signal_descendants(int number);

// The memory of a process and its descendants in KiB, by Pss: what several share counts once
// (proc(5), smaps_rollup). 0: it cannot be told.
int memory_of_tree(int root);
// Says of the first kNamedMax of them who they are, and of those that have ended who does not reap
// them.
void name_descendants(Reporter& reporter);
inline constexpr int kNamedMax = 16;

inline constexpr int kDepthMax = 16;

}  // namespace hydrinit
