"""``mnist-draw doctor`` reports versions, folders, the last crash and damaged files by name."""

from __future__ import annotations

import argparse
import hashlib
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from mnist_draw import __version__, app, theano_bridge
from mnist_draw.cli.command import Subcommand, add_json_option
from mnist_draw.cli.output import cells, echo, json_line, padded, painted
from mnist_draw.errors import StorageError, UserError, reason_of
from mnist_draw.i18n import _, counted, joined, number, pgettext
from mnist_draw.storage import check_writable, resource_path
from mnist_draw.storage.folders import cache_folder, config_folder, data_folder

#: The file of checksums in each folder: ``sha256sum *.gz *.npz > SHA256SUMS`` after a change.
CHECKSUMS = "SHA256SUMS"
_MARKS = {
    "ok": (pgettext("finding", "ok"), "green"),
    "note": (pgettext("finding", "note"), "yellow"),
    "broken": (pgettext("finding", "BROKEN"), "red"),
}
#: In cells of a terminal.
_MARK_WIDTH = max(cells(mark) for mark, _color in _MARKS.values())


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``note`` is what the program can do without."""

    name: str
    text: str
    state: Literal["ok", "note", "broken"] = "ok"


def examine(arguments: argparse.Namespace) -> int:
    """Print each finding as soon as it is known; return 1 if something is broken."""
    broken = 0
    for check in CHECKS:
        for finding in check():
            broken += finding.state == "broken"
            if arguments.json:
                echo(json_line(asdict(finding)))
            else:
                mark, color = _MARKS[finding.state]
                line = _("{name}: {text}", name=finding.name, text=finding.text)
                echo(f"  {line}", painted(padded(mark, _MARK_WIDTH), color))
    if not arguments.json:
        some = counted("{count} thing is broken.", "{count} things are broken.", broken)
        echo(some if broken else _("Nothing is broken."))
    return 1 if broken else 0


def check_versions() -> Iterator[Finding]:
    place = Path(__file__).resolve().parents[2]
    yield Finding("mnist_draw", _("{version} in {folder}", version=__version__, folder=place))
    yield Finding("Python", f"{platform.python_version()} ({sys.executable})")
    yield Finding(platform.system(), f"{platform.platform()}, {platform.machine()}")
    yield Finding("import theano", theano_bridge.engine())
    if theano_bridge.found_theano() and not theano_bridge.installed_theano():
        yield Finding("Theano", _("not used: it does not run on NumPy 1.24 or later"), "note")


def check_window() -> Iterator[Finding]:
    """Say which Qt the window has, and what of it a screen reader gets."""
    package = {"pyqt5": "PyQt5", "pyqt6": "PyQt6"}[app.chosen_qt()]
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        missing = _("It is missing: the commands work without the window.")
        yield Finding(package, missing, "note")
        return
    yield Finding(package, version)
    name = _("screen reader")
    if package == "PyQt6":
        heard = _("is given names, roles, values and messages; on Linux tried with Orca 48")
        yield Finding(name, heard)
    else:
        deaf = _(
            'gets nothing from pip\'s PyQt5 on Linux; pip install "mnist_draw[qt6]" adds PyQt6',
        )
        yield Finding(name, deaf, "note")


def check_folders() -> Iterator[Finding]:
    for kind, find in {"config": config_folder, "data": data_folder, "cache": cache_folder}.items():
        try:
            folder = find()
            check_writable(folder / "doctor")
        except UserError as error:
            yield Finding(kind, str(error), "broken")
            continue
        free = number(shutil.disk_usage(folder).free / 1e9, ",.1f")
        yield Finding(kind, _("{folder} ({free} GB free)", folder=folder, free=free))


def check_last_crash() -> Iterator[Finding]:
    crashes = sorted((data_folder() / "log").glob("crash-*.txt"))[-1:]
    for path in (*crashes, *data_folder().glob("last-mistake.txt")):
        yield Finding(_("last crash"), _("Details are in {path}.", path=path), "note")


def check_shipped_files() -> Iterator[Finding]:
    for folder in ("mnist", "models"):
        listed = resource_path(folder, CHECKSUMS).read_text("ascii").splitlines()
        expected = {name: digest for digest, name in map(str.split, listed)}
        wrong = [name for name in expected if _digest(folder, name) != expected[name]]
        if not wrong:
            sound = _("{count} files are as shipped", count=len(expected))
            yield Finding(folder, sound)
            continue
        text = _(
            "Missing or changed: {names} in {folder}. Reinstall the program.",
            names=", ".join(wrong),
            folder=resource_path(folder),
        )
        yield Finding(folder, text, "broken")


def _digest(folder: str, name: str) -> str:
    path = resource_path(folder, name)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def check_user_files() -> Iterator[Finding]:
    """Read each of the user's files, change none; name what is damaged or was quarantined."""
    unchanged = _("It is unchanged, and the program works without it.")
    for folder, pattern, read in _kinds():
        name = str(folder / pattern)
        usable = 0
        for path in sorted(folder.glob(pattern)):
            try:
                read(path)
            except (UserError, ImportError, OSError) as error:
                yield Finding(name, joined(_describe(error, path), unchanged), "note")
            else:
                usable += 1
        if usable:
            yield Finding(name, counted("{count} can be used", "{count} can be used", usable))


