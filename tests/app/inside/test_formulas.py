"""The formulas of a step, which NumPy computes as they are written, give the step's numbers."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from made_networks import random_model
from scipy.special import softmax

from mnist_draw.analysis.followed_weight import moved_figures
from mnist_draw.analysis.one_step import OneStep
from mnist_draw.app.inside.rows_view import Line
from mnist_draw.app.inside.step.film_maker import Explained
from mnist_draw.app.inside.step.stages import expressions
from mnist_draw.app.inside.step.weight_rows import weight_rows
from mnist_draw.i18n import parse_number
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES


def windows(array, side):
    return np.lib.stride_tricks.sliding_window_view(array, (side, side), axis=(2, 3))


def conv(array, filters):
    found = windows(array, filters.shape[-1])
    return np.einsum("nchwij,fcij->nfhw", found, filters[:, :, ::-1, ::-1])


def conv_wrt_w(array, errors):
    found = np.einsum("ncijhw,nfhw->fcij", windows(array, errors.shape[-1]), errors)
    return found[:, :, ::-1, ::-1]


def conv_wrt_x(errors, filters):
    side = filters.shape[-1]
    padded = np.pad(errors, ((0, 0), (0, 0), (side - 1,) * 2, (side - 1,) * 2))
    return np.einsum("nfhwij,fcij->nchw", windows(padded, side), filters)


def squares(array, side):
    """Return even maps, (N, maps, H, W), cut into squares."""
    count, maps, height, width = array.shape
    return array.reshape(count, maps, height // side, side, width // side, side)


def pool(array, side):
    return squares(array, side).max(axis=(3, 5))


def unpool(errors, array, side):
    cut = squares(array, side)
    largest = cut == cut.max(axis=(3, 5), keepdims=True)
    return (largest * errors[:, :, :, None, :, None]).reshape(array.shape)


FUNCTIONS = {
    "dot": np.dot, "conv": conv, "conv_wrt_W": conv_wrt_w, "conv_wrt_x": conv_wrt_x, "pool": pool,
    "unpool": unpool, "softmax": lambda z: softmax(z, axis=1),
    "rectify": lambda z: np.maximum(z, 0),
    "tanh": np.tanh, "exp": np.exp, "log": np.log, "range": range,
    "slope_of_tanh": lambda z: 1 - np.tanh(z) ** 2,
}  # fmt: skip


def compute(lines, names):
    """Compute formulas line by line, each name for those that follow."""
    for line in lines:
        name, _, formula = line.text.partition(" = ")
        formula = formula.replace("Σ W²", "squares_of_W").replace("·", "*").replace("−", "-")
        formula = re.sub(r"(\w+)'\(", r"slope_of_\1(", formula)
        # Methods of arrays import.
        builtins = {"__import__": __import__}
        names[name] = eval(formula, {"__builtins__": builtins}, names)


@pytest.mark.parametrize(
    ("network", "l2"),
    [
        ("mlp", 0.0),
        ("custom_mlp:2,8,0.2,0.5", 0.01),
        ("layers:12@tanh,8", 0.0),
        pytest.param("cnn", 0.0, marks=pytest.mark.slow),
        pytest.param("deep_cnn", 0.0, marks=pytest.mark.slow),
    ],
)
def test_the_formulas_of_a_step_compute_its_gradients(network, l2, digits, monkeypatch):
    monkeypatch.setattr("mnist_draw.analysis.one_step.load_dataset", lambda: digits)
    settings = TrainingSettings(network=network, batch_size=4, l2=l2, update="sgd")
    step = OneStep(random_model(network), settings)
    minibatch = step.minibatch(0)
    figures = step.step(minibatch)
    shown = SimpleNamespace(
        figures=figures,
        layers=step.layers,
        settings=settings,
        retained=step.retained,
    )
    # Rows of data that `load_data` has scaled, and numbers that leave out what the masks do.
    names = {**FUNCTIONS, "X_train": minibatch.pictures, "y_train": minibatch.labels}
    names["rows"] = np.arange(len(minibatch.labels))
    for line in expressions(shown, 1)[:2]:
        compute([line], names)
    for number, mask in enumerate(minibatch.masks, 1):
        names["random"] = 1 - mask
        compute([expressions(shown, 1)[1 + number]], names)
        np.testing.assert_array_equal(names[f"m{number}"], mask)
    for number, layer in enumerate(step.layers, 1):
        names[f"W{number}"], names[f"b{number}"] = layer.W, layer.b
    names["squares_of_W"] = sum(float((layer.W**2).sum()) for layer in step.layers)
    names["onehot"] = lambda y: np.eye(len(figures.p))[y]
    compute(expressions(shown, 2), names)
    np.testing.assert_allclose(names["p"][0], figures.p, atol=1e-4)
    compute(expressions(shown, 3), names)
    np.testing.assert_allclose(names["p"][0], figures.p, atol=1e-4)
    np.testing.assert_allclose(names["l"], figures.losses, atol=1e-4)
    penalty = l2 * sum(float((layer.W**2).sum()) for layer in step.layers)
    assert names["loss"] == pytest.approx(figures.losses.mean() + penalty, rel=1e-4)
    compute(expressions(shown, 4), names)
    for place, gradient in enumerate(figures.gradients):
        found = names[f"g{'Wb'[place % 2]}{place // 2 + 1}"]
        assert found.shape == gradient.shape
        np.testing.assert_allclose(found, gradient, rtol=2e-3, atol=2e-5)


_POWER = re.compile(r"[\d.]+×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def evaluate(formula, **names):
    """Return what a formula of the page gives when it is typed."""
    formula = _POWER.sub(lambda found: repr(parse_number(found[0])), formula)
    formula = formula.replace("−", "-").replace("·", "*").replace("²", "**2").replace("^", "**")
    formula = re.sub(r"√(?=[\d.])([\d.e-]+)", r"sqrt(\1)", formula)
    formula = formula.replace("√(", "sqrt(").replace(",", "")
    return float(eval(formula, {"__builtins__": {}}, {"sqrt": np.sqrt, "exp": np.exp, **names}))


@pytest.mark.parametrize("l2", [0.0, 0.01])
@pytest.mark.parametrize("rule", UPDATE_RULES)
@pytest.mark.parametrize(
    "network",
    ["custom_mlp:1,20,0.2,0.5", "layers:12@tanh,8", "custom_mlp:0"],
)
def test_the_formulas_of_one_weight_give_its_figures(network, rule, l2, digits, monkeypatch):
    monkeypatch.setattr("mnist_draw.analysis.one_step.load_dataset", lambda: digits)
    settings = TrainingSettings(network=network, batch_size=40, l2=l2, update=rule)
    step = OneStep(random_model(network, spread=0.05), settings)
    for number in range(2):
        step.learn(step.minibatch(number))
    figures = step.step(step.minibatch(2), 2)
    moved = moved_figures(figures, settings)
    shown = Explained(
        figures, step.layers, settings, step.retained, moved, (10, 12, 200), False, 0,
    )  # fmt: skip
    weight = shown.follow(1)
    (columns,) = weight_rows(shown, weight, str)
    rows = (*columns.left, *columns.right)
    lines = [row for row in rows if isinstance(row, Line) and row.made]
    for line in lines:
        found = evaluate(line.made)
        # Terms are rounded each for itself.
        rounding = 2e-3 if " + (" in line.made else 6e-4
        assert found == pytest.approx(parse_number(line.figure), rel=4e-3, abs=rounding), line
    assert len(lines) == 3 + len(UPDATE_RULES[rule].formulas) + bool(l2)
    for name, made, value in weight.updates:
        if name == "W":
            assert value == pytest.approx(weight.after, rel=1e-6)
            # The weight hides how far it goes; the step itself is that of the rule.
            assert evaluate(made) - weight.before == pytest.approx(
                weight.figures.moved,
                rel=0.1,
                abs=1e-4,
            )
        else:
            assert evaluate(made) == pytest.approx(value, rel=4e-3, abs=1e-12)
