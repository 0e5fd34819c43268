"""The managers of several processes that are measured, each with what it needs to run the probe: nothing but
its defaults, unless a comment says so."""
import json
import os
import shutil
import subprocess
import tempfile

from common import HYDRINIT, PM2, PROBE, kill_all, lines_of, tree, wait_until, which


def hydrinit(_folder, mode, count):
    return [HYDRINIT, "-q", "-n", str(count), "--", PROBE, mode]


def hydrinit_1s(_folder, mode, count):
    """With a second as the life that is no early death, as the others have it."""
    return [HYDRINIT, "-q", "-n", str(count), "--min-uptime", "1s", "--", PROBE, mode]


def run_scripts(folder, mode, count):
    """A folder for each, with a run script that is the probe itself, without a shell between."""
    for number in range(count):
        service = f"{folder}/services/{number}"
        os.makedirs(service)
        with open(f"{service}/run", "w", encoding="utf-8") as script:
            script.write(f"#!{PROBE} {mode}\n")
        os.chmod(script.name, 0o755)
    return f"{folder}/services"


def runit(folder, mode, count):
    return ["runsvdir", run_scripts(folder, mode, count)]


def s6(folder, mode, count):
    return ["s6-svscan", "-c", str(max(count, 500)), run_scripts(folder, mode, count)]  # 500 is its default


def supervisord(folder, mode, count):
    # minfds: it needs three pipes for each; silent: no messages of its own between the lines.
    with open(f"{folder}/conf", "w", encoding="utf-8") as conf:
        conf.write(f"[supervisord]\nnodaemon=true\nsilent=true\nuser={os.getuid()}\nminfds=8192\n"
                   f"logfile=/dev/null\nlogfile_maxbytes=0\npidfile={folder}/pid\n"
                   f"[program:probe]\ncommand={PROBE} {mode}\nnumprocs={count}\n"
                   "process_name=%(process_num)d\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n")
    return ["supervisord", "-c", conf.name]


def pm2(folder, mode, count):
    name, *arguments = mode.split()
    with open(f"{folder}/apps.json", "w", encoding="utf-8") as apps:
        json.dump({"apps": [{"name": "probe", "script": PROBE, "args": [name, *arguments],
                             "interpreter": "none", "exec_mode": "fork", "instances": count}]}, apps)
    return [f"{PM2}-runtime", "start", apps.name]



MANAGERS = {"hydrinit": hydrinit, "runit": runit, "s6": s6, "supervisord": supervisord, "pm2-runtime": pm2}
NEEDS = {"hydrinit": HYDRINIT, "runit": "runsvdir", "s6": "s6-svscan", "supervisord": "supervisord",
         "pm2-runtime": f"{PM2}-runtime"}


def present(recorder, managers=None):
    """Those of the managers that are installed; of the others it is noted that they are not."""
    there = {}
    for name, make in (managers or MANAGERS).items():
        if which(NEEDS[name]):
            there[name] = make
        elif name not in [subject for _, subject in recorder.notes]:
            recorder.cannot(name, "not installed")
    return there


class Manager:
    """One that runs, with its processes, each of which leaves a stamp when it begins."""

    def __init__(self, make, mode, count, output=subprocess.DEVNULL):
        self.folder = tempfile.mkdtemp()
        self.stamps_file = f"{self.folder}/stamps"
        with open(self.stamps_file, "w", encoding="utf-8"):
            pass
        variables = {"STAMPS": self.stamps_file, "HOME": self.folder, "PM2_HOME": self.folder}
        self.process = subprocess.Popen(make(self.folder, mode, count), stdin=subprocess.DEVNULL, stdout=output,
                                        stderr=subprocess.DEVNULL, env={**os.environ, **variables},
                                        start_new_session=True)

    def stamps(self):
        """(pid, nanoseconds) of each start, in their order."""
        return [tuple(map(int, line.split())) for line in lines_of(self.stamps_file)]

    def wait_for(self, count, seconds=60):
        """Waits for so many starts in all."""
        wait_until(lambda: len(lines_of(self.stamps_file)) >= count, f"{count} starts", seconds, every=0.002)
        return self.stamps()

    def pids(self):
        """Its own processes, without what it runs."""
        started = {pid for pid, _ in self.stamps()}
        return [pid for pid in tree(self.process.pid) if pid not in started]

    def stop(self):
        kill_all(tree(self.process.pid))
        shutil.rmtree(self.folder, ignore_errors=True)
