"""The user's preferences: a small JSON file with a schema version.

Reading never fails: a damaged file is quarantined, and the program starts with its defaults and
says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from mnist_draw.errors import DamagedError, DocumentError, StorageError
from mnist_draw.i18n import _, joined
from mnist_draw.storage.atomic import (
    acquire_lock,
    lock_file,
    make_lock,
    release_lock,
    write_atomically,
)
from mnist_draw.storage.document import check_version, drop_non_finite, pack, parse
from mnist_draw.storage.folders import config_folder
from mnist_draw.storage.opening import MEGABYTE, PathName, read_file
from mnist_draw.storage.unique_paths import quarantine

SCHEMA = 1
FILE_NAME = "preferences.json"
MAX_BYTES = 4 * MEGABYTE

#: Marks a removed value.
_REMOVED = object()
#: Seconds to wait for another window, which holds the lock for some milliseconds.
_PATIENCE = 5.0

T = TypeVar("T", bool, int, float, str, list[Any], dict[str, Any])


class Preferences:
    """Values by name in a JSON file, with `notice`, a sentence about damage found in it.

    Unknown names stay in the file. :meth:`save` writes only the changes made here, since another
    window may have written meanwhile.
    """

    def __init__(self, path: PathName | None = None) -> None:
        self.path = Path(path) if path is not None else config_folder() / FILE_NAME
        self.notice = ""
        self._values: dict[str, Any] = {}
        # Values set or removed since the file was read or written.
        self._changes: dict[str, Any] = {}
        # What gives the values of `set_later`.
        self._later: dict[str, Callable[[], Any]] = {}
        self._lock = threading.Lock()
        #: Called after each change, in the thread that makes it.
        self.on_change: Callable[[], object] = lambda: None
        try:
            values = read_values(self.path)
        except FileNotFoundError:
            return
        except StorageError as error:
            self.notice = joined(str(error), _starts_with_defaults())
            return
        except DocumentError as error:
            self.notice = joined(self._quarantine(str(error)), _starts_with_defaults())
            return
        self._values = drop_non_finite(values)
        if self._values != values:
            said = self._quarantine(_("it holds values that are not numbers"))
            self.notice = joined(said, _("All other preferences still apply."))
            self._changes = dict(self._values)

    def get(self, name: str, default: T) -> T:
        """Return the value of `name`, or `default` if it is missing or of another type."""
        with self._lock:
            self._read_later()
            value: Any = self._values.get(name)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(default) or (isinstance(value, str) and not _is_name(value)):
            return default
        return value

    def set(self, name: str, value: bool | int | float | str | list[Any] | dict[str, Any]) -> None:
        plain = _plain(name, value)
        with self._lock:
            self._later.pop(name, None)
            if not self._put(name, plain):
                return
        self.on_change()

    def set_later(self, name: str, value: Callable[[], Any]) -> None:
        """Set a value that changes often; it is made, in any thread, when it is read or saved."""
        with self._lock:
            self._later[name] = value
        self.on_change()

    def _put(self, name: str, plain: Any) -> bool:
        """Set a value; return whether it is another one."""
        if name in self._values and self._values[name] == plain:
            return False
        self._values[name] = plain
        self._changes[name] = plain
        return True

    def _read_later(self) -> None:
        for name, value in self._later.items():
            self._put(name, _plain(name, value()))
        self._later.clear()

    def remove(self, name: str) -> None:
        with self._lock:
            self._later.pop(name, None)
            if name not in self._values:
                return
            del self._values[name]
            self._changes[name] = _REMOVED
        self.on_change()

    def save(self) -> None:
        """Merge the changes since the last reading or writing into the file, from any thread."""
        with self._lock:
            self._read_later()
            changes = dict(self._changes)
            held = dict(self._values)
        if not changes:
            return
        # Keeps other windows from writing between this window's reading and writing.
        lock = make_lock(lock_file(self.path))
        if not acquire_lock(lock, _PATIENCE):
            # The changes are kept for the next call.
            raise StorageError(
                "Could not write {path}: {reason}. The old file is unchanged.",
                path=self.path,
                reason=_("another window is writing it"),
            )
        try:
            values = _with(self._stored(held), changes)
            document = {"schema": SCHEMA, "values": dict(sorted(values.items()))}
            write_atomically(self.path, pack(document, indent=2) + b"\n")
        finally:
            release_lock(lock)
        with self._lock:
            self._changes = {
                name: value
                for name, value in self._changes.items()
                if name not in changes or changes[name] is not value
            }
            self._values = _with(values, self._changes)

    def _stored(self, held: dict[str, Any]) -> dict[str, Any]:
        """Return the file's values; `held` if the file is missing or damaged."""
        try:
            values: dict[str, Any] = drop_non_finite(read_values(self.path))
        except FileNotFoundError:
            return held
        except DocumentError:
            quarantine(self.path)
            return held
        return values

    def _quarantine(self, reason: str) -> str:
        unusable = _("{path} cannot be used: {reason}.", path=self.path, reason=reason)
        return joined(unusable, quarantine(self.path))


def _starts_with_defaults() -> str:
    return _("The program starts with its defaults.")


def _plain(name: str, value: Any) -> Any:
    """Return a value as it is read from a file."""
    try:
        return parse(pack(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"the preference {name!r} is not JSON: {value!r}") from error


def _with(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    together = {**values, **changes}
    return {name: value for name, value in together.items() if value is not _REMOVED}


def read_values(path: Path) -> dict[str, Any]:
    document = parse(read_file(path, MAX_BYTES))
    if not isinstance(document, dict) or not isinstance(document.get("values"), dict):
        raise DamagedError("no preferences")
    check_version(document.get("schema"), SCHEMA)
    return document["values"]


def _is_name(text: str) -> bool:
    """Whether a file could have this name, whose surrogates are bytes outside UTF-8."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True
