"""Draws what `compare` has measured: for each workload how many times as long as we the best peer takes.

    python plot.py target/compare/ratios.json ratios.svg
"""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

source, target = map(pathlib.Path, sys.argv[1:])
measured = [m for m in json.loads(source.read_text()) if m["ratio"]]
workloads = sorted({m["workload"] for m in measured})
threads = sorted({m["threads"] for m in measured})
colours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7"]  # Okabe and Ito's, told apart by anybody

figure, axes = plt.subplots(figsize=(8, 4.5))
width = 0.8 / len(threads)
for i, count in enumerate(threads):
    ratios = {m["workload"]: m["ratio"] for m in measured if m["threads"] == count}
    places = [j + (i - (len(threads) - 1) / 2) * width for j, w in enumerate(workloads) if w in ratios]
    heights = [ratios[w] for w in workloads if w in ratios]
    label = f"{count} thread{'s' if count > 1 else ''}"
    bars = axes.bar(places, heights, width, label=label, color=colours[i % len(colours)])
    axes.bar_label(bars, fmt="%.2f", fontsize=11)
axes.axhline(1, color="black", linewidth=1)
axes.set_xticks(range(len(workloads)), workloads, fontsize=13)
axes.set_ylabel("best peer's time / ours", fontsize=13)
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False, fontsize=12)
figure.tight_layout()
figure.savefig(target)
print(target.resolve())
