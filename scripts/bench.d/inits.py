"""What an init costs around a single command: file, memory, system calls, instructions, time at the start, and
what it does about orphans and signals."""
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time

from common import (HYDRINIT, LAUNCHER, PROBE, Metric, asleep, cpu_ns, kill_all, lines_of, memory, settle, switches,
                    times, topic, tree, wait_until, which)
from managers import Manager, present

FLOOR = "minimal launcher"  # what compares with the least that can be done
INITS = {
    "hydrinit": [HYDRINIT, "--"],
    "tini": ["tini", "-s", "--"],
    "tini-static": ["tini-static", "-s", "--"],
    "dumb-init": ["dumb-init", "--"],
    "catatonit": ["catatonit", "--"],
    FLOOR: [LAUNCHER],
}


def inits(recorder):
    """Those that are installed, with their whole paths; of the others it is noted that they are not."""
    there = {}
    for name, (command, *arguments) in INITS.items():
        path = which(command)
        if path:
            there[name] = [path, *arguments]
        elif name not in [subject for _, subject in recorder.notes]:
            recorder.cannot(name, "not installed")
    return there


@topic("file", "The file",
       Metric("file", "bytes", "less", "the binary"),
       Metric("file and libraries", "bytes", "less", "with the libraries that it is linked to, as ldd tells them"))
def bench_file(recorder):
    for name, (path, *_) in inits(recorder).items():
        own = os.path.getsize(path)
        listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        libraries = {os.path.realpath(library) for library in re.findall(r"(/\S+) \(0x", listed)}
        recorder.add("file", name, own)
        recorder.add("file and libraries", name, own + sum(map(os.path.getsize, libraries)))


STARTS = 5
# As a container begins with; how long the environment is counts.
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/root", "HOSTNAME": "bench"}


@topic("memory", "Memory of an idle init with one child",
       Metric("private memory", "kB", "less", "Private_Dirty, what this process alone has written: the mean of "
              f"{STARTS} starts, as it differs from start to start with the place of the stack"),
       Metric("resident", "kB", "less", "Rss: all its pages that are in memory, shared ones too"),
       Metric("proportional", "kB", "less", "Pss: the same, of shared pages its share"),
       note="With an environment of three variables, as in a container: it stands on the stack, which counts.")
def bench_memory(recorder):
    os.sync()  # pages of a file that was just written would count as dirty
    fields = {"private memory": "Private_Dirty", "resident": "Rss", "proportional": "Pss"}
    for number in range(times(8, 2)):
        for name, command in inits(recorder).items():
            figures = [memory_of_start(command) for _ in range(STARTS)]
            for metric, field in fields.items():
                recorder.add(metric, name, statistics.mean(each[field] for each in figures), number)


def memory_of_start(command):
    with subprocess.Popen([*command, PROBE, "stamp"], stdout=subprocess.PIPE, env=ENVIRONMENT) as process:
        process.stdout.readline()
        settle(process.pid)
        figures = memory([process.pid])
        kill_all(tree(process.pid))
    return figures


def system_calls(command):
    """How many, from after its own exec until the child's, which is counted too."""
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/log"
        subprocess.run(["strace", "-f", "-o", log, *command, "/bin/true"], env=ENVIRONMENT, check=True)
        begun = [line.split(None, 1) for line in lines_of(log) if re.match(r"\d+ +\w+\(", line)]
    (own, _), *others = begun
    for count, (pid, call) in enumerate(others, 1):
        if pid != own and call.startswith('execve("/bin/true"'):
            return count
    raise RuntimeError(f"{command}: no exec of the child in what strace tells")


def instructions(command):
    with tempfile.TemporaryDirectory() as folder:
        callgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
        told = subprocess.run([*callgrind, *command, LAUNCHER], env=ENVIRONMENT, capture_output=True, text=True,
                              check=True).stderr
    return int(re.search(r"Collected : (\d+)", told)[1])


@topic("calls", "System calls and instructions of a run of true",
       Metric("system calls", "calls", "less", "of init and child, after init's own exec until the child's exec, "
              "that one included; by strace -f"),
       Metric("user instructions", "instructions", "less", "of init itself in its whole life, its C library's "
              "included; by callgrind"),
       note="With an environment of three variables, as in a container.")
def bench_calls(recorder):
    for metric, count, tool in (("system calls", system_calls, "strace"),
                                ("user instructions", instructions, "valgrind")):
        for number in range(times(5, 2)):
            for name, command in inits(recorder).items():
                if which(tool):
                    recorder.add(metric, name, count(command), number)
                elif number == 0:
                    recorder.cannot(name, f"{tool} is not installed", metric)


