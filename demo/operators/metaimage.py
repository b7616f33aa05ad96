"""Volumes as MetaImage files (.mhd with a .zraw beside it), which the usual viewers open."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# The format's element types that the demo uses, and numpy's little-endian ones.
_DTYPE_OF_ELEMENT: dict[str, np.dtype[Any]] = {
    "MET_SHORT": np.dtype("<i2"),
    "MET_UCHAR": np.dtype("u1"),
}
_ELEMENT_OF_DTYPE = {dtype: element for element, dtype in _DTYPE_OF_ELEMENT.items()}


@dataclass(frozen=True, slots=True)
class Volume:
    """Voxels in slices, rows and columns, and where they are in the patient.

    The patient's axes are DICOM's: x to the left, y to the back, z to the head. Columns run
    along x, rows along y, slices along z.
    """

    voxels: npt.NDArray[Any]
    spacing_mm: tuple[float, float, float]  # x, y, z
    origin_mm: tuple[float, float, float]  # the centre of the first voxel


def write_volume(volume: Volume, header: Path) -> None:
    """Write ``volume`` to ``header`` (.mhd) and, compressed, to the .zraw of the same name."""
    data = header.with_suffix(".zraw")
    voxels = np.ascontiguousarray(volume.voxels)
    packed = zlib.compress(voxels.tobytes(), level=1)
    fields = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "True",
        "CompressedDataSize": str(len(packed)),
        "TransformMatrix": "1 0 0 0 1 0 0 0 1",
        "Offset": " ".join(map(repr, volume.origin_mm)),
        "ElementSpacing": " ".join(map(repr, volume.spacing_mm)),
        "DimSize": " ".join(map(str, reversed(voxels.shape))),
        "AnatomicalOrientation": "RAI",
        "ElementType": _ELEMENT_OF_DTYPE[voxels.dtype],
        "ElementDataFile": data.name,  # the format wants this one last
    }
    data.write_bytes(packed)
    header.write_text("".join(f"{name} = {value}\n" for name, value in fields.items()))


def read_volume(header: Path) -> Volume:
    """Return the volume that ``write_volume`` wrote; ValueError where the file is damaged."""
    fields = dict(line.split(" = ", 1) for line in header.read_text().splitlines())
    raw = zlib.decompress((header.parent / fields["ElementDataFile"]).read_bytes())
    columns, rows, slices = (int(number) for number in fields["DimSize"].split())
    flat = np.frombuffer(raw, dtype=_DTYPE_OF_ELEMENT[fields["ElementType"]])
    return Volume(
        voxels=flat.reshape(slices, rows, columns),
        spacing_mm=_three(fields["ElementSpacing"]),
        origin_mm=_three(fields["Offset"]),
    )


def _three(text: str) -> tuple[float, float, float]:
    x, y, z = (float(number) for number in text.split())
    return x, y, z
