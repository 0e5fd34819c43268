// Everything hydrinit can say, as data; and its wording in each dialect. One notice is one line.
// What is worth saying at which verbosity stands in the same table as the words.
#pragma once

#include <cstdint>

#include "core/config.h"
#include "core/text.h"

namespace hydrinit {

// What kind of value an option takes; it also words the complaint about a bad one.
enum class ValueKind : std::uint8_t {
  flag = 1,
  count,  // a flag that adds up
  duration,
  signal,
  signal_list,
  rewrite_list,
  status_list,
  tini_signal,      // exactly SIGHUP to SIGSYS
  tini_status,      // one code
  low_rewrite,      // dumb-init's: one pair, up to 31
  verbosity_level,  // as atoi reads it
  replicas,         // N, max, max-K
  number,           // up to kReplicasMax
  restart,          // a word, with a number at times
  exit_when,        // a word
  index_env,        // NAME or NAME=BASE
  ready,            // none, D, fd:N, notify, listen
  balance,          // a word
  reload_order,     // a word
  listen_list,      // sockets
  share,            // ports, or none at all
  user,             // NAME or UID[:GROUP or GID]
  log,              // a word
  size,             // of memory, in KiB
  pid,
  // The verbs that ask, whose row says which: with a number, and those that can do without.
  ask_number,
  ask_count,
  ask_format,
};

struct Notice {
  enum class Kind : std::uint8_t {
    none,
    // A command line or an environment that cannot be taken.
    unknown_option,        // name
    unknown_letter,        // letter
    missing_value,         // name, expected
    missing_letter_value,  // letter, name, expected
    unexpected_value,      // name, value
    bad_value,             // name, letter, value, expected
    bad_variable,          // name is the variable's; value, expected
    no_command,
    unwanted_command,  // value
    both_given,        // option name beside option value
    above_limit,       // option name is above option value
    needs_other,       // option name makes no sense without option value
    given_twice,       // option name has a name or port in it that value has already
    too_many,          // option name is above code
    usage_line,        // catatonit's second line
    // A child's life.
    spawned,        // pid
    session_made,   // the child leads its session
    exec_failed,    // pid, code = errno: the command could not be executed
    spawn_failed,   // name of the operation, code = errno: no process could be made
    leader_exited,  // pid, other = its exit code
    leader_killed,  // pid, other = the signal
    orphan_exited,  // pid, other
    orphan_killed,  // pid, other
    orphan_warned,  // either, in tini's words for -w
    // Signals.
    received,      // signal
    child_signal,  // SIGCHLD
    rewritten,     // signal -> other
    sent,          // signal to pid, or its group
    not_sent,      // signal is dropped
    send_failed,   // signal, pid, code = errno
    // Replicas. Ended: signal, or else other is the exit code.
    replica_restarts,  // slot, how it ended, code = the delay in ms
    replica_up,        // slot
    replica_drains,    // slot: gets no new connections
    replica_replaced,  // slot: by a reload
    replica_done,      // slot, how it ended
    replica_failed,    // slot, how it ended
    replica_decided,   // slot: by the exit policy the rest is stopped
    start_retried,     // slot, code = the delay in ms
    not_ready,         // slot: --ready-timeout is over
    scaled,            // code = how many are wanted now
    not_scaled,        // code = how many there are still
    reload_begun,
    reload_done,
    reload_ended,  // slot: the one that failed
    renewing,      // slot: by --restart-replica
    too_heavy,     // slot, code = its KiB: by --max-memory
    // The answers of another hydrinit.
    ask_failed,   // pid, code = errno
    no_status,    // pid
    stopping,     // pid
    not_healthy,  // code = how many are ready, slot = of how many
    renewed,      // slot, pid
    no_replica,   // slot
    no_answer,
    // Ports.
    listen_failed,  // name of the socket as it was asked for, value the operation, code = errno
    share_begun,    // replicas are given no_new_privs
    share_failed,   // name of the operation, code = errno: a replica was given no socket
    user_unknown,   // name: the user or its group
    user_failed,    // name of the operation, code = errno
    log_lost,       // name of the stream, code = errno: it cannot be written
    // The end.
    stop_delayed,    // signal
    stop_timed_out,  // pid
    stop_hastened,   // pid
    child_lost,      // pid: somebody else took the exit status of the child
    rest_told,       // the remaining processes got TERM
    rest_killed,     // ... and KILL
    still_there,     // pid, name of its command: it gets KILL
    not_reaped,      // pid, name of its command: a zombie of the parent code
    rest_left,       // ... and some are still there
    exiting,         // code
    exiting_alone,   // code: no replica ended with it
    // Ourselves.
    suspending,        // hydrinit stops itself
    hand_off_ignored,  // signal: the kernel's, for letting the terminal go
    not_a_reaper,      // orphans will not come here
    failed,            // name of the operation, code = errno: hydrinit goes on
    fatal,             // name of the operation, code = errno: hydrinit could not start
    lines_dropped,     // code = how many
  };
  Kind kind = Kind::none;
  bool to_group = false;
  bool of_replica = false;  // of slot, which has lived so long
  std::uint8_t signal = 0;
  std::uint8_t other = 0;
  char letter = 0;
  ValueKind expected{};
  int pid = 0;
  int code = 0;
  int slot = 0;
  Millis lived{};
  const char* name = nullptr;
  const char* name_end = nullptr;  // when name goes on behind it
  const char* value = nullptr;
};

// Who speaks and how much.
struct Voice {
  Style style = Style::native;
  std::int8_t verbosity = 0;
  bool warn_reaped = false;
  bool json = false;  // the line becomes an object that says itself who speaks
  int own_pid = 0;
  const char* name = "";  // of the dialect, as its usage
  const char* usage = "";
  const char* command = "";                  // argv[0] of the command
  const char* (*error_text)(int) = nullptr;  // errno to words, squeezed; nullptr for an unknown one
};

enum class Stream : std::uint8_t { error, output };

// True: render() would append nothing, known without its look-up. So it is for all that a run, a
// signal and an orphan tell, unless -v is given.
bool is_silent(Notice::Kind kind, const Voice& voice);

// Appends the line, newline included; appends nothing when it is not worth saying. Returns where it
// belongs: tini tells its progress on standard output.
Stream render(Text& out, const Notice& notice, const Voice& voice);

}  // namespace hydrinit
