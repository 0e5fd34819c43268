// The values that options take: small readers from text to a field of Config. Those that take move
// the cursor behind what they have read, as it may be an item of a list; false or the number said
// below: it is none.
#pragma once

#include <cstdint>

#include "core/exit_policy.h"
#include "core/signals.h"
#include "core/types.h"

namespace hydrinit {

inline constexpr int kVerbosityMax = 9;
// dumb-init's --rewrite knows no signal above.
inline constexpr int kDumbInitSignalMax = 31;

// The cursor is at the end of a list's item.
constexpr bool item_ends(const char* cursor) { return *cursor == ',' || *cursor == '\0'; }

// A signal that can arrive, for --stop-on.
bool take_stop_signal(const char*& cursor, SignalSet& set);
// FROM:TO, both up to max.
bool take_rewrite(const char*& cursor, int max, SignalTable& table);
// An exit code, or a signal that ends.
bool take_status(const char*& cursor, SuccessStatuses& statuses);

// As tini -p spells it; 0: none.
int parse_tini_signal(const char* text);
// As atoi(3) does: leading digits count, anything else is 0. Up to kVerbosityMax.
std::int8_t parse_leading_number(const char* text);
// Up to kReplicasMax; negative: it is none.
int parse_count(const char* text);
// N; max as -1, max-K as -1 - K; 0 for all else.
int parse_replicas(const char* text);
// NAME or NAME=BASE, the name as a shell would take it.
bool is_index_env(const char* text);

// 64K, 300M, 1G in KiB; a bare number is bytes. Not above 0: it is none, or above 2 TiB.
int parse_size(const char* text);

// 250ms, 5s, 2m, 1h; a bare number is seconds. Negative: it is none, or above kDurationMax.
Millis parse_duration(const char* text);
inline constexpr Millis kDurationMax{std::int64_t{366} * 24 * 3600 * 1000};

}  // namespace hydrinit
