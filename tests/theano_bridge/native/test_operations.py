"""Every operation of the native linker against NumPy: arithmetic, pictures, random numbers."""

import numpy as np
import pytensor.tensor
import pytest
import theano
import theano.tensor as T
from pytensor.raise_op import Assert
from theano.sandbox.rng_mrg import MRG_RandomStreams
from theano.tensor.signal.pool import pool_2d

from mnist_draw.theano_bridge.native import linker
from mnist_draw.theano_bridge.random_streams import hashed_uniform

# PyTensor 3.3's own NumPy code inverts truth values in a way that Python 3.12 dislikes.
pytestmark = pytest.mark.filterwarnings("ignore:Bitwise inversion:DeprecationWarning")
RNG = np.random.default_rng(5)


def normal(*shape, dtype="float32"):
    return RNG.normal(size=shape).astype(dtype)


x, y, v, t = T.matrix("x"), T.matrix("y"), T.vector("v"), T.ivector("t")
images, w = T.tensor4("images"), T.tensor4("w")


@pytest.mark.parametrize(
    "expression",
    [
        lambda a: a + 1,
        lambda a: -a * a / (a * a + 2),
        lambda a: T.exp(a * 15),
        lambda a: T.log(abs(a) + 0.1),
        lambda a: T.sqrt(abs(a)),
        lambda a: T.tanh(a),
        lambda a: T.nnet.sigmoid(a * 50),
        lambda a: T.nnet.softplus(a * 30),
        lambda a: T.nnet.relu(a),
        lambda a: T.switch(T.gt(a, 0.5), a, -2 * a),
        lambda a: T.clip(a, -0.5, 0.5),
        lambda a: T.maximum(a, 0.1) - T.minimum(a, 0.2),
        lambda a: T.cast(a * 10, "int32"),
        lambda a: T.cast(T.lt(a, 0), "float32") * a,
        lambda a: abs(a) ** 1.5,
        lambda a: T.floor(a) + T.ceil(a),
    ],
)
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (500, 300)])
def test_elementwise(expression, shape, both):
    both([x], expression(x), [normal(*shape)])


def test_elementwise_broadcasting_and_special_values(both):
    column, tensor, filters = T.col("column"), T.tensor4("tensor"), T.vector("filters")
    a = normal(400, 70)
    both([x, v], x * v + v, [a, normal(70)])
    both([x, column], x - column, [a, normal(400, 1)])
    both([x, y], x + y.T, [a, normal(70, 400)])
    added = tensor + filters.dimshuffle("x", 0, "x", "x")
    both([tensor, filters], added, [normal(20, 8, 13, 11), normal(8)])
    special = np.array([[np.nan, np.inf, -np.inf, 0.0, 100.0, -100.0]], np.float32)
    with np.errstate(all="ignore"):
        both([x], [T.exp(x), T.nnet.sigmoid(x), x * 0, T.maximum(x, 1)], [special])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [(1, 1, 1), (7, 3, 5), (500, 784, 300), (64, 300, 1000)])
def test_matrix_products(dtype, sizes, both):
    m, k, n = sizes
    p, q = T.matrix("p", dtype=dtype), T.matrix("q", dtype=dtype)
    for one, left in ((p, (m, k)), (p.T, (k, m))):
        for other, right in ((q, (k, n)), (q.T, (n, k))):
            values = [normal(*left, dtype=dtype), normal(*right, dtype=dtype)]
            both([p, q], T.dot(one, other), values)


def test_products_of_some_rows_and_of_nothing(both):
    both([x, y], T.dot(x[::2], y), [normal(20, 6), normal(6, 4)])
    # Over nothing, products and sums are zero in every run.
    results = [T.dot(x, y) * 2 + 1, x.sum(axis=1) * 2 + 1]
    both([x, y], results, [normal(3, 0), normal(0, 4)])
    both([x], pytensor.tensor.specify_shape(x, (None, 3)) * 2, [np.ones((4, 3), "float32")])


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((450, 333), None),
        ((450, 333), 0),
        ((450, 333), 1),
        ((30, 8, 12, 9), (0, 2, 3)),
        # Over what is there once.
        ((1, 10), 0),
        ((10, 1), 1),
        ((1, 1), 0),
        ((1, 6, 1, 1), (0, 2, 3)),
    ],
)
def test_reductions(shape, axis, both):
    tensor = T.tensor4("t") if len(shape) == 4 else x
    outputs = [tensor.sum(axis=axis), tensor.mean(axis=axis), tensor.max(axis=axis)]
    outputs += [tensor.min(axis=axis), tensor.sum(axis=axis, dtype="float64")]
    both([tensor], outputs, [normal(*shape)])


