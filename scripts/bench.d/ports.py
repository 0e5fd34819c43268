"""Several workers on one port: requests a second, CPU a request, balance, and what is lost when one is killed
or all are reloaded; beside pm2's cluster mode, node's own, and one inherited socket."""
import collections
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from common import (HERE, HYDRINIT, PM2, PROBE, Metric, cpu_ns, kill_all, memory, times, topic, tree, wait_until,
                    which)

SERVER = f"{HERE}/server.js"
PORT = 21700  # below those that the kernel gives to clients (ip(7), ip_local_port_range)
SHARE, INHERITED, REUSEPORT, ALONE, CLUSTER, PM2_CLUSTER = (
    "hydrinit --share", "one inherited socket", "SO_REUSEPORT", "one process", "node cluster", "pm2 cluster")


def pm2_cluster(folder, count):
    with open(f"{folder}/apps.json", "w", encoding="utf-8") as apps:
        # max_restarts: by default it gives up after 16 that are killed too early.
        json.dump({"apps": [{"name": "server", "script": SERVER, "exec_mode": "cluster", "instances": count,
                             "max_restarts": 100000}]}, apps)
    return [f"{PM2}-runtime", "start", apps.name]


def hydrinit(*options):
    # --min-uptime 0: those that are killed early are started again at once, as pm2 does.
    return lambda folder, count: [HYDRINIT, "-n", str(count), "--min-uptime", "0", *options, "--", "node", SERVER]


CONTENDERS = {
    SHARE: (hydrinit("--share"), {}),
    # --ready none: up at once, as nothing else tells it of them; who is killed before that waits for longer.
    "hydrinit --listen": (hydrinit("--ready", "none", "--listen", str(PORT)), {"FD": "3"}),
    INHERITED: (hydrinit("--ready", "none", "--listen", str(PORT), "--balance", "shared"), {"FD": "3"}),
    REUSEPORT: (lambda folder, count: [sys.executable, f"{HERE}/reuseport.py", str(count), str(PORT), "node", SERVER],
                {}),
    ALONE: (lambda folder, count: ["node", SERVER], {}),
    CLUSTER: (lambda folder, count: ["node", f"{HERE}/cluster.js"], {}),
    PM2_CLUSTER: (pm2_cluster, {}),
}


def contenders(recorder, number, *names):
    """Those that can be measured; another one begins each round, as what came before leaves its traces."""
    names = names or list(CONTENDERS)
    first = number % len(names)
    for name in (*names[first:], *names[:first]):
        if name != PM2_CLUSTER or which(PM2):
            yield name
        elif name not in [subject for _, subject in recorder.notes]:
            recorder.cannot(name, "not installed")


class Service:
    """A contender with its workers, up and listening."""

    def __init__(self, contender, workers, environment=None):
        make, own = CONTENDERS[contender]
        self.contender = contender
        self.home = tempfile.mkdtemp()
        variables = {"PORT": str(PORT), "HOME": self.home, "PM2_HOME": self.home, **own, **(environment or {})}
        with open(f"{self.home}/output", "w", encoding="utf-8") as output:
            self.process = subprocess.Popen(make(self.home, workers), stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, env={**os.environ, **variables},
                                            start_new_session=True)
        self.wait_for("server is up", 1 if contender == ALONE else workers)

    def output(self):
        with open(f"{self.home}/output", encoding="utf-8", errors="replace") as output:
            return output.read()

    def wait_for(self, text, count):
        wait_until(lambda: self.output().count(text) >= count, f"{self.contender}: '{text}' {count} times",
                   every=0.01)

    def workers(self):
        return tree(self.process.pid)[1:]

    def stop(self):
        pids = tree(self.process.pid)
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            pass
        kill_all(pids)
        output = self.output()
        shutil.rmtree(self.home, ignore_errors=True)
        return output


