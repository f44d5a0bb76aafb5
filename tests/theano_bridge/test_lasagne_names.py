"""What Lasagne 0.2 has and 0.1 has not, each against NumPy."""

import importlib

import numpy as np
import pytest
import theano
import theano.tensor as T
from lasagne import init, layers, nonlinearities, objectives, updates, utils

from mnist_draw import theano_bridge
from mnist_draw.theano_bridge.lasagne_names import FUNCTIONS, LAYERS

pytestmark = pytest.mark.skipif(theano_bridge.installed_theano(), reason="about PyTensor")
RNG = np.random.default_rng(5)


def value(expression, **given):
    return theano.function([], expression, **given)()


def random(*shape):
    return RNG.normal(size=shape).astype(theano.config.floatX)


def output(layer, x, **how):
    return value(layers.get_output(layer, T.constant(x), **how))


def test_all_names_are_there_and_the_bridge_gave_them():
    for module, names in LAYERS.items():
        home = importlib.import_module(f"lasagne.layers.{module}")
        assert all(hasattr(place, name) for name in names for place in (layers, home))
    for module, names in FUNCTIONS.items():
        home = importlib.import_module(f"lasagne.{module}")
        assert all(hasattr(home, name) for name in names)
    from lasagne.layers.normalization import batch_norm
    from lasagne.layers.special import ExpressionLayer

    assert (batch_norm, ExpressionLayer) == (layers.batch_norm, layers.ExpressionLayer)


def correlate(x, w, step=1, dilation=1):
    """Correlation without padding, by its definition."""
    reach = (w.shape[2] - 1) * dilation + 1
    n = (x.shape[2] - reach) // step + 1
    out = np.zeros((len(x), len(w), n, n))
    for i in range(n):
        for j in range(n):
            rows, columns = (slice(k * step, k * step + reach, dilation) for k in (i, j))
            out[:, :, i, j] = np.tensordot(x[:, :, rows, columns], w, axes=([1, 2, 3], [1, 2, 3]))
    return out


@pytest.mark.parametrize(("flip", "turn"), [({}, -1), ({"flip_filters": False}, 1)])
@pytest.mark.parametrize(("pad", "zeros"), [("same", 1), ("full", 2), (0, 0), ("valid", 0)])
def test_convolutions_pad_and_turn_their_filters(flip, turn, pad, zeros):
    x, w, b = random(2, 3, 6, 6), random(4, 3, 3, 3), random(4)
    layer = layers.Conv2DLayer((None, 3, 6, 6), 4, 3, pad=pad, W=w, b=b, nonlinearity=None, **flip)
    padded = np.pad(x, ((0, 0), (0, 0), (zeros,) * 2, (zeros,) * 2))
    expected = correlate(padded, w[:, :, ::turn, ::turn]) + b[:, None, None]
    np.testing.assert_allclose(value(layer.get_output_for(T.constant(x))), expected, atol=1e-4)
    assert layer.output_shape == (None, *expected.shape[1:])


@pytest.mark.parametrize("flip", [True, False])
def test_sequences_are_convolved_with_their_padding(flip):
    x, w, b = random(2, 3, 7), random(4, 3, 3), random(4)
    layer = layers.Conv1DLayer(
        (None, 3, 7),
        4,
        3,
        stride=2,
        pad="same",
        W=w,
        b=b,
        nonlinearity=None,
        flip_filters=flip,
    )
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, 3, 2)[:, :, ::2]
    expected = np.einsum("nctk,fck->nft", windows, w[:, :, :: -1 if flip else 1]) + b[:, None]
    found = value(layer.get_output_for(T.constant(x)))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert layer.output_shape == (None, *expected.shape[1:])


def test_a_subclass_convolves_with_other_filters_as_it_is_told():
    class Doubled(layers.Conv2DLayer):
        def convolve(self, input, twice=False, **named):
            kept, self.W = self.W, self.W * (2 if twice else 1)
            conved = super().convolve(input, **named)
            self.W = kept
            return conved

    x, w = random(2, 3, 6, 6), random(4, 3, 3, 3)
    layer = Doubled((None, 3, 6, 6), 4, 3, W=w, b=None, nonlinearity=None, flip_filters=False)
    for how, factor in (({}, 1), ({"twice": True}, 2)):
        found = value(layer.get_output_for(T.constant(x), **how))
        np.testing.assert_allclose(found, factor * correlate(x, w), atol=1e-4)


