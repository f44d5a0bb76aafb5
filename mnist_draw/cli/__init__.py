"""The command line: ``mnist-draw train``, ``evaluate``, ``predict``."""

from mnist_draw.cli.main import main

__all__ = ["main"]
