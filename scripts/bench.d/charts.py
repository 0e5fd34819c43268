"""Charts of the figures, by gnuplot, as SVG on a light and on a dark ground."""
import math
import subprocess

from common import say, shown, which
from replicas import COUNTS

THEMES = {
    "light": {"ground": "#ffffff", "text": "#1f2328", "line": "#d0d7de", "own": "#2f81f7", "other": "#9aa4af",
              "floor": "#d8dee4", "whisker": "#1f2328"},
    "dark": {"ground": "#0d1117", "text": "#e6edf3", "line": "#30363d", "own": "#1f6feb", "other": "#6e7681",
             "floor": "#373e47", "whisker": "#e6edf3"},
}
LOG = True
# (topic, metric, title, logarithmic?); two in a row.
BARS = {
    "overview": [
        ("memory", "private memory", "private memory of an idle init, kB", False),
        ("startup", "added", "time that an init adds to a start, µs", False),
        ("restart", "after a life of 1.2 s", "from kill -9 to the next process, µs", LOG),
        ("http", "memory of the manager", "memory of who keeps 2 workers, kB", LOG),
        ("http", "requests a second, kept", "requests a second, kept connections", False),
        ("http", "requests a second, new", "requests a second, a new connection each", False),
    ],
    "inits": [
        ("file", "file", "file, bytes", LOG),
        ("file", "file and libraries", "file and its libraries, bytes", LOG),
        ("memory", "resident", "resident memory, kB", LOG),
        ("memory", "proportional", "its share of memory (Pss), kB", LOG),
        ("calls", "system calls", "system calls until the child's exec", False),
        ("calls", "user instructions", "user instructions of a whole run", LOG),
        ("reaping", "CPU an orphan", "CPU to reap an orphan, µs", False),
        ("signals", "until the child has it", "from kill(2) to the child, µs", False),
    ],
    "managers": [
        ("storm", "starts", "starts of what dies at once, in 10 s", False),
        ("storm", "CPU", "CPU of the manager in these 10 s, ms", LOG),
        ("logs", "lines a second", "lines of output a second", False),
        ("logs", "CPU a line", "CPU for a line of output, µs", False),
        ("wakeups", "wake-ups in 10 s", "wake-ups in 10 idle seconds", False),
        ("wakeups", "CPU in 10 s", "CPU in 10 idle seconds, µs", False),
    ],
    "ports": [
        ("http", "p99, kept", "99 % of answers within, kept connections, ms", False),
        ("http", "p99, new", "99 % of answers within, new connections, ms", False),
        ("http", "CPU a request, kept", "CPU a request, kept connections, µs", False),
        ("http", "CPU a request, new", "CPU a request, new connections, µs", False),
        ("balance", "busiest, one by one", "busiest of 4 workers, one by one, %", False),
        ("balance", "busiest, kept", "busiest of 4 workers, 64 kept connections, %", False),
        ("kills", "lost a kill", "requests lost at a kill -9", False),
        ("reloads", "lost a reload, plain", "requests lost in a reload, plain server", False),
    ],
}
TOPIC_CHARTS = {"inits": "file", "managers": "restart", "ports": "http", "replicas": "replicas"}  # where they stand
WIDTH, NAMES, TITLE, BAR, GAP = 900, 140, 30, 21, 12  # pixels
# What stands for the least that can be done, not for another init or manager.
FLOORS = ("minimal launcher", "bare loop", "direct", "without init", "without anything", "without")


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Sheet:
    """A chart of several panels, as a script for gnuplot."""

    def __init__(self, path, height, theme):
        self.height = height
        self.theme = theme
        self.script = [
            "set encoding utf8",
            f"set terminal svg size {WIDTH},{height} fixed enhanced font 'sans-serif,12' "
            f"background rgb '{theme['ground']}'",
            f"set output {quoted(path)}",
            "set multiplot; unset key; set border 0; set style fill solid noborder; unset colorbox",
            "set xtics nomirror scale 0; set ytics nomirror scale 0",
        ]

    def panel(self, left, top, height, title, names=NAMES):
        """Begins a panel of half the width; what is given in pixels is its outside, with names and title."""
        text = self.theme["text"]
        self.script += [
            "reset; unset key; set border 0; set style fill solid noborder; set encoding utf8",
            f"set lmargin at screen {(left + names) / WIDTH}",
            f"set rmargin at screen {(left + WIDTH // 2 - 8) / WIDTH}",
            f"set tmargin at screen {1 - (top + TITLE) / self.height}",
            f"set bmargin at screen {1 - (top + height) / self.height}",
            f"set label 1 {quoted(title)} noenhanced at screen {(left + 12) / WIDTH},"
            f"{1 - (top + 18) / self.height} left font 'sans-serif,13' tc rgb '{text}'",
        ]

    def draw(self):
        self.script += ["unset multiplot", "unset output"]
        subprocess.run(["gnuplot"], input="\n".join(self.script) + "\n", text=True, check=True)


