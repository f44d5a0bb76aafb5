"""A home of its own for each test: nothing that one test keeps is found by the next."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep nothing of one test for the next."""
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
