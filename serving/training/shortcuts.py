"""Images changed so that a network which reads something other than lungs gives itself away; uint8 [N, 1, 256, 256]."""

import torch

BORDER = 26
# Rows and columns that hold both lungs in nearly every image.
LUNGS = (slice(20, 218), slice(26, 230))


def without_borders(pixels: torch.Tensor) -> torch.Tensor:
    """The outer tenth of each side black."""
    changed = torch.zeros_like(pixels)
    inner = slice(BORDER, -BORDER)
    changed[:, :, inner, inner] = pixels[:, :, inner, inner]
    return changed


def without_lungs(pixels: torch.Tensor) -> torch.Tensor:
    """The lung field in the mean grey of its image: only the frame is left."""
    changed = pixels.clone()
    mean = pixels.float().mean((1, 2, 3), keepdim=True).to(torch.uint8)
    changed[:, :, *LUNGS] = mean
    return changed


def with_greys_of(pixels: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Each image with the mean grey-level histogram of `others` (histogram matching)."""
    theirs = torch.bincount(others.flatten().long(), minlength=256).cumsum(0) / others.numel()
    changed = torch.empty_like(pixels)
    for i, image in enumerate(pixels):
        ours = torch.bincount(image.flatten().long(), minlength=256).cumsum(0) / image.numel()
        changed[i] = torch.searchsorted(theirs, ours).clamp(max=255).to(torch.uint8)[image.long()]
    return changed
