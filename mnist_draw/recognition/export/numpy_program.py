"""A trained network as one Python file that needs NumPy alone.

The file consists of the program's own source: of what a network computes, how a picture becomes
28×28 pixels and what a temperature does, of `mnist_draw.recognition.export.standalone`, which
reads files with these, and of the parameters as text. So it computes what the program computes.
"""

from __future__ import annotations

import base64
import inspect
import re
import textwrap
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mnist_draw import __version__
from mnist_draw.dataset import normalise
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.errors import UserError, one_line
from mnist_draw.library.network_data import class_names
from mnist_draw.networks import operations, parse_network
from mnist_draw.recognition import answer
from mnist_draw.recognition.export import standalone
from mnist_draw.recognition.export.formats import NETWORK_FORMATS
from mnist_draw.recognition.recogniser import temperature_of
from mnist_draw.storage import ModelFile

#: Characters of a line of parameters.
_WIDTH = 100
_PARTS: tuple[tuple[str, tuple[ModuleType | Callable[..., Any], ...]], ...] = (
    ("What the network computes", (operations,)),
    ("From a picture of any size to 28×28 pixels", (normalise,)),
    (
        "Probabilities that mean what they say",
        (answer.apply_temperature, answer._log),
    ),
    ("Reading files", (standalone,)),
)
_USAGE = """\
    python FILE.py PICTURE.npy ...

Each .npy file holds grey levels with ink high: pictures of 28×28 pixels as MNIST has them, one or
many, or one drawing of another size, which is cut out, scaled and centred first. Where Pillow is
installed, picture files (PNG, JPEG and others) are read too: dark on light or light on dark, on
even paper. From Python: predict(pictures) returns the probabilities.
"""


def pack_program(model: ModelFile) -> bytes:
    """Return the bytes of the Python file."""
    specification = parse_network(model.network)
    model.require_shapes(specification.parameter_shapes())
    told = {
        "NETWORK": repr(specification.operations),
        "TEMPERATURE": repr(temperature_of(model)),
        "INK_SIDE": repr(model.info.side),
        "CLASS_NAMES": repr(tuple(class_names(model))),
    }
    parameters = base64.b64encode(NETWORK_FORMATS["npz"].pack(model)).decode()
    weights = "\n".join(textwrap.wrap(parameters, _WIDTH))
    text = "\n".join(
        [
            _heading(model),
            f"\nDIGITS = {DIGITS!r}",
            *(
                f"\n# ---- {title}\n\n" + "\n\n".join(map(_source, parts))
                for title, parts in _PARTS
            ),
            "\n# ---- The network\n",
            *(f"{name} = {value}" for name, value in told.items()),
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
        text = text.split('"""', 2)[2]
        text = re.sub(
            r"^from (?:__future__|mnist_draw)\b[^(\n]*(?:\([^)]*\))?\n", "", text, flags=re.M
        )
    return text.strip() + "\n"
