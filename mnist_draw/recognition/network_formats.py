"""The formats in which a trained network can be saved.

The Python program consists of this program's own source: of what a network computes, how a picture
becomes 28×28 pixels and what a temperature does, of `mnist_draw.recognition.numpy_program`, which
reads files with these, and of the parameters as text. So it computes what the program computes.

The ONNX model divides gray levels by 256 itself, so that users need not know it, and the sums of
the last layer by the network's temperature before the softmax, which is the same as what
`apply_temperature` does afterwards. Dropout, which acts in training only, is not in it.
"""

from __future__ import annotations

import base64
import inspect
import json
import re
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw import __version__
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.dataset.mnist import GRAY_LEVELS
from mnist_draw.errors import MissingPackageError, UserError, one_line
from mnist_draw.i18n import _
from mnist_draw.library.network_data import class_names
from mnist_draw.networks import operations, parse_network, title_of_model
from mnist_draw.networks.operations import OPERATIONS, SIDE, OnnxNode, Shape
from mnist_draw.storage import npz
from mnist_draw.storage.models import ModelFile, pack_model
from mnist_draw.training.run_formats import FileFormat

#: Characters of a line of parameters.
_WIDTH = 100
#: A module is written up to this line.
_END = "\n# ---- Not for the Python program"
#: ONNX 1.8 of 2020 and all after it read these: the first versions whose softmax is over one axis.
_OPERATORS = 13
_FORMAT = 7
_INPUT = "pictures"
_OUTPUT = "probabilities"
_USAGE = """\
    python FILE.py PICTURE.npy ...

Each .npy file holds gray levels with ink high: pictures of 28×28 pixels as MNIST has them, one or
many, or one drawing of another size, which is cut out, scaled and centered first. Where Pillow is
installed, picture files (PNG, JPEG and others) are read too: dark on light or light on dark, on
even paper. From Python: predict(pictures) returns the probabilities.
"""


def _parameters(model: ModelFile) -> bytes:
    # The names that numpy.savez gives arrays without one.
    return npz.pack({f"arr_{number}": value for number, value in enumerate(model.parameters)})


def _program(model: ModelFile) -> bytes:
    from mnist_draw.dataset import normalise
    from mnist_draw.dataset.pictures import ink_on_paper, picture_file
    from mnist_draw.recognition import answer, numpy_program

    parts: tuple[tuple[str, tuple[ModuleType | Callable[..., Any], ...]], ...] = (
        ("What the network computes", (operations,)),
        ("From a picture of any size to 28×28 pixels", (normalise,)),
        ("Probabilities that mean what they say", (answer.apply_temperature, answer._log)),
        ("Reading files", (ink_on_paper.border, picture_file.on_a_ground, numpy_program)),
    )
    specification = parse_network(model.network)
    model.require_shapes(specification.parameter_shapes())
    constants = {
        "NETWORK": repr(specification.operations),
        "TEMPERATURE": repr(model.info.temperature),
        "INK_SIDE": repr(model.info.side),
        "CLASS_NAMES": repr(class_names(model, for_files=True)),
    }
    parameters = base64.b64encode(_parameters(model)).decode()
    starts = range(0, len(parameters), _WIDTH)
    weights = "\n".join(parameters[start : start + _WIDTH] for start in starts)
    text = "\n".join(
        [
            _heading(model),
            '\n__all__ = ["predict"]\n',
            f"DIGITS = {DIGITS!r}",
            *(
                f"\n# ---- {title}\n\n" + "\n\n".join(map(_source, sources))
                for title, sources in parts
            ),
            "\n# ---- The network\n",
            *(f"{name} = {value}" for name, value in constants.items()),
            f'PARAMETERS = """\n{weights}\n"""\n',
            'if __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))\n',
        ],
    )
    return text.encode()


def _heading(model: ModelFile) -> str:
    described = one_line(title_of_model(model)).replace("\\", "/").replace('"', "'")
    return (
        f'"""Read pictures with a trained network: {described}.\n\n'
        f"{_USAGE}\n"
        f"Written by mnist_draw {__version__} (GNU General Public License, version 3 or later).\n"
        '"""\n\nfrom __future__ import annotations'
    )


