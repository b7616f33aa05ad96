import pytest
from record_examples import FACTS, STARTED_NS, settings

from cpost.record.recording import RunRecording
from cpost.record.session import SessionRecord


@pytest.fixture
def recording(tmp_path):
    """A recording in tmp_path/run; its files are closed at the end."""
    with RunRecording(tmp_path / "run", "dicom-reader", 1, settings(), 1000) as recording:
        yield recording


@pytest.fixture
def session(tmp_path):
    return SessionRecord.create(tmp_path, "s1", "name: spleen\n", FACTS, lambda: STARTED_NS)
