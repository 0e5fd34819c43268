"""What was aimed at, and what came out. Each aim takes the figures and gives what was measured, and whether that
is as it should be."""
from common import shown
from ports import PM2_CLUSTER, SHARE

PEERS = ("tini", "tini-static", "dumb-init", "catatonit")


class Figures:
    """Medians by their names. A KeyError says that it was not measured."""

    def __init__(self, rows):
        self.medians = {(row.topic, row.metric, row.subject): row.median for row in rows if row.median is not None}
        self.ratios = {(row.topic, row.metric, row.subject): row.ratio for row in rows if row.ratio is not None}

    def of(self, topic, metric, subject):
        return self.medians[topic, metric, subject]

    def ratio(self, topic, metric, subject):
        """How many times as much as hydrinit's; the median of the rounds."""
        return self.ratios[topic, metric, subject]


def at_most(topic, metric, limit, subject="hydrinit"):
    def judge(figures):
        value = figures.of(topic, metric, subject)
        return shown(value), value <= limit
    return judge


def below_each(topic, metric, part):
    """hydrinit's is below each peer's, or that part of it."""
    def judge(figures):
        shares = {peer: 1 / figures.ratio(topic, metric, peer) for peer in PEERS}
        return ", ".join(f"{shown(share)} of {peer}'s" for peer, share in shares.items()), max(
            shares.values()) <= part
    return judge


def against(topic, metric, subject, limit):
    """hydrinit's is at most so many times the subject's."""
    def judge(figures):
        share = 1 / figures.ratio(topic, metric, subject)
        return f"{shown(share)} of it", share <= limit
    return judge


def more_requests(kind):
    def judge(figures):
        times = 1 / figures.ratio("http", f"requests a second, {kind}", PM2_CLUSTER)
        return f"{shown(times)} times as many", times >= 1.1
    return judge


def share_of_pm2(figures):
    share = figures.ratio("http", "memory of the manager", PM2_CLUSTER)
    return f"1/{share:,.0f}", share >= 500


AIMS = {
    "a file of 48 KiB at most": at_most("file", "file", 48 * 1024),
    "private memory of 16 kB at most": at_most("memory", "private memory", 16),
    "private memory below each peer's": below_each("memory", "private memory", 0.999),
    "12 system calls at most until the child's exec": at_most("calls", "system calls", 12),
    "5,000 user instructions at most": at_most("calls", "user instructions", 5000),
    "added time at most 1.5 of a minimal launcher's": against("startup", "added", "minimal launcher", 1.5),
    "added time at most 0.5 of each peer's": below_each("startup", "added", 0.5),
    "no wake-up while idle": at_most("wakeups", "wake-ups in 10 s", 0),
    "reaping at most 1.1 of a bare wait loop's": against("reaping", "CPU an orphan", "minimal launcher", 1.1),
    "restart after kill -9 in less time than runsv": against("restart", "after a life of 1.2 s", "runit", 0.999),
    "memory with 2 workers at most 1/500 of pm2-runtime's": share_of_pm2,
    "1.1 times the requests of pm2's cluster, kept connections": more_requests("kept"),
    "1.1 times the requests of pm2's cluster, new connections": more_requests("new"),
    "no request lost in 20 reloads, plain server": at_most("reloads", "lost in all, plain", 0, SHARE),
    "no request lost in 20 reloads, graceful server": at_most("reloads", "lost in all, graceful", 0, SHARE),
}


def outcomes(rows):
    """(aim, what was measured, verdict) of each."""
    figures = Figures(rows)
    for aim, judge in AIMS.items():
        try:
            measured, met = judge(figures)
            yield aim, measured, "yes" if met else "**no**"
        except KeyError as missing:
            yield aim, f"not measured: {', '.join(map(str, missing.args[0]))}", "?"
