// The supervisor's part that hears: signals, which are passed on or ask for the end, and the
// commands that some of them carry.
#include "core/supervisor.h"

namespace hydrinit {
namespace {

using Said = Notice::Kind;

constexpr SignalSet kTerminalStops{kSignalTstp, kSignalTtin, kSignalTtou};
// The terminal sends these to every process of its foreground group at once (termios(3)).
constexpr SignalSet kTerminalToGroup{kSignalInt,  kSignalQuit, kSignalTstp,
                                     kSignalTtin, kSignalTtou, kSignalWinch};

}  // namespace

void Supervisor::on_signal(const Event& event) {
  const int received = event.signal.number;
  out_->report_signal(Said::received, event.signal.number);
  if (phase_ == Phase::running || phase_ == Phase::delaying || phase_ == Phase::stopping) {
    forward(event);
  } else if (phase_ == Phase::pausing) {
    if (received == kSignalTerm || received == kSignalInt) exit(0);
  } else if (phase_ == Phase::resting && config_.stop_on.has(received) &&
             config_.signals.sent_as(received) != 0) {
    end_rest();
  }
}

void Supervisor::forward(const Event& event) {
  const std::uint8_t received = event.signal.number;
  const bool from_kernel = event.signal.origin == SignalOrigin::kernel;
  SignalReceived sent = event.signal;
  sent.number = config_.signals.sent_as(received);
  const bool dropped = sent.number == 0;
  // With replicas a hang-up of the terminal, or our parent's death, is no wish to reload.
  const bool hung_up = config_.replicas != 0 && received == kSignalHup &&
                       (from_kernel || config_.parent_death_signal == kSignalHup);
  const bool stop = !dropped && (config_.stop_on.has(received) || hung_up);
  if (!stop && steer(event.signal)) return;
  if (stop && config_.stop_signal != 0) sent.number = config_.stop_signal;
  if (sent.number != received) out_->report_signal(Said::rewritten, received, sent.number);

  // Where the terminal's foreground stays with us, ^Z is meant for the whole job: several replicas
  // never have it.
  const bool keeps_terminal =
      config_.placement != Placement::new_group || (supervises_ && from_kernel);
  const bool suspends = keeps_terminal && kTerminalStops.has(received);
  // A child in our own group has had the terminal's signal already.
  const bool delivered =
      config_.placement == Placement::same_group && kTerminalToGroup.has(received);
  // Nobody could resume an init that stopped for its terminal; the kernel drops such signals for an
  // orphaned group by the same reasoning.
  const bool pointless = suspends && pid1_;
  if (dropped) {
    out_->report_signal(Said::not_sent, received);
  } else if (stop) {
    on_stop_signal(sent, from_kernel && delivered);
  } else if (!from_kernel || !(delivered || pointless)) {
    out_->send(kEverySlot, config_.scope, sent);
  }
  if (suspends && !(from_kernel && pid1_) && phase_ != Phase::idle) {
    out_->report(Said::suspending);
    out_->suspend();
  }
}

void Supervisor::on_stop_signal(SignalReceived signal, bool delivered) {
  // The first one is not yet impatience, though the exit policy may have told everyone already.
  const bool again = asked_;
  asked_ = true;
  if (phase_ == Phase::stopping && config_.stop_timeout.count >= 0) {
    if (!again) return;
    out_->report(Said::stop_hastened);
    return kill_all();
  }
  if (phase_ != Phase::stopping) requested_ = true;
  if (phase_ == Phase::running && config_.stop_delay.count > 0 && !delivered) {
    phase_ = Phase::delaying;
    held_ = signal;
    deadline_ = now_ + config_.stop_delay;
    out_->report_signal(Said::stop_delayed, signal.number);
    hold_starts();
    return check_end();
  }
  stop_all(signal, delivered);
}

// The signals that act on the replicas instead of being sent to them. Whoever rewrites one, be it
// to itself, has it back.
bool Supervisor::steer(SignalReceived signal) {
  const int number = signal.number;
  const Command command = unpack(signal.value);
  if (number == kCommandSignal && signal.origin == SignalOrigin::queued && config_.replicas != 0 &&
      command.request != Request::none && !config_.signals.is_rewritten(number)) {
    obey(command);
    return true;
  }
  const bool ours = number == kSignalHup || number == kSignalTtin || number == kSignalTtou;
  if (config_.replicas == 0 || !ours || config_.signals.is_rewritten(number)) return false;
  if (phase_ != Phase::running || signal.origin == SignalOrigin::kernel) return false;
  if (number != kSignalHup) {
    (void)scale(count_ + (number == kSignalTtin ? 1 : -1));
  } else {
    begin_reload();
  }
  return true;
}

// Who asks while the container ends sees that by itself.
void Supervisor::obey(Command command) {
  if (phase_ != Phase::running) return;
  // Over the oldest that has its answer; should none have one, over the oldest.
  for (int i = 0; i < kOutcomes && outcomes_[commands_ % kOutcomes].answer == Answer::working; ++i)
    ++commands_;
  Outcome& outcome = outcomes_[commands_++ % kOutcomes];
  outcome = {command.tag, Answer::working, 0};
  if (command.request == Request::scale) {
    outcome.answer = scale(command.argument);
  } else if (command.request == Request::reload) {
    begin_reload();
  } else if (command.argument < count_) {
    renew(command.argument, Said::renewing, 0);
  } else {
    outcome.answer = Answer::refused;
  }
}

}  // namespace hydrinit
