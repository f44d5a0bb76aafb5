"""Networks of Lasagne's layers, as public programs build them, become networks of this program."""

import runpy

import lasagne
import numpy as np
import pytest
import theano.tensor as T
from lasagne import layers as L
from lasagne.nonlinearities import (
    LeakyRectify,
    leaky_rectify,
    linear,
    rectify,
    sigmoid,
    softmax,
    tanh,
    very_leaky_rectify,
)
from theano.tensor.nnet import elu, relu, softplus

import mnist_draw
from mnist_draw.library.stored_network import load_trained
from mnist_draw.networks import parse_network
from mnist_draw.networks.lasagne_layers import LayerError, read_network
from mnist_draw.networks.operations import forward
from mnist_draw.recognition.network_formats import NETWORK_FORMATS
from mnist_draw.training.functions import compile_predict


def swish(sums):
    return sums * T.nnet.sigmoid(sums)


class Doubled(L.DenseLayer):
    """A layer derived from another, which computes something else."""

    def get_output_for(self, *values, **named):
        return 2 * super().get_output_for(*values, **named)


def pictures_in():
    return L.InputLayer((None, 1, 28, 28))


def rows_in():
    return L.InputLayer((None, 784))


def out(network, classes=10):
    return L.DenseLayer(network, classes, nonlinearity=softmax)


def stack(start, *steps):
    for step in steps:
        start = step(start)
    return start


def conv(filters, side, **how):
    return lambda network: L.Conv2DLayer(network, filters, side, **how)


def dense(units, **how):
    return lambda network: L.DenseLayer(network, units, **how)


def pool(side, **how):
    return lambda network: L.MaxPool2DLayer(network, side, **how)


def drop(share=0.5):
    return lambda network: L.dropout(network, share)


