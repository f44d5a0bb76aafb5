"""A run that is over."""

import pytest
from shared_steps import shared_step as shared_step

from .short_runs import SMALL, run


@pytest.fixture(scope="session")
def finished(digits, tmp_path_factory):
    """A complete run's checkpoint, and its events."""
    path = tmp_path_factory.mktemp("finished") / "run"
    return path, run(SMALL, dataset=digits, checkpoint=path)