def test_groups_see_their_own_channels_only():
    x, w = random(2, 4, 5, 5), random(6, 2, 3, 3)
    layer = layers.Conv2DLayer(
        (2, 4, 5, 5),
        6,
        3,
        W=w,
        nonlinearity=None,
        num_groups=2,
        flip_filters=False,
        stride=2,
    )
    halves = [correlate(x[:, :2], w[:3], 2), correlate(x[:, 2:], w[3:], 2)]
    found = value(layer.get_output_for(T.constant(x)))
    np.testing.assert_allclose(found, np.concatenate(halves, axis=1), atol=1e-4)


@pytest.mark.parametrize("size", [5, None])
def test_a_transposed_convolution_spreads_each_pixel(size):
    x, w = random(2, 3, size or 5, size or 5), random(3, 4, 3, 3)
    layer = layers.Deconv2DLayer(
        layers.InputLayer((None, 3, size, size)), 4, 3, stride=2, crop=1, W=w, nonlinearity=None,
        flip_filters=True,
    )  # fmt: skip
    spread = np.zeros((2, 4, 11, 11))
    for i in range(5):
        for j in range(5):
            part = np.tensordot(x[:, :, i, j], w, axes=(1, 0))
            spread[:, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += part
    np.testing.assert_allclose(output(layer, x), spread[:, :, 1:-1, 1:-1], atol=1e-4)
    assert layer.output_shape[2:] == ((9, 9) if size else (None, None))


def test_a_dilated_convolution_looks_further():
    x, w = random(2, 3, 7, 7), random(3, 4, 3, 3)
    layer = layers.DilatedConv2DLayer(
        layers.InputLayer(x.shape),
        4,
        3,
        dilation=2,
        W=w,
        nonlinearity=None,
    )
    expected = correlate(x, w.transpose(1, 0, 2, 3), dilation=2)
    np.testing.assert_allclose(output(layer, x), expected, atol=1e-4)
    assert layer.output_shape == (2, 4, 3, 3)


def test_images_are_enlarged():
    x = random(2, 3, 2, 3)
    grown = layers.Upscale2DLayer(layers.InputLayer(x.shape), (2, 3))
    expected = x.repeat(2, axis=2).repeat(3, axis=3)
    np.testing.assert_array_equal(output(grown, x), expected)
    spread = output(layers.Upscale2DLayer(layers.InputLayer(x.shape), 2, mode="dilate"), x)
    np.testing.assert_array_equal(spread[:, :, ::2, ::2], x)
    assert (spread != 0).sum() == x.size
    assert grown.output_shape == (2, 3, 4, 9)


def test_batch_normalisation_learns_averages_and_then_uses_them():
    x = 3 * random(6, 4, 5, 5) + 2
    dense = layers.Conv2DLayer(layers.InputLayer((None, 4, 5, 5)), 4, 1, name="c",
                               nonlinearity=nonlinearities.rectify)  # fmt: skip
    dense.W.set_value(np.eye(4, dtype=theano.config.floatX)[:, :, None, None])
    top = layers.batch_norm(dense, alpha=0.5, epsilon=0)
    norm = top.input_layer
    assert dense.b is None
    assert [p.name for p in norm.get_params(trainable=True)] == ["c_bn.beta", "c_bn.gamma"]
    assert norm.get_params(batch_norm_stat=True) == [norm.mean, norm.inv_std]
    given = T.tensor4()
    train = theano.function([given], layers.get_output(top, given))
    mean, std = x.mean((0, 2, 3)), x.std((0, 2, 3))
    normal = (x - mean[:, None, None]) / std[:, None, None]
    np.testing.assert_allclose(train(x), np.maximum(normal, 0), atol=1e-4)
    np.testing.assert_allclose(norm.mean.get_value(), mean / 2, rtol=1e-4)
    np.testing.assert_allclose(norm.inv_std.get_value(), 0.5 + 0.5 / std, rtol=1e-4)
    kept = (x - mean[:, None, None] / 2) * (0.5 + 0.5 / std)[:, None, None]
    found = output(top, x, deterministic=True)
    np.testing.assert_allclose(found, np.maximum(kept, 0), atol=1e-4)
    np.testing.assert_allclose(norm.mean.get_value(), mean / 2, rtol=1e-4)


def test_learned_numbers_are_shared_along_axes():
    x = random(2, 3, 4)
    image = layers.InputLayer(x.shape)
    scales, biases = random(3), random(2, 3)
    np.testing.assert_allclose(output(layers.ScaleLayer(image, scales), x), x * scales[:, None])
    moved = layers.BiasLayer(image, biases, shared_axes=(2,))
    np.testing.assert_allclose(output(moved, x), x + biases[:, :, None])
    np.testing.assert_array_equal(output(layers.BiasLayer(image, b=None), x), x)
    dense = layers.DenseLayer(image, 3, W=np.eye(12, 3, dtype=x.dtype))
    rectified = layers.prelu(dense, alpha=scales)
    flat = x.reshape(2, 12)[:, :3]
    expected = np.where(flat > 0, flat, scales * flat)
    np.testing.assert_allclose(output(rectified, x), expected, rtol=1e-5)


def test_layers_of_functions_gradients_and_leading_axes():
    x = random(2, 3, 4)
    image = layers.InputLayer(x.shape)
    for shape in ("auto", (2, 4), lambda given: (given[0], given[2])):
        total = layers.ExpressionLayer(image, lambda v: v.sum(axis=1), output_shape=shape)
        assert total.output_shape == (2, 4)
    np.testing.assert_allclose(output(total, x), x.sum(1), rtol=1e-5)
    pooled = layers.MaxPool1DLayer(image, 2)
    pairs = x.reshape(2, 3, 2, 2)
    expected = np.where(pairs == pairs.max(-1, keepdims=True), pairs, 0).reshape(x.shape)
    np.testing.assert_allclose(output(layers.InverseLayer(pooled, pooled), x), expected)
    w = random(4, 5)
    each = layers.DenseLayer(image, 5, W=w, nonlinearity=None, num_leading_axes=2)
    np.testing.assert_allclose(output(each, x), x @ w, atol=1e-5)
    assert each.output_shape == (2, 3, 5)


def test_layers_that_merge_crop_their_inputs_as_they_are_told():
    a, b, c = random(1, 2, 3, 4), random(5, 4, 4, 2), random(7, 1, 8, 9)
    how = [None, "lower", "center", "upper"]
    found = value(layers.autocrop([T.constant(each) for each in (a, b, c)], how))
    for each, expected in zip(
        found,
        (a[:, :1, :3, -2:], b[:, :1, :3, -2:], c[:, :1, 2:5, -2:]),
        strict=True,
    ):
        np.testing.assert_array_equal(each, expected)
    large, small = layers.InputLayer((2, 3, 6, 6)), layers.InputLayer((2, 3, 4, None))
    x, y = random(2, 3, 6, 6), random(2, 3, 4, 4)
    crop = (None, None, "center", "center")
    for kind, join in (("ElemwiseSumLayer", np.add), ("ConcatLayer", np.hstack)):
        merged = getattr(layers, kind)([large, small], cropping=crop)
        cut = x[:, :, 1:-1, 1:-1]
        expected = join(cut, y) if kind == "ElemwiseSumLayer" else join([cut, y])
        given = {large: T.constant(x), small: T.constant(y)}
        np.testing.assert_allclose(value(layers.get_output(merged, given)), expected)
        assert merged.output_shape == (2, expected.shape[1], 4, None)


@pytest.mark.parametrize("kind", ["RecurrentLayer", "GRULayer", "LSTMLayer"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_recurrent_layer_can_return_its_last_state_only(kind, backwards):
    x = random(2, 5, 3)
    image = layers.InputLayer(x.shape)
    make = getattr(layers, kind)
    whole = make(image, 4, backwards=backwards, hid_init=init.Constant(0.1))
    last = make(image, 4, backwards=backwards, only_return_final=True)
    assert last.output_shape == (2, 4)
    for old, new in zip(whole.get_params(), last.get_params(), strict=True):
        new.set_value(old.get_value())
    states = output(whole, x)
    expected = states[:, 0] if backwards else states[:, -1]
    np.testing.assert_allclose(output(last, x), expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ["RecurrentLayer", "GRULayer", "LSTMLayer"])
def test_a_recurrent_layer_begins_with_the_states_of_others(kind):
    x, start = random(2, 5, 3), 0.3 * random(2, 4)
    make = getattr(layers, kind)
    image, state = layers.InputLayer(x.shape), layers.InputLayer(start.shape)
    begun = make(image, 4, hid_init=state)
    told = make(image, 4, hid_init=T.constant(start) * 1)
    for old, new in zip(begun.get_params(), told.get_params(), strict=True):
        new.set_value(old.get_value())
    assert layers.get_all_layers(begun) == [image, state, begun]
    given = {image: T.constant(x), state: T.constant(start)}
    found = value(layers.get_output(begun, given))
    np.testing.assert_allclose(found, output(told, x), rtol=1e-5)
    assert begun.output_shape == (2, 5, 4)
    assert abs(found - output(make(image, 4), x)).max() > 0.01


def test_shapes_are_known_as_far_as_lengths_are():
    image = layers.InputLayer((None, 3, None, 5))
    for layer, shape in (
        (layers.FlattenLayer(image), (None, None)),
        (layers.PadLayer(image, 2), (None, 3, None, 9)),
        (layers.SliceLayer(image, slice(1, -1), axis=2), (None, 3, None, 5)),
        (layers.ConcatLayer([image, image], axis=2), (None, 3, None, 5)),
        (layers.ConcatLayer([image, image]), (None, 6, None, 5)),
    ):
        assert layer.output_shape == shape
    x = random(2, 3, 4, 5)
    np.testing.assert_array_equal(
        output(layers.SliceLayer(image, slice(1, -1), 2), x),
        x[:, :, 1:-1],
    )


def test_modules_of_layers_give_those_of_the_package():
    from lasagne.layers import conv, merge

    assert (conv.Conv1DLayer, conv.Conv2DLayer) == (layers.Conv1DLayer, layers.Conv2DLayer)
    assert issubclass(layers.ConcatLayer, merge.ConcatLayer)


def test_a_transformer_moves_and_enlarges_images():
    x = random(2, 3, 5, 5)
    image = layers.InputLayer(x.shape)
    places = np.arange(5) / 2

    def transformed(theta, factor=1):
        numbers = layers.DenseLayer(image, 6, W=init.Constant(0), nonlinearity=None,
                                    b=np.array(theta, x.dtype))  # fmt: skip
        layer = layers.TransformerLayer(image, numbers, downsample_factor=factor)
        found = value(layers.get_output(layer, T.constant(x)), mode=theano.Mode(linker="py"))
        return found, layer.output_shape

    same, shape = transformed([1, 0, 0, 0, 1, 0])
    np.testing.assert_allclose(same, x, atol=1e-5)
    assert shape == x.shape
    # The upper left quarter: every second new pixel is an old one, the others are between two.
    corner, _ = transformed([0.5, 0, -0.5, 0, 0.5, -0.5])
    expected = np.interp(places, np.arange(5), x[0, 0, 0])
    np.testing.assert_allclose(corner[0, 0, 0], expected, atol=1e-5)
    turned, _ = transformed([0, 1, 0, 1, 0, 0])
    np.testing.assert_allclose(turned, x.swapaxes(2, 3), atol=1e-5)
    assert transformed([1, 0, 0, 0, 1, 0], 2)[1] == (2, 3, 2, 2)


def test_nonlinearities_and_objectives_follow_their_formulas():
    x = random(4, 3)
    c = T.constant(x)
    scale, a = 1.0507009873554805, 1.6732632423543773
    for found, expected in (
        (nonlinearities.elu(c), np.where(x > 0, x, np.expm1(x))),
        (nonlinearities.selu(c), scale * np.where(x > 0, x, a * np.expm1(x))),
        (nonlinearities.SELU(2, 3)(c), 2 * np.where(x > 0, x, 3 * np.expm1(x))),
        (nonlinearities.softplus(c), np.log1p(np.exp(x))),
        (nonlinearities.ScaledTanH(0.5, 3)(c), 3 * np.tanh(x / 2)),
    ):
        np.testing.assert_allclose(value(found), expected, rtol=1e-4)
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]], x.dtype)
    classes, one_hot = T.constant([1, 2]), T.constant(np.eye(3)[[1, 2]].astype(x.dtype))
    for targets in (classes, one_hot):
        assert value(objectives.categorical_accuracy(p, targets)).tolist() == [False, True]
        assert value(objectives.categorical_accuracy(T.constant(p), targets, 2)).all()
        found = value(objectives.multiclass_hinge_loss(T.constant(p), targets, 0.4))
        np.testing.assert_allclose(found, [0.6, 0], atol=1e-6)
    t = T.constant(np.array([1, 0, 1], x.dtype))
    assert value(objectives.binary_accuracy(T.constant(p[0]), t)).tolist() == [True, True, False]
    margins = 0.5 - np.array([1, -1, 1]) * np.log(p[0] / (1 - p[0]))
    given, twice = T.constant(np.log(p[0] / (1 - p[0]))), 2 * t - 1
    for found in (
        objectives.binary_hinge_loss(T.constant(p[0]), t, 0.5, log_odds=False),
        objectives.binary_hinge_loss(given, twice, 0.5, binary=False),
    ):
        np.testing.assert_allclose(value(found), np.maximum(margins, 0), rtol=1e-4, atol=1e-6)
    given = np.array([0.5, -3, 2], x.dtype)
    found = value(objectives.huber_loss(T.constant(given), t, 1.5))
    np.testing.assert_allclose(found, [0.125, 1.5 * 2.25, 0.5], rtol=1e-5)


