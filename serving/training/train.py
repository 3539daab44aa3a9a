"""Trains the network on tensors that `npm run training:tensors` wrote, and saves the averaged weights."""

import argparse
import copy
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from augment import augment, mixed
from images import load
from metrics import auroc, recalls
from network import CLASSES, Network

BATCH, RATE, SMOOTHING = 32, 2e-3, 0.05


class Outputs(NamedTuple):
    logits: torch.Tensor
    maps: torch.Tensor
    textures: torch.Tensor


def outputs(network: Network, pixels: torch.Tensor) -> Outputs:
    """What the network says of uint8 [n, 1, 256, 256], in float32 on the CPU as the served graph does."""
    network = copy.deepcopy(network).cpu().eval()
    with torch.no_grad():
        parts = [network(part.float() / 255) for part in pixels.split(64)]
    return Outputs(*(torch.cat(part) for part in zip(*parts)))


def balanced(labels: torch.Tensor, sources: np.ndarray) -> torch.Tensor:
    """Sampling weights: classes weigh the same, and within a class the square root tempers a dominant source."""
    keys = [f"{label}|{source}" for label, source in zip(labels.tolist(), sources)]
    counts = {key: keys.count(key) for key in set(keys)}
    weight = torch.tensor([counts[key] ** -0.5 for key in keys])
    for label in range(len(CLASSES)):
        weight[labels == label] /= weight[labels == label].sum()
    return weight


def targets(labels: torch.Tensor, lost: torch.Tensor) -> torch.Tensor:
    """Smoothed one-hot rows; an image without lungs belongs to every class alike."""
    smooth = F.one_hot(labels, len(CLASSES)) * (1 - SMOOTHING) + SMOOTHING / len(CLASSES)
    return torch.where(lost[:, None], 1 / len(CLASSES), smooth)


def main() -> None:
    cli = argparse.ArgumentParser()
    cli.add_argument("--data", type=Path, default=Path("serving/training/out"))
    cli.add_argument("--epochs", type=int, default=36)
    cli.add_argument("--seed", type=int, default=1)
    args = cli.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    rng = torch.Generator().manual_seed(args.seed)
    images, val = load(args.data, "train"), load(args.data, "val")
    pixels, labels = images.pixels, images.labels
    network = Network().to(device, memory_format=torch.channels_last)
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.02)
    weights, steps = balanced(labels, images.sources), len(labels) // BATCH
    started, step, total = time.time(), 0, args.epochs * steps
    for epoch in range(args.epochs):
        network.train()
        order = torch.multinomial(weights, steps * BATCH, replacement=True, generator=rng)
        for batch in order.split(BATCH):
            # Warm-up over the first 5 %, then a cosine.
            rate = RATE * min(1, step / (0.05 * total) + 0.01) * 0.5 * (1 + np.cos(np.pi * step / total))
            for group in optimizer.param_groups:
                group["lr"] = rate
            x, lost = augment(pixels[batch].float() / 255, rng)
            x, wanted = mixed(x, targets(labels[batch], lost), rng)
            with torch.autocast(device, torch.bfloat16):
                logits, *_ = network(x.to(device, memory_format=torch.channels_last))
            loss = F.cross_entropy(logits.float(), wanted.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            decay = min(0.995, step / (step + 20))
            with torch.no_grad():
                for kept, now in zip(average.state_dict().values(), network.state_dict().values()):
                    kept.lerp_(now, 1 - decay) if kept.is_floating_point() else kept.copy_(now)
        probabilities, truth = torch.softmax(outputs(average, val.pixels).logits, 1).numpy(), val.labels.numpy()
        curves = [auroc(probabilities[:, c], truth == c) for c in range(len(CLASSES))]
        print(
            f"seed {args.seed} epoch {epoch} {time.time() - started:.0f} s loss {loss.item():.3f}",
            f"val AUROC {np.round(curves, 4)} recall {np.round(recalls(probabilities, truth), 3)}",
            flush=True,
        )
        torch.save(
            {"weights": average.state_dict(), "seed": args.seed, "epochs": epoch + 1},
            args.data / f"network-{args.seed}.pt",
        )


if __name__ == "__main__":
    main()
