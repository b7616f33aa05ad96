import json
import re
import shutil

import pytest
from record_examples import HOST, sample, settings

from cpost.errors import RecordError
from cpost.record.fields import Fields
from cpost.record.gpu import GpuUse
from cpost.record.reading import read_run, read_session
from cpost.record.run import HostUse, OwnUse, RunResult, RunState, StartUp


@pytest.fixture
def kept(session):
    """A session with two runs that ended, and one of two samples that did not."""
    for index, name in enumerate(("reader", "writer"), 1):
        with session.begin(name, index, settings(operator=name, command=("go", "1")), 100) as one:
            one.append(sample(1))
            one.append(sample(2))
            one.append(sample(3))
            one.finish(RunResult(RunState.PASS, exit_code=0))
    with session.begin("last", 3, settings(operator="last"), 100) as unfinished:
        unfinished.append(sample(1))
        unfinished.append(sample(2))
    session.end()
    return session.directory


def damage(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_session_reads_back_whole(kept):
    session = read_session(kept)
    assert session.id == "s1"
    assert session.pipeline == "spleen"
    assert session.pipeline_text == "name: spleen\n"
    assert session.ended is not None
    assert session.arguments == ("spleen.yaml", "in put")
    assert session.config == {"interval_s": 0.1, "pull": "missing"}
    assert session.host == HOST
    assert [run.operator for run in session.runs] == ["reader", "writer"]
    assert session.runs[0].settings.command == ("go", "1")
    assert session.damaged == ()


def test_what_cpost_itself_used_reads_back(session):
    session.own_use = OwnUse(10, 20, 30, 40, 50, None)
    session.end()
    assert read_session(session.directory).own_use == session.own_use


def test_a_session_of_an_earlier_version_says_nothing_of_what_cpost_used(kept):
    damage(kept / "session.json", '"own_use"', '"something_else"')
    assert read_session(kept).own_use is None


def test_what_is_measured_beside_an_operator_reads_back(session):
    result = RunResult(
        RunState.PASS,
        engine_oom_killed=False,
        host_use=HostUse(1, 2, 3, 4, 5, 6),
        start_up=StartUp(7, 8),
        gpu=GpuUse(("T4",), 16, None, 41, 97, 60),
    )
    with session.begin("reader", 1, settings(), 100) as recording:
        run = recording.finish(result)
    assert read_run(run.directory).result == result


def test_a_run_of_an_earlier_version_says_nothing_of_what_it_did_not_measure(kept):
    path = kept / "001__reader" / "run.json"
    stored = json.loads(path.read_text())
    for name in ("engine_oom_killed", "host_use", "start_up", "gpu"):
        del stored[name]
    del stored["totals"]["unseen_end_usec"]
    path.write_text(json.dumps(stored))
    result = read_run(path.parent).result
    assert result.engine_oom_killed is None
    assert (result.host_use, result.start_up) == (HostUse(), StartUp())
    assert result.gpu is None


def test_damage_deep_inside_is_told_with_its_whole_place(tmp_path):
    stored = Fields(tmp_path, {"sidecars": [{"idle": {"cpu_usec": "1"}}]})
    with pytest.raises(RecordError, match=r"sidecars\[0\]\.idle\.cpu_usec is not"):
        stored.inner_list("sidecars")[0].inner("idle").get("cpu_usec", int)


def test_a_run_that_never_ended_is_listed_as_such(kept):
    (unfinished,) = read_session(kept).unfinished
    assert unfinished.index == 3
    assert unfinished.settings.operator == "last"
    assert list(unfinished.samples) == [sample(1), sample(2)]
    with pytest.raises(RecordError, match=r"003__last: this run never ended"):
        read_run(kept / "003__last")


def test_a_torn_last_line_of_a_run_that_never_ended_is_passed_over(kept):
    with (kept / "003__last" / "samples.csv").open("a") as file:
        file.write("300000,17")
    (unfinished,) = read_session(kept).unfinished
    assert list(unfinished.samples) == [sample(1), sample(2)]


@pytest.mark.parametrize("header", ["", "at_ns,wall"])
def test_a_run_that_was_killed_at_its_very_start_has_no_samples(kept, header):
    (kept / "003__last" / "samples.csv").write_text(header)
    (kept / "003__last" / "settings.yaml").unlink()
    (unfinished,) = read_session(kept).unfinished
    assert list(unfinished.samples) == []
    assert unfinished.settings is None


def test_a_session_that_is_still_at_work_can_be_read(session):
    with session.begin("reader", 1, settings(), 100) as recording:
        recording.append(sample(1))
        stored = read_session(session.directory)
        assert stored.ended is None
        assert list(stored.unfinished[0].samples) == [sample(1)]


def test_other_things_in_a_session_are_passed_over(kept):
    (kept / "outputs").mkdir()
    (kept / "004__notes.txt").write_text("")
    assert len(read_session(kept).runs) == 2


def test_a_thousandth_run_comes_after_the_others(session):
    for index in (1000, 2, 999):
        with session.begin("reader", index, settings(), 100) as recording:
            recording.finish(RunResult(RunState.PASS))
    assert [run.index for run in read_session(session.directory).runs] == [2, 999, 1000]


def test_one_damaged_run_does_not_hide_the_others(kept):
    (kept / "001__reader" / "run.json").write_text("{")
    session = read_session(kept)
    assert [run.operator for run in session.runs] == ["writer"]
    assert re.match(r".*/001__reader/run\.json:1: this is no JSON", str(session.damaged[0]))


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("run.json", "{", "", r"run\.json:2: this is no JSON"),
        ("run.json", '"state": "pass"', '"state": "sleepy"', r"state is unknown: 'sleepy'"),
        ("run.json", '"exit_code": 0', '"exit_code": "0"', r"exit_code is not a whole number"),
        ("run.json", '"oom_killed": false', '"oom_killed": 0', r"oom_killed is not true or false"),
        ("run.json", '"uuid"', '"other"', r"run\.json: uuid is not a text"),
        ("run.json", '"oom_kills": null', '"oom_kills": 1.5', r"totals\.oom_kills is not a whole"),
        ("run.json", '"warnings": []', '"warnings": [1]', r"warnings is no list of texts"),
        ("run.json", '"schema_version": 1', '"schema_version": 2', r"written by a newer cpost"),
        (
            "settings.yaml",
            "operator: reader",
            "operator: [",
            r"settings\.yaml:\d+: this is no",
        ),
        ("settings.yaml", "interval_s: 0.1", "interval_s: fast", r"interval_s is not a number"),
        ("settings.yaml", "environment: {}", "environment: {A: 1}", r"no mapping of texts"),
        ("settings.yaml", "schema_version: 1", "- 1", r"settings\.yaml"),
        ("samples.csv", "at_ns", "moment", r"samples\.csv:1: the header has no column at_ns"),
    ],
)
def test_damage_is_told_with_file_and_place(kept, file, old, new, told):
    damage(kept / "001__reader" / file, old, new)
    with pytest.raises(RecordError, match=told):
        read_run(kept / "001__reader")


