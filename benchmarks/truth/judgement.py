"""Aims beside what was seen. The aims stand here, once, and are never moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.truth.statistic import median, median_interval

MIB = 1 << 20
CPU_TOLERANCE = 0.005
HARD_TOLERANCE, HARD_SLACK_BYTES = 0.02, 8 * MIB
# A spike counts as found by whoever saw nine tenths of it.
SPIKE_FOUND = 0.9
LARGE_BYTES = 100 * MIB
SAMPLE_US = {False: 40.0, True: 100.0}  # by whether the host is emulated
OWN_SHARE = {0.05: 0.01, 0.01: 0.03}  # by interval in seconds
LATE_P99_NS = 5_000_000
# An interval wider than this would hold zero whatever cpost did: it tells nothing.
TELLING_WIDTH = 0.1


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; ``met`` is None where the aim judges nothing here."""

    figure: str
    aim: str
    seen: str
    met: bool | None
    docker_stats: str = ""
    psrecord: str = ""


def rows(outcome: Mapping[str, Any]) -> list[Row]:
    """Return the table of one kind of host; parts that were not measured have no lines."""
    parts = {name: one["data"] for name, one in outcome["parts"].items()}
    emulated = outcome["host"].get("kind", "").endswith("emulated")
    judged: list[Row] = []
    judges: list[tuple[str, Callable[[Any], Iterable[Row]]]] = [
        ("burn", _cpu),
        ("memory", _hard),
        ("spikes", _spikes),
        ("nothing", _nothing),
        ("sample", lambda data: [_sample(data, emulated)]),
        ("own_use", _own_use),
        ("slow_down", _slow_down),
    ]
    for name, judge in judges:
        if name in parts:
            judged += judge(parts[name])
    marks = [
        one
        for name, key in (("burn", "burners"), ("memory", "holders"), ("spikes", "spikes"))
        for one in parts.get(name, {}).get(key, [])
    ]
    return [*([_peaks(marks)] if marks else []), *judged]


def _cpu(data: Mapping[str, Any]) -> list[Row]:
    floor = data["floor_cpu_usec"]
    burners = data["burners"]
    off = [one["cpu_usec"] - one["own_cpu_usec"] for one in burners]
    met = all(
        -CPU_TOLERANCE * one["own_cpu_usec"] <= more <= CPU_TOLERANCE * one["own_cpu_usec"] + floor
        for one, more in zip(burners, off, strict=True)
    )
    return [
        Row(
            "CPU seconds against the burner's own",
            "within 0.5 % + the start-up floor",
            f"{min(off) / 1000:+.0f} to {max(off) / 1000:+.0f} ms in {len(off)} burners of "
            f"{min(one['own_cpu_usec'] for one in burners) / 1e6:.1f} to "
            f"{max(one['own_cpu_usec'] for one in burners) / 1e6:.1f} s; "
            f"floor {floor / 1000:.0f} ms",
            met,
            _off_by(burners, "docker_stats_cpu_usec"),
            _off_by(burners, "psrecord_cpu_usec"),
        )
    ]


def _off_by(burners: Iterable[Mapping[str, Any]], key: str) -> str:
    """Return between which parts of the truth a peer's CPU seconds lay; nothing seen is none."""
    shares = sorted((one[key] or 0) / one["own_cpu_usec"] - 1 for one in burners)
    if not any(one[key] for one in burners):
        return "n/a"
    return f"{shares[0]:+.0%} to {shares[-1]:+.0%}"


def _peaks(marks: list[Mapping[str, Any]]) -> Row:
    known = [one for one in marks if one["kernel_peak_bytes"] is not None]
    off = [abs(one["peak_bytes"] - one["kernel_peak_bytes"]) for one in known]
    unknown = len(marks) - len(known)
    return Row(
        "memory peak against the kernel's high-water mark, read by somebody else",
        "0 difference",
        f"{sum(one == 0 for one in off)} of {len(off)} equal, "
        f"largest difference {max(off, default=0)} bytes"
        + (f"; {unknown} marks not caught" if unknown else ""),
        all(one == 0 for one in off) if off else None,
        _short_of_peak(known, "docker_stats_bytes"),
        _short_of_peak(known, "psrecord_bytes"),
    )


def _short_of_peak(known: list[Mapping[str, Any]], key: str) -> str:
    # In small ones libraries that others hold, too, would weigh more than all else; and page cache
    # both peers leave out because they mean to.
    large = [
        one
        for one in known
        if one["kernel_peak_bytes"] >= LARGE_BYTES and not one.get("held_cache_bytes")
    ]
    shares = [one[key] / one["kernel_peak_bytes"] - 1 for one in large if one[key]]
    return f"median {median(shares):+.0%}, worst {min(shares):+.0%}" if shares else "n/a"


