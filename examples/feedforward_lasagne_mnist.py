"""The program of the Lasagne Feedforward Tutorial, as it runs today.

    python examples/feedforward_lasagne_mnist.py

Or, from this folder: ``import feedforward_lasagne_mnist as flm``. The page ``docs/tutorial.md``
walks through it. With the same seed, `mnist_draw.run_network` gives the same losses.
"""

from __future__ import annotations

import argparse
import gzip
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import mnist_draw  # noqa: F401 - from here on, `import theano` and `import lasagne` work
from mnist_draw.storage.folders import resource_path

# isort: off
import lasagne
import theano
import theano.tensor as T
from lasagne.layers import DenseLayer, DropoutLayer, InputLayer
from lasagne.nonlinearities import rectify, softmax
from lasagne.objectives import categorical_crossentropy
from lasagne.updates import rmsprop
# isort: on

Array = np.ndarray[Any, Any]


def load_data() -> tuple[Array, ...]:
    """Return X_train, y_train, X_val, y_val, X_test, y_test: 50,000, 10,000 and 10,000 digits."""

    def read(name: str, header: int) -> Array:
        with gzip.open(resource_path("mnist", f"{name}-ubyte.gz")) as file:
            return np.frombuffer(file.read(), np.uint8, offset=header)

    def pictures(name: str) -> Array:
        return read(f"{name}-images-idx3", 16).reshape(-1, 1, 28, 28) / np.float32(256)

    X = pictures("train")
    y = read("train-labels-idx1", 8)
    X_test = pictures("t10k")
    y_test = read("t10k-labels-idx1", 8)
    return X[:-10000], y[:-10000], X[-10000:], y[-10000:], X_test, y_test


def build_mlp(input_var: Any = None) -> Any:
    """Stack the layers 784-500-300-10 and return the last one."""
    l_in = InputLayer(shape=(None, 1, 28, 28), input_var=input_var)
    l_hid1 = DenseLayer(l_in, num_units=500, nonlinearity=rectify)
    l_hid1_drop = DropoutLayer(l_hid1, p=0.4)
    l_hid2 = DenseLayer(l_hid1_drop, num_units=300, nonlinearity=rectify)
    l_hid2_drop = DropoutLayer(l_hid2, p=0.4)
    return DenseLayer(l_hid2_drop, num_units=10, nonlinearity=softmax)


def iterate_minibatches(
    inputs: Array,
    targets: Array,
    batchsize: int,
    rng: np.random.Generator | None = None,
) -> Iterator[tuple[Array, Array]]:
    """Yield minibatches; in a random order if there is a generator to draw it."""
    order = np.arange(len(inputs))
    if rng is not None:
        rng.shuffle(order)
    for start in range(0, len(inputs) - batchsize + 1, batchsize):
        rows = order[start : start + batchsize]
        yield inputs[rows], targets[rows]


def run_network(
    data: tuple[Array, ...] | None = None,
    network: Any = None,
    num_epochs: int = 20,
    seed: int = 1,
) -> Any:
    """Train a network, print its losses and accuracies, and return its output layer."""
    start = time.time()
    X_train, y_train, X_val, y_val, X_test, y_test = load_data() if data is None else data

    # Symbols for a minibatch, and what the network makes of them.
    input_var = T.tensor4("inputs")
    target_var = T.ivector("targets")
    if network is None:
        lasagne.random.set_rng(np.random.RandomState(seed))
        network = build_mlp()
    prediction = lasagne.layers.get_output(network, input_var)
    loss = categorical_crossentropy(prediction, target_var).mean()
    test_prediction = lasagne.layers.get_output(network, input_var, deterministic=True)
    test_loss = categorical_crossentropy(test_prediction, target_var).mean()
    is_right = T.eq(T.argmax(test_prediction, axis=1), target_var)
    test_acc = T.mean(is_right, dtype=theano.config.floatX)

    # Compile one function that takes a training step and one that only measures.
    params = lasagne.layers.get_all_params(network, trainable=True)
    updates = rmsprop(loss, params, learning_rate=0.001)
    train_fn = theano.function([input_var, target_var], loss, updates=updates)
    val_fn = theano.function([input_var, target_var], [test_loss, test_acc])

    def measure(inputs: Array, targets: Array) -> Array:
        batches = iterate_minibatches(inputs, targets.astype(np.int32), 500)
        return np.mean([val_fn(*batch) for batch in batches], axis=0)

    for epoch in range(1, num_epochs + 1):
        epoch_start = time.time()
        rng = np.random.default_rng([seed, epoch])
        batches = iterate_minibatches(X_train, y_train.astype(np.int32), 500, rng)
        train_loss = np.mean([train_fn(*batch) for batch in batches])
        val_loss, val_accuracy = measure(X_val, y_val)
        print(f"Epoch {epoch} of {num_epochs} took {time.time() - epoch_start:.3f}s")
        print(f"  training loss:\t\t{train_loss:.6f}")
        print(f"  validation loss:\t\t{val_loss:.6f}")
        print(f"  validation accuracy:\t\t{100 * val_accuracy:.2f} %")

    test_loss_found, test_accuracy = measure(X_test, y_test)
    print(f"Final results in {time.time() - start:.1f} seconds:")
    print(f"  test loss:\t\t\t{test_loss_found:.6f}")
    print(f"  test accuracy:\t\t{100 * test_accuracy:.2f} %")
    return network


def get_class(network: Any, example: Array) -> int:
    """Return the digit that a trained network sees in one picture (1, 28, 28)."""
    input_var = T.tensor4("inputs")
    probabilities = lasagne.layers.get_output(network, input_var, deterministic=True)
    predict = theano.function([input_var], T.argmax(probabilities, axis=1))
    return int(predict(example[np.newaxis])[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="2,000 digits, two epochs")
    if parser.parse_args().quick:
        X, y, *rest = load_data()
        run_network((X[:2000], y[:2000], *rest), num_epochs=2)
    else:
        run_network()