@pytest.mark.parametrize(
    ("line", "becomes", "told"),
    [
        (2, "100,200\n", r"samples\.csv:3: 2 cells, 11 expected"),
        (3, "a,2,3,4,,,,,,,\n", r"samples\.csv:4: at_ns is no whole number: 'a'"),
        (1, "1,2,,4,,,,,,,\n", r"samples\.csv:2: cpu_usage_usec is no whole number: ''"),
        (3, "1,2,3,4,,,,", r"samples\.csv:4: the line is torn"),
        (3, "", r"samples\.csv:3: the file ends after 2 samples, the run has 3"),
    ],
)
def test_damaged_samples_of_a_run_that_ended_are_told_with_their_line(kept, line, becomes, told):
    path = kept / "001__reader" / "samples.csv"
    lines = path.read_text().splitlines(keepends=True)
    lines[line] = becomes
    path.write_text("".join(lines))
    run = read_run(kept / "001__reader")
    with pytest.raises(RecordError, match=told):
        list(run.samples)


def test_a_missing_file_is_told(kept):
    (kept / "001__reader" / "samples.csv").unlink()
    with pytest.raises(RecordError, match=r"could not read .*samples\.csv: No such file"):
        read_run(kept / "001__reader")


def test_samples_that_vanish_later_are_told_when_they_are_read(kept):
    run = read_run(kept / "001__reader")
    shutil.rmtree(kept)
    with pytest.raises(RecordError, match=r"could not read .*samples\.csv"):
        list(run.samples)


def test_no_session_at_all_is_told(tmp_path):
    with pytest.raises(RecordError, match=r"could not read .*session\.json"):
        read_session(tmp_path)
    with pytest.raises(RecordError, match=r"could not read .*run\.json"):
        read_run(tmp_path / "no")


def test_a_missing_definition_is_told(kept):
    (kept / "pipeline.yaml").unlink()
    with pytest.raises(RecordError, match=r"could not read .*pipeline\.yaml"):
        read_session(kept)


def test_a_definition_that_is_no_text_is_told(kept):
    (kept / "pipeline.yaml").write_bytes(b"\xff")
    with pytest.raises(RecordError, match=r"pipeline\.yaml: this is no text"):
        read_session(kept)


def test_a_file_of_another_shape_is_told(kept):
    (kept / "session.json").write_text("[1]")
    with pytest.raises(RecordError, match=r"session\.json: the file is no mapping"):
        read_session(kept)


def test_bytes_that_are_no_text_are_told(kept):
    (kept / "session.json").write_bytes(b"\xff\xfe")
    with pytest.raises(RecordError, match=r"session\.json: this is no text"):
        read_session(kept)


def test_columns_of_a_later_version_are_passed_over(kept):
    path = kept / "001__reader" / "samples.csv"
    lines = path.read_text().splitlines()
    path.write_text("".join(f"{line},{'new' if k == 0 else 7}\n" for k, line in enumerate(lines)))
    assert list(read_run(kept / "001__reader").samples) == [sample(1), sample(2), sample(3)]


def test_optional_columns_that_an_earlier_version_lacked_read_as_unknown(kept):
    path = kept / "001__reader" / "samples.csv"
    lines = [",".join(line.split(",")[:4]) for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")
    assert list(read_run(kept / "001__reader").samples) == [sample(1), sample(2), sample(3)]


def test_whole_numbers_are_taken_where_a_fraction_could_stand(kept):
    damage(kept / "001__reader" / "settings.yaml", "interval_s: 0.1", "interval_s: 1")
    assert read_run(kept / "001__reader").settings.interval_s == 1.0


def test_the_stored_json_is_plain(kept):
    assert isinstance(json.loads((kept / "001__reader" / "run.json").read_text()), dict)
