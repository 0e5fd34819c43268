// The loop's part for the output of replicas, with --log.

#include "loop.h"

namespace hydrinit {

Error Loop::open_logs(int slot) {
  if (fleet_.logs == nullptr) return {};
  const auto place = static_cast<unsigned>(slot);
  const Error error = fleet_.logs->open(place);
  for (unsigned i = 0; i < Logs::kStreams; ++i) request_.streams[i] = fleet_.logs->given(place, i);
  return error;
}

void Loop::tell_log_failure() {
  const Error failure = fleet_.logs->take_failure();
  if (failure.failed()) reporter_.say_error(Notice::Kind::log_lost, failure);
}

}  // namespace hydrinit
