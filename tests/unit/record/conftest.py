import resource

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


@pytest.fixture
def full_disk():
    """Call it: from then on no file of this process may grow beyond so many bytes.

    The kernel itself refuses, as a full disk does, in the middle of a write.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size_bytes: resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
