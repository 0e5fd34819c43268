"""Kills, signals, reloads, scales and log bursts in any order, against replicas of a server under load.

  soak.py HYDRINIT SECONDS [SEED]

hydrinit is PID 1 of a PID namespace; whatever acts on it comes in by nsenter(1), as `docker exec` does, or is
a signal. What is chosen hangs on the seed alone. At the end:
  - all replicas are up, and nobody else is there: no zombie, no orphan
  - hydrinit has the same descriptors open as at the start, and no more memory of its own than 8 kB
  - no request was refused or has timed out, and each that was cut off was in flight at a kill of ours
  - every line of output came out whole and in its place, but for what a killed process had not written
"""
import collections
import http.client
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

HYDRINIT = os.path.abspath(sys.argv[1])
SECONDS = float(sys.argv[2])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(10**6)
HERE = os.path.dirname(os.path.abspath(__file__))
REPLICAS = 8
MOST = 12
PORT = 21800  # below those that the kernel gives to clients (ip(7), ip_local_port_range)
CLIENTS = 8
PATIENCE = 30  # seconds for what should take much less
LINES = 2000  # of a burst
GROWTH_KB = 8
HEARD = 0.05  # seconds from a kill to the line that tells of it
BEFORE = 2  # seconds of the journal that are shown with a request that was cut off


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def wait_until(what, condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"soak: seed {SEED}: in {PATIENCE} s not: {what}")
        time.sleep(0.05)


class Clients:
    """Requests, a new connection each, and what becomes of them."""

    def __init__(self):
        self.outcomes = collections.Counter()
        self.cut = []  # (begun, ended) of those that were reset or got no whole answer
        self.kills = []
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stopped.is_set():
            begun = time.monotonic()
            outcome = self.request()
            self.outcomes[outcome] += 1
            if outcome == "cut":
                self.cut.append((begun, time.monotonic()))

    @staticmethod
    def request():
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
        try:
            connection.request("GET", "/")
            return "answered" if connection.getresponse().read() == b"hello\n" else "wrong"
        except ConnectionRefusedError:
            return "refused"
        except socket.timeout:
            return "timed out"
        except (ConnectionError, http.client.HTTPException):
            return "cut"
        finally:
            connection.close()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def cut_without_a_kill(self, others):
        kills = [*self.kills, *others]
        return [one for one in self.cut if not any(one[0] <= kill <= one[1] for kill in kills)]


class Output(threading.Thread):
    """Reads the replicas' lines, and counts those that are broken or missing."""

    LINE = re.compile(rb"\[\d+\] line (\d+) (\d+) (x*)\.\n")
    BEGUN = re.compile(rb"\[\d+\] l?i?n?e? ?\d* ?\d* ?x*\n")

    def __init__(self, pipe):
        super().__init__(daemon=True)
        self.pipe = pipe
        self.lines = 0
        self.broken = []
        self.begun = 0  # lines that a killed process has not ended
        self.next = {}
        self.start()

    def run(self):
        for line in self.pipe:
            self.lines += 1
            match = self.LINE.fullmatch(line)
            if not match and self.BEGUN.fullmatch(line):
                self.begun += 1
                continue
            pid, number = (int(match[1]), int(match[2])) if match else (0, 0)
            if not match or number != self.next.get(pid, 0) or len(match[3]) != (number + 1) % 100:
                self.broken.append(line)
            self.next[pid] = number + 1


