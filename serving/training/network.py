"""The network: convolutions, global average pooling and ONE dense layer, so that class maps have a closed form."""

import torch
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
    """float [N, 1, 256, 256] in 0..1 to logits [N, 3] and class maps [N, 3, 16, 16]; about 0.35 GFLOP an image.

    M_c = sum_k W_kc A_k, and logit_c = mean(M_c) + b_c: the maps add up to the logit but for the bias.
    """

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            conv(1, 16, 2), conv(16, 32, 2), conv(32, 64, 2), Residual(64), conv(64, 128, 2), Residual(128)
        )
        self.drop = nn.Dropout2d(0.1)
        self.dense = nn.Linear(128, len(CLASSES))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        a = self.drop(self.features((x - 0.5) * 4))
        maps = torch.einsum("nkhw,ck->nchw", a, self.dense.weight)
        return maps.mean((2, 3)) + self.dense.bias, maps


class Served(nn.Module):
    """What is exported: uint8 [N, 256, 256, 3] to `probabilities` [N, 3] and `cams` [N, 16, 16, 3].

    `temperature` calibrates the probabilities (Guo et al., ICML 2017); the maps stay those of the raw logits.
    """

    def __init__(self, network: Network, temperature: float):
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        grey = pixels.permute(0, 3, 1, 2)[:, :1].to(torch.float32) * (1 / 255)
        logits, maps = self.network(grey)
        return torch.softmax(logits / self.temperature, 1), maps.permute(0, 2, 3, 1)
