"""A program that does nothing, made byte by byte, and the image around it."""

from __future__ import annotations

import io
import json
import platform
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

from cpost.engine.empty_image import empty_image, empty_program, remove_empty_images
from cpost.errors import EngineError

PROGRAM = empty_program("x86_64") or b""


class FakeApi:
    """Holds images by their id."""

    def __init__(self, answer: str = json.dumps({"status": "sha256:1"})) -> None:
        self.answer = answer
        self.images_held: dict[str, list[str]] = {}

    def import_image(self, src: bytes, changes: list[str]) -> str:
        with tarfile.open(fileobj=io.BytesIO(src)) as tar:
            (member,) = tar.getmembers()
            content = tar.extractfile(member)
            assert member.mode & 0o111
            assert content is not None
            assert content.read() == PROGRAM
        self.images_held["sha256:1"] = changes
        return self.answer

    def images(self, filters: dict[str, str], **_: Any) -> list[dict[str, str]]:
        label = f"LABEL {filters['label']}=1"
        return [{"Id": one} for one, labels in self.images_held.items() if label in labels]

    def remove_image(self, image_id: str, force: bool) -> None:
        assert force
        if self.images_held.pop(image_id, None) is None:
            raise ImageNotFound("gone")


@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="no program for it")
def test_the_program_ends_at_once_with_0(tmp_path: Path) -> None:
    program = empty_program(platform.machine())
    assert program is not None
    (tmp_path / "end").write_bytes(program)
    (tmp_path / "end").chmod(0o755)
    ended = subprocess.run([tmp_path / "end"], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_programs_of_both_machines_differ_in_instructions_alone() -> None:
    other = empty_program("aarch64") or b""
    assert other[:18] == PROGRAM[:18]
    assert (PROGRAM[18], other[18]) == (62, 183)  # EM_X86_64 and EM_AARCH64 of elf.h
    # mov x0, #0 is 0xd2800000; mov x8, #93 is 0xd2800ba8; svc #0 is 0xd4000001
    words = [int.from_bytes(other[at : at + 4], "little") for at in (120, 124, 128)]
    assert words == [0xD2800000, 0xD2800BA8, 0xD4000001]


@pytest.mark.parametrize("machine", ["riscv64", "", None])
def test_other_machines_have_none(machine: str | None) -> None:
    assert empty_program(machine) is None


def test_the_image_is_there_in_the_block_and_gone_after_it() -> None:
    api: Any = FakeApi()
    with empty_image(api, PROGRAM) as image:
        assert image.reference in api.images_held
    assert api.images_held == {}


def test_the_image_is_removed_when_the_block_fails_and_when_somebody_else_was_faster() -> None:
    api: Any = FakeApi()
    with pytest.raises(KeyboardInterrupt), empty_image(api, PROGRAM):
        raise KeyboardInterrupt
    assert api.images_held == {}
    with empty_image(api, PROGRAM) as image:
        api.remove_image(image.reference, force=True)


@pytest.mark.parametrize("answer", ["", "no JSON", "{}", "[1]"])
def test_an_engine_that_does_not_tell_the_id_is_an_error(answer: str) -> None:
    api: Any = FakeApi(answer)
    with pytest.raises(EngineError, match="empty image"), empty_image(api, PROGRAM):
        pass


def test_leftovers_are_known_by_their_label_and_no_others_removed() -> None:
    api: Any = FakeApi()
    api.images_held = {"a": ["LABEL cpost.empty_image=1"], "b": ["LABEL cpost.session=s1"]}
    remove_empty_images(api)
    assert list(api.images_held) == ["b"]


def test_an_image_that_cannot_be_removed_does_no_harm() -> None:
    class Stubborn(FakeApi):
        def remove_image(self, image_id: str, force: bool) -> None:
            raise APIError("conflict")

    api: Any = Stubborn()
    with empty_image(api, PROGRAM):
        pass
