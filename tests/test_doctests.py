"""Examples in docstrings are run: what a reader types along must come out as it is printed."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "mnist_draw").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


def test_there_are_some() -> None:
    assert "mnist_draw.training.history" in WITH_EXAMPLES


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name: str) -> None:
    if name.endswith(".classifier"):
        pytest.importorskip("sklearn")
    found = doctest.testmod(import_module(name))
    assert found.attempted
    assert not found.failed
