"""Fails every system call that hydrinit makes, and judges what becomes of it. See scripts/faults."""
import argparse
import collections
import concurrent.futures
import errno
import os
import queue
import random
import re
import signal
import socket
import sys
import tempfile
import time

import engine
from engine import CALL, FIRST_CALL, Fault, Life
from errnos import ERRNOS, NEVER_FAILED
from scenarios import SCENARIOS

DOCUMENT = "docs/faults.md"
# Where the kernel alone knows, what it says is believed: that the caller of bind(2) is gone or has given a wrong
# address, that its socket is no TCP, that there are no children. A replica may then fail by the restart policy.
BELIEVED = {("ioctl", "ENOENT"), ("openat", "EFAULT"), ("preadv", "EFAULT"), ("getxattr", "EOPNOTSUPP"),
            ("waitid", "ECHILD")}
OWN_CODES = {1, 2, 125, 126, 127}


class Place:
    """What a worker has for itself."""

    def __init__(self, build, folder):
        self.hydrinit = os.path.abspath(f"{build}/hydrinit")
        self.probe = os.path.abspath(f"{build}/probe")
        self.folder = folder
        os.chmod(folder, 0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]


class Result:
    def __init__(self):
        self.code = None  # without a fault: the client's, or else hydrinit's
        self.wrong = []  # broken promises
        self.outcome = ""
        self.reached = False  # the call that was to fail was made
        self.descriptors = 0
        self.lines = []
        self.details = ""


# ---- one life --------------------------------------------------------------------------------------


def plain_lines(text, fault, place):
    """hydrinit's own lines, without what differs from run to run."""
    lines = []
    for line in text.replace("\r", "").split("\n"):
        at = line.find("hydrinit: ")
        if at < 0:
            continue
        line = line[at + len("hydrinit: "):]
        if fault:
            number = getattr(errno, fault.errno, 0)
            for words in (os.strerror(number), f"errno {number}"):
                line = re.sub(re.escape(words) + r"$", "ERROR", line)
                line = re.sub(re.escape(words) + r" \(", "ERROR (", line)
        line = line.replace(place.probe, "COMMAND").replace(place.folder, "FOLDER").replace(str(place.port), "PORT")
        line = re.sub(r"\b(pid|process group) \d+", r"\1 N", line)
        line = re.sub(r"starting it again .*", "starting it again", line)
        line = re.sub(r"\breplica \d+", "replica N", line)
        line = re.sub(r"\b\d+ ms\b", "N ms", line)
        lines.append(line)
    return list(dict.fromkeys(lines))


def live(scenario, place, fault=None, usual=None, trace=None):
    """One life; usual: the Result of one without a fault."""
    result = Result()
    life = Life(scenario, place, fault, trace)
    notes = []
    early = False
    asked = None
    try:
        scenario.steps(life)
        if scenario.asks:
            asked = life.ask(scenario.asks, life.strace)
    except engine.NotSeen as step:
        notes.append(f"{step} not seen")
    except engine.Ended:
        pass
    early = life.pidfd_readable()
    if not early:
        settle(life, fault, usual, result)
    if not early and not life.stop():
        result.wrong.append("TERM, twice, does not end it")
        result.details = looked_at(life)
        life.close()
        life.code = 0
    else:
        life.finish()
        left = life.ours()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        if left and not (fault and not scenario.pid1 and unknown_to(fault)):
            result.wrong.append("something is left running")
    log = engine.read(life.log)
    result.reached = "(INJECTED)" in log
    judge(life, early, asked, fault, usual, notes, result)
    result.details += f"code {life.code}\n--- output\n{life.out}--- errors\n{life.err}"
    if asked:
        result.details += f"--- client\n{asked}\n"
    return result


def unknown_to(fault):
    """Not PID 1, it has said that it does not adopt orphans; or that its child is gone, as the kernel told it."""
    return fault.call == "prctl" or (fault.call, fault.errno) == ("waitid", "ECHILD")


def looked_at(life):
    init = life.init()
    return "".join(f"--- {name}\n" + engine.read(f"/proc/{init}/{name}") for name in ("status", "syscall", "wchan"))


def settle(life, fault, usual, result):
    """What it has open, and whom it has not reaped, once all is quiet."""
    # strace does not make the call that it fails: what was to be closed then is open still.
    spared = {"close": 1, "close_range": 64}.get(fault.call, 0) if fault else 0
    limit = usual.descriptors + spared if usual and not life.scenario.ends else None
    if limit is not None and not life.until(lambda: len(life.descriptors()) <= limit, engine.SETTLE_S):
        if not life.pidfd_readable():
            result.wrong.append(f"descriptors leak: {len(life.descriptors())}, not {limit}")
    if not life.until(lambda: not life.zombies(), engine.SETTLE_S) and not life.pidfd_readable():
        result.wrong.append("a zombie stays")
    result.descriptors = len(life.descriptors())


