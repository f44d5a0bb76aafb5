"""Each entry of a registry is found by all of its consumers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_draw.cli import main
from mnist_draw.dataset.mnist import dataset_name, load_data, load_dataset
from mnist_draw.dataset.sources.formats import DATA_FORMATS, DataFormat
from mnist_draw.dataset.sources.source import Part, Source
from mnist_draw.errors import DatasetError
from mnist_draw.networks.operations import (
    OPERATIONS,
    OUTPUT_ACTIVATIONS,
    SIDE,
    Convolution,
    Dense,
    MaxPooling,
    Operation,
    forward,
    parameter_shapes,
)
from mnist_draw.recognition.network_formats import NETWORK_FORMATS
from mnist_draw.storage import ModelFile
from mnist_draw.training.setting import Folder
from mnist_draw.training.settings import SETTINGS


def help_of(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([command, "--help"]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_data_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    setting = SETTINGS["data_folder"]
    assert isinstance(setting, Folder)
    help_text = help_of("train", capsys)
    with pytest.raises(DatasetError) as refused:
        load_dataset(tmp_path)
    for known in DATA_FORMATS:
        assert known.title in help_text
        assert known.title in setting.sentence
        assert known.meaning in str(refused.value)
        assert known.name in str(load_data.__doc__)
        for pattern in known.patterns:
            assert f"{pattern} " in setting.files.replace(")", " ")
        for suffix in known.suffixes:
            assert dataset_name(tmp_path / f"letters{suffix}.gz") == "letters"


def test_a_new_data_format_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(place: Path) -> Source:
        images = np.full((12, 28, 28), 200, np.uint8)
        return Source(place, Part(images, np.arange(12) % 3, place))

    new = DataFormat(
        "dots", "files of dots", "a file of dots", read,
        is_folder=lambda folder: folder.name == "dots",
        is_file=lambda path: path.suffix == ".dots",
        suffixes=(".dots",),
    )  # fmt: skip
    monkeypatch.setattr("mnist_draw.dataset.sources.formats.DATA_FORMATS", [*DATA_FORMATS, new])
    (tmp_path / "my.dots").touch()
    (tmp_path / "dots").mkdir()
    assert load_dataset(tmp_path / "my.dots").name == "my"
    assert load_dataset(tmp_path / "dots").shows_digits
    with pytest.raises(DatasetError, match="; or a file of dots"):
        load_dataset(tmp_path)


# -- operations, activations, formats of networks


#: One of each operation.
EXAMPLES: dict[type[Operation], Operation] = {
    Convolution: Convolution(3, 5),
    MaxPooling: MaxPooling(2),
    Dense: Dense(4, "tanh"),
}
PICTURES = np.random.default_rng(1).random((2, 1, SIDE, SIDE), np.float32)


def test_there_is_an_example_of_every_operation() -> None:
    assert OPERATIONS.keys() == EXAMPLES.keys() == set(Operation.__args__)


@pytest.mark.parametrize("operation", EXAMPLES.values(), ids=lambda one: type(one).__name__)
def test_an_operation_has_all_its_facets(operation: Operation) -> None:
    import lasagne

    from mnist_draw.training.functions import compile_predict

    incoming = (1, SIDE, SIDE)
    network = lasagne.layers.InputLayer((None, *incoming))
    network = OPERATIONS[type(operation)].layer(network, operation)
    shapes = parameter_shapes([operation])
    assert network.output_shape[1:] == operation.output_shape(incoming)
    parameters = lasagne.layers.get_all_params(network)
    assert [value.get_value().shape for value in parameters] == list(shapes)
    random = np.random.default_rng(2)
    values = [random.normal(0, 0.1, shape).astype(np.float32) for shape in shapes]
    lasagne.layers.set_all_param_values(network, values)
    expected = compile_predict(network)(PICTURES)
    found = forward([operation], values, PICTURES)
    if found.ndim == 4:
        found = found.transpose(0, 3, 1, 2)
    np.testing.assert_allclose(found, expected, rtol=3e-5, atol=1e-5)
    nodes = OPERATIONS[type(operation)].onnx(operation, values, incoming)
    assert sum(len(node.constants) for node in nodes) == len(values)


@pytest.mark.parametrize("name", OUTPUT_ACTIVATIONS)
def test_an_activation_is_the_same_everywhere(name: str) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    import theano
    import theano.tensor as T

    activation = OUTPUT_ACTIVATIONS[name]
    assert activation.name == name
    assert activation.title
    assert activation.meaning
    assert onnx.defs.has(activation.onnx)
    sums = np.random.default_rng(3).normal(0, 3, (4, 5)).astype(np.float32)
    x = T.matrix()
    expected = theano.function([x], activation.function()(x))(sums)
    np.testing.assert_allclose(activation.compute(sums), expected, rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("name", NETWORK_FORMATS)
def test_a_network_format_has_all_its_facets(name: str) -> None:
    from mnist_draw.cli.export import _FORMATS

    entry = NETWORK_FORMATS[name]
    assert entry.name == name
    assert entry.ending.startswith(".")
    assert entry.title
    assert entry.meaning
    assert _FORMATS[name] is entry
    values = (np.zeros((SIDE * SIDE, 10), np.float32), np.zeros(10, np.float32))
    assert entry.pack(ModelFile("layers:", values))