def test_softmax_loss_and_its_gradient(both):
    labels = RNG.integers(0, 10, 500).astype(np.int32)
    logits = normal(500, 10) * 5
    probabilities = T.nnet.softmax(x)
    loss = T.nnet.categorical_crossentropy(probabilities, t).mean()
    right = T.mean(T.eq(T.argmax(probabilities, axis=1), t), dtype="float32")
    both([x, t], [loss, right, T.grad(loss, x)], [logits, labels])
    both([x], [probabilities, T.log(probabilities)], [logits])


@pytest.mark.parametrize("wrong", [10, -11, 2**31 - 1])
def test_a_label_out_of_range_is_an_index_error(wrong, native):
    labels = np.zeros(500, np.int32)
    labels[77] = wrong
    loss = T.nnet.categorical_crossentropy(T.nnet.softmax(x), t).mean()
    function = theano.function([x, t], loss, mode=native)
    with pytest.raises(IndexError):
        function(normal(500, 10), labels)
    assert np.isfinite(function(normal(500, 10), np.zeros(500, np.int32)))


def test_inputs_of_other_shapes_and_any_layout(native):
    function = theano.function([x, y], T.dot(x, y) + 1, mode=native)
    for size in (1, 2, 300, 17, 2, 0):
        a, b = normal(size, 9), normal(9, 4)
        np.testing.assert_allclose(function(a, b), a @ b + 1, rtol=1e-4, atol=1e-5)
    add = theano.function([x, y], x + y, mode=native)
    with pytest.raises(ValueError, match="broadcast"):
        add(normal(3, 4), normal(3, 5))
    function, a = theano.function([x], x * 2, mode=native), normal(300, 200)
    for value in (a.T, a[:, ::3], a):
        np.testing.assert_array_equal(function(value), value * 2)


def test_what_is_unknown_is_interpreted(native, left_over):
    a = normal(50)
    result = theano.function([v], T.cumsum(v), mode=native)(a)
    np.testing.assert_allclose(result, np.cumsum(a), rtol=1e-5)
    assert len(left_over) == 1


@pytest.mark.parametrize("index_dtype", ["int32", "int64"])
def test_rows_are_gathered(index_dtype, both):
    pictures = T.TensorType("uint8", (False,) * 4)("pictures")
    rows = T.TensorType(index_dtype, (False,))("rows")
    values = RNG.integers(0, 256, (900, 1, 28, 28)).astype(np.uint8)
    chosen = RNG.integers(-900, 900, 500).astype(index_dtype)
    both([pictures, rows], [pictures[rows], T.cast(pictures[rows], "float32")], [values, chosen])
    both([pictures, rows], pictures[rows], [values, chosen[:1]])
    both([t, rows], t[rows], [np.arange(900, dtype=np.int32), chosen[::2]])


def test_rows_that_are_not_there_are_an_error(native):
    rows = T.lvector("rows")
    take = theano.function([x, rows], x[rows], mode=native)
    assert take(normal(3, 2), np.array([2, -3])).shape == (2, 2)
    for wrong in (3, -4):
        with pytest.raises(IndexError):
            take(normal(3, 2), np.array([0, wrong]))
    assert take(normal(3, 2), np.array([1, 1])).shape == (2, 2)


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
    how = {"border_mode": border, "subsample": subsample, "filter_flip": flip}
    values = [normal(*pictures), normal(*filters)]
    y = T.nnet.conv2d(images, w, **how)
    weights = normal(*T.nnet.conv2d(*map(T.constant, values), **how).eval().shape)
    both([images, w], [y, *T.grad((y * weights).sum(), [images, w])], values)


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
    pooled = pool_2d(images, window, ignore_border=True, stride=stride)
    outputs = [pooled, T.grad((pooled**3).sum(), images)]
    both([images], outputs, [normal(*shape)])
    # Equal maxima share the gradient as in Theano.
    both([images], outputs, [np.ones(shape, np.float32)])


