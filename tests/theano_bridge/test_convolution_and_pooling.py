"""``conv2d`` against SciPy, ``pool_2d`` against its definition, gradients against differences."""

import numpy as np
import pytest
import scipy.signal
import theano
import theano.tensor as T
from theano.tensor.signal.pool import pool_2d

from mnist_draw.theano_bridge import installed_theano

REAL = installed_theano()
on_pytensor = pytest.mark.skipif(REAL, reason="the operation of the bridge")
LINKER = "cvm" if REAL else "py"
PLAIN = theano.Mode(linker=LINKER)
MODES = [("valid", (0, 0)), ("full", (2, 3)), ("half", (1, 2)), (1, (1, 1)), ((2, 1), (2, 1))]


def by_scipy(x, w, pads, steps, flip):
    """The convolution, image by image and channel by channel, in float64."""
    x = np.pad(x, ((0, 0), (0, 0), (pads[0],) * 2, (pads[1],) * 2))
    run = scipy.signal.convolve2d if flip else scipy.signal.correlate2d
    whole = [
        [sum(run(i, f, mode="valid") for i, f in zip(image, kernel, strict=False)) for kernel in w]
        for image in x
    ]
    return np.array(whole)[:, :, :: steps[0], :: steps[1]]


def convolve(images, **arguments):
    return T.nnet.conv2d(images, T.tensor4(), **arguments)


def check_gradients(cost, values, **tolerances):
    mode = theano.Mode(linker=LINKER, optimizer="fast_compile")
    rng = np.random.RandomState(1)
    theano.gradient.verify_grad(cost, values, rng=rng, mode=mode, **tolerances)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def test_it_is_scipys_convolution_and_so_are_its_gradients(rng):
    channels = 5
    x, w = rng.normal(size=(3, channels, 7, 8)), rng.normal(size=(4, channels, 3, 4))
    steps = [(1, 1), (2, 1), (2, 3), (1, 2), (3, 1)]
    cases = [(*MODES[n], steps[n], n % 2 == 0) for n in range(5)]
    images, filters = T.dtensor4(), T.dtensor4()
    outputs = []
    for mode, _, stride, flip in cases:
        y = T.nnet.conv2d(images, filters, border_mode=mode, subsample=stride, filter_flip=flip)
        outputs += [y, *T.grad((y**3).sum(), [images, filters])]
    run = theano.function([images, filters], outputs, mode=PLAIN)
    results = run(x, w)
    # The same values, laid out in memory in other ways.
    again = run(np.asfortranarray(x), np.ascontiguousarray(w[:, :, ::-1])[:, :, ::-1])
    for one, other in zip(results, again, strict=False):
        np.testing.assert_allclose(one, other, rtol=1e-10)
    for n, (_, *how) in enumerate(cases):
        y, by_images, by_filters = results[3 * n : 3 * n + 3]
        expected = by_scipy(x, w, *how)
        np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-9)
        # The convolution is linear in each of its inputs: Euler's rule ties the gradients.
        total = 3 * (expected**3).sum()
        np.testing.assert_allclose((by_images * x).sum(), total, rtol=1e-9)
        np.testing.assert_allclose((by_filters * w).sum(), total, rtol=1e-9)
        dx, dw = rng.normal(size=x.shape), rng.normal(size=w.shape)
        slope = (3 * expected**2 * by_scipy(dx, w, *how)).sum()
        np.testing.assert_allclose((by_images * dx).sum(), slope, rtol=1e-8)
        slope = (3 * expected**2 * by_scipy(x, dw, *how)).sum()
        np.testing.assert_allclose((by_filters * dw).sum(), slope, rtol=1e-8)


@pytest.mark.parametrize("mode", ["valid", "half", (1, 2)])
def test_gradients_of_convolution_s_gradients_agree_with_differences(mode, rng):
    def cost(x, w):
        y = T.nnet.conv2d(x, w, border_mode=mode, subsample=(1, 2))
        return T.grad((y**3).sum(), w if mode == "half" else x)

    x, w = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(2, 3, 2, 3))
    check_gradients(cost, [x, w], abs_tol=1e-4, rel_tol=1e-4)


@on_pytensor
def test_shapes_are_known_beforehand_or_without_the_convolution():
    x = T.TensorType("float32", (None, 1, 28, 28))()
    w = T.TensorType("float32", (32, 1, 5, 5))()
    y = T.nnet.conv2d(x, w, border_mode="valid")
    assert y.type.shape == (None, 32, 24, 24)
    gx, gw = T.grad(y.sum(), [x, w])
    assert gx.type.shape[1:] == (1, 28, 28)
    assert gw.type.shape == (32, 1, 5, 5)
    x, w = T.ftensor4(), T.ftensor4()
    y = T.nnet.conv2d(x, w, border_mode="half", subsample=(2, 3))
    shape = theano.function([x, w], y.shape, mode=PLAIN)
    names = {type(node.op).__name__ for node in shape.maker.fgraph.apply_nodes}
    assert "Conv2D" not in names
    images, filters = np.ones((2, 3, 9, 10), "float32"), np.ones((4, 3, 3, 4), "float32")
    assert shape(images, filters).tolist() == [2, 4, 5, 4]


