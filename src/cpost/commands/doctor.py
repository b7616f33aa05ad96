"""What this machine can measure, what it lacks, and the command that mends it."""

from __future__ import annotations

import argparse
import getpass
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from textwrap import wrap

import cpost
from cpost.commands.engines import open_engine
from cpost.commands.missing import missing
from cpost.commands.profile_options import EngineChoice
from cpost.engine.port import EngineInfo
from cpost.errors import EngineUnreachableError, MeasureError
from cpost.meter import nvml
from cpost.meter.cgroup_host import CgroupHost, cgroup_host
from cpost.meter.parent_cgroup import parent_cgroup_refusal
from cpost.meter.sample import Rung
from cpost.record.session import default_record_dir
from cpost.reports.safe_stream import print_whole
from cpost.units import format_bytes

_INDENT = " " * 15


class Level(str, Enum):
    """How bad a finding is."""

    GOOD = "ok"
    NOTE = "note"
    LACK = "lack"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found out; ``mend`` is the command that would better it."""

    level: Level
    topic: str
    text: str
    mend: str | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--engine",
        choices=[one.value for one in EngineChoice],
        default=EngineChoice.AUTO.value,
        help="the engine that is examined (default: auto, which is docker)",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Print what was found; return 0, or 4 without an engine, or 5 where nothing is measurable."""
    host = cgroup_host()
    lines = [f"cpost {cpost.__version__} on {platform.node()}: {_machine()}", ""]
    cgroup, exit_code = _cgroup(host)
    choice = EngineChoice(arguments.engine)
    try:
        with closing(open_engine(choice, host)) as engine:
            info = engine.info()
        findings = [_engine(info), _access(info)]
        if info.local:
            findings.append(cgroup)
        else:
            exit_code = 0  # the engine's own machine is the one that counts
        rung = _process_rung(host) if choice is EngineChoice.PROCESS else _rung(info, host)
        findings += [rung, _gpu(info)]
    except EngineUnreachableError as error:
        lack = Finding(Level.LACK, "engine", str(error), error.hint)
        findings = [lack, cgroup, _process_rung(host)]
        exit_code = error.exit_code
    findings += _missing(host)
    findings.append(_record_dir(default_record_dir(None, os.environ)))
    width = _width()
    for finding in findings:
        lines += _shown(finding, width)
    print_whole("\n".join(lines) + "\n")
    return exit_code


def _machine() -> str:
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return (
        f"{os.cpu_count()} cores, {format_bytes(memory_bytes)}, {platform.machine()}, "
        f"Linux {platform.release()}, Python {platform.python_version()}"
    )


def _engine(info: EngineInfo) -> Finding:
    where = ", on this machine" if info.local else ", on another machine or in a virtual one"
    rootless = ", rootless" if info.rootless else ""
    text = f"{info.name} {info.version} at {info.address}{rootless}{where}"
    if info.cgroup_version:
        text += f"; cgroup v{info.cgroup_version}, driver {info.cgroup_driver or 'unknown'}"
    return Finding(Level.GOOD, "engine", text)


def _access(info: EngineInfo) -> Finding:
    me = _user()
    if not info.address.startswith("unix://"):
        return Finding(Level.GOOD, "access", f"{me} may use it")
    socket = Path(info.address.removeprefix("unix://"))
    group = _group(socket)
    return Finding(
        Level.GOOD,
        "access",
        f"{me} may use it; so may members of the group {group} (who are as good as root)",
    )


def _user() -> str:
    try:
        return getpass.getuser() if os.geteuid() else "root"
    except (KeyError, OSError):  # a number without a name, as in containers
        return f"user {os.geteuid()}"


def _group(path: Path) -> str:
    try:
        return path.group()
    except KeyError:  # a number without a name: the socket of a host seen in a container
        return str(path.stat().st_gid)
    except OSError:
        return "unknown"


def _cgroup(host: CgroupHost) -> tuple[Finding, int]:
    """Tell of this machine's cgroups; with the exit code that they are worth."""
    try:
        host.require_usable()
    except MeasureError as error:
        return Finding(Level.LACK, "cgroup", str(error), error.hint), error.exit_code
    if host.version == 2:
        return Finding(Level.GOOD, "cgroup", "version 2"), 0
    version_1 = Finding(
        Level.NOTE,
        "cgroup",
        "version 1: measured exactly too, but without pressure and with a coarser view of memory",
        "boot with version 2: add systemd.unified_cgroup_hierarchy=1 to GRUB_CMDLINE_LINUX in "
        "/etc/default/grub, then sudo update-grub && sudo reboot",
    )
    return version_1, 0


