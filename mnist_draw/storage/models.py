"""The file of a trained network.

An ``.npz`` file that ``numpy.load`` opens without pickle. It holds

``header``
    A JSON object as UTF-8 bytes (uint8 array): ``format`` (always ``"mnist_draw model"``),
    ``version`` (1), ``network`` (the description that :func:`mnist_draw.networks.parse_network`
    reads), ``shapes`` (of the parameters) and ``metadata`` (what is known about the network, see
    :class:`mnist_draw.storage.model_info.ModelInfo`).
``parameter_000``, ``parameter_001``, …
    float32 arrays in the order of ``lasagne.layers.get_all_param_values``.

Everything is validated before anything is built from it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.errors import DocumentError, ModelFileError, StorageError, UserError
from mnist_draw.storage import npz
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.document import Fields, Format, drop_non_finite, parse
from mnist_draw.storage.model_info import NAMES, ModelInfo
from mnist_draw.storage.opening import MEGABYTE

MAX_HEADER_BYTES = MEGABYTE
FORMAT = Format("mnist_draw model", 1, MAX_HEADER_BYTES)
_HEADER = "header"

Shape = tuple[int, ...]
ShapesOf = Callable[[str], Sequence[Shape]]


@dataclass(frozen=True, eq=False, repr=False)
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
        JSON values only; numbers that are not finite are left out. :attr:`info` reads it.

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
            # Through JSON and back: a copy that the caller cannot change, of JSON's types. What
            # JSON does not have (a loss that is infinite) is left out: it costs no network.
            plain = drop_non_finite(parse(json.dumps(self.metadata, sort_keys=True)))
        except (TypeError, ValueError, RecursionError, DocumentError) as error:
            raise ModelFileError(f"The metadata of the network is not JSON: {error}.") from error
        if not isinstance(plain, dict):
            raise ModelFileError(f"The metadata of the network is a {type(plain).__name__}.")
        object.__setattr__(self, "metadata", plain)

    def __repr__(self) -> str:
        return f"<ModelFile {self.network!r}: {self.describe()}, {len(self.parameters)} arrays>"

    @cached_property
    def info(self) -> ModelInfo:
        """What is known about the network."""
        return ModelInfo.of(self.metadata)

    def with_info(self, **known: Any) -> ModelFile:
        """Return the same network with more known about it.

        Parameters
        ----------
        **known
            Values by their names in :class:`ModelInfo`; None tells nothing.

        Raises
        ------
        TypeError
            There is no such name.
        """
        if not known.keys() <= NAMES:
            raise TypeError(f"nothing is called {sorted(known.keys() - NAMES)[0]!r} in ModelInfo")
        told = {name: value for name, value in known.items() if value is not None}
        return dataclasses.replace(self, metadata={**self.metadata, **told})

    @cached_property
    def fingerprint(self) -> str:
        """What tells the network, with its parameters and temperature, from all others."""
        digest = hashlib.sha256(f"{self.network} {self.info.temperature!r}".encode())
        for values in self.parameters:
            digest.update(values.tobytes())
        return digest.hexdigest()[:32]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes of the parameters."""
        return tuple(parameter.shape for parameter in self.parameters)

    @property
    def title(self) -> str:
        """What to call the network on the screen."""
        return self.info.name or self.info.title or self.network

    def describe(self) -> str:
        """Name the network and its accuracy, such as ``"Tutorial MLP · 98.24 % on MNIST"``."""
        return " · ".join(filter(None, (self.title, self.info.accuracy_words())))

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


def refuse_foreign(path: str | os.PathLike[str], who: str) -> None:
    """Let a network replace a network, an empty file, and nothing else.

    Parameters
    ----------
    path : str or os.PathLike
        Where a network is to be written.
    who : str
        What would replace the file there, for the sentence.

    Raises
    ------
    StorageError
        What is there is no network of the program.
    """
    place = Path(path)
    if not place.exists() or place.is_dir() or not place.stat().st_size:
        return
    try:
        load_model(path)
    except ModelFileError as error:
        raise StorageError(
            f"{who} would replace {place}, which is no network of this program. It is unchanged. "
            f"Delete it or choose another name. {error}"
        ) from error


def pack_model(model: ModelFile) -> bytes:
    """Return the bytes of the model file."""
    header = {
        "network": model.network,
        "shapes": [list(shape) for shape in model.shapes],
        "metadata": model.metadata,
    }
    arrays: dict[str, npt.ArrayLike] = {_HEADER: np.frombuffer(FORMAT.pack(header), np.uint8)}
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
        with _archive(path) as archive:
            return _unpack(archive, shapes_of)
    except UserError as error:
        raise ModelFileError(f"The model file {name} cannot be used. {error}") from error