def _source(part: ModuleType | Callable[..., Any]) -> str:
    """Return a function's text, or a module's without its docstring and what imports others."""
    try:
        text = inspect.getsource(part)
    except OSError as error:
        raise UserError(
            "The Python program cannot be written: this copy of mnist_draw was installed without "
            "its source. Nothing was written. Choose another format.",
        ) from error
    if isinstance(part, ModuleType):
        text = text.split('"""', 2)[2].split(_END)[0]
        text = re.sub(
            r"^from (?:__future__|mnist_draw)\b[^(\n]*(?:\([^)]*\))?\n",
            "",
            text,
            flags=re.M,
        )
    return text.strip() + "\n"


def _onnx(model: ModelFile) -> bytes:
    try:
        from onnx import TensorProto, helper
    except ImportError as error:
        raise MissingPackageError("ONNX", "onnx", "export") from error

    names = class_names(model, for_files=True)
    temperature = model.info.temperature
    graph, classes = _graph(model, temperature)
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
        doc_string=_description(model, names, temperature),
    )
    properties = {
        "network": model.network,
        "title": title_of_model(model),
        "temperature": str(temperature),
        "classes": json.dumps(names, ensure_ascii=False),
    }
    helper.set_model_props(made, properties)
    return made.SerializeToString(deterministic=True)


def _description(model: ModelFile, names: Sequence[str], temperature: float) -> str:
    calibration = (
        f"calibrated with the temperature {temperature:g} ({_OUTPUT} = softmax(sums / "
        f"{temperature:g}))"
        if temperature != 1
        else "not calibrated: the network's temperature is 1"
    )
    return (
        f"{title_of_model(model)}, written by mnist_draw {__version__}. Input {_INPUT!r}: float32 "
        f"(N, 1, {SIDE}, {SIDE}), gray levels from 0 to 255, ink high, background 0; the model "
        f"divides them by {GRAY_LEVELS} itself. A drawing must be cut out, scaled until its longer "
        f"side takes {model.info.side} pixels and placed with its center of mass in the middle, as "
        f"the pictures of MNIST were. Output {_OUTPUT!r}: float32 (N, {len(names)}), "
        f"{calibration}; their classes are {', '.join(names)}."
    )


class _Graph:
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


def _graph(model: ModelFile, temperature: float) -> tuple[_Graph, int]:
    """Return a model's nodes, and its number of classes."""
    specification = parse_network(model.network)
    model.require_shapes(specification.parameter_shapes())
    parameters = model.parameters
    graph = _Graph()
    graph.add(OnnxNode("Mul"), graph.constant("grey_level", 1 / GRAY_LEVELS))
    shape: Shape = (1, SIDE, SIDE)
    nodes: list[tuple[int, OnnxNode]] = []
    for number, operation in enumerate(specification.operations):
        count = len(operation.parameter_shapes(shape))
        found = OPERATIONS[type(operation)].onnx(operation, parameters[:count], shape)
        nodes += [(number, node) for node in found]
        parameters = parameters[count:]
        shape = operation.output_shape(shape)
    *sums, (_, activation) = nodes
    for number, node in sums:
        graph.add(node, number=number)
    graph.add(OnnxNode("Mul"), graph.constant("one_by_temperature", 1 / temperature))
    graph.add(activation, output=_OUTPUT)
    return graph, len(model.parameters[-1])


#: All formats by name, the program's own first.
NETWORK_FORMATS: dict[str, FileFormat] = {
    entry.name: entry
    for entry in (
        FileFormat(
            "model",
            ".npz",
            _("Network of mnist_draw"),
            _("what this program opens, with everything it knows about the network"),
            pack_model,
        ),
        FileFormat(
            "npz",
            ".npz",
            _("Parameters for NumPy and Lasagne"),
            _(
                "the parameters alone, as {code} writes them",
                code="numpy.savez(file, *lasagne.layers.get_all_param_values(…))",
            ),
            _parameters,
            in_menus=False,
        ),
        FileFormat(
            "onnx",
            ".onnx",
            "ONNX",
            _(
                "for ONNX Runtime, browsers, phones and other frameworks; gray levels from 0 to "
                "255 in, calibrated probabilities out",
            ),
            _onnx,
        ),
        FileFormat(
            "py",
            ".py",
            _("Python program that needs NumPy alone"),
            _("one file that reads pictures without this program"),
            _program,
        ),
    )
}
