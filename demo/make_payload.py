"""Make a payload for the demo: a DICOM CT series of a phantom with a spleen.

The anatomy is fixed in millimetres; slices and pixels only say how finely it is drawn, so a
payload of any size shows the same body, and the same seed gives the same files.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

FIELD_MM = 360.0  # a slice's width and height
LENGTH_MM = 240.0  # from the first slice to the last
AIR_HU = -1000
NOISE_HU = 25
INTERCEPT_HU = -1024  # a stored value of 0


@dataclass(frozen=True, slots=True)
class Organ:
    """An ellipsoid, or an elliptic cylinder along z where it has no ``radius_z``; all in mm.

    x runs to the patient's left, y to the back, z to the head; 0, 0, 0 is the middle.
    """

    hu: int
    centre_mm: tuple[float, float, float]
    radius_mm: tuple[float, float, float | None]

    def covers(
        self, x: npt.NDArray[np.floating[Any]], y: npt.NDArray[np.floating[Any]], z: float
    ) -> npt.NDArray[np.bool_]:
        """Return which points of a slice at height ``z`` lie in the organ."""
        (cx, cy, cz), (rx, ry, rz) = self.centre_mm, self.radius_mm
        height = 0.0 if rz is None else ((z - cz) / rz) ** 2
        inside: npt.NDArray[np.bool_] = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 + height <= 1
        return inside


SPLEEN = Organ(118, (88, 22, 15), (26, 40, 50))
# From the outside inwards: what comes later lies within what came before.
BODY = (
    Organ(-90, (0, 0, 0), (160, 110, None)),  # skin and fat
    Organ(45, (0, 0, 0), (146, 97, None)),  # muscle and bowel
    Organ(108, (-62, -12, 25), (68, 66, 85)),  # liver: as bright as the spleen, but on the right
    Organ(350, (0, 68, 0), (19, 17, None)),  # spine
    Organ(185, (12, 36, 0), (11, 11, None)),  # aorta
    Organ(172, (-52, 50, -62), (21, 20, 45)),  # right kidney
    Organ(172, (52, 50, -62), (21, 20, 45)),  # left kidney
    SPLEEN,
)


def slice_positions_mm(slices: int) -> list[float]:
    """Return the heights of all slices, from foot to head."""
    return [float(z) for z in np.linspace(-LENGTH_MM / 2, LENGTH_MM / 2, slices)]


def pixel_grid_mm(size: int) -> tuple[npt.NDArray[np.floating[Any]], npt.NDArray[np.floating[Any]]]:
    """Return x of every column and y of every row, shaped so that together they span a slice."""
    axis = (np.arange(size) - (size - 1) / 2) * (FIELD_MM / size)
    return axis[np.newaxis, :], axis[:, np.newaxis]


def draw_slice_hu(size: int, z: float, noise: np.random.Generator) -> npt.NDArray[np.int16]:
    """Return one slice of the phantom in Hounsfield units."""
    x, y = pixel_grid_mm(size)
    image = np.full((size, size), AIR_HU, dtype=np.float64)
    for organ in BODY:
        image[organ.covers(x, y, z)] = organ.hu
    image += noise.normal(0, NOISE_HU, image.shape)
    return np.rint(image).clip(INTERCEPT_HU, INTERCEPT_HU + 4095).astype(np.int16)


def truth_mask(slices: int, size: int) -> npt.NDArray[np.uint8]:
    """Return the spleen as it was drawn: 0 and 1 in slices, rows and columns."""
    x, y = pixel_grid_mm(size)
    return np.stack([SPLEEN.covers(x, y, z) for z in slice_positions_mm(slices)]).astype(np.uint8)


def write_payload(folder: Path, slices: int, size: int, seed: int) -> None:
    """Write a series of ``slices`` files of ``size`` times ``size`` pixels into ``folder``.

    The files' names say nothing of their order, as in the archives of a hospital.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = np.random.default_rng(seed).permutation(slices)
    for index, z in enumerate(slice_positions_mm(slices)):
        image = draw_slice_hu(size, z, np.random.default_rng([seed, index]))
        dataset = _ct_image(image, index, z, LENGTH_MM / (slices - 1), f"{seed}/{slices}/{size}")
        dataset.save_as(folder / f"IM{names[index]:05d}.dcm", enforce_file_format=True)


