"""Texts without the values of what looks like a secret: definitions and command lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import yaml

from cpost.pipeline.secrets import HIDDEN, looks_secret

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")  # an anchor stays, or its aliases would dangle
_BYTE_ORDER_MARK = "\ufeff"


def definition_without_secrets(text: str) -> str:
    """Return a YAML text in which the values of secret-looking keys read ``***``.

    All else stays as it is, character by character. A text that is no YAML is withheld, since
    nobody can tell where its secrets are.
    """
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    body = text[len(mark) :]
    try:
        spans = sorted(set(_secret_spans(body)))
    except yaml.YAMLError:
        return "# withheld: this is no YAML, so its secrets cannot be found\n"
    pieces = [mark]
    end_of_last = 0
    for start, end in spans:
        prefix = _PROPERTIES.match(body, start, end)
        start_of_value = prefix.end() if prefix else start
        pieces += [body[end_of_last:start_of_value], json.dumps(HIDDEN)]
        # A block scalar's span reaches to the next key: the line breaks are not its value.
        end_of_last = start + len(body[start:end].rstrip())
    return "".join([*pieces, body[end_of_last:]])


def _secret_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where values of secret-looking keys start and end; YAMLError."""
    waiting: list[yaml.Node] = [node for node in yaml.compose_all(text, _Loader) if node]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                waiting.append(value)
                if _hides(key, value):
                    yield value.start_mark.index, value.end_mark.index


def _hides(key: yaml.Node, value: yaml.Node) -> bool:
    return (
        isinstance(key, yaml.ScalarNode)
        and isinstance(value, yaml.ScalarNode)
        and bool(value.value)
        and looks_secret(key.value)
    )


def arguments_without_secrets(arguments: Sequence[str]) -> list[str]:
    """Return command line arguments in which ``SECRET_NAME=value`` reads ``SECRET_NAME=***``."""
    return [_without_secret(argument) for argument in arguments]


def _without_secret(argument: str) -> str:
    # --param=NAME=VALUE: the option's own equals sign comes before the parameter's.
    option = argument[: argument.find("=") + 1] if argument.startswith("--") else ""
    name, equals, value = argument[len(option) :].partition("=")
    return f"{option}{name}={HIDDEN}" if equals and value and looks_secret(name) else argument