def judge(life, early, asked, fault, usual, notes, result):
    text = asked[2] if asked else life.err + (life.out if life.scenario.terminal else "")
    result.lines = plain_lines(text, fault, life.place)
    if usual is None:
        result.code = asked[0] if asked else life.code
        return
    lines = [line for line in result.lines if line not in usual.lines]
    if life.code < 0:
        result.wrong.append(f"signal {-life.code} has ended it")
    if life.scenario.asks:
        judge_answer(life, asked, lines, result)
    elif early and not (life.scenario.ends and life.code == life.scenario.code):
        judge_end(life, fault, lines, result)
    else:
        result.outcome = "goes on"
        # With which code it stops in the end depends on who was just being started again.
        if life.stops > 1:
            notes.append("stops at the second TERM")
    if lines:
        result.outcome += ": " + "; ".join(f"`{line}`" for line in lines)
    if notes:
        result.outcome += f" ({', '.join(notes)})"


def judge_answer(life, asked, lines, result):
    """Of a client; the init that was asked is as well as before."""
    code = asked[0] if asked else None
    result.outcome = "answers" if code == 0 else f"ends with {code}"
    if asked is None:
        result.wrong.append("the init was not well")
    elif code is None:
        result.wrong.append("the client does not come back")
    elif code != 0 and (code not in OWN_CODES or not lines):
        result.wrong.append(f"the client ends with {code} and says nothing")
    if life.code != life.scenario.code:
        result.wrong.append(f"the init ends with {life.code}")


def judge_end(life, fault, lines, result):
    """It has ended before it was asked to."""
    # Who waits has started somebody.
    started = "ready " in life.out or fault.call == "waitid" or fault.role == "child"
    # The command may end as it will without what its start has failed to give it.
    own = fault.role == "child" and life.err.strip() != "" and not lines
    if own:
        result.outcome = f"the command ends with {life.code}"
        return
    result.outcome = f"ends with {life.code}" if started else f"start refused, {life.code}"
    if life.code not in OWN_CODES:
        result.wrong.append(f"it ends with {life.code}")
    elif not lines:
        result.wrong.append(f"it ends with {life.code} and says nothing")
    elif started and fault.role == "init" and (fault.call, fault.errno) not in BELIEVED:
        result.wrong.append(f"it ends with {life.code} though the command runs")


# ---- what there is to fail -------------------------------------------------------------------------


def counted(log, role, attached):
    """How often the process, or that of its children that makes most, makes each call, and how many of them before
    main()."""
    processes = collections.defaultdict(collections.Counter)
    before = collections.Counter()
    first = None
    begun = False
    for line in log.splitlines():
        match = CALL.match(line)
        if not match:
            continue
        pid, call = int(match[1] or 0), match[2]
        if first is None:
            first = pid
            if not attached:
                continue  # its own execve, which strace does not count
        if pid == first and not begun:
            begun = FIRST_CALL in line
            if not begun:
                before[call] += 1
        processes[pid][call] += 1
    if role == "init":
        return processes[first], before
    most = collections.Counter()
    for pid, calls in processes.items():
        if pid != first:
            most |= calls
    return most, collections.Counter()


traced = set()  # the calls that have been seen


def never_made():
    """What the source has, and none of the lives: other machines' calls, and those of rarer ways."""
    names = set()
    for folder, _, files in os.walk("src"):
        for name in files:
            names |= set(re.findall(r"\bSYS_([a-z0-9_]+)", engine.read(f"{folder}/{name}")))
    return sorted(names - traced)


def faults_of(log, role, attached):
    faults = []
    calls, before = counted(log, role, attached)
    traced.update(calls)
    for call, number in sorted(calls.items()):
        if call in NEVER_FAILED or before[call] == number:
            continue
        if call not in ERRNOS:
            sys.exit(f"faults: no errors are known of {call}: see its man page, and scripts/faults.d/errnos.py")
        for i in range(before[call] + 1, number + 1):
            faults += [Fault(role, call, i, i - before[call], error) for error in ERRNOS[call]]
    return faults


def check_clocks(scenario, log):
    """Times are those of a clock that nobody can set."""
    for line in log.splitlines():
        if "clock_gettime(" in line and "CLOCK_MONOTONIC" not in line:
            sys.exit(f"faults: {scenario.name}: looks at a clock that can be set: {line}")


