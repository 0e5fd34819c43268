"""Measures what hydrinit costs, beside the other inits that are installed, in the same run. What counts are
the ratios: machines differ, and are noisy.

  scripts/bench.d/inits.py BUILD
"""
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
HYDRINIT = f"{BUILD}/hydrinit"
PROBE = f"{BUILD}/probe"
ROUNDS = 10
KILLS = 30
STARTS = 20


def restarts(command):
    """Microseconds from kill -9 to the replacement's first instructions, for each of KILLS kills."""
    took = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        pid = int(process.stdout.readline().split()[0])
        for _ in range(KILLS):
            killed = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            os.kill(pid, signal.SIGKILL)
            pid, stamp = map(int, process.stdout.readline().split())
            took.append((stamp - killed) / 1000)
        process.kill()
        os.kill(pid, signal.SIGKILL)
    return took


def bench_restarts():
    print("kill -9 to the replacement's first instructions, microseconds")
    commands = {
        "bare vfork, exec, wait loop": [PROBE, "respawn", PROBE, "stamp"],
        "hydrinit --restart always": [HYDRINIT, "-q", "--restart", "always", "--ready", "0",
                                      "--min-uptime", "0", PROBE, "stamp"],
    }
    took = {name: [] for name in commands}
    # Alternating, so that the machine's moods meet all of them.
    for _ in range(ROUNDS):
        for name, command in commands.items():
            took[name] += restarts(command)
    bare = statistics.median(took["bare vfork, exec, wait loop"])
    for name, all_of_them in took.items():
        median = statistics.median(all_of_them)
        print(f"  {name:32} median {median:7.0f}   ratio {median / bare:.2f}")


def private_dirty(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        return next(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty:"))


def bench_inits():
    print("one idle child: file, private memory, and the time of a run of true")
    os.sync()
    first = None
    for name in ("hydrinit", "tini", "tini-static", "dumb-init", "catatonit"):
        path = HYDRINIT if name == "hydrinit" else shutil.which(name)
        if path is None:
            print(f"  {name:12} is not installed")
            continue
        arguments = [path, "-s", "--"] if name.startswith("tini") else [path, "--"]
        dirty = []
        for _ in range(STARTS):
            with subprocess.Popen(arguments + [PROBE, "stamp"], stdout=subprocess.PIPE) as process:
                process.stdout.readline()
                time.sleep(0.005)  # it may still be on its way to sleep; an average forgives that
                dirty.append(private_dirty(process.pid))
                process.terminate()
        started = time.monotonic()
        for _ in range(10 * STARTS):
            subprocess.run(arguments + ["/bin/true"], check=False)
        run = (time.monotonic() - started) / (10 * STARTS) * 1e6
        figures = (os.path.getsize(path), statistics.mean(dirty), run)
        first = first or figures
        ratios = " ".join(f"{figure / own:.2f}" for figure, own in zip(figures, first))
        print(f"  {name:12} {figures[0]:8} bytes {figures[1]:6.1f} kB {run:6.0f} us   ratios {ratios}")


bench_restarts()
bench_inits()
