"""A network's training data: the names of its classes, and its data set on this computer.

A model file has the name of its data set but not its path, which would be private. The paths are
stored in a file of the user's.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mnist_draw.dataset.classes import DIGITS, class_list, with_article
from mnist_draw.dataset.mnist import Dataset, dataset_name, load_dataset
from mnist_draw.errors import DatasetError, UserError
from mnist_draw.i18n import _
from mnist_draw.networks import parse_network, title_of_model
from mnist_draw.storage import ModelFile
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.document import Fields, Format
from mnist_draw.storage.folders import data_folder, named_path
from mnist_draw.storage.opening import MEGABYTE, PathName
from mnist_draw.storage.unique_paths import quarantine

#: Turns a class, from 0, into what it is called.
Name = Callable[[int], str]

FORMAT = Format("mnist_draw data sets", 1, MEGABYTE)
#: Maximum number of stored paths, newest first.
_MAX_COUNT = 100
_MAX_LENGTH = 10_000
#: The last data set, by name, classes and path.
_LAST: dict[tuple[str, tuple[str, ...], str | None], Dataset] = {}
_LOCK = threading.Lock()
#: If the rejection rule refuses more than this share of the validation pictures, the network reads
#: something else than digits, whatever its classes are called.
MAX_REFUSED = 0.1


def class_names(model: ModelFile, for_files: bool = False) -> tuple[str, ...]:
    """Return the names of a network's classes, from 0 on.

    They are in the model file. Without them, ten classes are digits, unless the rejection rule
    refuses many of the validation pictures; others are numbered, `for_files` in English.
    """
    count = _outputs(model)
    if len(model.info.classes) == count:
        return model.info.classes
    if count == len(DIGITS) and model.info.refused <= MAX_REFUSED:
        return DIGITS
    return tuple(f"class {n}" if for_files else numbered_class(n) for n in range(count))


class NumberedClass(str):
    """The name of a class that has none, such as ``"class 3"``."""

    short: str


def numbered_class(number: int) -> str:
    name = NumberedClass(_("class {number}", number=number))
    name.short = str(number)
    return name


def narrow_name(name: str) -> str:
    """Return the name of a class for a narrow place: ``"3"`` rather than ``"class 3"``."""
    return name.short if isinstance(name, NumberedClass) else name


def reads_digits(model: ModelFile) -> bool:
    return class_names(model) == DIGITS and model.info.refused <= MAX_REFUSED


def _outputs(model: ModelFile) -> int:
    try:
        return parse_network(model.network).classes
    except UserError:  # building the network reports it
        return len(DIGITS)


def class_name(model: ModelFile | None, number: int) -> str:
    """Return ``"3"`` for a network that reads digits, ``"Bag"`` or ``"class 3"`` for others."""
    names = all_names(model)
    # A picture of other data may still be looked at.
    return names[number] if number < len(names) else numbered_class(number)


def in_a_sentence(name: str) -> str:
    """Add the article that a class needs: ``"an 8"``, ``"class 3"``, ``"Bag"``."""
    return with_article(name) if name.isdecimal() else name


def all_names(model: ModelFile | None) -> tuple[str, ...]:
    """Return the names of all classes, from 0 on; digits without a model."""
    return DIGITS if model is None else class_names(model)


def describe_foreign_network(model: ModelFile) -> str:
    """Warn of a network that was not trained on digits; empty for one that was."""
    if reads_digits(model):
        return ""
    data = model.metadata.get("data")
    if not isinstance(data, str) or not data:
        data = class_list(class_names(model))
    return _("This network learned {data}, not digits: its results here mean little.", data=data)


def dataset_metadata(data: Dataset) -> dict[str, Any]:
    """Return a model's metadata about its data set; digits need no class names."""
    if data.shows_digits:
        return {"data": data.name}
    from mnist_draw.training.epoch_pictures import side_of_ink

    return {"data": data.name, "classes": list(data.classes), "side": side_of_ink(data)}


def remember_data(
    path: PathName | None,
    data: Dataset,
    name: str | None = None,
) -> None:
    """Store the path of a data set, for networks that are trained on it; MNIST ships."""
    if path is None:
        return
    try:
        place = str(named_path(path).absolute())
    except FileNotFoundError:  # the folder is gone that a relative path begins in
        return
    entry = {"name": name or data.name, "classes": list(data.classes), "path": place}
    others = [other for other in _read_places() if _key(other) != _key(entry)]
    # It only saves the user from naming the place again.
    with contextlib.suppress(OSError, UserError):
        write_atomically(_file(), FORMAT.pack({"places": [entry, *others][:_MAX_COUNT]}))


