#include "core/balance.h"

namespace hydrinit {
namespace {

// linux/bpf_common.h and linux/filter.h.
constexpr std::uint16_t kLoadWord = 0x20;  // BPF_LD | BPF_W | BPF_ABS
constexpr std::uint16_t kModulo = 0x94;    // BPF_ALU | BPF_MOD | BPF_K
constexpr std::uint16_t kIfEqual = 0x15;   // BPF_JMP | BPF_JEQ | BPF_K
constexpr std::uint16_t kReturn = 0x06;    // BPF_RET | BPF_K
constexpr std::uint16_t kReturnA = 0x16;   // BPF_RET | BPF_A
// SKF_AD_OFF + SKF_AD_RANDOM: not a place in the packet, but a random number.
constexpr std::uint32_t kRandom = static_cast<std::uint32_t>(-0x1000 + 56);

}  // namespace

std::size_t make_balance_program(std::span<const std::uint16_t> live, int members,
                                 std::span<BpfInstruction, kBalanceProgramMax> out) {
  const auto all = static_cast<std::size_t>(members);
  const bool every = live.empty() || live.size() >= all || live.size() > kBalancedMax;
  const std::size_t choices = every ? all : live.size();
  std::size_t size = 0;
  out[size++] = {kLoadWord, 0, 0, kRandom};
  out[size++] = {kModulo, 0, 0, static_cast<std::uint32_t>(choices)};
  if (every) {
    out[size++] = {kReturnA, 0, 0, 0};
    return size;
  }
  // The last is what remains.
  for (std::size_t i = 0; i + 1 < choices; ++i) {
    out[size++] = {kIfEqual, 0, 1, static_cast<std::uint32_t>(i)};
    out[size++] = {kReturn, 0, 0, live[i]};
  }
  out[size++] = {kReturn, 0, 0, live[choices - 1]};
  return size;
}

}  // namespace hydrinit
