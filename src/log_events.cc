// The loop's part for the output of replicas, with --log.

#include "loop.h"

namespace hydrinit {

Error Loop::open_logs(int slot) {
  if (!fleet_.logs.prepared()) return {};
  const Error error = fleet_.logs.open(slot);
  for (int i = 0; i < Logs::kStreams; ++i) request_.streams[i] = fleet_.logs.given(slot, i);
  tell_log_failure();
  return error;
}

void Loop::end_logs(int slot) {
  if (!fleet_.logs.prepared()) return;
  fleet_.logs.end_life(slot);
  tell_log_failure();
}

void Loop::read_logs(int output) {
  fleet_.logs.read(output);
  tell_log_failure();
}

void Loop::resume_logs(int output) {
  fleet_.logs.resume(output);
  tell_log_failure();
}

void Loop::tell_log_failure() {
  const Error failure = fleet_.logs.take_failure();
  if (failure.failed()) reporter_.say_error(Notice::Kind::log_lost, failure);
}

}  // namespace hydrinit
