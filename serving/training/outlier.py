"""How far an image lies from those that the network learned from."""

import torch
from torch import nn


class OutlierScore(nn.Module):
    """Textures [N, Q, F] of Q regions to one distance [N], 0 and up.

    In each region the Mahalanobis distance from the nearest class (Lee et al., NeurIPS 2018); their squares add up
    over the regions (compare PaDiM, Defard et al., ICPR 2021), so that an image must also be the right way up.
    """

    def __init__(self, textures: torch.Tensor, labels: torch.Tensor, shrinkage: float = 0.1):
        """Fits class means and, in each region, one covariance, shrunk towards its diagonal, to training images."""
        super().__init__()
        regions = textures.double().transpose(0, 1)
        centres = torch.stack([regions[:, labels == c].mean(1) for c in range(int(labels.max()) + 1)], 1)
        residual = regions - centres[:, labels]
        covariance = residual.transpose(1, 2) @ residual / residual.shape[1]
        # A channel that never answered would have no variance to divide by.
        diagonal = covariance.diagonal(dim1=1, dim2=2).clamp(min=1e-6).diag_embed()
        covariance = (1 - shrinkage) * covariance + shrinkage * diagonal
        # With W W^T the inverse covariance, the distance is the plain one after multiplying by W.
        whitening = torch.linalg.cholesky(torch.linalg.inv(covariance))
        self.register_buffer("whitening", whitening.float())
        self.register_buffer("centres", (centres @ whitening).float())

    def forward(self, textures: torch.Tensor) -> torch.Tensor:
        whitened = textures.transpose(0, 1) @ self.whitening
        difference = whitened.unsqueeze(2) - self.centres.unsqueeze(1)
        return difference.square().sum(3).amin(2).sum(0).sqrt()
