"""Steps that are compiled once for the whole test run."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from mnist_draw.analysis import one_step
from mnist_draw.analysis.one_step import StepExpressions

_EXPRESSIONS: dict[str, StepExpressions] = {}


def _shared(network, settings):
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
def compiled_once(monkeypatch):
    """Let steps with the same settings share one compiled function."""
    monkeypatch.setattr(one_step, "StepExpressions", _shared)
