from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cpost import cli

HEAVY = {"docker", "requests", "pandas", "rich", "psutil", "tabulate", "yaml"}


def test_without_a_word_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    assert "<pipeline_path>" in capsys.readouterr().out


def test_help_loads_none_of_the_heavy_libraries() -> None:
    program = (
        "import sys; from cpost.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert HEAVY.isdisjoint(done.stdout.split())


def test_an_error_is_one_line_and_a_hint_and_its_exit_code(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "p.yaml").write_text("name: p\noperators: 1\n")
    assert cli.main(["plan", str(tmp_path / "p.yaml")]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("cpost: error: ")
    assert "\nhint: " in told.err


def test_a_sub_command_is_known_by_the_first_word_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as told:
        cli.main(["plan", "--help"])
    assert told.value.code == 0
    assert "usage: cpost plan" in capsys.readouterr().out


def test_a_pipeline_file_called_like_a_sub_command_is_given_with_its_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main([f"{tmp_path}/plan", str(tmp_path)]) == 3
    assert f"{tmp_path}/plan" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["only-one"], ["--nonsense", "a", "b"], ["a", "b", "c"]])
def test_a_wrong_command_line_is_exit_2_in_two_lines(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith("cpost: error: ")
    assert hint == "hint: cpost --help"


def test_a_terminal_that_knows_few_characters_gets_escapes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cpost", "plan", tmp_path / "Fände.yaml"]
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 3
    assert "F\\xe4nde" in done.stderr


def test_streams_that_were_closed_by_the_caller_do_no_harm(tmp_path: Path) -> None:
    command = f"{sys.executable} -m cpost plan {tmp_path}/none.yaml >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 3


def test_the_readme_shows_the_help_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = Path(__file__).parents[2] / "README.md"
    _, _, rest = readme.read_text().partition("<!-- cpost --help -->\n```\n")
    shown, _, _ = rest.partition("\n```\n<!-- end -->")
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    # Python's versions wrap the usage line differently: only the words must agree.
    assert capsys.readouterr().out.split() == shown.split()
