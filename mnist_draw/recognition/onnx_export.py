"""A trained network as an ONNX model, which runs wherever ONNX Runtime does.

The input, ``pictures``, holds grey levels from 0 to 255 with ink high, as MNIST's files have
them: float32 of shape (N, 1, 28, 28). That they are divided by 256, not 255, is part of the model,
so that users need not know it. The output, ``probabilities``, float32 of shape (N, classes),
are calibrated: the sums of the last layer are divided by the network's temperature before the
softmax, which is the same as what `mnist_draw.recognition.answer.apply_temperature` does
afterwards. Dropout, which acts in training only, is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_draw import __version__
from mnist_draw.dataset.mnist import GREY_LEVELS
from mnist_draw.errors import MissingPackageError
from mnist_draw.library.network_data import class_names
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import OPERATIONS, SIDE, OnnxNode, Shape
from mnist_draw.recognition.recogniser import temperature_of

if TYPE_CHECKING:
    from mnist_draw.storage import ModelFile

#: ONNX 1.8 of 2020 and all after it read these: the first versions whose softmax is over one axis.
_OPERATORS, _FORMAT = 13, 7
_INPUT, _OUTPUT = "pictures", "probabilities"


def pack_onnx(model: ModelFile) -> bytes:
    """Return the bytes of an ONNX file."""
    try:
        from onnx import TensorProto, helper
    except ImportError as error:
        raise MissingPackageError("Writing an ONNX file", "onnx", "export") from error
    graph, classes = _graph(model)
    names = class_names(model)
    description = _description(model, names)
    floats = TensorProto.FLOAT
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "mnist_draw",
            [helper.make_tensor_value_info(_INPUT, floats, ["N", 1, SIDE, SIDE])],
            [helper.make_tensor_value_info(_OUTPUT, floats, ["N", classes])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPERATORS)],
        ir_version=_FORMAT,
        producer_name="mnist_draw",
        producer_version=__version__,
        doc_string=description,
    )
    properties = {
        "network": model.network,
        "title": model.title,
        "temperature": str(temperature_of(model)),
        "classes": json.dumps(names, ensure_ascii=False),
    }
    helper.set_model_props(made, properties)
    found: bytes = made.SerializeToString(deterministic=True)
    return found


def _description(model: ModelFile, names: Sequence[str]) -> str:
    temperature = temperature_of(model)
    calibration = (
        f"calibrated with the temperature {temperature:g} ({_OUTPUT} = softmax(sums / "
        f"{temperature:g}))"
        if temperature != 1
        else "not calibrated: the network's temperature is 1"
    )
    return (
        f"{model.describe()}, written by mnist_draw {__version__}. Input {_INPUT!r}: float32 "
        f"(N, 1, {SIDE}, {SIDE}), grey levels from 0 to 255, ink high, background 0; the model "
        f"divides them by {GREY_LEVELS} itself. A drawing must be cut out, scaled until its longer "
        f"side takes {model.info.side} pixels and placed with its centre of mass in the middle, as "
        f"the pictures of MNIST were. Output {_OUTPUT!r}: float32 (N, {len(names)}), "
        f"{calibration}; their classes are {', '.join(names)}."
    )


class _Graph:
    """A chain of ONNX nodes."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._last = _INPUT

    def constant(self, name: str, values: npt.ArrayLike) -> str:
        from onnx import numpy_helper

        array = np.ascontiguousarray(values, np.float32)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def add(self, node: OnnxNode, *constants: str, number: int = 0, output: str = "") -> None:
        from onnx import helper

        named = [self.constant(f"{name}_{number}", value) for name, value in node.constants.items()]
        output = output or f"{node.kind.lower()}_{len(self.nodes)}"
        inputs = [self._last, *constants, *named]
        self.nodes.append(helper.make_node(node.kind, inputs, [output], output, **node.attributes))
        self._last = output


def _graph(model: ModelFile) -> tuple[_Graph, int]:
    """Return a model's nodes, and its number of classes."""
    specification = parse_network(model.network)
    model.require_shapes(specification.parameter_shapes())
    parameters = model.parameters
    graph = _Graph()
    graph.add(OnnxNode("Mul"), graph.constant("grey_level", 1 / GREY_LEVELS))
    shape: Shape = (1, SIDE, SIDE)
    nodes: list[tuple[int, OnnxNode]] = []
    for number, operation in enumerate(specification.operations):
        count = len(operation.parameter_shapes(shape))
        found = OPERATIONS[type(operation)].onnx(operation, parameters[:count], shape)
        nodes += [(number, node) for node in found]
        parameters, shape = parameters[count:], operation.output_shape(shape)
    *sums, (_, activation) = nodes
    for number, node in sums:
        graph.add(node, number=number)
    graph.add(OnnxNode("Mul"), graph.constant("one_by_temperature", 1 / temperature_of(model)))
    graph.add(activation, output=_OUTPUT)
    return graph, len(model.parameters[-1])
