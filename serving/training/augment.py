"""Random changes that fight what gives the source away: geometry, borders, brightness and burnt-in markers."""

import math

import torch
import torch.nn.functional as F


def augment(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """float [N, 1, H, W] in 0..1 to the same shape and range."""
    n, _, h, w = x.shape

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.rand(n, generator=rng) * (high - low) + low

    angle = uniform(-10, 10) * math.pi / 180
    # Unequal scales: the aspect ratio of the file, lost by the stretching, must not come back as a cue.
    sx, sy = uniform(0.8, 1.05), uniform(0.8, 1.05)
    flip = torch.where(torch.rand(n, generator=rng) < 0.5, -1.0, 1.0)
    theta = torch.stack(
        [
            torch.stack([torch.cos(angle) * sx * flip, -torch.sin(angle) * sy, uniform(-0.1, 0.1)], 1),
            torch.stack([torch.sin(angle) * sx * flip, torch.cos(angle) * sy, uniform(-0.1, 0.1)], 1),
        ],
        1,
    )
    x = F.grid_sample(x, F.affine_grid(theta, [n, 1, h, w], align_corners=False), align_corners=False)
    gamma, gain, shift = (v.view(n, 1, 1, 1) for v in (uniform(0.6, 1.6), uniform(0.75, 1.25), uniform(-0.12, 0.12)))
    x = ((x.clamp(1e-4, 1) ** gamma - 0.5) * gain + 0.5 + shift).clamp(0, 1)
    for i in range(n):
        x[i] = marked(x[i], rng)
    return x


def marked(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """A border, and one to three small patches like letters or electrodes, at random places and grey values."""
    _, h, w = x.shape

    def integer(low: int, high: int) -> int:
        return int(torch.randint(low, high, (1,), generator=rng))

    def level() -> float:
        return float(torch.rand(1, generator=rng))

    if level() < 0.3:
        t, side, value = integer(4, 24), integer(0, 4), 0.0 if level() < 0.7 else level()
        if side == 0:
            x[:, :t] = value
        elif side == 1:
            x[:, -t:] = value
        elif side == 2:
            x[:, :, :t] = value
        else:
            x[:, :, -t:] = value
    for _ in range(integer(0, 4)):
        ph, pw = integer(6, 36), integer(6, 36)
        top, left = integer(0, h - ph), integer(0, w - pw)
        x[:, top : top + ph, left : left + pw] = level()
    return x
