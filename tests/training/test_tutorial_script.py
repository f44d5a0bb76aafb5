"""The tutorial's script trains as `run_network` does."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import mnist_draw

SCRIPT = Path(__file__).parents[2] / "examples" / "feedforward_lasagne_mnist.py"


@pytest.fixture(scope="module")
def flm():
    spec = importlib.util.spec_from_file_location("feedforward_lasagne_mnist", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(flm):
    return flm.load_data()


def figures(lines):
    return [float(line.split("\t")[-1].removesuffix(" %")) for line in lines if "\t" in line]


def test_it_loads_the_digits_that_the_program_loads(data):
    for mine, shipped in zip(data, mnist_draw.load_data(), strict=True):
        assert mine.dtype == shipped.dtype
        np.testing.assert_array_equal(mine, shipped)


def test_its_losses_are_those_of_the_program(flm, data, capsys):
    X_train, y_train, X_val, y_val, X_test, y_test = data
    few = (X_train[:2000], y_train[:2000], X_val[:1000], y_val[:1000], X_test[:1000], y_test[:1000])
    network = flm.run_network(data=few, num_epochs=2, seed=3)
    its_lines = capsys.readouterr().out.splitlines()
    mnist_draw.run_network(few, num_epochs=2, seed=3)
    lines = capsys.readouterr().out.splitlines()
    assert len(figures(lines)) == 8
    np.testing.assert_allclose(figures(its_lines), figures(lines), atol=2e-6)
    assert re.fullmatch(r"Final results in \d+\.\d seconds:", its_lines[-3])
    assert flm.get_class(network, X_test[0]) == mnist_draw.get_class(network, X_test[0])
    # A network that is given is trained further.
    assert flm.run_network(data=few, network=network, num_epochs=1) is network