def amsgrad(t, g, m, v, largest):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    largest = np.maximum(largest, v)
    rate = 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return m, v, largest, rate * m / (np.sqrt(largest) + 1e-8)


def adamax(t, g, m, u, _):
    m, u = 0.9 * m + 0.1 * g, np.maximum(0.999 * u, abs(g))
    return m, u, _, 0.1 / (1 - 0.9**t) * m / (u + 1e-8)


@pytest.mark.parametrize("rule", [amsgrad, adamax], ids=lambda rule: rule.__name__)
def test_rules_of_updates_follow_their_papers(rule):
    param = theano.shared(np.array([1.0, -2], theano.config.floatX))
    factor = T.scalar()
    new = getattr(updates, rule.__name__)((factor * param**2).sum(), [param], 0.1)
    step = theano.function([factor], [], updates=new)
    p, kept = np.array([1.0, -2]), (0.0, 0.0, 0.0)
    for t, size in enumerate((1.0, 0.1, 0.5), 1):
        *kept, change = rule(t, 2 * size * p, *kept)
        p = p - change
        step(size)
    np.testing.assert_allclose(param.get_value(), p, rtol=1e-4)


def test_an_objective_is_the_mean_loss_of_a_layers_output():
    layer, x, t = layers.InputLayer((None, 3)), random(2, 3), random(2, 3)
    objective = objectives.Objective(layer)
    loss = objective.get_loss(T.constant(x))
    found = value(loss, givens={objective.target_var: T.constant(t)})
    np.testing.assert_allclose(found, ((x - t) ** 2).mean(), rtol=1e-4)
    found = value(objective.get_loss(T.constant(x), T.constant(t), aggregation="sum"))
    np.testing.assert_allclose(found, ((x - t) ** 2).sum(), rtol=1e-4)