def _hard(data: Mapping[str, Any]) -> list[Row]:
    def row(figure: str, holders: list[Mapping[str, Any]]) -> Row:
        known = [one for one in holders if one["hard_bytes"] is not None]
        off = [one["hard_bytes"] - one["held_bytes"] for one in known]
        met = all(
            abs(more) <= HARD_TOLERANCE * one["held_bytes"] + HARD_SLACK_BYTES
            for one, more in zip(known, off, strict=True)
        )
        return Row(
            figure,
            "within 2 % + 8 MiB",
            ", ".join(
                f"{one['held_bytes'] // MIB} MiB: {more / MIB:+.1f} MiB"
                for one, more in zip(known, off, strict=True)
            )
            or "n/a",
            met if len(known) == len(holders) else False,
            *(
                ", ".join(_more(one[key], one["held_bytes"]) for one in holders)
                for key in ("docker_stats_bytes", "psrecord_bytes")
            ),
        )

    holders = data["holders"]
    alone = [one for one in holders if not one["held_cache_bytes"]]
    beside = [one for one in holders if one["held_cache_bytes"]]
    return [
        row("hard memory against bytes held (anonymous, tmpfs)", alone),
        row("the same beside 256 MiB of page cache (none, anonymous, both)", beside),
    ]


def _more(said: int | None, held: int) -> str:
    return "n/a" if said is None else f"{(said - held) / MIB:+.0f} MiB"


def _spikes(data: Mapping[str, Any]) -> list[Row]:
    judged = []
    for milliseconds in sorted({one["milliseconds"] for one in data["spikes"]}):
        spikes = [one for one in data["spikes"] if one["milliseconds"] == milliseconds]
        found = _found(spikes, "peak_bytes")
        unsampled = [
            one for one in spikes if one["sampled_bytes"] < SPIKE_FOUND * one["spike_bytes"]
        ]
        warned = sum(one["warned"] for one in unsampled)
        lasted_ms = median([one["lasted_usec"] / 1000 for one in spikes])
        judged.append(
            Row(
                f"spikes of 200 MiB for {milliseconds} ms ({lasted_ms:.0f} ms with filling) found",
                "100 %, with a warning where no sample saw it",
                f"{found} of {len(spikes)}; no sample saw {len(unsampled)}, "
                f"{warned} of them with a warning",
                found == len(spikes) and warned == len(unsampled),
                f"{_found(spikes, 'docker_stats_bytes')} of {len(spikes)}",
                _found_or_none(spikes, "psrecord_bytes"),
            )
        )
    return judged


def _found(spikes: list[Mapping[str, Any]], key: str) -> int:
    return sum((one[key] or 0) >= SPIKE_FOUND * one["spike_bytes"] for one in spikes)


def _found_or_none(spikes: list[Mapping[str, Any]], key: str) -> str:
    if all(one[key] is None for one in spikes):
        return "n/a"
    return f"{_found(spikes, key)} of {len(spikes)}"


def _nothing(data: Mapping[str, Any]) -> list[Row]:
    measured = min(data["with_cpu"], data["with_peak"])
    left = data["left_over"]
    return [
        Row(
            "containers that execute `true`, measured",
            "all (CPU > 0, peak > 0), nothing left over",
            f"{measured} of {data['asked']}, left over: {len(left) or 'nothing'}",
            measured == data["asked"] and not left,
        )
    ]


def _sample(data: Mapping[str, Any], emulated: bool) -> Row:
    limit_us = SAMPLE_US[emulated]
    return Row(
        f"one sample, all files of a {data['rung']}, p50",
        f"≤ {limit_us:.0f} µs" + (" under emulation" if emulated else ""),
        f"{data['p50_us']:.0f} µs (p99 {data['p99_us']:.0f} µs)",
        data["p50_us"] <= limit_us,
    )


def _own_use(data: Mapping[str, Any]) -> list[Row]:
    judged = []
    for one in data["rates"]:
        aim = OWN_SHARE[one["interval_s"]]
        judged.append(
            Row(
                f"cpost's own CPU at {1 / one['interval_s']:.0f} Hz while an operator executes",
                f"< {aim:.0%} of one core",
                f"{one['share_executing']:.2%}; {one['share_whole']:.1%} over {one['long_s']} s "
                "with its start and end",
                one["share_executing"] < aim,
            )
        )
    slow = data["rates"][0]
    judged.append(
        Row(
            f"lateness of samples at {slow['interval_s'] * 1000:.0f} ms, p99",
            "< 5 ms on an idle machine",
            f"{slow['late_p99_ns'] / 1e6:.2f} ms (p50 {slow['late_p50_ns'] / 1e6:.2f} ms, "
            f"{slow['samples']} samples)",
            slow["late_p99_ns"] < LATE_P99_NS,
        )
    )
    return judged


def _slow_down(data: Mapping[str, Any]) -> list[Row]:
    ratios = [one["measured_ns"] / one["bare_ns"] - 1 for one in data["pairs"]]
    interval = median_interval(ratios)
    met = None
    seen = f"median {median(ratios):+.1%} in {len(ratios)} pairs"
    if interval is not None:
        seen += f", 95 % interval {interval[0]:+.1%} to {interval[1]:+.1%}"
        if interval[1] - interval[0] <= TELLING_WIDTH:
            met = interval[0] <= 0 <= interval[1]
    return [
        Row(
            "slow-down of a CPU-bound operator against a bare `docker run`",
            "not to be told from none",
            seen,
            met,
        )
    ]