def prepare(scenario, place):
    """What is usual, and all faults."""
    faults = []
    usual = None
    for role in scenario.roles:
        result = live(scenario, place, trace=role)
        # 143: TERM came before the command has made itself ready for it.
        if result.wrong or result.code not in ((0,) if scenario.asks else (scenario.code, 143)):
            sys.exit(f"faults: {scenario.name} without a fault: {result.wrong}\n{result.details}")
        log = engine.read(f"{place.folder}/strace.log")
        check_clocks(scenario, log)
        faults += faults_of(log, role, scenario.attach)
        if usual:
            usual.lines += result.lines
            usual.descriptors = max(usual.descriptors, result.descriptors)
        else:
            usual = result
    return usual, faults


# ---- all of them -----------------------------------------------------------------------------------


class Runner:
    def __init__(self, build, workers, verbose):
        self.workers = workers
        self.verbose = verbose
        self.stack = tempfile.TemporaryDirectory(prefix="hydrinit-faults-")
        self.places = queue.SimpleQueue()
        for number in range(workers):
            folder = f"{self.stack.name}/{number}"
            os.mkdir(folder)
            self.places.put(Place(build, folder))
        os.chmod(self.stack.name, 0o755)
        self.usual = {}
        self.faults = []
        self.begun = time.monotonic()
        self.failed = 0
        self.missed = 0
        self.results = []  # (scenario, fault, outcome)

    def prepare(self, scenarios):
        place = self.places.get()
        for scenario in scenarios:
            usual, faults = prepare(scenario, place)
            self.usual[scenario.name] = usual
            self.faults += [(scenario, fault) for fault in faults]
            print(f"{scenario.name}: {len({(f.role, f.call, f.number) for f in faults})} calls, {len(faults)} faults",
                  flush=True)
        self.places.put(place)

    def run(self, scenario, fault):
        place = self.places.get()
        try:
            # Chance decides how often some calls are made.
            for _ in range(3):
                result = live(scenario, place, fault, self.usual[scenario.name])
                if result.reached or result.wrong:
                    break
        finally:
            self.places.put(place)
        return result

    def run_all(self, cases, seconds=None, promised=None):
        done = 0

        def one(case):
            if seconds and time.monotonic() - self.begun > seconds:
                return case, None
            return case, self.run(*case)

        with concurrent.futures.ThreadPoolExecutor(self.workers) as pool:
            for (scenario, fault), result in pool.map(one, cases):
                if result is None:
                    continue
                done += 1
                if self.verbose:
                    print(f"{scenario.name} {fault}: {result.outcome}" + ("" if result.reached else " (not made)"))
                if result.wrong:
                    self.failed += 1
                    print(f"WRONG: {scenario.name} {fault}: {', '.join(result.wrong)}", flush=True)
                elif not result.reached:
                    self.missed += 1
                    continue
                elif promised is not None and "start refused" in result.outcome and not (
                        row_of(fault, result.outcome) in promised.get(scenario.name, "")):
                    self.failed += 1
                    print(f"WRONG: {scenario.name} {fault}: {result.outcome}: not in {DOCUMENT}; it is renewed by "
                          "scripts/faults --write", flush=True)
                self.results.append((scenario, fault, result.outcome))
                if done % 500 == 0:
                    print(f"{done} of {len(cases)}, {time.monotonic() - self.begun:.0f} s", flush=True)
        print(f"{done} faults in {time.monotonic() - self.begun:.0f} s: "
              f"{done - self.failed - self.missed} as promised, {self.missed} whose call was not made, "
              f"{self.failed} wrong")
        return self.failed == 0


# ---- the document ----------------------------------------------------------------------------------


def name_of(fault):
    return fault.call + (" (child)" if fault.role == "child" else "")


def row_of(fault, outcome):
    """What a row of that outcome has in it, apart from numbers and errors."""
    return f"`{name_of(fault)}` {outcome}"


def promises():
    """The rows of each life in the document, as row_of() has them."""
    found = {}
    for section in engine.read(DOCUMENT).split("\n## ")[1:]:
        rows = [line.split(" | ") for line in section.split("\n") if line.startswith("| `")]
        found[section.split("\n")[0]] = "\n".join(f"{row[0][2:]} {row[3]}" for row in rows)
    return found


def ranges(numbers):
    parts = []
    for number in sorted(numbers):
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}\u2013{b}" for a, b in parts)


def rows_of(results):
    """(silent, rows): calls of which none is told; for the others (call, numbers, errors, outcome)."""
    by_call = collections.defaultdict(lambda: collections.defaultdict(list))
    for fault, outcome in results:
        by_call[name_of(fault)][outcome].append(fault)
    silent, rows = [], []
    for name, outcomes in sorted(by_call.items()):
        every = [fault for faults in outcomes.values() for fault in faults]
        numbers = {fault.shown for fault in every}
        errors = {fault.errno for fault in every}
        if set(outcomes) <= {"goes on", "answers"}:
            silent.append((name, len(numbers)))
            continue
        for outcome, its in sorted(outcomes.items()):
            rows.append((name, which_of({fault.shown for fault in its}, numbers),
                         errors_of({fault.errno for fault in its}, errors), outcome))
    return silent, rows


