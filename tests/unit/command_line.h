// A command line and its environment as a test writes them, and what came of them as text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/dialects.h"
#include "core/notice.h"
#include "core/options.h"
#include "core/text.h"

namespace hydrinit {

using Words = std::vector<std::string>;

inline Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline std::string joined(const Words& words, const char* separator) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) text += (i == 0 ? "" : separator) + words[i];
  return text;
}

inline std::string shown_signal(int number) {
  char buffer[32];
  Text text(buffer);
  append_signal(text, number);
  return std::string(text.view());
}

// Owns the strings, since an Invocation points into them.
class CommandLine {
 public:
  // words begin with argv[0], which chooses the dialect.
  explicit CommandLine(Words words, Words variables = {})
      : words_(std::move(words)),
        variables_(std::move(variables)),
        dialect_(choose_dialect(words_.at(0).c_str())) {
    for (std::string& word : words_) argv_.push_back(word.data());
    for (std::string& variable : variables_) envp_.push_back(variable.data());
    argv_.push_back(nullptr);
    envp_.push_back(nullptr);
    invocation_ = parse_invocation(dialect_, argv_.data(), envp_.data());
  }
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  const Dialect& dialect() const { return dialect_; }
  const Invocation& invocation() const { return invocation_; }
  const Config& config() const { return invocation_.config; }
  bool refused() const { return invocation_.refused(); }

  // The command and its arguments, joined by '|'.
  std::string command() const {
    if (invocation_.command == nullptr) return "(none)";
    Words words;
    for (char** word = invocation_.command; *word != nullptr; ++word) words.push_back(*word);
    return joined(words, "|");
  }

  // Why it was refused, as it would be printed, without the newline at the end.
  std::string message() const {
    char buffer[512];
    Text text(buffer);
    Voice voice;
    voice.style = config().style;
    voice.verbosity = config().verbosity;
    voice.own_pid = 1;
    voice.name = dialect_.name;
    voice.usage = dialect_.usage();
    render(text, invocation_.error, voice);
    const std::string_view line = text.view();
    if (line.empty()) return "";
    return line.back() == '\n' ? std::string(line.substr(0, line.size() - 1)) : "(no newline)";
  }

 private:
  Words words_;
  Words variables_;
  Dialect dialect_;
  std::vector<char*> argv_;
  std::vector<char*> envp_;
  Invocation invocation_;
};

inline std::string shown(Style style) {
  switch (style) {
  case Style::native: return "native";
  case Style::tini: return "tini";
  case Style::dumb_init: return "dumb_init";
  case Style::catatonit: return "catatonit";
  }
  return "?";
}

inline std::string shown(Verb verb) {
  switch (verb) {
  case Verb::run: return "run";
  case Verb::pause: return "pause";
  case Verb::explain: return "explain";
  case Verb::status: return "status";
  case Verb::healthy: return "healthy";
  case Verb::scale: return "scale";
  case Verb::reload: return "reload";
  case Verb::restart_replica: return "restart-replica";
  case Verb::help: return "help";
  case Verb::help_all: return "help=all";
  case Verb::version: return "version";
  case Verb::license: return "license";
  }
  return "?";
}

inline std::string shown(Subreaper subreaper) {
  switch (subreaper) {
  case Subreaper::automatic: return "automatic";
  case Subreaper::on: return "on";
  case Subreaper::off: return "off";
  }
  return "?";
}

inline std::string shown(Placement placement) {
  switch (placement) {
  case Placement::new_group: return "new_group";
  case Placement::new_session: return "new_session";
  case Placement::same_group: return "same_group";
  }
  return "?";
}

inline std::string shown(SignalScope scope) {
  switch (scope) {
  case SignalScope::automatic: return "automatic";
  case SignalScope::leader: return "leader";
  case SignalScope::group: return "group";
  }
  return "?";
}

inline std::string shown(Restart restart) {
  switch (restart) {
  case Restart::automatic: return "automatic";
  case Restart::no: return "no";
  case Restart::on_failure: return "on_failure";
  case Restart::always: return "always";
  }
  return "?";
}

inline std::string shown(ExitWhen exit_when) {
  switch (exit_when) {
  case ExitWhen::automatic: return "automatic";
  case ExitWhen::failed: return "failed";
  case ExitWhen::any: return "any";
  case ExitWhen::all: return "all";
  case ExitWhen::never: return "never";
  }
  return "?";
}

inline std::string shown(ReadyBy ready_by) {
  switch (ready_by) {
  case ReadyBy::automatic: return "automatic";
  case ReadyBy::time: return "time";
  case ReadyBy::descriptor: return "descriptor";
  case ReadyBy::notify: return "notify";
  case ReadyBy::listen: return "listen";
  }
  return "?";
}

inline std::string shown(Balance balance) {
  switch (balance) {
  case Balance::even: return "even";
  case Balance::shared: return "shared";
  }
  return "?";
}

inline std::string shown(LogFormat format) {
  switch (format) {
  case LogFormat::raw: return "raw";
  case LogFormat::prefix: return "prefix";
  case LogFormat::json: return "json";
  }
  return "?";
}

inline std::string shown(ReloadOrder order) {
  switch (order) {
  case ReloadOrder::automatic: return "automatic";
  case ReloadOrder::drain: return "drain";
  case ReloadOrder::start_first: return "start_first";
  case ReloadOrder::stop_first: return "stop_first";
  }
  return "?";
}

