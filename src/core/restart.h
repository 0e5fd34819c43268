// The restart policy: what follows on a replica's end.
#pragma once

#include "core/config.h"
#include "core/replica.h"

namespace hydrinit {

struct RestartVerdict {
  enum class Kind : std::uint8_t { again, done, failed };
  Kind kind = Kind::again;
  std::uint16_t early_deaths = 0;  // in a row, this one included
  Millis delay{};                  // before the next start
};

// EX_CONFIG of sysexits(3): a configuration that will not get better by another try.
inline constexpr int kExitConfiguration = 78;

// replica.early_deaths counts those before. jitter in 0..255 shortens a delay by up to a quarter,
// so that replicas which died together do not come back together.
RestartVerdict judge_restart(const Config& config, const Replica& replica, ExitStatus status,
                             Instant at, std::uint8_t jitter);

// The delay before the next start after so many deaths or failed starts in a row, one at least:
// --restart-delay, doubled for each further one, --restart-max-delay at most.
Millis back_off(const Config& config, int in_a_row, std::uint8_t jitter);

}  // namespace hydrinit
