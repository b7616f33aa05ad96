"""What operators write: one folder a session, removed when it ends unless it is to be kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cpost.engine.owner import Owner, token_is_alive
from cpost.engine.port import Engine
from cpost.errors import EngineError
from cpost.interrupt import shielded
from cpost.pipeline.model import Operator
from cpost.profiling.mounts import output_folder

_log = logging.getLogger(__name__)

_PREFIX = "outputs-"  # and the token of the cpost whose operators write there


class Outputs:
    """The outputs of all operators of a session, in ``folder``."""

    def __init__(
        self, engine: Engine, session_id: str, session_dir: Path, keep_outputs: Path | None
    ) -> None:
        """Make nothing yet; ``keep_outputs`` is a folder of the user's, None to keep nothing."""
        token = Owner.current(session_id).token
        self.folder = keep_outputs or session_dir / f"{_PREFIX}{token}n"
        self._engine = engine
        self._all_sessions = session_dir.parent
        self._kept = keep_outputs is not None

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """Remove those of dead sessions at once, and this session's when the block ends.

        Raises FolderUnseenError where operators could not write there, see ``Engine``.
        """
        for folder in self._all_sessions.glob(f"*/{_PREFIX}*"):
            if not token_is_alive(folder.name.removeprefix(_PREFIX)):
                self._remove(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._engine.require_folder(self.folder, copy_will_do=False)
            yield
        finally:
            with shielded():
                if not self._kept and self.folder.exists():
                    self._remove(self.folder)

    def prepare(self, operator: Operator) -> None:
        """Make the folders that an operator writes to."""
        for output in operator.outputs:
            folder = output_folder(self.folder, operator, output)
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o777)  # the operator may be anybody inside its container

    def _remove(self, folder: Path) -> None:
        try:
            self._engine.remove_tree(folder)
        except EngineError as error:
            _log.warning("%s (%s)", error, error.hint)
