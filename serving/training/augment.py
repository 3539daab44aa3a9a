"""Random changes that fight what gives the source away: geometry, borders, brightness and burnt-in markers.

float [N, 1, H, W] in 0..1 in, the same shape and range out; every choice comes from `rng`.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F


class Chance:
    """Random numbers for a batch, each of shape [N, 1, 1, 1]."""

    def __init__(self, n: int, rng: torch.Generator):
        self.n, self.rng = n, rng

    def uniform(self, low: float, high: float) -> torch.Tensor:
        return (torch.rand(self.n, generator=self.rng) * (high - low) + low).view(-1, 1, 1, 1)

    def true(self, share: float) -> torch.Tensor:
        return self.uniform(0, 1) < share


def augment(x: torch.Tensor, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """The changed images, and which of them lost their lungs (bool [N]): nothing is left in those to tell a class by."""
    chance = Chance(len(x), rng)
    x = turned(x, chance)
    x = for_some(0.1, x, chance, histogram_of)
    x = for_some(0.2, x, chance, surrounded)
    lost = chance.true(0.12).flatten()
    x[lost] = without_lungs(x[lost], Chance(int(lost.sum()), rng))
    gamma, gain, shift = (chance.uniform(-1, 1) * size for size in (0.3, 0.2, 0.1))
    x = ((x.clamp(1e-4, 1) ** gamma.exp() - 0.5) * (1 + gain) + 0.5 + shift).clamp(0, 1)
    x = for_some(0.5, x, chance, framed)
    for i in torch.nonzero(chance.true(0.7).flatten()).flatten():
        x[i] = marked(x[i], rng)
    return x, lost


def for_some(share: float, x: torch.Tensor, chance: Chance, change: Callable[..., torch.Tensor]) -> torch.Tensor:
    """Changes a share of the images by another image of the batch, whatever its class."""
    chosen = chance.true(share).flatten()
    changed = x.clone()
    changed[chosen] = change(x[chosen], x[torch.randperm(len(x), generator=chance.rng)][chosen], chance.rng)
    return changed


def turned(x: torch.Tensor, chance: Chance) -> torch.Tensor:
    """Turned, flipped, moved, and scaled unequally: the aspect ratio of the file must not come back as a cue."""
    angle = chance.uniform(-10, 10).flatten() * math.pi / 180
    sx, sy = chance.uniform(0.85, 1.1).flatten(), chance.uniform(0.85, 1.1).flatten()
    flip = torch.where(chance.true(0.5).flatten(), -1.0, 1.0)
    move = chance.uniform(-0.1, 0.1).flatten(), chance.uniform(-0.1, 0.1).flatten()
    theta = torch.stack(
        [
            torch.stack([angle.cos() * sx * flip, -angle.sin() * sy, move[0]], 1),
            torch.stack([angle.sin() * sx * flip, angle.cos() * sy, move[1]], 1),
        ],
        1,
    )
    return F.grid_sample(x, F.affine_grid(theta, list(x.shape), align_corners=False), align_corners=False)


def histogram_of(x: torch.Tensor, other: torch.Tensor, _rng: torch.Generator) -> torch.Tensor:
    """x with the grey levels of `other` (histogram matching): film and window of a source must not come back as a cue."""
    levels = [(one * 255).long().flatten(1) for one in (x, other)]
    counts = [torch.zeros(len(x), 256).scatter_add_(1, v, torch.ones(v.shape)) for v in levels]
    ours, theirs = (c.cumsum(1) / c.sum(1, keepdim=True) for c in counts)
    matched = torch.searchsorted(theirs, ours).clamp(max=255)
    return (matched.gather(1, levels[0]).float() / 255).view_as(x)


def surrounded(x: torch.Tensor, other: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """What lies around the chest comes from another image, with a soft seam: shoulders and neck of a source then say
    nothing about the class."""
    inside = middle(x, Chance(len(x), rng), 0.8, 0.95)
    return inside * x + (1 - inside) * other


def framed(x: torch.Tensor, other: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """A frame as collimation or a screenshot leaves one, each side up to 14 % wide: black, grey, or another image."""
    chance = Chance(len(x), rng)
    rows = torch.linspace(0, 1, x.shape[2]).view(1, 1, -1, 1)
    columns = torch.linspace(0, 1, x.shape[3]).view(1, 1, 1, -1)
    width = [chance.uniform(-0.02, 0.14) for _ in range(4)]
    inside = (rows >= width[0]) & (rows <= 1 - width[1]) & (columns >= width[2]) & (columns <= 1 - width[3])
    around = torch.where(chance.true(0.3), other, torch.where(chance.true(0.7), 0.0, chance.uniform(0, 1)))
    return torch.where(inside, x, around)


def without_lungs(x: torch.Tensor, chance: Chance) -> torch.Tensor:
    """The middle filled with one grey, with noise, or with both."""
    inside = middle(x, chance, 0.6, 0.95)
    noise = torch.randn(x.shape, generator=chance.rng) * torch.where(chance.true(0.5), 0.0, chance.uniform(0, 0.3))
    return inside * (chance.uniform(0, 1) + noise).clamp(0, 1) + (1 - inside) * x


def middle(x: torch.Tensor, chance: Chance, low: float, high: float) -> torch.Tensor:
    """Weights 0..1 of a superellipse around the middle with half axes of `low` to `high` of the half side."""
    rows = torch.linspace(-1, 1, x.shape[2]).view(1, 1, -1, 1) - chance.uniform(-0.1, 0.1)
    columns = torch.linspace(-1, 1, x.shape[3]).view(1, 1, 1, -1) - chance.uniform(-0.1, 0.1)
    power = chance.uniform(2, 6)
    distance = (rows.abs() / chance.uniform(low, high)) ** power + (columns.abs() / chance.uniform(low, high)) ** power
    return torch.sigmoid((1 - distance) * chance.uniform(4, 20))


def marked(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Up to three small patches like letters or electrodes, at random places and grey values."""
    _, h, w = x.shape

    def integer(low: int, high: int) -> int:
        return int(torch.randint(low, high, (1,), generator=rng))

    for _ in range(integer(0, 4)):
        ph, pw = integer(6, 36), integer(6, 36)
        top, left = integer(0, h - ph), integer(0, w - pw)
        x[:, top : top + ph, left : left + pw] = torch.rand(1, generator=rng)
    return x


def mixed(x: torch.Tensor, targets: torch.Tensor, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Each image blended with another, and its target alike (mixup, Zhang et al., ICLR 2018), most of them slightly."""
    share = torch.rand(len(x), generator=rng) ** 4 / 2
    other = torch.randperm(len(x), generator=rng)
    pixels = share.view(-1, 1, 1, 1)
    return (1 - pixels) * x + pixels * x[other], (1 - share[:, None]) * targets + share[:, None] * targets[other]
