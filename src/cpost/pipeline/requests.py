"""``requests``: whole cores, whole MiB, whole GPUs."""

from __future__ import annotations

import re
from decimal import Decimal
from math import ceil

from cpost.pipeline.fields import Fields
from cpost.pipeline.model import Requests
from cpost.pipeline.nodes import MapNode
from cpost.pipeline.problems import Problems, shown
from cpost.units import BYTES_PER_MIB, parse_bytes

_WHOLE = re.compile(r"[0-9]{1,9}")
_CORES = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(m?)")
_EXAMPLES = {"cpu": 2, "memory": 1024, "gpu": 1}
_SIZE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?\s*[kmgt]i?b?", re.IGNORECASE)


def read_requests(parent: Fields) -> Requests:
    """Read ``requests`` of an operator or a service; all None where there is none."""
    node = parent.mapping("requests")
    if node is None:
        return Requests()
    return _read(node, f"requests of {parent.label}", parent.problems)


def _read(node: MapNode, label: str, problems: Problems) -> Requests:
    fields = Fields(node, label, problems)
    requests = Requests(
        cpu_cores=_whole(fields, "cpu", "cores"),
        memory_mib=_whole(fields, "memory", "MiB"),
        gpus=_whole(fields, "gpu", "GPUs"),
    )
    fields.close()
    return requests


def _whole(fields: Fields, key: str, unit: str) -> int | None:
    node = fields.word(key)
    if node is None:
        return None
    if _WHOLE.fullmatch(node.text):
        return int(node.text)
    wrong = f"{key} {shown(node.text)} in {fields.label} is not a whole number of {unit}"
    number = _suggestion(key, node.text)
    example = f"write {key}: {_EXAMPLES[key]}, for example"
    fields.problems.add(node.place, wrong, example if number is None else f"write {key}: {number}")
    return None


def _suggestion(key: str, text: str) -> int | None:
    """Return the whole number that a Kubernetes quantity or a fraction of a core comes to."""
    cores = _CORES.fullmatch(text)
    if key == "cpu" and cores is not None:
        return ceil(Decimal(cores[1]) / (1000 if cores[2] else 1))
    if key == "memory" and _SIZE.fullmatch(text):
        return ceil(parse_bytes(text) / BYTES_PER_MIB)
    return None
