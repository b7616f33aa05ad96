"""What names, container paths and images may look like."""

from __future__ import annotations

import posixpath
import re

from cpost.pipeline.nodes import ScalarNode
from cpost.pipeline.problems import Problems, shown

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_NAME_RULE = "use 1 to 255 letters, digits, - and _"
_MODEL = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?"
_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[a-z0-9+._-]+:[0-9a-fA-F]{32,})?"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_MAX_PORT = 65_535


def check_name(node: ScalarNode, what: str, problems: Problems) -> None:
    """Note a problem unless the text is a name: it becomes part of paths and of other names."""
    if _NAME.fullmatch(node.text) is None:
        problems.add(node.place, f"{what} {shown(node.text)} is not a name", _NAME_RULE)


def check_model(node: ScalarNode, problems: Problems) -> None:
    """Note a problem unless the text can name a folder of models."""
    if _MODEL.fullmatch(node.text) is None:
        wrong = f"the model {shown(node.text)} is not a name"
        problems.add(node.place, wrong, "give the name of its folder, without a path")


def check_environment_name(node: ScalarNode, problems: Problems) -> None:
    """Note a problem unless the text can name an environment variable."""
    if _VARIABLE.fullmatch(node.text) is None:
        wrong = f"the connection {shown(node.text)} cannot be an environment variable"
        problems.add(node.place, wrong, "use letters, digits and _")


def check_image(node: ScalarNode, problems: Problems) -> None:
    """Note a problem unless the text is an image reference."""
    if _IMAGE.fullmatch(node.text) is None:
        right = "write [host/]name, in lower case, without spaces"
        problems.add(node.place, f"{shown(node.text)} is not an image", right)


def check_tag(node: ScalarNode, problems: Problems) -> None:
    """Note a problem unless the text is a tag."""
    if _TAG.fullmatch(node.text) is None:
        right = "use at most 128 letters, digits, _ . and -"
        problems.add(node.place, f"{shown(node.text)} is not a tag", right)


def container_path(node: ScalarNode, what: str, problems: Problems) -> str:
    """Return an absolute path in its shortest form; "" after noting a problem."""
    text = node.text
    wrong = f"the path {shown(text)} of {what}"
    if not text.startswith("/"):
        right = "/" + posixpath.normpath(text).lstrip("./")
        problems.add(node.place, f"{wrong} is not absolute", f"write {shown(right)}")
    elif ".." in text.split("/"):
        problems.add(node.place, f"{wrong} holds '..'", "write where it leads to")
    elif not text.isprintable():
        problems.add(node.place, f"{wrong} holds a control character", "remove it")
    elif not text.strip("/."):
        problems.add(node.place, f"{wrong} is the container's root", "mount a folder below it")
    else:
        return "/" + posixpath.normpath(text).lstrip("/")
    return ""


def port(node: ScalarNode, what: str, problems: Problems) -> int:
    """Return a TCP port; 0 after noting a problem."""
    digits = re.fullmatch(r"[0-9]{1,5}", node.text)
    if digits is not None and 1 <= int(node.text) <= _MAX_PORT:
        return int(node.text)
    wrong = f"the port {shown(node.text)} of {what} cannot be"
    problems.add(node.place, wrong, f"use a number from 1 to {_MAX_PORT}")
    return 0