@pytest.mark.slow
def test_a_network_of_single_units_learns():
    image = layers.InputLayer((None, 3))
    unit = layers.DenseLayer(image, 1, np.ones((3, 1)), nonlinearity=nonlinearities.sigmoid)
    last = layers.batch_norm(unit)
    x, t = T.matrix(), T.vector()
    loss = objectives.binary_crossentropy(layers.get_output(last, x), t).mean()
    rule = updates.adam(loss, layers.get_all_params(last, trainable=True), 0.1)
    learn = theano.function([x, t], loss, updates=rule)
    given = random(8, 3)
    losses = [float(learn(given, (given[:, 0] > 0).astype(given.dtype))) for _ in range(20)]
    assert losses[-1] < 0.7 * losses[0]


def test_tools_tell_what_expressions_and_functions_depend_on():
    one, other = theano.shared(1.0), theano.shared(2.0)
    assert utils.collect_shared_vars([one * T.scalar(), other + one]) == [one, other]
    assert utils.collect_shared_vars(other) == [other]
    assert utils.inspect_kwargs(lambda a, b=1, *, c=2: None) == ["b", "c"]
    assert isinstance(np.int8(1), utils.int_types)


@pytest.mark.parametrize(("flip", "turn"), [(True, -1), (False, 1)])
def test_volumes_are_convolved_and_spread_again(flip, turn):
    x, w, b = random(2, 3, 5, 6, 4), random(4, 3, 3, 2, 1), random(4)
    image = layers.InputLayer((None, 3, 5, 6, 4))
    how = {"flip_filters": flip, "W": w, "nonlinearity": None}
    layer = layers.Conv3DLayer(image, 4, w.shape[2:], stride=(2, 1, 1), pad=1, b=b, **how)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], (2, 3, 4))[:, :, ::2]
    turned = w[:, :, ::turn, ::turn, ::turn]
    expected = np.einsum("ncxyzijk,fcijk->nfxyz", windows, turned) + b[:, None, None, None]
    np.testing.assert_allclose(output(layer, x), expected, rtol=1e-3, atol=1e-4)
    assert layer.output_shape == (None, *expected.shape[1:])
    back = layers.TransposedConv3DLayer(layer, 3, w.shape[2:], (2, 1, 1), 1, b=None, **how)
    assert back.output_shape == image.output_shape
    # The transposed map: <convolved x, y> = <x, y spread>.
    y = random(2, *layer.output_shape[1:])
    same = layers.Conv3DLayer(
        image,
        4,
        w.shape[2:],
        (2, 1, 1),
        1,
        b=None,
        **{**how, "flip_filters": not flip},
    )
    spread = value(back.get_output_for(T.constant(y)))
    np.testing.assert_allclose((output(same, x) * y).sum(), (x * spread).sum(), rtol=1e-3)


