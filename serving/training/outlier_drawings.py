"""Pictures without a camera: noise, blank areas, and drawings. Each function gives pairs of a name and a picture."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

EDGE = 320
Drawing = tuple[str, Image.Image]
Box = tuple[int, int, int, int]


def grey(values: np.ndarray) -> Image.Image:
    """From values in 0..1; what lies outside is clipped."""
    return Image.fromarray((values.clip(0, 1) * 255).round().astype(np.uint8))


def noise(rng: np.random.Generator) -> Iterator[Drawing]:
    for spread in (0.05, 0.15, 0.3, 0.6):
        yield "white", grey(0.5 + spread * rng.standard_normal((EDGE, EDGE)))
    for cells in (3, 5, 10, 20, 40, 80):
        yield "smooth", smooth(rng, cells)
        yield "smooth", smooth(rng, cells)
    for _ in range(4):
        yield "octaves", octaves(rng)
    for share in (0.02, 0.1, 0.3, 0.5):
        dots = rng.choice([0.0, 0.5, 1.0], (EDGE, EDGE), p=[share / 2, 1 - share, share / 2])
        yield "salt and pepper", grey(dots)
    rows, columns = np.mgrid[:EDGE, :EDGE]
    for across in (rows, columns, rows + columns):
        for period in (8, 60):
            yield "stripes", grey(0.5 + 0.5 * np.sin(2 * np.pi * across / period))


def smooth(rng: np.random.Generator, cells: int) -> Image.Image:
    return grey(rng.random((cells, cells))).resize((EDGE, EDGE), Image.Resampling.BICUBIC)


def octaves(rng: np.random.Generator) -> Image.Image:
    """Coarse noise with ever weaker finer noise on it: the spectrum of a natural picture."""
    scales = [2**power for power in range(1, 8)]
    layers = [(np.asarray(smooth(rng, cells)) / 255 - 0.5) * 0.9 / cells**0.5 for cells in scales]
    return grey(0.5 + np.sum(layers, axis=0))


def blank(_: np.random.Generator) -> Iterator[Drawing]:
    for level in np.linspace(0, 1, 12):
        yield "even", grey(np.full((EDGE, EDGE), level))
    rows, columns = np.mgrid[:EDGE, :EDGE] / (EDGE - 1)
    radius = np.hypot(rows - 0.5, columns - 0.5) / 0.5**0.5
    for ramp in (rows, columns, (rows + columns) / 2, radius):
        yield "gradient", grey(ramp)
        yield "gradient", grey(1 - ramp)


def drawn(rng: np.random.Generator) -> Iterator[Drawing]:
    for draw in (text_page, shapes, chart, screen):
        for _ in range(6):
            image = Image.new("RGB", (2 * EDGE, 2 * EDGE), "white")
            draw(ImageDraw.Draw(image), rng)
            yield draw.__name__, image


def number(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high))


def colour(rng: np.random.Generator) -> tuple[int, int, int]:
    return number(rng, 0, 256), number(rng, 0, 256), number(rng, 0, 256)


def words(rng: np.random.Generator, count: int) -> str:
    letters = list("abcdefghijklmnopqrstuvwxyz")
    return " ".join("".join(rng.choice(letters, number(rng, 2, 10))) for _ in range(count))


def lines(draw: ImageDraw.ImageDraw, rng: np.random.Generator, box: Box, size: int, ink: str) -> None:
    """Fills the box with lines of words; what is too long for it is cut off."""
    left, top, right, bottom = box
    font = ImageFont.load_default(size)
    for baseline in range(top, bottom - size, round(size * 1.5)):
        line = words(rng, number(rng, 3, 20))
        while draw.textlength(line, font) > right - left:
            line = line[:-1]
        draw.text((left, baseline), line, ink, font)


def text_page(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    dark = rng.random() < 0.3
    draw.rectangle((0, 0, 2 * EDGE, 2 * EDGE), "black" if dark else "white")
    lines(draw, rng, (40, 40, 600, 620), number(rng, 10, 40), "white" if dark else "black")


def shapes(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    draw.rectangle((0, 0, 2 * EDGE, 2 * EDGE), colour(rng))
    for _ in range(number(rng, 4, 16)):
        left, top = number(rng, 0, 500), number(rng, 0, 500)
        box = (left, top, left + number(rng, 40, 300), top + number(rng, 40, 300))
        outline = (draw.ellipse, draw.rectangle, draw.line)[number(rng, 0, 3)]
        if outline == draw.line:
            draw.line(box, colour(rng), number(rng, 2, 20))
        else:
            outline(box, colour(rng))


def chart(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """Bars or a curve, with axes, a grid and a title."""
    lines(draw, rng, (80, 20, 600, 62), 24, "black")
    for height in range(100, 560, 90):
        draw.line((80, height, 600, height), "lightgrey")
        draw.text((30, height - 8), str(550 - height), "black", ImageFont.load_default(16))
    draw.line((80, 80, 80, 560, 600, 560), "black", 3)
    count = number(rng, 4, 20)
    places = np.linspace(100, 580, count).astype(int).tolist()
    heights = rng.integers(100, 540, count).tolist()
    if rng.random() < 0.5:
        draw.line(list(zip(places, heights)), colour(rng), 4)
    else:
        for place, height in zip(places, heights):
            draw.rectangle((place - 200 // count, height, place + 200 // count, 558), colour(rng))


def screen(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    """A window on a desktop: title bar, side menu, text, buttons."""
    draw.rectangle((0, 0, 2 * EDGE, 2 * EDGE), colour(rng))
    left, top, right, bottom = number(rng, 10, 100), number(rng, 10, 100), number(rng, 500, 630), number(rng, 500, 600)
    draw.rectangle((left, top, right, bottom), "white", "black")
    draw.rectangle((left, top, right, top + 36), colour(rng))
    lines(draw, rng, (left + 12, top + 8, right - 80, top + 34), 16, "white")
    for place in range(3):
        draw.ellipse((right - 24 * place - 28, top + 10, right - 24 * place - 12, top + 26), colour(rng))
    draw.rectangle((left, top + 36, left + 130, bottom), "gainsboro")
    lines(draw, rng, (left + 10, top + 50, left + 120, bottom - 10), 14, "black")
    lines(draw, rng, (left + 150, top + 60, right - 20, bottom - 60), 15, "black")
    for place in range(2):
        end = right - 110 * place - 14
        draw.rounded_rectangle((end - 96, bottom - 44, end, bottom - 14), 6, colour(rng))
