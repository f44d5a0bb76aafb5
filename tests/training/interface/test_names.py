"""Names that are misspelt are answered with those that were meant."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import mnist_draw
from mnist_draw.errors import did_you_mean
from mnist_draw.training.settings import SettingsError, TrainingSettings


@pytest.mark.parametrize(
    ("function", "name", "meant"),
    [
        ("get_class", "exampel", "example"),
        ("load_data", "foldr", "folder"),
        ("build_mlp", "drop_out", "dropout"),
        ("iterate_minibatches", "batch_size", "batchsize"),
        ("load_network", "network", "network_name"),
        ("save_network", "titel", "title"),
    ],
)
def test_a_parameter(function: str, name: str, meant: str) -> None:
    words = f"^{function} has no parameter '{name}'; did you mean {meant}\\?$"
    called: Any = getattr(mnist_draw, function)
    with pytest.raises(TypeError, match=words):
        called(**{name: 1})


def test_help_shows_the_parameters_all_the_same() -> None:
    assert list(inspect.signature(mnist_draw.load_data).parameters) == ["folder"]


def test_a_function() -> None:
    with pytest.raises(AttributeError, match="did you mean run_network"):
        mnist_draw.run_netwrok  # noqa: B018


def test_a_setting() -> None:
    with pytest.raises(SettingsError, match=r"no setting 'epoch'. Did you mean epochs\?"):
        TrainingSettings.from_json({"epoch": 3})


def test_names_like_none_are_answered_with_all() -> None:
    assert did_you_mean("xyz", ["loss", "accuracy"]) == "there are accuracy, loss."
