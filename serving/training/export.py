"""Calibrates the trained network, measures it on the test split, and writes the served model and its metadata."""

import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F

from network import CLASSES, LABELS, Network, Served
from train import load, predict


def temperature_of(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The temperature with the lowest cross-entropy on val."""
    candidates = np.arange(0.3, 3.01, 0.02)
    return float(min(candidates, key=lambda t: F.cross_entropy(logits / t, labels).item()))


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """The probability that a positive scores above a negative (Mann and Whitney)."""
    ranks = scores.argsort().argsort() + 1
    n = positive.sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (~positive).sum()))


def threshold_of(scores: np.ndarray, positive: np.ndarray) -> float:
    """Highest sensitivity + specificity (Youden), but never below one half: the finding is the most probable one."""
    steps = np.arange(0.5, 0.96, 0.01)
    return round(float(max(steps, key=lambda t: (scores[positive] >= t).mean() - (scores[~positive] >= t).mean())), 2)


def measured(probabilities: np.ndarray, labels: np.ndarray, sources: list[str]) -> dict:
    chosen = probabilities.argmax(1)
    matrix = [[int(((labels == t) & (chosen == p)).sum()) for p in range(len(CLASSES))] for t in range(len(CLASSES))]
    per_class = {
        LABELS[c]["code"]: {
            "n": int((labels == c).sum()),
            "recall": round(float((chosen[labels == c] == c).mean()), 3),
            "precision": round(float((labels[chosen == c] == c).mean()), 3),
            "auc": round(auc(probabilities[:, c], labels == c), 3),
        }
        for c in range(len(CLASSES))
    }
    names = np.array(sources)
    by_source = {
        source: {
            "n": int((names == source).sum()),
            "accuracy": round(float((chosen == labels)[names == source].mean()), 3),
        }
        for source in sorted(set(sources))
    }
    return {
        "n": len(labels),
        "accuracy": round(float((chosen == labels).mean()), 3),
        "perClass": per_class,
        "perSource": by_source,
        "confusion": {"rowsTrueColumnsPredicted": [one["code"] for one in LABELS], "counts": matrix},
    }


def main() -> None:
    cli = argparse.ArgumentParser()
    cli.add_argument("--data", type=Path, default=Path("serving/training/out"))
    cli.add_argument("--models", type=Path, default=Path("serving/models"))
    cli.add_argument("--version", type=int, default=1)
    args = cli.parse_args()
    saved = torch.load(args.data / "network.pt")
    network = Network()
    network.load_state_dict(saved["weights"])
    network.eval()
    val_pixels, val_labels, val_sources = load(args.data, "val")
    test_pixels, test_labels, test_sources = load(args.data, "test")
    logits = predict(network, val_pixels)
    temperature = temperature_of(logits, val_labels)
    val = torch.softmax(logits / temperature, 1).numpy()
    test = torch.softmax(predict(network, test_pixels) / temperature, 1).numpy()

    folder = args.models / "covid19" / str(args.version)
    folder.mkdir(parents=True, exist_ok=True)
    served = Served(network, temperature).eval()
    torch.onnx.export(
        served,
        (torch.zeros(2, 256, 256, 3, dtype=torch.uint8),),
        folder / "model.onnx",
        input_names=["input"],
        output_names=["probabilities", "cams"],
        dynamic_axes={name: {0: "N"} for name in ["input", "probabilities", "cams"]},
        opset_version=17,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    sample = val_pixels[:64].permute(0, 2, 3, 1).expand(-1, -1, -1, 3).contiguous()
    with torch.no_grad():
        ours = served(sample)
    theirs = session.run(["probabilities", "cams"], {"input": sample.numpy()})
    difference = max(float(np.abs(a.numpy() - b).max()) for a, b in zip(ours, theirs))
    assert difference < 1e-4, f"ONNX Runtime differs from torch by {difference}"

    metadata = {
        "name": "covid19",
        "labels": LABELS,
        "positiveThreshold": {
            label["code"]: threshold_of(val[:, c], val_labels.numpy() == c) for c, label in enumerate(LABELS)
        },
        "preprocessingVersion": 1,
        "temperature": round(temperature, 2),
        "trainedAt": date.today().isoformat(),
        "seed": saved["seed"],
        "epochs": saved["epochs"],
        "metrics": {
            "val": measured(val, val_labels.numpy(), val_sources),
            "test": measured(test, test_labels.numpy(), test_sources),
        },
    }
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=2) + "\n")
    print(json.dumps(metadata, indent=2), f"\nONNX Runtime against torch: {difference:.1e}")


if __name__ == "__main__":
    main()
