"""A trained network with all that it needs to be served: calibrated, and able to tell what it has never seen."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from calibration import Calibration, calibrated
from images import Images, load
from network import Network, read_network
from outlier import OutlierScore
from train import outputs

# The share of val, all of them chest radiographs, that the gate refuses.
FALSE_REJECT = 0.02


class Candidate(NamedTuple):
    seed: int
    network: Network
    calibration: Calibration
    outlier_score: OutlierScore
    val_scores: np.ndarray
    val_loss: float

    @property
    def outlier_threshold(self) -> float:
        return self.threshold_at(FALSE_REJECT)

    def threshold_at(self, false_reject: float) -> float:
        """The outlier score above which this share of val lies."""
        return round(float(np.quantile(self.val_scores, 1 - false_reject)), 2)

    def probabilities(self, pixels: torch.Tensor) -> np.ndarray:
        return self.calibration.probabilities(outputs(self.network, pixels).logits).numpy()

    def outlier_scores(self, pixels: torch.Tensor) -> np.ndarray:
        return self.outlier_score(outputs(self.network, pixels).textures).numpy()


def candidates(data: Path) -> list[Candidate]:
    """Every trained seed in `data`, the one that val likes best first. The test split has no say."""
    train, val = load(data, "train"), load(data, "val")
    found = [candidate(path, train, val) for path in sorted(data.glob("network-*.pt"))]
    return sorted(found, key=lambda one: one.val_loss)


def candidate(path: Path, train: Images, val: Images) -> Candidate:
    network = read_network(path)
    seen = outputs(network, val.pixels)
    calibration = calibrated(seen.logits, val.labels)
    outlier_score = OutlierScore(outputs(network, train.pixels).textures, train.labels)
    loss = F.nll_loss(calibration.probabilities(seen.logits).log(), val.labels).item()
    return Candidate(
        int(path.stem.split("-")[1]), network, calibration, outlier_score, outlier_score(seen.textures).numpy(), loss
    )
