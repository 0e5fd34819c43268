"""What the figures were measured on, and which versions."""
import csv
import os
import re
import subprocess
import time

from common import BUILD, HYDRINIT, LAUNCHER, QUICK, ROOT, lines_of, which

# pm2 --version leaves a daemon behind.
PM2_PACKAGE = f"{BUILD}/peers/node_modules/pm2/package.json"
MEMORY = r"MemTotal: *(\d+)"


def first(pattern, path, otherwise="unknown"):
    for line in lines_of(path):
        found = re.match(pattern, line)
        if found:
            return found[1].strip()
    return otherwise


def told(*command):
    """The first line that a command says."""
    if not which(command[0]):
        return "not installed"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().split("\n")[0]


def package(name):
    """The version of an installed package."""
    if which("dpkg-query"):
        return told("dpkg-query", "-W", "-f", "${Version}", name)
    return told("apk", "info", "-ev", name) if which("apk") else "unknown"


def commit():
    git = ["git", "-C", ROOT]
    name = told(*git, "rev-parse", "--short=10", "HEAD")
    changed = subprocess.run([*git, "status", "--porcelain", "--", "src", "Makefile"], capture_output=True,
                             text=True, check=False).stdout.strip()
    return name + (" and changes to it" if changed else "")


def of_machine():
    os_name = first(r'PRETTY_NAME="?([^"]*)', "/etc/os-release")
    virtual = any("hypervisor" in line.split() for line in lines_of("/proc/cpuinfo") if line.startswith("flags"))
    load = " ".join(lines_of("/proc/loadavg")[0].split()[:3])
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": commit(),
        "rounds": "a quick run with few rounds: only to show that it works" if QUICK else "a full run",
        "load before": load,
        "system": os_name,
        "kernel": os.uname().release,
        "machine": os.uname().machine,
        "CPU": first(r"(?:model name|Processor|cpu)\s*:(.*)", "/proc/cpuinfo") + (" (virtual)" if virtual else ""),
        "CPUs": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(first(MEMORY, '/proc/meminfo', '0')) // 1024} MiB",
        "hydrinit": told(HYDRINIT, "--version"),
        "minimal launcher": f"{os.path.getsize(LAUNCHER)} bytes, the same libc and flags as hydrinit",
        "libc of the dynamic peers": told("ldd", "--version"),
        "tini": package("tini"),
        "dumb-init": package("dumb-init"),
        "catatonit": package("catatonit"),
        "runit": package("runit"),
        "s6": package("s6"),
        "supervisor": package("supervisor"),
        "pm2": first(r' *"version": "([^"]*)', PM2_PACKAGE, "not installed"),
        "node": told("node", "--version"),
        "wrk": package("wrk"),
        "valgrind": package("valgrind"),
        "strace": package("strace"),
    }


def write(path, machine):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("fact", "value"), *machine.items()])


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return dict(list(csv.reader(file))[1:])
