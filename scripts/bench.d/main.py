"""Runs the topics that are asked for, one after the other, and leaves figures, charts and page.

  main.py [TOPIC...]     a topic, or a group of them; none: all
  main.py draw           nothing is measured: charts and page of docs/ anew, from the figures that are there
"""
import os
import shutil
import subprocess
import sys
import time
import traceback

import common
# Each of these adds its topics, in this order.
import inits  # noqa: F401
import restarts  # noqa: F401
import replicas  # noqa: F401
import logs  # noqa: F401
import ports  # noqa: F401
import charts
import facts
import page


def chosen(words):
    for word in words:
        if not any(word in (topic.name, topic.group) for topic in common.TOPICS.values()):
            print("topics, by the groups that name several:")
            for group in dict.fromkeys(topic.group for topic in common.TOPICS.values()):
                print(f"  {group:10}", *(name for name, topic in common.TOPICS.items() if topic.group == group))
            sys.exit(0 if word in ("help", "--help", "-h") else f"there is no topic '{word}'")
    return [name for name, topic in common.TOPICS.items()
            if not words or topic.name in words or topic.group in words]


def leave(rows, machine, folder):
    shutil.rmtree(f"{folder}/bench", ignore_errors=True)
    os.makedirs(f"{folder}/bench")
    common.write_csv(f"{folder}/bench/bench.csv", rows)
    facts.write(f"{folder}/bench/machine.csv", machine)
    charts.draw(rows, f"{folder}/bench")
    page.write(rows, machine, folder)
    common.say(f"left in {os.path.relpath(folder)}: bench.md, bench/")


def main():
    docs = f"{common.ROOT}/docs"
    if sys.argv[1:] == ["draw"]:
        leave(common.read_csv(f"{docs}/bench/bench.csv"), facts.read(f"{docs}/bench/machine.csv"), docs)
        return
    topics = chosen(sys.argv[1:])
    whole = len(topics) == len(common.TOPICS) and not common.QUICK
    folder = docs if whole else f"{common.BUILD}/bench"
    machine = facts.of_machine()
    common.become_subreaper()
    rows = []
    failed = []
    for name in topics:
        common.say(f"{name}: {common.TOPICS[name].title}")
        recorder = common.Recorder(name)
        try:
            common.TOPICS[name].run(recorder)
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            # The others are worth having all the same.
            traceback.print_exc()
            recorder.cannot("all or the rest", f"{type(error).__name__}: {error}".replace(f"{common.ROOT}/", ""))
            failed.append(name)
        finally:
            common.end_all()
        made = recorder.rows()
        common.print_rows(made)
        rows += made
    machine["took"] = f"{time.monotonic() - common.STARTED:.0f} s"
    leave(rows, machine, folder)
    if failed:
        sys.exit(f"failed: {' '.join(failed)}")


main()
