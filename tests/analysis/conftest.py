"""A home of its own for each test, which shares the compiled code alone."""

import contextlib
import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """Keep nothing of one test for the next but compiled code."""
    shared = Path(os.environ["MNIST_DRAW_HOME"]) / "cache" / "compiled"
    cache = tmp_path / "home" / "cache"
    cache.mkdir(parents=True)
    # Without links each test compiles anew.
    with contextlib.suppress(OSError, NotImplementedError):
        (cache / "compiled").symlink_to(shared, target_is_directory=True)
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