def test_volumes_and_sequences_are_pooled():
    x = random(2, 3, 4, 6, 2)
    blocks = x.reshape(2, 3, 2, 2, 3, 2, 1, 2)
    volume = layers.InputLayer((None, 3, 4, 6, 2))
    for layer, expected in (
        (layers.MaxPool3DLayer(volume, 2), blocks.max((3, 5, 7))),
        (layers.Pool3DLayer(volume, 2, mode="average_inc_pad"), blocks.mean((3, 5, 7))),
    ):
        np.testing.assert_allclose(output(layer, x), expected, rtol=1e-4, atol=1e-6)
        assert layer.output_shape == (None, *expected.shape[1:])
    sequence = layers.Pool1DLayer((None, 3, 8), 4, stride=2, mode="average_exc_pad")
    x = random(2, 3, 8)
    expected = np.stack([x[..., at : at + 4].mean(-1) for at in (0, 2, 4)], -1)
    np.testing.assert_allclose(value(sequence.get_output_for(T.constant(x))), expected, rtol=1e-4)
    assert sequence.output_shape == (None, 3, 3)


@pytest.mark.parametrize(("norm", "axes"), [("instance_norm", (2, 3)), ("layer_norm", (1, 2, 3))])
def test_each_example_is_normalised_by_itself(norm, axes):
    x = random(2, 3, 4, 5)
    inner = layers.NonlinearityLayer(layers.InputLayer((None, 3, 4, 5)), nonlinearities.rectify)
    last = getattr(layers, norm)(inner, name="norm")
    normalised = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-4)
    np.testing.assert_allclose(output(last, x), np.maximum(normalised, 0), rtol=1e-3, atol=1e-5)
    *_, scale, bias, end = layers.get_all_layers(last)
    assert (scale.name, bias.name, end.name) == ("norm_scale", "norm_bias", "norm_nonlin")
    scale.scales.set_value(np.float32([1, 2, 3]))
    bias.b.set_value(np.float32([3, 2, 1]))
    moved = normalised * np.array([1, 2, 3])[:, None, None] + np.array([3, 2, 1])[:, None, None]
    np.testing.assert_allclose(output(last, x), np.maximum(moved, 0), rtol=1e-3, atol=1e-5)


