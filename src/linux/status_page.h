// The status page as the kernel has it: a memfd(2) that whoever may trace us can open through
// /proc/PID/fd, and only read.
#pragma once

#include "core/status.h"
#include "linux/os.h"

namespace hydrinit {

// Zeroed memory of that size for a page and what stands behind it, sealed and for writing, which
// lasts as long as we do; nullptr: the kernel has none (errno).
StatusPage* make_status_page(std::size_t size);

// A copy of the page of a process that runs.
class StatusReader {
 public:
  // EACCES: only its user may. ENOENT: it shows none; EPROTO: another version's.
  Error open(int pid);
  // Takes a new copy. EAGAIN: it was being written for a whole second.
  Error read();
  const StatusPage& page() const { return *copy_; }
  // 0: there is no process in that place.
  int pid_in(int place) const;

 private:
  const StatusPage* mapped_ = nullptr;
  StatusPage* copy_ = nullptr;
  std::size_t size_ = 0;  // of the page with its table
};

}  // namespace hydrinit
