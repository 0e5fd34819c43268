#include "core/balance.h"

namespace hydrinit {
namespace {

// SKF_AD_OFF + SKF_AD_RANDOM: not a place in the packet, but a random number.
constexpr std::uint32_t kRandom = static_cast<std::uint32_t>(-0x1000 + 56);

}  // namespace

std::size_t make_balance_program(std::span<const std::uint16_t> live, int members,
                                 std::span<BpfInstruction, kBalanceProgramMax> out) {
  const auto all = static_cast<std::size_t>(members);
  const bool every = live.empty() || live.size() >= all || live.size() > kBalancedMax;
  const std::size_t choices = every ? all : live.size();
  std::size_t size = 0;
  out[size++] = bpf::load(kRandom);
  out[size++] = bpf::modulo(static_cast<std::uint32_t>(choices));
  if (every) {
    out[size++] = bpf::answer_loaded();
    return size;
  }
  // The last is what remains.
  for (std::size_t i = 0; i + 1 < choices; ++i) {
    out[size++] = bpf::if_equal(static_cast<std::uint32_t>(i), 0, 1);
    out[size++] = bpf::answer(live[i]);
  }
  out[size++] = bpf::answer(live[choices - 1]);
  return size;
}

}  // namespace hydrinit
