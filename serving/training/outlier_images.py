"""Makes the pictures that tell how well the model refuses what is not a frontal chest radiograph.

Usage: python outlier_images.py --dicom <folder> --chest <folder> [--originals <folder>] --out <folder>
Each input folder holds a manifest.csv. Split `outlier` must be refused; split `control` must be accepted.
"""

import argparse
import csv
import hashlib
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
from outlier_dicom import frames
from outlier_drawings import Drawing, blank, drawn, noise
from PIL import Image, ImageOps

SEED, CROPS, PER_CLASS = 7, 3, 10
RADIOGRAPHY = {"CR", "DX", "MG", "RG"}
# The right half of a stereo pair and the colour twin of a grey picture would count one picture twice.
TWINS = {"motorcycle_right.png", "chessboard_RGB.png"}


class Picture(NamedTuple):
    image: Image.Image
    source: str
    patient: str


def rows_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "manifest.csv", newline="") as manifest:
        return list(csv.DictReader(manifest))


def is_chest(row: dict[str, str]) -> bool:
    return row["modality"] in RADIOGRAPHY and row["body_part"] == "CHEST"


def variants(image: Image.Image) -> Iterator[Image.Image]:
    width, height = image.size
    yield image
    yield image.crop((0, 0, width // 2, height))
    yield image.crop((width // 2, 0, width, height))
    yield image.crop((0, 0, width, height // 2))
    yield image.crop((0, height // 2, width, height))
    yield image.transpose(Image.Transpose.ROTATE_90)
    yield image.transpose(Image.Transpose.ROTATE_270)


def dicoms(folder: Path, chest: bool) -> Iterator[Picture]:
    """Each picture once, however many files hold it in another encoding."""
    seen: dict[bytes, str] = {}
    for row in rows_of(folder):
        if is_chest(row) != chest:
            continue
        if row["derived_from"]:
            print(f"left out {row['file']}: another encoding of {row['derived_from']}")
            continue
        try:
            images = frames(folder / row["file"])
        except (AttributeError, ValueError, RuntimeError) as fault:
            print(f"left out {row['file']}: {' '.join(str(fault).split())}")
            continue
        twin = seen.setdefault(hashlib.sha256(images[0].tobytes()).digest(), row["file"])
        if twin != row["file"]:
            print(f"left out {row['file']}: the same picture as {twin}")
            continue
        for image in images:
            several = not chest and row["modality"] in RADIOGRAPHY
            for variant in variants(image) if several else [image]:
                yield Picture(variant, row["source"], row["file"])


def photos() -> Iterator[Picture]:
    """The pictures inside the scikit-image package (none is downloaded), each whole and as random crops."""
    rng = np.random.default_rng(SEED)
    files = [file for file in resources.files("skimage.data").iterdir() if file.name.endswith((".png", ".jpg"))]
    for file in sorted(files, key=lambda file: file.name):
        if file.name in TWINS:
            continue
        with file.open("rb") as stream:
            # Through RGBA, so that what is transparent becomes white.
            picture = Image.open(stream).convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
        for crop in [image, *(cropped(image, rng) for _ in range(CROPS))]:
            yield Picture(crop, "scikit-image", file.name)


def cropped(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A part with 30 to 60 % of each side that shows something: an even one belongs to `blank`."""
    while True:
        width, height = (int(side * rng.uniform(0.3, 0.6)) for side in image.size)
        left, top = int(rng.integers(image.width - width)), int(rng.integers(image.height - height))
        part = image.crop((left, top, left + width, top + height))
        if np.asarray(part.convert("L")).std() > 5:
            return part


def drawings(draw: Callable[[np.random.Generator], Iterator[Drawing]]) -> Iterator[Picture]:
    for name, image in draw(np.random.default_rng(SEED)):
        yield Picture(image, "drawn", name)


def radiographs(folder: Path) -> list[dict[str, str]]:
    """PER_CLASS of the test split for each class, no patient twice."""
    rng = np.random.default_rng(SEED)
    one_each = {row["patient"]: row for row in rows_of(folder) if row["split"] == "test"}.values()
    classes = sorted({row["class"] for row in one_each})
    by_class = [[row for row in one_each if row["class"] == name] for name in classes]
    return [rows[place] for rows in by_class for place in rng.choice(len(rows), PER_CLASS, replace=False)]


def spoiled(folder: Path, spoil: Callable[[Image.Image, int], Image.Image]) -> Iterator[Picture]:
    for place, row in enumerate(radiographs(folder)):
        yield Picture(spoil(Image.open(folder / row["file"]).convert("L"), place), row["source"], row["patient"])


def lost_lungs(image: Image.Image, _: int) -> Image.Image:
    width, height = image.size
    box = (round(0.1 * width), round(0.08 * height), round(0.9 * width), round(0.85 * height))
    image.paste(round(float(np.asarray(image).mean())), box)
    return image


def turned(image: Image.Image, place: int) -> Image.Image:
    return image.rotate((90, 180, 270)[place % 3], expand=True)


def negative(image: Image.Image, _: int) -> Image.Image:
    return ImageOps.invert(image)


def corner(image: Image.Image, place: int) -> Image.Image:
    width, height = round(0.4 * image.width), round(0.4 * image.height)
    left, top = (place % 2) * (image.width - width), (place // 2 % 2) * (image.height - height)
    return image.crop((left, top, left + width, top + height))


def originals(folder: Path) -> Iterator[Picture]:
    for row in rows_of(folder):
        yield Picture(Image.open(folder / row["file"]), row["source"], row["patient"])


def main() -> None:
    cli = argparse.ArgumentParser()
    for name in ("--dicom", "--chest", "--out"):
        cli.add_argument(name, type=Path, required=True)
    cli.add_argument("--originals", type=Path)
    args = cli.parse_args()
    kinds: list[tuple[str, str, Iterator[Picture]]] = [
        ("outlier", "dicom_non_chest", dicoms(args.dicom, chest=False)),
        ("outlier", "photo", photos()),
        *(("outlier", draw.__name__, drawings(draw)) for draw in (noise, blank, drawn)),
        *(("outlier", spoil.__name__, spoiled(args.chest, spoil)) for spoil in (lost_lungs, turned, negative, corner)),
        ("control", "chest_dicom", dicoms(args.dicom, chest=True)),
        ("control", "original", originals(args.originals) if args.originals else iter(())),
    ]
    args.out.mkdir(parents=True, exist_ok=True)
    with open(args.out / "manifest.csv", "w", newline="") as manifest:
        table = csv.writer(manifest, lineterminator="\n")
        table.writerow(["file", "split", "class", "source", "patient"])
        for split, kind, pictures in kinds:
            count = 0
            for count, picture in enumerate(pictures, 1):
                file = f"{kind}-{count:03d}.png"
                picture.image.save(args.out / file)
                # The list beside the tensors is written without quotes.
                table.writerow([file, split, kind, picture.source.replace(",", ";").replace('"', ""), picture.patient])
            print(f"{split} {kind}: {count}")


if __name__ == "__main__":
    main()