def test_what_is_pooled_at_once_takes_no_memory_as_a_whole(native, monkeypatch):
    plans, plan = [], linker.GraphRunner._plan
    monkeypatch.setattr(
        linker.GraphRunner,
        "_plan",
        lambda *given: plans.append(plan(*given)) or plans[-1],
    )
    pictures, filters = normal(512, 1, 28, 28), normal(32, 1, 5, 5)
    pooled = pool_2d(T.nnet.relu(T.nnet.conv2d(images, w)), (2, 2), ignore_border=True)
    found = theano.function([images, w], pooled, mode=native)(pictures, filters)
    owners = {}
    for array in plans[-1].program.keep[1]:
        while array.base is not None:
            array = array.base
        owners[id(array)] = array
    taken = sum(array.nbytes for array in owners.values())
    # Four times the output is what the convolution puts out.
    assert found.nbytes <= taken < 2 * found.nbytes


@pytest.mark.filterwarnings("ignore:Numba will use object mode")
@pytest.mark.parametrize("compiled", ["native", pytest.param("numba", marks=pytest.mark.slow)])
def test_all_linkers_draw_the_same_numbers(compiled, numpy_mode, native):
    draws = []
    for mode in (numpy_mode, native if compiled == "native" else theano.Mode(linker=compiled)):
        stream = MRG_RandomStreams(7)
        masked = x * stream.binomial(x.shape, p=0.6, dtype="float32")
        numbers = [masked, stream.uniform((33, 7)), stream.normal((9, 5))]
        function = theano.function([x], numbers, mode=mode)
        draws.append([function(np.ones((500, 300), np.float32)) for _ in range(3)])
    for want, got in zip(*draws, strict=True):
        for a, b in zip(want, got, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert not np.array_equal(draws[0][0][0], draws[0][1][0])


def test_numbers_are_uniform_and_independent():
    previous = None
    for state in (0, 1, 2, 12345, -1, 2**62):
        numbers = hashed_uniform(state, (1000, 1000)).astype(np.float64)
        assert numbers.min() >= 0
        assert numbers.max() < 1
        # Five standard errors: a sound generator fails once in a million and a half draws.
        assert abs(numbers.mean() - 0.5) < 5 * (1 / 12) ** 0.5 / 1e3
        histogram = np.histogram(numbers, 256, (0, 1))[0]
        expected = 1e6 / 256
        chi_squared = ((histogram - expected) ** 2 / expected).sum()
        assert chi_squared < 255 + 5 * (2 * 255) ** 0.5
        centered = numbers - 0.5
        for shifted in (np.roll(centered, 1, 0), np.roll(centered, 1, 1), np.roll(centered, 64, 1)):
            assert abs((centered * shifted).mean()) < 5 / 12 / 1e3
        if previous is not None:
            assert abs((centered * previous).mean()) < 5 / 12 / 1e3
        previous = centered


def test_normal_numbers_are_normal(native):
    stream = MRG_RandomStreams(3)
    numbers = theano.function([], stream.normal((1000, 200)), mode=native)()
    assert np.isfinite(numbers).all()
    assert abs(numbers.mean()) < 5 / 200_000**0.5
    assert abs(numbers.std() - 1) < 5 / (2 * 200_000) ** 0.5
    assert abs((np.abs(numbers) < 1).mean() - 0.6827) < 0.006


def test_what_is_asserted_of_values_is_checked_at_each_call():
    x = T.vector()
    function = theano.function([x], 2 * Assert("no such numbers")(x, x.sum() > 0))
    np.testing.assert_array_equal(function(np.float32([1, 2])), [2, 4])
    with pytest.raises(AssertionError, match="no such numbers"):
        function(np.float32([1, -2]))
