#include "core/status.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace hydrinit {
namespace {

// A page with room for so many, all of them unused.
class Page {
 public:
  explicit Page(int places)
      : memory_((sizeof(StatusPage) + static_cast<std::size_t>(places) * sizeof(Replica)) / 8) {
    page().places = static_cast<std::uint16_t>(places);
    page().pid = 1;
    page().restart = Restart::always;
    page().exit_when = ExitWhen::failed;
    page().max_restarts = 10;
    for (int i = 0; i < places; ++i) page().replicas()[i] = Replica{};
  }
  StatusPage& page() { return *reinterpret_cast<StatusPage*>(memory_.data()); }
  Replica& replica(int place) { return page().replicas()[place]; }
  Replica& up(int place) {
    replica(place).stage = Stage::running;
    replica(place).starts = 1;
    return replica(place);
  }
  std::size_t size() const { return memory_.size() * 8; }

 private:
  std::vector<std::uint64_t> memory_;
};

std::string row(Page& page, Seen seen, std::int64_t now = 0, bool json = false) {
  char buffer[1024];
  Text text(buffer);
  append_replica(text, page.page(), seen, Instant{now}, json);
  return std::string(text.view());
}

std::string head(Page& page, std::int64_t now, bool json = false) {
  char buffer[1024];
  Text text(buffer);
  append_head(text, page.page(), Instant{now}, json);
  return std::string(text.view());
}

// ---- the sequence lock -------------------------------------------------------------------------

TEST(StatusPage, CopyOfOneThatIsBeingWrittenIsNone) {
  Page page(2);
  std::vector<std::uint64_t> copy(page.size() / 8);
  EXPECT_TRUE(copy_page(page.page(), copy.data(), page.size()));
  page.page().begin_writing();
  EXPECT_FALSE(copy_page(page.page(), copy.data(), page.size()));
  page.page().end_writing();
  EXPECT_TRUE(copy_page(page.page(), copy.data(), page.size()));
}

// Every number of the page is the same in each state that is written.
TEST(StatusPage, NoCopyIsTorn) {
  constexpr int kPlaces = 200;
  constexpr int kCopies = 2000;
  Page page(kPlaces);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (std::uint32_t number = 1; !done; ++number) {
      page.page().begin_writing();
      for (int i = 0; i < kPlaces; ++i) __atomic_store_n(&page.replica(i).starts, number, 0);
      page.page().end_writing();
      // So that a copy may succeed at times.
      std::this_thread::yield();
    }
  });
  Page copy(kPlaces);
  int copies = 0;
  int torn = 0;
  while (copies < kCopies) {
    if (!copy_page(page.page(), &copy.page(), page.size())) continue;
    ++copies;
    for (int i = 1; i < kPlaces; ++i) torn += copy.replica(i).starts != copy.replica(0).starts;
  }
  done = true;
  writer.join();
  EXPECT_EQ(torn, 0);
}

// ---- who is ready ------------------------------------------------------------------------------

TEST(Status, ReadyAreThoseThatAreUpAndDoNotGo) {
  Page page(5);
  page.page().overview.count = 4;
  page.page().overview.annex_of = -1;
  page.up(0);
  page.up(1).leaving = true;
  page.replica(2).stage = Stage::starting;
  page.replica(3).stage = Stage::waiting;
  EXPECT_EQ(count_ready(page.page()), 1);
}

TEST(Status, TheOldOneBesideItsSuccessorIsReady) {
  Page page(3);
  page.page().overview.count = 2;
  page.up(0);
  page.replica(1).stage = Stage::starting;
  page.up(2);
  page.page().overview.annex_of = 1;
  EXPECT_EQ(count_ready(page.page()), 2);
}

TEST(Status, ThoseThatNobodyWantsDoNotCount) {
  Page page(3);
  page.page().overview.count = 1;
  page.up(0);
  page.up(1);
  EXPECT_EQ(count_ready(page.page()), 1);
}

// ---- the table ---------------------------------------------------------------------------------