def test_standardising_takes_the_axes_that_it_is_told_or_a_fixed_scale():
    x = random(4, 3)
    for axes, over in (("auto", 1), (0, 0)):
        layer = layers.StandardizationLayer((None, 3), axes)
        expected = (x - x.mean(over, keepdims=True)) / x.std(over, keepdims=True)
        found = value(layer.get_output_for(T.constant(x)))
        np.testing.assert_allclose(found, expected, rtol=1e-2, atol=1e-3)
    fixed = layers.standardize(layers.InputLayer((None, 3)), x.mean(0), x.std(0), shared_axes=0)
    np.testing.assert_allclose(output(fixed, x), (x - x.mean(0)) / x.std(0), rtol=1e-3, atol=1e-5)
    assert layers.get_all_params(fixed, trainable=True) == []


def test_a_random_slope_is_drawn_between_bounds_for_each_channel():
    layer = layers.rrelu(layers.NonlinearityLayer((None, 3, 4)), lower=0.2, upper=0.7)
    x = -1 - abs(random(5, 3, 4))
    image = layer.input_layer.input_layer or layer.input_layer
    slopes = value(layer.get_output_for(T.constant(x))) / x
    np.testing.assert_allclose(slopes, np.broadcast_to(slopes[:1, :, :1], x.shape), rtol=1e-5)
    assert len(np.unique(slopes[0, :, 0])) == 3
    assert 0.19 < slopes.min() < slopes.max() < 0.71
    fixed = value(layer.get_output_for(T.constant(x), deterministic=True))
    np.testing.assert_allclose(fixed, 0.45 * x, rtol=1e-5)
    with pytest.raises(ValueError, match=r"0\.9"):
        layers.RandomizedRectifierLayer(image, lower=0.9)


