"""The file of a trained network.

An ``.npz`` file that ``numpy.load`` opens without pickle. It holds

``header``
    A JSON object as UTF-8 bytes (uint8 array): ``format`` (always ``"mnist_draw model"``),
    ``version`` (1), ``network`` (the description that :func:`mnist_draw.networks.parse_network`
    reads), ``shapes`` (of the parameters) and ``metadata`` (see :class:`ModelInfo`).
``parameter_000``, ``parameter_001``, …
    float32 arrays in the order of ``lasagne.layers.get_all_param_values``.

Everything is validated before anything is built from it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.arrays import Floats
from mnist_draw.errors import (
    DocumentError,
    ModelFileError,
    StorageError,
    UserError,
    one_line,
    reason_of,
    strip_control_chars,
)
from mnist_draw.i18n import _, format_percent
from mnist_draw.storage import npz
from mnist_draw.storage.atomic import has_content, write_atomically
from mnist_draw.storage.document import Fields, Format, drop_non_finite, parse
from mnist_draw.storage.opening import MEGABYTE, PathName

MAX_HEADER_BYTES = MEGABYTE
FORMAT = Format("mnist_draw model", 1, MAX_HEADER_BYTES)
_HEADER = "header"

_MAX_LENGTH = 200
#: More names of classes than this, or a longer one, are none that the program has written.
_MAX_CLASSES = 256
_MAX_CLASS_LENGTH = 100
_MAX_COUNT = 2**53
#: Limits of a fitted temperature; beyond them something else is wrong with the network.
MIN_TEMPERATURE = 0.2
MAX_TEMPERATURE = 10.0
#: The most log odds by which a fine-tuned network may lower the rejection threshold: its user's
#: digits may look less like other people's.
MAX_LENIENCE = 1.5

Shape = tuple[int, ...]


class DamagedModelError(ModelFileError):
    """The content of a network does not fit together; the fault is for a report, in English."""

    def __init__(self, fault: str) -> None:
        super().__init__(_("The network is damaged ({error}).", error=fault))


ShapesOf = Callable[[str], Sequence[Shape]]


@dataclass(frozen=True)
class ModelInfo:
    """The metadata of a network that the program uses, by their names in the file.

    Every entry may be unknown, then it has its default (texts are empty); the file may hold more.

    ``name`` was given by the user or the program's list of networks, ``title`` to
    ``save_network``; earlier versions wrote the architecture there, in the language of then.
    ``data`` is the data set of training and test (``"MNIST"``), and ``classes`` are the names of
    the outputs, in order, unless they are digits. ``side`` is the
    longer side of the ink in its training pictures, in pixels of 28. Accuracies are shares from 0
    to 1, the loss is the mean cross-entropy in nats. ``created`` is local, as
    ``2026-11-25T10:15:00+0100``; ``program`` and ``engine`` are the versions that trained it.

    ``temperature`` divides the logits so that probabilities mean what they say. Of the rejection
    rule, ``threshold`` is the log odds under which a picture is no digit, ``lenience`` by how many
    log odds it is lowered for the network, ``refused`` the share of validation pictures that are
    refused. ``before`` is the key of the network that fine-tuning began with, ``before_name`` what
    that was called then, ``extra_digits`` how many digits of the user were learned, ``learnt`` the
    accuracy before and after, ``settings`` are those of the training, as
    `mnist_draw.training.settings` writes them, and ``changes`` those made to them meanwhile, as in
    the record of a run.
    """

    name: str = ""
    title: str = ""
    data: str = ""
    classes: tuple[str, ...] = ()
    side: int = 20
    test_accuracy: float | None = None
    validation_accuracy: float | None = None
    test_loss: float | None = None
    epochs: int | None = None
    created: str = ""
    program: str = ""
    engine: str = ""
    temperature: float = 1.0
    refused: float = 0.0
    lenience: float = 0.0
    threshold: float | None = None
    before: str = ""
    before_name: str = ""
    extra_digits: int = 0
    home: str = ""
    settings: Mapping[str, Any] | None = None
    learnt: Mapping[str, Any] | None = None
    changes: tuple[Any, ...] = ()

    @classmethod
    def of(cls, metadata: dict[str, Any]) -> ModelInfo:
        """Read the metadata of a model file; a value of no use counts as unknown."""
        read = Fields(metadata)
        texts: dict[str, Any] = {
            name: read.get_text(name, _MAX_LENGTH, "")
            for name in ("data", "created", "program", "engine", "before", "home")
        }
        titles: dict[str, Any] = {
            name: one_line(read.get_text(name, _MAX_LENGTH, "").strip())
            for name in ("name", "title", "before_name")
        }
        settings = read.get_fields("settings", None)
        learnt = read.get_fields("learnt", None)
        return cls(
            **texts,
            **titles,
            classes=_class_names(read),
            side=read.get_int("side", 1, 28, 20),
            test_accuracy=read.get_float("test_accuracy", 0, 1, None),
            validation_accuracy=read.get_float("validation_accuracy", 0, 1, None),
            test_loss=read.get_float("test_loss", 0, 1e300, None),
            epochs=read.get_int("epochs", 0, _MAX_COUNT, None),
            temperature=read.get_float("temperature", MIN_TEMPERATURE, MAX_TEMPERATURE, 1.0),
            refused=read.get_float("refused", 0, 1, 0.0),
            lenience=read.get_float("lenience", 0, MAX_LENIENCE, 0.0),
            threshold=read.get_float("threshold", -1e6, 1e6, None),
            extra_digits=read.get_int("extra_digits", 0, _MAX_COUNT, 0),
            settings=settings.values if settings is not None else None,
            learnt=learnt.values if learnt is not None else None,
            changes=tuple(read.get_list("changes", _MAX_COUNT, [])),
        )

    @property
    def accuracy(self) -> str:
        """Its accuracy on test pictures, or else on validation pictures; empty if unknown."""
        shares = (self.test_accuracy, self.validation_accuracy)
        return next((format_percent(share) for share in shares if share is not None), "")

    def describe_accuracy(self) -> str:
        """Format the accuracy; empty if unknown."""
        if self.test_accuracy is None:
            return _("{accuracy} in validation", accuracy=self.accuracy) if self.accuracy else ""
        if self.data:
            return _("{accuracy} on {data}", accuracy=self.accuracy, data=self.data)
        return _("{accuracy} on its test pictures", accuracy=self.accuracy)


def _class_names(read: Fields) -> tuple[str, ...]:
    """Return the names of the classes; none at all if one of them is invalid."""
    found = read.get_list("classes", _MAX_CLASSES, [])
    sound = all(isinstance(name, str) and 0 < len(name) <= _MAX_CLASS_LENGTH for name in found)
    return tuple(one_line(strip_control_chars(name)) for name in found) if sound else ()


@dataclass(frozen=True, eq=False, repr=False)
class ModelFile:
    """A trained network as stored in a file.

    `parameters` are finite and in Lasagne's order; lists and other float arrays are converted.
    `metadata` holds JSON values; numbers that are not finite are left out, and :attr:`info` reads
    it. What does not fit raises `ModelFileError`.
    """

    network: str
    parameters: tuple[Floats, ...]
    metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        converted = tuple(_as_parameter(value, n) for n, value in enumerate(self.parameters))
        object.__setattr__(self, "parameters", converted)
        if not converted:
            raise DamagedModelError("the network has no parameters")
        if not isinstance(self.network, str) or not self.network.strip():
            raise DamagedModelError(f"the network has no description, but {self.network!r}")
        try:
            # Through JSON and back: a copy, of JSON's types, without an infinite loss.
            plain = drop_non_finite(parse(json.dumps(self.metadata, sort_keys=True)))
        except (TypeError, ValueError, RecursionError, DocumentError) as error:
            raise DamagedModelError(f"the metadata is not JSON: {error}") from error
        if not isinstance(plain, dict):
            raise DamagedModelError(f"the metadata has the type {type(plain).__name__}")
        object.__setattr__(self, "metadata", plain)

    def __repr__(self) -> str:
        name = self.info.name or self.info.title
        return f"<ModelFile {self.network!r}: {name!r}, {len(self.parameters)} arrays>"

    @cached_property
    def info(self) -> ModelInfo:
        """The metadata that the program uses."""
        return ModelInfo.of(self.metadata)

    def with_info(self, **known: Any) -> ModelFile:
        """Return the same network with further entries of :class:`ModelInfo`; None is left out."""
        names = ModelInfo.__dataclass_fields__.keys()
        if not known.keys() <= names:
            raise TypeError(f"nothing is called {sorted(known.keys() - names)[0]!r} in ModelInfo")
        given = {name: value for name, value in known.items() if value is not None}
        return dataclasses.replace(self, metadata={**self.metadata, **given})

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the architecture, the parameters and the temperature."""
        digest = hashlib.sha256(f"{self.network} {self.info.temperature!r}".encode())
        for values in self.parameters:
            digest.update(values.tobytes())
        return digest.hexdigest()[:32]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return tuple(parameter.shape for parameter in self.parameters)

    def require_shapes(self, expected: Sequence[Shape]) -> None:
        """Raise ModelFileError for the first parameter whose shape differs."""
        if len(expected) != len(self.parameters):
            raise DamagedModelError(
                f"the network {self.network!r} has {len(expected)} parameters, but "
                f"{len(self.parameters)} were found",
            )
        for place, (found, wanted) in enumerate(zip(self.shapes, expected, strict=True)):
            if found != tuple(wanted):
                raise DamagedModelError(
                    f"parameter {place} of the network {self.network!r} should have the shape "
                    f"{format_shape(wanted)}, but {format_shape(found)} was found",
                )


