#include "core/dialects.h"

#include <cstddef>
#include <type_traits>

#include "core/text.h"

namespace hydrinit {
namespace {

using enum OptionUse;
using Value = ValueKind;

// A row holds a field's offset in one byte; this is the last field.
static_assert(offsetof(Config, signals) <= UINT8_MAX);

// The type that the field behind a kind of value must have.
template <Value kind>
consteval auto field_type() {
  if constexpr (kind == Value::duration) {
    return Millis{};
  } else if constexpr (kind == Value::signal_list) {
    return SignalSet{};
  } else if constexpr (kind == Value::rewrite_list || kind == Value::low_rewrite) {
    return SignalTable{};
  } else if constexpr (kind == Value::status_list || kind == Value::tini_status) {
    return SuccessStatuses{};
  } else if constexpr (kind == Value::replicas || kind == Value::number || kind == Value::size ||
                       kind == Value::pid) {
    return int{};
  } else if constexpr (kind == Value::index_env || kind == Value::share || kind == Value::user) {
    return static_cast<const char*>(nullptr);
  } else {
    return std::uint8_t{};
  }
}

template <Value kind, typename Field>
consteval OptionRow make_option(char letter, OptionUse use, std::size_t offset, Field on, Field off,
                                const char* name, const char* placeholder, const char* help) {
  using Expected = decltype(field_type<kind>());
  std::uint8_t bytes[2]{};
  if constexpr (sizeof(Field) == 1) {
    static_assert(sizeof(Expected) == 1);
    bytes[0] = static_cast<std::uint8_t>(on);
    bytes[1] = static_cast<std::uint8_t>(off);
  } else {
    static_assert(std::is_same_v<Field, Expected>);
  }
  return {{static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(letter),
           static_cast<std::uint8_t>(use), static_cast<std::uint8_t>(offset), bytes[0], bytes[1]},
          {name, placeholder, help}};
}

// An option with a value, and one without: the latter writes on into the field, or off when
// negated.
#define VALUE(kind, letter, use, member, name, placeholder, help)                                  \
  make_option<kind, decltype(Config::member)>(letter, use, offsetof(Config, member), {}, {}, name, \
                                              placeholder, help)
#define FLAG(letter, use, member, on, off, name, help)                                          \
  make_option<Value::flag, decltype(Config::member)>(letter, use, offsetof(Config, member), on, \
                                                     off, name, "", help)
// A verb that asks another hydrinit.
#define ASK(kind, use, asked, name, placeholder, help)             \
  OptionRow {                                                      \
    {static_cast<std::uint8_t>(kind),  0,                          \
     static_cast<std::uint8_t>(use),   offsetof(Config, argument), \
     static_cast<std::uint8_t>(asked), 0},                         \
    {                                                              \
      name, placeholder, help                                      \
    }                                                              \
  }
#define VARIABLE(kind, member, on, name, only_value)                                              \
  VariableRow {                                                                                   \
    {static_cast<std::uint8_t>(kind), offsetof(Config, member), static_cast<std::uint8_t>(on)}, { \
      name, only_value                                                                            \
    }                                                                                             \
  }

// The rows below are read by the compiler alone; the packed tables are what is kept. A dialect's
// row without a help text has that of hydrinit's option with the same effect.

constexpr OptionRow kNativeOptionsRows[] = {
    FLAG('s', policy, subreaper, Subreaper::on, Subreaper::off, "subreaper",
         "adopt orphans also when not PID 1 (automatic)"),
    VALUE(Value::signal, 'p', policy, parent_death_signal, "parent-death-signal", "SIG",
          "receive SIG when the parent dies"),
    FLAG('g', policy, scope, SignalScope::group, SignalScope::leader, "process-group",
         "forward signals to the child's process group"),
    FLAG('c', policy, scope, SignalScope::leader, SignalScope::group, "single-child",
         "forward signals to the child only (default)"),
    FLAG(0, policy, placement, Placement::new_session, Placement::new_group, "session",
         "the child leads a new session"),
    VALUE(Value::rewrite_list, 'r', policy, signals, "rewrite", "FROM:TO",
          "send TO when FROM is received; 0 drops it"),
    VALUE(Value::status_list, 'e', policy, success, "success-exit-status", "LIST",
          "codes and signals that count as 0"),
    VALUE(Value::signal_list, 0, policy, stop_on, "stop-on", "LIST",
          "signals that ask to stop (TERM,INT,QUIT)"),
    VALUE(Value::signal, 0, policy, stop_signal, "stop-signal", "SIG",
          "what the child gets then (as received)"),
    VALUE(Value::duration, 0, policy, stop_timeout, "stop-timeout", "D",
          "KILL the child's group D after that (never)"),
    VALUE(Value::duration, 0, policy, stop_delay, "stop-delay", "D",
          "wait D before a stop is forwarded (0)"),
    VALUE(Value::duration, 0, policy, wait_all, "wait-all", "D",
          "at the end TERM the rest, KILL after D (0: no)"),
    VALUE(Value::replicas, 'n', policy, replicas, "replicas", "N",
          "run N replicas; max: one a usable CPU; max-K"),
    VALUE(Value::number, 0, detail, max_replicas, "max-replicas", "N",
          "how many TTIN can scale up to (64, or -n)"),
    VALUE(Value::restart, 0, policy, restart, "restart", "POLICY",
          "no, on-failure[:N], always (always with -n)"),
    VALUE(Value::duration, 0, detail, restart_delay, "restart-delay", "D",
          "after an early death, doubled each time (100ms)"),
    VALUE(Value::duration, 0, detail, restart_max_delay, "restart-max-delay", "D",
          "the most that becomes (30s)"),
    VALUE(Value::duration, 0, policy, min_uptime, "min-uptime", "D",
          "a shorter life is an early death (10s)"),
    VALUE(Value::number, 0, policy, max_restarts, "max-restarts", "N",
          "early deaths in a row (10; 0: no limit)"),
    VALUE(Value::status_list, 0, detail, no_restart, "no-restart-status", "LIST",
          "codes and signals that are never restarted"),
    VALUE(Value::exit_when, 0, policy, exit_when, "exit-when", "WHICH",
          "whose end ends all: failed, any, all, never"),
    VALUE(Value::listen_list, 0, policy, balance, "listen", "[NAME=]PORT",
          "pass a socket: HOST:PORT, unix:PATH, udp:PORT"),
    VALUE(Value::share, 0, policy, share, "share", "[=PORT,...]",
          "replicas share the ports that they bind"),
    VALUE(Value::balance, 0, detail, balance, "balance", "HOW",
          "even: a queue for each replica; shared"),
    VALUE(Value::ready, 0, policy, ready_by, "ready", "HOW",
          "up when: none, D, fd:N, notify, listen (1s)"),
    VALUE(Value::duration, 0, detail, ready_timeout, "ready-timeout", "D",
          "who is not up by then is killed (60s; 0: no)"),
    VALUE(Value::reload_order, 0, detail, reload_order, "reload-order", "ORDER",
          "drain, start-first, stop-first"),
    VALUE(Value::duration, 0, detail, drain_time, "drain-time", "D",
          "a stop comes D after the last connection (300ms)"),
    FLAG(0, detail, listen_pid, true, false, "listen-pid",
         "set LISTEN_PID beside LISTEN_FDS (yes)"),
    VALUE(Value::user, 0, policy, user, "user", "USER[:GROUP]", "become that user at first"),
    VALUE(Value::index_env, 0, policy, index_env, "index-env", "NAME[=BASE]",
          "a variable with BASE plus the replica's number"),
    VALUE(Value::size, 0, policy, max_memory, "max-memory", "SIZE",
          "a replica with more is replaced (no limit)"),
    FLAG(0, detail, pin, true, false, "pin", "each replica on a CPU of its own"),
    VALUE(Value::log, 0, policy, log, "log", "HOW",
          "raw, prefix: '[2] line', json: an object a line"),
    FLAG('w', detail, warn_reaped, true, false, "warn-reaped", "name every orphan reaped"),
    VALUE(Value::count, 'v', policy, verbosity, "verbose", "", "say what happens; repeatable"),
    FLAG('q', policy, verbosity, -1, 0, "quiet", "say only why nothing could start"),
    ASK(Value::ask_format, action, Verb::status, "status", "[=json]",
        "what the replicas of PID 1 do"),
    ASK(Value::ask_count, action, Verb::healthy, "healthy", "[=N]",
        "exit with 0 if all, or N, are ready"),
    ASK(Value::ask_number, action, Verb::scale, "scale", "N", "let there be N replicas"),
    FLAG(0, action, verb, Verb::reload, Verb::run, "reload", "replace all, one after the other"),
    ASK(Value::ask_number, action_detail, Verb::restart_replica, "restart-replica", "I",
        "replace that one"),
    VALUE(Value::pid, 0, action_detail, pid, "pid", "PID", "ask that hydrinit (1)"),
    VALUE(Value::duration, 0, action_detail, timeout, "timeout", "D",
          "wait no longer for an end (0: do)"),
    FLAG(0, action, verb, Verb::explain, Verb::run, "explain",
         "say what would be done and why, start nothing"),
    FLAG('h', action, verb, Verb::help, Verb::run, "help", "this text; --help=all: every option"),
    FLAG('V', action, verb, Verb::version, Verb::run, "version", "version, commit and libc"),
    FLAG('l', action_detail, verb, Verb::license, Verb::run, "license", "the licence"),
};
constexpr auto kNativeOptions = packed<kNativeOptionsRows, 2>();

constexpr OptionRow kTiniOptionsRows[] = {
    FLAG(0, action, verb, Verb::version, Verb::run, "version", ""),
    FLAG('h', action, verb, Verb::help, Verb::run, "", "this text"),
    FLAG('s', policy, subreaper, Subreaper::on, Subreaper::off, "", ""),
    VALUE(Value::tini_signal, 'p', policy, parent_death_signal, "", "SIG", ""),
    VALUE(Value::count, 'v', policy, verbosity, "", "", ""),
    FLAG('w', policy, warn_reaped, true, false, "", ""),
    FLAG('g', policy, scope, SignalScope::group, SignalScope::leader, "", ""),
    VALUE(Value::tini_status, 'e', policy, success, "", "CODE", "a code that counts as 0"),
    FLAG('l', action, verb, Verb::license, Verb::run, "", ""),
};
constexpr auto kTiniOptions = packed<kTiniOptionsRows, 2>();

constexpr VariableRow kTiniVariablesRows[] = {
    VARIABLE(Value::flag, subreaper, Subreaper::on, "TINI_SUBREAPER", ""),
    VARIABLE(Value::flag, scope, SignalScope::group, "TINI_KILL_PROCESS_GROUP", ""),
    VARIABLE(Value::verbosity_level, verbosity, 0, "TINI_VERBOSITY", ""),
};
constexpr auto kTiniVariables = packed<kTiniVariablesRows, 2>();

constexpr OptionRow kDumbInitOptionsRows[] = {
    FLAG('c', policy, placement, Placement::same_group, Placement::new_session, "single-child",
         "forward signals to the child only, no session"),
    VALUE(Value::low_rewrite, 'r', policy, signals, "rewrite", "S:R",
          "send R when S is received; 0 drops it"),
    VALUE(Value::count, 'v', policy, verbosity, "verbose", "", ""),
    FLAG('h', action, verb, Verb::help, Verb::run, "help", "this text"),
    FLAG('V', action, verb, Verb::version, Verb::run, "version", ""),
};
constexpr auto kDumbInitOptions = packed<kDumbInitOptionsRows, 2>();

constexpr VariableRow kDumbInitVariablesRows[] = {
    VARIABLE(Value::flag, verbosity, 1, "DUMB_INIT_DEBUG", "1"),
    VARIABLE(Value::flag, placement, Placement::same_group, "DUMB_INIT_SETSID", "0"),
};
constexpr auto kDumbInitVariables = packed<kDumbInitVariablesRows, 2>();

constexpr OptionRow kCatatonitOptionsRows[] = {
    FLAG('g', policy, scope, SignalScope::group, SignalScope::leader, "", ""),
    FLAG('h', action, verb, Verb::help, Verb::run, "", "this text"),
    FLAG('L', action, verb, Verb::license, Verb::run, "", ""),
    FLAG('P', policy, verb, Verb::pause, Verb::run, "", "start nothing, reap, end on TERM or INT"),
    FLAG('V', action, verb, Verb::version, Verb::run, "version", ""),
};
constexpr auto kCatatonitOptions = packed<kCatatonitOptionsRows, 2>();

constexpr VariableRow kCatatonitVariablesRows[] = {
    VARIABLE(Value::flag, verbosity, 1, "CATATONIT_DEBUG", ""),
};
constexpr auto kCatatonitVariables = packed<kCatatonitVariablesRows, 2>();

#undef VALUE
#undef ASK
#undef FLAG
#undef VARIABLE

// Style; exit codes for a usage error, an internal failure, ENOENT, EACCES and another errno of
// execve(2); subreaper, placement, verbosity, whether the group is told at the end; the
// program's name, what follows it on the usage line, and the original's version text.
using DialectRow = PackedRow<10, 3>;
consteval DialectRow dialect(Style style, ExitCodes codes, Subreaper subreaper, Placement placement,
                             std::uint8_t verbosity, bool term_group_at_end, const char* name,
                             const char* usage, const char* version) {
  return {{static_cast<std::uint8_t>(style), codes.usage, codes.internal, codes.not_found,
           codes.not_executable, codes.exec_failed, static_cast<std::uint8_t>(subreaper),
           static_cast<std::uint8_t>(placement), verbosity, term_group_at_end},
          {name, usage, version}};
}

constexpr DialectRow kDialectRows[] = {
    dialect(Style::native,
            {kExitUsage, kExitInternal, kExitNotFound, kExitNotExecutable, kExitNotExecutable},
            Subreaper::automatic, Placement::new_group, 0, false, "hydrinit",
            " [options] [--] command [argument...]", ""),
    dialect(Style::tini, {1, 1, 127, 126, 1}, Subreaper::off, Placement::new_group, 1, false,
            "tini", " [OPTIONS] PROGRAM -- [ARGS] | --version", "tini version 0.19.0"),
    dialect(Style::dumb_init, {1, 1, 2, 2, 2}, Subreaper::off, Placement::new_session, 0, true,
            "dumb-init", " [option] program [args]", "dumb-init v1.2.5"),
    dialect(Style::catatonit, {1, 1, 1, 1, 1}, Subreaper::automatic, Placement::new_group, 0, false,
            "catatonit", " [-ghLPV] [--] <progname> [<arguments>...]",
            "tini version 0.1.7_catatonit"),
};
constexpr auto kDialects = packed<kDialectRows, 1>();

// libc keeps these two for itself, and the originals' sigfillset() leaves them out.
constexpr SignalSet kLibcOwn{32, 33};
// ILL, TRAP, ABRT, BUS, FPE, SEGV and SYS are left to the kernel, TTIN and TTOU ignored.
constexpr SignalSet kTiniDropped{4, 5, 6, 7, 8, 11, 31, kSignalTtin, kSignalTtou, 32, 33};
constexpr SignalSet kCatatonitDropped{4,  5,           6,           7,           8,  11,
                                      31, kSignalTstp, kSignalTtin, kSignalTtou, 32, 33};

Style choose_style(const char* argv0) {
  const char* name = skip_strings(argv0, 1) - 1;
  while (name != argv0 && name[-1] != '/') --name;
  // Docker and podman install their init under a name of their own; it promises tini's contract.
  static constexpr char kNames[] =
      "hydrinit\0catatonit\0dumb-init\0tini\0tini-static\0docker-init\0podman-init\0";
  switch (word_number(name, kNames)) {
  case 0:
  case 1: return Style::native;
  case 2: return Style::catatonit;
  case 3: return Style::dumb_init;
  default: return Style::tini;
  }
}

}  // namespace

const char* native_options() { return kNativeOptions.data(); }

[[gnu::noinline]] Dialect choose_dialect(const char* argv0) {
  const Style style = choose_style(argv0);
  PackedCursor<10, 3> row(kDialects.data());
  while (row.head(0) != static_cast<std::uint8_t>(style)) row.next();
  Dialect dialect;
  dialect.style = style;
  dialect.codes = {row.head(1), row.head(2), row.head(3), row.head(4), row.head(5)};
  dialect.subreaper = static_cast<Subreaper>(row.head(6));
  dialect.placement = static_cast<Placement>(row.head(7));
  dialect.verbosity = static_cast<std::int8_t>(row.head(8));
  dialect.term_group_at_end = row.head(9) != 0;
  dialect.name = row.text(0);
  dialect.options = native_options();
  dialect.variables = "";
  if (style == Style::tini) {
    dialect.dropped = kTiniDropped;
    dialect.options = kTiniOptions.data();
    dialect.variables = kTiniVariables.data();
  } else if (style == Style::dumb_init) {
    dialect.dropped = kLibcOwn;
    dialect.options = kDumbInitOptions.data();
    dialect.variables = kDumbInitVariables.data();
  } else if (style == Style::catatonit) {
    dialect.dropped = kCatatonitDropped;
    dialect.options = kCatatonitOptions.data();
    dialect.variables = kCatatonitVariables.data();
  }
  return dialect;
}

}  // namespace hydrinit