def read_info(path: str | os.PathLike[str]) -> tuple[str, ModelInfo]:
    """Return the network's description and what is known about it, without its parameters.

    Raises
    ------
    ModelFileError
        As `load_model`.
    """
    try:
        with _archive(path) as archive:
            header = _read_header(archive)
            info = ModelInfo.of(header.get_fields("metadata").values)
            return header.get_text("network", MAX_HEADER_BYTES), info
    except UserError as error:
        raise ModelFileError(f"The model file {path} cannot be used. {error}") from error


def unpack_model(data: bytes) -> ModelFile:
    """Read a model from the bytes of its file.

    Raises
    ------
    ModelFileError
        A sentence that does not name the file.
    """
    try:
        return _unpack(npz.Archive(io.BytesIO(data)))
    except npz.NpzError as error:
        raise ModelFileError(f"Not a readable model file: {error}.") from error


def _unpack(archive: npz.Archive, shapes_of: ShapesOf | None = None) -> ModelFile:
    header = _read_header(archive)
    try:
        network = header.get_text("network", MAX_HEADER_BYTES)
        shapes = header.get_list("shapes", npz.MAX_ARRAYS)
        metadata = header.get_fields("metadata").values
    except DocumentError as error:
        raise ModelFileError(f"Its header is damaged: {error}.") from error
    names = [_parameter_name(number) for number in range(len(archive.sizes) - 1)]
    surplus = sorted(set(archive.sizes) - {*names, _HEADER})
    if surplus:
        raise ModelFileError(f"It holds an array {surplus[0][:80]!r} that is not a parameter.")
    if shapes_of is not None:
        _require_room(archive, names, shapes_of(network))
    arrays = [archive.read(name) for name in names]
    found = [array for array in arrays if array is not None]
    for name, array in zip(names, found, strict=True):
        if array.dtype != np.float32:
            raise ModelFileError(f"The array {name} has the type {array.dtype}, expected float32.")
    promised = [list(array.shape) for array in found]
    if promised != shapes:
        raise ModelFileError(
            f"The header promises parameters of the shapes {str(shapes)[:200]}, "
            f"but {str(promised)[:200]} were found."
        )
    model = ModelFile(
        network, tuple(array.astype(np.float32, copy=False) for array in found), metadata
    )
    if shapes_of is not None:
        model.require_shapes(shapes_of(network))
    return model


def _require_room(archive: npz.Archive, names: list[str], expected: Sequence[Shape]) -> None:
    """Refuse parameters that are larger than those of the network, before they are read."""
    for number, (name, shape) in enumerate(zip(names, expected, strict=False)):
        size = 4 * math.prod(shape) + MEGABYTE
        if archive.sizes[name] > size:
            raise ModelFileError(
                f"Parameter {number} takes {archive.sizes[name]:,} bytes, more than a network of "
                "that name has."
            )
    if len(names) > len(expected):
        raise ModelFileError(
            f"The network has {len(expected)} parameters, but {len(names)} were found."
        )


@contextlib.contextmanager
def _archive(path: str | os.PathLike[str]) -> Iterator[npz.Archive]:
    """Give the arrays of a file; what is wrong is a sentence."""
    try:
        with npz.open_archive(path) as archive:
            yield archive
    except FileNotFoundError:
        raise ModelFileError("There is no such file.") from None
    except npz.NpzError as error:
        if not Path(path).stat().st_size:
            raise ModelFileError("It is empty.") from None
        raise ModelFileError(f"Not a readable model file: {error}.") from error
    except DocumentError as error:
        reason = str(error)
        raise ModelFileError(f"{reason[:1].upper()}{reason[1:]}.") from error


def _read_header(archive: npz.Archive) -> Fields:
    size = archive.sizes.get(_HEADER, 0)
    if size > MAX_HEADER_BYTES + npz.MAX_ARRAY_HEADER:
        raise ModelFileError(f"Its header is {size:,} bytes long, which no model needs.")
    array = archive.read(_HEADER)
    if array is None or array.dtype != np.uint8 or array.ndim != 1:
        raise ModelFileError("It is an .npz file, but not a model of mnist_draw: no header.")
    try:
        values = parse(array.tobytes())
    except DocumentError as error:
        raise ModelFileError(f"It is an .npz file, but its header is damaged: {error}.") from error
    try:
        return FORMAT.check(values)
    except DocumentError as error:
        raise ModelFileError(f"It is an .npz file of another kind: {error}.") from error


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
