"""How fast the output of a process gets through a manager, and whether it arrives whole."""
import os
import re
import select
import subprocess
import time

from common import HYDRINIT, PROBE, Metric, cpu_ns, times, topic, which
from managers import NEEDS, Manager, pm2, supervisord

LINES = times(300000, 50000)
FIRST = b"00000000 ...."
LAST = b"the end"
WHOLE = re.compile(rb"(\d{8}) \.{90}(?=\n|\r|\\n|\")")


def under_hydrinit(how):
    return lambda folder, mode, count: [HYDRINIT, "-q", "-n", "1", "--log", how, "--", PROBE, *mode.split()]


def through(*command):
    """A pipe with another program at its end, as a shell makes it."""
    return lambda folder, mode, count: ["sh", "-c", f"{PROBE} {mode} | {' '.join(command)}"]


WAYS = {
    "hydrinit prefix": (under_hydrinit("prefix"), HYDRINIT),
    "hydrinit json": (under_hydrinit("json"), HYDRINIT),
    "hydrinit raw": (under_hydrinit("raw"), HYDRINIT),
    "without anything": (lambda folder, mode, count: [PROBE, *mode.split()], PROBE),
    "cat": (through("cat"), "cat"),
    "s6-log": (through("s6-log", "-b", "1"), "s6-log"),
    "supervisord": (supervisord, NEEDS["supervisord"]),
    "pm2-runtime": (pm2, NEEDS["pm2-runtime"]),
}


@topic("logs", f"{LINES:,} lines of 100 bytes, each written by itself",
       Metric("lines a second", "lines/s", "more", "from the first to the last, at the other end of the pipe",
              "hydrinit prefix"),
       Metric("CPU a line", "µs", "less", "CPU time of who is between, \"sh\" of the pipe included",
              "hydrinit prefix"),
       Metric("lines lost or broken", "lines", "less", "those that do not arrive in one piece", "hydrinit prefix"),
       note="Through the manager's own output into a pipe that is read as fast as it can be. With --log raw, its "
       "default, hydrinit is not between. runit is not here: its svlogd writes to files only.")
def bench_logs(recorder):
    for number in range(times(5, 2)):
        for name, (make, needed) in WAYS.items():
            if which(needed):
                measure(recorder, name, make, number)
            elif number == 0:
                recorder.cannot(name, "not installed")


def measure(recorder, name, make, number):
    manager = Manager(make, f"lines {LINES}", 1, subprocess.PIPE)
    output = manager.process.stdout.fileno()
    text = bytearray()
    begun = before = between = None
    deadline = time.monotonic() + 60
    while LAST not in text[-200:]:
        ready, _, _ = select.select([output], [], [], max(0, deadline - time.monotonic()))
        piece = os.read(output, 1 << 20) if ready else b""
        text += piece
        if not piece:
            recorder.cannot(name, "the last line had not come within 60 s, or ever")
            manager.stop()
            return
        if begun is None and FIRST in text:
            begun = time.monotonic()
            # The probe leaves no stamp here; it is known by its file.
            between = [pid for pid in manager.pids() if not is_probe(pid)]
            before = cpu_ns(between)
    took = time.monotonic() - begun
    used = cpu_ns(between) - before
    manager.process.stdout.close()
    manager.stop()
    recorder.add("lines a second", name, LINES / took, number)
    recorder.add("CPU a line", name, used / 1000 / LINES, number)
    recorder.add("lines lost or broken", name, LINES - len(set(WHOLE.findall(text))), number)


def is_probe(pid):
    try:
        return os.path.samefile(f"/proc/{pid}/exe", PROBE)
    except OSError:
        return False
