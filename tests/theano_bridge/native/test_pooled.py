"""A convolution, a rectifier and max pooling as one kernel, with the way back."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.tensor.signal.pool import pool_2d

from mnist_draw.theano_bridge.native import linker

RNG = np.random.default_rng(9)


def planned(monkeypatch):
    """Return a list to which each plan adds the names of its kernels."""
    names = []
    finish = linker.Planner.finish

    def noted(planner, *given):
        names.append({one.function.name.rsplit("_", 1)[0] for one in planner.instructions})
        return finish(planner, *given)

    monkeypatch.setattr(linker.Planner, "finish", noted)
    return names


def activated(activation, window, dtype="float32", border="valid", step=1):
    """Return inputs, maxima and the gradients by pictures, filters and bias."""
    images, w = (T.TensorType(dtype, (False,) * 4)(name) for name in "xw")
    b = T.TensorType(dtype, (False,))("b")
    y = T.nnet.conv2d(images, w, border_mode=border, subsample=(step, step))
    pooled = pool_2d(activation(y + b.dimshuffle("x", 0, "x", "x")), window, ignore_border=True)
    return [images, w, b], pooled, T.grad((pooled * T.sin(pooled)).sum(), [images, w, b])


def arrays(pictures, filters, dtype="float32"):
    """Return arrays in which many results are equal, some of them exactly 0."""
    x = RNG.integers(-2, 3, pictures).astype(dtype)
    x[:, :, : pictures[2] // 2] = 0
    w = RNG.integers(-1, 2, filters).astype(dtype)
    return [x, w, RNG.integers(-1, 2, filters[0]).astype(dtype)]


CASES = [
    ((5, 1, 28, 28), (32, 1, 5, 5), (2, 2), "valid", 1),
    ((4, 3, 14, 12), (19, 3, 3, 3), (2, 2), "valid", 1),
    ((4, 2, 13, 16), (40, 2, 3, 2), (3, 3), "half", 1),
    ((3, 2, 11, 20), (7, 2, 2, 3), (1, 4), "full", 1),
    ((3, 5, 20, 21), (16, 5, 3, 3), (2, 1), (1, 2), 2),
    ((1, 1, 1, 1), (1, 1, 1, 1), (1, 1), "valid", 1),
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_maxima_and_gradients_equal_the_straightforward_graph(case, dtype, both, monkeypatch):
    pictures, filters, window, border, step = case
    names = planned(monkeypatch)
    inputs, pooled, gradients = activated(T.nnet.relu, window, dtype, border, step)
    both(inputs, [pooled, *gradients], arrays(pictures, filters, dtype))
    assert {"convolution_pool", "pool_back"} <= names[-1]
    assert not {"convolution", "pool", "pool_gradient"} & names[-1]
    both(inputs, pooled, arrays(pictures, filters, dtype))
    assert "convolution_pool" in names[-1]


@pytest.mark.parametrize(
    ("activation", "trains"),
    [
        (lambda x: T.nnet.relu(x, 0.01), True),
        (lasagne.nonlinearities.rectify, True),
        (lasagne.nonlinearities.leaky_rectify, True),
        (T.tanh, False),
        (T.nnet.sigmoid, False),
        (lambda x: x * x, False),
        (lambda x: T.nnet.relu(x) + T.nnet.relu(x - 1), False),
    ],
)
def test_other_activations(activation, trains, both, monkeypatch):
    names = planned(monkeypatch)
    inputs, pooled, gradients = activated(activation, (2, 2))
    both(inputs, pooled, arrays(*CASES[1][:2]))
    assert "convolution_pool" in names[-1]
    both(inputs, [pooled, *gradients], arrays(*CASES[1][:2]))
    assert ("pool_back" in names[-1]) is trains


def test_a_result_that_is_wanted_is_stored(both, monkeypatch):
    names = planned(monkeypatch)
    images, w = T.tensor4("x"), T.tensor4("w")
    y = T.nnet.relu(T.nnet.conv2d(images, w) + 1)
    pooled = pool_2d(y, (2, 2), ignore_border=True)
    values = arrays(*CASES[1][:2])[:2]
    for outputs in ([pooled, y], [pooled, y.sum()], [pooled, *T.grad(pooled.sum() + y.sum(), [w])]):
        both([images, w], outputs, values)
        assert "convolution_pool" not in names[-1]


def test_what_is_not_a_number_stays_so(native):
    inputs, pooled, gradients = activated(T.nnet.relu, (2, 2))
    function = theano.function(inputs, [pooled, *gradients], mode=native)
    x, w, b = arrays(*CASES[1][:2])
    x[0, 0, 0, 0] = np.nan
    maxima, *_ = function(x, w, b)
    assert np.isnan(maxima[0]).any()
    assert np.isfinite(maxima[1:]).all()


def test_old_filters_and_biases_are_read_before_they_are_updated(native):
    x = RNG.normal(size=(8, 1, 12, 12)).astype(np.float32)
    w = theano.shared(RNG.normal(size=(4, 1, 3, 3)).astype(np.float32))
    b = theano.shared(np.ones(4, np.float32))
    images = T.tensor4("x")
    y = T.nnet.conv2d(images, w) + b.dimshuffle("x", 0, "x", "x")
    maxima = pool_2d(T.nnet.relu(y), (2, 2), ignore_border=True)
    changed = [(w, w * 2), (b, b * 2)]
    step = theano.function([images], maxima, updates=changed, mode=native)
    first = step(x).copy()
    np.testing.assert_allclose(step(x), 2 * first, rtol=1e-5)


def test_a_bias_of_another_length_is_an_error(native):
    inputs, pooled, _ = activated(T.nnet.relu, (2, 2))
    function = theano.function(inputs, pooled, mode=native)
    x, w, b = arrays(*CASES[1][:2])
    for wrong in (b[:1], b[:-1]):
        with pytest.raises(ValueError, match=r"shape|broadcast"):
            function(x, w, wrong)