def wrk(seconds, new_connections):
    """What wrk tells: requests a second, how many in all, and two percentiles in ms."""
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{PORT}/"]
    if new_connections:
        command[1:1] = ["-H", "Connection: close"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    unit = {"us": 1e-3, "ms": 1, "s": 1e3}
    half, slow = (float(value) * unit[name] for value, name in re.findall(r"(?:50|99)%\s+([\d.]+)(us|ms|s)", text))
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), int(re.search(r"(\d+) requests in", text)[1]),
            half, slow)


def speed_metrics():
    for kind, what in (("kept", "over 64 connections that are kept"), ("new", "with a new connection each")):
        yield Metric(f"requests a second, {kind}", "requests/s", "more", f"{what}, by wrk on the same machine", SHARE)
        yield Metric(f"p50, {kind}", "ms", "less", "half of the answers come within", SHARE)
        yield Metric(f"p99, {kind}", "ms", "less", "99 of 100 answers come within", SHARE)
        yield Metric(f"CPU a request, {kind}", "µs", "less", "CPU time of manager and workers", SHARE)
    yield Metric("memory of the manager", "kB", "less", "Pss of the process that keeps the workers", SHARE)


@topic("http", "HTTP: 64 clients, 2 workers of node on one port", *speed_metrics(),
       note="*one inherited socket* is a plain socket that all workers have, here by hydrinit with --listen and "
       "--balance shared; *SO_REUSEPORT* is a socket for each worker, as servers make them that know the option, and "
       "nobody who spreads connections over them; *one process* is node alone, *node cluster* its own module. wrk has "
       "a thread on the same machine, which takes its part of the CPUs. Once a connection is kept nobody but its worker "
       "is on the way of a request: what differs then is how connections were spread, pm2's own code in the worker, and "
       "chance.")
def bench_speed(recorder):
    for number in range(times(7, 1)):
        for name in contenders(recorder, number):
            service = Service(name, 2)
            root = service.process.pid
            if name not in (ALONE, REUSEPORT):  # nobody keeps them
                recorder.add("memory of the manager", name, memory([root])["Pss"], number)
            wrk(1, False)  # warm
            for kind in ("kept", "new"):
                before = cpu_ns(tree(root))
                rate, count, half, slow = wrk(times(2, 1), kind == "new")
                used = cpu_ns(tree(root)) - before
                recorder.add(f"requests a second, {kind}", name, rate, number)
                recorder.add(f"p50, {kind}", name, half, number)
                recorder.add(f"p99, {kind}", name, slow, number)
                recorder.add(f"CPU a request, {kind}", name, used / 1000 / count, number)
            service.stop()


class Load:
    """Clients that ask, a new connection for each request, until they have asked so often or are stopped."""

    def __init__(self, requests=10**9, clients=16):
        self.process = subprocess.Popen(["node", f"{HERE}/client.js", str(PORT), str(requests), str(clients)],
                                        stdout=subprocess.PIPE, text=True)

    def outcome(self):
        return json.loads(self.process.communicate(timeout=120)[0])

    def stop(self):
        self.process.terminate()
        outcome = self.outcome()
        return outcome["answered"], sum(outcome.values()) - outcome["answered"], outcome


def busiest(service):
    counts = [int(count) for count in re.findall(r"accepted (\d+)", service.stop())]
    return 100 * max(counts) / sum(counts)


@topic("balance", "HTTP: how connections are spread over 4 workers",
       Metric("busiest, one by one", "%", "less", "share of the busiest of 4 workers in 10,000 connections, one "
              "request each, of 32 clients; 25 is best", SHARE),
       Metric("busiest, kept", "%", "less", "the same of 64 connections that come at once and are kept", SHARE))
def bench_balance(recorder):
    for number in range(times(3, 1)):
        for name in contenders(recorder, number, SHARE, INHERITED, REUSEPORT, PM2_CLUSTER):
            service = Service(name, 4, {"COUNT": "1"})
            Load(10000, 32).outcome()
            recorder.add("busiest, one by one", name, busiest(service), number)
            service = Service(name, 4, {"COUNT": "1"})
            wrk(1, False)
            recorder.add("busiest, kept", name, busiest(service), number)


