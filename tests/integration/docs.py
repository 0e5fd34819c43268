"""Does what README.md and docs/*.md tell people to do, and compares what they show with what is printed.

   docs.py BINARY run DOCUMENT     its command lines
   docs.py BINARY options          the option table, in each place where it stands
   docs.py BINARY messages         what hydrinit can say, in the documents that explain it
   docs.py BINARY links            what the documents link to
   docs.py BINARY picture          docs/terminal.svg, against a run of today

Each complaint is a line on standard output; then the code is 1.

A block of commands is run in a PID, mount and network namespace of its own, where hydrinit is in /sbin. A
line that begins with hydrinit runs as PID 1, but for shell-scripts.md; it is sent TERM once it is up. Its
code must be 0, or 143 after the TERM, unless a comment behind it says another: "# stopped by TERM: 131".
What is shown behind "$ COMMAND", or by a comment behind an echo, must be what is printed. What cannot be
had so is in the tables below.
"""

import configparser
import fcntl
import glob
import json
import os
import re
import selectors
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT = 30  # seconds, for whatever is waited for
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Blocks that are not run, by their document and first line.
NOT_RUN = {
    ("README.md", "scripts/demo"): "CI runs both",
    ("bench.md", "make bench"): "they take minutes, and say nothing that could be compared",
    ("CONTRIBUTING.md", "scripts/test"): "CI runs it",
    ("CONTRIBUTING.md", "make"): "CI has run it when it comes here",
    ("CONTRIBUTING.md", "scripts/setup check"): "CI runs both",
    ("design.md", " kernel ──signals"): "a picture",
    ("one-port.md", "all 387 slow"): "a measurement; stuck replicas are in Ports.*Stuck*",
    ("policies.md", "cpus                    1: 2 by affinity, 1 by"): "needs a quota; CpuCount.* has its files",
    ("policies.md", "hydrinit: cannot start 'node': clone"): "needs a limit that root ignores; Replicas.* has the fault",
    ("terminal.md", "$ hydrinit sleep 100"): "needs keys; Terminal.* has them",
}

# Commands of these need a daemon or a registry. scripts/containers runs the like of them; here it is only seen
# that hydrinit takes the options and variables in them.
ENGINES = {"docker", "podman", "kubectl", "docker-compose", "apt-get", "apk"}

# A server that is told from outside to break.
BREAKABLE = "--ready fd:3 -- sh -c '[ ! -e broken ] || exit 3; echo >&3; exec sleep 1000'"

# Where only what is printed is shown: what prints it, and what is done then. Steps: a text is waited for on
# standard error, a signal is sent, a file is made.
SHOWN = {
    ("guide.md", "hydrinit: pid 7 did not stop within"): (
        "HYDRINIT_STOP_TIMEOUT=50ms hydrinit -- sh -c 'trap \"\" TERM; echo ready >&2; while :; do sleep 1; done'",
        ["ready", signal.SIGTERM]),
    ("guide.md", "hydrinit: reaped orphan pid"): (
        "hydrinit -w -- sh -c 'sh -c \"sleep 0 & echo \\$! >orphan\"; while [ -e /proc/$(cat orphan) ]; do :; done'",
        []),
    ("observability.md", "hydrinit: pid 17210 (git) is a zombie"): (
        "hydrinit -v --wait-all 50ms -- sh -c './worker & until [ -e zombie ]; do sleep 0.01; done'",
        []),
    ("one-port.md", "hydrinit: replica 0 is not up within"): (
        "hydrinit -n 1 --ready fd:3 --ready-timeout 50ms -- sleep 1000",
        ["starting it again", signal.SIGTERM]),
    ("one-port.md", "hydrinit: --share: seccomp: Device"): (
        "hydrinit -n 1 --share --ready 0 -- hydrinit -n 1 --share -- node server.js",
        ["and has failed", signal.SIGTERM]),
    ("policies.md", "hydrinit: reloading\nhydrinit: reloaded"): (
        "hydrinit -v -n 1 " + BREAKABLE, ["is up", signal.SIGHUP, "reloaded", signal.SIGTERM]),
    ("policies.md", "hydrinit: reload ended"): (
        "hydrinit -v -n 2 " + BREAKABLE,
        ["is up", "is up", "+broken", signal.SIGHUP, "reload ended", signal.SIGTERM]),
    ("policies.md", "hydrinit: reloading\nhydrinit: replica 0 ended with code 3"): (
        "hydrinit -v -n 1 --reload-order start-first " + BREAKABLE,
        ["is up", "+broken", signal.SIGHUP, "reload ended", signal.SIGTERM]),
    ("policies.md", "hydrinit: replicas wanted: 3"): (
        "hydrinit -v -n 2 --max-replicas 3 --ready 10ms -- sleep 1000",
        ["is up", "is up", signal.SIGTTIN, "wanted", signal.SIGTTIN, "stay at", signal.SIGTERM]),
    ("shell-scripts.md", "hydrinit: --wait-all 2s -- /bin/sh: unknown"): ("./one-word", []),
}

# What is put before a command: somebody on its port, or fewer rights.
BEFORE = {
    ("one-port.md", "hydrinit -n 2 --listen 41021"): "python3 -m http.server 41021 >http.log 2>&1 & wait_for_port 41021; ",
    ("one-port.md", "hydrinit -n 2 --share -- setpriv"): "exec setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace ",
}

