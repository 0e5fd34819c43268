#include "core/command.h"

#include <gtest/gtest.h>

#include <random>

namespace hydrinit {
namespace {

TEST(Command, ComesBackAsItWasPacked) {
  for (Request request : {Request::scale, Request::reload, Request::restart}) {
    for (int argument = 0; argument <= kReplicasMax; ++argument) {
      const auto tag = static_cast<std::uint8_t>(argument % (Command::kTagMax + 1));
      const Command command{request, tag, static_cast<std::uint16_t>(argument)};
      EXPECT_EQ(unpack(pack(command)), command);
    }
  }
}

TEST(Command, OfAnotherMagicIsNone) {
  for (std::uint64_t magic = 0; magic < 1024; ++magic) {
    const std::uint64_t value = magic << kMagicShift | std::uint64_t{1} << kRequestShift;
    EXPECT_EQ(unpack(value).request != Request::none, magic == kCommandMagic) << magic;
  }
}

TEST(Command, OfMoreThan32BitsIsNone) {
  const std::uint64_t value = pack({Request::scale, 1, 2});
  for (int bit = 32; bit < 64; ++bit) {
    EXPECT_EQ(unpack(value | std::uint64_t{1} << bit).request, Request::none) << bit;
  }
}

// Whatever is taken for a command is one, bit by bit: nothing is lost or made up.
TEST(Command, AnyValueIsExactlyACommandOrNone) {
  std::mt19937_64 random(1);
  int commands = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    std::uint64_t value = random() & UINT32_MAX;
    if (i % 2 == 0) value = (value & ((1U << kMagicShift) - 1)) | kCommandMagic << kMagicShift;
    const Command command = unpack(value);
    if (command.request == Request::none) continue;
    ++commands;
    ASSERT_EQ(pack(command), value);
  }
  EXPECT_GT(commands, 300'000);
}

}  // namespace
}  // namespace hydrinit
