"""What the user chose last: a small JSON file with a schema version.

Reading never fails: a file that cannot be understood is put aside under another name (so
that nothing the user had is lost) and the program starts with its defaults and says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.errors import reason_of
from mnist_draw.storage.folders import config_folder
from mnist_draw.storage.spare_names import put_aside

SCHEMA = 1
FILE_NAME = "preferences.json"
MAX_BYTES = 4 * 1024 * 1024

# From schema N to N + 1: each takes the values of the old schema and returns those of the next.
Migration = Callable[[dict[str, Any]], dict[str, Any]]
MIGRATIONS: Mapping[int, Migration] = {}

T = TypeVar("T", bool, int, float, str, list[Any], dict[str, Any])


class _UnreadableError(ValueError):
    """Why the file cannot be used, as a phrase."""


class Preferences:
    """Values by name, kept in a JSON file.

    Parameters
    ----------
    path : str or os.PathLike, optional
        Without it, ``preferences.json`` in :func:`mnist_draw.storage.folders.config_folder`.

    Attributes
    ----------
    path : pathlib.Path
    notice : str
        A sentence for the user when the file had to be put aside, otherwise empty.

    Notes
    -----
    Values of names that this version does not know stay in the file. :meth:`save` writes only
    when something changed.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = Path(path) if path is not None else config_folder() / FILE_NAME
        self.notice = ""
        self._values: dict[str, Any] = {}
        self._changed = False
        try:
            self._values = _read(self.path)
        except FileNotFoundError:
            pass
        except OSError as error:
            self.notice = (
                f"The preferences in {self.path} could not be read: {reason_of(error)}. "
                "The program starts with its defaults."
            )
        except _UnreadableError as error:
            self.notice = self._put_aside(str(error))

    def get(self, name: str, default: T) -> T:
        """Return the value of `name`, or `default` when it is missing or of another type.

        An integer is accepted where the default is a float. Edited by hand or damaged, a value
        can thus never be of a kind that the caller does not expect.
        """
        value: Any = self._values.get(name)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        return value if type(value) is type(default) else default

    def set(self, name: str, value: bool | int | float | str | list[Any] | dict[str, Any]) -> None:
        """Remember `value` under `name` until :meth:`save` writes it.

        Raises
        ------
        TypeError
            When `value` is not JSON.
        """
        plain = _plain(name, value)
        if name not in self._values or self._values[name] != plain:
            self._values[name] = plain
            self._changed = True

    def remove(self, name: str) -> None:
        """Forget `name`; the default holds again."""
        if name in self._values:
            del self._values[name]
            self._changed = True

    def save(self) -> None:
        """Write the file if anything changed since it was read or written.

        Raises
        ------
        mnist_draw.storage.errors.StorageError
            When it cannot be written; the old file is unchanged and the values are still held.
        """
        if not self._changed:
            return
        document = {"schema": SCHEMA, "values": self._values}
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
        write_atomically(self.path, (text + "\n").encode("utf-8"))
        self._changed = False

    def _put_aside(self, reason: str) -> str:
        """Rename the unreadable file, and say so in a sentence."""
        beginning = f"The preferences in {self.path} cannot be used: {reason}. "
        try:
            aside = put_aside(self.path)
        except OSError as error:
            return (
                f"{beginning}The file could not be put aside ({reason_of(error)}) and will be "
                "replaced when preferences are saved. The program starts with its defaults."
            )
        return f"{beginning}It was put aside as {aside.name}; the program starts with its defaults."


def _read(path: Path) -> dict[str, Any]:
    if path.is_dir():
        raise _UnreadableError("it is a folder")
    if path.stat().st_size > MAX_BYTES:
        raise _UnreadableError(f"it is larger than {MAX_BYTES // 1024 // 1024} MB")
    data = path.read_bytes()
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _UnreadableError("it is not a JSON file") from None
    return migrate(document, SCHEMA, MIGRATIONS)


def migrate(document: object, schema: int, migrations: Mapping[int, Migration]) -> dict[str, Any]:
    """Bring a document of an older schema up to `schema`, step by step.

    Parameters
    ----------
    document : object
        What the JSON file held.
    schema : int
        The schema wanted.
    migrations : mapping of int to callable
        ``migrations[n]`` turns values of schema n into those of n + 1.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        When it is no such document, comes from a newer program, or a step is missing or fails.
    """
    if not isinstance(document, dict) or not isinstance(document.get("values"), dict):
        raise _UnreadableError("it does not hold preferences of mnist_draw")
    found = document.get("schema")
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise _UnreadableError(f"its schema version is {found!r}")
    if found > schema:
        raise _UnreadableError(
            f"it was written by a newer program (schema {found}, this program knows {schema})"
        )
    values: dict[str, Any] = document["values"]
    for step in range(found, schema):
        if step not in migrations:
            raise _UnreadableError(f"its schema {step} is too old for this program")
        try:
            values = migrations[step](values)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise _UnreadableError(f"its values do not fit its schema {step}") from None
    return values


def _plain(name: str, value: object) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"the preference {name!r} is not JSON: {value!r}") from error