def save_model(path: PathName, model: ModelFile) -> None:
    """Write a model file atomically; equal models give equal bytes, and no suffix is added."""
    write_atomically(path, pack_model(model))


def refuse_foreign(path: PathName, who: str) -> None:
    """Raise StorageError if `who` would replace a file that is neither a network nor empty."""
    place = Path(path)
    if place.is_dir() or not has_content(place):
        return
    try:
        load_model(path)
    except ModelFileError as error:
        raise StorageError(
            "{who} would replace {path}, a file of another kind. It is unchanged. "
            "Delete it or choose another name. {error}",
            who=who,
            path=place,
            error=error,
        ) from error


def pack_model(model: ModelFile) -> bytes:
    header = {
        "network": model.network,
        "shapes": [list(shape) for shape in model.shapes],
        "metadata": model.metadata,
    }
    arrays: dict[str, npt.ArrayLike] = {_HEADER: np.frombuffer(FORMAT.pack(header), np.uint8)}
    for place, parameter in enumerate(model.parameters):
        arrays[_parameter_name(place)] = parameter
    return npz.pack(arrays)


def load_model(path: PathName, shapes_of: ShapesOf | None = None) -> ModelFile:
    """Read and validate a model file; a ``ModelFileError`` names the file and the fault.

    `shapes_of` gives the parameter shapes of an architecture from its description, such as ``lambda
    text: parse_network(text).parameter_shapes()``. With it, parameters that do not fit the network
    are refused before anything is built.
    """
    with _archive(path) as archive:
        return _unpack(archive, shapes_of)


