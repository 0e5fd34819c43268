#include "explain.h"

#include <unistd.h>

#include "core/status.h"
#include "linux/cpus.h"
#include "linux/os.h"
#include "linux/terminal.h"

namespace hydrinit {
namespace {

constexpr std::size_t kColumn = 24;

void head(Text& out, const char* what) {
  out.add("\n%s", what);
  out.column(kColumn);
}

void append_duration(Text& out, Millis duration) {
  const bool seconds = duration.count % 1000 == 0 || duration.count > INT32_MAX;
  out.add("%d%s", static_cast<int>(duration.count / (seconds ? 1000 : 1)), seconds ? "s" : "ms");
}

void append_set(Text& out, const SignalSet& set) {
  for (int number = 1; number <= kSignalMax; ++number) {
    if (!set.has(number)) continue;
    append_signal(out, number);
    out.put(' ');
  }
}

void append_table(Text& out, const SignalTable& table) {
  for (int number = 1; number <= kSignalMax; ++number) {
    const int sent = table.sent_as(number);
    if (sent == number) continue;
    append_signal(out, number);
    out.put(':');
    append_signal(out, sent);
    out.put(' ');
  }
}

void append_statuses(Text& out, const SuccessStatuses& statuses) {
  for (int code = 0; code <= 255; ++code) {
    if (statuses.has_code(code)) out.add("%d ", code);
  }
  append_set(out, statuses.signals());
}

// The number-th of words, from 1 on.
void append_word(Text& out, const char* words, int number) {
  out.put(skip_strings(words, static_cast<std::size_t>(number) - 1));
}

// Where the number of CPUs comes from.
void append_cpus(Text& out) {
  CpuCount cpus;
  count_cpus("", cpus);
  out.add("%d: %d by affinity", cpus.usable, cpus.affinity);
  if (cpus.quota == 0) {
    out.put(", no quota");
  } else {
    out.add(", %d by ", cpus.quota);
    out.put(cpus.quota_file);
  }
}

void append_text(Text& out, const char* text, const char* without) {
  out.put_shown(text != nullptr ? text : without);
}

void append_listens(Text& out, const Config& config) {
  for (const char* item : config.listen) {
    while (*item != ',' && *item != '\0') out.put(*item++);
    out.put(' ');
  }
}

void append_ready(Text& out, const Config& config) {
  switch (config.ready_by) {
  case ReadyBy::automatic:
  case ReadyBy::time: append_duration(out, config.ready); break;
  case ReadyBy::descriptor: out.add("fd:%d", config.ready_fd); break;
  case ReadyBy::notify: out.add("notify"); break;
  case ReadyBy::listen: out.add("listen"); break;
  }
}

// The value that an option has now, whether given or by default.
[[gnu::noinline]] void append_value(Text& out, const Option& option, const Config& config) {
  const char* field = reinterpret_cast<const char*>(&config) + option.field();
  const void* const wide = field;  // its type follows from the kind of value
  switch (option.value()) {
  case ValueKind::flag:
    if (static_cast<std::uint8_t>(*field) == option.on()) {
      out.put("yes");
    } else {
      // Three-valued fields begin with automatic, and neither flag value is 0 then.
      out.add(*field == 0 && option.off() != 0 ? "automatic" : "no");
    }
    break;
  case ValueKind::count: out.put_number(*reinterpret_cast<const std::int8_t*>(field)); break;
  case ValueKind::duration: {
    const Millis duration = *static_cast<const Millis*>(wide);
    duration.count < 0 ? out.put("never") : append_duration(out, duration);
    break;
  }
  case ValueKind::signal: *field == 0 ? out.put('-') : append_signal(out, *field); break;
  case ValueKind::signal_list: append_set(out, *static_cast<const SignalSet*>(wide)); break;
  case ValueKind::rewrite_list: append_table(out, *static_cast<const SignalTable*>(wide)); break;
  case ValueKind::status_list:
    append_statuses(out, *static_cast<const SuccessStatuses*>(wide));
    break;
  case ValueKind::replicas: {
    const int asked = *static_cast<const int*>(wide);
    asked == 0 ? out.put('-') : out.put_number(resolve_replicas(asked));
    break;
  }
  case ValueKind::number: {
    const int number = *static_cast<const int*>(wide);
    number == 0 && option.field() == offsetof(Config, max_replicas) ? out.put('-')
                                                                    : out.put_number(number);
    break;
  }
  case ValueKind::restart: append_word(out, kRestartWords, *field); break;
  case ValueKind::exit_when: append_word(out, kExitWhenWords, *field); break;
  case ValueKind::index_env: append_text(out, config.index_env, "-"); break;
  case ValueKind::balance: append_word(out, kBalanceWords, *field); break;
  case ValueKind::reload_order:
    *field == 0 ? out.add("automatic") : append_word(out, kReloadOrderWords, *field);
    break;
  case ValueKind::ready: append_ready(out, config); break;
  case ValueKind::listen_list: append_listens(out, config); break;
  case ValueKind::share:
    append_text(out, config.share != nullptr && *config.share == '\0' ? "yes" : config.share, "no");
    break;
  case ValueKind::user: append_text(out, config.user, "-"); break;
  case ValueKind::size: append_size(out, config.max_memory); break;
  case ValueKind::log: append_word(out, kLogWords, *field); break;
  case ValueKind::tini_signal:
  case ValueKind::tini_status:
  case ValueKind::low_rewrite:
  case ValueKind::verbosity_level:
  case ValueKind::pid:
  case ValueKind::ask_number:
  case ValueKind::ask_count:
  case ValueKind::ask_format: break;  // not in hydrinit's own table, or no policy
  }
}

const char* explain_orphans(const Config& config, bool pid1) {
  if (pid1) return "reaped: they come to PID 1";
  return config.subreaper == Subreaper::off ? "not adopted" : "adopted and reaped";
}

}  // namespace

void append_explanation(Text& out, const Invocation& invocation) {
  const Config& config = invocation.config;
  const bool pid1 = os::own_pid() == 1;
  out.put("command");
  out.column(kColumn);
  for (char** word = invocation.command; word != nullptr && *word != nullptr; ++word) {
    out.add("'%s' ", *word);
  }
  head(out, "process");
  out.add("%spid %d, user %d, group %d", pid1 ? "" : "not PID 1: ", os::own_pid(),
          static_cast<int>(::geteuid()), static_cast<int>(::getegid()));
  head(out, "orphans");
  out.put(explain_orphans(config, pid1));
  head(out, "cpus");
  append_cpus(out);
  head(out, "terminal");
  Terminal terminal;
  // Opened only to look: with a session of its own for the child it would be let go.
  terminal.open(Placement::new_group, false);
  out.put(terminal.controls_jobs() ? "yes" : "none");
  for (Option option(native_options()); !option.at_end(); option.next()) {
    if (!option.is_policy()) continue;
    out.add("\n--%s", option.name());
    out.column(kColumn);
    append_value(out, option, config);
  }
  out.put('\n');
}

}  // namespace hydrinit
