"""The file of a trained network.

An ``.npz`` file that ``numpy.load`` opens without pickle. It holds

``header``
    A JSON object as UTF-8 bytes (uint8 array): ``format`` (always ``"mnist_draw model"``),
    ``version`` (1), ``network`` (the description that :func:`mnist_draw.networks.parse_network`
    reads), ``shapes`` (of the parameters) and ``metadata`` (what is known about the network:
    title, test accuracy, epochs, training settings and so on).
``parameter_000``, ``parameter_001``, …
    float32 arrays in the order of ``lasagne.layers.get_all_param_values``.

Everything is validated before anything is built from it.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from mnist_draw.errors import UserError
from mnist_draw.storage import npz
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.errors import ModelFileError, reason_of

FORMAT = "mnist_draw model"
VERSION = 1
MAX_HEADER_BYTES = 1024 * 1024

Shape = tuple[int, ...]
ShapesOf = Callable[[str], Sequence[Shape]]


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A trained network as it is kept in a file.

    Attributes
    ----------
    network : str
        Description of the architecture, such as ``"mlp"`` or ``"custom_mlp:2,800,0.2,0.5"``.
    parameters : tuple of numpy.ndarray
        float32, finite, in Lasagne's order. Lists and other float arrays given here are
        converted.
    metadata : dict
        JSON values only.

    Raises
    ------
    ModelFileError
        When a parameter is not finite or not a real number, or the metadata is not JSON.
    """

    network: str
    parameters: tuple[npt.NDArray[np.float32], ...]
    metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        converted = tuple(_as_parameter(value, n) for n, value in enumerate(self.parameters))
        object.__setattr__(self, "parameters", converted)
        if not converted:
            raise ModelFileError("The network has no parameters.")
        if not isinstance(self.network, str) or not self.network.strip():
            raise ModelFileError(f"The network has no description (got {self.network!r}).")
        try:
            # Through JSON and back: a copy that the caller cannot change, of JSON's types.
            plain = json.loads(json.dumps(self.metadata, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise ModelFileError(f"The metadata of the network is not JSON: {error}.") from error
        if not isinstance(plain, dict):
            raise ModelFileError(f"The metadata of the network is a {type(plain).__name__}.")
        object.__setattr__(self, "metadata", plain)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of the parameters."""
        return tuple(parameter.shape for parameter in self.parameters)

    @property
    def title(self) -> str:
        """What to call the network on the screen."""
        title = self.metadata.get("title")
        return title if isinstance(title, str) and title.strip() else self.network

    def require_shapes(self, expected: Sequence[Shape]) -> None:
        """Compare the parameters with what the architecture needs.

        Parameters
        ----------
        expected : sequence of tuple of int

        Raises
        ------
        ModelFileError
            Naming the first parameter that differs.
        """
        if len(expected) != len(self.parameters):
            raise ModelFileError(
                f"The network {self.network!r} has {len(expected)} parameters, "
                f"but {len(self.parameters)} were found."
            )
        for number, (found, wanted) in enumerate(zip(self.shapes, expected, strict=True)):
            if found != tuple(wanted):
                raise ModelFileError(
                    f"Parameter {number} of the network {self.network!r} should have the shape "
                    f"{_words(wanted)}, but {_words(found)} was found."
                )


def save_model(path: str | os.PathLike[str], model: ModelFile) -> None:
    """Write a model file; equal models give equal bytes.

    Parameters
    ----------
    path : str or os.PathLike
        Used as it is; no suffix is added.
    model : ModelFile

    Raises
    ------
    StorageError
        When the file cannot be written; what was there before is unchanged.
    """
    write_atomically(path, pack_model(model))


def pack_model(model: ModelFile) -> bytes:
    """Return the bytes of the model file."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "network": model.network,
        "shapes": [list(shape) for shape in model.shapes],
        "metadata": model.metadata,
    }
    text = json.dumps(header, ensure_ascii=False, sort_keys=True, allow_nan=False)
    arrays: dict[str, npt.ArrayLike] = {
        "header": np.frombuffer(text.encode("utf-8"), dtype=np.uint8)
    }
    for number, parameter in enumerate(model.parameters):
        arrays[_parameter_name(number)] = parameter
    return npz.pack(arrays)


def load_model(path: str | os.PathLike[str], shapes_of: ShapesOf | None = None) -> ModelFile:
    """Read and validate a model file.

    Parameters
    ----------
    path : str or os.PathLike
    shapes_of : callable, optional
        Gives the parameter shapes of an architecture from its description, such as
        ``lambda text: parse_network(text).parameter_shapes()``. With it, parameters that do not
        fit the network are refused here, before anything is built. (Storage knows nothing
        about networks, hence the detour.)

    Returns
    -------
    ModelFile

    Raises
    ------
    ModelFileError
        The sentence names the file and what is wrong with it.
    """
    name = os.fspath(path)
    try:
        model = unpack_model(_read_file(Path(path)))
        if shapes_of is not None:
            model.require_shapes(shapes_of(model.network))
    except UserError as error:
        raise ModelFileError(f"The model file {name} cannot be used. {error}") from error
    return model


def unpack_model(data: bytes) -> ModelFile:
    """Read a model from the bytes of its file.

    Raises
    ------
    ModelFileError
        A sentence that does not name the file.
    """
    try:
        arrays = npz.unpack(data)
    except npz.NpzError as error:
        raise ModelFileError(f"Not a readable model file: {error}.") from error
    header = _read_header(arrays.pop("header", None))
    names = [_parameter_name(number) for number in range(len(arrays))]
    if set(names) != set(arrays):
        surplus = sorted(set(arrays) - set(names))[0]
        raise ModelFileError(f"It holds an array {surplus[:80]!r} that is not a parameter.")
    for name in names:
        if arrays[name].dtype != np.float32:
            raise ModelFileError(
                f"The array {name} has the type {arrays[name].dtype}, expected float32."
            )
    promised = [list(arrays[name].shape) for name in names]
    if promised != header["shapes"]:
        raise ModelFileError(
            f"The header promises parameters of the shapes {str(header['shapes'])[:200]}, "
            f"but {str(promised)[:200]} were found."
        )
    return ModelFile(
        network=header["network"],
        parameters=tuple(arrays[name].astype(np.float32, copy=False) for name in names),
        metadata=header["metadata"],
    )


def _read_file(path: Path) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ModelFileError("It is a folder; a model file ends in .npz.")
        if not stat.S_ISREG(status.st_mode):
            raise ModelFileError("It is not a regular file.")
        # The arrays' own limit, plus room for the zip directory.
        limit = npz.MAX_BYTES + MAX_HEADER_BYTES
        if status.st_size > limit:
            raise ModelFileError(
                f"It is {status.st_size / 1e6:,.0f} MB large; "
                f"at most {limit / 1e6:,.0f} MB are allowed."
            )
        if status.st_size == 0:
            raise ModelFileError("It is empty.")
        with path.open("rb") as file:
            return file.read(limit)
    except FileNotFoundError:
        raise ModelFileError("There is no such file.") from None
    except OSError as error:
        raise ModelFileError(f"It could not be read: {reason_of(error)}.") from error
    except ValueError as error:
        raise ModelFileError(f"Its name is not valid: {error}.") from error


def _read_header(array: npz.Array | None) -> Mapping[str, Any]:
    """Parse the header and check the type of every field."""
    if array is None or array.dtype != np.uint8 or array.ndim != 1:
        raise ModelFileError("It is an .npz file, but not a model of mnist_draw: no header.")
    if array.size > MAX_HEADER_BYTES:
        raise ModelFileError(f"Its header is {array.size:,} bytes long, which no model needs.")
    try:
        header = json.loads(array.tobytes().decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ModelFileError("Its header is damaged.") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ModelFileError("It is an .npz file, but not a model of mnist_draw.")
    version = header.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ModelFileError(f"Its format version is {version!r}, expected {VERSION}.")
    if version > VERSION:
        raise ModelFileError(
            f"It was written by a newer mnist_draw (format version {version}, this program "
            f"reads up to {VERSION}). Update the program to open it."
        )
    for key, kind in (("network", str), ("shapes", list), ("metadata", dict)):
        if not isinstance(header.get(key), kind):
            raise ModelFileError(f"Its header is damaged: {key!r} is missing or of the wrong kind.")
    return header


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _as_parameter(value: Any, number: int) -> npt.NDArray[np.float32]:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise ModelFileError(f"Parameter {number} has the type {array.dtype}, expected float32.")
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(array, dtype=np.float32).reshape(array.shape)
    bad = converted.size - int(np.count_nonzero(np.isfinite(converted)))
    if bad:
        raise ModelFileError(
            f"Parameter {number} holds {bad:,} values that are not finite numbers (NaN or "
            "infinite): the training that made it had diverged, or the file is damaged."
        )
    if converted.size == 0:
        raise ModelFileError(f"Parameter {number} is empty (shape {_words(array.shape)}).")
    return converted


def _parameter_name(number: int) -> str:
    return f"parameter_{number:03d}"


def _words(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) if shape else "()"
