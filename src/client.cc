#include "client.h"

#include <unistd.h>

#include <cerrno>

#include "linux/descendants.h"
#include "linux/status_page.h"

namespace hydrinit {
namespace {

using Said = Notice::Kind;

constexpr int kNo = 1;
constexpr Millis kBetweenLooks{20};

class Client {
 public:
  Client(const Config& config, Reporter& reporter) : config_(config), reporter_(reporter) {}

  int run();

 private:
  int say(Said kind, int code = 0, int slot = 0);
  int fail(const Error& error);
  int show();
  int judge();
  int command();
  std::uint8_t free_tag() const;
  Outcome outcome_of(std::uint8_t tag) const;
  // Negative: not yet.
  int judge_outcome(const Outcome& outcome);
  int judge_scale();
  void tell_progress();

  const Config& config_;
  Reporter& reporter_;
  StatusReader reader_;
  // How often each slot had been started when we came; behind it, one that has been told.
  std::uint32_t* starts_ = nullptr;
  std::uint32_t commands_ = 0;  // that had come before ours
};

int Client::say(Said kind, int code, int slot) {
  Notice notice;
  notice.kind = kind;
  notice.code = code;
  notice.slot = slot;
  notice.pid = kind == Said::renewed ? reader_.pid_in(slot) : config_.pid;
  reporter_.say(notice);
  return kNo;
}

int Client::fail(const Error& error) {
  return error.code == ENOENT ? say(Said::no_status) : say(Said::ask_failed, error.code);
}

int Client::show() {
  const StatusPage& page = reader_.page();
  const Instant now = os::now();
  const bool json = config_.argument == 2;
  // Else its pids are others here.
  const bool same_namespace = page.pid == config_.pid;
  char buffer[1024];
  Text text(buffer);
  append_head(text, page, now, json);
  for (int place = 0; place <= page.places; ++place) {
    if (place == page.places) {
      append_foot(text, json);
    } else {
      const int pid = reader_.pid_in(place);
      const bool known = pid != 0 && same_namespace;
      append_replica(text, page, {place, pid, known ? memory_of_tree(pid) : 0}, now, json);
    }
    const Error error = os::write_all(STDOUT_FILENO, text.view());
    if (error.failed()) {
      reporter_.say_error(Said::fatal, error);
      return kNo;
    }
    text.clear();
  }
  return 0;
}

int Client::judge() {
  const StatusPage& page = reader_.page();
  const int wanted = config_.argument > 0 ? config_.argument : page.overview.count;
  const int ready = count_ready(page);
  if (page.overview.ending) return say(Said::stopping);
  return ready >= wanted ? 0 : say(Said::not_healthy, ready, wanted);
}

// One that no command has that is remembered.
std::uint8_t Client::free_tag() const {
  auto tag = static_cast<std::uint8_t>((os::own_pid() + os::now().ms) & Command::kTagMax);
  while (outcome_of(tag).answer != Answer::none) tag = (tag + 1) & Command::kTagMax;
  return tag;
}

Outcome Client::outcome_of(std::uint8_t tag) const {
  for (const Outcome& outcome : reader_.page().overview.outcomes) {
    if (outcome.answer != Answer::none && outcome.tag == tag) return outcome;
  }
  return {};
}

// A line for each replica that has come since.
void Client::tell_progress() {
  const StatusPage& page = reader_.page();
  for (int slot = 0; slot < page.overview.count; ++slot) {
    const Replica& replica = page.in_slot(slot);
    if (replica.stage != Stage::running || replica.starts == starts_[slot]) continue;
    starts_[slot] = replica.starts;
    say(Said::renewed, 0, slot);
  }
}

// As many as were asked for are up, and the others are gone.
int Client::judge_scale() {
  const StatusPage& page = reader_.page();
  if (page.overview.count != config_.argument) return say(Said::scaled, page.overview.count);
  bool settled = true;
  for (int slot = 0; slot < page.capacity(); ++slot) {
    const Stage stage = page.in_slot(slot).stage;
    const bool wanted = slot < page.overview.count;
    if (wanted && stage >= Stage::done)
      return say(Said::not_healthy, count_ready(page), config_.argument);
    settled &= wanted ? is_ready(page, slot) : stage == Stage::unused;
  }
  return settled ? 0 : -1;
}

[[gnu::noinline]] int Client::judge_outcome(const Outcome& outcome) {
  const Overview& overview = reader_.page().overview;
  switch (outcome.answer) {
  case Answer::none:
    // Many others have come since, and ours is not remembered: what it was about tells.
    if (overview.commands - commands_ >= kOutcomes && !overview.ending && !overview.reloading)
      return config_.verb == Verb::scale ? judge_scale() : say(Said::no_answer);
    [[fallthrough]];
  case Answer::working: return overview.ending ? say(Said::stopping) : -1;
  case Answer::done: return config_.verb == Verb::scale ? judge_scale() : 0;
  case Answer::failed: return say(Said::reload_ended, 0, outcome.slot);
  case Answer::refused: break;
  }
  if (config_.verb == Verb::scale) return say(Said::not_scaled, reader_.page().overview.count);
  return say(Said::no_replica, 0, config_.argument);
}

int Client::command() {
  const StatusPage& page = reader_.page();
  starts_ = static_cast<std::uint32_t*>(os::map_memory(page.places * sizeof *starts_));
  if (starts_ == nullptr) return fail({"mmap", errno});
  for (int slot = 0; slot < page.places; ++slot) starts_[slot] = page.in_slot(slot).starts;
  commands_ = page.overview.commands;
  const Request request = config_.verb == Verb::scale    ? Request::scale
                          : config_.verb == Verb::reload ? Request::reload
                                                         : Request::restart;
  const Command command{request, free_tag(), static_cast<std::uint16_t>(config_.argument)};
  const Instant begun = os::now();
  if (!os::send_queued_signal(config_.pid, kCommandSignal, pack(command)))
    return fail({"rt_sigqueueinfo", errno});
  while (true) {
    os::pause(kBetweenLooks);
    const Error error = reader_.read();
    if (error.failed()) return fail(error);
    tell_progress();
    const int verdict = judge_outcome(outcome_of(command.tag));
    if (verdict >= 0) return verdict;
    const Error gone = os::send_signal(config_.pid, 0);
    if (gone.failed()) return fail(gone);
    if (config_.timeout.count > 0 && os::now() - begun > config_.timeout)
      return say(Said::no_answer);
  }
}

int Client::run() {
  const Error error = reader_.open(config_.pid);
  if (error.failed()) return fail(error);
  if (config_.verb == Verb::status) return show();
  return config_.verb == Verb::healthy ? judge() : command();
}

}  // namespace

int ask(const Config& config, Reporter& reporter) { return Client(config, reporter).run(); }

}  // namespace hydrinit