def _rung(info: EngineInfo, host: CgroupHost) -> Finding:
    """Tell which rung of the ladder a run would stand on, and what would lift it."""
    if not info.local:
        return Finding(
            Level.NOTE,
            "rung",
            f"{Rung.ENGINE_STATS.value}: one reading a second, the last second is lost",
            "execute cpost on the engine's own machine",
        )
    try:
        host.require_usable()
    except MeasureError as error:
        return Finding(
            Level.NOTE,
            "rung",
            f"{Rung.ENGINE_STATS.value}: one reading a second, the last second is lost, since "
            f"{error}",
        )
    refusal = parent_cgroup_refusal(driver=info.cgroup_driver, host=host, rootless=info.rootless)
    if refusal is None:
        rung = Rung.PARENT_CGROUP_V2 if host.version == 2 else Rung.PARENT_CGROUP_V1
        return Finding(
            Level.GOOD, "rung", f"{rung.value}: exact totals, however short an operator lives"
        )
    rung = Rung.CONTAINER_CGROUP_V2 if host.version == 2 else Rung.CONTAINER_CGROUP_V1
    return Finding(
        Level.NOTE,
        "rung",
        f"{rung.value}: what happens after the last sample is lost, since {refusal}",
        _mend_of_rung(info),
    )


def _mend_of_rung(info: EngineInfo) -> str | None:
    """Return what lifts the rung of an engine on this machine, None where nothing is known to."""
    if info.rootless and info.cgroup_driver != "systemd":
        return (
            'have it use systemd: cgroup_manager = "systemd" beneath [engine] in '
            "~/.config/containers/containers.conf"
        )
    if info.rootless:
        return "execute cpost as the engine's own user, logged in or with: loginctl enable-linger"
    if os.geteuid() != 0:
        return "execute cpost as root: sudo -E cpost …"
    if info.cgroup_driver == "systemd":
        return "execute cpost where systemd is at work, not in a container"
    if info.cgroup_driver == "cgroupfs":
        return "mount -o remount,rw /sys/fs/cgroup; in a container: docker run --privileged …"
    return None


def _process_rung(host: CgroupHost) -> Finding:
    """Tell what can be had without any container engine."""
    refusal = parent_cgroup_refusal(driver="cgroupfs", host=host)
    if refusal is None:
        rung, why = f"parent cgroup v{host.version}", ""
    else:
        rung, why = Rung.PROCESS_TREE.value, f"; no better rung, since {refusal}"
    return Finding(
        Level.NOTE,
        "rung",
        f"{rung}, with --engine process: local processes without isolation{why}",
    )


def _gpu(info: EngineInfo) -> Finding:
    if info.gpu_runtime and not info.local:
        return Finding(
            Level.NOTE, "GPU", "the engine has a GPU runtime; its use is not measured there"
        )
    if info.gpu_runtime and not nvml.is_installed():
        return Finding(
            Level.NOTE,
            "GPU",
            "the engine has a GPU runtime, but its use cannot be measured: no nvidia-ml-py",
            nvml.INSTALL_HINT,
        )
    if info.gpu_runtime:
        return Finding(Level.GOOD, "GPU", "the engine has a GPU runtime, and its use is measured")
    return Finding(
        Level.NOTE,
        "GPU",
        "no GPU runtime: requests.gpu is ignored",
        "only if there is a GPU: sudo apt-get install nvidia-container-toolkit",
    )


def _missing(host: CgroupHost) -> Iterator[Finding]:
    """Tell of the finer figures that cannot be had, in one finding."""
    found = list(missing(host))
    if found:
        mends = [f"{what.partition(' (')[0]}: {mend}" for what, mend in found if mend]
        text = ", ".join(what for what, _ in found)
        yield Finding(Level.NOTE, "missing", text, "; ".join(mends) or None)


def _record_dir(folder: Path) -> Finding:
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return Finding(
            Level.LACK,
            "record",
            f"{folder} cannot be written",
            f"sudo chown $USER {existing}; or choose another: export CPOST_RECORD_DIR=DIR",
        )
    free_bytes = shutil.disk_usage(existing).free
    return Finding(Level.GOOD, "record", f"{folder}, {format_bytes(free_bytes)} free")


def _shown(finding: Finding, width: int) -> Iterator[str]:
    """Yield the lines of a finding, wrapped to ``width`` columns."""
    yield from wrap(
        f"[{finding.level.value:^4}] {finding.topic:7} {finding.text}",
        width,
        subsequent_indent=_INDENT,
    )
    if finding.mend:
        yield from wrap(
            f"{_INDENT}mend: {finding.mend}",
            width,
            subsequent_indent=_INDENT + "      ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _width() -> int:
    """Return how wide lines may be: the terminal's width; elsewhere a command stays in one line."""
    if not sys.stdout.isatty():
        return 10_000
    return max(40, shutil.get_terminal_size().columns)
