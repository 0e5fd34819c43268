#include "linux/reaper.h"

#include <gtest/gtest.h>

#include <climits>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/config.h"

namespace hydrinit {
namespace {

// A table of pids as the program makes it: all zero.
class Pids {
 public:
  explicit Pids(std::size_t slots) : entries_(slots), reaper_(entries_) {}
  Pids(const Pids&) = delete;
  Pids& operator=(const Pids&) = delete;

  Reaper* operator->() { return &reaper_; }

  // "7:0 9:- ", the slot of each pid.
  std::string slots_of(const std::vector<pid_t>& pids) const {
    std::string text;
    for (pid_t pid : pids) {
      const int slot = reaper_.slot_of(pid);
      text += (text.empty() ? "" : " ") + std::to_string(pid) + ":" +
              (slot < 0 ? "-" : std::to_string(slot));
    }
    return text;
  }

 private:
  std::vector<PidEntry> entries_;
  Reaper reaper_;
};

TEST(Reaper, EmptyTableHasNobody) {
  for (std::size_t slots : {std::size_t{1}, std::size_t{4}, std::size_t{1000}}) {
    Pids pids(slots);
    EXPECT_EQ(pids->slots(), static_cast<int>(slots));
    EXPECT_EQ(pids.slots_of({1, 2, 1000, 4194304, INT32_MAX}),
              "1:- 2:- 1000:- 4194304:- 2147483647:-");
    for (int slot = 0; slot < pids->slots(); ++slot) EXPECT_EQ(pids->pid(slot), 0);
  }
}

TEST(Reaper, RemembersWhichPidIsInWhichSlot) {
  Pids pids(4);
  pids->remember(2, 100);
  pids->remember(0, 7);
  EXPECT_EQ(pids.slots_of({100, 7, 8}), "100:2 7:0 8:-");
  EXPECT_EQ(pids->pid(2), 100);
  EXPECT_EQ(pids->pid(0), 7);
  EXPECT_EQ(pids->pid(1), 0);
}

TEST(Reaper, ForgetsOneAndKeepsTheRest) {
  Pids pids(4);
  pids->remember(0, 7);
  pids->remember(1, 8);
  pids->forget(0);
  EXPECT_EQ(pids.slots_of({7, 8}), "7:- 8:1");
  EXPECT_EQ(pids->pid(0), 0);
}

TEST(Reaper, PidsOfTheSameHashAreToldApart) {
  Pids pids(4);
  for (int slot = 0; slot < 4; ++slot) pids->remember(slot, 4 * (slot + 1));
  EXPECT_EQ(pids.slots_of({4, 8, 12, 16, 20, 5}), "4:0 8:1 12:2 16:3 20:- 5:-");
}

TEST(Reaper, ChainStaysWholeWhereverOneIsTakenOutOfIt) {
  for (int gone = 0; gone < 4; ++gone) {
    Pids pids(4);
    for (int slot = 0; slot < 4; ++slot) pids->remember(slot, 4 * (slot + 1));
    pids->forget(gone);
    std::string expected;
    for (int slot = 0; slot < 4; ++slot) {
      expected += (slot == 0 ? "" : " ") + std::to_string(4 * (slot + 1)) + ":" +
                  (slot == gone ? "-" : std::to_string(slot));
    }
    EXPECT_EQ(pids.slots_of({4, 8, 12, 16}), expected);
  }
}

TEST(Reaper, ChainMayBeginInAnySlot) {
  // The chain of pid 5 begins in slot 1, whatever slots it runs through.
  Pids pids(4);
  pids->remember(3, 5);
  pids->remember(0, 9);
  pids->remember(1, 4);
  EXPECT_EQ(pids.slots_of({5, 9, 4}), "5:3 9:0 4:1");
  pids->forget(1);
  EXPECT_EQ(pids.slots_of({5, 9, 4}), "5:3 9:0 4:-");
}

TEST(Reaper, SlotIsUsedAgain) {
  Pids pids(4);
  for (pid_t pid : {100, 104, 101, 100}) {
    pids->remember(1, pid);
    EXPECT_EQ(pids.slots_of({pid}), std::to_string(pid) + ":1");
    pids->forget(1);
  }
  EXPECT_EQ(pids.slots_of({100, 104, 101}), "100:- 104:- 101:-");
}

TEST(Reaper, PidIsUsedAgainByAnotherSlot) {
  Pids pids(4);
  pids->remember(0, 100);
  pids->forget(0);
  pids->remember(3, 100);
  EXPECT_EQ(pids.slots_of({100}), "100:3");
  EXPECT_EQ(pids->pid(0), 0);
}

TEST(Reaper, OneSlotHoldsAnyPid) {
  Pids pids(1);
  for (pid_t pid : {2, 3, 4194304, INT32_MAX}) {
    pids->remember(0, pid);
    EXPECT_EQ(pids->slot_of(pid), 0);
    EXPECT_LT(pids->slot_of(pid - 1), 0);
    pids->forget(0);
    EXPECT_LT(pids->slot_of(pid), 0);
  }
}

TEST(Reaper, FullTableOf1000KnowsEveryPid) {
  constexpr int kSlots = 1000;
  // Spread over all chains, a few chains, and a single one.
  for (int stride : {1, 500, 1000}) {
    Pids pids(kSlots);
    for (int slot = 0; slot < kSlots; ++slot) pids->remember(slot, 1 + slot * stride);
    for (int slot = 0; slot < kSlots; ++slot) EXPECT_EQ(pids->slot_of(1 + slot * stride), slot);
    EXPECT_LT(pids->slot_of(1 + kSlots * stride), 0);
    for (int slot = 0; slot < kSlots; slot += 2) pids->forget(slot);
    for (int slot = 0; slot < kSlots; ++slot) {
      EXPECT_EQ(pids->slot_of(1 + slot * stride), slot % 2 == 0 ? -1 : slot);
    }
    for (int slot = 1; slot < kSlots; slot += 2) pids->forget(slot);
    for (int slot = 0; slot < kSlots; ++slot) EXPECT_LT(pids->slot_of(1 + slot * stride), 0);
  }
}

// Starts and ends in an order that has no pattern, compared with a map.
TEST(Reaper, LongHistoryLeavesNoTrace) {
  constexpr int kSlots = 7;
  Pids pids(kSlots);
  std::map<pid_t, int> known;
  std::uint32_t random = 1;
  const auto next = [&random](std::uint32_t below) {
    random = random * 1664525 + 1013904223;
    return static_cast<int>((random >> 16) % below);
  };
  for (int step = 0; step < 5000; ++step) {
    const int slot = next(kSlots);
    if (pids->pid(slot) != 0) {
      known.erase(pids->pid(slot));
      pids->forget(slot);
    } else if (const pid_t pid = 2 + next(30); known.count(pid) == 0) {
      known[pid] = slot;
      pids->remember(slot, pid);
    }
    for (pid_t pid = 1; pid < 33; ++pid) {
      const auto found = known.find(pid);
      ASSERT_EQ(pids->slot_of(pid), found != known.end() ? found->second : -1)
          << "pid " << pid << " after step " << step;
    }
  }
}

TEST(Reaper, EverySlotFitsItsLinks) {
  // A link holds a slot's number plus 1 in 16 bits.
  Pids pids(kReplicasMax);
  const pid_t stride = kReplicasMax;
  for (int slot = kReplicasMax - 3; slot < kReplicasMax; ++slot) {
    pids->remember(slot, (slot + 1) * stride);
  }
  for (int slot = kReplicasMax - 3; slot < kReplicasMax; ++slot) {
    EXPECT_EQ(pids->slot_of((slot + 1) * stride), slot);
  }
}

}  // namespace
}  // namespace hydrinit
