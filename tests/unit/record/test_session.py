import json
from pathlib import Path

import pytest
from record_examples import FACTS, HOST, STARTED_NS, settings

from cpost import __version__
from cpost.errors import RecordError
from cpost.record.run import OwnUse
from cpost.record.session import SessionFacts, SessionRecord, default_record_dir, timestamp


def stored(folder):
    return json.loads((folder / "s1" / "session.json").read_text())


def test_what_was_asked_for_is_kept_before_anything_is_executed(session, tmp_path):
    assert stored(tmp_path) == {
        "schema_version": 1,
        "session": "s1",
        "state": "open",
        "started": "2026-11-18T11:06:40.123456+00:00",
        "ended": None,
        "pipeline": "spleen",
        "cpost": __version__,
        "arguments": ["spleen.yaml", "in put"],
        "host": {
            "name": "lab",
            "operating_system": "Debian 12",
            "kernel": "6.1.0",
            "architecture": "x86_64",
            "cpu_model": "EPYC",
            "cpu_count": 2,
            "memory_bytes": 8_000_000_000,
        },
        "own_use": None,
    }
    assert (tmp_path / "s1" / "pipeline.yaml").read_text() == "name: spleen\n"
    assert (tmp_path / "s1" / "config.yaml").read_text() == (
        "schema_version: 1\ninterval_s: 0.1\npull: missing\n"
    )


def test_the_end_of_the_block_ends_the_session_even_by_an_error(session, tmp_path):
    with pytest.raises(KeyboardInterrupt), session:
        raise KeyboardInterrupt
    assert stored(tmp_path)["state"] == "ended"
    assert stored(tmp_path)["ended"] == timestamp(STARTED_NS)


def test_what_cpost_itself_used_is_kept_when_the_session_ends(session, tmp_path):
    session.own_use = OwnUse(10, 20, None, 30, 40, 50)
    assert stored(tmp_path)["own_use"] is None
    with session:
        pass
    assert stored(tmp_path)["own_use"] == {
        "wall_ns": 10,
        "cpu_usec": 20,
        "memory_peak_bytes": None,
        "samples": 30,
        "late_p50_ns": 40,
        "late_p99_ns": 50,
    }


def test_runs_get_directories_that_sort_by_their_order(session, tmp_path):
    for index, name in ((1, "dicom-reader"), (12, "a/b c"), (123, "x" * 255), (1234, "..")):
        with session.begin(name, index, settings(), 10) as recording:
            assert recording.failure is None
    names = sorted(path.name for path in (tmp_path / "s1").iterdir() if path.is_dir())
    assert names[0] == "001__dicom-reader"
    assert names[1] == "012__a_b_c"
    assert names[2].startswith("1234__-")
    assert names[3].startswith("123__xxx")
    assert len(names[3]) < 255


def test_long_names_that_differ_in_their_last_letter_stay_apart(session):
    for index, last in enumerate("ab", 1):
        session.begin("x" * 254 + last, index, settings(), 10).__exit__(None, None, None)
    names = [path.name[5:] for path in session.directory.iterdir() if path.is_dir()]
    assert len(set(names)) == 2


def test_secrets_of_definition_and_command_line_are_never_written(tmp_path):
    facts = SessionFacts("p", ["--param", "API_TOKEN=hunter2", "--param=KEY=hunter2"], {}, HOST)
    definition = "operators:\n- variables: {DB_PASSWORD: hunter2, MODE: fast}\n"
    with SessionRecord.create(tmp_path, "s1", definition, facts):
        pass
    for path in (tmp_path / "s1").iterdir():
        assert "hunter2" not in path.read_text()
    assert "MODE: fast" in (tmp_path / "s1" / "pipeline.yaml").read_text()


def test_the_definition_is_kept_byte_by_byte(tmp_path):
    text = "#!/bin/bash\r\n\tname: 'Milz \u00e9'  \r\n# end"
    with SessionRecord.create(tmp_path, "s1", text.replace("\t", ""), FACTS):
        pass
    assert (tmp_path / "s1" / "pipeline.yaml").read_bytes() == text.replace("\t", "").encode()


def test_a_place_that_cannot_be_written_is_told_at_once_with_a_way_out(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError) as raised:
        SessionRecord.create(tmp_path / "file", "s1", "", FACTS)
    assert str(raised.value) == f"could not write {tmp_path}/file/s1: Not a directory"
    assert raised.value.hint == "keep results elsewhere: --record_dir DIR"


def test_a_session_is_never_mixed_into_another(session, tmp_path):
    with pytest.raises(RecordError, match="File exists"):
        SessionRecord.create(tmp_path, "s1", "", FACTS)


def test_a_failure_of_a_run_is_a_failure_of_its_session(session):
    assert session.failure is None
    (session.directory / "002__reader").mkdir()
    with session.begin("writer", 1, settings(), 10):
        pass
    assert session.failure is None
    with session.begin("reader", 2, settings(), 10):
        pass
    assert "002__reader" in str(session.failure)


def test_an_end_that_cannot_be_written_is_remembered_not_raised(session, full_disk):
    full_disk(0)
    session.end()
    assert "session.json" in str(session.failure)


@pytest.mark.parametrize(
    ("option", "environ", "expected"),
    [
        ("/data/r", {"CPOST_RECORD_DIR": "/env"}, "/data/r"),
        (None, {"CPOST_RECORD_DIR": "/env", "XDG_DATA_HOME": "/xdg"}, "/env"),
        (None, {"CPOST_RECORD_DIR": "", "XDG_DATA_HOME": "/xdg", "HOME": "/h"}, "/xdg/cpost"),
        (None, {"XDG_DATA_HOME": "relative", "HOME": "/h"}, "/h/.local/share/cpost"),
        (None, {"HOME": "/h"}, "/h/.local/share/cpost"),
    ],
)
def test_the_place_is_what_was_asked_for_most_directly(option, environ, expected):
    assert default_record_dir(option and Path(option), environ) == Path(expected)


def test_a_relative_place_is_made_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert default_record_dir(Path("here"), {}) == tmp_path / "here"
    assert default_record_dir(None, {"CPOST_RECORD_DIR": "there"}) == tmp_path / "there"
