"""Several workers on one port: requests a second, CPU a request, balance, and what is lost when one is killed
or all are reloaded; beside pm2's cluster mode, node's own, and one inherited socket, in the same run.

  scripts/bench.d/ports.py BUILD [ROUNDS]
"""
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
HERE = os.path.dirname(os.path.abspath(__file__))
HYDRINIT = f"{BUILD}/hydrinit"
SERVER = f"{HERE}/server.js"
PM2 = f"{BUILD}/peers/node_modules/.bin/pm2"
PORT = 41700
SECONDS = 4
TICK = os.sysconf("SC_CLK_TCK")


def tree(pid):
    """The process and all below it."""
    pids = [pid]
    for each in pids:
        try:
            for task in os.listdir(f"/proc/{each}/task"):
                with open(f"/proc/{each}/task/{task}/children", encoding="ascii") as children:
                    pids += map(int, children.read().split())
        except OSError:
            pass
    return pids


def cpu_seconds(pid):
    total = 0
    for each in tree(pid):
        try:
            with open(f"/proc/{each}/stat", encoding="ascii", errors="replace") as stat:
                fields = stat.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / TICK


class Service:
    """A contender with its workers, up and listening."""

    def __init__(self, command, workers, environment=None, up="up"):
        self.home = tempfile.mkdtemp()
        variables = {"PORT": str(PORT), "HOME": self.home, "PM2_HOME": self.home, **(environment or {})}
        self.output = open(f"{self.home}/output", "w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stdout=self.output, stderr=subprocess.STDOUT,
                                        env={**os.environ, **variables}, start_new_session=True)
        self.wait_for(up, workers)

    def seen(self, text):
        with open(self.output.name, encoding="utf-8", errors="replace") as output:
            return len(re.findall(text, output.read()))

    def wait_for(self, text, times):
        deadline = time.monotonic() + 60
        while self.seen(text) < times:
            if time.monotonic() > deadline or self.process.poll() is not None:
                with open(self.output.name, encoding="utf-8") as output:
                    sys.exit(f"{self.process.args}: not '{text}' {times} times:\n{output.read()}")
            time.sleep(0.02)

    def workers(self):
        return tree(self.process.pid)[1:]

    def stop(self):
        pids = tree(self.process.pid)
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            pass
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        self.process.wait()
        with open(self.output.name, encoding="utf-8", errors="replace") as output:
            text = output.read()
        self.output.close()
        shutil.rmtree(self.home, ignore_errors=True)
        return text


CONTENDERS = {
    "pm2 cluster": ([f"{PM2}-runtime", "start", SERVER, "-i", "2"], 2, {}, "listening on|up"),
    "node alone": (["node", SERVER], 1, {}, "up"),
    "node cluster": (["node", f"{HERE}/cluster.js"], 2, {}, "up"),
    "one inherited socket": ([HYDRINIT, "-n", "2", "--listen", str(PORT), "--balance", "shared", "--",
                              "node", SERVER], 2, {"FD": "3"}, "up"),
    "hydrinit --listen": ([HYDRINIT, "-n", "2", "--listen", str(PORT), "--", "node", SERVER], 2, {"FD": "3"},
                          "up"),
    "hydrinit --share": ([HYDRINIT, "-n", "2", "--share", "--", "node", SERVER], 2, {}, "up"),
}


