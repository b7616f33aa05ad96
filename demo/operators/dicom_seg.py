"""A mask as a DICOM Segmentation object (PS3.3, A.51) that refers to the slices it was drawn on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels.utils import pack_bits
from pydicom.tag import Tag
from pydicom.uid import UID, ExplicitVRLittleEndian, SegmentationStorage, generate_uid

SEGMENT_LABEL = "Spleen"
SOFTWARE_VERSION = "1.0"
# What an object of the same patient and study must repeat from the slices.
_SHARED_WITH_SOURCE = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
)


def spleen_segmentation(
    slices: Sequence[FileDataset], mask: npt.NDArray[np.uint8], spacing_between_mm: float
) -> FileDataset:
    """Return ``mask`` (0 and 1 in slices, rows, columns) as a segmentation of ``slices``.

    Only slices that hold a part of the segment become frames. Raises ValueError where the mask
    is empty or not of the slices' size.
    """
    first = slices[0]
    if mask.shape != (len(slices), first.Rows, first.Columns):
        raise ValueError(f"the mask is {mask.shape}, not the size of the series")
    marked = [index for index in range(len(slices)) if mask[index].any()]
    if not marked:
        raise ValueError("the mask is empty")
    dataset = _new_object(first)
    dataset.SegmentSequence = [_segment()]
    dataset.ReferencedSeriesSequence = [_reference_to_series(slices)]
    _tell_dimensions(dataset)
    dataset.SharedFunctionalGroupsSequence = [_shared_by_frames(first, spacing_between_mm)]
    dataset.PerFrameFunctionalGroupsSequence = [
        _frame(slices[index], number) for number, index in enumerate(marked, start=1)
    ]
    dataset.NumberOfFrames = len(marked)
    dataset.Rows, dataset.Columns = first.Rows, first.Columns
    dataset.PixelData = pack_bits(mask[marked])
    return dataset


def _new_object(source: FileDataset) -> FileDataset:
    """Return the object with all that says what it is and whose, without its frames."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SegmentationStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    for keyword in _SHARED_WITH_SOURCE:
        setattr(dataset, keyword, source[keyword].value)
    dataset.SpecificCharacterSet = source.get("SpecificCharacterSet", "ISO_IR 192")
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.Modality = "SEG"
    dataset.SeriesInstanceUID = generate_uid()
    dataset.SeriesNumber = 100
    dataset.SeriesDescription = "Spleen segmentation"
    dataset.SeriesDate = dataset.ContentDate = source.StudyDate
    dataset.SeriesTime = dataset.ContentTime = source.StudyTime
    dataset.InstanceNumber = 1
    dataset.Manufacturer = "cpost"
    dataset.ManufacturerModelName = "demo pipeline"
    dataset.DeviceSerialNumber = "1"
    dataset.SoftwareVersions = SOFTWARE_VERSION
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.ContentLabel = "SPLEEN"
    dataset.ContentDescription = "Spleen, found automatically"
    dataset.ContentCreatorName = "Pipeline^Demo"
    dataset.SegmentationType = "BINARY"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = dataset.PixelRepresentation = 0
    dataset.LossyImageCompression = "00"
    return dataset


def _segment() -> Dataset:
    segment = Dataset()
    segment.SegmentNumber = 1
    segment.SegmentLabel = SEGMENT_LABEL
    segment.SegmentAlgorithmType = "AUTOMATIC"
    segment.SegmentAlgorithmName = "threshold and largest component"
    segment.SegmentedPropertyCategoryCodeSequence = [
        _code("123037004", "SCT", "Anatomical Structure")
    ]
    segment.SegmentedPropertyTypeCodeSequence = [_code("78961009", "SCT", "Spleen")]
    return segment


def _reference_to_series(slices: Sequence[FileDataset]) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = slices[0].SeriesInstanceUID
    series.ReferencedInstanceSequence = [_reference(dataset) for dataset in slices]
    return series


def _tell_dimensions(dataset: Dataset) -> None:
    """Say how frames are numbered: by segment, then by position."""
    organization: UID = generate_uid()
    item = Dataset()
    item.DimensionOrganizationUID = organization
    dataset.DimensionOrganizationSequence = [item]
    dataset.DimensionIndexSequence = [
        _dimension(organization, "ReferencedSegmentNumber", "SegmentIdentificationSequence"),
        _dimension(organization, "ImagePositionPatient", "PlanePositionSequence"),
    ]


def _dimension(organization: UID, keyword: str, group: str) -> Dataset:
    item = Dataset()
    item.DimensionOrganizationUID = organization
    item.DimensionIndexPointer = Tag(keyword)
    item.FunctionalGroupPointer = Tag(group)
    item.DimensionDescriptionLabel = keyword
    return item


def _shared_by_frames(source: FileDataset, spacing_between_mm: float) -> Dataset:
    orientation, measures, identification = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = source.ImageOrientationPatient
    measures.PixelSpacing = source.PixelSpacing
    measures.SliceThickness = source.SliceThickness
    measures.SpacingBetweenSlices = round(spacing_between_mm, 6)
    identification.ReferencedSegmentNumber = 1
    shared = Dataset()
    shared.PlaneOrientationSequence = [orientation]
    shared.PixelMeasuresSequence = [measures]
    shared.SegmentIdentificationSequence = [identification]
    return shared


def _frame(source: FileDataset, number: int) -> Dataset:
    content, position, derivation = Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues = [1, number]
    position.ImagePositionPatient = source.ImagePositionPatient
    reference = _reference(source)
    reference.PurposeOfReferenceCodeSequence = [
        _code("121322", "DCM", "Source image for image processing operation")
    ]
    derivation.SourceImageSequence = [reference]
    derivation.DerivationCodeSequence = [_code("113076", "DCM", "Segmentation")]
    frame = Dataset()
    frame.FrameContentSequence = [content]
    frame.PlanePositionSequence = [position]
    frame.DerivationImageSequence = [derivation]
    return frame


def _reference(source: FileDataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    return reference


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue = value
    code.CodingSchemeDesignator = scheme
    code.CodeMeaning = meaning
    return code
