"""The checkout goes in, the results come back: a tar file each, seen by the machine as a disk."""

from __future__ import annotations

import io
import shlex
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from cgroup2.errors import TestbedError

# As much as may come back; a hole in a file until it is written.
RESULTS_BYTES = 1 << 30


def hand_in(archive: Path, checkout: Path, command: str, environment: Mapping[str, str]) -> None:
    """Write what one boot needs: the shell ``command`` and the checkout as it lies there.

    That is all git knows or would add, so neither build folders nor virtual environments.
    """
    exports = "".join(f"export {key}={shlex.quote(word)}\n" for key, word in environment.items())
    with tarfile.open(archive, "w") as tar:
        for name, script in (("command", command), ("environment", exports)):
            member = tarfile.TarInfo(name)
            member.size = len(script.encode())
            tar.addfile(member, io.BytesIO(script.encode()))
        tar.add(checkout, "checkout", recursive=False)
        for name in _files_of(checkout):
            tar.add(checkout / name, f"checkout/{name}", recursive=False)


def empty_results(archive: Path) -> None:
    """Make the disk that the machine writes its results to."""
    with archive.open("wb") as file:
        file.truncate(RESULTS_BYTES)


def bring_back(archive: Path, folder: Path) -> int | None:
    """Unpack the results into ``folder``; return the exit status of the command.

    None where the machine never got so far as to write one.
    """
    with archive.open("rb") as file:
        if not any(file.read(tarfile.BLOCKSIZE)):
            return None
    unpack = ["tar", "--extract", "--file", str(archive), "--no-same-owner"]
    subprocess.run(unpack, cwd=folder, check=True)
    status = folder / "exit_status"
    return int(status.read_text()) if status.exists() else None


def _files_of(checkout: Path) -> list[str]:
    # safe.directory: the checkout may belong to somebody else than the root who is at work here.
    listing = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    command = ["git", "-c", f"safe.directory={checkout}", "-C", str(checkout), *listing]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TestbedError(f"{checkout} is no git checkout: {done.stderr.strip()}")
    names = sorted(set(done.stdout.split("\0")) - {""})
    # What was removed but not committed is still listed; a link may point nowhere.
    return [name for name in names if (checkout / name).exists() or (checkout / name).is_symlink()]
