"""What a process is before it becomes an operator: executed by itself, never imported.

It says that it is ready, waits to be told what to execute, and executes that in its own place, so
that it can be put into a cgroup before the operator has used anything. If whoever started it goes
away first, it ends without executing anything.

``argv[1]`` is the descriptor of the status pipe: ``READY``, then nothing if the operator executes,
else the number of the error. Standard input holds the fields of ``order``.
"""

from __future__ import annotations

import os
import signal
import sys

READY = b"r"
_END = b"\0go"


def order(words: list[bytes], environment: dict[bytes, bytes]) -> bytes:
    """Return what is to be written to the gate: what to execute, in which environment."""
    variables = [name + b"=" + value for name, value in environment.items()]
    return b"\0".join([str(len(words)).encode(), *words, *variables]) + _END


def main() -> None:
    """Wait, then become the operator."""
    status = int(sys.argv[1])
    os.set_inheritable(status, False)
    os.write(status, READY)
    told = bytearray()
    while piece := os.read(0, 1 << 16):
        told += piece
    if not told.endswith(_END):
        sys.exit(1)
    count, *fields = bytes(told[: -len(_END)]).split(b"\0")
    words, variables = fields[: int(count)], fields[int(count) :]
    environment = dict(variable.split(b"=", 1) for variable in variables)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Python ignores these, and what is ignored stays so in the program that is executed.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execvpe(words[0], words, environment)
    except OSError as error:
        os.write(status, str(error.errno).encode())


if __name__ == "__main__":
    main()
