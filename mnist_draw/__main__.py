"""``python -m mnist_draw`` is ``mnist-draw``."""

import sys

from mnist_draw.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
