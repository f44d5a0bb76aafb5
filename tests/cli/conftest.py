"""Each test of the command line has its own runs and preferences."""

import pytest
from shared_steps import shared_step as shared_step

from mnist_draw.cli import train_run


@pytest.fixture(autouse=True)
def each_has_its_own(own_home, shared_step):
    """Set the home of each test, and compile once for all."""


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