def read_info(path: PathName) -> tuple[str, ModelInfo]:
    """Return a network's description and metadata without its parameters."""
    with _archive(path) as archive:
        header = _read_header(archive)
        info = ModelInfo.of(header.get_fields("metadata").values)
        return header.get_text("network", MAX_HEADER_BYTES), info


def _unpack(archive: npz.Archive, shapes_of: ShapesOf | None = None) -> ModelFile:
    header = _read_header(archive)
    network = header.get_text("network", MAX_HEADER_BYTES)
    shapes = header.get_list("shapes", npz.MAX_ARRAYS)
    metadata = header.get_fields("metadata").values
    names = [_parameter_name(number) for number in range(len(archive.sizes) - 1)]
    surplus = sorted(set(archive.sizes) - {*names, _HEADER})
    if surplus:
        raise DamagedModelError(f"the array {surplus[0][:80]!r} is not a parameter")
    if shapes_of is not None:
        _require_room(archive, names, shapes_of(network))
    arrays = [archive.read(name) for name in names]
    found = [array for array in arrays if array is not None]
    for place, array in enumerate(found):
        if array.dtype != np.float32:
            raise _wrong_type(place, array)
    promised = [list(array.shape) for array in found]
    if promised != shapes:
        raise DamagedModelError(
            f"the header promises parameters of the shapes {str(shapes)[:200]}, but "
            f"{str(promised)[:200]} were found",
        )
    model = ModelFile(
        network,
        tuple(array.astype(np.float32, copy=False) for array in found),
        metadata,
    )
    if shapes_of is not None:
        model.require_shapes(shapes_of(network))
    return model


def _require_room(archive: npz.Archive, names: list[str], expected: Sequence[Shape]) -> None:
    """Refuse parameters larger than the network's before they are read."""
    # What a network does not have is refused later, if it is small.
    shapes = [*expected, *([()] * len(names))]
    for place, (name, shape) in enumerate(zip(names, shapes, strict=False)):
        size = 4 * math.prod(shape) + MEGABYTE
        if archive.sizes[name] > size:
            raise DamagedModelError(
                f"parameter {place} takes {archive.sizes[name]} bytes, too many",
            )


@contextlib.contextmanager
def _archive(path: PathName) -> Iterator[npz.Archive]:
    """Open the arrays of a file; an error in the block names the file and its fault."""
    try:
        with npz.open_archive(path) as archive:
            yield archive
    except FileNotFoundError as error:
        raise ModelFileError("There is no file {path}.", path=path) from error
    except UserError as error:
        raise ModelFileError(
            "{path} cannot be used: {reason}.",
            path=path,
            reason=reason_of(error),
        ) from error


def _read_header(archive: npz.Archive) -> Fields:
    size = archive.sizes.get(_HEADER, 0)
    if size > MAX_HEADER_BYTES + npz.MAX_ARRAY_HEADER:
        raise DamagedModelError(f"its header is {size} bytes long")
    array = archive.read(_HEADER)
    if array is None or array.dtype != np.uint8 or array.ndim != 1:
        raise DocumentError("its format is not {name}", name=FORMAT.name)
    return FORMAT.unpack(array.tobytes())


def _wrong_type(place: int, array: npz.Array) -> DamagedModelError:
    return DamagedModelError(f"parameter {place} has the type {array.dtype}, expected float32")


def _as_parameter(value: Any, place: int) -> Floats:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise _wrong_type(place, array)
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(array, dtype=np.float32).reshape(array.shape)
    bad = converted.size - int(np.count_nonzero(np.isfinite(converted)))
    if bad:
        raise DamagedModelError(
            f"parameter {place} holds {bad} values that are NaN or infinite: its training diverged",
        )
    if converted.size == 0:
        raise DamagedModelError(f"parameter {place} is empty (shape {format_shape(array.shape)})")
    return converted


def _parameter_name(number: int) -> str:
    return f"parameter_{number:03d}"


def format_shape(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) if shape else "()"
