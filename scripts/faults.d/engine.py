"""One life of hydrinit under strace, with a system call that fails, and the judgement of it."""
import os
import re
import select
import signal
import socket
import subprocess
import time
from dataclasses import dataclass

STEP_S = 6  # how long a step may take that a fault may also prevent
STOP_S = 5  # how long a stop may take; far more than any time-out of a scenario
SETTLE_S = 5
LIFE_S = 60  # no life takes longer

# The same number of folders to look in on each machine.
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

# What main() begins with: calls before it are libc's.
FIRST_CALL = "rt_sigprocmask(SIG_SETMASK, ~[]"
# The first call of a client's; it does not become PID 1, but begins the same.
CALL = re.compile(r"^(?:(\d+) +)?([a-z0-9_]+)\(")


@dataclass
class Fault:
    role: str  # init: the process itself; child: those it makes, until they execute
    call: str
    number: int  # the n-th of that name since the start, as strace counts
    shown: int  # ... since main()
    errno: str

    def __str__(self):
        return f"{self.role} {self.call} {self.shown} {self.errno}"


class Ended(Exception):
    """hydrinit has ended before it was asked to."""


class NotSeen(Exception):
    """A step was not reached within its time."""


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def stat_of(pid):
    """Command, state."""
    text = read(f"/proc/{pid}/stat")
    return (text[text.find("(") + 1:text.rfind(")")], text[text.rfind(")") + 2:][:1]) if text else ("", "")


def children(pid):
    return [int(word) for word in read(f"/proc/{pid}/task/{pid}/children").split()]


