// Command lines and environments, in all dialects: the first byte chooses the name, then come the
// words of the command line, an empty one, and the variables.

#include <string>
#include <vector>

#include "core/dialects.h"
#include "core/help.h"
#include "core/options.h"
#include "core/values.h"
#include "input.h"

using namespace hydrinit;
using hydrinit_fuzz::Input;
using hydrinit_fuzz::require;

namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

void check_config(const Config& config) {
  require(config.replicas >= -1 - kReplicasMax && config.replicas <= kReplicasMax);
  require(config.max_replicas >= 0 && config.max_replicas <= kReplicasMax);
  require(config.max_memory >= 0 && config.pid > 0);
  for (Millis time : {config.restart_delay, config.restart_max_delay, config.min_uptime,
                      config.ready, config.ready_timeout, config.drain_time, config.stop_delay,
                      config.wait_all, config.timeout}) {
    require(time.count >= 0 && time <= kDurationMax);
  }
  require(config.stop_timeout.count >= -1 && config.stop_timeout <= kDurationMax);
  require(config.scope != SignalScope::automatic && config.restart != Restart::automatic);
  require(config.exit_when != ExitWhen::automatic && config.ready_by != ReadyBy::automatic);
  // Whoever asks gets an answer.
  require(config.verb >= Verb::status || config.share == nullptr || config.replicas != 0);
  require(config.verbosity >= -1 && config.verbosity <= 9);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr const char* kNames[] = {"hydrinit", "/sbin/tini", "dumb-init", "catatonit"};
  Input input(data, size);
  std::vector<std::string> words{kNames[input.byte() % 4]};
  std::vector<std::string> variables;
  bool behind = false;
  for (std::string& text : input.texts()) {
    if (text.empty() && !behind) {
      behind = true;
    } else {
      (behind ? variables : words).push_back(std::move(text));
    }
  }
  std::vector<char*> argv = pointers(words);
  std::vector<char*> envp = pointers(variables);
  const Dialect dialect = choose_dialect(argv[0]);
  const Invocation invocation = parse_invocation(dialect, argv.data(), envp.data());
  if (!invocation.refused()) {
    check_config(invocation.config);
    const bool starts = invocation.config.verb == Verb::run;
    require(!starts || invocation.command != nullptr);
    if (invocation.command != nullptr)
      require(invocation.command > argv.data() && invocation.command < &argv.back());
  } else {
    char buffer[512];
    Text text(buffer);
    Voice voice;
    voice.style = dialect.style;
    voice.name = dialect.name;
    voice.usage = dialect.usage();
    voice.error_text = [](int) -> const char* { return nullptr; };
    render(text, invocation.error, voice);
    // A bad word cannot end the line and begin one of its own.
    require(!text.empty() && text.view().back() == '\n');
    if (dialect.style == Style::native) require(text.view().find('\n') == text.view().size() - 1);
  }
  std::size_t kept = 0;
  while (envp[kept] != nullptr) ++kept;
  require(kept < envp.size());
  return 0;
}
