"""One boot of the machine: it executes one command and powers itself off."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from cgroup2.errors import TestbedError

MEMORY_MIB = 3072
CPUS = 2
PROCESSORS = {
    "kvm": ("-accel", "kvm", "-cpu", "host"),
    # The least that numpy's wheels need: what vectors can do beyond that is slower to emulate.
    "tcg": ("-accel", "tcg,thread=multi", "-cpu", "Nehalem"),
}

KERNEL_ARGUMENTS = (
    "console=ttyS0",
    "systemd.unit=testbed.target",
    "systemd.unified_cgroup_hierarchy=1",
    "cgroup_no_v1=all",
    # Nothing in there needs profiles, and the engine would load its own at each start.
    "apparmor=0",
    "audit=0",
    # A kernel that panics ends at once (with -no-reboot), instead of waiting for the time limit.
    "panic=-1",
    # The kernel mistrusts the emulated counter; its other clocks take an exit for each reading.
    "tsc=reliable",
    # Emulated processors have no timing to attack, and everything counts double on them.
    "mitigations=off",
    "nokaslr",
    "init_on_alloc=0",
    # Cgroups and networks are removed without waiting for every processor's leisure.
    "rcupdate.rcu_expedited=1",
)


@dataclass(frozen=True, slots=True)
class Disks:
    """The files behind the machine's disks.

    Of ``root`` a boot changes nothing, unless ``keep_changes``. ``handed_in`` is only read;
    ``results`` must be as large as what may come back.
    """

    root: Path
    handed_in: Path
    results: Path
    keep_changes: bool = False


def boot(
    *, kernel: Path, initrd: Path, disks: Disks, accelerator: str, console_log: Path, limit_s: float
) -> float:
    """Boot, wait until the machine has powered itself off, return the seconds it took.

    What the command prints appears on standard output while it is printed; the machine's console
    is written to ``console_log``. Raises TestbedError after ``limit_s``. Whatever happens, also to
    this process itself, the machine does not outlive it.
    """
    begin = time.monotonic()
    command = [
        *("setpriv", "--pdeathsig", "KILL"),  # however this process ends
        "qemu-system-x86_64",
        *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-machine", "q35", *PROCESSORS[accelerator]),
        *("-smp", str(CPUS), "-m", str(MEMORY_MIB)),
        *("-kernel", str(kernel), "-initrd", str(initrd), "-append", " ".join(KERNEL_ARGUMENTS)),
        *("-drive", _drive(disks.root, "" if disks.keep_changes else "snapshot=on")),
        *("-drive", _drive(disks.handed_in, "readonly=on")),
        *("-drive", _drive(disks.results)),
        *("-serial", f"file:{console_log}"),
        *("-serial", "stdio"),
    ]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as qemu:
        try:
            qemu.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise TestbedError(
                f"the machine was not done within {limit_s:.0f} s; its console: {console_log}"
            ) from None
        finally:
            qemu.kill()
    return time.monotonic() - begin


def _drive(file: Path, option: str = "") -> str:
    # A comma separates options, so one in a name is doubled. The host's disk is spared: a machine
    # that lives for minutes needs no guarantee that what it wrote survives a power cut.
    name = str(file).replace(",", ",,")
    return ",".join(filter(None, (f"file={name},format=raw,if=virtio,cache=unsafe", option)))
