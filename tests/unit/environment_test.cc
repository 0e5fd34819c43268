#include "linux/environment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace hydrinit {
namespace {

// The environment of replicas, made from a list of variables.
class Variables {
 public:
  // A copy of index_env, as one that comes from outside is never the same text as ours.
  explicit Variables(std::vector<std::string> variables, const std::string& index_env = "")
      : variables_(std::move(variables)), index_env_(index_env) {
    for (std::string& variable : variables_) envp_.push_back(variable.data());
    envp_.push_back(nullptr);
    room_.resize(ReplicaEnvironment::size(envp_.data()));
    config_.replicas = 1;
    if (!index_env_.empty()) config_.index_env = index_env_.c_str();
    environment_.prepare(envp_.data(), room_.data(), config_, nullptr);
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;

  std::string of_slot(int slot, int count) {
    std::string text;
    char** const envp = environment_.of_slot(slot, count);
    EXPECT_GE(envp, room_.data());
    for (char** entry = envp; *entry != nullptr; ++entry) {
      text += (text.empty() ? "" : " ") + std::string(*entry);
    }
    return text;
  }
  std::size_t room() const { return room_.size(); }

 private:
  std::vector<std::string> variables_;
  std::string index_env_;
  std::vector<char*> envp_;
  std::vector<char*> room_;
  Config config_;
  ReplicaEnvironment environment_;
};

// The order of variables means nothing.
std::string sorted(const std::string& text) {
  std::istringstream in(text);
  const std::multiset<std::string> words{std::istream_iterator<std::string>(in), {}};
  std::string out;
  for (const std::string& word : words) out += word + "\n";
  return out;
}
#define EXPECT_SAME_WORDS(a, b) EXPECT_EQ(sorted(a), sorted(b))

TEST(ReplicaEnvironment, TellsTheSlotAndTheCount) {
  Variables variables({"PATH=/bin", "HOME=/"});
  EXPECT_SAME_WORDS(
      variables.of_slot(2, 4),
      "HYDRINIT_REPLICA=2 HYDRINIT_REPLICA_COUNT=4 NODE_APP_INSTANCE=2 PATH=/bin HOME=/");
}

TEST(ReplicaEnvironment, TellsEachSlotItsOwn) {
  Variables variables({"A=1"});
  // A shorter number leaves nothing of a longer one behind.
  EXPECT_SAME_WORDS(
      variables.of_slot(9999, 10000),
      "HYDRINIT_REPLICA=9999 HYDRINIT_REPLICA_COUNT=10000 NODE_APP_INSTANCE=9999 A=1");
  EXPECT_SAME_WORDS(variables.of_slot(0, 1),
                    "HYDRINIT_REPLICA=0 HYDRINIT_REPLICA_COUNT=1 NODE_APP_INSTANCE=0 A=1");
  EXPECT_SAME_WORDS(variables.of_slot(10, 11),
                    "HYDRINIT_REPLICA=10 HYDRINIT_REPLICA_COUNT=11 NODE_APP_INSTANCE=10 A=1");
}

TEST(ReplicaEnvironment, OfNothingIsItsOwnVariables) {
  Variables variables({});
  EXPECT_SAME_WORDS(variables.of_slot(0, 1),
                    "HYDRINIT_REPLICA=0 HYDRINIT_REPLICA_COUNT=1 NODE_APP_INSTANCE=0");
  Variables indexed({}, "PORT=3000");
  EXPECT_SAME_WORDS(indexed.of_slot(1, 2),
                    "HYDRINIT_REPLICA=1 HYDRINIT_REPLICA_COUNT=2 NODE_APP_INSTANCE=1 PORT=3001");
}

TEST(ReplicaEnvironment, ReplacesVariablesOfTheSameNames) {
  Variables variables({"HYDRINIT_REPLICA=7", "A=1", "NODE_APP_INSTANCE=x",
                       "HYDRINIT_REPLICA_COUNT=9", "B=2", "PORT=80", "NODE_APP_INSTANCE=y"},
                      "PORT=3000");
  EXPECT_SAME_WORDS(
      variables.of_slot(1, 2),
      "HYDRINIT_REPLICA=1 HYDRINIT_REPLICA_COUNT=2 NODE_APP_INSTANCE=1 PORT=3001 A=1 B=2");
}

TEST(ReplicaEnvironment, KeepsVariablesOfOtherNames) {
  Variables variables(
      {"HYDRINIT_REPLICAS=7", "HYDRINIT_REPLIC=7", "hydrinit_replica=7", "NODE_APP_INSTANCE_ID=7",
       "XNODE_APP_INSTANCE=7", "PORTS=1", "POR=1", "A=NODE_APP_INSTANCE=1"},
      "PORT");
  EXPECT_SAME_WORDS(
      variables.of_slot(0, 1),
      "HYDRINIT_REPLICA=0 HYDRINIT_REPLICA_COUNT=1 NODE_APP_INSTANCE=0 PORT=0 "
      "HYDRINIT_REPLICAS=7 HYDRINIT_REPLIC=7 hydrinit_replica=7 NODE_APP_INSTANCE_ID=7 "
      "XNODE_APP_INSTANCE=7 PORTS=1 POR=1 A=NODE_APP_INSTANCE=1");
}

TEST(ReplicaEnvironment, KeepsWhatIsNoVariable) {
  Variables variables({"", "=x", "word", "A="});
  EXPECT_SAME_WORDS(variables.of_slot(0, 1),
                    "HYDRINIT_REPLICA=0 HYDRINIT_REPLICA_COUNT=1 NODE_APP_INSTANCE=0  =x word A=");
}

TEST(ReplicaEnvironment, IndexBeginsAtItsBase) {
  Variables variables({}, "PORT=3000");
  const char* const kOwn = "HYDRINIT_REPLICA=0 HYDRINIT_REPLICA_COUNT=4 NODE_APP_INSTANCE=0 ";
  EXPECT_SAME_WORDS(variables.of_slot(0, 4), std::string(kOwn) + "PORT=3000");
  EXPECT_SAME_WORDS(variables.of_slot(3, 4),
                    "HYDRINIT_REPLICA=3 HYDRINIT_REPLICA_COUNT=4 NODE_APP_INSTANCE=3 PORT=3003");
}

TEST(ReplicaEnvironment, IndexWithoutABaseIsTheSlot) {
  Variables variables({}, "WORKER");
  EXPECT_SAME_WORDS(variables.of_slot(5, 8),
                    "HYDRINIT_REPLICA=5 HYDRINIT_REPLICA_COUNT=8 NODE_APP_INSTANCE=5 WORKER=5");
}

TEST(ReplicaEnvironment, LongestNameAndLargestBaseHaveRoom) {
  const std::string name(kIndexNameMax, 'x');
  const std::string index = name + "=2147473647";
  Variables variables({name + "=old"}, index.c_str());
  EXPECT_SAME_WORDS(variables.of_slot(kReplicasMax - 1, kReplicasMax),
                    "HYDRINIT_REPLICA=9999 HYDRINIT_REPLICA_COUNT=10000 NODE_APP_INSTANCE=9999 " +
                        name + "=2147483646");
}

TEST(ReplicaEnvironment, IndexMayTakeThePlaceOfNodesInstance) {
  Variables variables({"NODE_APP_INSTANCE=old", "A=1"}, "NODE_APP_INSTANCE=100");
  EXPECT_SAME_WORDS(variables.of_slot(2, 4),
                    "HYDRINIT_REPLICA=2 HYDRINIT_REPLICA_COUNT=4 NODE_APP_INSTANCE=102 A=1");
  Variables plain({}, "NODE_APP_INSTANCE");
  EXPECT_SAME_WORDS(plain.of_slot(2, 4),
                    "HYDRINIT_REPLICA=2 HYDRINIT_REPLICA_COUNT=4 NODE_APP_INSTANCE=2");
}

TEST(ReplicaEnvironment, IndexMayTakeThePlaceOfAnyOtherAndStandsOnce) {
  Variables slot({"HYDRINIT_REPLICA=old"}, "HYDRINIT_REPLICA=100");
  EXPECT_SAME_WORDS(slot.of_slot(2, 4),
                    "HYDRINIT_REPLICA=102 HYDRINIT_REPLICA_COUNT=4 NODE_APP_INSTANCE=2");
  Variables count({}, "HYDRINIT_REPLICA_COUNT");
  EXPECT_SAME_WORDS(count.of_slot(2, 4),
                    "HYDRINIT_REPLICA=2 HYDRINIT_REPLICA_COUNT=2 NODE_APP_INSTANCE=2");
}

TEST(ReplicaEnvironment, EntryWithoutANameStaysWhateverTheIndex) {
  for (const char* index : {"PORT", "NODE_APP_INSTANCE", "HYDRINIT_REPLICA"}) {
    Variables variables({"=x"}, index);
    EXPECT_NE((" " + variables.of_slot(0, 1) + " ").find(" =x "), std::string::npos) << index;
  }
}

TEST(ReplicaEnvironment, AsksForRoomForAllOfThemAndTheEnd) {
  // Nothing is replaced: that takes the most.
  for (std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{100}}) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("V" + std::to_string(i) + "=1");
    Variables variables(names, "PORT");
    EXPECT_GE(variables.room(), count + 4 + 1);
    // A write behind it is found by the sanitizer.
    EXPECT_NE(variables.of_slot(0, 1), "");
  }
}