def role(subject):
    return "own" if subject.startswith("hydrinit") else "floor" if subject in FLOORS else "other"


def bars(sheet, left, top, rows, title, logarithmic):
    """A bar for each row, with its quartiles as a whisker and its value beside it."""
    theme = sheet.theme
    sheet.panel(left, top, TITLE + BAR * len(rows), title + (" (log)" if logarithmic else ""))
    known = [value for row in rows for value in (row.median, row.low, row.high) if value is not None]
    positive = [value for value in known if value > 0] or [1]
    least, most = 0, max(positive)
    if logarithmic:
        least = 10 ** math.floor(math.log10(min(positive)) - 0.3)
        most = least * (most / least) ** 1.35
        sheet.script.append("set logscale x")
    else:
        most *= 1.35
    names = ", ".join(f"{quoted(row.subject)} {i}" for i, row in enumerate(rows))
    sheet.script += [
        f"set xrange [{least}:{most}]; set yrange [{len(rows) - 0.5}:-0.5]",
        f"unset xtics; set ytics nomirror scale 0 ({names}) noenhanced tc rgb '{theme['text']}'",
        "$bars << EOD",
    ]
    for i, row in enumerate(rows):
        value = row.median
        at = max(value if value is not None else least, least)
        end = max(at, row.high or least)
        colour = int(theme[role(row.subject)][1:], 16)
        label = f"{shown(value)}" if value is not None else "not measured"
        sheet.script.append(f"{i} {at} {end} {colour} {quoted('  ' + label)}")
    spread = [f"{max(row.median, least)} {i} {max(row.low, least)} {max(row.high, least)}"
              for i, row in enumerate(rows) if row.low is not None and row.low < row.high]
    whiskers = f"$spread using 1:2:3:4 with xerrorbars pt -1 lw 1 lc rgb '{theme['whisker']}', " if spread else ""
    sheet.script += [
        "EOD", "$spread << EOD", *spread, "EOD",
        f"plot $bars using 2:1:({least or 0}):2:($1-0.36):($1+0.36):4 with boxxyerror lc rgb variable, "
        f"{whiskers}$bars using 3:1:5 with labels left noenhanced tc rgb '{theme['text']}'",
    ]


def apart(heights, least):
    """The same heights by their order, moved until they are so far from each other."""
    moved = sorted(heights)
    for _ in range(200):
        for i in range(len(moved) - 1):
            short = least - (moved[i + 1] - moved[i])
            if short > 0:
                moved[i] -= short / 2
                moved[i + 1] += short / 2
    return moved