def which_of(its, every):
    return "each" if its == every and len(every) > 1 else ranges(its)


def errors_of(its, every):
    others = ", ".join(sorted(every - its))
    if len(every - its) < len(its):
        return f"all but {others}" if others else "all"
    return ", ".join(sorted(its))


def document(results):
    never = ", ".join(f"`{name}`" for name in never_made())
    lines = [INTRODUCTION.format(count=f"{len(results):,}", never=never).strip(), ""]
    for scenario in SCENARIOS:
        its = [(fault, outcome) for other, fault, outcome in results if other is scenario]
        silent, rows = rows_of(its)
        lines += [f"## {scenario.name}", "", scenario.says[0].upper() + scenario.says[1:] +
                  f". {len(its)} faults."]
        if silent:
            lines += ["", "Nothing changes: " + ", ".join(f"`{name}`" + (f" \u00d7 {n}" if n > 1 else "")
                                                            for name, n in silent) + "."]
        if rows:
            lines += ["", "| call | which | error | outcome |", "|---|---|---|---|"]
            lines += [f"| `{call}` | {which} | {errors} | {outcome.replace('|', '&#124;')} |"
                      for call, which, errors, outcome in rows]
        lines.append("")
    return "\n".join(lines)


INTRODUCTION = """
# Faults

What becomes of hydrinit when a system call fails. Made by `scripts/faults --write`, which reads the calls out of a
trace of each life below and lets strace fail every one of them, the first, the second, … and the last, once with each
error that its man page lists: {count} faults.

None of them hangs PID 1, ends it by a signal, leaks a descriptor or a zombie, or leaves a process behind. Before the
command runs hydrinit may refuse, with one line that says why and a code of [its own](exit-codes.md); then nothing has
been started. After that it goes on: what has failed is told, tried again, or has its reason beside it in the
source. TERM ends it each time, sometimes only a second one.

- *which*: the n-th call of that name, or each of those that there are.
- A row unites what ends alike, so not each of its errors need end so at each of its numbers.
- *(child)*: the process that is to become the command, until it executes. There the call fails in each one that
  hydrinit makes, not only once, and in hydrinit too should it make as many.
- *error*: `all`, or those of the man page that end so. In a message ERROR is what the error is called, or its number.
- *not seen*: what is usual in that life and did not come, such as a signal that could not be forwarded.
- Not failed: what libc does before `main`, and the calls that have no error, such as getpid(2). In the source, and
  in none of these lives: {never}.

Many errors are none that the kernel could give for these arguments. They are here since a seccomp profile can.
How often some are made is chance: another run may count differently. `scripts/faults` takes a sample, which is also
held against the refused starts below.
Pids limits, the OOM killer, full disks, storms of signals, exits and reloads: `tests/integration/faults_test.cc`.
"""


# ---- the command -----------------------------------------------------------------------------------


def sample_of(cases, seed):
    """One of each call of each scenario, then another one, and so on."""
    groups = collections.defaultdict(list)
    for case in cases:
        groups[case[0].name, case[1].role, case[1].call].append(case)
    chance = random.Random(seed)
    for group in groups.values():
        chance.shuffle(group)
    rounds = []
    while groups:
        each = [group.pop() for group in groups.values()]
        chance.shuffle(each)
        rounds += each
        groups = {key: group for key, group in groups.items() if group}
    return rounds


def main():
    parser = argparse.ArgumentParser(prog="scripts/faults")
    parser.add_argument("build")
    parser.add_argument("what", choices=["all", "sample", "one", "list"])
    parser.add_argument("words", nargs="*")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--workers", type=int, default=2)  # they wait most of the time
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    # As many CPUs on each machine.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    os.umask(0o022)
    scenarios = [each for each in SCENARIOS if not options.only or each.name in options.only.split(",")]
    if options.what == "one":
        scenarios = [each for each in SCENARIOS if each.name == options.words[0]]
    runner = Runner(options.build, options.workers, options.verbose)
    runner.prepare(scenarios)
    if options.what == "list":
        return 0
    if options.what == "one":
        _, role, call, number, error = options.words
        for scenario, fault in runner.faults:
            if (fault.role, fault.call, fault.shown, fault.errno) == (role, call, int(number), error):
                result = runner.run(scenario, fault)
                print(f"{fault}: {result.outcome}; {result.wrong}\n{result.details}")
                return 1 if result.wrong else 0
        sys.exit("faults: there is no such call")
    if options.what == "sample":
        seconds = int(options.words[0]) if options.words else 60
        return 0 if runner.run_all(sample_of(runner.faults, options.seed), seconds, promises()) else 1
    good = runner.run_all(runner.faults)
    if options.write and good:
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(document(runner.results))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
