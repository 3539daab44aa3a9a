"""The pictures of a DICOM file, as a viewer shows them. Needs pydicom and python-gdcm."""

from pathlib import Path

import numpy as np
import pydicom
from PIL import Image
from pydicom.pixels import apply_modality_lut, iter_pixels
from pydicom.uid import UID, ImplicitVRLittleEndian, RLELossless

FRAMES, LONGEST = 12, 1024


def decoder(syntax: UID) -> str:
    """Named, so that no other installed plugin steps in: pylibjpeg-libjpeg is GPL."""
    if syntax == RLELossless:
        return "pydicom"
    return "gdcm" if syntax.is_encapsulated else ""


def frames(path: Path) -> list[Image.Image]:
    """The picture, or up to FRAMES evenly spaced ones of a multi-frame file."""
    dataset = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    count = int(dataset.get("NumberOfFrames") or 1)
    wanted = np.linspace(0, count - 1, min(count, FRAMES)).astype(int).tolist()
    plugin = decoder(dataset.file_meta.TransferSyntaxUID)
    return [rendered(frame, dataset) for frame in iter_pixels(dataset, indices=wanted, decoding_plugin=plugin)]


def rendered(frame: np.ndarray, dataset: pydicom.Dataset) -> Image.Image:
    """8 bits; grey ones through the modality rescale and the window, or the 1st to 99th percentile without one."""
    if frame.ndim == 3:
        return Image.fromarray(frame)
    grey = apply_modality_lut(frame, dataset).astype(float)
    if dataset.get("WindowWidth"):
        centre, width = (float(np.ravel(value)[0]) for value in (dataset.WindowCenter, dataset.WindowWidth))
        low, high = centre - width / 2, centre + width / 2
    else:
        low, high = np.percentile(grey, [1, 99])
    share = ((grey - low) / max(high - low, 1)).clip(0, 1)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        share = 1 - share
    image = Image.fromarray((share * 255).round().astype(np.uint8))
    image.thumbnail((LONGEST, LONGEST))
    return image
