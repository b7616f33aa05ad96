"""Say which container engine answers: its address and version on stdout, exit code 0 or 1.

Looks where the docker command would: DOCKER_HOST, the current context, the default socket.
"""

from __future__ import annotations

import os
import sys

from cpost.engine.connection import Endpoint
from cpost.errors import CpostError

TIMEOUT_S = 10.0


def main() -> None:
    """Ask once."""
    try:
        endpoint = Endpoint.find(os.environ)
        version = endpoint.client(TIMEOUT_S).version()
    except CpostError as error:
        sys.exit(str(error))
    if version["Os"] != "linux":
        sys.exit(f"the engine at {endpoint.host} executes containers of {version['Os']}")
    print(f"{endpoint.host} (version {version['Version']})")


if __name__ == "__main__":
    main()