class Life:
    def __init__(self, scenario, place, fault=None, trace=None):
        """place: build, folder, port. trace: 'init' or 'child', to only write the log of all calls."""
        self.scenario = scenario
        self.place = place
        self.log = f"{place.folder}/strace.log"
        self.token = f"{os.getpid()}-{place.port}-{time.monotonic_ns()}"
        self.out = self.err = ""
        self.code = None
        self.stops = 0
        self.tracer = None
        self.deadline = time.monotonic() + LIFE_S
        for name in ("strace.log", "socket"):
            if os.path.lexists(f"{place.folder}/{name}"):
                os.unlink(f"{place.folder}/{name}")
        with socket.socket(socket.AF_UNIX) as left_over:  # of an earlier run, for --listen unix:
            left_over.bind(f"{place.folder}/socket")
        self.strace = self.strace_words(fault, trace)
        words = [place.hydrinit, *self.fill(scenario.options)]
        if not scenario.asks and not scenario.attach:
            words = self.strace + words
        if scenario.pid1:
            words = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--", *words]
        self.start(words)

    def fill(self, words):
        for word, value in (("PROBE", self.place.probe), ("PORT", str(self.place.port)),
                            ("FOLDER", self.place.folder)):
            words = [each.replace(word, value) for each in words]
        return words

    def strace_words(self, fault, trace):
        words = ["strace", "-o", self.log]
        if not self.scenario.asks and not self.scenario.attach:
            words += ["-DD", "-q"]  # in a group of its own; so that hydrinit is PID 1, and not strace
        if (fault.role if fault else trace) == "child":
            words += ["-f", "-b", "execve"]
        if fault:
            words += ["-e", f"trace={fault.call}", "-e", f"inject={fault.call}:error={fault.errno}:when={fault.number}"]
        return words

    def start(self, words):
        pipes = [os.pipe() for _ in range(3)]
        self.input, self.output, self.errors = pipes[0][1], pipes[1][0], pipes[2][0]
        given = [pipes[0][0], pipes[1][1], pipes[2][1]]
        preexec = None
        if self.scenario.terminal:
            master, slave = os.openpty()
            os.close(self.input), os.close(self.output)
            self.input, self.output = master, os.dup(master)
            os.close(given[0]), os.close(given[1])
            given[0], given[1] = slave, os.dup(slave)

            def preexec():
                import fcntl
                import termios
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen(
            words, stdin=given[0], stdout=given[1], stderr=given[2], start_new_session=True, preexec_fn=preexec,
            cwd=self.place.folder, env={"PATH": PATH, "HYDRINIT_FAULTS": self.token})
        for fd in given:
            os.close(fd)
        self.pidfd = os.pidfd_open(self.process.pid)
        self.open = [self.output, self.errors]

    # ---- looking -----------------------------------------------------------------------------------

    def init(self):
        """Its pid out here."""
        if not self.scenario.pid1:
            return self.process.pid
        found = children(self.process.pid)
        return found[0] if found else 0

    def replicas(self):
        its = {pid: stat_of(pid) for pid in children(self.init())}
        return [pid for pid, (command, state) in its.items() if command not in ("strace", "") and state != "Z"]

    def zombies(self):
        return [pid for pid in children(self.init()) if stat_of(pid)[1] == "Z"]

    def descriptors(self):
        try:
            return sorted(int(fd) for fd in os.listdir(f"/proc/{self.init()}/fd"))
        except OSError:
            return []

    def ours(self):
        """Whoever has our token in its environment, but strace."""
        mark = f"HYDRINIT_FAULTS={self.token}"
        return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and
                mark in read(f"/proc/{pid}/environ") and stat_of(pid)[0] != "strace"]

    # ---- waiting -----------------------------------------------------------------------------------

    def pump(self, seconds):
        """Waits for output, or the end."""
        ready, _, _ = select.select(self.open + [self.pidfd], [], [], seconds)
        for fd in ready:
            if fd == self.pidfd:
                continue
            try:
                text = os.read(fd, 65536).decode(errors="replace")
            except OSError:  # EIO: a terminal that nobody has open any more
                text = ""
            if not text:
                self.open.remove(fd)
            elif fd == self.output:
                self.out += text
            else:
                self.err += text
        return self.pidfd in ready

    def ended(self):
        return self.pump(0)

    def until(self, condition, seconds):
        """True: it holds. What shows in /proc makes no event, so it is looked at every 10 ms."""
        limit = min(time.monotonic() + seconds, self.deadline)
        while not condition():
            if time.monotonic() > limit:
                return False
            self.pump(0.01)
            if self.pidfd_readable():
                return condition()
        return True

    def pidfd_readable(self):
        return bool(select.select([self.pidfd], [], [], 0)[0])

    def expect(self, what, condition):
        if self.until(condition, STEP_S):
            return
        if self.pidfd_readable():
            raise Ended
        raise NotSeen(what)

    # ---- acting ------------------------------------------------------------------------------------

    def signal(self, name):
        init = self.init()
        if init:
            try:
                os.kill(init, getattr(signal, f"SIG{name}"))
            except ProcessLookupError:
                pass

    def kill_one(self):
        victims = self.replicas()
        if victims:
            os.kill(victims[0], signal.SIGKILL)

    def close_input(self):
        if self.input is not None:
            os.close(self.input)
            self.input = None

    def attach(self):
        self.tracer = subprocess.Popen([*self.strace, "-p", str(self.init())], stderr=subprocess.PIPE)
        says = self.tracer.stderr  # "strace: Process N attached"
        if not select.select([says], [], [], STEP_S)[0] or b"attached" not in says.readline():
            raise NotSeen("strace")

    def ask(self, words, strace=()):
        """A client in its namespaces: its code, and what it says on both streams. None: it did not come back."""
        enter = ["nsenter", "--target", str(self.init()), "--pid", "--mount", "--wdns=/"]
        client = subprocess.Popen([*enter, *strace, self.place.hydrinit, *words], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        try:
            out, err = client.communicate(timeout=STEP_S + STOP_S)
        except subprocess.TimeoutExpired:
            client.kill()
            client.wait()  # what it has left in the namespace ends with that
            return None, "", ""
        return client.returncode, out.decode(), err.decode()

    def stop(self):
        """TERM, and once more when nothing comes of it. False: not even then."""
        for seconds in (STOP_S, STOP_S):
            self.stops += 1
            self.signal("TERM")
            if self.until(self.pidfd_readable, seconds):
                return True
        return False

    def finish(self):
        """The code, once it has ended; negative when a signal has ended it."""
        self.code = self.process.wait()
        while self.open and self.until(lambda: not self.open, 1):
            pass
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()  # and with it, by --kill-child, the namespace
            if not self.scenario.pid1:
                for pid in self.ours():
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
        if self.tracer:
            self.tracer.wait()
            self.tracer.stderr.close()
        self.close_input()
        for fd in (self.output, self.errors, self.pidfd):
            try:
                os.close(fd)
            except OSError:
                pass
