"""What a manager costs for each process that it keeps, from one to a thousand."""
import os
import signal
import time

from common import Metric, cpu_ns, memory, times, topic
from managers import MANAGERS, Manager, hydrinit_1s, present

COUNTS = (1, 10, 100, 1000)


def metrics():
    for count in COUNTS:
        yield Metric(f"memory, N={count}", "kB", "less", "Pss of all processes of the manager, without what it runs")
    for count in COUNTS:
        yield Metric(f"memory each, N={count}", "kB", "less", "the same divided by N")
    for count in COUNTS:
        yield Metric(f"CPU to start, N={count}", "ms", "less", "CPU time of the manager until all run, divided by N")
    for count in COUNTS:
        yield Metric(f"CPU a restart, N={count}", "µs", "less", "CPU time of the manager for each, when up to 50 "
                     "of them are killed at once")
    for count in COUNTS:
        yield Metric(f"CPU idle, N={count}", "µs", "less", "CPU time of the manager in a second in which nothing "
                     "happens, divided by N")


@topic("replicas", "One to a thousand replicas", *metrics(),
       note="Of runit and s6 a process for each is counted, as that is how they keep them.")
def bench_replicas(recorder):
    for number in range(times(2, 1)):
        for count in COUNTS:
            for name, make in present(recorder, {**MANAGERS, "hydrinit": hydrinit_1s}).items():
                if (f"memory, N={count}", name) not in recorder.notes:
                    measure(recorder, name, make, count, number)


def measure(recorder, name, make, count, number):
    manager = Manager(make, "stamp", count)
    try:
        manager.wait_for(count, 120)
        pids = manager.pids()
        recorder.add(f"CPU to start, N={count}", name, cpu_ns(pids) / 1e6 / count, number)
        time.sleep(1.5)  # what is still to be done after the start is no idle time: until hydrinit calls it up
        window = 1.5
        before = cpu_ns(pids)
        time.sleep(window)
        recorder.add(f"CPU idle, N={count}", name, (cpu_ns(pids) - before) / 1000 / window / count, number)
        taken = memory(pids)["Pss"]
        recorder.add(f"memory, N={count}", name, taken, number)
        recorder.add(f"memory each, N={count}", name, taken / count, number)
        # All have had a life by now that none counts as too short.
        before = cpu_ns(pids)
        killed = [pid for pid, _ in manager.stamps()][:50]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        manager.wait_for(count + len(killed), 30)
        recorder.add(f"CPU a restart, N={count}", name, (cpu_ns(pids) - before) / 1000 / len(killed), number)
    except TimeoutError as late:
        for metric in recorder.topic.metrics:
            if metric.endswith(f"N={count}") and (metric, name) not in recorder.samples:
                recorder.cannot(name, str(late), metric)
    manager.stop()
