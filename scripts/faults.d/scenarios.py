"""What hydrinit does while its system calls fail: a life from its start to its stop, of a kind each."""
from dataclasses import dataclass, field
from typing import Callable


@dataclass
class Scenario:
    name: str
    says: str  # for the document
    options: list  # of hydrinit; PROBE, PORT and FOLDER are filled in
    steps: Callable = lambda run: None
    code: int = 0  # of a run without a fault
    ends: bool = False  # by itself
    # init: its own calls fail; child: those of the processes that it makes, until they execute
    roles: tuple = ("init", "child")
    attach: bool = False  # strace comes once it runs: what has failed is the start of a replica's later life
    pid1: bool = True
    terminal: bool = False
    asks: list = field(default_factory=list)  # the words of a client: it is the one whose calls fail


def ready(count=1):
    """So many were ready, since the start."""
    return lambda run: run.expect(f"{count} ready", lambda: run.out.count("ready ") >= count)


def forward(run):
    ready()(run)
    run.signal("USR1")
    run.expect("the forwarded signal", lambda: "signal 10 " in run.out)


def crash(run):
    ready(2)(run)
    run.kill_one()
    ready(3)(run)


def hup(run, count):
    run.signal("HUP")
    run.expect(f"{count} ready", lambda: run.out.count("ready ") >= count or "reload ended" in run.err)


def reload(run):
    ready(2)(run)
    hup(run, 4)


def crash_and_reload(run):
    crash(run)
    hup(run, 5)


def scale(run):
    ready(2)(run)
    run.signal("TTIN")
    ready(3)(run)
    run.signal("TTOU")
    run.expect("2 replicas", lambda: len(run.replicas()) == 2)


def healthy(run):
    ready(2)(run)
    run.expect("both up", lambda: run.ask(["--healthy"])[0] == 0)


def orphans(run):
    ready()(run)
    run.expect("no zombies", lambda: not run.zombies() and len(run.replicas()) == 1)


def crash_under_strace(run):
    ready(2)(run)
    run.attach()
    run.kill_one()
    ready(3)(run)


TWO = ["-n", "2", "--restart-delay", "10ms", "--restart-max-delay", "50ms", "--min-uptime", "0", "--stop-timeout", "1s"]
QUICK = ["--ready", "5ms", "--drain-time", "5ms"]
LINGER = ["PROBE", "signals", "15"]

SCENARIOS = [
    Scenario("plain", "one child, a signal forwarded, a stop", ["--"] + LINGER, forward),
    Scenario("end", "a child that is found in `PATH` and ends by itself", ["--", "sh", "-c", "exit 7"],
             lambda run: run.expect("the end", run.ended), code=7, ends=True),
    Scenario("orphans", "five orphans", ["-w", "--", "PROBE", "orphans", "5"], orphans, code=143),
    Scenario("stop", "a child that ignores TERM, under `--stop-timeout`",
             ["--stop-timeout", "50ms", "--", "PROBE", "stubborn"], ready(), code=137),
    Scenario("policies", "`-p TERM --session`, a variable to strip",
             ["-p", "TERM", "--session", "--", *LINGER], forward),
    Scenario("subreaper", "not PID 1, and `--wait-all` with a daemon left behind",
             ["--wait-all", "1s", "-v", "--", "PROBE", "daemon", "signals", "15"],
             lambda run: run.expect("the end", run.ended), pid1=False, ends=True),
    Scenario("terminal", "the child in the foreground of a terminal", ["--"] + LINGER, forward, terminal=True),
    Scenario("session", "`--session` as the leader of a terminal's session, not PID 1", ["--session", "--"] + LINGER,
             forward, terminal=True, pid1=False),
    Scenario("restarts", "`-n 2`, one killed and started again", TWO + ["--ready", "0"] + LINGER, crash),
    Scenario("reload", "`-n 2`, HUP", TWO + QUICK + LINGER, reload),
    Scenario("scale", "`-n 2 --pin`, one more, one less", TWO + QUICK + ["--pin"] + LINGER, scale),
    Scenario("max", "`-n max`, on no more than two CPUs", ["-n", "max"] + TWO[2:] + QUICK + LINGER, ready()),
    Scenario("log", "`-n 2 --log prefix`, one killed and started again", TWO + QUICK + ["--log", "prefix"] + LINGER,
             crash),
    Scenario("notify", "`-n 2 --ready notify`, one killed, then HUP",
             TWO + QUICK[2:] + ["--ready", "notify", "--ready-timeout", "1s", "PROBE", "notify", "15"],
             crash_and_reload),
    Scenario("listen", "`-n 2 --listen` with `--ready fd:4`, one killed, then HUP",
             TWO + QUICK[2:] + ["--listen", "127.0.0.1:PORT", "--ready", "fd:4", "--ready-timeout", "1s",
                                "/bin/sh", "-c", "echo >&4; exec PROBE signals 15"], crash_and_reload),
    Scenario("again", "`-n 2 --listen --log prefix --pin` with `--ready fd:4`: the next lives of one",
             TWO + QUICK[2:] + ["--listen", "127.0.0.1:PORT", "--ready", "fd:4", "--ready-timeout", "1s", "--pin",
                                "--log", "prefix", "/bin/sh", "-c", "echo >&4; exec PROBE signals 15"],
             crash_under_strace, roles=("child",), attach=True),
    Scenario("share-again", "`-n 2 --share` with a server: the next lives of one",
             TWO + QUICK[2:] + ["--share", "--ready-timeout", "1s", "PROBE", "serve", "PORT"], crash_under_strace,
             roles=("child",), attach=True),
    Scenario("unix", "`--listen unix:` of one, as another user",
             ["--listen", "unix:FOLDER/socket", "--user", "65534:65534", "--"] + LINGER, forward),
    Scenario("share", "`-n 2 --share` with a server, one killed, then HUP",
             TWO + QUICK[2:] + ["--share", "--ready-timeout", "1s", "PROBE", "serve", "PORT"], crash_and_reload),
    Scenario("status", "`--status`", TWO + QUICK + LINGER, healthy, asks=["--status"], roles=("init",)),
    Scenario("healthy", "`--healthy`", TWO + QUICK + LINGER, healthy, asks=["--healthy"], roles=("init",)),
    Scenario("ask-scale", "`--scale 3`", TWO + QUICK + LINGER, healthy,
             asks=["--scale", "3", "--timeout", "3s"], roles=("init",)),
    Scenario("ask-reload", "`--reload`", TWO + QUICK + LINGER, healthy,
             asks=["--reload", "--timeout", "3s"], roles=("init",)),
]
