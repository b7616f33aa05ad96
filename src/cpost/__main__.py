"""``python -m cpost`` is ``cpost``."""

import sys

from cpost.cli import main

sys.exit(main())
