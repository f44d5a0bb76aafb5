"""Every operation of the native linker against NumPy, by way of the ``py`` linker."""

import numpy as np
import pytest

theano_bridge = pytest.importorskip("mnist_draw.theano_bridge")
if theano_bridge.installed_theano():
    pytest.skip("the native linker belongs to PyTensor", allow_module_level=True)

import theano  # noqa: E402
import theano.tensor as T  # noqa: E402

from mnist_draw.theano_bridge.native import linker  # noqa: E402

RNG = np.random.default_rng(5)


def normal(*shape, dtype="float32"):
    return RNG.normal(size=shape).astype(dtype)


@pytest.fixture(autouse=True)
def left_to_numba(monkeypatch):
    """Note every graph that the native linker could not run itself."""
    graphs = []
    compile_it = linker._numba_function

    def noted(fgraph):
        graphs.append(fgraph)
        return compile_it(fgraph)

    monkeypatch.setattr(linker, "_numba_function", noted)
    return graphs


def native():
    return theano.Mode(linker=linker.NativeLinker(), optimizer="fast_run")


def both(inputs, outputs, values):
    """Run a graph with NumPy and natively."""
    numpy_mode = theano.Mode(linker="py", optimizer="fast_run")
    expected = theano.function(inputs, outputs, mode=numpy_mode)(*values)
    function = theano.function(inputs, outputs, mode=native())
    results = function(*values)
    if not isinstance(outputs, list):
        expected, results = [expected], [results]
    for want, got in zip(expected, results, strict=True):
        assert got.shape == want.shape
        assert got.dtype == want.dtype
        scale = max(1.0, float(np.abs(want).max(initial=0)))
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6 * scale)
    # Once more: a plan must not depend on what its memory held.
    again = function(*values)
    for first, second in zip(results, again if isinstance(outputs, list) else [again], strict=True):
        np.testing.assert_array_equal(first, second)


x, y, v, t = T.matrix("x"), T.matrix("y"), T.vector("v"), T.ivector("t")


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
def test_elementwise(expression, shape, left_to_numba):
    both([x], expression(x), [normal(*shape)])
    assert not left_to_numba


def test_elementwise_broadcasting(left_to_numba):
    column = T.col("column")
    a, b, c = normal(400, 70), normal(70), normal(400, 1)
    both([x, v], x * v + v, [a, b])
    both([x, column], x - column, [a, c])
    both([x, y], x + y.T, [a, normal(70, 400)])
    tensor, filters = T.tensor4("tensor"), T.vector("filters")
    both(
        [tensor, filters],
        tensor + filters.dimshuffle("x", 0, "x", "x"),
        [normal(20, 8, 13, 11), normal(8)],
    )
    assert not left_to_numba


def test_special_values_survive(left_to_numba):
    special = np.array([[np.nan, np.inf, -np.inf, 0.0, 100.0, -100.0]], np.float32)
    with np.errstate(all="ignore"):
        both([x], [T.exp(x), T.nnet.sigmoid(x), x * 0, T.maximum(x, 1)], [special])
    assert not left_to_numba


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [(1, 1, 1), (7, 3, 5), (500, 784, 300), (64, 300, 1000)])
def test_matrix_products(dtype, sizes, left_to_numba):
    m, k, n = sizes
    p, q = T.matrix("p", dtype=dtype), T.matrix("q", dtype=dtype)
    both([p, q], T.dot(p, q), [normal(m, k, dtype=dtype), normal(k, n, dtype=dtype)])
    both([p, q], T.dot(p.T, q), [normal(k, m, dtype=dtype), normal(k, n, dtype=dtype)])
    both([p, q], T.dot(p, q.T), [normal(m, k, dtype=dtype), normal(n, k, dtype=dtype)])
    both([p, q], T.dot(p.T, q.T), [normal(k, m, dtype=dtype), normal(n, k, dtype=dtype)])
    assert not left_to_numba


def test_matrix_product_of_every_second_row(left_to_numba):
    both([x, y], T.dot(x[::2], y), [normal(20, 6), normal(6, 4)])
    assert not left_to_numba


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_sums_and_means(axis, left_to_numba):
    both([x], [x.sum(axis=axis), x.mean(axis=axis)], [normal(450, 333)])
    assert not left_to_numba


def test_sum_over_batch_and_picture(left_to_numba):
    tensor = T.tensor4("tensor")
    both([tensor], tensor.sum(axis=(0, 2, 3)), [normal(30, 8, 12, 9)])
    assert not left_to_numba


def test_softmax_loss_and_its_gradient(left_to_numba):
    labels = RNG.integers(0, 10, 500).astype(np.int32)
    logits = normal(500, 10) * 5
    probabilities = T.nnet.softmax(x)
    loss = T.nnet.categorical_crossentropy(probabilities, t).mean()
    right = T.mean(T.eq(T.argmax(probabilities, axis=1), t), dtype="float32")
    both([x, t], [loss, right, T.grad(loss, x)], [logits, labels])
    both([x], [probabilities, T.log(probabilities)], [logits])
    assert not left_to_numba


@pytest.mark.parametrize("wrong", [10, -11, 2**31 - 1])
def test_a_label_out_of_range_is_an_index_error(wrong):
    labels = np.zeros(500, np.int32)
    labels[77] = wrong
    loss = T.nnet.categorical_crossentropy(T.nnet.softmax(x), t).mean()
    function = theano.function([x, t], loss, mode=native())
    with pytest.raises(IndexError):
        function(normal(500, 10), labels)
    assert np.isfinite(function(normal(500, 10), np.zeros(500, np.int32)))


def test_other_shapes_make_other_plans():
    function = theano.function([x, y], T.dot(x, y) + 1, mode=native())
    for size in (1, 2, 300, 17, 2, 0):
        a, b = normal(size, 9), normal(9, 4)
        np.testing.assert_allclose(function(a, b), a @ b + 1, rtol=1e-4, atol=1e-5)


def test_inputs_of_any_layout():
    function = theano.function([x], x * 2, mode=native())
    a = normal(300, 200)
    np.testing.assert_array_equal(function(a.T), a.T * 2)
    np.testing.assert_array_equal(function(a[:, ::3]), a[:, ::3] * 2)
    np.testing.assert_array_equal(function(a), a * 2)


def test_shapes_that_do_not_fit_are_refused():
    function = theano.function([x, y], x + y, mode=native())
    with pytest.raises(ValueError, match="broadcast"):
        function(normal(3, 4), normal(3, 5))


def test_what_is_unknown_is_left_to_numba(left_to_numba):
    function = theano.function([v], T.sort(v), mode=native())
    a = normal(50)
    np.testing.assert_array_equal(function(a), np.sort(a))
    assert len(left_to_numba) == 1
