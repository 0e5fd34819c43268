// What one hydrinit asks of another that runs: the value of a queued signal (sigqueue(3)). Whoever
// may send it may also kill(2), so there is nothing else to check.
#pragma once

#include <cstdint>

#include "core/config.h"

namespace hydrinit {

// The signal that carries it. Without the value of a command it is forwarded as any other.
inline constexpr int kCommandSignal = 63;

enum class Request : std::uint8_t {
  none,
  scale,    // argument: how many are wanted
  reload,   // all
  restart,  // argument: the slot
};

struct Command {
  Request request = Request::none;
  // By it whoever asks finds the answer; up to kTagMax.
  std::uint8_t tag = 0;
  std::uint16_t argument = 0;
  static constexpr int kTagMax = 63;
  friend constexpr bool operator==(Command, Command) = default;
};

// From the upper end: magic, 2 bits of request, 14 of argument, 6 of tag.
inline constexpr std::uint32_t kCommandMagic = 0x2C7;
inline constexpr int kArgumentBits = 14;
inline constexpr int kTagBits = 6;
inline constexpr int kRequestShift = kArgumentBits + kTagBits;
inline constexpr int kMagicShift = kRequestShift + 2;
static_assert(kReplicasMax < 1 << kArgumentBits);

constexpr std::uint32_t pack(Command command) {
  return kCommandMagic << kMagicShift |
         static_cast<std::uint32_t>(command.request) << kRequestShift |
         std::uint32_t{command.argument} << kTagBits | command.tag;
}

// Of request none if it is no command.
constexpr Command unpack(std::uint64_t value) {
  if (value >> kMagicShift != kCommandMagic) return {};
  const auto low = static_cast<std::uint32_t>(value);
  return {static_cast<Request>(low >> kRequestShift & 3),
          static_cast<std::uint8_t>(low & Command::kTagMax),
          static_cast<std::uint16_t>(low >> kTagBits & ((1U << kArgumentBits) - 1))};
}

// What has become of a command.
enum class Answer : std::uint8_t { none, working, done, failed, refused };
struct Outcome {
  std::uint8_t tag = 0;
  Answer answer = Answer::none;
  std::uint16_t slot = 0;  // the one that failed
};

}  // namespace hydrinit