@on_pytensor
def test_what_does_not_fit_is_refused_in_words():
    x, w = T.ftensor4(), T.ftensor4()
    run = theano.function([x, w], T.nnet.conv2d(x, w), mode=PLAIN)
    ones = np.ones((1, 2, 4, 4), "float32")
    for shape, words in (((3, 5, 2, 2), "channels"), ((3, 2, 5, 2), "do not fit")):
        with pytest.raises(ValueError, match=words):
            run(ones, np.ones(shape, "float32"))
    known = T.TensorType("float32", (None, 3, 8, 8))()
    with pytest.raises(ValueError, match="was said to have the shape"):
        T.nnet.conv2d(known, T.tensor4(), input_shape=(None, 1, 8, 8))


@on_pytensor
@pytest.mark.parametrize(
    ("operation", "arguments", "error", "words"),
    [
        (convolve, {"border_mode": "same"}, ValueError, "invalid border_mode 'same'"),
        (convolve, {"border_mode": (1, -1)}, ValueError, "at least 0"),
        (convolve, {"subsample": (0, 1)}, ValueError, "subsample"),
        (convolve, {"filter_dilation": (2, 2)}, ValueError, "pass its shape"),
        (convolve, {"unshared": True}, NotImplementedError, "shares filters"),
        (pool_2d, {"ws": (0, 2)}, ValueError, "ws is a pair"),
        (pool_2d, {"ws": None}, ValueError, "ws is a pair"),
        (pool_2d, {"ws": (2, 2), "mode": "min"}, ValueError, "not 'min'"),
        (pool_2d, {"ws": (2, 2), "pad": (1, 1)}, NotImplementedError, "ignore_border"),
        (pool_2d, {"ws": (2, 2), "pad": (2, 0), "ignore_border": True}, ValueError, "smaller"),
    ],
)
def test_wrong_arguments_are_refused_in_words(operation, arguments, error, words):
    with pytest.raises(error, match=words):
        operation(T.tensor4(), **arguments)


KINDS = ["max", "sum", "average_inc_pad", "average_exc_pad"]
#: Region, step, padding, whether what sticks out is left out.
PLACES = [
    ((2, 2), None, (0, 0), True),
    ((2, 2), None, (0, 0), False),
    ((3, 2), (1, 2), (0, 0), False),
    ((3, 3), (2, 1), (1, 2), True),
    ((2, 3), (3, 4), (0, 0), False),
]


def by_definition(x, ws, steps, pad, ignore, kind):
    """Pool one image, region by region."""
    steps = ws if steps is None else steps
    inside = np.pad(np.ones_like(x), [(p, p) for p in pad])
    whole = np.pad(x, [(p, p) for p in pad])
    starts = [
        [s for s in range(0, n, step) if not ignore or s + w <= n]
        for n, step, w in zip(whole.shape, steps, ws, strict=False)
    ]
    if not ignore:
        # No region that lies entirely within the one before it.
        starts = [
            [s for k, s in enumerate(line) if k == 0 or line[k - 1] + w < n]
            for line, w, n in zip(starts, ws, whole.shape, strict=False)
        ]

    def pooled(y, z):
        part = whole[y : y + ws[0], z : z + ws[1]]
        pixels = part[inside[y : y + ws[0], z : z + ws[1]] > 0]
        if kind == "average_inc_pad":
            return part.mean()
        return {"max": pixels.max, "sum": pixels.sum}.get(kind, pixels.mean)()

    return np.array([[pooled(y, z) for z in starts[1]] for y in starts[0]])


@pytest.mark.parametrize("kind", KINDS)
def test_pooling_is_what_the_definition_says(kind):
    x = np.random.default_rng(5).permutation(2 * 3 * 7 * 8).reshape(2, 3, 7, 8) / 100
    images = T.dtensor4()
    pooled = [
        pool_2d(images, ws, ignore_border=ignore, stride=steps, pad=pad, mode=kind)
        for ws, steps, pad, ignore in PLACES
    ]
    run = theano.function([images], pooled, mode=PLAIN)
    for arranged in (x, np.asfortranarray(x)):
        for result, place in zip(run(arranged), PLACES, strict=False):
            expected = [[by_definition(plane, *place, kind) for plane in image] for image in x]
            np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_every_pixel_that_is_the_maximum_gets_the_gradient():
    images = T.dtensor4()
    slope = T.grad(pool_2d(images, (2, 2), ignore_border=True).sum(), images)
    run = theano.function([images], slope, mode=PLAIN)
    x = np.array([[1.0, 3, 0, 0], [3, 2, 0, 0]]).reshape(1, 1, 2, 4)
    assert run(x).reshape(2, 4).tolist() == [[0, 1, 1, 1], [1, 0, 1, 1]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_gradients_of_pooling_agree_with_differences(kind, place):
    ws, steps, pad, ignore = place
    if REAL and any(pad) and kind == "average_exc_pad":
        pytest.skip("Theano 1.0.5 has no gradient for it")
    x = np.random.default_rng(5).permutation(2 * 7 * 8).reshape(1, 2, 7, 8) / 10

    def cost(images):
        return pool_2d(images, ws, ignore_border=ignore, stride=steps, pad=pad, mode=kind)

    check_gradients(cost, [x])
