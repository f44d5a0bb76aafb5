"""The formats in which a trained network can be saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile


@dataclass(frozen=True)
class NetworkFormat:
    """A kind of file that holds a trained network.

    Attributes
    ----------
    name : str
        On the command line.
    ending : str
        Of its files' names, with the dot.
    title : str
        In menus and dialogs.
    meaning : str
        What can be done with it; for help texts, without a stop.
    pack : callable
        From the network to the file's bytes. Raises `UserError`.
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
    from mnist_draw.recognition.export.onnx_file import pack_onnx

    return pack_onnx(model)


def _program(model: ModelFile) -> bytes:
    from mnist_draw.recognition.export.numpy_program import pack_program

    return pack_program(model)


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
