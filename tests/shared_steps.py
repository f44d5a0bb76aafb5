"""Steps that are compiled once for the whole test run."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from mnist_draw.analysis import one_step
from mnist_draw.analysis.one_step import StepExpressions
from mnist_draw.training.settings import TrainingSettings

_EXPRESSIONS: dict[str, StepExpressions] = {}


def _shared(network: Any, settings: TrainingSettings) -> StepExpressions:
    """Return the expressions of an earlier step with these settings, its accumulators empty."""
    found = _EXPRESSIONS.get(repr(settings))
    if found is None:
        found = StepExpressions(network, settings)
        found.compile = cache(found.compile)  # type: ignore[method-assign]
        _EXPRESSIONS[repr(settings)] = found
    for variable in found.accumulators:
        variable.set_value(np.zeros_like(variable.get_value()))
    return found


@pytest.fixture
def compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let steps with the same settings share one compiled function."""
    monkeypatch.setattr(one_step, "StepExpressions", _shared)
