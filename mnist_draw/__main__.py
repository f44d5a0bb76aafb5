"""``python -m mnist_draw`` is ``mnist-draw``.

Imports happen inside `main`, so that Ctrl-C during the first of them ends in a word, too.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command of the process's arguments and return its exit status."""
    try:
        from mnist_draw.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        print("mnist-draw: Interrupted.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
