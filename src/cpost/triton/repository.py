"""A folder of models as Triton wants it, looked at before anything is started."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from cpost.errors import TritonError
from cpost.triton.config_text import ConfigTextError, model_name

CONFIG = "config.pbtxt"
_VERSION = re.compile(r"[1-9][0-9]*")  # Triton passes over all other folders


def check_models(models_dir: Path, names: Iterable[str]) -> None:
    """Raise TritonError, which tells of all models at once, where one of them cannot be served.

    A model is a folder of its name that holds its configuration and at least one version of it.
    What is in a version is the backend's matter: Triton tells when it loads the model.
    """
    problems = [problem for name in dict.fromkeys(names) for problem in _problems(models_dir, name)]
    if problems:
        raise TritonError(
            "\n".join(problems),
            hint=f"a model is a folder: {models_dir}/MODEL/{CONFIG} and {models_dir}/MODEL/1/…",
        )


def _problems(models_dir: Path, name: str) -> Iterator[str]:
    folder = models_dir / name
    if not folder.is_dir():
        yield f"the model {name!r} is not in {models_dir}: {_what_is_there(models_dir, name)}"
        return
    yield from _config_problems(folder / CONFIG, name)
    if not any(one.is_dir() and _VERSION.fullmatch(one.name) for one in folder.iterdir()):
        yield f"the model {name!r} has no version: put its files into {folder}/1"


def _config_problems(file: Path, name: str) -> Iterator[str]:
    try:
        own_name = model_name(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        yield f"the model {name!r} has no {CONFIG}: write {file}"
    except OSError as error:
        yield f"{file} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        yield f"{file} is no text: write it in UTF-8"
    except ConfigTextError as error:
        yield f"{file}: {error}"
    else:
        if own_name not in {None, "", name}:
            yield (
                f'{file} names the model {own_name!r}, its folder {name!r}: write name: "{name}", '
                "or leave the name out"
            )


def _what_is_there(models_dir: Path, name: str) -> str:
    there = sorted(one.name for one in models_dir.iterdir() if (one / CONFIG).is_file())
    near = get_close_matches(name, there, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(there)}" if there else "there is no model at all"
