"""The formats of training data: one entry each.

`load_dataset` and its error sentences, the setting *Data set* with its help on the command line and
its file dialog, and the names of data sets all follow `DATA_FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mnist_draw.dataset.sources import idx_files, npz_files, picture_folders, tables
from mnist_draw.dataset.sources.source import Source, files_of
from mnist_draw.errors import DatasetError
from mnist_draw.i18n import _, follows_language, listed


@dataclass(frozen=True)
class DataFormat:
    """A format of training data.

    The docstring of `load_data` describes it by its `name`, a list by its `title`. `meaning` says
    what a file or folder must hold, for the sentence about one that cannot be read. `read` reads
    what `is_file` recognised by its name, or `is_folder` by its files (by default, one that
    `is_file`). `suffixes` are removed, after ``.gz``, from a file's name for that of the data set.
    """

    name: str
    title: str
    meaning: str
    read: Callable[[Path], Source]
    is_folder: Callable[[Path], bool] | None = None
    is_file: Callable[[Path], bool] = lambda path: False
    patterns: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()

    def has_files(self, folder: Path) -> bool:
        return any(map(self.is_file, files_of(folder)))


#: In the order of recognition.
DATA_FORMATS: list[DataFormat] = [
    DataFormat(
        "IDX",
        _("IDX files under MNIST's names or EMNIST's"),
        _("a folder with the files {names}, gzipped or not", names=idx_files.FOUR_FILES),
        idx_files.read,
        idx_files.is_folder,
        idx_files.is_file,
        ("*ubyte", "*ubyte.gz"),
        ("-train-images-idx3-ubyte",),
    ),
    DataFormat(
        ".npz",
        _("NumPy's .npz files"),
        _("an .npz file with x_train, y_train, x_test and y_test"),
        npz_files.read,
        is_file=npz_files.is_file,
        patterns=("*.npz",),
        suffixes=(".npz",),
    ),
    DataFormat(
        "CSV",
        _("Kaggle's tables (CSV)"),
        _("a table (CSV) with a label and 784 pixels in each line"),
        tables.read,
        is_file=tables.is_file,
        patterns=("*.csv", "*.csv.gz"),
        suffixes=(".csv",),
    ),
    DataFormat(
        "pictures",
        _("a folder with a folder of pictures for each class"),
        _("a folder with a folder of pictures for each class"),
        picture_folders.read,
        picture_folders.is_folder,
    ),
]


def read_source(place: Path) -> Source:
    """Recognise the format of a file or folder, and read it."""
    is_folder = place.is_dir()
    if is_folder or place.is_file():
        for known in DATA_FORMATS:
            recognise = (known.is_folder or known.has_files) if is_folder else known.is_file
            if recognise(place):
                return known.read(place)
    if not place.exists():
        # What a data set may be is no help where one is gone.
        raise DatasetError("{place} is neither a folder nor a file.", place=place)
    kinds = listed((known.meaning for known in DATA_FORMATS), long=True)
    raise DatasetError(
        "{place} holds no data set. A data set is one of these: {kinds}.",
        place=place,
        kinds=kinds,
    )


@follows_language
def list_titles() -> str:
    return listed(known.title for known in DATA_FORMATS)


def file_patterns() -> str:
    return " ".join(pattern for known in DATA_FORMATS for pattern in known.patterns)


def strip_suffixes(name: str) -> str:
    """Return the name of a file of any format as the name of its data set."""
    for suffix in (".gz", *(suffix for known in DATA_FORMATS for suffix in known.suffixes)):
        name = name.removesuffix(suffix)
    return name
