"""What a pupil hands in: the runs of a lesson and the taught digits, in one file.

A file that ends in ``.mnist-handin`` is a zip archive, as `mnist_draw.storage.my_digits` shares
digits, with one more entry: ``handed_in.json`` holds ``format`` and ``version``, ``lesson`` and
``from`` as in the lesson's file, and ``runs``, a list of records as `mnist_draw.training.record`
writes them. Of folders and files of the pupil's computer it has only the names, and no network.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mnist_draw.errors import DamagedError, DocumentError, UserError
from mnist_draw.storage.atomic import open_atomically, write_atomically
from mnist_draw.storage.document import Fields, Format
from mnist_draw.storage.folders import data_folder, make_folder
from mnist_draw.storage.my_digits import (
    HANDED_IN,
    MAX_BYTES,
    add_digits,
    list_digits,
    open_shared,
)
from mnist_draw.storage.opening import MEGABYTE, PathName, read_file, reading
from mnist_draw.storage.unique_paths import reserved_file
from mnist_draw.training import record
from mnist_draw.training.run import MAX_NAME_LENGTH, Run
from mnist_draw.training.settings import PLACES

SUFFIX = ".mnist-handin"
FORMAT = Format("mnist_draw handed in", 1, 8 * MEGABYTE)
MAX_RUNS = 1_000


class HandedInError(UserError):
    """A file that was handed in cannot be used; the sentence names it and the fault."""


@dataclass(frozen=True)
class HandedIn:
    """What a file holds: runs, the newest first, and how many digits."""

    path: Path
    lesson: str
    #: Who wrote the lesson, and for whom.
    author: str
    runs: tuple[Run, ...]
    digits: int

    @property
    def pupil(self) -> str:
        return self.path.stem


def handed_in_folder() -> Path:
    """Return the folder of what was handed in, which need not exist."""
    return data_folder() / "handed_in"


def hand_in(path: PathName, lesson: str, author: str, runs: Sequence[Run]) -> None:
    """Write the file of a pupil: these runs and all taught digits."""
    values = {
        "lesson": lesson,
        "from": author,
        "runs": [_without_places(run) for run in runs[:MAX_RUNS]],
    }
    with open_atomically(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(HANDED_IN, FORMAT.pack(values), zipfile.ZIP_DEFLATED)
        add_digits(archive, list_digits())


def _without_places(run: Run) -> dict[str, object]:
    """Return the record of a run without names of folders, which are the pupil's."""
    values = record.to_json(run)
    values.pop("checkpoint_elsewhere", None)
    values.pop("made_with", None)
    for name in PLACES:
        if place := values["settings"].get(name):
            values["settings"][name] = Path(place).name
    return values


def read_handed_in(path: Path) -> HandedIn:
    """Read a file without trust; raises `HandedInError`."""
    with reading(path, HandedInError, UserError), open_shared(path) as (archive, entries):
        named = {entry.filename: entry for entry in entries}
        entry = named.pop(HANDED_IN, None)
        if entry is None:
            raise DocumentError("it was not handed in with a lesson")
        if entry.file_size > FORMAT.max_bytes:
            raise DamagedError("its list of runs is too large")
        with archive.open(entry) as packed:
            fields = FORMAT.unpack(packed.read(FORMAT.max_bytes))
        runs = [_read_run(one) for one in fields.get_list("runs", MAX_RUNS)]
        return HandedIn(
            path,
            fields.get_text("lesson", MAX_NAME_LENGTH, ""),
            fields.get_text("from", MAX_NAME_LENGTH, ""),
            tuple(runs),
            len(named),
        )


def _read_run(values: object) -> Run:
    if not isinstance(values, dict):
        raise DamagedError("one of its runs is no record")
    return record.parse_run(Path(), Fields(values))


def take_in(path: Path) -> HandedIn:
    """Copy a file that is valid into the Library; return it with its place there."""
    found = read_handed_in(path)
    content = read_file(path, MAX_BYTES)
    with reserved_file(make_folder(handed_in_folder()) / path.name) as place:
        write_atomically(place, content)
        return replace(found, path=place)
