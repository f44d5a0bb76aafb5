"""The command line: ``mnist-draw train``, ``predict``, ``export`` and others."""

from mnist_draw.cli.main import main

__all__ = ["main"]
