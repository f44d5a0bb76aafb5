"""Examples in docstrings are run: what a reader types along must come out as it is printed."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import mnist_draw

ROOT = Path(__file__).parents[1]
WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "mnist_draw").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


def test_there_are_some():
    assert "mnist_draw.training.history" in WITH_EXAMPLES


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name):
    if name.endswith(".classifier"):
        pytest.importorskip("sklearn")
    module, finder = import_module(name), doctest.DocTestFinder()
    tests = finder.find(module)
    # Public classes name the package as their module.
    source = inspect.getsource(module)
    for thing in filter(inspect.isclass, vars(module).values()):
        if thing.__module__ == "mnist_draw" and f"class {thing.__name__}(" in source:
            tests += finder.find(thing, module=mnist_draw)
    assert any(test.examples for test in tests)
    assert not sum(doctest.DocTestRunner().run(test).failed for test in tests)