TEST(StatusTable, HeadHasThePolicyInWords) {
  Page page(9);
  page.page().overview.count = 2;
  page.up(0);
  EXPECT_EQ(head(page, 200'000),
            "hydrinit, pid 1, running for 3m20s: 1 of 2 replicas are ready, room for 8\n"
            "restart always, at most 10 early deaths in a row; exit when failed\n"
            "\n"
            "SLOT PID     STATE    READY FOR     STARTS MEMORY LAST END\n");
  page.page().max_restarts = 0;
  page.page().overview.reloading = true;
  EXPECT_NE(head(page, 0).find("reloading for 0s"), std::string::npos);
  EXPECT_NE(head(page, 0).find("restart always, any number of early deaths"), std::string::npos);
  page.page().overview.ending = true;
  EXPECT_NE(head(page, 0).find("stopping for 0s"), std::string::npos);
}

TEST(StatusTable, RowOfOneThatIsUp) {
  Page page(2);
  page.up(0).since = Instant{1000};
  EXPECT_EQ(row(page, {0, 4194304, 45'000}, 91'000),
            "0    4194304 running  yes   1m30s   1      43M    -\n");
}

TEST(StatusTable, RowInBackOffSaysWhyAndForHowLong) {
  Page page(2);
  Replica& replica = page.replica(0);
  replica.stage = Stage::waiting;
  replica.starts = 4;
  replica.ended = true;
  replica.last = {ExitStatus::Kind::signalled, 9};
  replica.early_deaths = 3;
  replica.deadline = Instant{12'500};
  EXPECT_EQ(row(page, {0, 0, 0}, 0),
            "0    -       back-off no    -12s    4      -      KILL, 3 early in a row\n");
}

TEST(StatusTable, RowSaysWhatIsWrong) {
  Page page(2);
  page.up(0).heavy = true;
  page.replica(0).stuck = true;
  page.replica(0).ended = true;
  EXPECT_EQ(
      row(page, {0, 7, 900}),
      "0    7       running  yes   0s      1      900K   code 0, above --max-memory, stuck\n");
}

TEST(StatusTable, UnusedSlotsHaveNoRow) {
  Page page(2);
  EXPECT_EQ(row(page, {0, 0, 0}), "");
  EXPECT_EQ(row(page, {1, 0, 0}), "");
}

TEST(StatusTable, OldOneHasARowOfItsOwn) {
  Page page(3);
  page.up(2);
  page.page().overview.annex_of = 1;
  EXPECT_EQ(row(page, {2, 7, 0}).substr(0, 12), "1'   7      ");
}

TEST(StatusTable, AgesHaveTheirTwoLargestUnits) {
  Page page(2);
  page.up(0);
  const auto age = [&](std::int64_t seconds) {
    const std::string text = row(page, {0, 7, 0}, seconds * 1000);
    return text.substr(28, text.find(' ', 28) - 28);
  };
  EXPECT_EQ(age(0), "0s");
  EXPECT_EQ(age(59), "59s");
  EXPECT_EQ(age(60), "1m0s");
  EXPECT_EQ(age(3599), "59m59s");
  EXPECT_EQ(age(3661), "1h1m");
  EXPECT_EQ(age(86400 * 3 + 7200), "3d2h");
}

TEST(StatusTable, SizesHaveFourDigitsAtMost) {
  const auto size = [](int kib) {
    char buffer[32];
    Text text(buffer);
    append_size(text, kib);
    return std::string(text.view());
  };
  EXPECT_EQ(size(0), "-");
  EXPECT_EQ(size(9999), "9999K");
  EXPECT_EQ(size(10'000), "9M");
  EXPECT_EQ(size(307'200), "300M");
  EXPECT_EQ(size(INT32_MAX), "2047G");
}

// ---- JSON --------------------------------------------------------------------------------------

TEST(StatusJson, IsOneObject) {
  Page page(3);
  page.page().overview.count = 2;
  page.up(0);
  page.replica(1).stage = Stage::waiting;
  page.replica(1).ended = true;
  page.replica(1).last = {ExitStatus::Kind::signalled, 9};
  page.replica(1).deadline = Instant{1500};
  EXPECT_EQ(head(page, 1000, true),
            R"({"pid":1,"state":"running","up_s":1,"wanted":2,"ready":1,"max":2,)"
            R"("restart":"always","max_restarts":10,"exit_when":"failed","replicas":[)");
  EXPECT_EQ(row(page, {0, 7, 900}, 1000, true),
            R"({"slot":0,"old":false,"pid":7,"state":"running","ready":true,"for_s":1,"starts":1,)"
            R"("early_deaths":0,"memory_kib":900,"heavy":false,"stuck":false,"last_end":null})");
  EXPECT_EQ(row(page, {1, 0, 0}, 1000, true),
            R"(,{"slot":1,"old":false,"pid":0,"state":"back-off","ready":false,)"
            R"("starts_in_ms":500,"starts":0,"early_deaths":0,"memory_kib":0,"heavy":false,)"
            R"("stuck":false,"last_end":{"signal":"KILL"}})");
}

}  // namespace
}  // namespace hydrinit
