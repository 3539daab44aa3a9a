"""Whether the heat lies where it should, and whether it depends on what the network learned."""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from network import Network
from PIL import Image, ImageDraw

EDGE = 256


def heat(network: Network, pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Grad-CAM of each image's own class, relu(M_c), at the size of the image [N, 256, 256]."""
    with torch.no_grad():
        _, maps, _ = network(pixels.float() / 255)
    own = maps[torch.arange(len(labels)), labels].relu()
    return F.interpolate(own[:, None], EDGE, mode="bilinear", align_corners=False)[:, 0]


def lung_mask(polygons: list[list[list[float]]]) -> torch.Tensor:
    """bool [256, 256] from outlines in fractions of the square."""
    mask = Image.new("1", (EDGE, EDGE))
    for outline in polygons:
        ImageDraw.Draw(mask).polygon([(x * EDGE, y * EDGE) for x, y in outline], fill=1)
    return torch.from_numpy(np.array(mask))


def share_in_lungs(heats: torch.Tensor, masks: torch.Tensor) -> dict[str, float]:
    """Means over images: of the heat and of the area that lie in the lungs, and of the peaks that do."""
    inside = (heats * masks).sum((1, 2)) / heats.sum((1, 2)).clamp(min=1e-9)
    peaks = masks.flatten(1).gather(1, heats.flatten(1).argmax(1, keepdim=True)).float()
    return {
        "heat": float(inside.mean()),
        "area": float(masks.float().mean()),
        "peaks": float(peaks.mean()),
        "n": len(heats),
    }


def randomised(network: Network, pixels: torch.Tensor, labels: torch.Tensor) -> list[dict]:
    """The model randomisation test (Adebayo et al., NeurIPS 2018): layers lose what they learned, from the last to
    the first; the rank correlation of the heat with that of the trained network has to fall."""
    torch.manual_seed(1)
    changed = copy.deepcopy(network)
    trained = heat(network, pixels, labels)
    steps = []
    layers = [
        ("dense", changed.dense),
        *((f"late {name}", layer) for name, layer in reversed(list(changed.late.named_children()))),
        *((f"early {name}", layer) for name, layer in reversed(list(changed.early.named_children()))),
    ]
    for name, layer in layers:
        for part in layer.modules():
            if hasattr(part, "reset_parameters"):
                part.reset_parameters()
        correlation = [rank_correlation(a, b) for a, b in zip(trained, heat(changed, pixels, labels))]
        steps.append({"downTo": name, "correlation": float(np.mean(correlation))})
    return steps


def rank_correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    """Spearman's, over a grid of 16 x 16; 0 for a picture without any heat."""
    ranks = [F.avg_pool2d(x[None], EDGE // 16).flatten().argsort().argsort().float() for x in (a, b)]
    if float(b.std()) == 0:
        return 0.0
    return float(torch.corrcoef(torch.stack(ranks))[0, 1])
