"""The bar of a run in a notebook, and none elsewhere unless it is asked for."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import mnist_draw
from mnist_draw.training.progress import TrainingProgressBar, in_notebook

Six = tuple[Any, ...]


@pytest.fixture
def data(digits):
    return (
        digits.train_images, digits.train_labels, digits.validation_images,
        digits.validation_labels, digits.test_images, digits.test_labels,
    )  # fmt: skip


@pytest.fixture
def notebook(monkeypatch):
    """Let Python look as it does behind a notebook without widgets."""
    ipython = ModuleType("IPython")
    shell = SimpleNamespace(config={"IPKernelApp": {}})
    ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)


def train(data, **how):
    mnist_draw.run_network(
        data, num_epochs=2, batch_size=100, network_name="layers:16", verbose=False, **how
    )


def test_a_script_has_none(data, capsys):
    assert not in_notebook()
    train(data)
    assert capsys.readouterr() == ("", "")


def test_a_notebook_has_one(data, notebook, capsys):
    assert in_notebook()
    train(data)
    assert "12/12" in capsys.readouterr().err


def test_a_script_that_asks_has_one(data, capsys):
    train(data, progress=True)
    shown = capsys.readouterr().err
    assert "Epoch 2/2: 100%" in shown
    assert ", validated " in shown


def test_lines_stand_above_the_bar(capsys):
    bar = TrainingProgressBar()
    bar.print("first")
    bar.close()
    assert capsys.readouterr().out == "first\n"


def test_no_name_in_a_line_begins_another(capsys):
    TrainingProgressBar().print("mnist\ndone: 100 %")
    assert capsys.readouterr().out == "mnist\\u000adone: 100 %\n"
