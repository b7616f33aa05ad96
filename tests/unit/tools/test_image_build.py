from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tarfile import open as open_tar
from typing import Any

import pytest

import demo_image
from image_build import INPUTS_LABEL, Extra, ImageBuildError, Recipe, build, is_there

RECIPE = Recipe("example/image:1", "base:3.11", "sha256:one", Path("-"), ("Dockerfile", "code"))


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "code" / "__pycache__").mkdir(parents=True)
    (tmp_path / "code" / "main.py").write_text("print()\n")
    (tmp_path / "code" / "__pycache__" / "main.pyc").write_text("bytes")
    (tmp_path / "unrelated").write_text("nothing of the image")
    return replace(RECIPE, folder=tmp_path)


@dataclass
class Engine:
    """Holds images, and notes what a build was given."""

    labels: list[dict[str, str] | None] = field(default_factory=list)
    events: list[dict[str, str]] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def images(self, name: str) -> list[dict[str, Any]]:
        assert name == RECIPE.image
        return [{"Labels": labels} for labels in self.labels]

    def build(self, fileobj: io.BytesIO, **asked: Any) -> Iterator[dict[str, str]]:
        self.asked = asked
        with open_tar(fileobj=fileobj) as context:
            self.names = context.getnames()
        return iter(self.events)


def add_file(folder: Path) -> None:
    (folder / "code" / "new.py").touch()


def make_executable(folder: Path) -> None:
    (folder / "code" / "main.py").chmod(0o755)


def change_content(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM other\n")


@pytest.mark.parametrize("change", [add_file, make_executable, change_content])
def test_another_image_is_needed_when_a_file_changes(
    recipe: Recipe, change: Callable[[Path], None]
) -> None:
    before = recipe.digest()
    change(recipe.folder)
    assert recipe.digest() != before


def test_another_image_is_needed_on_another_base(recipe: Recipe) -> None:
    assert replace(recipe, base_id="sha256:two").digest() != recipe.digest()


def test_what_is_not_of_the_image_changes_nothing(recipe: Recipe) -> None:
    before = recipe.digest()
    (recipe.folder / "unrelated").write_text("changed")
    (recipe.folder / "code" / "__pycache__" / "main.pyc").write_text("changed")
    assert recipe.digest() == before


def test_an_image_is_there_only_if_it_was_made_of_the_same(recipe: Recipe) -> None:
    assert not is_there(Engine(), recipe)
    assert not is_there(Engine([None, {INPUTS_LABEL: "other"}]), recipe)
    assert is_there(Engine([None, {INPUTS_LABEL: recipe.digest()}]), recipe)


def test_a_build_gets_the_files_the_folders_beside_them_and_a_label_to_be_known_by(
    recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = tmp_path_factory.mktemp("site")
    (site / "package.py").touch()
    engine = Engine(events=[{"stream": "done"}])
    build(engine, recipe, Extra({"site": site}, {"SITE": "/usr/site"}))
    assert sorted(engine.names) == ["Dockerfile", "code/main.py", "site", "site/package.py"]
    assert engine.asked["buildargs"] == {"BASE": "base:3.11", "SITE": "/usr/site"}
    assert engine.asked["labels"] == {INPUTS_LABEL: recipe.digest()}


def test_what_the_engine_says_of_a_failed_build_is_told(recipe: Recipe) -> None:
    with pytest.raises(ImageBuildError, match="no space left"):
        build(Engine(events=[{"stream": "1"}, {"error": "no space left"}]), recipe, Extra({}))


def test_the_operators_image_is_made_of_all_that_its_operators_need() -> None:
    inside = {path.name for path in demo_image.recipe_on("base:3.11", "sha256:one").files()}
    assert {"Dockerfile", "requirements.txt", "segmentation.py", "spleen.py"} <= inside