class Hydrinit:
    def __init__(self, ports):
        options = ["-v", "-n", str(REPLICAS), "--max-replicas", str(MOST), "--log", "prefix", "-e", "TERM",
                   "--min-uptime", "1", "--max-restarts", "0", "--restart-max-delay", "1", *ports]
        server = ["node", f"{HERE}/server.js"]
        environment = {**os.environ, "PORT": str(PORT), "LINES": str(LINES), **({"FD": "3", "READY_FD": "4"} if "--listen" in ports else {})}
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", HYDRINIT, *options, "--", *server],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        self.output = Output(self.process.stdout)
        self.said = []  # with its time
        threading.Thread(target=self.listen, daemon=True).start()
        wait_until("hydrinit is there", lambda: self.children(self.process.pid))
        self.pid = self.children(self.process.pid)[0]
        wait_until("all are up", lambda: self.ask("--healthy") == 0)

    def listen(self):
        for line in self.process.stderr:
            self.said.append((time.monotonic(), line.decode(errors="replace").rstrip()))

    @staticmethod
    def children(pid):
        return [int(word) for word in read(f"/proc/{pid}/task/{pid}/children").split()]

    def inside(self, *arguments):
        return ["nsenter", "-t", str(self.pid), "-p", "-m", "-r", HYDRINIT, *arguments]

    def ask(self, *arguments):
        return subprocess.run(self.inside(*arguments), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode

    def ask_aside(self, *arguments):
        return subprocess.Popen(self.inside(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def replica(self, slot):
        """The newest process of the slot, or None."""
        for pid in sorted(self.children(self.pid), reverse=True):
            try:
                with open(f"/proc/{pid}/environ", "rb") as environ:
                    if b"HYDRINIT_REPLICA=%d" % slot in environ.read().split(b"\0"):
                        return pid
            except OSError:
                pass  # it has just ended
        return None

    def descriptors(self):
        folder = f"/proc/{self.pid}/fd"
        return sorted(re.sub(r"\d+", "N", os.readlink(f"{folder}/{fd}").removesuffix(" (deleted)"))
                      for fd in os.listdir(folder))

    def private_dirty(self):
        return int(re.search(r"Private_Dirty:\s+(\d+)", read(f"/proc/{self.pid}/smaps_rollup"))[1])

    def settled(self):
        return self.ask(f"--healthy={REPLICAS}") == 0 and len(self.children(self.pid)) == REPLICAS


class Soak:
    def __init__(self, choose, ports):
        self.choose = choose
        self.hydrinit = Hydrinit(ports)
        self.clients = Clients()
        self.asked = []
        self.did = collections.Counter()
        self.journal = []
        self.actions = {self.kill: 6, self.burst: 3, self.reload: 1, self.hang_up: 1, self.scale: 2,
                        self.one_more_or_less: 2, self.restart_replica: 2, self.halt_replica: 1,
                        self.halt_hydrinit: 1, self.tell_all: 2}

    def signal(self, pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        pid = self.hydrinit.replica(self.choose.randrange(10))
        if pid is not None:
            self.clients.kills.append(time.monotonic())
            self.signal(pid, signal.SIGKILL)

    def burst(self):
        self.signal(self.hydrinit.pid, signal.SIGUSR2)

    def reload(self):
        self.asked.append(self.hydrinit.ask_aside("--reload"))

    def hang_up(self):
        self.signal(self.hydrinit.pid, signal.SIGHUP)

    def scale(self):
        self.hydrinit.ask("--scale", str(self.choose.randint(4, 12)))

    def one_more_or_less(self):
        self.signal(self.hydrinit.pid, self.choose.choice((signal.SIGTTIN, signal.SIGTTOU)))

    def restart_replica(self):
        self.asked.append(self.hydrinit.ask_aside("--restart-replica", str(self.choose.randrange(10))))

    def halt(self, pid, seconds):
        if pid is not None:
            self.signal(pid, signal.SIGSTOP)
            time.sleep(seconds)
            self.signal(pid, signal.SIGCONT)

    def halt_replica(self):
        self.halt(self.hydrinit.replica(self.choose.randrange(10)), self.choose.uniform(0, 1))

    def halt_hydrinit(self):
        self.halt(self.hydrinit.pid, self.choose.uniform(0, 0.5))

    def tell_all(self):
        """A storm of what the server ignores, and its replicas are sent."""
        for _ in range(self.choose.randrange(500)):
            self.signal(self.hydrinit.pid, signal.SIGWINCH)

    def run(self):
        # Each slot once, which keeps its pipes from then on, and much output.
        self.hydrinit.ask("--scale", str(MOST))
        wait_until("all that can be are up", lambda: self.hydrinit.ask(f"--healthy={MOST}") == 0)
        self.burst()
        wait_until("all have written", lambda: self.hydrinit.output.lines >= MOST * LINES)
        self.hydrinit.ask("--scale", str(REPLICAS))
        before = self.figures()
        started = time.monotonic()
        while time.monotonic() - started < SECONDS and self.hydrinit.process.poll() is None:
            action = self.choose.choices(*zip(*self.actions.items()))[0]
            pause = self.choose.expovariate(5)
            self.journal.append((time.monotonic(), action.__name__))
            action()
            self.did[action.__name__] += 1
            time.sleep(pause)
            self.asked = [each for each in self.asked if each.poll() is None]
        self.calm_down()
        after = self.figures()
        return self.judge(before, after)

    def calm_down(self):
        self.hydrinit.ask("--scale", str(REPLICAS))
        for each in self.asked:
            each.wait(PATIENCE)
        self.hydrinit.ask("--reload")
        wait_until("eight are up, and nobody else is there", self.hydrinit.settled)
        self.clients.stop()

    def figures(self):
        wait_until("eight are up", self.hydrinit.settled)
        return self.hydrinit.descriptors(), self.hydrinit.private_dirty()

    def judge(self, before, after):
        hydrinit, clients = self.hydrinit, self.clients
        os.kill(hydrinit.pid, signal.SIGTERM)
        code = hydrinit.process.wait(PATIENCE)
        hydrinit.output.join(PATIENCE)
        print("did: " + ", ".join(f"{name} {count}" for name, count in sorted(self.did.items())))
        print(f"requests: {dict(clients.outcomes)} over {len(clients.kills)} kills; lines: {hydrinit.output.lines}")
        print(f"descriptors: {len(before[0])} before, {len(after[0])} after; "
              f"Private_Dirty: {before[1]} kB before, {after[1]} kB after")
        failures = []
        if code != 0:
            failures.append(f"hydrinit ended with {code}")
        if before[0] != after[0]:
            old, now = collections.Counter(before[0]), collections.Counter(after[0])
            failures.append(f"descriptors: {dict(old - now)} have become {dict(now - old)}")
        if after[1] > before[1] + GROWTH_KB:
            failures.append("hydrinit has grown")
        lost = {name: n for name, n in clients.outcomes.items() if name not in ("answered", "cut")}
        if lost:
            failures.append(f"lost: {lost}")
        # The signal of a burst ends a server that has no handler for it yet.
        bursts = [at - HEARD for at, text in hydrinit.said if "was killed by USR2" in text]
        for begun, ended in clients.cut_without_a_kill(bursts):
            around = [f"  {at - begun:+.3f} {text}" for at, text in sorted(self.journal + hydrinit.said)
                      if begun - BEFORE < at < ended + 1]
            failures.append("\n".join([f"cut off without a kill, after {ended - begun:.3f} s:", *around]))
        if not clients.outcomes["answered"]:
            failures.append("no request was answered")
        if hydrinit.output.begun > len(clients.kills):
            failures.append(f"{hydrinit.output.begun} lines were not ended")
        if hydrinit.output.broken:
            failures.append(f"{len(hydrinit.output.broken)} broken lines, such as {hydrinit.output.broken[:3]}")
        return failures


def main():
    choose = random.Random(SEED)
    ports = choose.choice((["--share"], ["--listen", str(PORT), "--ready", "fd:4"]))
    print(f"soak: {SECONDS:.0f} s, seed {SEED}, {' '.join(ports)}", flush=True)
    soak = Soak(choose, ports)
    try:
        failures = soak.run()
    finally:
        soak.hydrinit.process.kill()  # --kill-child takes hydrinit along, and that its namespace
        soak.hydrinit.process.wait()
    for failure in failures:
        print(f"soak: {failure}")
    print(f"soak: seed {SEED}: {'failed' if failures else 'nothing lost, nothing left'}")
    return 1 if failures else 0


sys.exit(main())
