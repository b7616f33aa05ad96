import os
import tempfile
from pathlib import Path

import pytest

from cpost.engine.owner import Owner
from cpost.engine.process_lock import process_lock, runtime_dir
from cpost.errors import EngineBusyError, EngineError


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_lock_is_in_the_users_runtime_folder(tmp_path: Path) -> None:
    assert runtime_dir({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path


@pytest.mark.parametrize("environ", [{}, {"XDG_RUNTIME_DIR": "/no/such/folder"}])
def test_without_one_a_folder_of_this_user_alone_is_made(
    temporary: Path, environ: dict[str, str]
) -> None:
    folder = runtime_dir(environ)
    assert folder == temporary / f"cpost-{os.getuid()}"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert runtime_dir(environ) == folder


def test_a_link_that_somebody_put_there_is_not_followed(temporary: Path) -> None:
    (temporary / "elsewhere").mkdir()
    (temporary / f"cpost-{os.getuid()}").symlink_to(temporary / "elsewhere")
    with pytest.raises(EngineError, match="belongs to somebody else"):
        runtime_dir({})


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(EngineError, match="No such file"),
        process_lock(Owner.current("s"), tmp_path / "missing"),
    ):
        pass


def test_a_holder_that_has_not_said_who_it_is_is_a_holder_all_the_same(tmp_path: Path) -> None:
    owner = Owner.current("s")
    with process_lock(owner, tmp_path):
        next(tmp_path.iterdir()).write_text("")
        with pytest.raises(EngineBusyError, match="another cpost"), process_lock(owner, tmp_path):
            pass
