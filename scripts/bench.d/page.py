"""docs/bench.md, from docs/bench.md.in and the figures."""
import aims
import charts
from common import ROOT, TOPICS, shown

COLUMNS = 4  # metrics in one table


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def beats(row):
    """Whether it does better than what it is compared with, by the median and by the nearer quartile."""
    if row.ratio is None or not row.better or row.subject == row.base:
        return False
    if row.better == "less":
        return max(row.ratio, row.ratio_high or 0) < 1
    return min(row.ratio, row.ratio if row.ratio_low is None else row.ratio_low) > 1


def cell(row):
    if row is None:
        return ""
    if row.median is None:
        return row.note
    text = shown(row.median)
    if row.low is not None:
        text += f" ({shown(row.low)}–{shown(row.high)})"
    if row.ratio is not None and row.subject != row.base:
        ratio = f"×{shown(row.ratio)}"
        text += f" **{ratio}**" if beats(row) else f" {ratio}"
        if row.ratio_low is not None:
            text += f" ({shown(row.ratio_low)}–{shown(row.ratio_high)})"
    return text + (f"; {row.note}" if row.note else "")


def chart(name, rows):
    if name not in charts.names(rows):
        return ""
    title = {"overview": "The main figures", "inits": "Inits with one command", "managers": "Managers of one process",
             "replicas": "One to a thousand replicas", "ports": "Workers on one port"}[name]
    return (f'<picture><source media="(prefers-color-scheme: dark)" srcset="bench/{name}-dark.svg">'
            f'<img alt="{title}, as charts; the same figures are in the tables" src="bench/{name}-light.svg"></picture>')


def meanings(topic):
    """A line for each metric; those with the same meaning share one."""
    lines = {}
    for metric in topic.metrics.values():
        unit = metric.unit + (f", {metric.better} is better" if metric.better else "")
        lines.setdefault((unit, metric.meaning), []).append(f"*{metric.name}*")
    return "\n".join(f"- {', '.join(names)} ({unit}): {meaning}." for (unit, meaning), names in lines.items())


def section(topic, rows):
    """A topic: what its metrics mean, and its tables."""
    own = {(row.metric, row.subject): row for row in rows if row.topic == topic.name}
    parts = [f"## {topic.title}", topic.note]
    parts += [chart(name, rows) for name, where in charts.TOPIC_CHARTS.items() if where == topic.name]
    parts.append(meanings(topic))
    names = [name for name in topic.metrics if any(metric == name for metric, _ in own)]
    for chosen in (names[i:i + COLUMNS] for i in range(0, len(names), COLUMNS)):
        subjects = list(dict.fromkeys(subject for metric, subject in own if metric in chosen))
        parts.append(table(["", *(f"{name}, {topic.metrics[name].unit}" for name in chosen)],
                           [[subject, *(cell(own.get((name, subject))) for name in chosen)] for subject in subjects]))
    return "\n\n".join(part for part in parts if part)


def behind(rows):
    """Where others beat hydrinit. The floors cannot be undercut, and hydrinit's other modes are itself."""
    losing = [[row.topic, row.metric, row.subject, f"×{shown(row.ratio)}"] for row in rows
              if beats(row) and row.subject not in charts.FLOORS and not row.subject.startswith("hydrinit")]
    return table(["topic", "metric", "who", "ratio to hydrinit"], losing) if losing else "Nowhere in this run."


def write(rows, machine, folder):
    with open(f"{ROOT}/docs/bench.md.in", encoding="utf-8") as template:
        text = template.read()
    measured = dict.fromkeys(row.topic for row in rows)
    parts = {
        "@machine@": table(["", ""], machine.items()),
        "@aims@": table(["aim", "measured", "met"], aims.outcomes(rows)),
        "@chart overview@": chart("overview", rows),
        "@behind@": behind(rows),
        "@topics@": "\n\n".join(section(TOPICS[name], rows) for name in measured),
    }
    for marker, part in parts.items():
        text = text.replace(marker, part)
    with open(f"{folder}/bench.md", "w", encoding="utf-8") as page:
        page.write(text)