TEST(ReplicaEnvironment, LeavesTheEnvironmentItWasMadeFromAlone) {
  char first[] = "NODE_APP_INSTANCE=x";
  char second[] = "A=1";
  char* envp[] = {first, second, nullptr};
  char* room[16];
  ASSERT_LE(ReplicaEnvironment::size(envp), std::size(room));
  ReplicaEnvironment environment;
  Config config;
  config.replicas = 1;
  environment.prepare(envp, room, config, nullptr);
  (void)environment.of_slot(3, 4);
  EXPECT_STREQ(envp[0], "NODE_APP_INSTANCE=x");
  EXPECT_STREQ(envp[1], "A=1");
  EXPECT_EQ(envp[2], nullptr);
}

// ---- ports
// ----------------------------------------------------------------------------------------

// The environment of replica 0 by that configuration.
std::string of_config(const Config& config, std::vector<std::string> variables,
                      const char* home = nullptr) {
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  std::vector<char*> room(ReplicaEnvironment::size(envp.data()));
  ReplicaEnvironment environment;
  environment.prepare(envp.data(), room.data(), config, home);
  std::string text;
  for (char** entry = environment.of_slot(0, 1); *entry != nullptr; ++entry) {
    text += (text.empty() ? "" : " ") + std::string(*entry);
  }
  return text;
}

