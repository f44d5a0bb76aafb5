"""Settings in a file of their own, for the window and for ``mnist-draw train --config``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from mnist_draw.errors import UserError
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.training.settings import SettingsError, TrainingSettings

_MAX_BYTES = 1024 * 1024


def save_settings(path: str | os.PathLike[str], settings: TrainingSettings) -> None:
    """Write settings as JSON, a name and a value on each line.

    Raises
    ------
    StorageError
        The file cannot be written; what was there before is unchanged.
    """
    text = json.dumps(settings.to_json(), indent=2, ensure_ascii=False)
    write_atomically(path, f"{text}\n".encode())


def load_settings(path: str | os.PathLike[str]) -> TrainingSettings:
    """Read settings that `save_settings` or anybody else has written.

    Settings that the file does not name are as `TrainingSettings.from_json` has them.

    Raises
    ------
    UserError
        The file cannot be read or makes no sense; the sentence says why.
    """
    values = read_settings(path)
    try:
        return TrainingSettings.from_json(values)
    except UserError as error:
        raise SettingsError(f"The settings file {path} cannot be used. {error}") from error


def read_settings(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the names and values in a file, whatever they are; raises as `load_settings` does."""
    path = Path(path)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise SettingsError(f"The settings file {path} is larger than any such file.")
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"There is no settings file {path}.") from None
    except OSError as error:
        raise SettingsError(
            f"The settings file {path} cannot be read: {error.strerror}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"The settings file {path} is not JSON: {error}.") from error
    if not isinstance(values, dict):
        raise SettingsError(f"The settings file {path} holds no names with values.")
    return values
