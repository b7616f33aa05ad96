import os
from pathlib import Path

import pytest

from cpost.meter.inotify import CREATED, DELETED, WRITTEN, Inotify


def test_what_is_made_in_a_watched_directory_is_told_by_name(tmp_path: Path) -> None:
    with Inotify() as inotify:
        watch = inotify.watch(tmp_path, CREATED, directory=True)
        (tmp_path / "größe").mkdir()
        (tmp_path / "b").mkdir()
        told = inotify.wait(10)
    assert told is not None
    assert [(event.watch, event.name) for event in told] == [(watch, "größe"), (watch, "b")]


def test_a_file_that_is_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "memory.events").write_text("")
    with Inotify() as inotify:
        watch = inotify.watch(tmp_path / "memory.events", WRITTEN)
        (tmp_path / "memory.events").write_text("oom_kill 1\n")
        told = inotify.wait(10)
    assert told
    assert {event.watch for event in told} == {watch}


def test_what_is_removed_from_a_watched_directory_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    with Inotify() as inotify:
        watch = inotify.watch(tmp_path, CREATED | DELETED, directory=True)
        (tmp_path / "own").rmdir()
        told = inotify.wait(10)
    assert told is not None
    assert [(event.watch, event.name) for event in told] == [(watch, "own")]
    assert told[0].mask & DELETED


def test_nothing_is_told_when_nothing_happens(tmp_path: Path) -> None:
    with Inotify() as inotify:
        inotify.watch(tmp_path, CREATED, directory=True)
        assert inotify.wait(0.01) == []


def test_one_that_is_woken_waits_no_more() -> None:
    with Inotify() as inotify:
        inotify.wake()
        assert inotify.wait() is None
        assert inotify.wait() is None


def test_what_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    with Inotify() as inotify:
        with pytest.raises(FileNotFoundError, match="nothing"):
            inotify.watch(tmp_path / "nothing", WRITTEN)
        (tmp_path / "file").write_text("")
        with pytest.raises(NotADirectoryError):
            inotify.watch(tmp_path / "file", CREATED, directory=True)


def test_nothing_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with Inotify():
        pass
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