Config listening(const std::vector<const char*>& items) {
  Config config;
  for (const char* item : items) EXPECT_TRUE(config.listen.push(item));
  return config;
}

std::string own_pid() { return " LISTEN_PID=" + std::to_string(::getpid()); }

TEST(ReplicaEnvironment, PlainInitHasNoNumbers) {
  EXPECT_EQ(of_config(Config{}, {"A=1"}), "A=1");
  EXPECT_EQ(of_config(Config{}, {"HYDRINIT_REPLICA=7", "NODE_APP_INSTANCE=7"}),
            "HYDRINIT_REPLICA=7 NODE_APP_INSTANCE=7")
      << "nor does it take those of another's replicas";
}

TEST(ReplicaEnvironment, TellsHowManySocketsThereAreAndTheirNames) {
  EXPECT_SAME_WORDS(of_config(listening({"web=80,unix:/a", "unix:/a", "udp=udp:53"}), {"A=1"}),
                    "LISTEN_FDS=3 LISTEN_FDNAMES=web:unknown:udp A=1" + own_pid());
}

TEST(ReplicaEnvironment, SocketsOfReplicasAreToldToo) {
  Config config = listening({"80"});
  config.replicas = 1;
  EXPECT_SAME_WORDS(of_config(config, {}),
                    "LISTEN_FDS=1 LISTEN_FDNAMES=unknown HYDRINIT_REPLICA=0 "
                    "HYDRINIT_REPLICA_COUNT=1 NODE_APP_INSTANCE=0" +
                        own_pid());
}

