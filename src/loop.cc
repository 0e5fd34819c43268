#include "loop.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <climits>

#include "linux/descendants.h"

namespace hydrinit {
namespace {

using Kind = Notice::Kind;

// A storm of exits must not keep signals waiting.
constexpr int kExitsPerRound = 1024;
// Nor must many starts.
constexpr int kTicksPerRound = 64;

SignalOrigin origin_of(int code) {
  if (code == SI_QUEUE) return SignalOrigin::queued;
  // sigaction(2): a positive si_code says that the kernel made it.
  return code > 0 ? SignalOrigin::kernel : SignalOrigin::process;
}

}  // namespace

Loop::Loop(const Config& config, const ExitCodes& codes, SpawnRequest& request, Fleet& fleet,
           int signal_fd, Terminal& terminal, Reporter& reporter)
    : config_(config),
      codes_(codes),
      fleet_(fleet),
      terminal_(terminal),
      reporter_(reporter),
      request_(request),
      signal_fd_(signal_fd),
      wait_fd_(signal_fd),
      pid1_(os::own_pid() == 1),
      supervises_(config.supervises()),
      reaper_(fleet.pids),
      supervisor_(config, pid1_, fleet.replicas, fleet.count),
      proxy_(fleet.sockets, config.share) {
  if (!fleet.links.prepared()) return;
  wait_fd_ = fleet.links.epoll();
  if (fleet.logs != nullptr) reporter.queue_behind(*fleet.logs);
  if (fleet.sockets.watch() >= 0)
    fleet.links.watch(Links::Source::Kind::connections, 0, fleet.sockets.watch(), net::Watch::once);
}

int Loop::run() {
  reaper_.configure(terminal_.controls_jobs(), config_.term_group_at_end || supervises_);
  if (supervises_) now_ = os::now();  // for a plain init no deadline hangs on it
  dispatch(Event::Kind::start);
  while (!exiting_) {
    show();
    Millis timeout{-1};
    const Instant deadline = supervisor_.next_deadline();
    if (deadline != kNever) timeout = deadline > now_ ? deadline - now_ : Millis{0};
    if (more_children_) timeout = Millis{0};
    os::wait_readable(wait_fd_, timeout);
    if (fleet_.page != nullptr) fleet_.page->begin_writing();
    const os::ReceivedSignal signal = os::read_signal(signal_fd_);
    // 0: it could not be read. The time goes on with the next event.
    const Instant now = os::now();
    if (now > now_) now_ = now;
    // Whatever woke us, exits come first: a signal must not reach a pid that has ended.
    if (signal.number == SIGCHLD) reporter_.say_signal(Kind::child_signal, SIGCHLD);
    if (signal.number != 0 || more_children_) drain_children();
    if (!exiting_ && fleet_.links.prepared()) drain_links();
    if (fleet_.logs != nullptr) tell_log_failure();
    if (!exiting_ && signal.number != 0) handle(signal);
    tick();
  }
  show();
  fleet_.sockets.close_all();
  if (fleet_.logs != nullptr) fleet_.logs->finish();
  return exit_code_;
}

// To whoever asks: the page is as it should be.
void Loop::show() {
  if (fleet_.page == nullptr) return;
  fleet_.page->overview = supervisor_.overview();
  fleet_.page->end_writing();
}

void Loop::tick() {
  for (int ticks = 0; ticks < kTicksPerRound && !exiting_; ++ticks) {
    if (supervisor_.next_deadline() > now_) return;
    dispatch(Event::Kind::tick);
  }
}

void Loop::handle(const os::ReceivedSignal& signal) {
  // SIGCHLD is consumed. Our own signals are not meant for the child either: a SIGPIPE for a line
  // that nobody reads, or what we sent to the terminal's job.
  if (signal.number == SIGCHLD || signal.sender == os::own_pid()) return;
  if (signal.number == SIGCONT) terminal_.continued(reaper_.pid(0));
  Event event = make_event(Event::Kind::signal);
  event.signal = {static_cast<std::uint8_t>(signal.number), origin_of(signal.code), signal.value};
  dispatch(event);
}

[[gnu::noinline]] void Loop::drain_children() {
  os::ChildChange change;
  int told = 0;
  while (told < kExitsPerRound && (change = reaper_.next()).pid > 0) {
    ++told;
    change.stopped ? on_stopped(change) : on_ended(change);
    reaper_.done(change);
  }
  const bool lost = change.pid == os::kNoChild && give_up_lost();
  if (!exiting_) {
    Event event = make_event(Event::Kind::drained);
    event.childless = change.pid == os::kNoChild;
    dispatch(event);
  }
  more_children_ = told == kExitsPerRound || change.pid == os::kUnknown || lost;
}

// The kernel knows no child of ours, and some were not reaped: somebody else took their status.
// True: there were such; the kernel is then asked once more.
bool Loop::give_up_lost() {
  bool lost = false;
  for (int slot = 0; slot < reaper_.slots() && !exiting_; ++slot) {
    if (reaper_.pid(slot) == 0) continue;
    lost = true;
    reporter_.say(Kind::child_lost, reaper_.pid(slot));
    reaper_.forget(slot);
    Event event = make_event(Event::Kind::ended, slot);
    event.status.value = codes_.internal;
    dispatch(event);
  }
  return lost;
}

void Loop::on_stopped(const os::ChildChange& change) {
  if (change.pid == reaper_.pid(0)) terminal_.child_stopped(change.pid, change.status.value);
}

void Loop::on_ended(const os::ChildChange& change) {
  const bool killed = change.status.kind == ExitStatus::Kind::signalled;
  const int slot = reaper_.slot_of(change.pid);
  const bool leader = slot >= 0;
  Kind kind = leader ? Kind::leader_exited : Kind::orphan_exited;
  if (killed) kind = leader ? Kind::leader_killed : Kind::orphan_killed;
  // What it said comes before what is said of it.
  if (leader && fleet_.logs != nullptr) fleet_.logs->end_life(static_cast<unsigned>(slot));
  say_life(kind, change, slot);
  if (!leader) return;
  if (config_.term_group_at_end) term_group(change.pid);
  reaper_.forget(slot);
  fleet_.links.closed(slot);
  terminal_.child_ended(change.pid, change.status, sent_);
  if (terminal_.interrupted() && supervises_) {
    // Its ^C was not for this one life alone.
    Event key = make_event(Event::Kind::signal);
    key.signal = {SIGINT, SignalOrigin::kernel, 0};
    dispatch(key);
  }
  mend(slot);
  Event event = make_event(Event::Kind::ended, slot);
  event.status = change.status;
  dispatch(event);
  // What a replica leaves running, such as a worker that still accepts connections, must not live
  // beside its successor. At the end of all, --wait-all gives it its time.
  const bool waits = config_.wait_all.count > 0 && supervisor_.ending();
  if (supervises_ && has_group() && !waits) (void)os::send_signal(-change.pid, SIGKILL);
}

// How the life of a child, in that slot or of an orphan, begins or has ended.
void Loop::say_life(Kind kind, const os::ChildChange& change, int slot) {
  Notice notice;
  notice.kind = kind;
  notice.pid = change.pid;
  notice.other = change.status.value;
  if (slot >= 0 && supervises_) {
    notice.of_replica = true;
    notice.slot = supervisor_.place_of(slot);
    notice.lived = now_ - reaper_.since(slot);
  }
  reporter_.say(notice);
}

// The leader's zombie still holds the group's number.
void Loop::term_group(pid_t leader) const {
  const std::uint8_t number = config_.signals.sent_as(SIGTERM);
  if (number != 0 && has_group()) (void)os::send_signal(-leader, number);
  reporter_.say_signal(number != 0 ? Kind::sent : Kind::not_sent, number);
}

Event Loop::make_event(Event::Kind kind, int slot) const {
  Event event;
  event.kind = kind;
  event.at = now_;
  event.slot = slot;
  return event;
}

void Loop::dispatch(Event::Kind kind) { dispatch(make_event(kind)); }

void Loop::dispatch(const Event& event) {
  Actions actions;
  supervisor_.step(event, actions);
  for (const Action& action : actions) perform(action);
}

void Loop::perform(const Action& action) {
  switch (action.kind) {
  case Action::Kind::spawn: spawn(action.slot); break;
  case Action::Kind::send: send(action); break;
  case Action::Kind::send_rest: send_rest(action.signal.number); break;
  case Action::Kind::move: move(action.slot, action.code); break;
  case Action::Kind::sample: sample(action.slot); break;
  case Action::Kind::weigh: weigh(action.slot); break;
  case Action::Kind::watch:
    fleet_.links.watch(Links::Source::Kind::connections, 0, fleet_.sockets.watch(),
                       net::Watch::once);
    break;
  case Action::Kind::balance: fleet_.sockets.balance(fleet_.replicas, supervisor_.count()); break;
  case Action::Kind::close: fleet_.sockets.close(action.slot); break;
  case Action::Kind::close_all: fleet_.sockets.close_all(); break;
  case Action::Kind::suspend:
    // STOP cannot be blocked; as PID 1 the kernel ignores it (pid_namespaces(7)).
    (void)os::send_signal(os::own_pid(), SIGSTOP);
    break;
  case Action::Kind::report: report(action); break;
  case Action::Kind::exit:
    exiting_ = true;
    exit_code_ = action.code;
    reporter_.say(action.notice, 0, action.code);
    break;
  }
}

void Loop::report(const Action& action) {
  Notice notice;
  notice.kind = action.notice;
  notice.signal = action.signal.number;
  notice.other = action.other;
  notice.slot = action.slot;
  notice.pid = reaper_.pid(action.slot < 0 ? 0 : action.slot);
  notice.code = action.code;
  reporter_.say(notice);
}

void Loop::spawn(int slot) {
  const Error unequipped = equip(slot);
  int sockets[kListenMax];
  const int passed = fleet_.sockets.passed(slot, sockets);
  request_.sockets = {sockets, static_cast<std::size_t>(passed)};
  const SpawnOutcome outcome = unequipped.failed() ? SpawnOutcome{0, unequipped} : start(request_);
  // Also of one that could not execute: what it has sent must not pass for the next one's.
  fleet_.links.started(slot);
  if (outcome.error.failed()) return on_not_started(slot, outcome);
  on_started(slot, outcome.pid);
}

// What the slot's next process has beside the command.
Error Loop::equip(int slot) {
  if (fleet_.environment == nullptr) return {};
  request_.null_input = fleet_.count > 1 || slot > 0;
  if (config_.pin) request_.cpu = slot;
  Error error = fleet_.sockets.join(slot);
  if (!error.failed() && fleet_.links.prepared()) {
    error = fleet_.links.open(slot, fleet_.environment->notify());
    request_.bind_channel = fleet_.links.channel();
    request_.ready_from = fleet_.links.given();
    request_.ready_to = config_.ready_fd;
  }
  if (!error.failed()) error = open_logs(slot);
  request_.environment = fleet_.environment->of_slot(slot, supervisor_.count());
  return error;
}

void Loop::on_not_started(int slot, const SpawnOutcome& outcome) {
  const int error = outcome.error.code;
  Event event = make_event(Event::Kind::spawn_failed, slot);
  event.status.value = codes_.internal;
  if (outcome.pid > 0) {
    os::consume_change(outcome.pid, false);
    event.status.value = exec_exit_code(outcome.error);
  }
  // Without a process nothing is wrong with the command.
  event.transient = outcome.pid <= 0 || error == EAGAIN || error == ENOMEM || error == EMFILE ||
                    error == ENFILE || error == ETXTBSY;
  Kind kind = outcome.pid > 0 ? Kind::exec_failed : Kind::spawn_failed;
  if (outcome.pid > 0 && outcome.error.operation[0] == 's') kind = Kind::share_failed;
  reporter_.say_error(kind, outcome.error, outcome.pid);
  // Whoever does not read this must not keep us from hearing a stop.
  reporter_.wait_no_more();
  fleet_.links.closed(slot);
  dispatch(event);
}

void Loop::on_started(int slot, pid_t pid) {
  reaper_.remember(slot, pid, now_);
  if (config_.placement == Placement::new_session) reporter_.say(Kind::session_made);
  say_life(Kind::spawned, {.pid = pid}, slot);
  reporter_.wait_no_more();
  if (!supervises_) release_inherited();
  dispatch(make_event(Event::Kind::spawned, slot));
}

std::uint8_t Loop::exec_exit_code(const Error& error) const {
  if (error.operation[0] != 'e') return codes_.internal;  // it did not come to execve
  if (error.code == ENOENT) return codes_.not_found;
  return error.code == EACCES ? codes_.not_executable : codes_.exec_failed;
}

// The child has its own copies of what we inherited. Ours would only keep a pipe's reader from its
// end of file, or a file system from being unmounted.
void Loop::release_inherited() {
  os::change_directory("/");
  // As PID 1 the standard streams stay: programs reach them as /proc/1/fd/1. tini's own messages go
  // to standard output too.
  int next = 0;
  if (pid1_ || terminal_.fd() == STDIN_FILENO) next = os::close_gap(next, STDIN_FILENO);
  if (pid1_ || config_.style == Style::tini) next = os::close_gap(next, STDOUT_FILENO);
  next = os::close_gap(next, STDERR_FILENO);
  next = os::close_gap(next, signal_fd_);
  // Opened later than the signals' one, it has a higher number.
  if (terminal_.fd() > signal_fd_) next = os::close_gap(next, terminal_.fd());
  os::close_gap(next, INT_MAX - 1);  // fs.nr_open (proc(5)) stays below that
}

void Loop::send(const Action& action) {
  const bool all = action.slot == kEverySlot;
  const int end = all ? reaper_.slots() : action.slot + 1;
  for (int slot = all ? 0 : action.slot; slot < end; ++slot) {
    if (action.once && fleet_.replicas[static_cast<std::size_t>(slot)].told) continue;
    if (reaper_.pid(slot) != 0) send_to(reaper_.pid(slot), action);
  }
}

void Loop::send_to(pid_t pid, const Action& action) {
  const bool to_group = action.scope == SignalScope::group && has_group();
  const SignalReceived& signal = action.signal;
  Error error{};
  // A value can be handed on to a single process only (rt_sigqueueinfo(2)); should that be refused,
  // the signal itself still counts.
  const bool queued = !to_group && signal.origin == SignalOrigin::queued &&
                      os::send_queued_signal(pid, signal.number, signal.value);
  if (!queued) error = os::send_signal(to_group ? -pid : pid, signal.number);
  // It could not make its group.
  if (to_group && error.code == ESRCH) error = os::send_signal(pid, signal.number);
  sent_.add(signal.number);
  // EPERM: the program has become another user. It goes on without this signal, and so do we.
  Notice notice;
  notice.kind = error.failed() ? Kind::send_failed : Kind::sent;
  notice.to_group = to_group;
  notice.signal = signal.number;
  notice.pid = pid;
  notice.code = error.code;
  reporter_.say(notice);
}

void Loop::weigh(int slot) {
  Event event = make_event(Event::Kind::heavy, slot);
  if (reaper_.pid(slot) == 0) return;
  event.amount = memory_of_tree(reaper_.pid(slot));
  if (event.amount > config_.max_memory) dispatch(event);
}

void Loop::send_rest(int number) {
  more_children_ = true;  // should nobody be left, no SIGCHLD will tell
  if (number == SIGKILL && config_.verbosity > 0 && !rest_named_) {
    rest_named_ = true;
    name_descendants(reporter_);
  }
  if (pid1_) {
    // ESRCH: nobody else is in the namespace.
    (void)os::send_signal(-1, number);
    return;
  }
  const Error error = signal_descendants(number);
  if (error.failed()) reporter_.say_error(Kind::failed, error);
}

}  // namespace hydrinit
