"""Draws the model card's figures from evaluation.json."""

import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
# The same file for the same figures: no date, no random ids.
matplotlib.rcParams.update({"svg.hashsalt": "radiograph", "font.size": 9, "svg.fonttype": "none"})
import matplotlib.pyplot as plt

BLUE, GREY = "#1f5a94", "#8a8f98"


def reliability_diagram(bins: list[list[float]], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(4, 4))
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfectly calibrated")
    sure, right, share = zip(*bins)
    axes.scatter(
        sure, right, s=[20 + 600 * one for one in share], color=BLUE, alpha=0.8, label="test images (area: how many)"
    )
    axes.set(xlim=(0.3, 1.02), ylim=(0, 1.05), xlabel="Probability of the finding", ylabel="Share that is right")
    axes.legend(loc="lower right", markerscale=0.5)
    written(figure, path)


def confusion_matrix(counts: list[list[int]], names: list[str], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(4.6, 4))
    names = [name.replace(" ", "\n") for name in names]
    shares = [[cell / max(1, sum(row)) for cell in row] for row in counts]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, cells in enumerate(counts):
        for column, cell in enumerate(cells):
            dark = shares[row][column] > 0.5
            axes.text(column, row, str(cell), ha="center", va="center", color="white" if dark else "black")
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names, rotation=90, va="center")
    axes.set(xlabel="Found", ylabel="True")
    written(figure, path)


def outlier_gate(accepted: dict[str, float], refused: float, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(6, 3.4))
    rows = {
        **{kind.replace("_", " "): 1 - share for kind, share in accepted.items()},
        "chest radiographs (test)": refused,
    }
    axes.barh(list(rows), list(rows.values()), color=[BLUE] * len(accepted) + [GREY])
    for place, share in enumerate(rows.values()):
        inside = share > 0.2
        where = share - 0.01 if inside else share + 0.01
        align, colour = ("right", "white") if inside else ("left", "black")
        axes.text(where, place, f"{share:.1%}", va="center", ha=align, color=colour)
    axes.set(xlim=(0, 1), xlabel="Share that is refused")
    axes.invert_yaxis()
    written(figure, path)


def randomisation(steps: list[dict], path: Path) -> None:
    figure, axes = plt.subplots(figsize=(5, 3))
    names = ["trained", *(step["downTo"] for step in steps)]
    axes.plot(names, [1, *(step["correlation"] for step in steps)], marker="o", color=BLUE)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.set(ylim=(-0.5, 1.05), xlabel="Random from the end down to", ylabel="Rank correlation of the heat")
    axes.tick_params(axis="x", rotation=45)
    written(figure, path)


def written(figure: plt.Figure, path: Path) -> None:
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def draw(evaluation: Path, folder: Path, names: list[str]) -> None:
    served = json.loads(evaluation.read_text())["served"]
    folder.mkdir(exist_ok=True)
    reliability_diagram(served["reliability"], folder / "reliability.svg")
    confusion_matrix(served["confusion"], names, folder / "confusion.svg")
    outlier_gate(served["gate"]["falseAcceptByKind"], served["gate"]["falseReject"], folder / "outlier-gate.svg")
    randomisation(served["saliency"]["randomised"], folder / "randomisation.svg")
