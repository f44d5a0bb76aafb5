"""Settings that belong together, by name: one entry for each preset."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from mnist_draw.errors import DocumentError, StorageError, UserError
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.document import pack, parse
from mnist_draw.storage.opening import MEGABYTE, read_file
from mnist_draw.training.setting import check_name
from mnist_draw.training.settings import SettingsError, TrainingSettings


@dataclass(frozen=True)
class Preset:
    """All settings of a run at once."""

    title: str
    meaning: str
    widget: str
    settings: TrainingSettings


#: All presets by name, the tutorial's first.
PRESETS: dict[str, Preset] = {
    "tutorial": Preset(
        "Tutorial",
        "what the tutorial uses",
        "defaults",
        TrainingSettings(),
    ),
    "quick": Preset(
        "Quick",
        "the tutorial's network, as accurate as with the tutorial's recipe, in less than half of "
        "its time",
        "quick",
        # Chosen on the validation pictures; `benchmarks/recipes.py` measures it on the test ones.
        TrainingSettings(
            network="mlp:0.3",
            update="adam",
            learning_rate=0.002,
            batch_size=300,
            epochs=8,
            schedule="cosine",
        ),
    ),
}


def find_preset(name: str) -> Preset:
    """Return the preset of a name."""
    check_name("preset", name, PRESETS)
    return PRESETS[name]


def save_settings(path: str | os.PathLike[str], settings: TrainingSettings) -> None:
    """Write settings as JSON, a name and a value on each line."""
    write_atomically(path, pack(settings.to_json(), indent=2) + b"\n")


def load_settings(path: str | os.PathLike[str]) -> TrainingSettings:
    """Read settings from a JSON file.

    Settings that the file does not name are as `TrainingSettings.from_json` has them.
    """
    values = read_settings(path)
    try:
        return TrainingSettings.from_json(values)
    except UserError as error:
        raise SettingsError(f"The settings file {path} cannot be used. {error}") from error


def read_settings(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the names and values in a file without checking them."""
    try:
        values = parse(read_file(path, MEGABYTE))
        if not isinstance(values, dict):
            raise DocumentError("it holds no names with values")
    except FileNotFoundError:
        raise SettingsError(f"There is no settings file {path}.") from None
    except StorageError as error:
        raise SettingsError(f"The settings file {error}") from error
    except DocumentError as error:
        raise SettingsError(f"The settings file {path} cannot be used: {error}.") from error
    return values
