"""Operator spleen-segmentation: has the spleen found by a model, on a server or in this process."""

from __future__ import annotations

import argparse
import sys

import numpy as np

from operators import model_here, model_on_server
from operators.folders import MASK_FILE, VOLUME_FILE, input_folder, output_folder
from operators.metaimage import Volume, read_volume, write_volume
from operators.model import FindSpleen, ModelError
from operators.resample import at_spacing, mask_like

_MODEL_SPACING_MM = 1.5
_WINDOW_HU = (-160, 240)  # what a viewer shows of the abdomen


def segment(volume: Volume, find_spleen: FindSpleen) -> Volume:
    """Return the spleen as a mask of 0 and 1 on the grid of ``volume``; ModelError.

    The model sees the volume on its own grid, whatever the scanner's was.
    """
    seen = at_spacing(volume, _MODEL_SPACING_MM)
    found = Volume(find_spleen(seen.voxels), seen.spacing_mm, seen.origin_mm)
    return mask_like(found, volume)


def window(volume: Volume) -> Volume:
    """Return ``volume`` as 8-bit grey values, for a renderer."""
    low, high = _WINDOW_HU
    grey = (volume.voxels.astype("f4") - low) * (255 / (high - low))
    return Volume(np.clip(grey, 0, 255).astype("u1"), volume.spacing_mm, volume.origin_mm)


def main() -> None:
    """Read the volume, write the mask and what a renderer needs."""
    parser = argparse.ArgumentParser(prog="segmentation", description=__doc__)
    parser.add_argument("--here", action="store_true", help="execute the model in this process")
    here = parser.parse_args().here
    volume = read_volume(input_folder("/input") / VOLUME_FILE)
    try:
        mask = segment(volume, model_here.load() if here else model_on_server.connect())
    except ModelError as error:
        sys.exit(f"spleen-segmentation: {error}")
    write_volume(mask, output_folder("/output", "segmentation") / MASK_FILE)
    rendering = output_folder("/publish", "rendering")
    write_volume(window(volume), rendering / VOLUME_FILE)
    write_volume(mask, rendering / MASK_FILE)
    millilitres = mask.voxels.sum(dtype=int) * np.prod(mask.spacing_mm) / 1000
    print(f"spleen of {millilitres:.0f} ml found {'here' if here else 'by the server'}")


if __name__ == "__main__":
    main()