def _describe(error: Exception, path: Path) -> str:
    if isinstance(error, StorageError) or str(path) in str(error):
        return str(error)
    return _("{path} cannot be used: {reason}.", path=path, reason=reason_of(error))


def _kinds() -> Iterator[tuple[Path, str, Callable[[Path], object]]]:
    """Yield the folder and the pattern of each kind of files, and what reads one."""
    from mnist_draw.library.stored_network import fine_tuned_folder, load_trained, opened_folder
    from mnist_draw.storage.my_digits import SUFFIX, DigitError, my_digits_folder, read_digit
    from mnist_draw.storage.preferences import FILE_NAME, read_values
    from mnist_draw.storage.unique_paths import ASIDE
    from mnist_draw.training import record, run
    from mnist_draw.training.checkpoint import load_checkpoint
    from mnist_draw.training.run_list import runs_folder

    def read_taught(path: Path) -> None:
        if read_digit(path) is None:
            raise DigitError("{path} is not a picture made by this program.", path=path)

    def read_drawing(path: Path) -> None:
        # It needs Qt; everything else can be read without.
        from mnist_draw.app.draw.drawing_files import read_drawing

        read_drawing(path)

    def refuse(path: Path) -> None:
        raise UserError(
            "{path} could not be used when it was read. Delete it if you don't need it.",
            path=path,
        )

    runs = runs_folder()
    yield runs, f"*/{run.RECORD}", lambda path: record.read_run(path.parent)
    yield runs, f"*/{run.CHECKPOINT}", load_checkpoint
    yield runs, f"*/{run.HISTORY}", record.read_history
    yield runs, f"*/{run.MODEL}", load_trained
    for networks in (fine_tuned_folder(), opened_folder()):
        yield networks, "*.npz", load_trained
    yield my_digits_folder(), f"*{SUFFIX}", read_taught
    yield data_folder(), "board*.json", read_drawing
    yield config_folder(), FILE_NAME, read_values
    for folder in (data_folder(), config_folder()):
        yield folder, f"**/*{ASIDE}*", refuse


#: All checks in the order of the report; each yields its findings.
CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_versions,
    check_window,
    check_folders,
    check_last_crash,
    check_shipped_files,
    check_user_files,
)


DOCTOR = Subcommand(
    "doctor",
    _(
        "Check the installation, and say what to do about problems.\nIt reports versions, folders "
        "with their free disk space, the last crash, and damaged files by name: those that ship, "
        "your runs, networks, digits and drawings. The exit status is 1 if something is broken; a "
        "damaged file of yours is only noted.",
    ),
    ("", "--json"),
    examine,
    add_json_option,
)