def remember_for(model: ModelFile, path: PathName | None, data: Dataset) -> None:
    """Store the path of data that a user names for a network with classes of its own.

    The user's folder may have another name than the one in the model file. If the network's data
    set is known and there, this one is stored beside it, under its own name.
    """
    if model.info.classes == data.classes:
        known = data_path(model)
        missing = known is None or not Path(known).exists()
        remember_data(path, data, model.info.data if missing else None)


def data_path(model: ModelFile) -> str | None:
    wanted = (model.info.data, list(model.info.classes or DIGITS))
    return next((place["path"] for place in _read_places() if _key(place) == wanted), None)


def data_of(model: ModelFile) -> Dataset:
    """Load the data set of a network; MNIST for a network of digits whose own is not found."""
    shipped = dataset_name(None)
    learned = model.info.data or shipped
    place = None if learned == shipped else data_path(model)
    if place is not None:
        try:
            return load_dataset(place)
        except UserError as error:
            if not reads_digits(model):
                if not os.path.lexists(place):
                    # What a data set may be is no help where one is gone.
                    raise DatasetError(
                        "{title} was trained on {learned}, which is no longer at {place}. Put it "
                        "back, or choose it on the Train tab or with --data.",
                        title=title_of_model(model),
                        learned=learned,
                        place=place,
                    ) from None
                raise DatasetError(
                    "{title} was trained on {learned}, which cannot be read any more. {error}",
                    title=title_of_model(model),
                    learned=learned,
                    error=error,
                ) from error
    if reads_digits(model):
        return load_dataset()
    raise DatasetError(
        "{title} was trained on {learned}, which shows {classes}, and whose folder is not known "
        "here. Choose {learned} as the Data set on the Train tab, or name its folder or file, "
        "whatever it is called here, on the command line: mnist-draw evaluate FILE --data FOLDER.",
        title=title_of_model(model),
        learned=learned,
        classes=class_list(class_names(model)),
    )


def has_digits(model: ModelFile) -> bool:
    """Whether MNIST stands for the data of a network: it names no classes, and has ten outputs."""
    return not model.info.classes and _outputs(model) == len(DIGITS)


def own_data(model: ModelFile) -> Dataset | None:
    """Return the data of a network with classes of its own, kept in memory; None for digits."""
    if has_digits(model):
        return None
    if not model.info.classes:
        raise DatasetError(
            "The file of {title} names neither its {count} classes nor its data.",
            title=title_of_model(model),
            count=_outputs(model),
        )
    key = (model.info.data, model.info.classes, data_path(model))
    with _LOCK:
        data = _LAST.get(key)
        if data is None:
            data = data_of(model)
            _LAST.clear()
            _LAST[key] = data
    require_classes(model, data)
    return data


def require_classes(model: ModelFile, data: Dataset) -> None:
    """Raise `DatasetError` if the classes of the data are not those of the network."""
    names = class_names(model)
    if names != data.classes:
        raise DatasetError(
            "{title} tells other classes apart ({classes}) than {name} shows ({shown}). "
            "Choose data that shows what the network was trained on.",
            title=title_of_model(model),
            classes=class_list(names),
            name=data.name,
            shown=class_list(data.classes),
        )


def _file() -> Path:
    return data_folder() / "data-sets.json"


def _read_places() -> list[dict[str, Any]]:
    """Return the stored paths; none if the file is missing. A damaged one is set aside."""
    try:
        entries = FORMAT.read(_file()).get_list("places", _MAX_COUNT)
        found = [Fields(entry) for entry in entries if isinstance(entry, dict)]
        return [
            {
                "name": entry.get_text("name", _MAX_LENGTH),
                "classes": entry.get_list("classes", _MAX_COUNT),
                "path": entry.get_file_name("path", _MAX_LENGTH),
            }
            for entry in found
        ]
    except OSError:
        return []
    except UserError:
        quarantine(_file())
        return []


def _key(entry: dict[str, Any]) -> tuple[str, list[str]]:
    return entry["name"], entry["classes"]
