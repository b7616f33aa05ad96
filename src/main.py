"""cpost from a source tree, as its README says: ``python src/main.py …``, from any folder."""

import sys

from cpost.cli import main

if __name__ == "__main__":
    sys.exit(main())
