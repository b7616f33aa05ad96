"""The small files of a run directory, both ways: ``settings.yaml`` and ``run.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import yaml

from cpost.meter.sample import Rung, Totals
from cpost.pipeline.secrets import redacted
from cpost.record.fields import SCHEMA_VERSION, Fields
from cpost.record.gpu import stored_gpu
from cpost.record.run import HostUse, RunResult, RunState, Settings, StartUp
from cpost.record.sidecar import SidecarRun
from cpost.record.sidecar_files import sidecar_objects

_Dumper: type = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of a run is kept: samples in ``samples.csv``, bytes of output by stream.

    ``samples_not_stored`` were taken, but the disk did not take them.
    """

    sample_count: int
    samples_not_stored: int
    log_kept_bytes: Mapping[str, int]
    log_cut_bytes: Mapping[str, int]


def to_yaml(values: Mapping[str, object]) -> str:
    """Return ``values`` with the schema's version before them, in their own order."""
    text: str = yaml.dump(
        {"schema_version": SCHEMA_VERSION, **values},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
    )
    return text


def to_json(values: Mapping[str, object]) -> str:
    """Return ``values`` with the schema's version before them, in their own order."""
    return json.dumps({"schema_version": SCHEMA_VERSION, **values}, indent=2) + "\n"


def settings_text(settings: Settings) -> str:
    """Return ``settings.yaml``, without the values of what looks like a secret."""
    values: dict[str, Any] = asdict(settings)
    values["command"] = None if settings.command is None else list(settings.command)
    values["environment"] = redacted(settings.environment)
    return to_yaml(values)


def settings_of(stored: Fields) -> Settings:
    """Return the settings that were stored; RecordError."""
    return Settings(
        operator=stored.get("operator", str),
        image=stored.get("image", str),
        payload=stored.get("payload", str),
        interval_s=stored.get("interval_s", float),
        engine=stored.get("engine", str),
        command=None if stored.optional("command", list) is None else stored.texts("command"),
        environment=stored.text_mapping("environment"),
        repeat=stored.get("repeat", int),
        timeout_s=stored.optional("timeout_s", float),
    )


def run_text(
    operator: str,
    index: int,
    uuid: str,
    result: RunResult,
    tally: Tally,
    sidecars: Sequence[SidecarRun] = (),
) -> str:
    """Return ``run.json``."""
    return to_json(
        {
            "operator": operator,
            "index": index,
            "uuid": uuid,
            **asdict(result),
            **asdict(tally),
            "sidecars": sidecar_objects(sidecars),
        }
    )


def result_of(stored: Fields) -> RunResult:
    """Return the result that was stored; RecordError."""
    totals = stored.inner("totals")
    return RunResult(
        state=stored.choice("state", RunState),
        exit_code=stored.optional("exit_code", int),
        oom_killed=stored.get("oom_killed", bool),
        reason=stored.get("reason", str),
        advice=stored.get("advice", str),
        started_wall_ns=stored.optional("started_wall_ns", int),
        duration_ns=stored.optional("duration_ns", int),
        rung=stored.optional_choice("rung", Rung),
        totals=Totals(**{one.name: totals.optional(one.name, int) for one in fields(Totals)}),
        container_id=stored.optional("container_id", str),
        image_id=stored.optional("image_id", str),
        image_digest=stored.optional("image_digest", str),
        warnings=stored.texts("warnings"),
        engine_oom_killed=stored.optional("engine_oom_killed", bool),
        host_use=HostUse(**_numbers(stored, "host_use", HostUse)),
        start_up=StartUp(**_numbers(stored, "start_up", StartUp)),
        gpu=stored_gpu(stored),
    )


def _numbers(stored: Fields, name: str, kind: type[HostUse | StartUp]) -> dict[str, int | None]:
    """Return the whole numbers of a mapping; all None where a run of earlier times has none."""
    if stored.optional(name, dict) is None:
        return {}
    inner = stored.inner(name)
    return {one.name: inner.optional(one.name, int) for one in fields(kind)}