def wrk(new_connections):
    command = ["wrk", "-t1", "-c64", f"-d{SECONDS}s", "--latency", f"http://127.0.0.1:{PORT}/"]
    if new_connections:
        command[1:1] = ["-H", "Connection: close"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    count = int(re.search(r"(\d+) requests in", text)[1])
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    return rate, count, float(slow[1]) * {"us": 1e-3, "ms": 1, "s": 1e3}[slow[2]]


def bench_speed():
    print("2 workers, 64 clients: requests a second, 99th percentile in ms, microseconds of CPU a request;")
    print("medians, and in brackets the median of the ratios to pm2 of the same round")
    rows = {name: {False: [], True: []} for name in CONTENDERS}
    for _ in range(ROUNDS):
        for name, contender in CONTENDERS.items():
            service = Service(*contender)
            for new in (False, True):
                wrk(new)  # warm
                before = cpu_seconds(service.process.pid)
                rate, count, slow = wrk(new)
                used = cpu_seconds(service.process.pid) - before
                rows[name][new].append((rate, slow, used / count * 1e6))
            service.stop()
    for new in (False, True):
        print("  a new connection each" if new else "  kept connections")
        for name, figures in rows.items():
            shown = []
            for i in range(3):
                median = statistics.median(f[i] for f in figures[new])
                ratio = statistics.median(
                    f[i] / base[i] for f, base in zip(figures[new], rows["pm2 cluster"][new]))
                shown.append(f"{median:9.1f} [{ratio:.2f}]")
            print(f"    {name:22}" + " ".join(shown))


def client(requests, clients=16):
    return subprocess.Popen(["node", f"{HERE}/client.js", str(PORT), str(requests), str(clients)],
                            stdout=subprocess.PIPE, text=True)


def bench_balance():
    print("40,000 connections over 4 replicas: share of each, in percent")
    service = Service([HYDRINIT, "-n", "4", "--share", "--", "node", SERVER], 4, {"COUNT": "1"})
    load = client(40000, 32)
    load.wait()
    counts = [int(n) for n in re.findall(r"accepted (\d+)", service.stop())]
    print("    " + " ".join(f"{100 * n / sum(counts):.1f}" for n in sorted(counts)))


def bench_kills():
    print("200 times kill -9 of one of 4 replicas under load: what became of the requests")
    service = Service([HYDRINIT, "-n", "4", "--share", "--min-uptime", "0", "--", "node", SERVER], 4)
    load = client(10**9)
    for kill in range(200):
        service.wait_for("up", 4 + kill)
        os.kill(service.workers()[kill % 4], signal.SIGKILL)
    service.wait_for("up", 204)
    load.terminate()
    print("    " + load.communicate()[0].strip())
    service.stop()


def reload_hydrinit(service, number):
    os.kill(service.process.pid, signal.SIGHUP)
    service.wait_for("reloaded", number)


def reload_pm2(service, number):
    subprocess.run([PM2, "reload", "all"], env={**os.environ, "PM2_HOME": service.home, "HOME": service.home},
                   capture_output=True, check=True)


def bench_reloads():
    print("20 reloads of 4 workers under load: what became of the requests, and seconds a reload")
    hydrinit = [HYDRINIT, "-n", "4", "--share", "--", "node", SERVER]
    pm2 = [f"{PM2}-runtime", "start", SERVER, "-i", "4"]
    for name, command, reload in (("hydrinit", hydrinit, reload_hydrinit), ("pm2", pm2, reload_pm2)):
        for app, environment in (("no handler", {}), ("closes gracefully", {"GRACEFUL": "1"})):
            service = Service(command, 4, environment, "listening on|up" if name == "pm2" else "up")
            load = client(10**9)
            started = time.monotonic()
            for number in range(20):
                reload(service, number + 1)
            took = (time.monotonic() - started) / 20
            load.terminate()
            print(f"    {name:9} {app:18} {load.communicate()[0].strip()} {took:.2f} s")
            service.stop()


def bench_filter():
    print("the filter of --share: nanoseconds a call of getppid(2), median, and how much it adds")
    calls = [f"{BUILD}/probe", "calls", "2000000"]
    supervised = [HYDRINIT, "-q", "--restart", "on-failure", "--ready", "none"]
    commands = {"without": [*supervised, "--", *calls], "with": [*supervised, "--share", "--", *calls]}
    took = {name: [] for name in commands}
    for _ in range(3 * ROUNDS):
        for name, command in commands.items():
            took[name].append(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    bare, filtered = (statistics.median(took[name]) for name in ("without", "with"))
    print(f"    {bare:.0f} without, {filtered:.0f} with: {filtered - bare:+.0f}")


bench_filter()
bench_speed()
bench_balance()
bench_kills()
bench_reloads()
