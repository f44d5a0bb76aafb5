"""The formulas of a step, computed as they are written, give the numbers of the step."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from made_networks import random_model

from mnist_draw.analysis.one_step import OneStep
from mnist_draw.app.inside.step.stages import expressions
from mnist_draw.training.settings import TrainingSettings


class Value:
    """An array as the formulas use it: dense layers flatten what they read."""

    def __init__(self, array):
        self.array = np.asarray(array, np.float64)

    @property
    def T(self):
        return Value(flat(self).T)

    def __mul__(self, other):
        other = other.array if isinstance(other, Value) else other
        if np.ndim(other) and self.array.shape != other.shape and self.array.size == other.size:
            return Value(self.array.reshape(other.shape) * other)
        return Value(self.array * other)

    __rmul__ = __mul__

    def __truediv__(self, other):
        return Value(self.array / other)

    def __add__(self, other):
        bias = other.array
        if self.array.ndim == 4 and bias.ndim == 1:
            bias = bias[:, None, None]
        return Value(self.array + bias)

    def __sub__(self, other):
        return Value(self.array - other.array)

    def __gt__(self, other):
        return Value(self.array > other)


def flat(value):
    return value.array.reshape(len(value.array), -1)


def dot(one, other):
    one = one.array if one.array.shape[1] == len(other.array) else flat(one)
    return Value(one @ other.array.reshape(one.shape[1], -1))


def windows(array, side):
    return np.lib.stride_tricks.sliding_window_view(array, (side, side), axis=(2, 3))


def conv(value, filters):
    turned = filters.array[:, :, ::-1, ::-1]
    return Value(np.einsum("nchwij,fcij->nfhw", windows(value.array, turned.shape[-1]), turned))


def conv_wrt_w(value, errors):
    height, width = errors.array.shape[2:]
    found = np.lib.stride_tricks.sliding_window_view(value.array, (height, width), axis=(2, 3))
    return Value(np.einsum("ncijhw,nfhw->fcij", found, errors.array)[:, :, ::-1, ::-1])


def conv_wrt_x(errors, filters):
    side = filters.array.shape[-1]
    padded = np.pad(errors.array, ((0, 0), (0, 0), (side - 1,) * 2, (side - 1,) * 2))
    return Value(np.einsum("nfhwij,fcij->nchw", windows(padded, side), filters.array))


def squares(array, side):
    count, maps, height, width = array.shape
    cut = array[:, :, : height // side * side, : width // side * side]
    return cut.reshape(count, maps, height // side, side, width // side, side)


def pool(value, side):
    return Value(squares(value.array, side).max(axis=(3, 5)))


def unpool(errors, value, side):
    found = np.zeros_like(value.array)
    cut = squares(value.array, side)
    largest = cut == cut.max(axis=(3, 5), keepdims=True)
    spread = largest * errors.array[:, :, :, None, :, None]
    height, width = (side * size for size in (cut.shape[2], cut.shape[4]))
    found[:, :, :height, :width] = spread.reshape(*value.array.shape[:2], height, width)
    return Value(found)


def softmax(value):
    powers = np.exp(value.array - value.array.max(axis=1, keepdims=True))
    return Value(powers / powers.sum(axis=1, keepdims=True))


FUNCTIONS = {
    "dot": dot, "conv": conv, "conv_wrt_W": conv_wrt_w, "conv_wrt_x": conv_wrt_x, "pool": pool,
    "unpool": unpool, "softmax": softmax,
    "rectify": lambda z: Value(np.maximum(z.array, 0)),
    "tanh": lambda z: Value(np.tanh(z.array)),
    "slope_of_tanh": lambda z: Value(1 - np.tanh(z.array) ** 2),
}  # fmt: skip


def compute(lines, names):
    """Compute formulas line by line, each name for those that follow."""
    for line in lines:
        name, _, formula = line.text.partition(" = ")
        formula = formula.replace("·", "*").replace("−", "-")
        formula = re.sub(r"(\w+)'\(", r"slope_of_\1(", formula)
        names[name] = eval(formula, {"__builtins__": {}}, names)


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
    minibatch = step.minibatch(np.ones((28, 28), np.float32) * 0.5, 3)
    figures = step.step(minibatch)
    shown = SimpleNamespace(
        figures=figures,
        layers=step.layers,
        settings=settings,
        mask_places=step.mask_places,
        retained=step.retained,
    )
    names = {**FUNCTIONS, "x": Value(minibatch.pictures)}
    for number, mask in enumerate(minibatch.masks, 1):
        names[f"m{number}"] = Value(mask)
    for number, layer in enumerate(step.layers, 1):
        names[f"W{number}"], names[f"b{number}"] = Value(layer.W), Value(layer.b)
    names["y"] = minibatch.labels
    names["onehot"] = lambda y: Value(np.eye(len(figures.p))[y])
    compute(expressions(shown, 2, 0), names)
    np.testing.assert_allclose(names["p"].array[0], figures.p, atol=1e-4)
    compute(expressions(shown, 4, 0), names)
    for number, gradient in enumerate(figures.gradients[::2], 1):
        found = names[f"gW{number}"].array
        assert found.shape == gradient.shape
        np.testing.assert_allclose(found, gradient, rtol=2e-3, atol=2e-5)
