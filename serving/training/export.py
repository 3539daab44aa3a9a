"""Writes the served model: calibrated probabilities, class maps and the outlier score in one ONNX graph."""

import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from candidate import Candidate, candidates
from images import Images, load
from network import LABELS
from torch import nn

OUTPUTS = ["probabilities", "cams", "outlier_score"]


class Served(nn.Module):
    """uint8 [N, 256, 256, 3] to `probabilities` [N, 3], `cams` [N, 16, 16, 3] and `outlier_score` [N].

    The maps stay those of the raw logits: calibration changes how sure the model is, not what it saw.
    """

    def __init__(self, candidate: Candidate):
        super().__init__()
        self.network, self.outlier_score = candidate.network, candidate.outlier_score
        self.register_buffer("temperature", candidate.calibration.temperature)
        self.register_buffer("bias", candidate.calibration.bias)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        grey = pixels.permute(0, 3, 1, 2)[:, :1].to(torch.float32) * (1 / 255)
        logits, maps, textures = self.network(grey)
        probabilities = torch.softmax((logits + self.bias) / self.temperature, 1)
        return probabilities, maps.permute(0, 2, 3, 1), self.outlier_score(textures)


def threshold_of(scores: np.ndarray, positive: np.ndarray) -> float:
    """The lowest threshold whose sensitivity + specificity (Youden) comes within 0.02 of the best one: a few images
    more or less must not move it far. Never below one half: the finding is the most probable one."""
    steps = np.arange(0.5, 0.96, 0.01)
    worth = np.array([(scores[positive] >= t).mean() - (scores[~positive] >= t).mean() for t in steps])
    return round(float(steps[worth >= worth.max() - 0.02][0]), 2)


def write_onnx(served: Served, path: Path, sample: Images) -> None:
    """@raises AssertionError when ONNX Runtime does not compute what torch does"""
    torch.onnx.export(
        served,
        (torch.zeros(2, 256, 256, 3, dtype=torch.uint8),),
        path,
        input_names=["input"],
        output_names=OUTPUTS,
        dynamic_axes={name: {0: "N"} for name in ["input", *OUTPUTS]},
        opset_version=17,
        dynamo=False,
    )
    pixels = sample.pixels[:64].permute(0, 2, 3, 1).expand(-1, -1, -1, 3).contiguous()
    with torch.no_grad():
        ours = served(pixels)
    theirs = onnxruntime.InferenceSession(path).run(OUTPUTS, {"input": pixels.numpy()})
    for name, a, b in zip(OUTPUTS, ours, theirs):
        difference = float(np.abs(a.numpy() - b).max())
        assert difference < 1e-4, f"{name} of ONNX Runtime differs from torch by {difference}"


def main() -> None:
    cli = argparse.ArgumentParser()
    cli.add_argument("--data", type=Path, default=Path("serving/training/out"))
    cli.add_argument("--models", type=Path, default=Path("serving/models"))
    cli.add_argument("--version", type=int, default=1)
    args = cli.parse_args()
    best, *_ = candidates(args.data)
    val = load(args.data, "val")
    folder = args.models / "covid19" / str(args.version)
    folder.mkdir(parents=True, exist_ok=True)
    write_onnx(Served(best).eval(), folder / "model.onnx", val)
    probabilities, labels = best.probabilities(val.pixels), val.labels.numpy()
    metadata = {
        "name": "covid19",
        "labels": LABELS,
        "positiveThreshold": {
            label["code"]: threshold_of(probabilities[:, c], labels == c) for c, label in enumerate(LABELS)
        },
        "outlierThreshold": best.outlier_threshold,
        "preprocessingVersion": 1,
        "temperature": round(float(best.calibration.temperature), 3),
        "bias": [round(float(b), 3) for b in best.calibration.bias],
        "trainedAt": date.today().isoformat(),
        "seed": best.seed,
    }
    (folder / "metadata.json").write_text(json.dumps(metadata, indent=2) + "\n")
    print(json.dumps(metadata, indent=2))


if __name__ == "__main__":
    main()
