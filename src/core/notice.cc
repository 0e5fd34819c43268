#include "core/notice.h"

#include "core/packed.h"

namespace hydrinit {
namespace {

using Kind = Notice::Kind;

// The least verbosity at which a line is said: always, by default, with -v, with -vv, ...
constexpr int kAlways = -2;
// Kept from zero on in the packed byte, above which the stream stands.
constexpr int kLevelBias = 2;
constexpr int kLevels = 8;

// The words. %p the pid, %i our own, %q the command, %s and %n the signal by name and number, %o
// and %m the other number as a signal's name and plainly, %r the slot, %w how it ended, %t when it
// starts again, %y which replica that is, %g "pid 7" or "process group 7", %f the name, %c the
// letter, %v the value, %x what it should have been, %e the error, %d the code, %u the usage line,
// %z the program's name, %h the speaker: "hydrinit: ", "[dumb-init] ", "[WARN  tini (1)] " by
// level.
using Row = PackedRow<2, 1>;
constexpr Row say(Kind kind, int level, Stream stream, const char* words) {
  const int biased = level + kLevelBias + static_cast<int>(stream) * kLevels;
  return {{static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(biased)}, {words}};
}
constexpr Row say(Kind kind, int level, const char* words) {
  return say(kind, level, Stream::error, words);
}

class Line : public PackedCursor<2, 1> {
 public:
  using PackedCursor::PackedCursor;
  Kind kind() const { return static_cast<Kind>(head(0)); }
  int level() const { return head(1) % kLevels - kLevelBias; }
  Stream stream() const { return static_cast<Stream>(head(1) / kLevels); }
  const char* words() const { return text(0); }
};

// hydrinit's own.
constexpr Row kNativeRows[] = {
    // Looked up on the way of every run, signal and orphan, whether they are shown or not.
    say(Kind::received, 1, "%hreceived %s"),
    say(Kind::child_signal, 3, "%hreceived %s"),
    say(Kind::sent, 1, "%hsent %s to %g"),
    say(Kind::orphan_exited, 1, "%hreaped orphan pid %p, which ended with code %m"),
    say(Kind::orphan_killed, 1, "%hreaped orphan pid %p, which was killed by %o"),
    say(Kind::spawned, 1, "%hstarted '%q' as pid %p%y"),
    say(Kind::leader_exited, 1, "%hpid %p ended with code %m%y"),
    say(Kind::leader_killed, 1, "%hpid %p was killed by %o%y"),
    say(Kind::exiting, 1, "%hexiting with code %d"),
    // The others.
    say(Kind::unknown_option, kAlways, "%h--%f: unknown option (see --help)"),
    say(Kind::unknown_letter, kAlways, "%h-%c: unknown option (see --help)"),
    say(Kind::missing_value, kAlways, "%h--%f: needs %x"),
    say(Kind::missing_letter_value, kAlways, "%h--%f: needs %x"),
    say(Kind::unexpected_value, kAlways, "%h--%f: takes no value, got '%v'"),
    say(Kind::bad_value, kAlways, "%h--%f: '%v' is not %x"),
    say(Kind::bad_variable, kAlways, "%h%f: '%v' is not %x"),
    say(Kind::no_command, kAlways, "%hno command given (see --help)"),
    say(Kind::unwanted_command, kAlways, "%hnothing is started here, got '%v'"),
    say(Kind::both_given, kAlways, "%h--%f: cannot be given beside --%v"),
    say(Kind::above_limit, kAlways, "%h--%f: must not be above --%v"),
    say(Kind::needs_other, kAlways, "%h--%f: needs --%v"),
    say(Kind::given_twice, kAlways, "%h--%f: a name, port or descriptor that --%v has too"),
    say(Kind::too_many, kAlways, "%h--%f: at most %d with ports"),
    say(Kind::listen_failed, kAlways, "%h--listen: cannot %v '%f': %e"),
    say(Kind::share_begun, 1, "%hreplicas get no_new_privs, for --share"),
    say(Kind::share_failed, kAlways, "%h--share: %f: %e (see --listen, --user)"),
    say(Kind::user_failed, kAlways, "%h--user: %f: %e"),
    say(Kind::user_unknown, kAlways, "%h--user: '%f' is unknown here"),
    say(Kind::log_lost, 0, "%hlines are lost: %f: %e"),
    say(Kind::exec_failed, kAlways, "%hcannot run '%q': %e"),
    say(Kind::spawn_failed, kAlways, "%hcannot start '%q': %f: %e"),
    say(Kind::fatal, kAlways, "%h%f: %e"),
    say(Kind::failed, 0, "%h%f: %e"),
    say(Kind::send_failed, 0, "%hcannot send %s to %g: %e"),
    say(Kind::stop_timed_out, 0, "%h%g did not stop within --stop-timeout, sending KILL"),
    say(Kind::stop_hastened, 0, "%hasked to stop a second time, sending KILL"),
    say(Kind::child_lost, kAlways, "%hpid %p is gone, and somebody else took its exit status"),
    say(Kind::replica_restarts, 0, "%hreplica %r %w, starting it again %t"),
    say(Kind::replica_failed, 0, "%hreplica %r %w and has failed"),
    say(Kind::replica_decided, 0, "%hreplica %r ends the container, stopping the rest"),
    say(Kind::start_retried, 0, "%hreplica %r could not be started, trying again %t"),
    say(Kind::not_ready, 0, "%hreplica %r is not up within --ready-timeout, sending KILL"),
    say(Kind::scaled, 0, "%hreplicas wanted: %d"),
    say(Kind::not_scaled, 0, "%hreplicas stay at %d (1 to --max-replicas)"),
    say(Kind::reload_begun, 0, "%hreloading"),
    say(Kind::reload_done, 0, "%hreloaded"),
    say(Kind::reload_ended, 0, "%hreload ended: the new replica %r failed, the others stay"),
    say(Kind::renewing, 0, "%hasked to replace replica %r"),
    say(Kind::too_heavy, 0, "%hreplica %r has %d KiB, more than --max-memory, replacing it"),
    say(Kind::ask_failed, kAlways, "%hpid %p: %e (see --pid)"),
    say(Kind::no_status, kAlways, "%hpid %p is no hydrinit with -n that could answer (see --pid)"),
    say(Kind::stopping, kAlways, "%hpid %p is stopping"),
    say(Kind::not_healthy, kAlways, "%h%d of %r replicas are ready"),
    say(Kind::renewed, kAlways, "%hreplica %r is up as pid %p"),
    say(Kind::no_replica, kAlways, "%hthere is no replica %r"),
    say(Kind::no_answer, kAlways, "%hno answer in time (see --timeout)"),
    say(Kind::replica_done, 1, "%hreplica %r %w and is done"),
    say(Kind::rest_killed, 0, "%hprocesses remain after --wait-all, sending KILL"),
    say(Kind::rest_left, 0, "%hsome could not be killed"),
    say(Kind::lines_dropped, 0, "%h%d messages could not be written"),
    say(Kind::exiting_alone, 0, "%hexiting with code %d, no replica's own"),
    say(Kind::replica_up, 1, "%hreplica %r is up"),
    say(Kind::replica_drains, 1, "%hdraining replica %r"),
    say(Kind::replica_replaced, 1, "%hreplacing replica %r"),
    say(Kind::not_sent, 1, "%hdropped %s"),
    say(Kind::stop_delayed, 1, "%hholding %s back for --stop-delay"),
    say(Kind::still_there, 1, "%hpid %p (%f) remains"),
    say(Kind::not_reaped, 1, "%hpid %p (%f) is a zombie, not reaped by its parent %d"),
    say(Kind::rest_told, 1, "%hsent TERM to the remaining processes"),
    say(Kind::suspending, 1, "%hstopping myself"),
    say(Kind::rewritten, 2, "%hrewriting %s to %o"),
    say(Kind::hand_off_ignored, 2, "%hignored the terminal's %s"),
    say(Kind::session_made, 2, "%hthe child leads a new session"),
};
constexpr auto kNative = packed<kNativeRows, 0>();

// tini's levels: FATAL always, WARN from 1 (its default), INFO from 2, DEBUG from 3.
constexpr Row kTiniRows[] = {
    say(Kind::bad_value, kAlways, "%hNot a valid option for -%c: %v"),
    say(Kind::no_command, kAlways, "tini: no program given"),
    say(Kind::exec_failed, kAlways, "[FATAL tini (%p)] exec %q failed: %e"),
    say(Kind::spawn_failed, kAlways, "%hfork failed: %e"),
    say(Kind::fatal, kAlways, "%h%f failed: %e"),
    say(Kind::failed, 1, "%h%f failed: %e"),
    say(Kind::send_failed, 1, "%hUnexpected error when forwarding signal: '%e'"),
    say(Kind::orphan_warned, 1, "%hReaped zombie process with pid=%p"),
    say(Kind::not_a_reaper, 1,
        "%hTini is not running as PID 1 and isn't registered as a child subreaper.\n"
        "Orphans do not become its children, so zombie reaping won't work.\n"
        "To fix the problem, use -s, set TINI_SUBREAPER, or run it as PID 1."),
    say(Kind::spawned, 2, Stream::output, "%hSpawned child process '%q' with pid '%p'"),
    say(Kind::leader_exited, 2, Stream::output, "%hMain child exited normally (with status '%m')"),
    say(Kind::leader_killed, 2, Stream::output,
        "%hMain child exited with signal (with signal '%o')"),
    say(Kind::child_signal, 3, Stream::output, "%hReceived SIGCHLD"),
    say(Kind::received, 3, Stream::output, "%hPassing signal: '%s'"),
    say(Kind::orphan_exited, 3, Stream::output, "%hReaped child with pid: '%p'"),
};
constexpr auto kTini = packed<kTiniRows, 0>();

// What getopt_long(3) says on behalf of all three originals.
constexpr Row kGetoptRows[] = {
    say(Kind::unknown_option, kAlways, "%z: unrecognized option '--%f'"),
    say(Kind::unknown_letter, kAlways, "%z: invalid option -- '%c'"),
    say(Kind::missing_value, kAlways, "%z: option '--%f' requires an argument"),
    say(Kind::missing_letter_value, kAlways, "%z: option requires an argument -- '%c'"),
    say(Kind::unexpected_value, kAlways, "%z: option '--%f' doesn't allow an argument"),
};
constexpr auto kGetopt = packed<kGetoptRows, 0>();

// The three lines on a bad -r are part of its interface.
constexpr Row kDumbInitRows[] = {
    say(Kind::bad_value, kAlways,
        "Usage: -r option takes <signum>:<signum>, where <signum> is between 1 and 31.\n"
        "This option can be specified multiple times.\n"
        "Use --help for full usage."),
    say(Kind::no_command, kAlways, "Usage: %u\nTry dumb-init --help for full usage."),
    say(Kind::exec_failed, kAlways, "%h%q: %e"),
    say(Kind::spawned, 1, "%hChild spawned with PID %p."),
    say(Kind::session_made, 1, "%hsetsid complete."),
    say(Kind::received, 1, "%hReceived signal %n."),
    say(Kind::child_signal, 1, "%hReceived signal %n."),
    say(Kind::rewritten, 1, "%hTranslating signal %n to %m."),
    say(Kind::sent, 1, "%hForwarded signal %n to children."),
    say(Kind::not_sent, 1, "%hNot forwarding signal %m to children (ignored)."),
    say(Kind::hand_off_ignored, 1, "%hIgnoring tty hand-off signal %n."),
    say(Kind::suspending, 1, "%hSuspending self due to TTY signal."),
    say(Kind::leader_exited, 1, "%hA child with PID %p exited with exit status %m."),
    say(Kind::leader_killed, 1, "%hA child with PID %p was terminated by signal %m."),
    say(Kind::exiting, 1, "%hChild exited with status %d. Goodbye."),
};
constexpr auto kDumbInit = packed<kDumbInitRows, 0>();

constexpr Row kCatatonitRows[] = {
    say(Kind::no_command, kAlways, "ERROR (catatonit:%i): missing program name"),
    say(Kind::usage_line, kAlways, "usage: %u"),
    say(Kind::exec_failed, kAlways, "ERROR (catatonit:%p): failed to exec pid1: %e"),
};
constexpr auto kCatatonit = packed<kCatatonitRows, 0>();

// The kinds that no table says without -v.
class QuietKinds {
 public:
  consteval QuietKinds() {
    for (const Row& row : kNativeRows) set(row, true);
    for (const Row& row : kDumbInitRows) set(row, false);
    for (const Row& row : kTiniRows) set(row, false);
    for (const Row& row : kCatatonitRows) set(row, false);
    for (const Row& row : kGetoptRows) set(row, false);
  }
  constexpr bool has(Kind kind) const { return quiet_[static_cast<std::size_t>(kind)]; }

