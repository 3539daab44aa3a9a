"""The images that `npm run training:tensors` wrote, as the service itself prepares an upload."""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from network import CLASSES

EDGE = 256


class Images(NamedTuple):
    """uint8 [n, 1, 256, 256], and n entries of each other; a label is -1 where the class is none of the network's."""

    pixels: torch.Tensor
    labels: torch.Tensor
    kinds: np.ndarray
    sources: np.ndarray
    patients: np.ndarray
    files: np.ndarray


def load(folder: Path, split: str) -> Images:
    with open(folder / f"{split}.csv", newline="") as listed:
        rows = list(csv.DictReader(listed))
    pixels = np.fromfile(folder / f"{split}.u8", np.uint8).reshape(len(rows), 1, EDGE, EDGE)
    column = {name: np.array([row[name] for row in rows]) for name in ("class", "source", "patient", "file")}
    labels = [CLASSES.index(kind) if kind in CLASSES else -1 for kind in column["class"]]
    return Images(
        torch.from_numpy(pixels),
        torch.tensor(labels),
        column["class"],
        column["source"],
        column["patient"],
        column["file"],
    )
