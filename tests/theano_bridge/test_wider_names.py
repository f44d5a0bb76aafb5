"""Names of Theano beyond those of the tutorial, each against NumPy."""

import importlib
import itertools
import warnings

import numpy as np
import pytest
import theano
import theano.tensor as T

from mnist_draw import theano_bridge
from mnist_draw.theano_bridge import names

pytestmark = pytest.mark.skipif(theano_bridge.installed_theano(), reason="about PyTensor")
RNG = np.random.default_rng(8)


def value(expression):
    return theano.function([], expression, mode=theano.Mode(linker="py"))()


def convolve(x, w, pads, steps, dilation, groups, flip):
    """Convolution by its definition, for any number of dimensions."""
    spatial = range(2, x.ndim)
    x = np.pad(x, [(0, 0), (0, 0), *((pad, pad) for pad in pads)])
    w = np.flip(w, tuple(spatial)) if flip else w
    reach = [(w.shape[a] - 1) * d + 1 for a, d in zip(spatial, dilation, strict=True)]
    size = [(x.shape[a] - r) // s + 1 for a, r, s in zip(spatial, reach, steps, strict=True)]
    out = np.zeros((x.shape[0], w.shape[0], *size))
    channels, filters = w.shape[1], w.shape[0] // groups
    for place in itertools.product(*map(range, size)):
        window = x[
            (slice(None), slice(None), *(
                slice(p * s, p * s + r, d)
                for p, s, r, d in zip(place, steps, reach, dilation, strict=True)
            ))
        ]  # fmt: skip
        for f in range(w.shape[0]):
            group = slice(f // filters * channels, (f // filters + 1) * channels)
            products = window[:, group] * w[f]
            out[(slice(None), f, *place)] = products.sum(axis=tuple(range(1, x.ndim)))
    return out


CONVOLUTIONS = [
    ((2, 4, 7, 6), (6, 4, 3, 2), (0, 0), (1, 1), (2, 3), 1, True),
    ((2, 4, 7, 6), (6, 2, 3, 2), (1, 2), (2, 1), (1, 2), 2, False),
    ((2, 4, 7, 6), (8, 1, 3, 3), (1, 1), (1, 2), (1, 1), 4, True),
    ((2, 2, 5, 6, 4), (3, 2, 2, 3, 2), (0, 0, 0), (1, 1, 1), (1, 1, 1), 1, True),
    ((2, 4, 5, 6, 4), (4, 2, 2, 3, 2), (1, 2, 1), (2, 1, 1), (2, 1, 2), 2, False),
]


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolutions_and_their_gradients_follow_the_definition(case):
    image, kernel, pads, steps, dilation, groups, flip = case
    how = {"border_mode": pads, "subsample": steps, "filter_flip": flip, "num_groups": groups,
           "filter_dilation": dilation}  # fmt: skip
    x, w = RNG.random(image), RNG.random(kernel)
    flat = f"{len(image) - 2}d"
    module = importlib.import_module("theano.tensor.nnet.abstract_conv")
    expected = convolve(x, w, pads, steps, dilation, groups, flip)
    found = value(getattr(T.nnet, f"conv{flat}")(x, w, filter_shape=kernel, **how))
    np.testing.assert_allclose(found, expected)
    shape = (image[0], image[1] // groups, *image[2:])
    assert expected.shape == module.get_conv_output_shape(shape, kernel, pads, steps, dilation)
    # A linear function's gradient: <top, conv(x, w)> = <by_inputs, x> = <by_weights, w>.
    top = RNG.random(expected.shape)
    scale = (top * expected).sum()
    by_inputs = value(getattr(module, f"conv{flat}_grad_wrt_inputs")(top, w, image, kernel, **how))
    by_weights = value(getattr(module, f"conv{flat}_grad_wrt_weights")(x, top, kernel, **how))
    assert by_inputs.shape == image
    assert by_weights.shape == kernel
    np.testing.assert_allclose([(by_inputs * x).sum(), (by_weights * w).sum()], scale)
    one = np.zeros_like(x)
    one[1, 1, 2, 3] = 1
    by_one = (convolve(one, w, pads, steps, dilation, groups, flip) * top).sum()
    np.testing.assert_allclose((by_inputs * one).sum(), by_one)
    if flat == "2d":
        operation = module.AbstractConv2d_gradInputs(None, kernel, **how)
        np.testing.assert_allclose(value(operation(w, top, T.constant(image[2:]))), by_inputs)
        operation = module.AbstractConv2d_gradWeights(image, kernel, **how)
        np.testing.assert_allclose(value(operation(x, top, T.constant(kernel[2:]))), by_weights)


def test_signal_convolution_takes_single_images_and_filters():
    conv2d = importlib.import_module("theano.tensor.signal.conv").conv2d
    x, w = RNG.random((3, 5, 6)), RNG.random((2, 2, 3))
    expected = convolve(x[:, None], w[:, None], (0, 0), (1, 1), (1, 1), 1, True)
    np.testing.assert_allclose(value(conv2d(x, w)), expected)
    np.testing.assert_allclose(value(conv2d(x[0], w[0])), expected[0, 0])


@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_bilinear_upsampling_interpolates_between_pixels(ratio):
    module = importlib.import_module("theano.tensor.nnet.abstract_conv")
    row = np.array([0.0, 10, 40])
    places = (np.arange(3 * ratio) - (ratio - 1) // 2) / ratio
    expected = np.interp(places, np.arange(3), row)
    found = value(
        module.bilinear_upsampling(T.constant(row[None, None, None] * [[1.0], [2]]), ratio),
    )
    np.testing.assert_allclose(found[0, 0, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(found[0, 0, -1], 2 * expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("mode", "reduce"),
    [("max", np.max), ("sum", np.sum), ("average_inc_pad", np.mean)],
)
def test_volumes_are_pooled_block_by_block(mode, reduce):
    pool_3d = importlib.import_module("theano.tensor.signal.pool").pool_3d
    x = RNG.random((2, 4, 6, 9))
    blocks = x.reshape(2, 2, 2, 2, 3, 3, 3)
    found = value(pool_3d(T.constant(x), (2, 3, 3), ignore_border=True, mode=mode))
    np.testing.assert_allclose(found, reduce(blocks, axis=(2, 4, 6)))


def test_images_become_rows_of_windows():
    module = importlib.import_module("theano.tensor.nnet.neighbours")
    x = RNG.random((2, 3, 4, 6))
    rows = value(module.images2neibs(T.constant(x), (2, 3)))
    assert rows.shape == (24, 6)
    np.testing.assert_array_equal(rows[1], x[0, 0, :2, 3:].ravel())
    stepped = value(module.images2neibs(T.constant(x), (3, 3), (1, 1)))
    np.testing.assert_array_equal(stepped[5], x[0, 0, 1:, 1:4].ravel())
    np.testing.assert_array_equal(value(module.neibs2images(rows, (2, 3), x.shape)), x)
    few = module.images2neibs(T.constant(x), (3, 3), mode="ignore_borders")
    back = value(module.neibs2images(few, (3, 3), T.constant(x).shape, "ignore_borders"))
    np.testing.assert_array_equal(back[:, :, :3], x[:, :, :3])
    assert not back[:, :, 3:].any()


def test_shapes_of_a_convolution_and_pooling_by_their_first_names():
    conv = importlib.import_module("theano.tensor.nnet.conv")
    downsample = importlib.import_module("theano.tensor.signal.downsample")
    assert tuple(conv.ConvOp.getOutputShape((8, 9), (3, 3))) == (6, 7)
    assert tuple(conv.ConvOp.getOutputShape((8, 9), (3, 2), (2, 1), "full")) == (5, 10)
    pooled = value(downsample.DownsampleFactorMax((2, 2), True)(T.constant(np.eye(5))))
    np.testing.assert_array_equal(pooled, np.eye(2))


def test_a_rewrite_that_removes_an_operation_leaves_what_it_is_given():
    x, theano_gof = T.vector("x"), importlib.import_module("theano.gof")
    graph = theano_gof.FunctionGraph([x], [T.exp(x) + 1], clone=False)
    theano_gof.TopoOptimizer(theano_gof.OpRemove(T.exp)).rewrite(graph)
    assert T.exp not in [node.op for node in graph.apply_nodes]
    assert graph.outputs[0].owner.inputs[0] is x


@pytest.mark.parametrize(("axes", "over"), [("per-activation", 0), ("spatial", (0, 2, 3))])
def test_batch_normalisation_follows_its_paper(axes, over):
    bn = importlib.import_module("theano.tensor.nnet.bn")
    x = RNG.random((5, 3, 2, 4))
    mean, var = x.mean(over, keepdims=True), x.var(over, keepdims=True)
    gamma, beta, old = (RNG.random(mean.shape) for _ in range(3))
    n = x.size // mean.size
    normal = (x - mean) / np.sqrt(var + 0.01) * gamma + beta
    results = value(
        list(bn.batch_normalization_train(x, gamma, beta, axes, 0.01, 0.25, old, old + 1)),
    )
    expected = [normal, mean, 1 / np.sqrt(var + 0.01), 0.75 * old + 0.25 * mean,
                0.75 * (old + 1) + 0.25 * var * n / (n - 1)]  # fmt: skip
    for one, other in zip(results, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)
    kept = [np.squeeze(each, over) for each in (gamma, beta, mean, var)]
    found = value(bn.batch_normalization_test(x, *kept, axes, 0.01))
    np.testing.assert_allclose(found, normal, rtol=1e-6, atol=1e-7)


def test_a_clone_without_shared_inputs_keeps_their_values():
    kept = theano.shared(np.zeros(2), name="kept")
    copy = theano.clone(kept, share_inputs=False)
    assert copy is not kept
    kept.set_value(np.ones(2))
    np.testing.assert_array_equal(copy.get_value(), 1)
    x = T.dvector()
    doubled = theano.clone(x + kept, {x: 2 * x}, strict=True, share_inputs=True)
    assert theano.function([x], doubled)([1, 2]).tolist() == [3, 5]


def test_a_default_update_may_have_a_known_shape():
    kept = theano.shared(np.zeros(2, theano.config.floatX))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting default_update", DeprecationWarning)
        kept.default_update = kept / 2 + T.ones((2,), theano.config.floatX)
    step = theano.function([], kept * 1)
    step()
    assert step().tolist() == [1, 1]
    assert kept.get_value().tolist() == [1.5, 1.5]


def test_inputs_may_have_defaults():
    x, y, z = T.scalars("xyz")
    inputs = [x, theano.In(y, value=3), theano.Param(z, default=0.5, name="shift")]
    function = theano.function(inputs, x * y + z)
    calls = [function(2), function(2, 10), function(2), function(2, shift=1), function(2)]
    assert calls == [6.5, 20.5, 6.5, 7, 6.5]


def test_every_variable_is_true_but_a_comparison():
    x = T.scalar()
    assert x
    assert theano.shared(0.0)
    assert T.eq(x, 1)
    assert x in [T.scalar(), x]
    for comparison in (x < 1, x <= 1, x > 1, x >= 1):
        with pytest.raises(TypeError, match="boolean"):
            bool(comparison)


def test_settings_of_theano_are_kept_under_its_names(capsys):
    config = theano.config
    assert config.dnn.enabled == "False"
    config.warn.ignore_bug_before = "0.7"
    assert config.warn.ignore_bug_before == "0.7"
    flags = config.gcc.cxxflags
    config.gcc.cxxflags = "-O1"
    assert config.gcc__cxxflags == "-O1"
    config.gcc.cxxflags = flags
    with pytest.raises(AttributeError, match=r"lib\.nonsense"):
        _ = config.lib.nonsense
    for _ in range(2):
        config.device = "gpu7"
    assert config.device == "cpu"
    assert capsys.readouterr().err.count("gpu7") == 1


def test_random_choices_have_the_probabilities_that_they_are_given():
    streams = importlib.import_module("theano.sandbox.rng_mrg").MRG_RandomStreams(3)
    assert streams.normal((T.matrix().shape[0], 1)).broadcastable == (False, True)
    dice = value(streams.random_integers((6000,), 1, 6))
    assert abs(np.bincount(dice)[1:] / 6000 - 1 / 6).max() < 0.03
    orders = value(streams.permutation((50,), n=4))
    assert (np.sort(orders, axis=1) == np.arange(4)).all()
    assert len({tuple(order) for order in orders}) > 12
    biased = value(streams.choice((6000,), a=3, p=np.array([0.5, 0.3, 0.2])))
    assert abs(np.bincount(biased) / 6000 - [0.5, 0.3, 0.2]).max() < 0.03
    chances = np.array([0.5, 0.3, 0.2])
    hits = value(streams.multinomial((6000,), pvals=chances))
    assert abs(hits.mean(axis=0) - chances).max() < 0.03
    once = value(streams.multinomial(n=4, pvals=chances))
    assert (once.shape, once.sum()) == ((3,), 4)
    names = value(streams.choice((200,), a=np.array([7, 9])))
    assert set(names) == {7, 9}
    few = [value(streams.choice(2, a=4, replace=False, p=np.array([0.6, 0.4, 0, 0])))
           for _ in range(5)]  # fmt: skip
    assert all(set(each) == {0, 1} for each in few)


def test_losses_counts_and_largest_entries():
    x, classes = RNG.random((5, 3)), np.array([0, 2, 1, 2, 0])
    shares = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    loss, softmax = T.nnet.crossentropy_softmax_1hot(T.constant(x), T.constant(classes))
    np.testing.assert_allclose(value(loss), -np.log(shares[range(5), classes]), rtol=1e-6)
    np.testing.assert_allclose(value(softmax), shares, rtol=1e-6)
    moved = T.nnet.softmax_with_bias(T.constant(x), T.constant(np.array([1.0, 1, 1])))
    np.testing.assert_allclose(value(moved), shares, rtol=1e-6)
    counts, order = T.nnet.confusion_matrix(T.constant([1, 4, 4]), T.constant([4, 4, 1]))
    assert value(counts).tolist() == [[0, 1], [1, 1]]
    assert value(order).tolist() == [1, 4]
    np.testing.assert_allclose(value(T.inner(T.constant(x), T.constant(x))), np.inner(x, x))
    for axis in (0, 1):
        ordered = np.sort(x, axis=axis)
        for k, kept in ((2, slice(-2, None)), (-2, slice(None, 2))):
            expected = np.take(ordered, np.arange(x.shape[axis])[kept], axis)
            np.testing.assert_array_equal(value(T.topk(T.constant(x), k, axis)), expected)
            places = value(T.argtopk(T.constant(x), k, axis))
            np.testing.assert_array_equal(np.take_along_axis(x, places, axis), expected)


@pytest.mark.parametrize("home", ["theano.sandbox.cuda.dnn", "theano.gpuarray.dnn"])
def test_the_cpu_answers_for_a_graphics_card_that_is_not_there(home):
    dnn = importlib.import_module(home)
    assert not dnn.dnn_available()
    x, w = RNG.random((2, 3, 6, 6)), RNG.random((2, 3, 3, 3))
    for mode, flip in (("conv", True), ("cross", False)):
        expected = convolve(x, w, (1, 1), (2, 1), (1, 1), 1, flip)
        found = value(dnn.dnn_conv(T.constant(x), T.constant(w), (1, 1), (2, 1), conv_mode=mode))
        np.testing.assert_allclose(found, expected)
    pooled = value(dnn.dnn_pool(T.constant(x), (2, 2), (2, 2)))
    np.testing.assert_array_equal(pooled, x.reshape(2, 3, 3, 2, 3, 2).max(axis=(3, 5)))
    # As programs enlarge images: by the gradient of a convolution, which is its adjoint.
    images = dnn.GpuAllocEmpty("float64", None)(2, 3, 12, 12)
    how = dnn.GpuDnnConvDesc(border_mode=(1, 1), subsample=(2, 2))(images.shape, w.shape)
    large = value(dnn.GpuDnnConvGradI()(T.constant(w), T.constant(x[:, :2]), images, how))
    image = RNG.random((2, 3, 12, 12))
    small = convolve(image, w, (1, 1), (2, 2), (1, 1), 1, True)
    np.testing.assert_allclose((small * x[:, :2]).sum(), (image * large).sum())
    assert not isinstance(x, dnn.CudaNdarrayType)
    assert dnn.CudaNdarrayType is dnn.CudaNdarrayType
    ones = np.ones((1, 3, 6, 6))
    normal, mean, inverse = dnn.dnn_batch_normalization_train(x, ones, 0 * ones, epsilon=0.01)
    np.testing.assert_allclose(value(mean)[0], x.mean(axis=0))
    np.testing.assert_allclose(value(inverse)[0], 1 / np.sqrt(x.var(axis=0) + 0.01))
    np.testing.assert_allclose(value(normal), (x - x.mean(0)) / np.sqrt(x.var(0) + 0.01))
    with pytest.raises(NotImplementedError, match="GpuDnnReduction"):
        dnn.GpuDnnReduction()
    shares = value(T.exp(dnn.GpuDnnSoftmax(algo="log", mode="channel")(T.constant(x))))
    np.testing.assert_allclose(shares, np.exp(x) / np.exp(x).sum(axis=1, keepdims=True))


def test_no_graphics_card_has_a_context():
    card = importlib.import_module("theano.gpuarray")
    with pytest.raises(ValueError, match="dev0"):
        card.get_context("dev0")
    assert not importlib.import_module("theano.misc.pycuda_init").pycuda_available
    arrays = importlib.import_module("theano.sandbox.cuda").cuda_ndarray
    assert not isinstance(RNG, arrays.cuda_ndarray.CudaNdarray)


def test_the_cpus_layers_answer_for_those_of_a_graphics_card():
    from lasagne import layers
    from lasagne.layers import cuda_convnet, dnn

    assert issubclass(cuda_convnet.Conv2DCCLayer, layers.Conv2DLayer)
    x, w = RNG.random((2, 3, 6, 6)), RNG.random((2, 3, 3, 3))
    image = layers.InputLayer(x.shape)
    layer = dnn.Conv2DDNNLayer(image, 2, 3, pad=1, W=w.astype(theano.config.floatX))
    found = value(layers.get_output(dnn.MaxPool2DDNNLayer(layer, 2), T.constant(x)))
    conv = np.maximum(convolve(x, w, (1, 1), (1, 1), (1, 1), 1, False), 0)
    np.testing.assert_allclose(found, conv.reshape(2, 2, 3, 2, 3, 2).max(axis=(3, 5)), rtol=1e-5)


def test_operations_are_monitored_as_they_are_computed():
    x, seen = T.dvector(), []
    inspect = theano.compile.MonitorMode(
        pre_func=lambda i, node, fn: seen.append([each[0] for each in fn.inputs]),
        post_func=lambda i, node, fn: seen.append(fn.outputs[0][0]),
    ).including("fast_compile")
    doubled = theano.function([x], x * 2, mode=inspect)
    np.testing.assert_array_equal(doubled([1, 2]), [2, 4])
    np.testing.assert_array_equal(seen[-1], [2, 4])
    detect_nan = theano.compile.monitormode.detect_nan
    mode = theano.compile.MonitorMode(post_func=detect_nan)
    assert theano.function([x], x * 2, mode=mode)([3]) == 6


@pytest.fixture
def compute_test_value(request):
    theano.config.compute_test_value = request.param
    yield request.param
    theano.config.compute_test_value = "off"


@pytest.mark.parametrize("compute_test_value", ["raise", "warn", "ignore"], indirect=True)
def test_expressions_get_test_values_where_the_setting_asks_for_them(compute_test_value):
    x, w, bare = T.dmatrix(), theano.shared(np.ones((4, 2))), T.dmatrix("bare")
    given = x.tag.test_value = RNG.random((3, 4))
    product = T.dot(x, w)
    slope = T.grad(product.sum(), w)
    total = theano.scan(lambda row, before: before + row, x, [T.zeros(4, "float64")])[0][-1]
    theano.function([x], total)
    np.testing.assert_allclose(product.tag.test_value, given @ np.ones((4, 2)))
    for sums in (slope[:, 0], total):
        np.testing.assert_allclose(sums.tag.test_value, given.sum(axis=0))
    with pytest.raises(ValueError, match="dimension"):
        T.dot(w, x)
    if compute_test_value == "raise":
        with pytest.raises(ValueError, match="bare"):
            bare + 1
    elif compute_test_value == "warn":
        with pytest.warns(UserWarning, match="bare"):
            bare + 1
    else:
        assert not hasattr((bare + 1).tag, "test_value")


@pytest.mark.parametrize("name", names.ALIASES)
def test_a_name_of_theano_is_where_the_table_says(name):
    module, _, attribute = name.rpartition(".")
    assert getattr(importlib.import_module(module), attribute) is not None


def test_whole_numbers_are_taken_where_float64_would_hold_them():
    x = T.matrix()
    assert theano.function([x], x / 2)(np.array([[1, 2]])).tolist() == [[0.5, 1]]
    with pytest.raises(TypeError):
        theano.function([x], x)(np.array([[1j]]))


def test_the_numbers_of_one_variable_are_sown_again_and_states_copied():
    for home in ("theano.tensor.shared_randomstreams", "theano.sandbox.rng_mrg"):
        streams = importlib.import_module(home).RandomStreams(seed=5)
        drawn, other = streams.uniform((4,)), streams.uniform((4,))
        draw, draw_other = theano.function([], drawn), theano.function([], other)
        state = drawn.rng.get_value(borrow=True).get_state()
        first = draw()
        assert (draw() != first).any()
        drawn.rng.get_value().set_state(state)
        np.testing.assert_array_equal(draw(), first)
        drawn.rng.get_value().seed(8)
        seeded = draw()
        generator = drawn.rng.get_value(borrow=True)
        generator.seed(8)
        drawn.rng.set_value(generator, borrow=True)
        np.testing.assert_array_equal(draw(), seeded)
        (one, _), (two, _) = streams.state_updates
        two.set_value(one.get_value())
        np.testing.assert_array_equal(draw(), draw_other())


def test_a_derivative_along_a_direction_takes_the_inputs_of_its_function():
    w, v, x = T.matrix(), T.matrix(), T.vector()
    along = theano.function([w, v, x], T.Rop(T.dot(x, w), w, v))
    assert along([[1, 1], [1, 1]], [[2, 2], [2, 2]], [0, 1]).tolist() == [2, 2]
    one, two = theano.function([w, v, x], T.Rop([T.dot(x, w), w**2], w, v))(
        *[np.eye(2)] * 2,
        [3, 4],
    )
    assert (one.tolist(), two.tolist()) == ([3, 4], [[2, 0], [0, 2]])


def test_a_type_of_a_variable_tells_no_length_but_one():
    class Halves(theano.Op):
        __props__ = ()

        def make_node(self, x):
            return theano.Apply(self, [x], [x.type()])

        def perform(self, node, inputs, outputs):
            outputs[0][0] = inputs[0][: len(inputs[0]) // 2]

    x = T.zeros((4, 1))
    assert x.type().broadcastable == (False, True)
    assert value(Halves()(x).shape).tolist() == [2, 1]


def test_rewrites_are_given_the_node_alone_or_its_graph_too():
    gof = importlib.import_module("theano.gof")
    x = T.vector()

    @gof.local_optimizer([T.exp])
    def of_node(node):
        return [node.inputs[0] + 1] if node.op == T.exp else False

    @gof.local_optimizer([T.log])
    def of_graph(fgraph, node):
        return [fgraph.inputs[0]] if node.op == T.log else False

    graph = gof.FunctionGraph([x], [T.exp(T.log(x))], clone=False)
    for rewrite in (of_node, of_graph):
        gof.TopoOptimizer(rewrite).optimize(graph)
    assert not {T.exp, T.log} & {node.op for node in graph.apply_nodes}


def test_operations_and_types_get_their_methods_after_they_are_made():
    gof = importlib.import_module("theano.gof")
    double, number = gof.Op(), gof.Type()
    number.filter = lambda given, strict=False, allow_downcast=None: float(given)
    double.make_node = lambda x: gof.Apply(double, [x], [number()])
    double.perform = lambda node, inputs, outputs: outputs[0].__setitem__(0, 2 * inputs[0])
    x = number()
    assert theano.function([x], double(x), mode="FAST_COMPILE")(3) == 6


def test_an_input_that_is_updated_keeps_its_new_value():
    x, total = T.scalar(), T.scalar()
    add = theano.function([x, theano.In(total, value=10, update=total + x)], total)
    assert [add(1), add(5), add(0)] == [10, 11, 16]


def test_a_matrix_is_inverted_as_far_as_that_can_be_done():
    x = RNG.random((3, 2))
    inverse = importlib.import_module("theano.tensor.nlinalg").MatrixPinv()
    np.testing.assert_allclose(value(inverse(T.constant(x))), np.linalg.pinv(x))


def test_a_function_gives_and_takes_the_values_of_its_inputs():
    x, k, kept = T.scalar("x"), T.scalar("k"), theano.shared(1.0, name="kept")
    total = theano.function([x, theano.In(k, value=2)], x + k + kept)
    for key in (k, "k", 1):
        assert total[key] == total.value[key] == total.container[key].value == 2
    assert total["kept"] == total[kept] == 1
    total[kept] = 5
    assert (total(3), kept.get_value()) == (10, 5)


def test_settings_are_changed_for_a_while():
    @theano.change_flags(compute_test_value="raise", floatX="float64")
    def changed():
        return theano.config.compute_test_value, theano.config.floatX

    before = theano.config.compute_test_value, theano.config.floatX
    assert changed() == ("raise", "float64")
    assert (theano.config.compute_test_value, theano.config.floatX) == before


def test_channels_are_convolved_by_themselves_and_mixed():
    x, w, mix = (
        RNG.random((2, 3, 5, 5)),
        RNG.random((6, 1, 3, 3)),
        RNG.random((4, 6, 1, 1)),
    )
    each = convolve(x, w, (0, 0), (1, 1), (1, 1), 3, True)
    found = T.nnet.separable_conv2d(*map(T.constant, (x, w, mix)), num_channels=3)
    expected = np.einsum("nchw,fc->nfhw", each, mix[:, :, 0, 0])
    np.testing.assert_allclose(value(found), expected, rtol=1e-5)


def test_a_transposed_convolution_is_the_gradient_by_images():
    x, w = RNG.random((2, 3, 7, 7)), RNG.random((4, 3, 3, 3))
    y = convolve(x, w, (1, 1), (2, 2), (1, 1), 1, True)
    spread = T.nnet.conv2d_transpose(
        T.constant(y),
        T.constant(w),
        x.shape,
        border_mode=(1, 1),
        input_dilation=(2, 2),
    )
    np.testing.assert_allclose((value(spread) * x).sum(), (y**2).sum(), rtol=1e-5)


def test_a_graph_is_searched_in_breadth_and_in_depth():
    graph = importlib.import_module("theano.gof.graph")
    expand = {"a": "bc", "b": "d", "c": "d"}.get
    found = graph.stack_search(graph.deque("a"), expand)
    assert found == ["a", "b", "c", "d"]
    assert graph.stack_search(graph.deque("a"), expand, "dfs") == ["a", "c", "d", "b"]
    clients = {"b": ["a"], "c": ["a"], "d": ["b", "c"]}
    assert graph.stack_search(graph.deque("a"), expand, build_inv=True) == (found, clients)


def test_a_type_has_the_classes_of_its_variables_and_constants():
    kind = T.dvector
    assert kind.Variable(kind, None).type == kind
    assert value(2 * kind.Constant(kind, kind.filter([1, 2]))).tolist() == [2, 4]


def test_derivatives_have_the_form_of_what_they_are_taken_by():
    format_as = theano.gradient.format_as
    assert format_as(True, False, (1, 2)) == [1, 2]
    assert format_as(False, True, 1) == (1,)
    assert format_as(False, False, [1]) == 1


def test_states_of_random_numbers_are_told_from_parameters():
    module = importlib.import_module("theano.tensor.shared_randomstreams")
    streams = module.RandomStreams(seed=5)
    streams.normal((3,))
    (state, _), *_ = streams.updates()
    assert isinstance(state, module.RandomStateSharedVariable)
    assert not isinstance(T._shared(np.zeros(3)), module.RandomStateSharedVariable)


def test_variables_that_are_computed_alike_are_the_same_graph():
    x = T.vector()
    assert theano.gof.graph.is_same_graph(2 * x + 1, 2 * x + 1)
    assert not theano.gof.graph.is_same_graph(2 * x + 1, 2 * x + 2)


def test_an_update_may_know_more_of_its_shape_than_the_variable():
    state = theano.shared(np.zeros((1, 5), theano.config.floatX))
    theano.function([], updates=[(state, state[[0], :] + 1)])()
    assert state.get_value().tolist() == [[1] * 5]


def test_names_of_operations_sparse_matrices_and_slices_of_the_card():
    multiply, also = T.mul, type(T.mul)(T.mul.scalar_op)
    assert T.hashtype(multiply) == T.hashtype(also)
    sparse = importlib.import_module("theano.sparse")
    assert isinstance(sparse.csr_matrix(), sparse.SparseVariable)
    assert isinstance(sparse.csr_matrix().type, sparse.SparseType)
    card = importlib.import_module("theano.gpuarray.subtensor")
    assert not isinstance(T.matrix()[0].owner.op, card.GpuSubtensor)