def _ct_image(
    image: npt.NDArray[np.int16], index: int, z: float, thickness_mm: float, identity: str
) -> FileDataset:
    """Return one slice as a CT image object; ``identity`` leads to its series' identifiers."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[identity, "image", str(index)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.InstanceNumber = index + 1
    _tell_study(dataset, identity)
    _tell_geometry(dataset, image.shape[0], z, thickness_mm)
    _put_pixels(dataset, image)
    return dataset


def _tell_study(dataset: Dataset, identity: str) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = "Phantom^Spleen"
    dataset.PatientID = "PHANTOM"
    dataset.PatientBirthDate = ""
    dataset.PatientSex = "O"
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=[identity, "study"])
    dataset.StudyDate = "20260101"
    dataset.StudyTime = "120000"
    dataset.StudyID = "1"
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[identity, "series"])
    dataset.SeriesNumber = 1
    dataset.SeriesDescription = "Abdomen, portal venous (phantom)"
    dataset.Modality = "CT"
    dataset.Manufacturer = "cpost"
    dataset.ManufacturerModelName = "spleen phantom"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.AcquisitionNumber = 1
    dataset.KVP = 120
    dataset.PatientPosition = "HFS"
    dataset.BodyPartExamined = "ABDOMEN"


def _tell_geometry(dataset: Dataset, size: int, z: float, thickness_mm: float) -> None:
    step_mm = FIELD_MM / size
    corner_mm = -(size - 1) / 2 * step_mm
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=[dataset.SeriesInstanceUID, "frame"])
    dataset.PositionReferenceIndicator = ""
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [round(corner_mm, 6), round(corner_mm, 6), round(z, 6)]
    dataset.SliceLocation = round(z, 6)
    dataset.SliceThickness = round(thickness_mm, 6)
    dataset.PixelSpacing = [round(step_mm, 6), round(step_mm, 6)]


def _put_pixels(dataset: Dataset, image: npt.NDArray[np.int16]) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = image.shape
    dataset.BitsAllocated = 16
    dataset.BitsStored = 12
    dataset.HighBit = 11
    dataset.PixelRepresentation = 0
    dataset.RescaleIntercept = INTERCEPT_HU
    dataset.RescaleSlope = 1
    dataset.RescaleType = "HU"
    dataset.WindowCenter = 40
    dataset.WindowWidth = 400
    dataset.PixelData = (image - INTERCEPT_HU).astype("<u2").tobytes()


def main() -> None:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description="Make a DICOM CT series of a spleen phantom.")
    parser.add_argument("folder", type=Path, help="where to; must be empty or not exist")
    parser.add_argument("--slices", type=int, default=240, help="number of files (default: 240)")
    parser.add_argument("--size", type=int, default=320, help="pixels a side (default: 320)")
    parser.add_argument("--seed", type=int, default=1, help="of the noise (default: 1)")
    parser.add_argument(
        "--truth", type=Path, metavar="FILE.npy", help="also write the spleen's mask as it is"
    )
    arguments = parser.parse_args()
    if arguments.slices < 2 or not 16 <= arguments.size <= 4096:
        parser.error("at least 2 slices, of 16 to 4096 pixels a side")
    if arguments.folder.exists() and any(arguments.folder.iterdir()):
        sys.exit(f"{arguments.folder} is not empty; remove it or name another folder")
    write_payload(arguments.folder, arguments.slices, arguments.size, arguments.seed)
    if arguments.truth:
        np.save(arguments.truth, truth_mask(arguments.slices, arguments.size))


if __name__ == "__main__":
    main()
