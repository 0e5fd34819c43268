#include "fleet.h"

#include <cerrno>

#include "core/text.h"
#include "linux/cpus.h"
#include "linux/status_page.h"
#include "linux/user.h"

namespace hydrinit {
namespace {

using Said = Notice::Kind;

// There is always room to scale up to this many.
constexpr int kCapacityMin = 64;
// Descriptors besides those of replicas, with those below net::kOwnFrom.
constexpr std::size_t kFilesOfOurs = 96;
// Each replica has one to say that it is up, and one for its notifications.
constexpr std::size_t kFilesOfLinks = 2;
// ... and both ends of two pipes.
constexpr std::size_t kFilesOfLogs = 4;

// Where the parts of the one mapping begin.
class Carver {
 public:
  static constexpr std::size_t kAlignment = 8;
  explicit Carver(void* memory) : at_(static_cast<char*>(memory)) {}
  template <typename T>
  T* take(std::size_t count) {
    void* const begin = at_;
    at_ += (count * sizeof(T) + kAlignment - 1) & ~(kAlignment - 1);
    return static_cast<T*>(begin);
  }

 private:
  char* at_;
};

int refuse(Reporter& reporter, Said kind, const char* name, const char* value, int code) {
  Notice notice;
  notice.kind = kind;
  notice.name = name;
  notice.value = value;
  notice.code = code;
  reporter.say(notice);
  return kExitUsage;
}

int fail(Reporter& reporter, Said kind, const Error& error) {
  reporter.say_error(kind, error);
  return kExitInternal;
}

int capacity_of(const Config& config, int count) {
  if (config.replicas == 0) return 1;
  if (config.max_replicas != 0) return config.max_replicas;
  return count > kCapacityMin ? count : kCapacityMin;
}

// no-color.org: they are not wanted when the variable is there, and not empty.
bool wants_colours(char** environment) {
  for (; *environment != nullptr; ++environment) {
    const char* const value = after(*environment, "NO_COLOR=");
    if (value != nullptr && *value != '\0') return false;
  }
  return true;
}

// What the page says once and for all.
void fill_page(const Config& config, std::size_t places, StatusPage& page) {
  page.magic = StatusPage::kMagic;
  page.version = StatusPage::kVersion;
  page.places = static_cast<std::uint16_t>(places);
  page.sequence = 1;
  page.pid = os::own_pid();
  page.begun = os::now();
  page.max_restarts = config.max_restarts;
  page.restart = config.restart;
  page.exit_when = config.exit_when;
}

// One mapping for all: with -n it begins as the status page, so that showing the replicas costs
// nothing.
int map(const Config& config, char** environment, int capacity, Fleet& fleet, Reporter& reporter) {
  // One more: the place of the one that is being replaced.
  const std::size_t places = static_cast<std::size_t>(capacity) + (config.replicas != 0);
  const std::size_t links = config.needs_links() ? places : 0;
  const std::size_t sockets = config.has_ports() ? Sockets::size(capacity) : 0;
  const std::size_t logs = config.logs();
  const std::size_t variables = ReplicaEnvironment::size(environment);
  // Each part begins at a multiple of kAlignment.
  constexpr std::size_t kParts = 8;
  const std::size_t size = size_of_page(places) + variables * sizeof(char*) +
                           sizeof(ReplicaEnvironment) + links * sizeof(Links::Entry) +
                           logs * (sizeof(Logs) + places * sizeof(Logs::Stream) * Logs::kStreams) +
                           sockets + kParts * Carver::kAlignment;
  StatusPage* page = nullptr;
  if (config.replicas != 0) {
    fleet.page = page = make_status_page(size);
    // Without it they run as well.
    if (page == nullptr) reporter.say_error(Said::failed, {"memfd_create", errno});
  }
  if (page == nullptr) page = static_cast<StatusPage*>(os::map_memory(size));
  if (page == nullptr) return fail(reporter, Said::fatal, {"mmap", errno});
  fill_page(config, places, *page);
  // Zero is a good beginning for all that follows but the replicas.
  Carver carver(page->replicas());
  auto* const replicas = carver.take<Replica>(places);
  for (std::size_t i = 0; i < places; ++i) replicas[i] = Replica{};
  fleet.replicas = {replicas, places};
  fleet.pids = {carver.take<PidEntry>(places), places};
  fleet.room = carver.take<char*>(variables);
  // Most of it, and of what follows, is not touched by most.
  fleet.environment = carver.take<ReplicaEnvironment>(1);
  if (links > 0) {
    const Error error =
        fleet.links.prepare(config, fleet.signal_fd, {carver.take<Links::Entry>(links), links});
    if (error.failed()) return fail(reporter, Said::fatal, error);
  }
  if (logs > 0) {
    fleet.logs = carver.take<Logs>(logs);
    const std::size_t streams = places * Logs::kStreams;
    const Error error =
        fleet.logs->prepare(config.log, fleet.links, {carver.take<Logs::Stream>(streams), streams},
                            wants_colours(environment));
    if (error.failed()) return fail(reporter, Said::fatal, error);
  }
  if (sockets > 0) {
    fleet.sockets.prepare(carver.take<char>(sockets), capacity,
                          config.balances() ? Spread::each : Spread::one);
  }
  return 0;
}

// A soft limit that is too low is raised; should the hard one be too, nothing would be gained by a
// start.
int raise_files(const Config& config, int capacity, Fleet& fleet, Reporter& reporter) {
  fleet.files = os::file_limit();
  if (fleet.files.hard == 0) return 0;  // it is not known, and stays as it is
  os::set_file_limit({fleet.files.hard, fleet.files.hard});
  const auto slots = static_cast<std::size_t>(config.user != nullptr ? capacity : fleet.count);
  std::size_t ports = config.listen.size() + (config.share != nullptr);
  if (!config.balances()) ports = 0;
  const std::size_t links = config.needs_links() ? kFilesOfLinks : 0;
  const std::size_t logs = config.logs() ? kFilesOfLogs : 0;
  const std::size_t needed = kFilesOfOurs + slots * (ports + links + logs);
  if (config.needs_links() && needed > fleet.files.hard)
    return fail(reporter, Said::fatal, {"RLIMIT_NOFILE", EMFILE});
  return 0;
}

// The sockets of --listen. Whoever becomes another user cannot make more of them later: a group of
// SO_REUSEPORT sockets is one user's (socket(7)).
int open_ports(const Config& config, int slots, Fleet& fleet, Reporter& reporter) {
  for (const char* item : config.listen) {
    const ListenSpec spec = listen_of(item);
    const Error error = fleet.sockets.open(spec, slots);
    if (!error.failed()) continue;
    Notice notice;
    notice.kind = Said::listen_failed;
    notice.name = spec.text;
    notice.name_end = spec.text + spec.length;
    notice.value = error.operation;
    notice.code = error.code;
    reporter.say(notice);
    return kExitInternal;
  }
  return 0;
}

__attribute__((noinline)) int change_user(const Config& config, User& user, Fleet& fleet,
                                          Reporter& reporter) {
  Error error{};
  if (!find_user(config.user, user, error)) {
    refuse(reporter, Said::user_unknown, config.user, "", 0);
    return kExitInternal;
  }
  if (!error.failed()) error = fleet.sockets.give_to(user.uid, user.gid);
  if (!error.failed()) error = become_user(user);
  return error.failed() ? fail(reporter, Said::user_failed, error) : 0;
}

}  // namespace

int prepare_fleet(const Config& config, char** environment, Fleet& fleet, Reporter& reporter) {
  fleet.count = config.replicas != 0 ? resolve_replicas(config.replicas) : 1;
  const int capacity = capacity_of(config, fleet.count);
  if (fleet.count > capacity)
    return refuse(reporter, Said::above_limit, "replicas", "max-replicas", 0);
  if (config.has_ports() && capacity > kBalancedMax)
    return refuse(reporter, Said::too_many, "replicas", "", kBalancedMax);
  int code = 0;
  if (config.supervises()) code = raise_files(config, capacity, fleet, reporter);
  if (code == 0) code = map(config, environment, capacity, fleet, reporter);
  const int slots = config.user != nullptr ? capacity : fleet.count;
  if (code == 0) code = open_ports(config, slots, fleet, reporter);
  User user;
  if (code == 0 && config.user != nullptr) code = change_user(config, user, fleet, reporter);
  // They listen before anybody is started: what is wrong with them is told now, and the kernel
  // numbers them by their slots.
  for (int slot = 0; code == 0 && slot < fleet.count; ++slot) {
    const Error error = fleet.sockets.join(slot);
    if (error.failed()) code = fail(reporter, Said::fatal, error);
  }
  if (code != 0) {
    fleet.sockets.close_all();  // files of unix sockets
    return code;
  }
  if (config.share != nullptr) reporter.say(Said::share_begun);
  fleet.environment->prepare(environment, fleet.room, config,
                             config.user != nullptr ? user.home : nullptr);
  return 0;
}

}  // namespace hydrinit
