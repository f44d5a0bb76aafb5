"""What the user chose last: a small JSON file with a schema version.

Reading never fails: a file that cannot be understood is put aside under another name (so
that nothing the user had is lost) and the program starts with its defaults and says so.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from mnist_draw.errors import DocumentError, StorageError
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.document import check_version, drop_non_finite, pack, parse
from mnist_draw.storage.folders import config_folder
from mnist_draw.storage.locks import lock_file, make_lock, take_lock
from mnist_draw.storage.opening import MEGABYTE, read_file
from mnist_draw.storage.unique_paths import quarantine

SCHEMA = 1
FILE_NAME = "preferences.json"
MAX_BYTES = 4 * MEGABYTE

# From schema N to N + 1: each takes the values of the old schema and returns those of the next.
Migration = Callable[[dict[str, Any]], dict[str, Any]]
MIGRATIONS: Mapping[int, Migration] = {}

#: Stands for a value that was forgotten.
_FORGOTTEN = object()
#: Seconds to wait for another window, which holds the lock for some milliseconds.
_PATIENCE = 1.0

T = TypeVar("T", bool, int, float, str, list[Any], dict[str, Any])


class Preferences:
    """Values by name, kept in a JSON file.

    Notes
    -----
    Values of names that this version does not know stay in the file. :meth:`save` writes only
    when something changed, and only what changed here: another window may have written since.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = Path(path) if path is not None else config_folder() / FILE_NAME
        self.notice = ""
        self._values: dict[str, Any] = {}
        # What was set, or forgotten, since the file was read or written.
        self._changes: dict[str, Any] = {}
        self._lock = threading.Lock()
        try:
            values = read_values(self.path)
        except FileNotFoundError:
            return
        except StorageError as error:
            self.notice = f"The preferences: {error} The program starts with its defaults."
            return
        except DocumentError as error:
            self.notice = f"{self._put_aside(str(error))} The program starts with its defaults."
            return
        self._values = drop_non_finite(values)
        if self._values != values:
            self.notice = self._put_aside("it holds numbers that are none")
            self.notice += " All other preferences hold."
            self._changes = dict(self._values)

    @property
    def changed(self) -> bool:
        """Whether :meth:`save` has something to write."""
        return bool(self._changes)

    def get(self, name: str, default: T) -> T:
        """Return the value of `name`, or `default` when it is missing or of another type.

        An integer is accepted where the default is a float. Edited by hand or damaged, a value
        can thus never be of a kind that the caller does not expect.
        """
        value: Any = self._values.get(name)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(default) or (isinstance(value, str) and not _is_name(value)):
            return default
        return value

    def set(self, name: str, value: bool | int | float | str | list[Any] | dict[str, Any]) -> None:
        """Remember `value` under `name` until :meth:`save` writes it."""
        plain = _plain(name, value)
        with self._lock:
            if name not in self._values or self._values[name] != plain:
                self._values[name] = self._changes[name] = plain

    def remove(self, name: str) -> None:
        """Forget `name`; the default holds again."""
        with self._lock:
            if name in self._values:
                del self._values[name]
                self._changes[name] = _FORGOTTEN

    def save(self) -> None:
        """Write what changed since the file was read or written, beside what others changed.

        Another thread may do it; what is set meanwhile is written the next time.
        """
        with self._lock:
            changes, held = dict(self._changes), dict(self._values)
        if not changes:
            return
        with _locked(self.path):
            values = _with(self._stored(held), changes)
            document = {"schema": SCHEMA, "values": dict(sorted(values.items()))}
            write_atomically(self.path, pack(document, indent=2) + b"\n")
        with self._lock:
            self._changes = {
                name: value
                for name, value in self._changes.items()
                if name not in changes or changes[name] is not value
            }
            self._values = _with(values, self._changes)

    def _stored(self, held: dict[str, Any]) -> dict[str, Any]:
        """Return what the file holds now; what is held here where it holds nothing of use."""
        try:
            values: dict[str, Any] = drop_non_finite(read_values(self.path))
        except FileNotFoundError:
            return held
        except DocumentError:
            quarantine(self.path)
            return held
        return values

    def _put_aside(self, reason: str) -> str:
        return f"The preferences in {self.path} cannot be used: {reason}. {quarantine(self.path)}"


def _with(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with changes, and without what is forgotten."""
    together = {**values, **changes}
    return {name: value for name, value in together.items() if value is not _FORGOTTEN}


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep other windows from writing the file between this window's reading and writing."""
    lock = make_lock(lock_file(path))
    # A program that hangs must not keep others from saving: without the lock only what two windows
    # write in the same instant can be lost.
    take_lock(lock, _PATIENCE)
    try:
        yield
    finally:
        lock.release()


def read_values(path: Path) -> dict[str, Any]:
    """Return what a file of preferences holds, by name; it raises what `read_file` raises."""
    return migrate(parse(read_file(path, MAX_BYTES)), SCHEMA, MIGRATIONS)


def migrate(document: object, schema: int, migrations: Mapping[int, Migration]) -> dict[str, Any]:
    """Bring a document of an older schema up to `schema`, step by step."""
    if not isinstance(document, dict) or not isinstance(document.get("values"), dict):
        raise DocumentError("it does not hold preferences of mnist_draw")
    found = check_version(document.get("schema"), schema, "schema version")
    values: dict[str, Any] = document["values"]
    for step in range(found, schema):
        if step not in migrations:
            raise DocumentError(f"its schema {step} is too old for this program")
        try:
            values = migrations[step](values)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise DocumentError(f"its values do not fit its schema {step}") from None
    return values


def _plain(name: str, value: object) -> Any:
    try:
        return parse(pack(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"the preference {name!r} is not JSON: {value!r}") from error


def _is_name(text: str) -> bool:
    """Whether a file could have this name: its surrogates stand for bytes that are no UTF-8."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