def test_a_parameter_may_be_an_expression_of_others():
    first = layers.DenseLayer(layers.InputLayer((None, 3)), 2, W=random(3, 2), b=None)
    tied = layers.DenseLayer(first, 3, W=first.W.T, b=random(3), nonlinearity=None)
    x, w, b = random(4, 3), first.W.get_value(), tied.b.get_value()
    expected = np.maximum(x @ w, 0) @ w.T + b
    np.testing.assert_allclose(output(tied, x), expected, rtol=1e-4, atol=1e-5)
    assert layers.get_all_params(tied, trainable=True) == [first.W, tied.b]
    assert tied.get_params(regularizable=True) == [first.W]
    assert tied.get_params(unwrap_shared=False) == [tied.W, tied.b]
    loss = layers.get_output(tied, T.constant(x)).sum()
    assert first.W in updates.sgd(loss, layers.get_all_params(tied), 0.1)
    one, two = (theano.shared(random(2, 3)) for _ in range(2))
    made = layers.DenseLayer(first, 3, W=T.exp(one) - two, b=None)
    assert layers.get_all_params(made) == [first.W, one, two]
    with pytest.raises(ValueError, match="1 dimensions"):
        layers.DenseLayer(first, 3, W=first.W[0])


@pytest.mark.parametrize(
    ("mode", "places"),
    [("nearest", [0, 0, 0, 1]), ("mirror", [2, 1, 0, 1]), ("wrap", [2, 3, 0, 1])],
)
def test_a_transformer_continues_images_behind_their_border(mode, places):
    x = random(1, 1, 1, 4)
    theta = T.constant(np.float32([[1, 0, -4 / 3, 0, 1, 0]]))
    layer = layers.TransformerLayer((1, 1, 1, 4), (1, 6), border_mode=mode)
    # What is seen begins two pixels to the left of the image.
    found = value(layer.get_output_for([T.constant(x), theta]), mode=theano.Mode(linker="py"))
    np.testing.assert_allclose(found[0, 0, 0], x[0, 0, 0, places], atol=1e-5)


def test_a_thin_plate_spline_goes_through_its_control_points():
    x, moves = random(2, 1, 5, 5), 0.2 * random(2, 2, 9)
    layer = layers.TPSTransformerLayer((2, 1, 5, 5), (2, 18), control_points=9)
    ticks = np.linspace(-1, 1, 5, dtype=x.dtype)
    places = layer.places(
        T.constant(moves.reshape(2, 18)),
        *map(T.constant, (ticks, ticks[:, None])),
    )
    places = np.stack(value(places), 1)
    here = np.stack(np.meshgrid(ticks, ticks))
    points = here[:, ::2, ::2] + moves.reshape(2, 2, 3, 3)
    np.testing.assert_allclose(places[:, :, ::2, ::2], points, atol=1e-4)
    found = value(layer.get_output_for([T.constant(x), T.zeros((2, 18))]))
    np.testing.assert_allclose(found, x, atol=1e-4)
    # What moves all points alike, moves all places alike.
    moved = value(layer.places(T.ones((1, 18)), *map(T.constant, (ticks, ticks[:, None]))))
    np.testing.assert_allclose(np.concatenate(moved), here + 1, atol=1e-4)
    assert layer.output_shape == (2, 1, 5, 5)


@pytest.mark.parametrize("flip", [True, False])
def test_each_position_has_filters_of_its_own(flip):
    x, w = random(2, 3, 4, 5), random(6, 3, 3, 3, 4, 5)
    layer = layers.LocallyConnected2DLayer(
        (2, 3, 4, 5),
        6,
        3,
        W=w,
        nonlinearity=None,
        flip_filters=flip,
    )
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
    turned = w[:, :, ::-1, ::-1] if flip else w
    expected = np.einsum("ncyxij,fcijyx->nfyx", windows, turned)
    found = value(layer.get_output_for(T.constant(x)))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    each = layers.LocallyConnected2DLayer(
        (2, 3, 4, 5),
        3,
        3,
        W=w[:3, 0],
        nonlinearity=None,
        flip_filters=flip,
        channelwise=True,
    )
    expected = np.einsum("ncyxij,cijyx->ncyx", windows, turned[:3, 0])
    found = value(each.get_output_for(T.constant(x)))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    with pytest.raises(NotImplementedError):
        layers.LocallyConnected2DLayer((2, 3, 4, 5), 6, 3, stride=2)


