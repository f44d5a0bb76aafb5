"""Matrix products that leave out zeros: where they are looked for, and what they compute."""

import llvmlite.binding as llvm
import numpy as np
import pytest
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams

from mnist_draw.theano_bridge.native.handlers import products
from mnist_draw.theano_bridge.native.handlers.zeros import is_often_zero
from mnist_draw.theano_bridge.native.plan import Planner, Value
from mnist_draw.theano_bridge.native.team import team

RNG = np.random.default_rng(5)


def factors(shape, density, a_turned=False, b_turned=False):
    """Random factors of which A has a share of non-zeros, stored in either order."""
    (m, k, n), rng = shape, np.random.default_rng(5)
    stored = (k, m) if a_turned else (m, k)
    a = rng.normal(size=stored) * (rng.random(stored) < density)
    b = rng.normal(size=(n, k) if b_turned else (k, n))
    a, b = a.astype(np.float32), b.astype(np.float32)
    return (a.T if a_turned else a), (b.T if b_turned else b)


def multiplied(a, b, threads=2):
    """A B as the sparse kernels compute it, cut for a number of threads."""
    planner = Planner([])
    planner.threads = threads
    c = planner.empty((a.shape[0], b.shape[1]), "float32")
    products.multiply(planner, Value(a), Value(b), c, "a")
    program, _, _ = planner.finish()
    for _ in range(2):
        c[...] = np.nan
        team().run(program)
    return c


@pytest.fixture(params=["avx512", "avx2", "none"])
def processor(request, monkeypatch):
    """Write kernels as for a processor with fewer features than this one."""
    found = llvm.get_host_cpu_features()
    missing = {"avx512": (), "avx2": ("avx512f",), "none": ("avx512f", "avx2")}[request.param]
    if request.param != "none" and not found.get({"avx512": "avx512f"}.get(request.param, "avx2")):
        pytest.skip(f"this processor lacks {request.param}")
    for name in missing:
        found[name] = False
    monkeypatch.setattr(llvm, "get_host_cpu_features", lambda: found)


@pytest.mark.parametrize("density", [0, 0.02, 0.3, 0.7, 1])
@pytest.mark.parametrize(
    ("shape", "a_turned", "b_turned"),
    [
        ((131, 203, 77), False, False),
        ((203, 131, 300), True, False),
        ((600, 90, 130), False, True),
        ((33, 400, 257), False, False),
        ((32, 32, 64), True, True),
    ],
)
def test_products_equal_numpy(processor, shape, a_turned, b_turned, density):
    a, b = factors(shape, density, a_turned, b_turned)
    expected = a.astype(np.float64) @ b.astype(np.float64)
    results = [multiplied(a, b, threads) for threads in (1, 2, 4)]
    np.testing.assert_allclose(results[0], expected, rtol=1e-5, atol=1e-4)
    if density <= 0.02:  # Above, the BLAS may be called.
        for other in results[1:]:
            np.testing.assert_array_equal(results[0], other)


@pytest.mark.parametrize("a_turned", [False, True])
@pytest.mark.parametrize("threads", [2, 3, 4, 8])
def test_threads_change_no_bit(processor, a_turned, threads):
    a, b = factors((500, 300, 200), 0.2, a_turned)
    np.testing.assert_array_equal(multiplied(a, b, threads), multiplied(a, b, 1))


def test_zeros_are_left_out_where_there_are_many():
    a, b = factors((100, 200, 100), 0.1)
    a[:, 7], b[7] = 0, np.inf
    assert np.isfinite(multiplied(a, b)).all()
    a[:, 8] = 1
    np.testing.assert_allclose(multiplied(a, b), a @ np.where(np.isinf(b), 0, b), atol=2e-5)
    a[a == 0] = 1
    assert not np.isfinite(multiplied(a, b)).any()
    a, b = factors((100, 200, 100), 0.1)
    a[5, 9] = np.nan
    assert np.isnan(multiplied(a, b)).any(axis=1).tolist() == [row == 5 for row in range(100)]


x, y = T.matrix("x"), T.matrix("y")
picture, chosen = T.TensorType("uint8", (False,) * 2)("picture"), T.lvector("chosen")
kept = MRG_RandomStreams(1).binomial(x.shape, p=0.5, dtype="float32")
rectified = T.nnet.relu(x + y)
often = {
    "rectifier": rectified,
    "maximum": T.maximum(x, 0),
    "dropout": T.nnet.sigmoid(x) * kept,
    "dropout of a rectifier": rectified * kept / 0.5,
    "gradient of a rectifier": T.grad((rectified * y).sum(), x),
    "gradient of dropout": T.grad((T.tanh(x * kept) * y).sum(), x),
    "bytes": T.cast(picture, "float32") / 256,
    "chosen bytes": T.cast(picture[chosen], "float32") * np.float32(1 / 256),
    "switch": T.switch(x > 0, x, 0),
    "transposed": rectified.T,
}
rarely = {
    "input": x,
    "sigmoid": T.nnet.sigmoid(x),
    "product": T.dot(rectified, y),
    "leaky rectifier": T.nnet.relu(x, 0.01),
    "exponential": T.nnet.elu(x),
    "sum": rectified + y,
}


@pytest.mark.parametrize("name", [*often, *rarely])
def test_a_rectifier_a_mask_and_bytes_are_often_zero(name, native):
    variable = {**often, **rarely}[name]
    assert is_often_zero(variable) == (name in often)
    function = theano.function(
        [x, y, picture, chosen],
        variable,
        mode=native,
        on_unused_input="ignore",
    )
    assert is_often_zero(function.maker.fgraph.outputs[0]) == (name in often)


def test_a_deep_graph_of_what_is_used_twice_is_looked_through_once():
    variable = T.fmatrix()
    for _ in range(100):
        variable = variable * variable
    assert not is_often_zero(variable)
    assert is_often_zero(variable * (variable > 0))


def test_a_graph_uses_what_is_often_zero(both, monkeypatch):
    planned = []
    original = products.sparse.product
    monkeypatch.setattr(
        products.sparse,
        "product",
        lambda *how: planned.append(how) or original(*how),
    )
    weights, pictures = T.matrix("w"), RNG.integers(0, 256, (80, 150)).astype(np.uint8)
    pictures[RNG.random(pictures.shape) < 0.8] = 0
    scaled = T.cast(picture[chosen], "float32") / 256
    hidden = T.nnet.relu(T.dot(scaled, weights) - 3)
    gradient = T.grad((hidden**2).sum(), weights)
    values = [pictures, RNG.permutation(80)[:70], RNG.normal(size=(150, 90)).astype(np.float32)]
    both([picture, chosen, weights], [hidden, gradient], values)
    assert len(planned) == 2


def test_every_minibatch_is_decided_anew(native):
    function = theano.function(
        [picture, y],
        T.dot(T.cast(picture, "float32"), y),
        mode=native,
        allow_input_downcast=True,
    )
    dense = RNG.integers(1, 256, (90, 160)).astype(np.uint8)
    sparse = dense * (RNG.random(dense.shape) < 0.2)
    sparse[:, 3] = 0
    weights = RNG.normal(size=(160, 100)).astype(np.float32)
    weights[3] = np.inf
    finite = [bool(np.isfinite(function(one, weights)).all()) for one in (dense, sparse) * 2]
    assert finite == [False, True] * 2
    weights[3] = 0
    for one in (sparse, dense):
        np.testing.assert_allclose(function(one, weights), one @ weights, rtol=1e-4, atol=0.05)
