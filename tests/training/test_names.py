"""Names that are misspelt are answered with those that were meant."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import mnist_draw
from mnist_draw.errors import did_you_mean, few_of
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
def test_a_parameter(function, name, meant):
    words = f"^{function} has no parameter '{name}'; did you mean {meant}\\?$"
    called: Any = getattr(mnist_draw, function)
    with pytest.raises(TypeError, match=words):
        called(**{name: 1})


def test_help_shows_the_parameters_all_the_same():
    assert list(inspect.signature(mnist_draw.load_data).parameters) == ["folder"]


def test_a_function():
    with pytest.raises(AttributeError, match="did you mean run_network"):
        mnist_draw.run_netwrok  # noqa: B018


def test_a_setting():
    with pytest.raises(SettingsError, match=r"no setting 'epoch'. Did you mean epochs\?"):
        TrainingSettings.from_json({"epoch": 3})


def test_names_like_none_are_answered_with_all():
    assert did_you_mean("xyz", ["loss", "accuracy"]) == "there are accuracy, loss."


def test_of_hundreds_of_names_the_nearest_are_told_and_what_lists_all():
    names = [f"2026-11-{day:02} {hour:02}.00.00" for day in range(1, 29) for hour in range(10)]
    told = did_you_mean("mine", [*names, "my network"], "mnist-draw runs")
    assert told.startswith("of 281 names, my network, ")
    assert told.endswith(" come nearest. mnist-draw runs lists all.")
    assert len(told) < 250
    assert did_you_mean("xyz", ["a"], "ls") == "there are a. ls lists all."


def test_a_few_of_many():
    assert few_of("abcdefg") == "a, b, c, d, e, f, g"
    assert few_of("abcdefgh") == "a, b, c, d, e, f and 2 more"
