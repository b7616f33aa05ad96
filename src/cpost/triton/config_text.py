"""Triton's ``config.pbtxt``: the one field of it that can be judged without Triton.

The file is a protocol buffer in its text form:
https://protobuf.dev/reference/protobuf/textformat-spec/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|\#[^\n]*)
  | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<open>[{\[<])
  | (?P<close>[}\]>])
  | (?P<mark>[:;,])
  | (?P<word>[^\s{}\[\]<>:;,"'#]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_PAIRS = {"{": "}", "[": "]", "<": ">"}
_SHOWN = 20


class ConfigTextError(ValueError):
    """The text is no protocol buffer; the message is one line that names the line."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int
    depth: int  # how many brackets are open around it


def model_name(text: str) -> str | None:
    """Return the model's own ``name``, wherever in the file it stands; None where it has none.

    Inputs and outputs have names too: only one outside of all brackets is the model's. Raises
    ConfigTextError.
    """
    outer = [token for token in _tokens(text) if token.depth == 0]
    name = None
    for position, token in enumerate(outer):
        if token.kind != "word" or token.text != "name":
            continue
        following = outer[position + 1 : position + 3]
        if [one.kind for one in following] != ["mark", "text"] or following[0].text != ":":
            raise ConfigTextError(f'line {token.line}: write name: "NAME"')
        name = following[1].text[1:-1]
    return name


def _tokens(text: str) -> Iterator[_Token]:
    """Yield what counts; a bracket that opens has the depth around it."""
    position, line = 0, 1
    opened: list[_Token] = []
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            shown = text[position : position + _SHOWN].partition("\n")[0]
            raise ConfigTextError(f"line {line}: cannot be read from here on: {shown}")
        closes = match.lastgroup == "close"
        if closes and (not opened or _PAIRS[opened.pop().text] != match.group()):
            raise ConfigTextError(f"line {line}: this {match.group()} closes nothing")
        token = _Token(match.lastgroup, match.group(), line, len(opened))
        if token.kind == "open":
            opened.append(token)
        if token.kind != "blank":
            yield token
        position = match.end()
        line += match.group().count("\n")
    if opened:
        raise ConfigTextError(f"line {opened[-1].line}: this {opened[-1].text} is never closed")
