import io
import tarfile
from pathlib import Path

from cgroup2 import exchange, recipe


def test_linters_are_no_part_of_the_machine_but_what_tests_need_is() -> None:
    names = {line.partition("==")[0] for line in recipe.requirements().splitlines()}
    assert {"pytest", "hypothesis", "-r requirements.txt"} <= names
    assert names.isdisjoint({"ruff", "mypy", "import-linter", "types-docker", "pandas-stubs"})


def test_settings_reach_the_machine_whatever_they_hold(tmp_path: Path) -> None:
    archive = tmp_path / "in.tar"
    exchange.hand_in(archive, recipe.CHECKOUT, "true", {"CPOST_CGROUP2_X": "it's $HOME"})
    with tarfile.open(archive) as tar:
        script = tar.extractfile("environment") or io.BytesIO()
        assert script.read() == b"export CPOST_CGROUP2_X='it'\"'\"'s $HOME'\n"
        assert "checkout/tools/cgroup2/in_machine.sh" in tar.getnames()
