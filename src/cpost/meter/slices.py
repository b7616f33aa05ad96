"""The systemd that makes slices for an engine: the machine's own, or that of one user.

A rootless engine asks the user's systemd. All that is beneath it belongs to the user, who can
therefore remove it again without being root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_S = 30
_IS_UP = Path("/run/systemd/system")  # see sd_booted(3)


@dataclass(frozen=True, slots=True)
class SliceManager:
    """``folder`` is where its slices lie below the mount of the hierarchy, empty for the top.

    ``uid`` is the user whose own systemd it is, None for the machine's.
    """

    folder: str = ""
    uid: int | None = None

    @classmethod
    def of_user(cls, uid: int) -> SliceManager:
        """Return a user's own; where it lies is the same on every machine, see user@.service(5)."""
        return cls(f"user.slice/user-{uid}.slice/user@{uid}.service/", uid)

    def refusal(self, mount_point: Path) -> str | None:
        """Return in one line why this user could not remove its slices again, None if he can."""
        if shutil.which("systemctl") is None or not _IS_UP.is_dir():
            return "no systemd answers here that could remove a slice again"
        if self.uid is None:
            return None if os.geteuid() == 0 else "only root may remove a systemd slice again"
        if os.geteuid() != self.uid:
            return "only the user whose rootless engine it is may remove its slices again"
        if not (mount_point / self.folder).is_dir():
            return "this user has no systemd of his own (loginctl enable-linger starts one)"
        return None

    def stop(self, name: str) -> None:
        """Have it remove a slice; what is still in it is ended."""
        whose = ["--user"] if self.uid is not None else []
        command = ["systemctl", *whose, "stop", "--quiet", "--no-ask-password", name]
        with suppress(subprocess.TimeoutExpired):  # whoever asked sees that it is still there
            subprocess.run(
                command, check=False, capture_output=True, timeout=_TIMEOUT_S, env=self._environ()
            )

    def _environ(self) -> dict[str, str]:
        """Return the environment with the way to the user's systemd, which ``su`` does not set."""
        if self.uid is None:
            return dict(os.environ)
        return {"XDG_RUNTIME_DIR": f"/run/user/{self.uid}", **os.environ}