TEST(ReplicaEnvironment, WithoutListenPidItIsLeftOutAndAnInheritedOneToo) {
  Config config = listening({"80"});
  config.listen_pid = false;
  EXPECT_SAME_WORDS(of_config(config, {"LISTEN_PID=7", "A=1"}),
                    "LISTEN_FDS=1 LISTEN_FDNAMES=unknown A=1");
}

TEST(ReplicaEnvironment, ReplacesInheritedOnesOfSockets) {
  EXPECT_SAME_WORDS(of_config(listening({"80"}), {"LISTEN_FDS=9", "LISTEN_PID=9",
                                                  "LISTEN_FDNAMES=x:y", "LISTEN_FDSX=1", "A=1"}),
                    "LISTEN_FDS=1 LISTEN_FDNAMES=unknown LISTEN_FDSX=1 A=1" + own_pid());
}

TEST(ReplicaEnvironment, WithoutSocketsThoseOfSocketsStay) {
  EXPECT_EQ(of_config(Config{}, {"LISTEN_FDS=9", "LISTEN_PID=9"}), "LISTEN_FDS=9 LISTEN_PID=9");
}

TEST(ReplicaEnvironment, LongestNamesOfTheMostSocketsHaveRoom) {
  Config config;
  std::vector<std::string> items;
  std::string names;
  for (std::size_t i = 0; i < kListenMax; ++i) {
    const std::string name(kListenNameMax, static_cast<char>('a' + i));
    items.push_back(name + "=" + std::to_string(i + 1));
    names += (i > 0 ? ":" : "") + name;
  }
  for (const std::string& item : items) ASSERT_TRUE(config.listen.push(item.c_str()));
  EXPECT_SAME_WORDS(of_config(config, {}), "LISTEN_FDS=16 LISTEN_FDNAMES=" + names + own_pid());
}

TEST(ReplicaEnvironment, NotifySocketIsWhatTheLinksWriteThere) {
  std::string inherited = "NOTIFY_SOCKET=/run/systemd/notify";
  char* envp[] = {inherited.data(), nullptr};
  char* room[16];
  ASSERT_LE(ReplicaEnvironment::size(envp), std::size(room));
  Config config;
  config.replicas = 1;
  config.ready_by = ReadyBy::notify;
  ReplicaEnvironment environment;
  environment.prepare(envp, room, config, nullptr);
  const std::string given = "NOTIFY_SOCKET=@00001";
  ASSERT_LT(given.size(), sizeof(ReplicaEnvironment::Notify));
  given.copy(environment.notify(), given.size());
  std::string found;
  for (char** entry = environment.of_slot(0, 1); *entry != nullptr; ++entry) {
    if (std::string(*entry).starts_with("NOTIFY_SOCKET=")) found += *entry;
  }
  EXPECT_EQ(found, given) << "once, and not the inherited one";
}

TEST(ReplicaEnvironment, NotifySocketStaysWhereNobodyWaitsForIt) {
  Config config;
  config.ready_by = ReadyBy::notify;
  EXPECT_EQ(of_config(config, {"NOTIFY_SOCKET=/run/notify"}), "NOTIFY_SOCKET=/run/notify")
      << "a plain init";
}

TEST(ReplicaEnvironment, HomeIsTheUsersWhenThereIsOne) {
  EXPECT_SAME_WORDS(of_config(Config{}, {"HOME=/root", "A=1"}, "/home/app"), "HOME=/home/app A=1");
  EXPECT_SAME_WORDS(of_config(Config{}, {"HOME=/root", "A=1"}), "HOME=/root A=1");
}

TEST(ReplicaEnvironment, AllOfThemAtOnceHaveRoom) {
  Config config = listening({"a=80"});
  config.replicas = 1;
  config.index_env = "PORT=3000";
  config.ready_by = ReadyBy::notify;
  EXPECT_SAME_WORDS(of_config(config, {}, "/home/app"),
                    "PORT=3000 HYDRINIT_REPLICA=0 HYDRINIT_REPLICA_COUNT=1 NODE_APP_INSTANCE=0 "
                    "LISTEN_FDS=1 LISTEN_FDNAMES=a NOTIFY_SOCKET= HOME=/home/app" +
                        own_pid());
}

}  // namespace
}  // namespace hydrinit
