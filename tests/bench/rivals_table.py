#!/usr/bin/env python3
"""rivals_table.py [--markdown] [--check | --medians] FILE: what rivals measured, as tables.

FILE has a line for each figure: round, rival, metric, value (measure.sh says what they are).
Of the rounds the median counts. --check says of each target whether it holds, and exits with
1 if one does not; --medians prints all medians as columns, for a plot.
"""
import collections
import operator
import statistics
import sys

REFERENCE = "wireguard-go"

# metric: heading, factor from the file's unit, decimals, whether more is better
METRICS = {
    "tcp1": ("TCP 1 stream Mbit/s", 1, 0, True),
    "tcp4": ("4 streams Mbit/s", 1, 0, True),
    "tcpr": ("reverse Mbit/s", 1, 0, True),
    "cpu": ("CPU s/Gbit", 1, 2, False),
    "udp1300": ("UDP 1300 B Mbit/s", 1, 0, True),
    "udp1300lost": ("lost %", 1, 2, False),
    "udp64": ("UDP 64 B kpkt/s", 1e-3, 1, True),
    "udp64lost": ("lost %", 1, 2, False),
    "gso1300": ("GSO 1300 B Mbit/s", 1, 0, True),
    "gso64": ("GSO 64 B kpkt/s", 1e-3, 1, True),
    "flood1300": ("flood 1300 B Mbit/s", 1, 0, True),
    "flood64": ("flood 64 B kpkt/s", 1e-3, 1, True),
    "ping50": ("ping p50 ms", 1, 3, False),
    "ping99": ("p99 ms", 1, 3, False),
    "load50": ("loaded p50 ms", 1, 2, False),
    "load99": ("p99 ms", 1, 2, False),
    "idle": ("idle MB", 1024e-6, 1, False),
    "peak": ("peak MB", 1024e-6, 1, False),
}

TABLES = [
    ("Throughput",
     ["tcp1", "tcp4", "tcpr", "cpu", "udp1300", "udp1300lost", "udp64", "udp64lost"]),
    ("UDP that is sent in runs (UDP_SEGMENT), and without regard to loss",
     ["gso1300", "gso64", "flood1300", "flood64"]),
    ("Latency and memory", ["ping50", "ping99", "load50", "load99", "idle", "peak"]),
]
COMPARED = ["tcp1", "tcp4", "tcpr", "cpu", "udp1300", "udp64", "ping50", "load50", "idle", "peak"]


class Figures:
    """Medians by rival and metric, in the file's order; None if there are none."""

    def __init__(self, path):
        values = collections.defaultdict(list)
        self.rivals = []
        with open(path, encoding="ascii") as lines:
            next(lines)
            for line in lines:
                _, rival, metric, value = line.rstrip("\n").split("\t")
                values[rival, metric].append(float(value))
                if rival not in self.rivals:
                    self.rivals.append(rival)
        self.medians = {key: statistics.median(list_) for key, list_ in values.items()}

    def get(self, rival, metric):
        median = self.medians.get((rival, metric))
        return None if median is None else median * METRICS[metric][1]

    def ours(self):
        return [rival for rival in self.rivals if rival.startswith("p2pnet")]

    def others(self):
        return [rival for rival in self.rivals if rival not in self.ours() and rival != "bare"]

    def best_other(self, metric):
        have = [rival for rival in self.others() if self.get(rival, metric) is not None]
        best = max if METRICS[metric][3] else min
        return best(have, key=lambda rival: self.get(rival, metric), default=None)


# -- tables ------------------------------------------------------------------------


def text(figures, rival, metric):
    value = figures.get(rival, metric)
    return "-" if value is None else f"{value:.{METRICS[metric][2]}f}"


def ratio(figures, ours, other, metric):
    """How many times better: above 1 is good, whatever the metric."""
    mine, theirs = figures.get(ours, metric), figures.get(other, metric)
    if not mine or not theirs:
        return "-"
    return f"{mine / theirs if METRICS[metric][3] else theirs / mine:.2f}"


