"""Gradients of convolutions that leave out zeros: the same numbers, whatever is zero."""

import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor.signal.pool import pool_2d

from mnist_draw.theano_bridge.convolution import gradient_by_filters, gradient_by_input
from mnist_draw.theano_bridge.native.handlers import products
from mnist_draw.theano_bridge.native.handlers.zeros import is_often_zero
from mnist_draw.theano_bridge.native.kernels.sparse import is_supported
from mnist_draw.theano_bridge.native.linker import NativeLinker

pytestmark = pytest.mark.skipif(not is_supported(), reason="all numbers are multiplied")
RNG = np.random.default_rng(3)
images, weights, given, threshold = (T.tensor4(name) for name in "xwgt")
#: Pictures, filters, padding on each side, steps.
SHAPES = [
    ((9, 1, 28, 28), (32, 1, 5, 5), (0, 0), (1, 1)),
    ((5, 32, 12, 12), (32, 32, 5, 5), (0, 0), (1, 1)),
    ((5, 40, 11, 9), (19, 40, 3, 3), (1, 1), (1, 1)),
    ((6, 3, 13, 17), (7, 3, 4, 2), (3, 1), (2, 1)),
    ((4, 2, 30, 7), (17, 2, 7, 7), (0, 2), (3, 2)),
    ((3, 5, 9, 9), (4, 5, 9, 9), (0, 0), (1, 1)),
    ((3, 1, 20, 30), (2, 1, 1, 9), (0, 0), (1, 2)),
    ((2, 1, 1, 1), (1, 1, 1, 1), (0, 0), (1, 1)),
]


def gradients(pictures, filters, padding, steps, dtype="float32"):
    """Return the shape of the result and a function of both gradients, with what is not given 0."""
    y = T.nnet.conv2d(images, weights, border_mode=padding, subsample=steps)
    kept = T.cast(T.lt(threshold, 0), dtype)
    both = T.grad((y * given * kept).sum(), [images, weights])
    size = [
        (length + 2 * pad - width) // step + 1
        for length, width, pad, step in zip(
            pictures[2:],
            filters[2:],
            padding,
            steps,
            strict=True,
        )
    ]
    mode = theano.Mode(linker=NativeLinker(), optimizer="fast_run")
    return (pictures[0], filters[0], *size), theano.function(
        [images, weights, given, threshold],
        both,
        mode=mode,
    )


def minibatch(pictures, filters, shape, shares):
    """Return arrays with a share of non-zeros for each picture."""
    arrays = [RNG.normal(size=size).astype(np.float32) for size in (pictures, filters, shape)]
    zero = RNG.random(shape) >= np.resize(shares, shape[0]).reshape(-1, 1, 1, 1)
    return [*arrays, zero.astype(np.float32) - np.float32(0.5)]


@pytest.mark.parametrize("case", SHAPES, ids=str)
@pytest.mark.parametrize("shares", [[0], [1], [0.05], [0, 0.02, 0.3, 1, 0.1]], ids=str)
def test_gradients_are_exact(case, shares):
    pictures, filters, padding, steps = case
    shape, function = gradients(*case)
    arrays = minibatch(pictures, filters, shape, shares)
    found = function(*arrays)
    x, w, g, zero = (array.astype(np.float64) for array in arrays)
    how = ([(padding[0],) * 2, (padding[1],) * 2], steps, True)
    g *= zero < 0
    exact = (
        gradient_by_input(w, g, pictures[2:], *how),
        gradient_by_filters(x, g, filters[2:], *how),
    )
    for got, want in zip(found, exact, strict=True):
        scale = np.abs(want).max(initial=1e-30)
        assert np.abs(got - want).max() <= 1e-6 * scale


@pytest.mark.parametrize("groups", [2, 3])
@pytest.mark.parametrize("shares", [[0.05], [0, 0.02, 0.3, 1]], ids=str)
def test_gradients_of_groups_are_exact(groups, shares):
    pictures = (4, 4 * groups, 9, 10)
    filters = (5 * groups, 4, 3, 3)
    shape = (4, 5 * groups, 7, 8)
    y = T.nnet.conv2d(images, weights, num_groups=groups)
    kept = T.cast(T.lt(threshold, 0), "float32")
    function = theano.function(
        [images, weights, given, threshold],
        T.grad((y * given * kept).sum(), [images, weights]),
        mode=theano.Mode(linker=NativeLinker(), optimizer="fast_run"),
    )
    arrays = minibatch(pictures, filters, shape, shares)
    found = function(*arrays)
    x, w, g, zero = (array.astype(np.float64) for array in arrays)
    x, g = (np.split(array, groups, axis=1) for array in (x, g * (zero < 0)))
    how = ([(0, 0), (0, 0)], (1, 1), True)
    by_input = [
        gradient_by_input(one, gradient, pictures[2:], *how)
        for one, gradient in zip(np.split(w, groups), g, strict=True)
    ]
    by_filters = [
        gradient_by_filters(one, gradient, filters[2:], *how)
        for one, gradient in zip(x, g, strict=True)
    ]
    exact = (np.concatenate(by_input, axis=1), np.concatenate(by_filters))
    for got, want in zip(found, exact, strict=True):
        assert np.abs(got - want).max() <= 1e-6 * np.abs(want).max(initial=1e-30)


def test_each_picture_decides_for_itself():
    case = SHAPES[1]
    shape, function = gradients(*case)
    arrays = minibatch(case[0], case[1], shape, [0.05, 1])
    # What a zero would have multiplied is left out where a picture has few numbers, and only there.
    arrays[1][:] = np.inf
    arrays[2][:] = 1
    arrays[3][:, 0, 0, 0] = 1
    sparse, dense = function(*arrays)[0][:2]
    assert not np.isnan(sparse).any()
    assert np.isnan(dense).any()


def test_what_came_before_and_with_it_changes_no_bit():
    case = SHAPES[2]
    shape, function = gradients(*case)
    arrays = minibatch(case[0], case[1], shape, [0.1, 0.9])
    first = [array.copy() for array in function(*arrays)]
    function(*minibatch(case[0], case[1], shape, [0.5]))
    for one, other in zip(first, function(*arrays), strict=True):
        np.testing.assert_array_equal(one, other)
    # A picture's gradient does not depend on its neighbours.
    arrays[3][1:] = -1
    np.testing.assert_array_equal(function(*arrays)[0][0], first[0][0])


def test_a_pool_gives_its_gradient_to_few(monkeypatch):
    seen = []
    monkeypatch.setattr(
        products,
        "is_often_zero",
        lambda variable: seen.append(is_often_zero(variable)) or seen[-1],
    )
    pooled = pool_2d(
        T.nnet.conv2d(images, weights),
        (2, 2),
        ignore_border=True,
    )
    function = theano.function(
        [images, weights],
        T.grad(T.tanh(pooled).sum(), weights),
        mode=theano.Mode(linker=NativeLinker()),
    )
    function(np.ones((4, 2, 9, 9), np.float32), np.ones((3, 2, 2, 2), np.float32))
    assert seen == [True]