# What commands find in their folder and path. JavaScript of migrating.md is added to it.
FILES = {
    "server.js": """\
const http = require('http');
const { HYDRINIT_REPLICA: number, PORT = 3000 } = process.env;
http.createServer((request, response) => response.end(`replica ${number} pid ${process.pid}\\n`)).listen(PORT);
""",
    "worker.js": "setInterval(() => {}, 1000);\n",
    "fd3.js": "require('http').createServer((request, response) => response.end('here')).listen({ fd: 3 });\n",
    "wsgi.py": "def app(environ, start):\n    start('200 OK', [])\n    return [b'here']\n",
    "worker": """\
#!/usr/bin/python3
import os, signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(['./git'])
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
open('zombie', 'w')
while True:
    signal.pause()
""",
    "git": "#!/bin/sh\nexit 0\n",
    "one-word": "#!/sbin/hydrinit --wait-all 2s -- /bin/sh\n",
}
COMMANDS = {
    "systemd-notify": """\
#!/usr/bin/python3
import os, socket
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'READY=1', os.environ['NOTIFY_SOCKET'].replace('@', '\\0', 1))
""",
}
DIALECTS = ("tini", "dumb-init", "catatonit", "docker-init", "podman-init")

complaints = 0


def complain(where, text):
    global complaints
    complaints += 1
    print(f"{where}: {text}")


# ---- documents -----------------------------------------------------------------------------------


def documents():
    return ["README.md"] + sorted("docs/" + os.path.basename(name) for name in glob.glob(TOP + "/docs/*.md"))


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


class Block:
    def __init__(self, document, line, kind, lines):
        self.name = os.path.basename(document)
        self.where = f"{document}:{line}"
        self.kind = kind
        self.lines = lines
        self.text = "\n".join(lines)

    def listed_in(self, table):
        """The entry whose text this one begins with; the longest, if there are several."""
        return look_up(table, self.name, self.text)


def look_up(table, name, text):
    fits = [begin for document, begin in table if document == name and text.startswith(begin)]
    return table[name, max(fits, key=len)] if fits else None


def take_apart(document):
    """Its blocks, and its text without them."""
    blocks, prose, fence = [], [], None
    for number, line in enumerate(read(document).split("\n"), 1):
        mark = re.match(r"( *)```(.*)$", line)
        if fence is None and mark:
            indent, fence = len(mark[1]), (number, mark[2], [])
        elif mark:
            blocks.append(Block(document, *fence))
            fence = None
        elif fence:
            fence[2].append(line[indent:])
        else:
            prose.append(line)
    if fence:
        complain(f"{document}:{fence[0]}", "the block has no end")
    return blocks, "\n".join(prose)


def code_spans(prose):
    spans = re.findall(r"(?<!`)(`+)(?!`)((?:(?!\n\n).)+?)(?<!`)\1(?!`)", prose, re.S)
    return [re.sub(r"\s+", " ", text).replace("\\|", "|").strip() for _, text in spans]


# ---- the place where commands run ----------------------------------------------------------------


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def shadow(folder, old, add):
    """The folder with the same files, and more, for this mount namespace alone."""
    os.makedirs(old)
    mount("--bind", folder, old)
    mount("-t", "tmpfs", "none", folder)
    for name in os.listdir(old):
        os.symlink(os.path.join(old, name), os.path.join(folder, name))
    shutil.copy(add, os.path.join(folder, "hydrinit"))


def enter(binary, folder, as_pid1, shell, command):
    """In namespaces of their own, as PID 1: becomes the command, or runs it and sees that nothing is left."""
    with socket.socket() as any_socket:
        up = struct.pack("16sH14x", b"lo", 0x1)  # IFF_UP
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS
    shadow(os.path.realpath("/sbin"), folder + "/.sbin", binary)
    shadow("/usr/local/sbin", folder + "/.local-sbin", binary)
    with open("/etc/passwd", encoding="utf-8") as file:
        users = file.read()
    if not re.search("^www-data:", users, re.M):
        with open(folder + "/.passwd", "w", encoding="utf-8") as file:
            file.write(users + "www-data:x:33:33::/:/bin/false\n")
        mount("--bind", folder + "/.passwd", "/etc/passwd")
    os.chdir(folder)
    if as_pid1:
        os.execvp(shell, [shell, "-c", command])
    code = subprocess.run([shell, "-c", command], stdin=subprocess.DEVNULL).returncode
    # Orphans of an ordinary shell are ours, and zombies are no processes.
    left = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if pid != "1":
            try:
                with open(f"/proc/{pid}/status", encoding="latin-1") as file:
                    status = file.read()
            except OSError:
                continue  # it has just gone
            if "\nState:\tZ" not in status:
                left.append(re.search(r"Name:\t(.*)", status)[1])
    if left:
        sys.stderr.write("left behind: " + " ".join(left) + "\n")
    sys.exit(code if code >= 0 else 128 - code)


WAIT_FOR_PORT = """\
wait_for_port() {
  python3 -c 'import socket, sys, time
for _ in range(1000):
    try: sys.exit(socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close())
    except OSError: time.sleep(0.02)
sys.exit("no port")' "$1"
}
"""