#: What a network is called, and the layers that make it.
NETWORKS = {
    "mlp": lambda: mnist_draw.build_mlp(),
    "mlp#26": lambda: out(
        stack(pictures_in(), dense(500), drop(0.4), dense(300), drop(0.4)),
        26,
    ),
    # Lasagne's example for MNIST: its MLP, and its CNN, which the program has.
    "layers:/0.2,800/0.5,800/0.5": lambda: out(
        stack(pictures_in(), drop(0.2), dense(800), drop(), dense(800), drop()),
    ),
    "cnn": lambda: out(
        stack(
            pictures_in(),
            conv(32, 5, nonlinearity=rectify),
            pool(2),
            conv(32, 5),
            pool(2),
            drop(),
            dense(256),
            drop(),
        ),
    ),
    "layers:": lambda: out(rows_in()),
    "layers:100@sigmoid": lambda: out(stack(rows_in(), dense(100, nonlinearity=sigmoid))),
    "layers:50@tanh,50@tanh": lambda: out(
        stack(rows_in(), dense(50, nonlinearity=tanh), dense(50, nonlinearity=tanh)),
    ),
    "layers:64@leaky,32@elu": lambda: out(
        stack(rows_in(), dense(64, nonlinearity=leaky_rectify), dense(32, nonlinearity=elu)),
    ),
    "layers:64@very_leaky,32@softplus,16@linear": lambda: out(
        stack(
            rows_in(),
            dense(64, nonlinearity=very_leaky_rectify),
            dense(32, nonlinearity=softplus),
            dense(16, nonlinearity=linear),
        ),
    ),
    # What computes the same as Lasagne's activations is one of them.
    "layers:conv4x5,pool2,32@tanh": lambda: out(
        stack(
            pictures_in(),
            conv(4, 5, nonlinearity=relu),
            pool(2),
            dense(32, nonlinearity=T.tanh),
        ),
    ),
    # LeNet-5 of the Deep Learning Tutorials.
    "layers:conv20x5@tanh,pool2,conv50x5@tanh,pool2,500@tanh": lambda: out(
        stack(
            pictures_in(),
            conv(20, 5, nonlinearity=tanh),
            pool(2),
            conv(50, 5, nonlinearity=tanh),
            pool(2),
            dense(500, nonlinearity=tanh),
        ),
    ),
    "layers:conv8x3p1,pool2,conv16x3p1,pool2,64/0.5": lambda: out(
        stack(
            pictures_in(),
            conv(8, 3, pad="same"),
            pool(2),
            conv(16, 3, pad=1),
            pool(2),
            dense(64),
            drop(),
        ),
    ),
    "layers:conv8x3p2,pool3s2,32": lambda: out(
        stack(pictures_in(), conv(8, 3, pad="full"), pool(3, stride=2), dense(32)),
    ),
    "layers:conv8x5s2,conv8x3s2": lambda: out(
        stack(pictures_in(), conv(8, 5, stride=2), conv(8, 3, stride=(2, 2))),
    ),
    # Without biases, as programs write that normalize by themselves.
    "layers:conv8x5,pool2,30": lambda: out(
        stack(pictures_in(), conv(8, 5, b=None), pool(2), dense(30, b=None)),
    ),
    "layers:conv8x5,norm,pool2,30,norm": lambda: out(
        stack(
            pictures_in(),
            lambda network: L.batch_norm(L.Conv2DLayer(network, 8, 5)),
            pool(2),
            lambda network: L.batch_norm(L.DenseLayer(network, 30)),
        ),
    ),
    "layers:30@tanh,norm": lambda: out(
        stack(
            rows_in(),
            dense(30, nonlinearity=None),
            L.BatchNormLayer,
            lambda network: L.NonlinearityLayer(network, tanh),
        ),
    ),
    "layers:conv6x3,conv4x1,30": lambda: out(
        stack(pictures_in(), conv(6, 3), lambda network: L.NINLayer(network, 4), dense(30)),
    ),
    "layers:conv8x5,pool2,30#2": lambda: out(
        stack(pictures_in(), conv(8, 5), pool(2), L.FlattenLayer, dense(30)),
        2,
    ),
    "layers:conv8x4,pool2": lambda: out(
        stack(rows_in(), lambda n: L.ReshapeLayer(n, ([0], 1, 28, 28)), conv(8, 4), pool(2)),
    ),
    "layers:40": lambda: L.NonlinearityLayer(
        stack(rows_in(), dense(40), dense(10, nonlinearity=None)),
        softmax,
    ),
    "layers:conv8x5,pool2,/0.25,conv8x5,pool2,/0.25,64/0.5": lambda: out(
        stack(
            pictures_in(),
            conv(8, 5),
            pool(2),
            drop(0.25),
            conv(8, 5),
            pool(2),
            drop(0.25),
            dense(64),
            drop(),
        ),
    ),
}

#: Those that are given as text.
TEXTS = (
    "layers:#26",
    "layers:20@elu#26",
    "layers:conv4x3s2p1@tanh,20@leaky",
    "layers:conv4x3s3@sigmoid,conv4x3p1@elu#26",
    "layers:conv4x7s2p3,norm,pool3,20",
    "layers:pool3,conv6x3@leaky,norm,pool3s2",
    "layers:pool2,conv4x3p2@elu,pool3s1,12@sigmoid",
    "layers:pool2,20@tanh",
    "layers:40@leaky,norm,20@tanh,norm,/0.3#26",
    "layers:/0.1,conv4x3s2,/0.2,conv4x3s2p1,norm#26",
    "layers:conv4x1,pool3,conv4x3,conv4x3@tanh",
    "layers:conv4x3@linear,norm,pool2,20@softplus,20@very_leaky,norm",
)
NETWORKS |= {text: parse_network(text).build for text in TEXTS}


def filled(network):
    """Give a network parameters as training makes them: none is 0, none the same as another."""
    random = np.random.default_rng(5)
    for parameter in lasagne.layers.get_all_params(network):
        values = random.normal(0.05, 0.1, parameter.get_value().shape)
        values = np.abs(values) + 0.5 if parameter.name.endswith("inv_std") else values
        parameter.set_value(values.astype(np.float32))
    return network


