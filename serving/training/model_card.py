"""Writes the model card and its figures from evaluation.json, so that no figure in it is typed by hand."""

import json
from pathlib import Path
from statistics import mean, stdev

from figures import draw
from network import LABELS

FOLDER = Path("serving/models/covid19")
TEMPLATE = Path(__file__).parent / "model-card.template.md"
NAMES = {label["code"]: label["display"] for label in LABELS}


def table(head: list[str], rows: list[list]) -> str:
    cells = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in cells)


def interval(values: list[float]) -> str:
    value, low, high = values
    return f"{value:.3f} ({low:.3f}–{high:.3f})"


def over_seeds(seeds: list[dict]) -> str:
    columns = {
        "Macro AUROC": lambda one: one["macroAuroc"],
        **{f"Recall, {NAMES[code]}": lambda one, code=code: one["recall"][code] for code in NAMES},
        "ECE": lambda one: one["ece"],
        "AUROC within Kermany, normal against bacterial": lambda one: one["withinKermanyAuroc"],
        **{
            f"Recall with borders blanked, {NAMES[code]}": lambda one, code=code: one["bordersBlankedRecall"][code]
            for code in NAMES
        },
        "Macro recall with borders blanked": lambda one: mean(one["bordersBlankedRecall"].values()),
        "Macro recall with lungs blanked": lambda one: one["lungsBlankedMacroRecall"],
        "Outliers accepted, at 5 % false rejects on val": lambda one: one["outliers"]["falseAccept"],
        "… of which chests turned, negative or cropped": lambda one: altered(one["outliers"]),
        "Test radiographs refused there": lambda one: one["outliers"]["falseReject"],
    }
    rows = []
    for name, of in columns.items():
        values = [of(one) for one in seeds]
        rows.append([name, f"{mean(values):.3f} ± {stdev(values):.3f}", *(f"{value:.3f}" for value in values)])
    return table(["measure", "mean ± sd", *(f"seed {one['seed']}" for one in seeds)], rows)


def altered(gate: dict) -> float:
    kinds = [kind for kind in gate["countByKind"] if kind in ("turned", "negative", "corner", "lost_lungs")]
    total = sum(gate["countByKind"][kind] for kind in kinds)
    return sum(gate["falseAcceptByKind"][kind] * gate["countByKind"][kind] for kind in kinds) / total


def filled(evaluation: dict, metadata: dict) -> dict[str, str]:
    served, seeds = evaluation["served"], evaluation["seeds"]
    gate, inside = served["gate"], served["saliency"]["inLungs"]
    refused, controls = served["controlRefused"]
    return {
        "seed": served["seed"],
        "over_seeds": over_seeds(seeds),
        "per_class": table(
            ["class", "n", "recall", "precision", "AUROC"],
            [
                [NAMES[code], one["n"], *(interval(one[key]) for key in ("recall", "precision", "auroc"))]
                for code, one in served["perClass"].items()
            ],
        ),
        "accuracy": interval(served["accuracy"]),
        "macro_auroc": interval(served["macroAuroc"]),
        "ece": interval(served["ece"]),
        "temperature": metadata["temperature"],
        "thresholds": ", ".join(f"{NAMES[code]} {value}" for code, value in metadata["positiveThreshold"].items()),
        "per_source": table(
            ["source · class", "n", "recall"],
            [[name, n, f"{recall:.3f}"] for name, (n, recall) in served["perSource"].items()],
        ),
        "greys": table(
            ["grey levels of", *(f"recall, {name}" for name in NAMES.values())],
            [[source, *(f"{recall:.3f}" for recall in recalls)] for source, recalls in served["greysMatched"].items()],
        ),
        "lungs_blanked": table(
            ["true class", *(f"called {name}" for name in NAMES.values())],
            [[name, *counts] for name, counts in zip(NAMES.values(), served["lungsBlanked"])],
        ),
        "outlier_threshold": metadata["outlierThreshold"],
        "false_reject": f"{gate['falseReject']:.1%}",
        "false_accept": f"{gate['falseAccept']:.1%}",
        "outliers": table(
            ["kind", "n", "accepted"],
            [
                [kind.replace("_", " "), n, f"{gate['falseAcceptByKind'][kind]:.1%}"]
                for kind, n in gate["countByKind"].items()
            ],
        ),
        "controls": f"{refused} of {controls}",
        "heat": table(
            ["class", "n", "share of the heat", "share of the area", "peaks inside"],
            [
                [name, one["n"], f"{one['heat']:.2f}", f"{one['area']:.2f}", f"{one['peaks']:.2f}"]
                for name, one in [
                    *((NAMES[code], one) for code, one in served["saliency"]["byClass"].items()),
                    ("all", inside),
                ]
            ],
        ),
        "gain": f"{inside['heat'] / inside['area']:.1f}",
    }


def main() -> None:
    evaluation = json.loads((FOLDER / "evaluation.json").read_text())
    metadata = json.loads((FOLDER / "1" / "metadata.json").read_text())
    draw(FOLDER / "evaluation.json", FOLDER / "figures", list(NAMES.values()))
    card = TEMPLATE.read_text()
    for name, text in filled(evaluation, metadata).items():
        assert f"{{{name}}}" in card, f"{name} is not in the template"
        card = card.replace(f"{{{name}}}", str(text))
    (FOLDER / "MODEL_CARD.md").write_text(card)


if __name__ == "__main__":
    main()
