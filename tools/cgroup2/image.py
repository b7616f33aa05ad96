"""Make a machine that is not there yet: build its disk, then boot it once to fill its engines."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cgroup2 import exchange, host, machine, recipe
from cgroup2.errors import TestbedError

PRIME_LIMIT_S = 1200
_UNUSED_S = 7 * 24 * 3600


def provide() -> Path:
    """Return the folder of today's machine (vmlinuz, initrd, root.img), made if need be."""
    folder = recipe.image_folder()
    with _alone():
        if not folder.exists():
            host.ensure_packages()
            if os.geteuid() != 0:
                raise TestbedError("the machine can be made by root alone: its files belong to it")
            _remove_unused()
            _make(folder)
    os.utime(folder)
    return folder


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder for the files of one boot, beside the machines: they can be large."""
    recipe.cache_folder().mkdir(parents=True, exist_ok=True)
    for left in recipe.cache_folder().glob("boot-*"):
        if not Path("/proc", left.name.removeprefix("boot-")).exists():
            shutil.rmtree(left)  # of somebody who was killed
    folder = recipe.cache_folder() / f"boot-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _make(folder: Path) -> None:
    begin = time.monotonic()
    print(f"cgroup2: making {folder} (once per recipe)", file=sys.stderr)
    with work_folder() as work:
        new = work / "image"
        new.mkdir()
        _build(new)
        print("cgroup2: first boot", file=sys.stderr)
        _prime(new, work)
        # Last, and at once: a folder of that name is always a whole machine.
        new.rename(folder)
    print(f"cgroup2: made in {time.monotonic() - begin:.0f} s", file=sys.stderr)


def _build(image: Path) -> None:
    """Execute build-root.sh in namespaces of its own.

    Its mounts are seen by nobody who removes its folder, and all its processes end with its first.
    """
    script = [
        *("setpriv", "--pdeathsig", "KILL"),
        *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
        *("bash", str(recipe.HERE / "build-root.sh"), str(image)),
    ]
    with subprocess.Popen(script, cwd=recipe.CHECKOUT, start_new_session=True) as build:
        try:
            failed = build.wait() != 0
        except BaseException:
            for first in Path(f"/proc/{build.pid}/task/{build.pid}/children").read_text().split():
                os.kill(int(first), signal.SIGKILL)
            raise
    if failed:
        raise TestbedError("the machine could not be built")


def _prime(image: Path, work: Path) -> None:
    handed_in, results = work / "in.tar", work / "results.tar"
    console_log = recipe.cache_folder() / "first-boot.log"
    exchange.hand_in(handed_in, recipe.CHECKOUT, (recipe.HERE / "prime.sh").read_text(), {})
    exchange.empty_results(results)
    machine.boot(
        kernel=image / "vmlinuz",
        initrd=image / "initrd",
        disks=machine.Disks(image / "root.img", handed_in, results, keep_changes=True),
        accelerator=host.accelerator(),
        console_log=console_log,
        limit_s=PRIME_LIMIT_S,
    )
    if exchange.bring_back(results, work) != 0:
        raise TestbedError(f"the first boot failed; the machine's console: {console_log}")


def _remove_unused() -> None:
    """Remove machines of other recipes, unless they were booted this week."""
    for folder in recipe.cache_folder().iterdir():
        if (folder / "root.img").exists() and time.time() - folder.stat().st_mtime > _UNUSED_S:
            shutil.rmtree(folder)


@contextmanager
def _alone() -> Iterator[None]:
    """Let others who want the same machine wait until it is made."""
    recipe.cache_folder().mkdir(parents=True, exist_ok=True)
    with (recipe.cache_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
