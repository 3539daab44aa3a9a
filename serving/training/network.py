"""The network: convolutions, global average pooling and ONE dense layer, so that class maps have a closed form."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

LABELS = [
    {"code": "COVID19", "display": "COVID-19", "disease": True},
    {"code": "NORMAL", "display": "Normal", "disease": False},
    {"code": "PNEUMONIA_BACTERIAL", "display": "Bacterial pneumonia", "disease": True},
]
CLASSES = ["covid19", "normal", "pneumonia_bacterial"]


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    """Two 3 x 3 convolutions around a shortcut (He et al., CVPR 2016)."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = conv(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x + self.second(self.first(x)))


class Network(nn.Module):
    """float [N, 1, 256, 256] in 0..1 to logits [N, 3], class maps [N, 3, 16, 16] and textures [N, 4, 64].

    M_c = sum_k W_kc A_k, and logit_c = mean(M_c) + b_c: the maps add up to the logit but for the bias. The textures
    are the mean activations of each quadrant half-way through, before what no class needs is thrown away.
    """

    def __init__(self):
        super().__init__()
        self.early = nn.Sequential(conv(1, 16, 2), conv(16, 32, 2), conv(32, 64, 2), Residual(64))
        self.late = nn.Sequential(conv(64, 128, 2), Residual(128))
        self.drop = nn.Dropout2d(0.1)
        self.dense = nn.Linear(128, len(CLASSES))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        texture = self.early((x - 0.5) * 4)
        a = self.drop(self.late(texture))
        maps = torch.einsum("nkhw,ck->nchw", a, self.dense.weight)
        quadrants = F.avg_pool2d(texture, texture.shape[2] // 2).flatten(2).transpose(1, 2)
        return maps.mean((2, 3)) + self.dense.bias, maps, quadrants


def read_network(path: Path) -> Network:
    """The averaged weights that train.py saved."""
    network = Network()
    network.load_state_dict(torch.load(path)["weights"])
    return network.eval()
