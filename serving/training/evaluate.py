"""Measures every trained seed on the test split, by which no seed and no threshold is chosen: evaluation.json."""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from candidate import Candidate, candidates
from images import Images, load
from metrics import auroc, confusion, expected_calibration_error, interval, recalls, reliability, wilson
from network import CLASSES, LABELS
from saliency import heat, lung_mask, randomised, share_in_lungs
from shortcuts import with_greys_of, without_borders, without_lungs

CODES = [label["code"] for label in LABELS]
NORMAL, BACTERIAL = CLASSES.index("normal"), CLASSES.index("pneumonia_bacterial")
KERMANY = "Kermany paediatric chest X-ray"


def macro_auroc(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean([auroc(probabilities[:, c], labels == c) for c in range(len(CLASSES))]))


def within_kermany(probabilities: np.ndarray, labels: np.ndarray, sources: np.ndarray) -> float:
    """AUROC of bacterial against normal among the children of one hospital: no source gives the class away there."""
    rows = (sources == KERMANY) & (labels > 0)
    pair = probabilities[rows][:, [NORMAL, BACTERIAL]]
    return auroc(pair[:, 1] / pair.sum(1), labels[rows] == BACTERIAL)


def headline(one: Candidate, test: Images, outliers: Images) -> dict:
    """The figures of one seed that are compared with what was asked for."""
    labels = test.labels.numpy()
    probabilities = one.probabilities(test.pixels)
    val_false_reject = 0.05
    return {
        "seed": one.seed,
        "valLoss": one.val_loss,
        "macroAuroc": macro_auroc(probabilities, labels),
        "auroc": {code: auroc(probabilities[:, c], labels == c) for c, code in enumerate(CODES)},
        "recall": dict(zip(CODES, recalls(probabilities, labels).tolist())),
        "ece": expected_calibration_error(probabilities, labels),
        "withinKermanyAuroc": within_kermany(probabilities, labels, test.sources),
        "bordersBlankedRecall": dict(
            zip(CODES, recalls(one.probabilities(without_borders(test.pixels)), labels).tolist())
        ),
        "lungsBlankedMacroRecall": float(recalls(one.probabilities(without_lungs(test.pixels)), labels).mean()),
        "outliers": gate(one, test, outliers, one.threshold_at(val_false_reject)),
    }


def gate(one: Candidate, test: Images, outliers: Images, threshold: float) -> dict:
    """What the gate lets through that it should not, and refuses that it should not, at a threshold."""
    scores = one.outlier_scores(outliers.pixels)
    return {
        "threshold": threshold,
        "falseReject": float((one.outlier_scores(test.pixels) > threshold).mean()),
        "falseAccept": float((scores <= threshold).mean()),
        "falseAcceptByKind": {
            str(kind): float((scores[outliers.kinds == kind] <= threshold).mean()) for kind in np.unique(outliers.kinds)
        },
        "countByKind": {str(kind): int((outliers.kinds == kind).sum()) for kind in np.unique(outliers.kinds)},
    }


def served(one: Candidate, test: Images, outliers: Images, control: Images, lungs: dict) -> dict:
    """Everything that the model card tells of the seed that is served."""
    labels = test.labels.numpy()
    probabilities = one.probabilities(test.pixels)
    chosen = probabilities.argmax(1)

    def share(right: np.ndarray) -> list[float]:
        return [float(right.mean()), *wilson(int(right.sum()), len(right))]

    def spread(measure) -> list[float]:
        low, high = interval(lambda rows: measure(probabilities[rows], labels[rows]), test.patients)
        return [measure(probabilities, labels), low, high]

    sources = [str(source) for source in np.unique(test.sources)]
    return {
        "seed": one.seed,
        "macroAuroc": spread(macro_auroc),
        "ece": spread(expected_calibration_error),
        "accuracy": share(chosen == labels),
        "perClass": {
            code: {
                "n": int((labels == c).sum()),
                "recall": share((chosen == c)[labels == c]),
                "precision": share((labels == c)[chosen == c]),
                "auroc": spread(lambda p, y, c=c: auroc(p[:, c], y == c)),
            }
            for c, code in enumerate(CODES)
        },
        "perSource": {
            f"{source} · {code}": [int(rows.sum()), float((probabilities[rows].argmax(1) == c).mean())]
            for source in sources
            for c, code in enumerate(CODES)
            if (rows := (test.sources == source) & (labels == c)).any()
        },
        "confusion": confusion(probabilities, labels),
        "reliability": reliability(probabilities, labels),
        "greysMatched": {
            source: recalls(
                one.probabilities(with_greys_of(test.pixels, test.pixels[test.sources == source])), labels
            ).tolist()
            for source in sources
        },
        "lungsBlanked": confusion(one.probabilities(without_lungs(test.pixels)), labels),
        "gate": gate(one, test, outliers, one.outlier_threshold),
        "controlRefused": [
            int((one.outlier_scores(control.pixels) > one.outlier_threshold).sum()),
            len(control.labels),
        ],
        "saliency": saliency(one, test, lungs),
    }


def saliency(one: Candidate, test: Images, lungs: dict) -> dict:
    names = [Path(file).stem for file in test.files]
    marked = [names.index(digest) for digest in lungs]
    pixels, labels = test.pixels[marked], test.labels[marked]
    masks = torch.stack([lung_mask(outlines) for outlines in lungs.values()])
    heats = heat(one.network, pixels, labels)
    return {
        "inLungs": share_in_lungs(heats, masks),
        "byClass": {code: share_in_lungs(heats[labels == c], masks[labels == c]) for c, code in enumerate(CODES)},
        "randomised": randomised(one.network, pixels, labels),
    }


def main() -> None:
    cli = argparse.ArgumentParser()
    cli.add_argument("--data", type=Path, default=Path("serving/training/out"))
    cli.add_argument("--outliers", type=Path, default=Path("serving/training/out/outliers"))
    cli.add_argument("--out", type=Path, default=Path("serving/models/covid19/evaluation.json"))
    args = cli.parse_args()
    test, outliers, control = load(args.data, "test"), load(args.outliers, "outlier"), load(args.outliers, "control")
    lungs = json.loads((Path(__file__).parent / "lung-fields.json").read_text())
    trained = candidates(args.data)
    seeds = [headline(one, test, outliers) for one in sorted(trained, key=lambda one: one.seed)]
    answer = {"seeds": seeds, "served": served(trained[0], test, outliers, control, lungs)}
    args.out.write_text(json.dumps(rounded(answer), indent=1) + "\n")


def rounded(value):
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main()
