"""What happens when a process dies: how long until the next one runs, and what a crash loop comes to."""
import os
import signal
import subprocess
import time

from common import HYDRINIT, PROBE, Metric, cpu_ns, kill_all, times, topic, tree, wait_until
from managers import MANAGERS, Manager, hydrinit_1s, present


@topic("restart", "kill -9, and the next one",
       Metric("after a life of 1.2 s", "µs", "less", "from kill -9 to the next one's first instructions. hydrinit has "
              "--min-uptime 1s here, what the others count as a healthy life; with its own 10s it waits 100 ms"),
       Metric("at once", "µs", "less", "the same for one that is killed as soon as it runs, with --min-uptime 0, "
              "beside a bare loop of vfork, exec and wait; the others do not restart at once"))
def bench_restart(recorder):
    restart_after_a_life(recorder)
    restart_at_once(recorder)


def restart_after_a_life(recorder):
    life = 1.2e9
    managers = present(recorder, {**MANAGERS, "hydrinit": hydrinit_1s})
    running = {name: Manager(make, "stamp", 1) for name, make in managers.items()}
    for number in range(times(12, 3)):
        for name, manager in running.items():
            pid, begun = manager.wait_for(number + 1)[-1]
            wait_until(lambda begun=begun: time.monotonic_ns() - begun > life, "a healthy life")
            killed = time.monotonic_ns()
            os.kill(pid, signal.SIGKILL)
            _, begun = manager.wait_for(number + 2)[-1]
            recorder.add("after a life of 1.2 s", name, (begun - killed) / 1000, number)
    for manager in running.values():
        manager.stop()


def restart_at_once(recorder):
    commands = {
        "bare loop": [PROBE, "respawn", PROBE, "stamp"],
        "hydrinit": [HYDRINIT, "-q", "--restart", "always", "--ready", "0", "--min-uptime", "0", PROBE, "stamp"],
    }
    for number in range(times(10, 3)):
        for name, command in commands.items():
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                pid = int(process.stdout.readline().split()[0])
                for _ in range(30):
                    killed = time.monotonic_ns()
                    os.kill(pid, signal.SIGKILL)
                    pid, begun = map(int, process.stdout.readline().split())
                    recorder.add("at once", name, (begun - killed) / 1000, number)
                kill_all(tree(process.pid))


@topic("storm", "A command that dies at each start, for ten seconds, with every manager's defaults",
       Metric("starts", "times", "", "how often it was started within 10 s of the first start. Neither more nor less "
              "is better"),
       Metric("last start", "s", "", "when the last of them was, after the first"),
       Metric("CPU", "ms", "less", "CPU time of the manager meanwhile"))
def bench_storm(recorder):
    window = times(10, 3) * 1e9
    for number in range(times(2, 1)):
        storms = {}  # all in the same ten seconds: they hardly need the machine
        for name, make in present(recorder).items():
            manager = Manager(make, "crash", 1)
            storms[name] = (manager, manager.wait_for(1)[0][1], cpu_ns(manager.pids()))
        for name, (manager, first, before) in storms.items():
            wait_until(lambda first=first: time.monotonic_ns() - first > window, "the end of the storm")
            starts = [at - first for _, at in manager.stamps() if at - first <= window]
            recorder.add("starts", name, len(starts), number)
            recorder.add("last start", name, starts[-1] / 1e9, number)
            if manager.process.poll() is None:
                recorder.add("CPU", name, (cpu_ns(manager.pids()) - before) / 1e6, number)
            else:
                recorder.cannot(name, "it had ended by then", "CPU")
        for manager, _, _ in storms.values():
            manager.stop()
