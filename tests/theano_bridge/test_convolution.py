"""``T.nnet.conv2d`` against SciPy, its gradients against differences, on every linker."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.signal
import theano
import theano.tensor as T

from mnist_draw.theano_bridge import installed_theano

REAL = installed_theano()
on_pytensor = pytest.mark.skipif(REAL, reason="the operation of the bridge")
LINKER = "cvm" if REAL else "py"
MODES = [("valid", (0, 0)), ("full", (2, 3)), ("half", (1, 2)), (1, (1, 1)), ((2, 1), (2, 1))]


def by_scipy(x: Any, w: Any, pads: Any, steps: Any, flip: bool) -> Any:
    """The convolution, image by image and channel by channel, in float64."""
    x = np.pad(x, ((0, 0), (0, 0), (pads[0],) * 2, (pads[1],) * 2))
    run = scipy.signal.convolve2d if flip else scipy.signal.correlate2d
    whole = [
        [sum(run(i, f, mode="valid") for i, f in zip(image, kernel, strict=False)) for kernel in w]
        for image in x
    ]
    return np.array(whole)[:, :, :: steps[0], :: steps[1]]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def test_it_is_scipys_convolution_and_so_are_its_gradients(rng: np.random.Generator) -> None:
    channels = 5
    x, w = rng.normal(size=(3, channels, 7, 8)), rng.normal(size=(4, channels, 3, 4))
    cases = [(*MODES[n % 5], steps, n % 2 == 0) for n, steps in enumerate(
        [(1, 1), (2, 1), (2, 3), (1, 2), (3, 1)])]  # fmt: skip
    images, filters = T.dtensor4(), T.dtensor4()
    outputs = []
    for mode, _, steps, flip in cases:
        y = T.nnet.conv2d(images, filters, border_mode=mode, subsample=steps, filter_flip=flip)
        outputs += [y, *T.grad((y**3).sum(), [images, filters])]
    run = theano.function([images, filters], outputs, mode=theano.Mode(linker=LINKER))
    results = run(x, w)
    # The same values, laid out in memory in other ways.
    again = run(np.asfortranarray(x), np.ascontiguousarray(w[:, :, ::-1])[:, :, ::-1])
    for one, other in zip(results, again, strict=False):
        np.testing.assert_allclose(one, other, rtol=1e-10)
    for n, (_, pads, steps, flip) in enumerate(cases):
        y, by_images, by_filters = results[3 * n : 3 * n + 3]
        expected = by_scipy(x, w, pads, steps, flip)
        np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-9)
        # The convolution is linear in each of its inputs: Euler's rule ties the gradients.
        total = 3 * (expected**3).sum()
        np.testing.assert_allclose((by_images * x).sum(), total, rtol=1e-9)
        np.testing.assert_allclose((by_filters * w).sum(), total, rtol=1e-9)
        dx, dw = rng.normal(size=x.shape), rng.normal(size=w.shape)
        slope = (3 * expected**2 * by_scipy(dx, w, pads, steps, flip)).sum()
        np.testing.assert_allclose((by_images * dx).sum(), slope, rtol=1e-8)
        slope = (3 * expected**2 * by_scipy(x, dw, pads, steps, flip)).sum()
        np.testing.assert_allclose((by_filters * dw).sum(), slope, rtol=1e-8)


@pytest.mark.parametrize("mode", ["valid", "half", (1, 2)])
@pytest.mark.parametrize("order", [1, 2])
def test_gradients_agree_with_differences(mode: Any, order: int, rng: np.random.Generator) -> None:
    def cost(x: Any, w: Any) -> Any:
        y = T.nnet.conv2d(x, w, border_mode=mode, subsample=(1, 2))
        if order == 1:
            return y
        return T.grad((y**3).sum(), w) if mode == "half" else T.grad((y**3).sum(), x)

    x, w = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(2, 3, 2, 3))
    plain = theano.Mode(linker=LINKER, optimizer="fast_compile")
    theano.gradient.verify_grad(
        cost, [x, w], rng=np.random.RandomState(1), mode=plain, abs_tol=1e-4, rel_tol=1e-4
    )


@on_pytensor
def test_shapes_are_known_beforehand_where_they_can_be() -> None:
    x = T.TensorType("float32", (None, 1, 28, 28))()
    w = T.TensorType("float32", (32, 1, 5, 5))()
    y = T.nnet.conv2d(x, w, border_mode="valid")
    assert y.type.shape == (None, 32, 24, 24)
    gx, gw = T.grad(y.sum(), [x, w])
    assert gx.type.shape[1:] == (1, 28, 28)
    assert gw.type.shape == (32, 1, 5, 5)


@on_pytensor
def test_the_shape_alone_is_computed_without_the_convolution() -> None:
    x, w = T.ftensor4(), T.ftensor4()
    y = T.nnet.conv2d(x, w, border_mode="half", subsample=(2, 3))
    shape = theano.function([x, w], y.shape, mode=theano.Mode(linker="py"))
    names = {type(node.op).__name__ for node in shape.maker.fgraph.apply_nodes}
    assert "Conv2D" not in names
    images, filters = np.ones((2, 3, 9, 10), "float32"), np.ones((4, 3, 3, 4), "float32")
    assert shape(images, filters).tolist() == [2, 4, 5, 4]


@on_pytensor
def test_what_does_not_fit_is_refused_in_words() -> None:
    x, w = T.ftensor4(), T.ftensor4()
    run = theano.function([x, w], T.nnet.conv2d(x, w), mode=theano.Mode(linker=LINKER))
    ones = np.ones((1, 2, 4, 4), "float32")
    with pytest.raises(ValueError, match="channels"):
        run(ones, np.ones((3, 5, 2, 2), "float32"))
    with pytest.raises(ValueError, match="do not fit"):
        run(ones, np.ones((3, 2, 5, 2), "float32"))


@on_pytensor
@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"border_mode": "same"}, ValueError, "invalid border_mode 'same'"),
        ({"border_mode": (1, -1)}, ValueError, "at least 0"),
        ({"subsample": (0, 1)}, ValueError, "subsample"),
        ({"filter_dilation": (2, 2)}, NotImplementedError, "filter_dilation"),
        ({"num_groups": 2}, NotImplementedError, "num_groups"),
    ],
)
def test_wrong_arguments_are_refused_in_words(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        T.nnet.conv2d(T.tensor4(), T.tensor4(), **arguments)


@on_pytensor
def test_a_shape_that_contradicts_what_is_known_is_refused() -> None:
    x = T.TensorType("float32", (None, 3, 8, 8))()
    with pytest.raises(ValueError, match="was said to have the shape"):
        T.nnet.conv2d(x, T.tensor4(), input_shape=(None, 1, 8, 8))
