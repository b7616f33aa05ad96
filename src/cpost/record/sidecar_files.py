"""Servers beside a run, as they stand in its ``run.json``, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from cpost.meter.sample import Rung
from cpost.record.fields import Fields
from cpost.record.gpu import stored_gpu
from cpost.record.samples import StoredSamples
from cpost.record.sidecar import Idleness, ModelUse, SidecarFacts, SidecarRun
from cpost.record.sidecar_recording import sidecar_file


def sidecar_objects(sidecars: Sequence[SidecarRun]) -> list[dict[str, Any]]:
    """Return what ``run.json`` holds of them."""
    return [{**asdict(one.facts), "sample_count": one.sample_count} for one in sidecars]


def stored_sidecars(stored: Fields, directory: Path) -> tuple[SidecarRun, ...]:
    """Return those of a run, none where it is of earlier times; RecordError."""
    if stored.optional("sidecars", list) is None:
        return ()
    return tuple(
        _sidecar(one, number, directory)
        for number, one in enumerate(stored.inner_list("sidecars"), 1)
    )


def _sidecar(stored: Fields, number: int, directory: Path) -> SidecarRun:
    name = stored.get("name", str)
    count = stored.get("sample_count", int)
    has_idle = stored.optional("idle", dict) is not None
    has_models = stored.optional("models", list) is not None
    facts = SidecarFacts(
        name=name,
        kind=stored.get("kind", str),
        image=stored.get("image", str),
        command=None if stored.optional("command", list) is None else stored.texts("command"),
        image_id=stored.optional("image_id", str),
        image_digest=stored.optional("image_digest", str),
        container_id=stored.optional("container_id", str),
        rung=stored.optional_choice("rung", Rung),
        ready_after_ns=stored.optional("ready_after_ns", int),
        idle=_idleness(stored.inner("idle")) if has_idle else None,
        models=tuple(map(_model, stored.inner_list("models"))) if has_models else None,
        ended=stored.optional("ended", str),
        warnings=stored.texts("warnings"),
        gpu=stored_gpu(stored),
    )
    return SidecarRun(facts, StoredSamples(directory / sidecar_file(number, name), count), count)


def _idleness(stored: Fields) -> Idleness:
    return Idleness(stored.get("cpu_usec", int), stored.get("duration_ns", int))


def _model(stored: Fields) -> ModelUse:
    numbers = [one.name for one in fields(ModelUse) if one.name != "model"]
    return ModelUse(stored.get("model", str), *(stored.get(name, int) for name in numbers))
