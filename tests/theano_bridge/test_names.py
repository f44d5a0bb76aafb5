"""Theano's spellings, and the words for what the bridge does not carry."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
import theano
import theano.tensor as T

from mnist_draw.theano_bridge import fixed_shapes, installed_theano, names

on_pytensor = pytest.mark.skipif(installed_theano(), reason="about the bridge to PyTensor")


def value(expression: Any) -> Any:
    return theano.function([], expression, mode=theano.Mode(linker="py", optimizer=None))()


@on_pytensor
def test_old_spellings_mean_what_they_meant() -> None:
    a, b = T.constant(np.arange(6.0).reshape(2, 3)), T.constant(np.ones((2, 3)))
    assert value(T.stack(a, b)).shape == value(T.stack([a, b], axis=0)).shape == (2, 2, 3)
    assert value(T.stack([a, b], axis=2)).shape == (2, 3, 2)
    assert value(T.flatten(T.stack(a, b), outdim=2)).shape == (2, 6)
    assert T.tensor("float32", (False, True)).type.broadcastable == (False, True)
    assert T.patternbroadcast(T.matrix(), (True, False)).broadcastable == (True, False)
    assert value(T.inv(T.constant(4.0))) == 0.25
    assert value(T.abs_(T.constant(-4.0))) == 4.0
    rng = np.random.default_rng(2)
    left, right = rng.random((4, 2, 3)), rng.random((4, 3, 5))
    np.testing.assert_allclose(value(T.batched_dot(left, right)), left @ right, rtol=1e-6)
    one_hot = value(T.extra_ops.to_one_hot(T.constant([2, 0]), 3))
    assert one_hot.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one_hot.dtype == theano.config.floatX


@on_pytensor
def test_activations_and_losses_follow_theanos_formulas() -> None:
    x = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
    c = T.constant(x)
    nn = T.nnet
    np.testing.assert_allclose(value(nn.relu(c)), np.maximum(x, 0))
    np.testing.assert_allclose(value(nn.relu(c, 0.1)), np.where(x > 0, x, 0.1 * x), rtol=1e-6)
    np.testing.assert_allclose(value(nn.elu(c)), np.where(x > 0, x, np.expm1(x)))
    np.testing.assert_allclose(value(nn.softsign(c)), x / (1 + abs(x)))
    sigmoid = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(value(nn.ultra_fast_sigmoid(c)), sigmoid, atol=0.03)
    np.testing.assert_allclose(value(nn.hard_sigmoid(c)), np.clip(0.2 * x + 0.5, 0, 1), rtol=1e-6)
    softmax = value(nn.softmax(c))
    assert softmax.shape == (1, 5)
    np.testing.assert_allclose(value(nn.logsoftmax(c)), np.log(softmax))
    p = np.array([[0.1, 0.9], [0.6, 0.4]])
    by_class = value(nn.categorical_crossentropy(T.constant(p), T.constant([1, 0])))
    by_share = value(nn.categorical_crossentropy(T.constant(p), T.constant([[0.0, 1], [1, 0]])))
    np.testing.assert_allclose(by_class, -np.log([0.9, 0.6]))
    np.testing.assert_allclose(by_share, by_class)
    with pytest.raises(TypeError, match="integers"):
        nn.categorical_crossentropy(T.matrix(), T.vector())


def test_parameters_are_no_expressions() -> None:
    shared = theano.shared(np.ones(3))
    assert isinstance(T.vector(), T.TensorVariable)
    assert not isinstance(shared, T.TensorVariable)
    assert not isinstance(T.constant(1.0), T.TensorVariable)
    assert isinstance(shared, theano.Variable)
    assert isinstance(shared, theano.compile.SharedVariable)


def test_a_shared_variable_may_change_its_shape_unless_it_is_fixed() -> None:
    free = theano.shared(np.ones((2, 3)))
    free.set_value(np.ones((4, 5)))
    assert free.get_value().shape == (4, 5)
    with fixed_shapes():
        fixed = theano.shared(np.ones((2, 1, 3)))
    if not installed_theano():
        assert fixed.type.shape == (2, None, 3)
        with pytest.raises(TypeError):
            fixed.set_value(np.ones((4, 1, 3)))


def test_scan_returns_outputs_and_updates() -> None:
    n = T.iscalar()
    outputs, updates = theano.scan(
        lambda before: before * 2, outputs_info=[T.constant(np.float64(1))], n_steps=n
    )
    run = theano.function([n], outputs, updates=updates, mode=theano.Mode(linker="py"))
    assert run(4).tolist() == [2, 4, 8, 16]
    assert isinstance(updates, dict)


def test_both_products_with_a_jacobian() -> None:
    x, v = T.dvector(), T.dvector()
    products = [theano.gradient.Lop(x**2, x, v), theano.gradient.Rop(x**2, x, v)]
    run = theano.function([x, v], products, mode=theano.Mode(linker="py"))
    for product in run(np.arange(3.0), np.ones(3)):
        np.testing.assert_allclose(product, 2 * np.arange(3.0))


def test_same_graphs_are_told_from_others() -> None:
    x, y = T.vector(), T.vector()
    same = theano.gof.graph.is_same_graph
    assert same((x + 1).sum(), (x + 1).sum())
    assert not same((x + 1).sum(), (x + 2).sum())
    assert not same(x.sum(), y.sum())


@on_pytensor
@pytest.mark.parametrize("linker", ["cvm", "c|py", "c", "vm", None, "numba"])
def test_every_compiled_linker_of_theano_is_numba(linker: str | None) -> None:
    mode = theano.Mode(linker=linker, optimizer="fast_run")
    assert type(mode.linker).__name__ == "NumbaLinker"
    assert isinstance(mode.including("fusion"), type(mode))


@on_pytensor
@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("theano.sandbox.cuda", "CPU"),
        ("theano.sandbox.cuda.dnn", "CPU"),
        ("theano.gpuarray", "CPU"),
        ("theano.tensor.nnet.corr", "filter_flip"),
        ("theano.nonsense", "Theano 1.0.5"),
    ],
)
def test_importing_what_is_not_carried_says_so(name: str, instead: str) -> None:
    with pytest.raises(ImportError) as refusal:
        importlib.import_module(name)
    text = str(refusal.value)
    assert name in text or name.rpartition(".")[0] in text
    assert instead in text


@on_pytensor
def test_from_imports_of_what_is_not_carried_keep_the_sentence() -> None:
    with pytest.raises(ImportError, match=r"theano\.sandbox\.cuda is not carried.*CPU"):
        from theano.sandbox import cuda  # noqa: F401
    with pytest.raises(ImportError, match=r"conv3d is not carried.*conv2d"):
        from theano.tensor.nnet import conv3d  # noqa: F401


@on_pytensor
@pytest.mark.parametrize(
    "look_up",
    [
        lambda: theano.gpuarray,
        lambda: theano.compile.nonsense,
        lambda: theano.gof.nonsense,
        lambda: theano.gradient.nonsense,
        lambda: theano.printing.nonsense,
        lambda: theano.sandbox.cuda,
        lambda: theano.scan_module.scan_utils.nonsense,
        lambda: T.nonsense,
        lambda: T.nnet.conv3d,
        lambda: T.signal.nonsense,
        lambda: T.elemwise.nonsense,
    ],
)
def test_looking_up_what_is_not_carried_says_so(look_up: Any) -> None:
    with pytest.raises(AttributeError, match=r"theano[\w.]* is not carried by mnist_draw"):
        look_up()


@on_pytensor
@pytest.mark.parametrize("name", names.HOMES)
def test_a_module_under_another_name_has_its_names_and_no_others(name: str) -> None:
    module = importlib.import_module(name)
    for home in map(importlib.import_module, names.HOMES[name][:1]):
        public = [each for each in vars(home) if f"{name}.{each}" not in names.HOMES]
        assert all(
            getattr(module, each) is getattr(home, each)
            for each in public
            if not each.startswith("_")
        )
    with pytest.raises(AttributeError, match=f"{name}.nonsense is not carried"):
        _ = module.nonsense


@on_pytensor
def test_a_probe_for_a_gpu_finds_none() -> None:
    assert not hasattr(theano.sandbox, "cuda")
    with pytest.raises(ImportError):
        importlib.import_module("lasagne.layers.dnn")
