// The program that picks a replica is run here, by an interpreter of as much classic BPF as it has.

#include "core/balance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

namespace hydrinit {
namespace {

// linux/bpf_common.h and linux/filter.h, once more: not from the code under test.
constexpr std::uint16_t kLdWAbs = 0x00 | 0x00 | 0x20;    // BPF_LD | BPF_W | BPF_ABS
constexpr std::uint16_t kAluModK = 0x04 | 0x90 | 0x00;   // BPF_ALU | BPF_MOD | BPF_K
constexpr std::uint16_t kJmpJeqK = 0x05 | 0x10 | 0x00;   // BPF_JMP | BPF_JEQ | BPF_K
constexpr std::uint16_t kRetK = 0x06 | 0x00;             // BPF_RET | BPF_K
constexpr std::uint16_t kRetA = 0x06 | 0x10;             // BPF_RET | BPF_A
constexpr std::uint32_t kRandomWord = 0xfffff000U + 56;  // SKF_AD_OFF + SKF_AD_RANDOM

// What no program returns.
constexpr std::uint32_t kBroken = UINT32_MAX;

using Program = std::vector<BpfInstruction>;
using Slots = std::vector<std::uint16_t>;

Program made(const Slots& live, int members) {
  Program program(kBalanceProgramMax);
  const std::size_t size = make_balance_program(
      live, members, std::span<BpfInstruction, kBalanceProgramMax>(program.data(), program.size()));
  program.resize(std::min(size, kBalanceProgramMax));
  return program;
}

// The answer, if the random word is that; kBroken if the kernel would not take the program.
std::uint32_t run(const Program& program, std::uint32_t random) {
  std::uint32_t a = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const BpfInstruction& now = program[at];
    switch (now.code) {
    case kLdWAbs:
      if (now.k != kRandomWord) return kBroken;
      a = random;
      break;
    case kAluModK:
      if (now.k == 0) return kBroken;
      a %= now.k;
      break;
    case kJmpJeqK: at += a == now.k ? now.if_true : now.if_false; break;
    case kRetK: return now.k;
    case kRetA: return a;
    default: return kBroken;
    }
  }
  return kBroken;
}

// As the kernel's verifier has it (bpf_check_classic): jumps stay inside, and the last returns.
bool is_valid(const Program& program) {
  if (program.empty()) return false;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const BpfInstruction& now = program[at];
    const std::size_t furthest = at + 1 + std::max(now.if_true, now.if_false);
    if (now.code == kJmpJeqK && furthest >= program.size()) return false;
    if (now.code == kAluModK && now.k == 0) return false;
  }
  return program.back().code == kRetK || program.back().code == kRetA;
}

// How often each is picked, over a whole round of random words.
std::map<std::uint32_t, int> picked(const Program& program, int round) {
  std::map<std::uint32_t, int> counts;
  for (int random = 0; random < round; ++random)
    ++counts[run(program, static_cast<std::uint32_t>(random))];
  return counts;
}

Slots up_to(int count) {
  Slots slots(static_cast<std::size_t>(count));
  std::iota(slots.begin(), slots.end(), std::uint16_t{0});
  return slots;
}

// Each of those, and nobody else, equally often.
void expect_even(const Slots& live, int members, const Slots& expected) {
  const Program program = made(live, members);
  ASSERT_TRUE(is_valid(program));
  const int choices = static_cast<int>(expected.size());
  const std::map<std::uint32_t, int> counts = picked(program, choices * 7);
  for (std::uint16_t slot : expected) {
    const auto found = counts.find(slot);
    EXPECT_EQ(found != counts.end() ? found->second : 0, 7) << slot << " of " << members;
  }
  EXPECT_EQ(counts.size(), expected.size()) << "of " << members;
}

TEST(Balance, AllArePickedEquallyOften) {
  for (int members : {1, 2, 3, 4, 7, 64, 511, kBalancedMax})
    expect_even(up_to(members), members, up_to(members));
}

TEST(Balance, WithNoneLiveAllArePicked) {
  for (int members : {1, 2, 5, kBalancedMax}) expect_even({}, members, up_to(members));
}

TEST(Balance, OneAloneHasEverything) {
  for (int members : {2, 4, kBalancedMax}) {
    for (int slot : {0, 1, members - 1}) {
      const auto live = static_cast<std::uint16_t>(slot);
      expect_even({live}, members, {live});
    }
  }
}

TEST(Balance, SomeArePickedEquallyOftenAndTheOthersNever) {
  expect_even({0, 2}, 4, {0, 2});
  expect_even({1, 2, 3}, 4, {1, 2, 3});
  expect_even({0, 1, 2}, 4, {0, 1, 2});
  expect_even({3, 17, 400}, kBalancedMax, {3, 17, 400});
}

TEST(Balance, EveryChoiceOfFiveIsEven) {
  for (unsigned choice = 1; choice < 32; ++choice) {
    Slots live;
    for (std::uint16_t slot = 0; slot < 5; ++slot) {
      if ((choice >> slot & 1U) != 0) live.push_back(slot);
    }
    expect_even(live, 5, live);
  }
}

TEST(Balance, AllButOneOfTheMostIsEven) {
  for (std::size_t gone : {std::size_t{0}, std::size_t{255}, std::size_t{511}}) {
    Slots live = up_to(kBalancedMax);
    live.erase(live.begin() + static_cast<std::ptrdiff_t>(gone));
    expect_even(live, kBalancedMax, live);
  }
}

// The number of random words is no multiple of three: the share of each differs by one in 2^32.
TEST(Balance, LargestRandomWordsPickLiveOnesToo) {
  const Program program = made({1, 3, 4}, 5);
  for (std::uint32_t back = 0; back < 1000; ++back) {
    const std::uint32_t slot = run(program, UINT32_MAX - back);
    EXPECT_TRUE(slot == 1 || slot == 3 || slot == 4) << slot;
  }
}

TEST(Balance, ProgramIsAsLongAsItsRoomAtMost) {
  for (int live = 0; live <= kBalancedMax; ++live) {
    const Program program = made(up_to(live), kBalancedMax);
    EXPECT_LE(program.size(), kBalanceProgramMax);
    EXPECT_TRUE(is_valid(program)) << live;
  }
}

TEST(Balance, ProgramOfAllIsShortWhateverTheirNumber) {
  EXPECT_EQ(made(up_to(kBalancedMax), kBalancedMax).size(), 3u);
  EXPECT_EQ(made({}, kBalancedMax).size(), 3u);
}

}  // namespace
}  // namespace hydrinit
