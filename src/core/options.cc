#include "core/options.h"

#include "core/port_options.h"
#include "core/text.h"
#include "core/values.h"

namespace hydrinit {
namespace {

enum class Spelled : std::uint8_t { other, cut, whole };

// How the text up to end spells name.
[[gnu::noinline]] Spelled spells(const char* text, const char* end, const char* name) {
  while (text != end && *text == *name) ++text, ++name;
  if (text != end) return Spelled::other;
  return *name == '\0' ? Spelled::whole : Spelled::cut;
}

// Behind HYDRINIT_: the option's name in capitals, '_' for '-', then '='. Returns its value.
const char* match_variable(const char* entry, const char* option_name) {
  for (; *option_name != '\0'; ++option_name, ++entry) {
    if (*entry != (*option_name == '-' ? '_' : to_upper(*option_name))) return nullptr;
  }
  return *entry == '=' ? entry + 1 : nullptr;
}

// Finds the option that an entry of the environment sets; its value, or nullptr if there is none.
const char* find_variable(const char* entry, Option& option) {
  const char* name = after(entry, "HYDRINIT_");
  for (; name != nullptr && !option.at_end(); option.next()) {
    if (!option.is_policy()) continue;
    const char* value = match_variable(name, option.name());
    if (value != nullptr) return value;
  }
  return nullptr;
}

class Parser {
 public:
  Parser(const Dialect& dialect, Invocation& out)
      : dialect_(dialect), out_(out), config_(out.config) {}

  void take_environment(char** envp);
  void read_arguments(char** argv);
  void read_dialect_variables(char** envp);
  void finish();

 private:
  using Said = Notice::Kind;
  void fail(Said kind, const char* name, const char* value = nullptr);

  // Each returns how many arguments it used.
  int read_letters(char** argv);
  int read_long(char** argv);
  // attached: the value that stands in the same argument; nullptr: it is the next one.
  int take_value(const Option& option, const char* attached, char** argv);
  // At the end of the table when there is no such option.
  Option find_letter(char letter) const;
  Option find_long(const char* name, const char* end, bool& negated) const;

  // The field of Config that a row names; its kind of value implies the type (dialects.cc checks
  // it).
  template <typename T>
  T& field(std::size_t offset) {
    void* const at = reinterpret_cast<char*>(&config_) + offset;
    return *static_cast<T*>(at);
  }
  void apply_flag(const Option& option, bool on);
  // False: the value is not what the option takes.
  bool apply_value(const Option& option, const char* value);
  bool apply_number(ValueKind kind, std::size_t offset, const char* value);
  bool apply_restart(const char* value);
  bool apply_ask(const Option& option, const char* value);
  void check_replicas();
  void check_contradictions();
  bool apply_list(ValueKind kind, std::size_t offset, const char* list);