def runs(command, count):
    """Microseconds of each run."""
    took = []
    for _ in range(count):
        started = time.monotonic_ns()
        os.waitpid(os.posix_spawn(command[0], command, os.environ), 0)
        took.append((time.monotonic_ns() - started) / 1000)
    return took


@topic("startup", "Time that an init adds",
       Metric("whole run", "µs", "less", "from posix_spawn to the end, of a static program that ends at once"),
       Metric("added", "µs", "less", "the same, less a run of that program without an init in the same round"))
def bench_startup(recorder):
    bare = [LAUNCHER]  # without a command it ends at once
    for number in range(times(40, 8)):
        without = statistics.median(runs(bare, 20))
        recorder.add("whole run", "without init", without, number)
        for name, command in inits(recorder).items():
            took = statistics.median(runs([*command, *bare], 20))
            recorder.add("whole run", name, took, number)
            recorder.add("added", name, took - without, number)


@topic("wakeups", "What happens while nothing happens",
       Metric("wake-ups in 10 s", "times", "less", "how often its threads have left a CPU, so how often they were "
              "woken; with one idle child"),
       Metric("CPU in 10 s", "µs", "less", "time on a CPU meanwhile"))
def bench_wakeups(recorder):
    window = times(10, 3)
    idle = {}
    with tempfile.TemporaryFile() as nowhere:
        for name, command in inits(recorder).items():
            process = subprocess.Popen([*command, PROBE, "stamp"], stdout=nowhere)
            idle[name] = lambda pid=process.pid: [pid]
        for name, make in present(recorder).items():
            if name != "hydrinit":
                manager = Manager(make, "stamp", 1)
                manager.wait_for(1)
                idle[name] = manager.pids
        time.sleep(times(3, 1))  # what is still to be done after the start is no idle time
        before = {name: (switches(pids()), cpu_ns(pids())) for name, pids in idle.items()}
        time.sleep(window)
        for name, pids in idle.items():
            woken, used = switches(pids()) - before[name][0], cpu_ns(pids()) - before[name][1]
            recorder.add("wake-ups in 10 s", name, woken * 10 / window)
            recorder.add("CPU in 10 s", name, used / 1000 * 10 / window)


class AsFirst:
    """An init as PID 1 of its own namespace."""

    def __init__(self, command):
        rights = [] if os.getuid() == 0 else ["--map-root-user"]
        self.process = subprocess.Popen(["unshare", *rights, "--pid", "--fork", "--mount-proc", *command],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def init(self):
        return tree(self.process.pid)[1]

    def stop(self):
        kill_all(tree(self.process.pid))


@topic("reaping", "Ten thousand orphans at once",
       Metric("CPU an orphan", "µs", "less", "CPU time that PID 1 takes to reap each, when 10,000 wait for it; the "
              "minimal launcher is a bare wait loop. Most of it is the kernel's own work"))
def bench_reaping(recorder):
    orphans = 10000
    for number in range(times(5, 2)):
        for name, command in inits(recorder).items():
            space = AsFirst([*command, PROBE, "zombies", str(orphans)])
            space.process.stdout.readline()
            init = space.init()
            settle(init)
            os.kill(init, signal.SIGSTOP)
            space.process.stdin.write(b"x")
            space.process.stdin.flush()
            space.process.stdout.readline()
            before = cpu_ns([init])
            os.kill(init, signal.SIGCONT)
            wait_until(lambda init=init: asleep(init) and len(tree(init)) == 2, f"{name}: all orphans reaped")
            recorder.add("CPU an orphan", name, (cpu_ns([init]) - before) / orphans / 1000, number)
            space.stop()


@topic("signals", "A signal on its way",
       Metric("until the child has it", "µs", "less", "from kill(2) of init to the child's next instruction; "
              "\"direct\" is a kill of the child itself"))
def bench_signals(recorder):
    for number in range(times(10, 3)):
        for name, command in {"direct": [], **inits(recorder)}.items():
            if name == FLOOR:
                continue  # it forwards none
            with subprocess.Popen([*command, PROBE, "stamps"], stdout=subprocess.PIPE) as process:
                child = int(process.stdout.readline().split()[0])
                settle(process.pid)
                settle(child)
                for _ in range(50):
                    sent = time.monotonic_ns()
                    os.kill(process.pid, signal.SIGUSR1)
                    got = int(process.stdout.readline().split()[1])
                    recorder.add("until the child has it", name, (got - sent) / 1000, number)
                kill_all(tree(process.pid))
