"""Trains the network on tensors that `npm run training:tensors` wrote, and saves the averaged weights."""

import argparse
import copy
import csv
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from augment import augment
from network import CLASSES, Network


def load(folder: Path, split: str) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """uint8 [n, 1, 256, 256], labels [n] and sources."""
    rows = list(csv.DictReader(open(folder / f"{split}.csv")))
    pixels = np.fromfile(folder / f"{split}.u8", np.uint8).reshape(len(rows), 1, 256, 256)
    return torch.from_numpy(pixels), torch.tensor([CLASSES.index(r["class"]) for r in rows]), [r["source"] for r in rows]


def predict(network: Network, pixels: torch.Tensor) -> torch.Tensor:
    """Logits [n, 3]."""
    network.eval()
    with torch.no_grad():
        return torch.cat([network(part.float() / 255)[0] for part in pixels.split(64)])


def balanced(labels: torch.Tensor, sources: list[str]) -> torch.Tensor:
    """Sampling weights: classes weigh the same, and within a class the square root tempers a dominant source."""
    keys = [f"{label}|{source}" for label, source in zip(labels.tolist(), sources)]
    counts = {key: keys.count(key) for key in set(keys)}
    weight = torch.tensor([counts[key] ** -0.5 for key in keys])
    for label in range(len(CLASSES)):
        weight[labels == label] /= weight[labels == label].sum()
    return weight


def main() -> None:
    cli = argparse.ArgumentParser()
    cli.add_argument("--data", type=Path, default=Path("serving/training/out"))
    cli.add_argument("--epochs", type=int, default=16)
    cli.add_argument("--minutes", type=float, default=60, help="stop after this time, with the rate decayed to it")
    cli.add_argument("--seed", type=int, default=1)
    args = cli.parse_args()
    torch.manual_seed(args.seed)
    rng = torch.Generator().manual_seed(args.seed)
    pixels, labels, sources = load(args.data, "train")
    val_pixels, val_labels, _ = load(args.data, "val")
    network = Network()
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.02)
    weights, steps = balanced(labels, sources), len(labels) // 32
    started, step, total = time.time(), 0, args.epochs * steps
    for epoch in range(args.epochs):
        network.train()
        order = torch.multinomial(weights, steps * 32, replacement=True, generator=rng)
        for batch in order.split(32):
            # Warm-up over the first 5 %, then a cosine, by steps or by the clock, whichever is further on.
            share = max(step / total, (time.time() - started) / (args.minutes * 60))
            rate = 2e-3 * min(1, step / (0.05 * total) + 0.01) * 0.5 * (1 + np.cos(np.pi * min(1, share)))
            for group in optimizer.param_groups:
                group["lr"] = rate
            logits, _ = network(augment(pixels[batch].float() / 255, rng))
            loss = F.cross_entropy(logits, labels[batch], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            decay = min(0.995, step / (step + 20))
            with torch.no_grad():
                for kept, now in zip(average.state_dict().values(), network.state_dict().values()):
                    kept.lerp_(now, 1 - decay) if kept.is_floating_point() else kept.copy_(now)
        logits = predict(average, val_pixels)
        recall = [(logits.argmax(1) == c)[val_labels == c].float().mean().item() for c in range(len(CLASSES))]
        print(f"epoch {epoch} {time.time() - started:.0f} s loss {loss.item():.3f} val recall", np.round(recall, 3), flush=True)
        torch.save({"weights": average.state_dict(), "seed": args.seed, "epochs": epoch + 1}, args.data / "network.pt")
        if time.time() - started > args.minutes * 60:
            break


if __name__ == "__main__":
    main()