class Run:
    """A command in its own namespaces, and what it has printed."""

    def __init__(self, binary, command, as_pid1=True, shell="sh", verbose=False):
        self.folder = tempfile.mkdtemp(prefix="hydrinit-docs.")
        os.chmod(self.folder, 0o755)
        for name, text in FILES.items():
            self.make(name, text)
        os.mkdir(self.folder + "/bin")
        for name, text in COMMANDS.items():
            if shutil.which(name, path=SYSTEM_PATH) is None:
                self.make("bin/" + name, text)
        for name in DIALECTS:
            os.symlink("/sbin/hydrinit", f"{self.folder}/bin/{name}")
        os.symlink(TOP + "/scripts", self.folder + "/scripts")
        environment = {"PATH": f"{self.folder}/bin:{SYSTEM_PATH}", "HOME": "/root", "LC_ALL": "C.UTF-8"}
        if verbose:
            environment["HYDRINIT_VERBOSE"] = "2"  # tini and its like begin at 1
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--net", "--uts", "--ipc",
             "/usr/bin/python3", "-B", os.path.abspath(__file__), binary, "enter", self.folder,
             "1" if as_pid1 else "0", shell, command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        self.output = {self.process.stdout: b"", self.process.stderr: b""}
        self.both = b""
        self.seen = 0
        self.selector = selectors.DefaultSelector()
        for pipe in self.output:
            os.set_blocking(pipe.fileno(), False)
            self.selector.register(pipe, selectors.EVENT_READ)
        self.deadline = time.monotonic() + LIMIT

    def make(self, name, text=""):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(f"{self.folder}/{name}", 0o755)

    def read_more(self):
        """False at the end of both, or of patience."""
        left = self.deadline - time.monotonic()
        if left <= 0 or not self.selector.get_map():
            return False
        for key, _ in self.selector.select(left):
            data = key.fileobj.read()
            if data == b"":
                self.selector.unregister(key.fileobj)
            elif data:
                self.output[key.fileobj] += data
                self.both += data
        return True

    @property
    def errors(self):
        return self.output[self.process.stderr].decode(errors="replace")

    def wait_until(self, condition):
        while not condition():
            if not self.read_more():
                return False
        return True

    def expect(self, pattern):
        """Looks on standard error, behind what was found last."""
        def found():
            match = re.search(pattern, self.errors[self.seen:])
            if match:
                self.seen += match.end()
            return match
        return self.wait_until(found)

    def init(self):
        """hydrinit's pid, seen from here."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            pids = file.read().split()
        return int(pids[0]) if pids else None

    def signal(self, number):
        """Whoever has ended gets none."""
        if self.process.poll() is None and self.init() is not None:
            os.kill(self.init(), number)

    def inside(self, command):
        """What another one prints in there, as by docker exec."""
        result = subprocess.run(
            ["nsenter", "-t", str(self.init()), "-m", "-r", "-w", "-p", "-n", "-u", "-i", "sh", "-c",
             f"cd {self.folder} && {command}"], capture_output=True, text=True, timeout=LIMIT, check=False)
        return result.stdout + result.stderr

    def finish(self):
        """The code, or None when it does not end; then it is killed."""
        while self.read_more():
            pass
        try:
            code = self.process.wait(max(self.deadline - time.monotonic(), 1))
        except subprocess.TimeoutExpired:
            code = None
        self.close()
        return code if code is None or code >= 0 else 128 - code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()  # and unshare's child with it
            self.process.wait()
        for pipe in self.output:
            pipe.close()
        self.selector.close()
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- what is compared ----------------------------------------------------------------------------


def normal(text):
    """Without what differs from run to run: pids, times, sizes."""
    for pattern, by in (
            (r"\bpid \d+", "pid N"), (r"parent \d+", "parent N"), (r"replica \d+ pid", "replica N pid"),
            (r"\d+ ms\b", "N ms"), (r'"time":"[-0-9T:.]+Z"', '"time":T'), (r"/proc/(PID|\d+)/", "/proc/N/"),
            (r"stay at \d+", "stay at N"), (r"(CapBnd:\s+)[0-9a-f]+", r"\1N"),
            (r"^(cpus +)\d+: \d+ by affinity, .*$", r"\1N"), (r"^(--replicas +)\d+", r"\1N")):
        text = re.sub(pattern, by, text, flags=re.M)
    return text


def same(lines, printed, in_order=True):
    """Replicas beside each other say theirs in any order, any can be the first to fail, and what they say as they are
    stopped is not shown."""
    shown, printed = normal("\n".join(lines)).splitlines(), normal(printed).splitlines()
    if in_order:
        return shown == printed
    shown, printed = [[re.sub(r"replica \d+ ends", "replica N ends", line) for line in text] for text in (shown, printed)]
    if all(line.startswith("hydrinit: ") for line in shown):
        printed = [line for line in printed if line.startswith("hydrinit: ")]
    return sorted(shown) == sorted(printed)


def is_part_of(shown, printed):
    """Each line shown is printed, in that order; more may be printed."""
    rest = iter(normal(printed).splitlines())
    return all(line in rest for line in normal(shown).splitlines())


# ---- command lines -------------------------------------------------------------------------------

CLIENT = re.compile(r"--(status|healthy|scale|reload|restart-replica)\b(?!-)")
PLACEHOLDERS = {"N": "2", "K": "1", "I": "0", "D": "1s", "PID": "1", "SIG": "TERM", "USER": "root",
                "CONTAINER": "web", "IMAGE": "web", "COMMAND": "true"}
BEFORE_HYDRINIT = re.compile(r"(?:^|(?<=[\s/]))hydrinit(?:\s+|$)")


def check_arguments(binary, where, arguments, environment=None):
    """hydrinit takes these words: it would start the command, or ask."""
    arguments = [re.sub(r"(?<![\w-])[A-Z]+(?!\w)", lambda word: PLACEHOLDERS.get(word[0], word[0]), argument)
                 for argument in arguments]
    environment = {"PATH": os.environ["PATH"], **(environment or {})}
    options = arguments[:arguments.index("--")] if "--" in arguments else arguments
    asks = any(CLIENT.match(word) for word in options)
    if asks:
        # This process is no hydrinit, so nothing happens.
        command, good = [binary, *arguments, "--pid", str(os.getpid())], (1,)
    elif any(word in ("--help", "--help=all", "--version", "--license") for word in options):
        command, good = [binary, *arguments], (0,)
    else:
        command, good = [binary, "--explain", *arguments], (0,)
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    if result.returncode == 2 and "no command given" in result.stderr:
        command += ["--", "true"] if "--" not in arguments else ["true"]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    if result.returncode not in good:
        complain(where, f"{shlex.join(arguments)}: code {result.returncode}, {result.stderr.strip()}")


def check_words(binary, where, text):
    """hydrinit's part of a line that is not run: its arguments, and variables that are set for it."""
    variables = dict(re.findall(r"\b(HYDRINIT_\w+)=([^\s`'\"]+)", text))
    found = BEFORE_HYDRINIT.search(text)
    if not found and not variables:
        return
    rest = text[found.end():] if found else ""
    if rest.startswith("["):
        return  # a synopsis
    lexer = shlex.shlex(rest, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError as error:
        return complain(where, f"{text}: {error}")
    end = [i for i, word in enumerate(words) if set(word) <= set("|&;<>") and word]
    check_arguments(binary, where, words[:end[0]] if end else words, variables)


def check_list(binary, where, words, variables):
    """A command line in JSON."""
    name = os.path.basename(words[0]) if words else ""
    if name == "hydrinit":
        check_arguments(binary, where, words[1:], variables)
    elif name in DIALECTS:
        options = words[1:words.index("--") + 1] if "--" in words else words[1:]
        result = subprocess.run([name, *options, "true"], executable=binary, env=variables, capture_output=True,
                                text=True, timeout=LIMIT, check=False)
        if result.returncode != 0:
            complain(where, f"{shlex.join(words)}: code {result.returncode}, {result.stderr.strip()}")


def check_dockerfile(binary, block):
    words, variables = {}, {}
    for line in re.sub(r"\\\n", " ", block.text).split("\n"):
        if not line.strip() or line.startswith("#"):
            continue
        instruction, _, rest = line.partition(" ")
        if instruction not in ("FROM", "RUN", "COPY", "ENTRYPOINT", "CMD", "HEALTHCHECK", "STOPSIGNAL", "ENV", "USER",
                               "WORKDIR", "ARG", "LABEL", "EXPOSE", "VOLUME"):
            complain(block.where, f"no instruction: {line}")
        variables.update(re.findall(r"(HYDRINIT_\w+)=(\S+)", line) if instruction == "ENV" else [])
        if instruction == "HEALTHCHECK":
            rest = rest[rest.index("CMD ") + 4:]
        if instruction in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
            try:
                words[instruction] = json.loads(rest)
            except ValueError as error:
                complain(block.where, f"{line}: {error}")
    check_list(binary, block.where, words.get("ENTRYPOINT", []) + words.get("CMD", []), variables)
    check_list(binary, block.where, words.get("HEALTHCHECK", []), variables)


def check_yaml(binary, where, text):
    """Kubernetes and Compose: command lines in JSON, and variables."""
    variables = {name: value.strip("\"'") for name, value in
                 re.findall(r"name: (HYDRINIT_\w+)\n\s+value: (\S+)", text) + re.findall(r"(HYDRINIT_\w+): (\S+)", text)}
    found = {}
    for key, words in re.findall(r"(\w+): (\[\"[^\n]*\])", text):
        try:
            found.setdefault(key, []).append(json.loads(words))
        except ValueError as error:
            complain(where, f"{words}: {error}")
    for key, lists in found.items():
        for words in lists:
            if words[0] == "CMD":
                words = words[1:]
            if words[:2] == ["sh", "-c"]:
                check_words(binary, where, re.sub(r"\$\([^)]*\)", "1", words[2]))
            check_list(binary, where, words, variables)
    if variables:
        check_arguments(binary, where, ["--", "true"], variables)


def check_json(binary, block):
    """The status of a real one has the same keys."""
    shown = json.loads(block.text)
    run = Run(binary, "exec hydrinit -v -n 2 --restart-delay 30s -- sh -c '[ $HYDRINIT_REPLICA = 0 ] || exit 1; exec sleep 1000'")
    real = json.loads(run.inside("hydrinit --status=json")) if run.expect("(?s)is up.*starting|starting.*is up") else {}
    run.signal(signal.SIGTERM)
    run.finish()

    def keys(status):
        return set(status), set().union(*status.get("replicas", [{}]))
    if keys(shown) != keys(real):
        complain(block.where, f"has keys {keys(shown)}, --status=json has {keys(real)}")


def check_table(binary, block):
    """--status: the lines above the replicas, and the columns."""
    run = Run(binary, "exec hydrinit -v -n 4 -- sleep 1000")
    real = run.inside("hydrinit --status") if run.expect("(?s)(is up.*){4}") else ""
    run.signal(signal.SIGTERM)
    run.finish()

    def heading(text):
        text = re.sub(r"\d+(\.\d+)?([smhd]\d*)+m?", "T", text)
        return [re.sub(r"\d+", "N", line) for line in text.splitlines()[:4]]
    if heading(block.text) != heading(real):
        complain(block.where, f"--status says\n{real}")


def expected_code(line):
    comment = re.search(r"\s# .*?(?:: |with code |^)(\d+)$", line)
    return int(comment[1]) if comment else None


def split_assignments(line):
    words = re.match(r"((?:\w+=\S+ )*)(.*)", line, re.S)
    return words[1], words[2]


def run_until_up(run, line):
    """True when it has been stopped, and False when it has ended before."""
    supervised = re.search(r" -n | --restart ", line)
    pattern = r"replica \d+ is up" if supervised else "started '|Spawned child process"
    def is_up():
        return re.search(pattern, run.both.decode(errors="replace"))
    if not run.wait_until(is_up):
        return False
    time_to_end = not supervised and re.search(r"exit \d", line)
    if time_to_end or run.process.poll() is not None:
        return False
    run.signal(signal.SIGTERM)
    return True


def check_pid1(binary, where, name, line, shown="", before=""):
    """A line that begins with hydrinit. When nothing is shown, hydrinit tells when it is up."""
    line, asks_code, comment = line.partition('; echo "code $?"')
    code = expected_code(line + comment)
    variables, command = split_assignments(re.sub(r"\s+# .*$", "", line))
    before = before or look_up(BEFORE, name, command) or ""
    piped = " | grep " in command
    if before.startswith("exec "):
        text = variables + before + command
    else:
        text = before + variables + ("" if piped else "exec ") + command
    run = Run(binary, WAIT_FOR_PORT + text, as_pid1=not piped, verbose=not shown)
    if not shown:
        stopped = run_until_up(run, line)
        ended = run.finish()
        if ended not in ((code,) if code is not None else (143, 0) if stopped else (0,)):
            complain(where, f"{line}: code {ended}, {'stopped' if stopped else 'by itself'}\n{run.errors}")
        return

    lines = shown.splitlines()
    if asks_code:
        code = int(lines.pop().removeprefix("code "))

    def all_printed():
        return same(lines, run.both.decode(errors="replace"), in_order="-n 2 " not in line)
    run.wait_until(lambda: run.process.poll() is not None or (code is None and all_printed()))
    if code is None:
        run.signal(signal.SIGTERM)
    ended = run.finish()
    if not all_printed() or code not in (None, ended):
        complain(where, f"{line}: code {ended}, prints\n{run.both.decode(errors='replace')}")


def check_together(binary, block, commands):
    """The first one goes on in the background, the others are run beside it."""
    first, rest = commands[0], commands[1:]
    variables, command = split_assignments(first[0].removesuffix(" &"))
    run = Run(binary, f"{variables}exec {command}", verbose=True)
    count = int(re.search(r"-n (\d+)", command)[1])
    if run.expect(r"(?s)(replica \d+ is up.*){%d}" % count):
        for line, shown in rest:
            printed = run.inside(line)
            if not same(shown.splitlines(), printed):
                complain(block.where, f"{line}: prints\n{printed}")
    else:
        complain(block.where, f"{first[0]}: is not up\n{run.errors}")
    run.signal(signal.SIGTERM)
    run.finish()


def check_script(binary, block):
    """Lines for a shell, or a whole script. What a comment behind an echo says is what comes out."""
    if block.text.startswith("#!"):
        FILES["script"] = block.text + "\n"
        command, code = "./script one two", int(re.search(r"^exit (\d+)$", block.text, re.M)[1])
    else:
        command, code = block.text, 0
    run = Run(binary, command, as_pid1=False, shell="bash" if block.kind == "bash" else "sh")
    ended = run.finish()
    if ended != code:
        complain(block.where, f"code {ended}, not {code}\n{run.errors}")
    # The shell's own word, should a kill come before its child has executed hydrinit.
    errors = run.errors.replace("Terminated\n", "").strip()
    if errors:
        complain(block.where, errors)
    printed = run.output[run.process.stdout].decode()
    told = [part for line in re.findall(r"^.*echo .*# (.*)$", block.text, re.M) for part in line.split(", ")]
    if told and not is_part_of("\n".join(told), printed):
        complain(block.where, f"prints\n{printed}")


def check_shown(binary, block, command, steps):
    variables, words = split_assignments(command)
    run = Run(binary, f"{variables}exec {words}")
    for step in steps:
        if isinstance(step, signal.Signals):
            run.signal(step)
        elif step.startswith("+"):
            run.make(step[1:])
        elif not run.expect(re.escape(step)):
            complain(block.where, f"{command}: does not say '{step}'")
            break
    run.finish()
    if not is_part_of(block.text, run.errors):
        complain(block.where, f"{command}: prints\n{run.errors}")


def session(block):
    """What is typed, each with what is shown behind it."""
    commands = []
    for line in block.lines:
        if line.startswith("$ "):
            commands.append((line[2:], []))
        else:
            commands[-1][1].append(line)
    return [(command, "\n".join(shown)) for command, shown in commands]


def run_commands(binary, block, commands):
    if commands[0][0].endswith(" &") and block.kind == "":
        return check_together(binary, block, commands)
    for line, shown in commands:
        words = split_assignments(line)[1].split()
        if words[0] in ENGINES:
            check_words(binary, block.where, line)
        elif words[0] == "hydrinit" or words[0] in DIALECTS:
            check_pid1(binary, block.where, block.name, line, shown)
        else:
            run = Run(binary, line, as_pid1=False)
            code = run.finish()
            if code != 0 or (shown and not same(shown.splitlines(), run.both.decode())):
                complain(block.where, f"{line}: code {code}, prints\n{run.both.decode()}")


def check_block(binary, block):
    entry = block.listed_in(SHOWN)
    if block.listed_in(NOT_RUN):
        return
    if entry:
        check_shown(binary, block, *entry)
    elif block.kind in ("", "sh", "console") and block.text.startswith("$ "):
        run_commands(binary, block, session(block))
    elif block.kind in ("sh", "bash") and (block.name == "shell-scripts.md" or block.text.startswith(("#!", "ln -s"))):
        if block.text.startswith("ln -s"):
            setup, line = block.lines  # what it makes is run then
            check_pid1(binary, block.where, block.name, line, before=setup + " && ")
        else:
            check_script(binary, block)
    elif block.kind == "sh":
        run_commands(binary, block, [(line, "") for line in re.sub(r"\\\n\s*", "", block.text).split("\n") if line])
    elif block.kind == "dockerfile":
        check_dockerfile(binary, block)
    elif block.kind == "yaml":
        check_yaml(binary, block.where, block.text)
    elif block.kind == "json":
        check_json(binary, block)
    elif block.kind == "" and block.text.startswith("hydrinit, pid 1, running"):
        check_table(binary, block)
    elif block.kind == "ini":
        configparser.ConfigParser().read_string(block.text)
    elif block.kind == "js":
        subprocess.run(["node", "--check", "-"], input=block.text, text=True, check=True)
    elif block.kind not in ("mermaid", "toml"):  # a unit test has the picture; Podman's own file
        complain(block.where, f"neither run nor listed in tests/integration/docs.py: {block.lines[0]}")


def run_document(binary, document):
    blocks, prose = take_apart(document)
    for block in blocks:
        if block.kind == "js" and "module.exports" in block.text:
            FILES["ecosystem.config.js"] = block.text + "\n"
    for block in blocks:
        check_block(binary, block)
    for span in code_spans(prose):
        if re.match(r"(ENTRYPOINT|CMD|HEALTHCHECK) .*\[", span):
            check_dockerfile(binary, Block(document, "", "dockerfile", [span]))
        elif not BEFORE_HYDRINIT.match(span) or len(span.split()) > 1:
            check_words(binary, document, span)
    if document == "docs/guide.md":
        for name in sorted(glob.glob(TOP + "/docs/examples/**/*.yaml", recursive=True)):
            with open(name, encoding="utf-8") as file:
                check_yaml(binary, os.path.relpath(name, TOP), file.read())
    for table in (NOT_RUN, SHOWN):
        for name, begin in table:
            if name == os.path.basename(document) and not any(block.text.startswith(begin) for block in blocks):
                complain(document, f"listed in tests/integration/docs.py, and not there: {begin}")


# ---- options -------------------------------------------------------------------------------------

# Options of other programs, and one that nobody has.
FOREIGN = {
    "--bogus", "--build-arg", "--build-id", "--clear-groups", "--cpus", "--cpuset-cpus", "--entrypoint",
    "--fd", "--fork", "--format", "--from", "--gc-sections", "--gtest", "--hash-style", "--init",
    "--init-path", "--interval", "--memory", "--mount-proc", "--network", "--pids-limit", "--reuid", "--rm",
    "--quick", "--security-opt", "--signal", "--sort-section", "--sums-digest", "--target", "--ulimit", "--watch", "--write",
}


def option_table(binary):
    """(letter, name) -> (negatable, placeholder), as scripts/option-table tells."""
    lines = subprocess.run([TOP + "/scripts/option-table", binary], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    table = {}
    for line in lines:
        letter, name, no, value, placeholder, _, _ = line.split("\t")
        table[name] = (letter.strip("-"), no == "no", "" if value == "-" else placeholder)
    return table


def compare(where, found, wanted):
    for name in sorted(set(wanted) - set(found)):
        complain(where, f"has no {name}")
    for name in sorted(set(found) - set(wanted)):
        complain(where, f"has {name}, and hydrinit has not")
    for name in sorted(set(found) & set(wanted)):
        if isinstance(found, dict) and found[name] != wanted[name]:
            complain(where, f"{name} is {found[name]}, not {wanted[name]}")


def options_of_rows(text):
    """Of tables whose first column has the options in code: name -> (letter, placeholder); defaults; negations."""
    found, defaults = {}, {}
    for row in re.findall(r"^\| `-.*", text, re.M):
        first, second = [cell.strip() for cell in row.split("|")[1:3]]
        for span in re.findall(r"`(-[^`]*)`", first):
            words = re.match(r"(?:-(\w) )?--([a-z-]+)(?:\[=(.*)\]| (.*))?$", span)
            if words is None:
                complain("docs/options.md", f"cannot read {span}")
            elif not ("," in first and span.startswith("--no-")):
                found[words[2]] = (words[1] or "", words[3] or words[4] or "")
                defaults[words[2]] = second
    return found, defaults, set(re.findall(r"`, `--no-([a-z-]+)`", text))


def check_options(binary):
    table = option_table(binary)
    plain = {name: (letter, placeholder) for name, (letter, _, placeholder) in table.items()}
    plain["help"] = ("h", "")  # "--help=all" is told in words
    negatable = {name for name, (_, no, _) in table.items() if no}
    names = {"--" + name for name in table} | {"--no-" + name for name in negatable}

    # The table for people.
    found, defaults, negated = options_of_rows(read("docs/options.md"))
    check_defaults(binary, defaults)
    compare("docs/options.md", found, plain)
    compare("docs/options.md, --no-", negated, negatable)

    # The man page: its list, and its prose.
    page = subprocess.run([TOP + "/scripts/make-man", binary], capture_output=True, text=True, check=True).stdout
    items = re.findall(r"^\.It (?:Fl (\w) , )?Fl Fl (\S+)(?: Ns Op = Ns Ar (\S+)| Ar (\S+))?(?: , Fl Fl (no\S+))?$", page,
                       re.M)
    listed = {name.replace("\\", ""): (letter, (attached or separate).replace("\\", ""))
              for letter, name, attached, separate, _ in items}
    compare("hydrinit.1", listed, dict(plain, help=("h", table["help"][2])))
    compare("hydrinit.1, --no-", {no.replace("\\", "")[3:] for *_, no in items if no}, negatable)
    for name in re.findall(r"Fl Fl ([a-z\\-]+)", page):
        if "--" + name.replace("\\", "") not in names:
            complain("hydrinit.1", f"tells of --{name}")

    # Completions, in the words of each shell.
    def completion(shell):
        return subprocess.run([TOP + "/scripts/make-completions", binary, shell], capture_output=True, text=True,
                              check=True).stdout
    bash = completion("bash")
    compare("completion of bash", set(re.search(r'^_hydrinit_names="(.*)"$', bash, re.M)[1].split()), names)
    letters = {"-" + letter for letter, _, _ in table.values() if letter}
    compare("completion of bash", set(re.search(r'^_hydrinit_letters="(.*)"$', bash, re.M)[1].split()), letters)
    zsh = completion("zsh").partition("hydrinit_options=(")[2].partition("\n)")[0]
    compare("completion of zsh", set(re.findall(r"^  '(?:\*|\([^)]*\))(--?[a-z-]+|-\w)", zsh, re.M)), names | letters)
    fish = completion("fish")
    compare("completion of fish", {"--" + name for name in re.findall(r"__fish_hydrinit_options.* -l (\S+)", fish)},
            names)

    check_variables(binary, table)
    check_contract(table, names)

    # Whatever is told of an option anywhere is told of one that there is.
    for document in documents():
        blocks, prose = take_apart(document)
        for span in code_spans(prose) + [block.text for block in blocks]:
            for name in re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", span):
                if name not in names and name not in FOREIGN:
                    complain(document, f"tells of {name}, in {span.splitlines()[0]}")


def variable(name):
    return "HYDRINIT_" + name.upper().replace("-", "_")


def check_variables(binary, table):
    """Policies have one, and a wrong value is told; actions and questions have none. The documents know the others."""
    def is_read(name):
        result = subprocess.run([binary, "--explain", "--", "true"], env={variable(name): "?"}, capture_output=True,
                                text=True, check=False)
        return result.returncode == 2 and variable(name) in result.stderr
    names = list(table)
    policies = set(names[:names.index("quiet") + 1])  # as docs/guide.md says
    free = {"index-env", "user"}  # take any name
    compare("HYDRINIT_ variables", {name for name in names if is_read(name)} - free, policies - free)
    known = {variable(name) for name in policies} | {"HYDRINIT_REPLICA", "HYDRINIT_REPLICA_COUNT"}
    for document in documents() + ["docs/hydrinit.1.in"]:
        for name in set(re.findall(r"\bHYDRINIT_[A-Z_]*[A-Z]\b", read(document))) - known:
            complain(document, f"tells of {name}")


def check_contract(table, names):
    """Where the contract is at hand, its tables have the same options."""
    path = os.path.join(os.path.dirname(TOP), "shared", "contract.md")
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        text = file.read().partition("## Dialects")[0]
    told = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", text))
    # That one is --rewrite HUP:HUP, and these came with it.
    compare("the contract", (told & names) | (told - FOREIGN - {"--reload-signal"}), told & names)
    missing = {"--" + name for name in table} - told - {"--no-listen-pid", "--listen-pid", "--pid", "--timeout"}
    compare("the contract", set(), missing)
    for letter, name in re.findall(r"(?<![\w-])-(\w) --([a-z-]+)", text):
        if table.get(name, ("", "", ""))[0] != letter:
            complain("the contract", f"has -{letter} for --{name}")


def check_defaults(binary, told):
    """"60s", or "no, with `-n` always", as --explain has them."""
    def in_force(*options):
        lines = subprocess.run([binary, *options, "--explain", "--", "true"], env={}, capture_output=True, text=True,
                               check=True).stdout.splitlines()
        return {words[0][2:]: " ".join(words[1:]) for words in map(str.split, lines) if words[0].startswith("--")}
    alone, replicas = in_force(), in_force("-n", "2")
    del replicas["replicas"]
    for name, default in told.items():
        plain, _, supervised = default.partition("with `-n` ")
        plain = plain.removesuffix(", ")
        for value, wanted in ((plain, alone), (supervised or plain, replicas)):
            is_value = wanted.get(name, "-")
            if (value or "-") != ("-" if is_value in ("no", "") and not value else is_value):
                complain("docs/options.md", f"--{name}: the default is {is_value}, not {value}")


# ---- messages ------------------------------------------------------------------------------------

# What needs no explanation: the usage lines of the originals.
NEEDS_NONE = {"Usage: %u\\nTry dumb-init --help for full usage.", "usage: %u"}


def wordings():
    """Each wording in core/notice.cc: the dialect, the verbosity from which on it is said, the words."""
    source = read("src/core/notice.cc")
    rows = []
    for dialect, table in re.findall(r"constexpr Row k(\w+)Rows\[\] = \{(.*?)\n\};", source, re.S):
        for level, words in re.findall(r'say\(Kind::\w+,\s*(kAlways|\d),\s*(?:Stream::\w+,\s*)?((?:"(?:[^"\\]|\\.)*"\s*)+)\)',
                                       table):
            text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', words))
            rows.append((dialect, -1 if level == "kAlways" else int(level), text))
        if table.count("say(") != sum(row[0] == dialect for row in rows):
            complain("src/core/notice.cc", f"cannot read the rows of {dialect}")
    return rows


def check_messages(_):
    """What went wrong is in troubleshooting.md, what happens in observability.md, the others' in dialects.md."""
    rows = wordings()
    if len(rows) < 100:
        complain("src/core/notice.cc", f"only {len(rows)} wordings")
    spans = {name: code_spans(take_apart("docs/" + name)[1]) + [line for block in take_apart("docs/" + name)[0]
                                                               for line in block.lines]
             for name in ("troubleshooting.md", "observability.md", "dialects.md")}
    for dialect, level, words in rows:
        places = ["dialects.md", "troubleshooting.md"]
        if dialect == "Native":
            places = ["troubleshooting.md"] if level <= 0 else ["observability.md"]
        for line in words.split("\\n"):
            line = line.removeprefix("%h")
            # A field stands for anything; the end may be missing.
            pattern = "".join(".+?" if part.startswith("%") else re.escape(part)
                              for part in re.split(r"(%\w)", line) if part)
            told = any(re.fullmatch(r"(?:.*: |\[.*\] )?" + pattern, re.sub(r" …$", " x", span))
                       for place in places for span in spans[place])
            if not told and words not in NEEDS_NONE:
                complain("docs/" + places[0], f"does not tell of: {line}")


# ---- links ---------------------------------------------------------------------------------------


def anchors(document):
    """As forges make them of headings."""
    return {re.sub(r"[^\w -]", "", heading.replace("`", "").lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", take_apart(document)[1], re.M)}


def check_links(_):
    for document in documents():
        prose = take_apart(document)[1]
        targets = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", prose)
        for target in targets:
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            name = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document
            if not os.path.exists(os.path.join(TOP, name)):
                complain(document, f"links to {target}, which is not there")
            elif anchor and anchor not in anchors(name):
                complain(document, f"links to {target}, and there is no such heading")
    # Nobody finds a document that none links to.
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)", read("README.md")))
    for document in set(documents()) - linked - {"README.md"}:
        complain("README.md", f"does not link to {document}")


# ---- the picture ---------------------------------------------------------------------------------


def check_picture(binary):
    """The same lines; those of two processes may come in another order."""
    def lines(picture):
        text = re.sub(r"\d+[smhd]\b", "T", " ".join(re.findall("<text.*?</text>", picture)).replace("</text>", "\n"))
        text = re.sub(r"\d+", "N", re.sub(r"\d+[KMG]\b", "S", re.sub("<.*?>", "", text)))
        return sorted(re.sub(" +", " ", line).strip() for line in text.split("\n"))
    result = subprocess.run(["/usr/bin/python3", "-B", TOP + "/scripts/make-picture", binary], capture_output=True, text=True, timeout=10 * LIMIT,
                            check=False)
    if result.returncode != 0:
        complain("scripts/make-picture", f"code {result.returncode}, {result.stderr}")
    elif lines(result.stdout) != lines(read("docs/terminal.svg")):
        complain("docs/terminal.svg", "is not what is seen now: scripts/make-picture BINARY >docs/terminal.svg\n" +
                 "\n".join(lines(result.stdout)))


if __name__ == "__main__":
    program, verb, *words = sys.argv[1:]
    if verb == "enter":
        enter(program, words[0], words[1] == "1", words[2], words[3])
    {"run": run_document, "options": check_options, "messages": check_messages, "links": check_links, "picture": check_picture}[verb](os.path.abspath(program), *words)
    sys.exit(complaints > 0)
