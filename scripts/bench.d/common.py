"""What all measurements share: where things are, the samples and what is made of them, and what the kernel
tells of processes."""
import collections
import csv
import ctypes
import os
import select
import shutil
import signal
import statistics
import sys
import time

BUILD = os.path.abspath(os.environ.get("BENCH_BUILD") or "build")
QUICK = bool(os.environ.get("BENCH_QUICK"))
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HYDRINIT = f"{BUILD}/hydrinit"
PROBE = f"{BUILD}/probe"
LAUNCHER = f"{BUILD}/launcher"
PM2 = f"{BUILD}/peers/node_modules/.bin/pm2"
STARTED = time.monotonic()
os.environ["PATH"] += ":/usr/sbin:/sbin"


def times(full, quick):
    """How often, in a full run and in a quick one."""
    return quick if QUICK else full


def say(text):
    print(f"{time.monotonic() - STARTED:6.0f} s  {text}", flush=True)


def which(name):
    return shutil.which(name)


# ---- topics, metrics, samples -------------------------------------------------------------------------------

# better: "less", "more", or "" where neither is. Ratios are to `base` in the same round.
Metric = collections.namedtuple("Metric", "name unit better meaning base", defaults=["hydrinit"])
Topic = collections.namedtuple("Topic", "name group title note metrics run")
TOPICS = {}


def topic(name, title, *metrics, note=""):
    """Makes a topic of a function that takes a Recorder. The note is a paragraph for the page."""
    def add(run):
        group = run.__module__
        TOPICS[name] = Topic(name, group, title, note, {metric.name: metric for metric in metrics}, run)
        return run
    return add


COLUMNS = ("topic metric unit better subject median low high n ratio ratio_low ratio_high base note").split()
Row = collections.namedtuple("Row", COLUMNS)


def quartiles(samples):
    """Median, lower and upper quartile. None for the quartiles of a single sample."""
    if len(samples) < 2:
        return samples[0], None, None
    low, middle, high = statistics.quantiles(samples, n=4, method="inclusive")
    return middle, low, high


class Recorder:
    """The samples of one topic."""

    def __init__(self, name):
        self.topic = TOPICS[name]
        self.samples = {}  # of (metric, subject), of each round
        self.notes = {}

    def add(self, metric, subject, value, number=0):
        """Notes a sample of that round."""
        assert metric in self.topic.metrics, metric
        rounds = self.samples.setdefault((metric, subject), {})
        rounds.setdefault(number, []).append(float(value))

    def cannot(self, subject, why, metric=None):
        """Notes that a subject is not measured, in one metric or in all."""
        if why not in [note for (_, name), note in self.notes.items() if name == subject]:
            say(f"{self.topic.name}: {subject}: not measured: {why}")
        for each in [metric] if metric else self.topic.metrics:
            self.notes[each, subject] = why
            self.samples.setdefault((each, subject), {})

    def ratios(self, metric, subject):
        own = self.samples[metric.name, subject]
        base = self.samples.get((metric.name, metric.base), {})
        return [statistics.median(own[number]) / statistics.median(base[number])
                for number in own if number in base and statistics.median(base[number]) > 0]

    def rows(self):
        rows = []
        for metric in self.topic.metrics.values():
            for (name, subject), rounds in self.samples.items():
                if name != metric.name:
                    continue
                values = [value for samples in rounds.values() for value in samples]
                ratios = self.ratios(metric, subject)
                figures = quartiles(values) if values else (None, None, None)
                rows.append(Row(self.topic.name, metric.name, metric.unit, metric.better, subject, *figures,
                                len(values), *(quartiles(ratios) if ratios else (None, None, None)),
                                metric.base if ratios else "", self.notes.get((name, subject), "")))
        return rows


def shown(value):
    """Three digits that count; whole numbers without a fraction."""
    if value is None:
        return "-"
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def print_rows(rows):
    heading = None
    for row in rows:
        if row.metric != heading:
            heading = row.metric
            print(f"          {heading}, {row.unit}")
        if row.median is None:
            print(f"            {row.subject:28} {row.note}")
            continue
        ratio = f"   ratio {shown(row.ratio)} ({shown(row.ratio_low)} to {shown(row.ratio_high)})" if row.base else ""
        print(f"            {row.subject:28} {shown(row.median):>9} ({shown(row.low)} to {shown(row.high)}), "
              f"n {row.n}{ratio}")
    sys.stdout.flush()


def figure(value):
    return f"{value:.0f}" if value == int(value) else f"{value:.6g}"


def write_csv(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow(figure(value) if isinstance(value, float) else value for value in row)


def read_csv(path):
    figures = {"median", "low", "high", "n", "ratio", "ratio_low", "ratio_high"}
    with open(path, encoding="utf-8", newline="") as file:
        return [Row(**{name: (float(value) if value else None) if name in figures else value
                       for name, value in row.items()}) for row in csv.DictReader(file)]


# ---- processes ----------------------------------------------------------------------------------------------

def wait_until(condition, what, seconds=60, every=0.001):
    """Waits until it is true, looking each so many seconds; what it gave is returned. TimeoutError says what was
    waited for."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(every)


def lines_of(path):
    """The lines of a file in /proc; none when the process is gone."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def tree(pid):
    """The process and all below it."""
    pids = [pid]
    for each in pids:
        for task in tasks(each):
            for line in lines_of(f"/proc/{each}/task/{task}/children"):
                pids += map(int, line.split())
    return pids


def tasks(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def cpu_ns(pids):
    """Nanoseconds on a CPU, of all threads that these processes have now."""
    return sum(int(line.split()[0]) for pid in pids for task in tasks(pid)
               for line in lines_of(f"/proc/{pid}/task/{task}/schedstat"))


def switches(pids):
    """How often they have left a CPU: each time they were asleep they have been woken."""
    return sum(int(line.split()[1]) for pid in pids for task in tasks(pid)
               for line in lines_of(f"/proc/{pid}/task/{task}/status") if "ctxt_switches:" in line)


def memory(pids):
    """Sums of what smaps_rollup tells, in kB."""
    sums = collections.Counter()
    for pid in pids:
        for line in lines_of(f"/proc/{pid}/smaps_rollup")[1:]:
            sums[line.split(":")[0]] += int(line.split()[1])
    return sums


def asleep(pid):
    for line in lines_of(f"/proc/{pid}/stat"):
        return line.rsplit(")", 1)[1].split()[0] == "S"
    return False


def settle(pid):
    """Waits until the process sleeps, and still does so 2 ms later without having been awake between."""
    before = [None]

    def still():
        now = (asleep(pid), switches([pid]), cpu_ns([pid]))
        time.sleep(0.002)
        same = now[0] and now == before[0]
        before[0] = now
        return same
    wait_until(still, f"process {pid} asleep", 10)


def become_subreaper():
    """So that whatever is left behind by others comes to us, for end_all."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1, 0, 0, 0)


def kill_all(pids):
    """Kills them, those above first, and waits until they are gone: somebody else wants their ports."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            continue
        select.select([descriptor], [], [])
        os.close(descriptor)
        try:
            os.waitpid(pid, 0)
        except OSError:
            pass


def end_all():
    """Nothing that a topic has started outlives it."""
    def ended():
        below = tree(os.getpid())[1:]
        kill_all(below)
        return not below
    wait_until(ended, "the end of all processes")