// Each item of --listen as it was given, without what stands behind it in the same list.
inline std::string shown_listen(const Config& config) {
  Words words;
  for (const char* item : config.listen)
    words.push_back(std::string(item).substr(0, std::string(item).find(',')));
  return joined(words, ",");
}

inline std::string shown(bool flag) { return flag ? "yes" : "no"; }

// N, max or max-K, as it is typed.
inline std::string shown_replicas(int replicas) {
  if (replicas >= 0) return std::to_string(replicas);
  return replicas == -1 ? "max" : "max" + std::to_string(replicas + 1);
}

inline std::string shown(const SignalSet& set) {
  Words words;
  for (int number = 1; number <= kSignalMax; ++number) {
    if (set.has(number)) words.push_back(shown_signal(number));
  }
  return joined(words, ",");
}

// Those that are dropped or that somebody rewrote: "INT:0,TERM:QUIT".
inline std::string shown(const SignalTable& table) {
  Words words;
  for (int number = 1; number <= kSignalMax; ++number) {
    if (table.sent_as(number) == number && !table.is_rewritten(number)) continue;
    words.push_back(shown_signal(number) + ":" + shown_signal(table.sent_as(number)));
  }
  return joined(words, ",");
}

inline std::string shown(const SuccessStatuses& statuses) {
  Words words;
  for (int code = 0; code <= 255; ++code) {
    if (statuses.has_code(code)) words.push_back(std::to_string(code));
  }
  if (!statuses.signals().empty()) words.push_back(shown(statuses.signals()));
  return joined(words, ",");
}

// Every field as name=value; a new field of Config belongs here too.
inline Words fields(const Config& config) {
  return {
      "style=" + shown(config.style),
      "verb=" + shown(config.verb),
      "subreaper=" + shown(config.subreaper),
      "placement=" + shown(config.placement),
      "scope=" + shown(config.scope),
      "parent_death_signal=" + shown_signal(config.parent_death_signal),
      "stop_signal=" + shown_signal(config.stop_signal),
      "warn_reaped=" + shown(config.warn_reaped),
      "term_group_at_end=" + shown(config.term_group_at_end),
      "verbosity=" + std::to_string(config.verbosity),
      "restart=" + shown(config.restart),
      "exit_when=" + shown(config.exit_when),
      "ready_by=" + shown(config.ready_by),
      "log=" + shown(config.log),
      "ready_fd=" + std::to_string(config.ready_fd),
      "balance=" + shown(config.balance),
      "reload_order=" + shown(config.reload_order),
      "listen_pid=" + shown(config.listen_pid),
      "pin=" + shown(config.pin),
      "replicas=" + shown_replicas(config.replicas),
      "max_replicas=" + std::to_string(config.max_replicas),
      "max_restarts=" + std::to_string(config.max_restarts),
      "on_failure_max=" + std::to_string(config.on_failure_max),
      "max_memory=" + std::to_string(config.max_memory),
      "argument=" + std::to_string(config.argument),
      "pid=" + std::to_string(config.pid),
      std::string("index_env=") + (config.index_env != nullptr ? config.index_env : "(none)"),
      std::string("user=") + (config.user != nullptr ? config.user : "(none)"),
      std::string("share=") + (config.share != nullptr ? config.share : "(none)"),
      "restart_delay=" + std::to_string(config.restart_delay.count),
      "restart_max_delay=" + std::to_string(config.restart_max_delay.count),
      "min_uptime=" + std::to_string(config.min_uptime.count),
      "ready=" + std::to_string(config.ready.count),
      "ready_timeout=" + std::to_string(config.ready_timeout.count),
      "drain_time=" + std::to_string(config.drain_time.count),
      "stop_timeout=" + std::to_string(config.stop_timeout.count),
      "stop_delay=" + std::to_string(config.stop_delay.count),
      "wait_all=" + std::to_string(config.wait_all.count),
      "timeout=" + std::to_string(config.timeout.count),
      "stop_on=" + shown(config.stop_on),
      "success=" + shown(config.success),
      "no_restart=" + shown(config.no_restart),
      "signals=" + shown(config.signals),
      "listen=" + shown_listen(config),
  };
}

// The fields in which config differs from base, joined by spaces.
inline std::string changes(const Config& config, const Config& base) {
  const Words now = fields(config);
  const Words before = fields(base);
  Words different;
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (now[i] != before[i]) different.push_back(now[i]);
  }
  return joined(different, " ");
}

// What the words (and variables) behind argv[0] change; the message when they are refused.
inline std::string changes(const Words& words, const Words& variables = {},
                           const char* argv0 = "hydrinit", const Words& before = {}) {
  const CommandLine line(Words{argv0} + before + words + Words{"true"}, variables);
  // Whoever asks starts nothing.
  if (line.config().asks()) {
    const CommandLine asks(Words{argv0} + before + words, variables);
    const CommandLine nothing(Words{argv0} + before + Words{"true"});
    return asks.refused() ? asks.message() : changes(asks.config(), nothing.config());
  }
  const CommandLine base(Words{argv0} + before + Words{"true"});
  return line.refused() ? line.message() : changes(line.config(), base.config());
}

}  // namespace hydrinit
