// hydrinit: blocks signals, reads its command line, prepares the process, and runs the loop.

#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "client.h"
#include "core/dialects.h"
#include "core/help.h"
#include "explain.h"
#include "loop.h"

namespace hydrinit {
namespace {

constexpr std::size_t kPageSize = 8192;

// The verbs that print and start nothing, and tini's answer to a bad command line.
__attribute__((noinline)) int print(const Dialect& dialect, const Invocation& invocation) {
  char buffer[kPageSize];
  Text page(buffer);
  // dumb-init and catatonit print their help on stderr, dumb-init its version too.
  bool to_stderr = dialect.style == Style::dumb_init || invocation.refused();
  if (invocation.config.verb == Verb::version && !invocation.refused()) {
    append_version(page, dialect);
  } else if (invocation.config.verb == Verb::license) {
    append_license(page);
  } else if (invocation.config.verb == Verb::explain) {
    append_explanation(page, invocation);
  } else {
    append_help(page, dialect, invocation.config.verb == Verb::help_all);
    to_stderr |= dialect.style == Style::catatonit;
  }
  // There is nowhere left to complain if it cannot be written; the exit code still tells.
  const Error error = os::write_all(to_stderr ? STDERR_FILENO : STDOUT_FILENO, page.view());
  return error.failed() ? kExitInternal : 0;
}

__attribute__((noinline)) int refuse(const Dialect& dialect, const Invocation& invocation,
                                     Reporter& reporter) {
  reporter.say(invocation.error);
  const bool own_words = invocation.error.kind == Notice::Kind::bad_value ||
                         invocation.error.kind == Notice::Kind::bad_variable;
  if (dialect.style == Style::tini && !own_words) print(dialect, invocation);
  if (dialect.style == Style::catatonit) reporter.say(Notice::Kind::usage_line);
  return dialect.codes.usage;
}

// What must hold before the first process is started; false: it does not, and has been said.
bool prepare(const Config& config, Reporter& reporter) {
  if (config.parent_death_signal != 0) {
    const pid_t parent = os::parent_pid();
    const Error error = os::set_parent_death_signal(config.parent_death_signal);
    if (error.failed()) {
      reporter.say_error(Notice::Kind::fatal, error);
      return false;
    }
    // prctl(2): nothing is sent for a parent that died before the call. Then we send it ourselves.
    if (os::parent_pid() != parent) {
      (void)os::send_signal(os::own_pid(), config.parent_death_signal);
    }
  }
  if (os::own_pid() == 1) return true;  // orphans come to PID 1 anyway
  if (config.subreaper == Subreaper::off) {
    if (!os::is_subreaper()) reporter.say(Notice::Kind::not_a_reaper);
    return true;
  }
  const Error error = os::become_subreaper();
  if (!error.failed()) return true;
  const bool asked = config.subreaper == Subreaper::on;
  reporter.say_error(asked ? Notice::Kind::fatal : Notice::Kind::failed, error);
  return !asked;
}

__attribute__((noinline)) int run(const Dialect& dialect, Invocation& invocation,
                                  char** environment, os::RawMask mask, Error error,
                                  Reporter& reporter) {
  Config& config = invocation.config;
  const bool supervises = config.supervises();
  const bool sigchld_ignored = os::reset_ignored_sigchld();
  if (!prepare(config, reporter)) return dialect.codes.internal;
  const int signal_fd = os::open_signal_fd();
  if (!error.failed()) error = os::result_of(signal_fd, "signalfd");
  if (error.failed()) {
    reporter.say_error(Notice::Kind::fatal, error);
    return dialect.codes.internal;
  }
  Replica one;
  PidEntry entry;
  Fleet fleet{{&one, 1}, {&entry, 1}};
  fleet.signal_fd = signal_fd;
  // A plain init needs none of it.
  if (config.supervises() || config.has_ports() || config.user != nullptr) {
    const int refused = prepare_fleet(config, environment, fleet, reporter);
    if (refused != 0) return refused == kExitUsage ? dialect.codes.usage : dialect.codes.internal;
  }
  Terminal terminal;
  // Several could not share the foreground: then hydrinit keeps it.
  if (config.verb == Verb::run && fleet.count == 1) {
    // ^C is meant for all the lives of a replica, so it has the foreground only if it must.
    terminal.open(config.placement, supervises);
  }
  if (terminal.in_pipeline() && !supervises && config.scope == SignalScope::leader &&
      os::own_pid() != 1) {
    config.placement = Placement::same_group;
    terminal.leave();
  }
  if (terminal.handed_off()) {
    reporter.say_signal(Notice::Kind::hand_off_ignored, SIGHUP);
    reporter.say_signal(Notice::Kind::hand_off_ignored, SIGCONT);
  }
  SpawnRequest request{invocation.command,      environment,
                       config.placement,        config.parent_death_signal,
                       {mask, sigchld_ignored}, &terminal};
  request.files = fleet.files;
  const int code = Loop(config, dialect.codes, request, fleet, signal_fd, terminal, reporter).run();
  // A shell goes on with its script or loop unless it sees that ^C ended us too; what we sent to
  // our own group is pending. Should SIGINT be ignored here, the code tells.
  if (terminal.interrupted()) os::unblock_signal(SIGINT);
  return code;
}

}  // namespace
}  // namespace hydrinit

int main(int argc, char** argv, char** environment) {
  using namespace hydrinit;
  // First of all: as PID 1 an unblocked signal without a handler is lost (pid_namespaces(7)).
  os::RawMask mask = 0;
  const Error unblocked = os::block_all_signals(mask);
  const Dialect dialect = choose_dialect(argc > 0 ? argv[0] : "");
  Invocation invocation = parse_invocation(dialect, argv, environment);
  const Config& config = invocation.config;
  const Voice voice{config.style,       config.verbosity,
                    config.warn_reaped, config.log == LogFormat::json && !config.asks(),
                    os::own_pid(),      dialect.name,
                    dialect.usage(),    invocation.command != nullptr ? invocation.command[0] : "",
                    os::error_text};
  Reporter reporter(voice);
  if (invocation.refused()) return refuse(dialect, invocation, reporter);
  if (config.asks()) {
    os::set_signal_mask(mask);  // whoever waits for an answer can be told to go
    return ask(config, reporter);
  }
  if (config.verb != Verb::run && config.verb != Verb::pause) return print(dialect, invocation);
  return run(dialect, invocation, environment, mask, unblocked, reporter);
}