 private:
  // A later table can only take away.
  consteval void set(const Row& row, bool first) {
    bool& quiet = quiet_[row.head[0]];
    quiet = (first || quiet) && row.head[1] % kLevels > kLevelBias;
  }
  bool quiet_[static_cast<std::size_t>(Kind::lines_dropped) + 1]{};
};
constexpr QuietKinds kQuiet;

const char* table_of(Style style) {
  switch (style) {
  case Style::tini: return kTini.data();
  case Style::dumb_init: return kDumbInit.data();
  case Style::catatonit: return kCatatonit.data();
  case Style::native: break;
  }
  return kNative.data();
}

Line find(const char* table, Kind kind) {
  Line line(table);
  while (!line.at_end() && line.kind() != kind) line.next();
  return line;
}

void append_head(Text& out, int level, Style style, int own_pid) {
  // From kAlways on; nothing is said at -1 and 0.
  static constexpr char kTiniLevels[] = "FATAL\0\0\0WARN \0INFO \0DEBUG";
  switch (style) {
  case Style::native:
  case Style::catatonit: out.put("hydrinit: "); break;
  case Style::dumb_init: out.put("[dumb-init] "); break;
  case Style::tini:
    out.add("[%s tini (%d)] ", skip_strings(kTiniLevels, static_cast<std::size_t>(level - kAlways)),
            own_pid);
    break;
  }
}

void append_error(Text& out, const char* words, int code) {
  words != nullptr ? out.put_squeezed(words) : out.add("errno %d", code);
}

void append_end(Text& out, const Notice& notice) {
  if (notice.signal == 0) return out.add("ended with code %d", notice.other);
  out.put("was killed by ");
  append_signal(out, notice.signal);
}

void append_replica(Text& out, const Notice& notice) {
  if (!notice.of_replica) return;
  out.add(" (replica %d", notice.slot);
  const bool short_life = notice.lived < Millis{10000};
  if (notice.kind != Kind::spawned) {
    out.add(", after %d%s", static_cast<int>(notice.lived.count / (short_life ? 1 : 1000)),
            short_life ? " ms" : " s");
  }
  out.put(')');
}

// In the order of ValueKind.
constexpr PackedRow<1, 1> kDescriptionRows[] = {
    {{1}, {"yes or no (1 or 0, on or off)"}},
    {{2}, {"yes, no or a number up to 9"}},
    {{3}, {"a duration (250ms, 5s, 2m, 1h; a bare number is seconds)"}},
    {{4}, {"a signal (TERM, SIGTERM, 15, RTMIN+3)"}},
    {{5}, {"a list of signals that can be received (TERM,INT,RTMIN+3)"}},
    {{6}, {"FROM:TO signals (TERM:QUIT,INT:0; KILL, STOP and CHLD are never received)"}},
    {{7}, {"a list of exit codes 0 to 255 and signal names (143,TERM)"}},
    {{12}, {"a number of replicas, max or max-K"}},
    {{13}, {"a number up to 10000"}},
    {{14}, {"no, on-failure, on-failure:N or always"}},
    {{15}, {"failed, any, all or never"}},
    {{16}, {"NAME or NAME=BASE"}},
    {{17}, {"none, a duration, fd:N (3 to 63), notify or listen"}},
    {{18}, {"even or shared"}},
    {{19}, {"drain, start-first or stop-first"}},
    {{20}, {"[NAME=]PORT, ADDRESS:PORT, [IPV6]:PORT, udp:... or unix:PATH, 16 at most"}},
    {{21}, {"a list of ports 1 to 65535"}},
    {{22}, {"a user: NAME or UID, :GROUP or :GID"}},
    {{23}, {"raw, prefix or json"}},
    {{24}, {"a size (64K, 300M, 1G)"}},
    {{25}, {"a process id"}},
    {{26}, {"a number up to 10000"}},
    {{27}, {"a number up to 10000"}},
    {{28}, {"table or json"}},
};
constexpr auto kDescriptions = packed<kDescriptionRows, 0>();
static_assert(static_cast<int>(ValueKind::status_list) == 7);
static_assert(static_cast<int>(ValueKind::ask_format) == 28);

// The dialects' own kinds have words of their own, without a description.
void append_description(Text& out, ValueKind kind) {
  out.put_squeezed(find_text(kDescriptions.data(), static_cast<int>(kind), ""));
}

// One byte of a line's words: a field, or text.
void append_code(Text& out, char code, const Line& line, const Notice& notice, const Voice& voice,
                 Style style) {
  switch (code) {
  case field_code('h'):
    if (!voice.json) append_head(out, line.level(), style, voice.own_pid);
    break;
  case field_code('p'): out.put_number(notice.pid); break;
  case field_code('i'): out.put_number(voice.own_pid); break;
  case field_code('q'): out.put_shown(voice.command); break;
  case field_code('s'): append_signal(out, notice.signal); break;
  case field_code('n'): out.put_number(notice.signal); break;
  case field_code('o'): append_signal(out, notice.other); break;
  case field_code('m'): out.put_number(notice.other); break;
  case field_code('r'): out.put_number(notice.slot); break;
  case field_code('w'): append_end(out, notice); break;
  case field_code('y'): append_replica(out, notice); break;
  case field_code('t'):
    notice.code > 0 ? out.add("in %d ms", notice.code) : out.put("at once");
    break;
  case field_code('g'):
    out.add("%s %d", notice.to_group ? "process group" : "pid", notice.pid);
    break;
  case field_code('f'): out.put_shown(notice.name, notice.name_end); break;
  case field_code('c'): out.put_shown(notice.letter); break;
  case field_code('v'): out.put_shown(notice.value); break;
  case field_code('x'): append_description(out, notice.expected); break;
  case field_code('u'):
    out.put(voice.name);
    out.put_squeezed(voice.usage);
    break;
  case field_code('z'): out.put(voice.name); break;
  case field_code('e'): append_error(out, voice.error_text(notice.code), notice.code); break;
  case field_code('d'): out.put_number(notice.code); break;
  default: out.put_code(code); break;
  }
}

bool is_orphan(Kind kind) { return kind == Kind::orphan_exited || kind == Kind::orphan_killed; }

}  // namespace

bool is_silent(Notice::Kind kind, const Voice& voice) {
  return voice.verbosity <= 0 && !voice.warn_reaped && kQuiet.has(kind);
}

Stream render(Text& out, const Notice& notice, const Voice& voice) {
  const bool warn = voice.warn_reaped && is_orphan(notice.kind);
  Kind kind = notice.kind;
  if (voice.style == Style::tini && is_orphan(kind)) {
    kind = warn ? Kind::orphan_warned : Kind::orphan_exited;
  } else if (voice.style == Style::dumb_init && is_orphan(kind)) {
    kind = kind == Kind::orphan_exited ? Kind::leader_exited : Kind::leader_killed;
  }
  Style style = voice.style;
  Line line = find(table_of(voice.style), kind);
  if (line.at_end()) line = find(kGetopt.data(), kind);
  if (line.at_end()) {
    // A policy that the original does not have came from a HYDRINIT_ variable: what matters about
    // it is said in hydrinit's own words. So is what catatonit tells when it is to debug.
    line = find(kNative.data(), kind);
    style = Style::native;
    const bool chatty = voice.style == Style::native || voice.style == Style::catatonit;
    if (line.at_end() || (line.level() > 0 && !chatty)) return Stream::error;
  }
  const bool wanted = voice.verbosity >= line.level() || (warn && voice.style != Style::tini);
  if (!wanted) return Stream::error;
  for (const char* word = line.words(); *word != '\0'; ++word) {
    append_code(out, *word, line, notice, voice, style);
  }
  out.put('\n');
  return line.stream();
}

}  // namespace hydrinit
