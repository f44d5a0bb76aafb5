"""Each test of the command line has its own runs and preferences."""

import contextlib
import os
from pathlib import Path

import pytest
from shared_steps import shared_step as shared_step

from mnist_draw.cli import train_run


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch, shared_step):
    """Set a home of its own, with the compiled code that all tests share."""
    home = tmp_path_factory.mktemp("home")
    shared = Path(os.environ["MNIST_DRAW_HOME"]) / "cache"
    with contextlib.suppress(OSError, NotImplementedError):
        (home / "cache").symlink_to(shared, target_is_directory=True)
    monkeypatch.setenv("MNIST_DRAW_HOME", str(home))
    return home


@pytest.fixture
def at_first(monkeypatch):
    """Have something done at the first event of a kind."""

    def arrange(kind, action):
        show, waiting = train_run.Progress.show, [action]

        def watch(progress, event):
            show(progress, event)
            if isinstance(event, kind) and waiting:
                waiting.pop()()

        monkeypatch.setattr(train_run.Progress, "show", watch)

    return arrange