  const Dialect& dialect_;
  Invocation& out_;
  Config& config_;
};

[[gnu::noinline]] void Parser::fail(Said kind, const char* name, const char* value) {
  out_.error.kind = kind;
  out_.error.name = name;
  out_.error.name_end = nullptr;
  out_.error.value = value;
}

void Parser::take_environment(char** envp) {
  char** kept = envp;
  for (; *envp != nullptr && !out_.refused(); ++envp) {
    Option option(native_options());
    const char* value = find_variable(*envp, option);
    if (value == nullptr) *kept++ = *envp;
    if (value == nullptr || *value == '\0') continue;  // set to nothing is as good as not set
    // The first four of these words say no.
    const int word = word_number(value,
                                 "0\0no\0false\0off\0"
                                 "1\0yes\0true\0on\0");
    bool good = true;
    if (option.value() == ValueKind::share && word != 0) {
      config_.share = word > 4 ? "" : nullptr;
    } else if (option.takes_value()) {
      good = apply_value(option, value);
    } else if (option.value() == ValueKind::count && is_digit(*value) && value[1] == '\0') {
      config_.verbosity = parse_leading_number(value);
    } else {
      good = word != 0;
      if (good) apply_flag(option, word > 4);
    }
    if (good) continue;
    fail(Said::bad_variable, *envp, value);
    out_.error.name_end = value - 1;
    out_.error.expected = option.value();
  }
  *kept = nullptr;
}

void Parser::read_arguments(char** argv) {
  if (*argv != nullptr) ++argv;
  const bool tini = dialect_.style == Style::tini;
  // tini knows --version only alone.
  if (tini && argv[0] != nullptr && argv[1] == nullptr && equal(argv[0], "--version")) {
    config_.verb = Verb::version;
    return;
  }
  const char* asked = nullptr;  // by which option
  while (*argv != nullptr && (*argv)[0] == '-' && (*argv)[1] != '\0') {
    const char* argument = *argv;
    const Verb verb = config_.verb;
    if (equal(argument, "--")) {
      ++argv;
      break;
    }
    argv += argument[1] == '-' && !tini ? read_long(argv) : read_letters(argv);
    // --help and its like act at once, whatever follows.
    if (out_.refused() || config_.verb >= Verb::help) return;
    if (config_.verb == verb) continue;
    // Two questions have no common answer.
    out_.error.value = asked;
    if (asked != nullptr) out_.error.kind = Said::both_given;
    asked = out_.error.name;
  }
  if (*argv != nullptr) {
    out_.command = argv;
    if (config_.asks()) fail(Said::unwanted_command, "", *argv);
  } else if (config_.verb == Verb::run) {
    fail(Said::no_command, "");
  }
}

int Parser::read_letters(char** argv) {
  for (const char* letters = *argv + 1; *letters != '\0';) {
    out_.error.letter = *letters;
    const Option option = find_letter(*letters++);
    if (option.at_end()) {
      fail(Said::unknown_letter, "");
      return 0;
    }
    fail(Said::none, option.name());
    if (option.takes_value()) return take_value(option, *letters != '\0' ? letters : nullptr, argv);
    apply_flag(option, true);
  }
  return 1;
}

int Parser::read_long(char** argv) {
  const char* name = *argv + 2;
  const char* end = name;
  while (*end != '\0' && *end != '=') ++end;
  const char* attached = *end == '=' ? end + 1 : nullptr;
  bool negated = false;
  const Option option = find_long(name, end, negated);
  fail(option.at_end() ? Said::unknown_option : Said::none, name, attached);
  out_.error.name_end = end;
  out_.error.letter = '\0';
  if (option.at_end() || option.takes_value()) {
    return out_.refused() ? 0 : take_value(option, attached, argv);
  }
  apply_flag(option, !negated);
  if (attached != nullptr && config_.verb == Verb::help && equal(attached, "all")) {
    config_.verb = Verb::help_all;
    attached = nullptr;
  }
  if (attached == nullptr) return 1;
  out_.error.kind = Said::unexpected_value;
  return 0;
}

int Parser::take_value(const Option& option, const char* attached, char** argv) {
  if (option.value_is_attached() && attached == nullptr) attached = "";
  const char* value = attached != nullptr ? attached : argv[1];
  out_.error.value = value;
  out_.error.expected = option.value();
  if (value == nullptr) {
    out_.error.kind = out_.error.letter != '\0' ? Said::missing_letter_value : Said::missing_value;
  } else if (!apply_value(option, value)) {
    out_.error.kind = Said::bad_value;
  }
  return attached != nullptr ? 1 : 2;
}

Option Parser::find_letter(char letter) const {
  Option option(dialect_.options);
  while (!option.at_end() && option.letter() != letter) option.next();
  return option;
}

Option Parser::find_long(const char* name, const char* end, bool& negated) const {
  const bool native = dialect_.style == Style::native;
  const bool negation = native && begins(name, "no-");
  int abbreviated = 0;
  Option guess(dialect_.options);
  Option option(dialect_.options);
  for (; !option.at_end(); option.next()) {
    if (*option.name() == '\0') continue;
    const Spelled spelled = spells(name, end, option.name());
    if (spelled == Spelled::whole) return option;
    negated = negation && !option.takes_value() && option.is_policy() &&
              spells(name + 3, end, option.name()) == Spelled::whole;
    if (negated) return option;
    if (spelled == Spelled::cut && end > name) {
      guess = option;
      ++abbreviated;
    }
  }
  // getopt_long(3), which the originals use: a long name may be cut as long as it stays unique.
  return !native && abbreviated == 1 ? guess : option;
}

void Parser::apply_flag(const Option& option, bool on) {
  std::uint8_t& target = field<std::uint8_t>(option.field());
  if (option.value() == ValueKind::flag) {
    target = on ? option.on() : option.off();
  } else {
    // Nothing is said beyond the loudest; more must not wrap round to quiet.
    if (!on) target = 0;
    if (on && target != kVerbosityMax) ++target;
  }
}

bool Parser::apply_value(const Option& option, const char* value) {
  const ValueKind kind = option.value();
  if (kind == ValueKind::duration) {
    const Millis duration = parse_duration(value);
    field<Millis>(option.field()) = duration;
    return duration.count >= 0;
  }
  if (kind == ValueKind::signal || kind == ValueKind::tini_signal) {
    const int number = kind == ValueKind::signal ? parse_signal(value) : parse_tini_signal(value);
    field<std::uint8_t>(option.field()) = static_cast<std::uint8_t>(number);
    return number != 0;
  }
  if (kind == ValueKind::exit_when || kind == ValueKind::balance ||
      kind == ValueKind::reload_order || kind == ValueKind::log) {
    const char* words = kExitWhenWords;
    if (kind == ValueKind::balance) words = kBalanceWords;
    if (kind == ValueKind::reload_order) words = kReloadOrderWords;
    if (kind == ValueKind::log) words = kLogWords;
    const int number = word_number(value, words);
    field<std::uint8_t>(option.field()) = static_cast<std::uint8_t>(number);
    return number != 0;
  }
  if (kind == ValueKind::ready) return read_ready(value, config_);
  if (kind == ValueKind::listen_list) return read_listen(value, config_);
  if (kind == ValueKind::share) return read_share(value, config_);
  if (kind == ValueKind::user) return read_user(value, config_);
  if (kind == ValueKind::restart) return apply_restart(value);
  if (kind >= ValueKind::ask_number) return apply_ask(option, value);
  if (kind == ValueKind::index_env) {
    config_.index_env = value;
    return is_index_env(value);
  }
  if (kind == ValueKind::replicas || kind == ValueKind::number || kind == ValueKind::size ||
      kind == ValueKind::pid) {
    return apply_number(kind, option.field(), value);
  }
  return apply_list(kind, option.field(), value);
}

bool Parser::apply_number(ValueKind kind, std::size_t offset, const char* value) {
  int& target = field<int>(offset);
  if (kind == ValueKind::size || kind == ValueKind::pid) {
    target = kind == ValueKind::size ? parse_size(value)
                                     : static_cast<int>(parse_number(value, INT32_MAX));
    return target > 0;
  }
  if (kind == ValueKind::replicas) {
    target = parse_replicas(value);
    return target != 0;
  }
  target = parse_count(value);
  // None at all of something makes sense for restarts only.
  return target > 0 || (target == 0 && &target == &config_.max_restarts);
}

bool Parser::apply_restart(const char* value) {
  const char* limit = after(value, "on-failure:");
  config_.on_failure_max = -1;
  if (limit != nullptr) {
    config_.on_failure_max = parse_count(limit);
    config_.restart = Restart::on_failure;
    return config_.on_failure_max >= 0;
  }
  const int number = word_number(value, kRestartWords);
  config_.restart = static_cast<Restart>(number);
  return number != 0;
}

// The value of --status is a word, all others are numbers. Without one it is -1: there is none.
bool Parser::apply_ask(const Option& option, const char* value) {
  config_.verb = static_cast<Verb>(option.on());
  const bool left_out = *value == '\0' && option.value_is_attached();
  config_.argument = -1;
  if (left_out) return true;
  const bool word = option.value() == ValueKind::ask_format;
  config_.argument = word ? word_number(value, kFormatWords) : parse_count(value);
  return config_.argument > 0 || (config_.argument == 0 && config_.verb == Verb::restart_replica);
}

// What a refused list leaves behind does no harm: nothing is started then.
bool Parser::apply_list(ValueKind kind, std::size_t offset, const char* list) {
  const bool one = kind == ValueKind::tini_status || kind == ValueKind::low_rewrite;
  if (kind == ValueKind::tini_status && !is_digit(*list)) return false;
  if (kind == ValueKind::signal_list) field<SignalSet>(offset) = {};
  while (true) {
    bool good = false;
    if (kind == ValueKind::signal_list) {
      good = take_stop_signal(list, field<SignalSet>(offset));
    } else if (kind == ValueKind::rewrite_list || kind == ValueKind::low_rewrite) {
      const int max = one ? kDumbInitSignalMax : kSignalMax;
      good = take_rewrite(list, max, field<SignalTable>(offset));
    } else {
      good = take_status(list, field<SuccessStatuses>(offset));
    }
    if (!good || !item_ends(list)) return false;
    if (*list == '\0') return true;
    if (one) return false;
    ++list;
  }
}

void Parser::read_dialect_variables(char** envp) {
  for (; *envp != nullptr; ++envp) {
    for (Variable variable(dialect_.variables); !variable.at_end(); variable.next()) {
      const char* value = after(*envp, variable.name());
      if (value == nullptr || *value++ != '=') continue;
      if (*variable.only_value() != '\0' && !equal(value, variable.only_value())) continue;
      const bool level = variable.value() == ValueKind::verbosity_level;
      field<std::uint8_t>(variable.field()) =
          level ? static_cast<std::uint8_t>(parse_leading_number(value)) : variable.on();
    }
  }
}

void Parser::check_contradictions() {
  if (config_.on_failure_max >= 0 && config_.max_restarts >= 0) {
    fail(Said::both_given, "max-restarts", "restart on-failure:N");
  }
  if (config_.restart_delay > config_.restart_max_delay) {
    fail(Said::above_limit, "restart-delay", "restart-max-delay");
  }
  if (config_.max_replicas != 0 && config_.replicas > config_.max_replicas) {
    fail(Said::above_limit, "replicas", "max-replicas");
  }
  // Nobody would wait for what it says.
  if (config_.ready_by > ReadyBy::time && config_.ready_by < ReadyBy::listen &&
      config_.replicas == 0 && config_.restart <= Restart::no) {
    fail(Said::needs_other, "ready", "replicas");
  }
  if (config_.max_memory != 0 && config_.replicas == 0) {
    fail(Said::needs_other, "max-memory", "replicas");
  }
  const Notice ports = check_ports(config_);
  if (ports.kind != Said::none) out_.error = ports;
}

// Defaults that hang on other options.
void Parser::check_replicas() {
  // Whoever asks gets an answer: with `docker exec` the image's variables are there, and not the
  // container's command line.
  if (config_.verb < Verb::status) check_contradictions();
  if (config_.on_failure_max >= 0) config_.max_restarts = config_.on_failure_max;
  if (config_.max_restarts < 0) config_.max_restarts = 10;
  if (config_.restart == Restart::automatic) {
    config_.restart = config_.replicas != 0 ? Restart::always : Restart::no;
  }
  const bool supervises = config_.supervises();
  if (config_.exit_when == ExitWhen::automatic) {
    config_.exit_when = supervises ? ExitWhen::failed : ExitWhen::any;
  }
  if (config_.ready_by == ReadyBy::automatic) {
    config_.ready_by = config_.share != nullptr ? ReadyBy::listen : ReadyBy::time;
  }
  // Below Docker's 10 s, so that the order of the end is ours.
  if (supervises && config_.stop_timeout.count < 0) config_.stop_timeout = Millis{8000};
}

void Parser::finish() {
  if (!out_.refused()) check_replicas();
  const bool session = config_.placement == Placement::new_session;
  if (config_.scope == SignalScope::automatic) {
    config_.scope = session ? SignalScope::group : SignalScope::leader;
  }
  // The group is then also ours.
  if (config_.placement == Placement::same_group) config_.scope = SignalScope::leader;
  if (!session) return;
  // A session of its own makes the child's group an orphaned one, in which the kernel drops the
  // three terminal stop signals (POSIX, "orphaned process group"): only STOP stops it.
  for (int number = kSignalTstp; number <= kSignalTtou; ++number) {
    // With -n two of them scale, and are not sent on.
    if (config_.replicas != 0 && number != kSignalTstp) continue;
    if (!config_.signals.is_rewritten(number)) config_.signals.rewrite(number, kSignalStop);
  }
}

void set_defaults(const Dialect& dialect, Config& config) {
  config.style = dialect.style;
  config.subreaper = dialect.subreaper;
  config.placement = dialect.placement;
  config.verbosity = dialect.verbosity;
  config.term_group_at_end = dialect.term_group_at_end;
  if (dialect.dropped.empty()) return;
  for (int number = 1; number <= kSignalMax; ++number) {
    if (dialect.dropped.has(number)) config.signals.drop(number);
  }
}

}  // namespace

Config::Config() = default;

[[gnu::noinline]] Invocation parse_invocation(const Dialect& dialect, char** argv, char** envp) {
  Invocation invocation;
  set_defaults(dialect, invocation.config);
  Parser parser(dialect, invocation);
  parser.take_environment(envp);
  if (!invocation.refused()) parser.read_arguments(argv);
  parser.read_dialect_variables(envp);
  parser.finish();
  return invocation;
}

}  // namespace hydrinit
