"""``container``: the image and how it is started, of operators and of services."""

from __future__ import annotations

import re
import shlex

from cpost.pipeline.fields import Fields
from cpost.pipeline.model import ContainerImage
from cpost.pipeline.nodes import ListNode, MapNode, ScalarNode
from cpost.pipeline.problems import clipped, shown
from cpost.pipeline.rules import check_image, check_tag

_WORD = re.compile(r"[^ \t\r\n]+")
_NOTHING = ContainerImage(image="")


def read_container(parent: Fields) -> tuple[ContainerImage, dict[str, str]]:
    """Read ``container`` and return it with the variables of ``container`` and its parent.

    The parent's own variables, which is where they belong, win over those of ``container``.
    """
    node = parent.mapping("container")
    variables = read_variables(parent)
    if node is None:
        if parent.entry("container") is None:
            parent.missing("container", "add container: with an image: below it")
        return _NOTHING, variables
    fields = Fields(node, f"container of {parent.label}", parent.problems)
    container = _read_image(fields)
    for name, value in read_variables(fields).items():
        if variables.setdefault(name, value) != value:
            parent.problems.warn(
                fields.place,
                f"{parent.label} sets the variable {shown(name)} twice",
                "the value outside of container is used",
            )
    unused = fields.entry("hostVolumePath")
    if unused is not None:
        wrong = f"hostVolumePath of {fields.label} is not used"
        parent.problems.warn(unused.place, wrong, "see --models_dir")
    fields.close()
    return container, variables


def read_variables(fields: Fields) -> dict[str, str]:
    """Read ``variables``; a variable without a value is an empty one."""
    variables = {}
    for name, entry in fields.texts("variables").items():
        if not name or any(character in "=\0" or character.isspace() for character in name):
            wrong = f"{shown(name)} cannot be the name of a variable"
            fields.problems.add(entry.place, wrong, "use letters, digits and _")
        elif isinstance(entry.value, ScalarNode):
            variables[name] = "" if entry.value.is_null else entry.value.text
    return variables


def _read_image(fields: Fields) -> ContainerImage:
    image = fields.required_word("image", "add image: NAME")
    tag = fields.word("tag")
    command, entrypoint = _read_words(fields, "command"), _read_words(fields, "entrypoint")
    if tag is not None:
        check_tag(tag, fields.problems)
    if image is None:
        return _NOTHING
    check_image(image, fields.problems)
    container = ContainerImage(
        image.text, tag.text if tag is not None else "latest", command, entrypoint
    )
    if tag is not None and not container.reference.endswith(f":{tag.text}"):
        right = f"{clipped(image.text)} names its own already"
        fields.problems.warn(tag.place, f"the tag {shown(tag.text)} is not used", right)
    return container


def _read_words(fields: Fields, key: str) -> tuple[str, ...] | None:
    """Read the words of a command: a list, or one string as typed into a shell.

    None where there are none: the image's own are meant.
    """
    entry = fields.entry(key)
    if entry is None:
        return None
    if isinstance(entry.value, ListNode):
        words = [fields.usable(item, f"an item of {key}") for item in entry.value.items]
        return tuple(word.text for word in words if word is not None) or None
    right = f'write {key}: ["word", "word"]'
    if isinstance(entry.value, MapNode):
        wrong = f"{key} of {fields.label} must be a list of words, not a mapping"
        fields.problems.add(entry.value.place, wrong, right)
        return None
    line = fields.usable(entry.value, key)
    if line is None:
        return None
    try:
        return tuple(_split(line.text)) or None
    except ValueError as error:
        wrong = f"{key} of {fields.label} cannot be split into words: {error}"
        fields.problems.add(line.place, wrong, right)
        return None


def _split(line: str) -> list[str]:
    # shlex takes a second for a megabyte, and most lines need none of what it knows.
    return shlex.split(line) if any(mark in line for mark in "'\"\\") else _WORD.findall(line)
