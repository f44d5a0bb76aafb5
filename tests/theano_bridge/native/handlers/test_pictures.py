"""Convolution and pooling in machine code, against the NumPy functions of the bridge."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor.signal.pool import pool_2d

from mnist_draw.theano_bridge.native import linker

RNG = np.random.default_rng(6)
x, w = T.tensor4("x"), T.tensor4("w")


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize(
    ("pictures", "filters", "border", "subsample"),
    [
        ((7, 1, 28, 28), (32, 1, 5, 5), "valid", (1, 1)),
        ((9, 32, 12, 12), (32, 32, 5, 5), "valid", (1, 1)),
        ((3, 3, 11, 10), (5, 3, 3, 3), "full", (1, 1)),
        ((3, 3, 11, 10), (40, 3, 3, 3), (1, 2), (2, 2)),
        ((2, 20, 9, 9), (33, 20, 3, 2), "half", (1, 2)),
        ((1, 1, 1, 1), (1, 1, 1, 1), "valid", (1, 1)),
        ((4, 2, 30, 7), (17, 2, 7, 7), "valid", (3, 1)),
    ],
)
def test_convolution_and_its_gradients(both, pictures, filters, border, subsample, flip):
    y = T.nnet.conv2d(x, w, border_mode=border, subsample=subsample, filter_flip=flip)
    weights = normal(*T.nnet.conv2d(
        T.constant(normal(*pictures)), T.constant(normal(*filters)),
        border_mode=border, subsample=subsample,
    ).eval().shape)  # fmt: skip
    cost = (y * weights).sum()
    both([x, w], [y, *T.grad(cost, [x, w])], [normal(*pictures), normal(*filters)])


@pytest.mark.parametrize(
    ("shape", "window", "stride"),
    [
        ((5, 4, 24, 24), (2, 2), None),
        ((5, 4, 9, 7), (2, 2), None),
        ((5, 4, 9, 9), (3, 3), (2, 2)),
        ((5, 4, 9, 9), (3, 2), (1, 1)),
    ],
)
def test_max_pooling_and_its_gradient(both, shape, window, stride):
    pooled = pool_2d(x, window, ignore_border=True, stride=stride)
    both([x], [pooled, T.grad((pooled**3).sum(), x)], [normal(*shape)])


def test_equal_maxima_share_the_gradient_as_in_theano(both):
    pooled = pool_2d(x, (2, 2), ignore_border=True)
    both([x], T.grad(pooled.sum(), x), [np.ones((2, 3, 4, 4), np.float32)])


def test_what_is_pooled_at_once_takes_no_memory_as_a_whole(native, monkeypatch):
    plans, plan = [], linker.GraphRunner._plan
    monkeypatch.setattr(
        linker.GraphRunner, "_plan", lambda *given: plans.append(plan(*given)) or plans[-1]
    )
    pictures, filters = normal(512, 1, 28, 28), normal(32, 1, 5, 5)
    pooled = pool_2d(T.nnet.relu(T.nnet.conv2d(x, w)), (2, 2), ignore_border=True)
    found = theano.function([x, w], pooled, mode=native)(pictures, filters)
    owners = {}
    for array in plans[-1].program.keep[1]:
        while array.base is not None:
            array = array.base
        owners[id(array)] = array
    taken = sum(array.nbytes for array in owners.values())
    # Four times the output is what the convolution puts out.
    assert found.nbytes <= taken < 2 * found.nbytes
