"""The formats in which a trained network can be saved.

The Python program consists of this program's own source: of what a network computes, how a picture
becomes 28×28 pixels and what a temperature does, of `mnist_draw.recognition.numpy_program`, which
reads files with these, and of the parameters as text. So it computes what the program computes.
"""

from __future__ import annotations

import base64
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mnist_draw import __version__
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.errors import UserError, one_line

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile


#: Characters of a line of parameters.
_WIDTH = 100
#: A module is written up to this line.
_END = "\n# ---- Not for the Python program"
_USAGE = """\
    python FILE.py PICTURE.npy ...

Each .npy file holds grey levels with ink high: pictures of 28×28 pixels as MNIST has them, one or
many, or one drawing of another size, which is cut out, scaled and centred first. Where Pillow is
installed, picture files (PNG, JPEG and others) are read too: dark on light or light on dark, on
even paper. From Python: predict(pictures) returns the probabilities.
"""


@dataclass(frozen=True)
class NetworkFormat:
    """A kind of file that holds a trained network.

    `name` is for the command line, `title` for menus and dialogs, `meaning` (what can be done with
    it, without a stop) for help texts. `pack` makes the file's bytes, or raises `UserError`.
    """

    name: str
    ending: str
    title: str
    meaning: str
    pack: Callable[[ModelFile], bytes]


def _own(model: ModelFile) -> bytes:
    from mnist_draw.storage.models import pack_model

    return pack_model(model)


def _parameters(model: ModelFile) -> bytes:
    from mnist_draw.storage import npz

    # The names that numpy.savez gives arrays without one.
    return npz.pack({f"arr_{number}": value for number, value in enumerate(model.parameters)})


def _onnx(model: ModelFile) -> bytes:
    from mnist_draw.recognition.onnx_export import pack_onnx

    return pack_onnx(model)


def _program(model: ModelFile) -> bytes:
    from mnist_draw.dataset import normalise
    from mnist_draw.library.network_data import class_names
    from mnist_draw.networks import operations, parse_network
    from mnist_draw.recognition import answer, numpy_program
    from mnist_draw.recognition.recogniser import temperature_of

    parts: tuple[tuple[str, tuple[ModuleType | Callable[..., Any], ...]], ...] = (
        ("What the network computes", (operations,)),
        ("From a picture of any size to 28×28 pixels", (normalise,)),
        ("Probabilities that mean what they say", (answer.apply_temperature, answer._log)),
        ("Reading files", (numpy_program,)),
    )
    specification = parse_network(model.network)
    model.require_shapes(specification.parameter_shapes())
    constants = {
        "NETWORK": repr(specification.operations),
        "TEMPERATURE": repr(temperature_of(model)),
        "INK_SIDE": repr(model.info.side),
        "CLASS_NAMES": repr(tuple(class_names(model))),
    }
    parameters = base64.b64encode(_parameters(model)).decode()
    starts = range(0, len(parameters), _WIDTH)
    weights = "\n".join(parameters[start : start + _WIDTH] for start in starts)
    text = "\n".join(
        [
            _heading(model),
            f"\nDIGITS = {DIGITS!r}",
            *(
                f"\n# ---- {title}\n\n" + "\n\n".join(map(_source, sources))
                for title, sources in parts
            ),
            "\n# ---- The network\n",
            *(f"{name} = {value}" for name, value in constants.items()),
            f'PARAMETERS = """\n{weights}\n"""\n',
            'if __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))\n',
        ]
    )
    return text.encode()


def _heading(model: ModelFile) -> str:
    described = one_line(model.describe()).replace("\\", "/").replace('"', "'")
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
            "its source. Nothing was written. Choose another format."
        ) from error
    if isinstance(part, ModuleType):
        text = text.split('"""', 2)[2].split(_END)[0]
        text = re.sub(
            r"^from (?:__future__|mnist_draw)\b[^(\n]*(?:\([^)]*\))?\n", "", text, flags=re.M
        )
    return text.strip() + "\n"


#: All formats by name, the program's own first.
NETWORK_FORMATS: dict[str, NetworkFormat] = {
    entry.name: entry
    for entry in (
        NetworkFormat(
            "model",
            ".npz",
            "Network of mnist_draw",
            "what this program opens, with all that it knows of the network",
            _own,
        ),
        NetworkFormat(
            "npz",
            ".npz",
            "Parameters for NumPy and Lasagne",
            "the parameters alone, as numpy.savez(file, *lasagne.layers.get_all_param_values(…)) "
            "writes them",
            _parameters,
        ),
        NetworkFormat(
            "onnx",
            ".onnx",
            "ONNX",
            "for ONNX Runtime, browsers, phones and other frameworks; grey levels from 0 to 255 "
            "in, calibrated probabilities out",
            _onnx,
        ),
        NetworkFormat(
            "py",
            ".py",
            "Python program that needs NumPy alone",
            "one file that reads pictures without this program",
            _program,
        ),
    )
}
