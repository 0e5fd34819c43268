#include "core/restart.h"

namespace hydrinit {

[[gnu::noinline]] Millis back_off(const Config& config, int in_a_row, std::uint8_t jitter) {
  const std::int64_t max = config.restart_max_delay.count;
  std::int64_t delay = config.restart_delay.count;
  for (; in_a_row > 1 && delay < max; --in_a_row) delay *= 2;
  if (delay > max) delay = max;
  return {delay - (delay * jitter >> 10)};
}

RestartVerdict judge_restart(const Config& config, const Replica& replica, ExitStatus status,
                             Instant at, std::uint8_t jitter) {
  using Kind = RestartVerdict::Kind;
  const bool success = judge_exit_code(status, config.success) == 0;
  if (config.restart == Restart::no || (success && config.restart == Restart::on_failure)) {
    return {success ? Kind::done : Kind::failed, 0, {}};
  }
  const bool hopeless = !success && status == ExitStatus{{}, kExitConfiguration};
  if (hopeless || config.no_restart.has(status)) return {Kind::failed, replica.early_deaths, {}};
  // The time counts from when it was up; one that never was has not lived at all.
  const bool early =
      replica.stage == Stage::starting || replica.overdue || at - replica.since < config.min_uptime;
  if (!early) return {Kind::again, 0, {}};
  const int in_a_row = replica.early_deaths < UINT16_MAX ? replica.early_deaths + 1 : UINT16_MAX;
  const auto counted = static_cast<std::uint16_t>(in_a_row);
  if (config.max_restarts > 0 && in_a_row > config.max_restarts) return {Kind::failed, counted, {}};
  return {Kind::again, counted, back_off(config, in_a_row, jitter)};
}

}  // namespace hydrinit