def ratio_rows(figures):
    for ours in figures.ours():
        yield [f"{ours} : {REFERENCE}"] + [ratio(figures, ours, REFERENCE, m) for m in COMPARED]
        row = [f"{ours} : best rival"]
        for metric in COMPARED:
            best = figures.best_other(metric)
            row.append(f"{ratio(figures, ours, best, metric)} {best or ''}".rstrip())
        yield row


def wrap(heading):
    """Of a heading the last word is a line of its own, so that columns stay narrow."""
    return heading.rsplit(" ", 1)


def print_plain(title, heads, rows):
    lines = [["", *(wrap(head)[0] for head in heads)], ["", *(wrap(head)[1] for head in heads)]]
    widths = [max(len(row[i]) for row in lines + rows) for i in range(len(heads) + 1)]
    print(title)
    for row in lines + rows:
        cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())
    print()


def print_markdown(title, heads, rows):
    print(f"{title}:\n")
    print("| |" + "".join(f" {head} |" for head in heads))
    print("|---|" + "---:|" * len(heads))
    for row in rows:
        print("|" + "".join(f" {cell} |" for cell in row))
    print()


def print_tables(figures, show):
    for title, metrics in TABLES:
        rows = [[rival] + [text(figures, rival, m) for m in metrics] for rival in figures.rivals]
        show(title, [METRICS[m][0] for m in metrics], rows)
    show("How many times better", [METRICS[m][0] for m in COMPARED], list(ratio_rows(figures)))


def print_medians(figures):
    print("rival", *METRICS)
    for rival in figures.rivals:
        cells = (figures.get(rival, metric) for metric in METRICS)
        print(rival, *("nan" if cell is None else f"{cell:g}" for cell in cells))


# -- targets -----------------------------------------------------------------------


def targets(figures):
    """Each: rival, metric, how it has to compare, with what (None: not measured), in words."""

    def times(factor, other, metric):
        value = other and figures.get(other, metric)
        return factor * value if value else None

    for ours, faster, cpu in (("p2pnet-chacha20", 8, 0.40), ("p2pnet-aes256gcm", 12, 0.25)):
        yield ours, "tcp1", "at least", times(faster, REFERENCE, "tcp1"), f"{faster} x {REFERENCE}"
        yield ours, "cpu", "at most", cpu, ""
        for metric, factor in (("udp64", 1.5), ("udp1300", 2)):
            best = figures.best_other(metric)
            yield ours, metric, "at least", times(factor, best, metric), f"{factor} x {best}"
        for metric, other in (("ping50", "fastd"), ("load50", "nebula")):
            yield ours, metric, "below", times(1, other, metric), other
        yield ours, "idle", "below", 6, ""
        yield ours, "peak", "below", 12, ""


COMPARISONS = {"at least": operator.ge, "at most": operator.le, "below": operator.lt}


def verdict(figures, ours, metric, comparison, bound, words):
    heading, _, decimals, _ = METRICS[metric]
    value = figures.get(ours, metric)
    if value is None or bound is None:
        return f"{'not measured':14} {ours}: {heading} {comparison} {words or bound}", False
    holds = COMPARISONS[comparison](value, bound)
    line = f"{'holds' if holds else 'does not hold':14} {ours}: {heading} {value:.{decimals}f}, "
    line += f"{comparison} {bound:.{decimals}f}"
    return line + (f" ({words})" if words else ""), holds


def check(figures):
    verdicts = [verdict(figures, *target) for target in targets(figures)]
    for line, _ in verdicts:
        print(line)
    print(f"{sum(holds for _, holds in verdicts)} of {len(verdicts)} hold")
    return all(holds for _, holds in verdicts)


def main():
    *options, path = sys.argv[1:]
    figures = Figures(path)
    if "--medians" in options:
        print_medians(figures)
        return 0
    print_tables(figures, print_markdown if "--markdown" in options else print_plain)
    return 0 if "--check" not in options or check(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
