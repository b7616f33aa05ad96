from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpost.commands.checks import (
    check_keep_outputs,
    check_payload,
    check_result_file,
    check_triton,
    prepared_folder,
)
from cpost.errors import RecordError, TritonError, UsageError
from cpost.pipeline.model import (
    ContainerImage,
    HttpConnection,
    Input,
    Operator,
    Pipeline,
    Service,
)
from cpost.triton.servers import TritonOptions


def pipeline(*, reads: bool = True, models: tuple[str, ...] = ()) -> Pipeline:
    inputs = (Input("/input"),) if reads else ()
    operator = Operator("reader", ContainerImage("image"), inputs=inputs, models=models)
    return Pipeline("p", "0.4.0", (operator,), Path("p.yaml"), "")


def test_a_payload_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/file").touch()
    monkeypatch.chdir(tmp_path)
    assert check_payload(Path("in"), pipeline()) == tmp_path / "in"


def test_a_missing_payload_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"does not exist: {tmp_path}/none"):
        check_payload(tmp_path / "none", pipeline())


def test_a_file_as_payload_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="a directory, not a file"):
        check_payload(tmp_path / "file", pipeline())


def test_an_empty_payload_is_told_only_where_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is empty"):
        check_payload(tmp_path, pipeline())
    assert check_payload(tmp_path, pipeline(reads=False)) == tmp_path


def test_an_unreadable_payload_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("os.access", lambda *_: False)  # root may read whatever the mode says
    with pytest.raises(UsageError, match=r"cannot be read: .*permission denied"):
        check_payload(tmp_path, pipeline())


def test_a_path_that_is_not_utf8_is_told_before_an_engine_stumbles_over_it(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"in\xff")
    folder.mkdir()
    (folder / "file").touch()
    with pytest.raises(UsageError, match=r"in\\xff is not UTF-8"):
        check_payload(folder, pipeline())


def test_a_folder_with_earlier_outputs_is_refused(tmp_path: Path) -> None:
    check_keep_outputs(tmp_path, pipeline())
    (tmp_path / "reader/output").mkdir(parents=True)
    with pytest.raises(UsageError, match="holds outputs of reader already"):
        check_keep_outputs(tmp_path, pipeline())


def test_a_pipeline_with_models_needs_their_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="use Triton models: reader") as told:
        check_triton(pipeline(models=("m",)), TritonOptions())
    assert "--models_dir" in str(told.value.hint)
    with pytest.raises(UsageError, match="is no directory"):
        check_triton(pipeline(models=("m",)), TritonOptions(tmp_path / "none"))
    with pytest.raises(TritonError, match="the model 'm' is not in"):
        check_triton(pipeline(models=("m",)), TritonOptions(tmp_path))
    check_triton(pipeline(), TritonOptions())


def test_a_service_needs_no_models_unless_it_names_their_folder(tmp_path: Path) -> None:
    def with_service(command: str) -> Pipeline:
        container = ContainerImage("image", command=("serve", command))
        services = (Service("s", container, http=(HttpConnection("URI", 80),)),)
        operator = Operator("reader", ContainerImage("image"), services=services)
        return Pipeline("p", "0.4.0", (operator,), Path("p.yaml"), "")

    check_triton(with_service("--port=80"), TritonOptions())
    with pytest.raises(UsageError, match="use Triton models: reader"):
        check_triton(with_service("$(NVIDIA_CLARA_SERVICE_DATA_PATH)/models"), TritonOptions())


def test_services_of_one_name_that_are_two_are_pointed_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def using(name: str, command: str) -> Operator:
        container = ContainerImage("image", command=(command,))
        services = (Service("s", container, http=(HttpConnection("URI", 80),)),)
        return Operator(name, ContainerImage("image"), services=services)

    both = (using("a", "serve"), using("b", "else"))
    check_triton(Pipeline("p", "0.4.0", both, Path("p.yaml"), ""), TritonOptions())
    assert "service s of b has another image or command than that of a" in caplog.text


def test_a_folder_for_results_is_made(tmp_path: Path) -> None:
    assert prepared_folder(tmp_path / "a/b", "--metrics_dir") == tmp_path / "a/b"
    assert (tmp_path / "a/b").is_dir()
    assert prepared_folder(None, "--metrics_dir") is None


def test_a_folder_that_cannot_be_made_is_told_with_its_option(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match=r"--metrics_dir .*file/sub cannot be made"):
        prepared_folder(tmp_path / "file/sub", "--metrics_dir")


def test_a_folder_that_is_not_writable_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(RecordError, match="is not writable by you"):
        prepared_folder(tmp_path, "--keep_outputs")


def test_a_result_file_that_could_not_be_written_is_told_before_anything_is_executed(
    tmp_path: Path,
) -> None:
    for fine in (None, "-", str(tmp_path / "result.json")):
        check_result_file(fine)
    with pytest.raises(RecordError, match="no such folder"):
        check_result_file(str(tmp_path / "none/result.json"))
    with pytest.raises(RecordError, match="a folder"):
        check_result_file(str(tmp_path))
