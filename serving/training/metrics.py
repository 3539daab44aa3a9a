"""Measures of a classifier: probabilities [n, C] against labels [n]."""

from collections.abc import Callable

import numpy as np


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """The probability that a positive scores above a negative, ties counting half (Mann and Whitney)."""
    ordered, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - (counts - 1) / 2)[inverse]
    n = positive.sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (~positive).sum()))


def recalls(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The share of each class that is recognised [C]."""
    chosen = probabilities.argmax(1)
    return np.array([(chosen[labels == c] == c).mean() for c in range(probabilities.shape[1])])


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> list[tuple[float, float, float]]:
    """For each bin of the highest probability: its mean, the share that is right, and the share of all images."""
    sure, right = probabilities.max(1), probabilities.argmax(1) == labels
    which = np.clip((sure * bins).astype(int), 0, bins - 1)
    filled = [which == b for b in range(bins) if (which == b).any()]
    return [(float(sure[m].mean()), float(right[m].mean()), float(m.mean())) for m in filled]


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance between how sure and how often right, over 15 bins of equal width (Naeini et al., AAAI 2015)."""
    return sum(share * abs(sure - right) for sure, right, share in reliability(probabilities, labels))


def confusion(probabilities: np.ndarray, labels: np.ndarray) -> list[list[int]]:
    """Counts; rows are true classes, columns recognised ones."""
    classes, chosen = range(probabilities.shape[1]), probabilities.argmax(1)
    return [[int(((labels == t) & (chosen == p)).sum()) for p in classes] for t in classes]


def interval(measure: Callable[[np.ndarray], float], patients: np.ndarray, rounds: int = 1000) -> tuple[float, float]:
    """95 % bootstrap interval of a measure of row numbers; patients are drawn, since their images are not independent."""
    rng = np.random.default_rng(1)
    _, of = np.unique(patients, return_inverse=True)
    rows = [np.flatnonzero(of == p) for p in range(of.max() + 1)]
    drawn = (np.concatenate([rows[p] for p in rng.integers(0, len(rows), len(rows))]) for _ in range(rounds))
    low, high = np.nanpercentile([measure(one) for one in drawn], [2.5, 97.5])
    return float(low), float(high)


def wilson(right: int, n: int) -> tuple[float, float]:
    """95 % score interval of a share (Wilson, JASA 1927): unlike a bootstrap it leaves 29 of 29 room for a mistake."""
    z = 1.96
    share, slack = right / n, z * z / n
    middle = (share + slack / 2) / (1 + slack)
    half = z * (share * (1 - share) / n + slack / (4 * n)) ** 0.5 / (1 + slack)
    return middle - half, min(1.0, middle + half)
