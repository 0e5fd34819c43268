#include "core/supervisor.h"

namespace hydrinit {
namespace {

using Said = Notice::Kind;

constexpr SignalSet kTerminalStops{kSignalTstp, kSignalTtin, kSignalTtou};
// The terminal sends these to every process of its foreground group at once (termios(3)).
constexpr SignalSet kTerminalToGroup{kSignalInt,  kSignalQuit, kSignalTstp,
                                     kSignalTtin, kSignalTtou, kSignalWinch};

}  // namespace

void Supervisor::step(const Event& event, Actions& out) {
  switch (event.kind) {
  case Event::Kind::start:
    if (config_.verb == Verb::pause) {
      stage_ = Stage::pausing;
    } else {
      out.spawn();
    }
    break;
  case Event::Kind::tick:
    if (event.at >= deadline_) on_deadline(event.at, out);
    break;
  case Event::Kind::spawned: stage_ = Stage::running; break;
  case Event::Kind::spawn_failed: exit(judge_exit_code(event.status, config_.success), out); break;
  case Event::Kind::ended: on_ended(event, out); break;
  case Event::Kind::drained: on_drained(event, out); break;
  case Event::Kind::signal: on_signal(event, out); break;
  }
}

void Supervisor::on_signal(const Event& event, Actions& out) {
  const int received = event.signal.number;
  out.report(Said::received, event.signal.number);
  if (stage_ == Stage::running || stage_ == Stage::delaying || stage_ == Stage::stopping) {
    forward(event, out);
  } else if (stage_ == Stage::pausing) {
    if (received == kSignalTerm || received == kSignalInt) exit(0, out);
  } else if (stage_ == Stage::resting && config_.stop_on.has(received) &&
             config_.signals.sent_as(received) != 0) {
    begin_sweep(event.at, out);
  }
}

void Supervisor::forward(const Event& event, Actions& out) {
  const std::uint8_t received = event.signal.number;
  SignalReceived sent = event.signal;
  sent.number = config_.signals.sent_as(received);
  const bool dropped = sent.number == 0;
  const bool stop = !dropped && config_.stop_on.has(received);
  if (stop && config_.stop_signal != 0) sent.number = config_.stop_signal;
  if (sent.number != received) out.report(Said::rewritten, received, sent.number);

  const bool from_kernel = event.signal.origin == SignalOrigin::kernel;
  const bool suspends = config_.placement != Placement::new_group && kTerminalStops.has(received);
  // A child in our own group has had the terminal's signal already.
  const bool delivered =
      config_.placement == Placement::same_group && kTerminalToGroup.has(received);
  // Nobody could resume an init that stopped for its terminal; the kernel drops such signals for an
  // orphaned group by the same reasoning.
  const bool pointless = suspends && pid1_;
  if (dropped) {
    out.report(Said::not_sent, received);
  } else if (stop) {
    on_stop_signal(sent, from_kernel && delivered, event.at, out);
  } else if (!from_kernel || !(delivered || pointless)) {
    out.send(config_.scope, sent);
  }
  if (suspends && !(from_kernel && pid1_)) {
    out.report(Said::suspending);
    out.suspend();
  }
}

void Supervisor::on_stop_signal(const SignalReceived& signal, bool delivered, Instant at,
                                Actions& out) {
  if (stage_ == Stage::running && config_.stop_delay.count > 0 && !delivered) {
    stage_ = Stage::delaying;
    held_ = signal;
    deadline_ = at + config_.stop_delay;
    out.report(Said::stop_delayed, signal.number);
  } else if (stage_ == Stage::stopping && config_.stop_timeout.count >= 0) {
    send_kill(Said::stop_hastened, out);
  } else {
    begin_stop(at);
    if (!delivered) out.send(config_.scope, signal);
  }
}

void Supervisor::begin_stop(Instant at) {
  stage_ = Stage::stopping;
  deadline_ = config_.stop_timeout.count >= 0 ? at + config_.stop_timeout : kNever;
}

void Supervisor::send_kill(Notice::Kind why, Actions& out) {
  deadline_ = kNever;
  out.report(why);
  // Whoever does not stop by itself is not trusted to have stopped its own children.
  out.send(SignalScope::group, {.number = kSignalKill});
}

void Supervisor::on_deadline(Instant at, Actions& out) {
  switch (stage_) {
  case Stage::delaying:
    begin_stop(at);
    out.send(config_.scope, held_);
    break;
  case Stage::stopping: send_kill(Said::stop_timed_out, out); break;
  case Stage::resting: begin_sweep(at, out); break;
  case Stage::sweeping:
    out.report(Said::rest_left);
    exit(code_, out);
    break;
  case Stage::idle:
  case Stage::pausing:
  case Stage::running: break;  // they set no deadline
  }
}

void Supervisor::on_ended(const Event& event, Actions& out) {
  code_ = judge_exit_code(event.status, config_.success);
  if (config_.wait_all.count == 0) return exit(code_, out);
  stage_ = Stage::resting;
  deadline_ = event.at + config_.wait_all;
  out.report(Said::rest_told);
  out.send_rest(kSignalTerm);
  // A stopped process acts on TERM only once it is continued.
  out.send_rest(kSignalCont);
}

void Supervisor::begin_sweep(Instant at, Actions& out) {
  stage_ = Stage::sweeping;
  deadline_ = at + kSweepMax;
  out.report(Said::rest_killed);
  out.send_rest(kSignalKill);
}

void Supervisor::on_drained(const Event& event, Actions& out) {
  switch (stage_) {
  case Stage::idle:
  case Stage::pausing: break;
  case Stage::running:
  case Stage::delaying:
  case Stage::stopping:
    // The kernel knows no child of ours, and none was reaped: somebody else took its exit status.
    if (event.childless) {
      out.report(Said::child_lost);
      exit(kExitInternal, out);
    }
    break;
  case Stage::resting:
    if (event.childless) exit(code_, out);
    break;
  case Stage::sweeping:
    if (event.childless) {
      exit(code_, out);
    } else {
      // An exit may have handed us grandchildren that the last KILL did not reach.
      out.send_rest(kSignalKill);
    }
    break;
  }
}

void Supervisor::exit(int code, Actions& out) {
  stage_ = Stage::idle;
  deadline_ = kNever;
  out.exit(code);
}

}  // namespace hydrinit