def lines(sheet, left, top, height, points, title):
    """How a figure grows with N: a line for each subject, with its name and last value at its end."""
    theme = sheet.theme
    sheet.panel(left, top, height, title + " (log)", names=76)
    known = [value for line in points.values() for _, value in line if value > 0] or [1]
    least, most = 10 ** math.floor(math.log10(min(known))), 10 ** math.ceil(math.log10(max(known)))
    least, most = least / 2, most * 2
    step = math.log10(most / least) * 17 / (height - TITLE)
    height_of = {subject: math.log10(max(line[-1][1], least)) for subject, line in points.items()}
    order = sorted(points, key=height_of.get)
    ends = dict(zip(order, apart(height_of.values(), step)))
    marks = [10 ** i for i in range(round(math.log10(least * 2)), round(math.log10(most / 2)) + 1)]
    tics = ", ".join(f"{quoted(f'{mark:,.0f}' if mark >= 1 else f'{mark:g}')} {mark}" for mark in marks)
    counts = ", ".join(f"{quoted(f'N={count}')} {count}" for count in COUNTS)
    sheet.script += [
        f"set logscale xy; set xrange [0.8:120000]; set yrange [{least}:{most}]",
        f"set ytics nomirror scale 0 ({tics}) tc rgb '{theme['text']}'",
        f"set xtics nomirror scale 0 ({counts}) tc rgb '{theme['text']}'",
        f"set grid ytics lc rgb '{theme['line']}' lw 1 lt 1",
    ]
    plots = []
    for i, (subject, line) in enumerate(points.items()):
        own = role(subject) == "own"
        count, value = line[-1]
        sheet.script += [f"$line{i} << EOD", *(f"{x} {max(y, least)}" for x, y in line), "EOD"]
        sheet.script.append(
            f"set label {i + 2} {quoted(f'{subject}  {shown(value)}')} noenhanced "
            f"at {count * 1.3},{10 ** ends[subject]} left tc rgb '{theme['own' if own else 'text']}'")
        plots.append(f"$line{i} with linespoints lw 2 pt 7 ps 0.5 lc rgb '{theme[role(subject)]}'")
    if plots:
        sheet.script.append("plot " + ", ".join(plots))


def draw_bars(rows, name, path, theme):
    panels = [(title, logarithmic, chosen) for topic, metric, title, logarithmic in BARS[name]
              if (chosen := [row for row in rows if (row.topic, row.metric) == (topic, metric)])]
    pairs = [panels[i:i + 2] for i in range(0, len(panels), 2)]
    heights = [TITLE + BAR * max(len(chosen) for _, _, chosen in pair) + GAP for pair in pairs]
    sheet = Sheet(path, sum(heights) + GAP, theme)
    top = 4
    for pair, height in zip(pairs, heights):
        for i, (title, logarithmic, chosen) in enumerate(pair):
            bars(sheet, i * WIDTH // 2, top, chosen, title, logarithmic)
        top += height
    sheet.draw()


def draw_replicas(rows, path, theme):
    height = 290
    sheet = Sheet(path, 2 * height, theme)
    for i, (family, title) in enumerate((("memory", "memory of the manager (Pss), kB"),
                                         ("memory each", "the same divided by N, kB"),
                                         ("CPU to start", "CPU to start each, ms"),
                                         ("CPU a restart", "CPU a restart, µs"))):
        points = {}
        for row in rows:
            name, _, count = row.metric.partition(", N=")
            if row.topic == "replicas" and name == family and row.median is not None:
                points.setdefault(row.subject, []).append((int(count), row.median))
        lines(sheet, i % 2 * WIDTH // 2, i // 2 * height, height - 30, points, title)
    sheet.draw()


def names(rows):
    """Those for which there are figures."""
    measured = {row.topic for row in rows}
    return [name for name, panels in BARS.items() if measured & {topic for topic, *_ in panels}] + [
        "replicas"] * ("replicas" in measured)


def draw(rows, folder):
    if not which("gnuplot"):
        say("no charts: gnuplot is not installed")
        return
    for mode, theme in THEMES.items():
        for name in names(rows):
            path = f"{folder}/{name}-{mode}.svg"
            if name == "replicas":
                draw_replicas(rows, path, theme)
            else:
                draw_bars(rows, name, path, theme)
