from pathlib import Path

from cpost.commands.missing import missing
from cpost.meter.cgroup_host import UNIFIED, CgroupHost, Hierarchy


def told(tmp_path: Path, *files: str) -> str:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    host = CgroupHost(
        2, {UNIFIED: Hierarchy(tmp_path / "cgroup")}, frozenset({"memory"}), tmp_path / "proc"
    )
    return ", ".join(what for what, _ in missing(host, tmp_path / "sys"))


def test_a_machine_that_tells_all_lacks_nothing_but_perhaps_ssh(tmp_path: Path) -> None:
    text = told(
        tmp_path,
        "cgroup/a.slice/memory.peak",
        "cgroup/a.slice/memory.swap.current",
        "proc/pressure/cpu",
        "sys/class/thermal/thermal_zone0/temp",
    )
    assert text in {"", "engines over ssh (no ssh)"}


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    text = told(tmp_path)
    for word in ("memory peaks", "swap", "pressure", "thermal"):
        assert word in text