@pytest.mark.parametrize("text", NETWORKS)
def test_they_answer_the_same_as_saved_networks(text, tmp_path):
    if "norm" in text and not hasattr(L, "batch_norm"):
        pytest.skip("the bridge adds batch normalization to Lasagne 0.1 on PyTensor alone")
    network = filled(NETWORKS[text]())
    pictures = np.random.default_rng(6).random((5, 1, 28, 28), np.float32)
    shape = L.get_all_layers(network)[0].shape[1:]
    predict = L.get_output(network, deterministic=True)
    expected = predict.eval({L.get_all_layers(network)[0].input_var: pictures.reshape(5, *shape)})
    path = tmp_path / "own.npz"
    mnist_draw.save_network(path, network)
    model = load_trained(path)
    assert model.network == text
    found, parameters = read_network(network)
    answers = forward(found.operations, parameters, pictures)
    np.testing.assert_allclose(answers, expected, atol=1e-5)
    (tmp_path / "reader.py").write_bytes(NETWORK_FORMATS["py"].pack(model))
    program = runpy.run_path(str(tmp_path / "reader.py"))
    np.testing.assert_allclose(program["predict"](pictures * 256), expected, atol=1e-5)
    loaded = mnist_draw.load_network(path)
    np.testing.assert_allclose(compile_predict(loaded)(pictures), expected, atol=1e-5)
    assert read_network(loaded)[0] == found
    pytest.importorskip("onnxruntime")
    import onnxruntime

    session = onnxruntime.InferenceSession(NETWORK_FORMATS["onnx"].pack(model))
    (onnx,) = session.run(None, {"pictures": pictures * np.float32(256)})
    np.testing.assert_allclose(onnx, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "named"),
    [
        (lambda: out(L.LSTMLayer(L.ReshapeLayer(pictures_in(), ([0], 28, 28)), 8)), "Reshape"),
        (lambda: out(L.ConcatLayer([L.DenseLayer(rows_in(), 8)] * 2)), "ConcatLayer"),
        (lambda: out(L.Pool2DLayer(pictures_in(), 2, mode="average_inc_pad")), "Pool2DLayer"),
        (lambda: out(conv(8, (3, 5))(pictures_in())), "Conv2DLayer"),
        (lambda: out(L.InputLayer((None, 3, 32, 32))), "InputLayer"),
        (lambda: out(L.InputLayer((None, 3, 32, 32), name="photo")), "'photo'"),
        (lambda: L.DenseLayer(rows_in(), 10, nonlinearity=sigmoid), "softmax"),
        (lambda: out(dense(8, nonlinearity=LeakyRectify(0.2))(rows_in())), r"LeakyRectify\(0.2\)"),
        (lambda: out(dense(8, nonlinearity=swish)(rows_in())), "swish"),
        pytest.param(
            lambda: out(L.BatchNormLayer(dense(8)(rows_in()))),
            "BatchNormLayer",
            marks=pytest.mark.skipif(not hasattr(L, "BatchNormLayer"), reason="not in Lasagne 0.1"),
        ),
        (lambda: out(L.MaxPool2DLayer(pictures_in(), 2, ignore_border=False)), "MaxPool2DLayer"),
        (lambda: out(Doubled(rows_in(), 8)), "Doubled"),
        *(
            pytest.param(
                lambda name=name: out(getattr(L, name)(conv(8, 3)(pictures_in()), 8, 3)),
                name,
                marks=pytest.mark.skipif(not hasattr(L, name), reason="not in Lasagne 0.1"),
            )
            for name in (
                "DilatedConv2DLayer",
                "TransposedConv2DLayer",
                "LocallyConnected2DLayer",
            )
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(build, named, tmp_path):
    with pytest.raises(LayerError, match=named):
        mnist_draw.save_network(tmp_path / "own.npz", build())
    assert not (tmp_path / "own.npz").exists()