@topic("kills", "HTTP: what is lost when workers are killed",
       Metric("lost a kill", "requests", "less", "refused, reset, or without an answer for 5 s, for each kill -9 of "
              "one of 4 workers under the load of 16 clients. Those that the dead worker had in hand are lost with it",
              SHARE),
       Metric("unanswered a kill", "requests", "less", "those of them that waited 5 s in vain", SHARE),
       Metric("answered between kills", "requests", "more", "how many are answered from one kill to the next, "
              "which is as soon as the replacement listens", SHARE))
def bench_kills(recorder):
    kills = times(50, 10)
    for number in range(times(2, 1)):
        for name in contenders(recorder, number, SHARE, INHERITED, PM2_CLUSTER):
            service = Service(name, 4)
            load = Load()
            for kill in range(kills):
                workers = service.workers()
                os.kill(workers[kill % len(workers)], signal.SIGKILL)
                service.wait_for("server is up", 5 + kill)
            answered, lost, outcome = load.stop()
            service.stop()
            recorder.add("lost a kill", name, lost / kills, number)
            recorder.add("unanswered a kill", name, outcome["timed_out"] / kills, number)
            recorder.add("answered between kills", name, answered / kills, number)


def reload_hydrinit(service):
    subprocess.run([HYDRINIT, "--pid", str(service.process.pid), "--timeout", "60s", "--reload"],
                   capture_output=True, check=True)


def reload_pm2(service):
    subprocess.run([PM2, "reload", "all"], env={**os.environ, "PM2_HOME": service.home, "HOME": service.home},
                   capture_output=True, check=True)


APPS = {"plain": ({}, "of a server that knows nothing of reloads"),
        "graceful": ({"GRACEFUL": "1"}, "of a server that closes its sockets and answers what it has")}


RELOADS = {SHARE: times(10, 2), PM2_CLUSTER: times(5, 1)}  # in a round
RELOAD_ROUNDS = times(2, 1)


def reload_metrics():
    for app, (_, what) in APPS.items():
        yield Metric(f"lost a reload, {app}", "requests", "less",
                     f"refused, reset, or without an answer for 5 s, {what}", SHARE)
    for app in APPS:
        yield Metric(f"lost in all, {app}", "requests", "less", f"the same in all: {RELOADS[SHARE] * RELOAD_ROUNDS} "
                     f"reloads of hydrinit, {RELOADS[PM2_CLUSTER] * RELOAD_ROUNDS} of pm2", SHARE)
    for app in APPS:
        yield Metric(f"time a reload, {app}", "s", "less", "until all 4 workers have been replaced", SHARE)


@topic("reloads", "HTTP: what is lost in a reload of 4 workers", *reload_metrics(),
       note="Under the load of 16 clients that make a new connection for each request.")
def bench_reloads(recorder):
    in_all = collections.Counter()
    for number in range(RELOAD_ROUNDS):
        for name in contenders(recorder, number, SHARE, PM2_CLUSTER):
            for app, (environment, _) in APPS.items():
                service = Service(name, 4, environment)
                load = Load()
                started = time.monotonic()
                for _ in range(RELOADS[name]):
                    (reload_pm2 if name == PM2_CLUSTER else reload_hydrinit)(service)
                took = time.monotonic() - started
                _, lost, _ = load.stop()
                service.stop()
                recorder.add(f"lost a reload, {app}", name, lost / RELOADS[name], number)
                recorder.add(f"time a reload, {app}", name, took / RELOADS[name], number)
                in_all[app, name] += lost
    for (app, name), lost in in_all.items():
        recorder.add(f"lost in all, {app}", name, lost)


@topic("filter", "What the filter of --share costs",
       Metric("system call", "ns", "less", "of a getppid(2) in a replica, with --share and without", "with --share"))
def bench_filter(recorder):
    supervised = [HYDRINIT, "-q", "--restart", "on-failure", "--ready", "none"]
    calls = ["--", PROBE, "calls", "1000000"]
    for number in range(times(10, 3)):
        for name, options in (("with --share", ["--share"]), ("without", [])):
            took = subprocess.run([*supervised, *options, *calls], capture_output=True, text=True, check=True)
            recorder.add("system call", name, float(took.stdout), number)