def test_a_pyramid_pools_images_of_any_size_into_as_many_regions():
    x = random(2, 3, 6, 9)
    given = layers.InputLayer((None, 3, None, None))
    pyramid = layers.SpatialPyramidPoolingLayer(given, [3, 1])
    blocks = x.reshape(2, 3, 3, 2, 3, 3).max((3, 5)).reshape(2, 3, 9)
    expected = np.concatenate([blocks, x.max((2, 3))[..., None]], axis=2)
    np.testing.assert_allclose(output(pyramid, x), expected)
    assert pyramid.output_shape == (None, 3, 10)
    mean = layers.SpatialPyramidPoolingLayer((2, 3, 5, 5), [2], "average_exc_pad", "kaiming")
    found = value(mean.get_output_for(T.constant(x[:, :, :5, :5])))
    np.testing.assert_allclose(found[..., 1], x[:, :, :3, 2:5].mean((2, 3)), rtol=1e-4)


@pytest.mark.parametrize(("drop", "axes"), [
    ("dropout_channels", (2, 3)), ("spatial_dropout", (2, 3)), ("dropout_locations", (1,)),
])  # fmt: skip
def test_dropout_shares_its_mask_along_axes(drop, axes):
    x = 1 + abs(random(4, 5, 6, 7))
    layer = getattr(layers, drop)((4, 5, 6, 7), p=0.4)
    mask = value(layer.get_output_for(T.constant(x))) / x
    kept = np.isclose(mask, 1 / 0.6, rtol=1e-4)
    assert (kept | (mask == 0)).all()
    assert 0.2 < kept.mean() < 1
    np.testing.assert_array_equal(kept.min(axes), kept.max(axes))
    np.testing.assert_array_equal(value(layer.get_output_for(T.constant(x), deterministic=True)), x)


def test_layers_of_cuda_convnet_take_the_batch_as_the_last_axis():
    from lasagne.layers import cuda_convnet as cc

    x, w = random(2, 3, 6, 6), random(16, 3, 3, 3)
    last = (1, 2, 3, 0)
    first = cc.bc01_to_c01b(layers.InputLayer((2, 3, 6, 6)))
    conv = cc.Conv2DCCLayer(
        first,
        16,
        3,
        W=w.transpose(last),
        b=None,
        nonlinearity=None,
        dimshuffle=False,
    )
    pool = cc.MaxPool2DCCLayer(conv, 3, dimshuffle=False)
    assert (conv.output_shape, pool.output_shape) == ((16, 4, 4, 2), (16, 2, 2, 2))
    expected = correlate(x, w)
    np.testing.assert_allclose(output(conv, x), expected.transpose(last), atol=1e-4)
    # Partial windows count.
    corners = np.stack([expected[:, :, :3, :3].max((2, 3)), expected[:, :, 3, 3]])
    found = output(cc.c01b_to_bc01(pool), x)
    np.testing.assert_allclose(np.stack([found[..., 0, 0], found[..., 1, 1]]), corners, atol=1e-4)


def test_targets_become_a_column_where_predictions_are_one():
    x, t = random(4, 3), np.array([0, 1, 1, 0], theano.config.floatX)
    layer = layers.DenseLayer(layers.InputLayer(x.shape), 1, nonlinearity=nonlinearities.sigmoid)
    given = layers.get_output(layer, T.constant(x))
    p = value(given)[:, 0]
    for objective, expected in (
        (objectives.squared_error, (p - t) ** 2),
        (objectives.binary_crossentropy, -np.log(np.where(t > 0, p, 1 - p))),
        (objectives.huber_loss, 0.5 * (p - t) ** 2),
        (objectives.binary_accuracy, (p > 0.5) == t),
    ):
        np.testing.assert_allclose(value(objective(given, t))[:, 0], expected, rtol=1e-4)
    assert objectives.align_targets(T.matrix(), t)[1].ndim == 1
