"""``mnist-draw doctor`` tells versions, folders and damaged files, and what to do about them."""

from __future__ import annotations

import argparse
import configparser
import contextlib
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from mnist_draw import __version__, theano_bridge
from mnist_draw.cli.command import Subcommand, add_json_option
from mnist_draw.cli.output import cells, echo, json_line, padded, painted
from mnist_draw.errors import StorageError, UserError, reason_of
from mnist_draw.i18n import _, counted, joined, number, pgettext
from mnist_draw.storage import check_writable, resource_path
from mnist_draw.storage.folders import cache_folder, config_folder, data_folder
from mnist_draw.storage.opening import MEGABYTE
from mnist_draw.thread_priority import usable_cores

#: Free space that a run and its network may need: the largest network's files, twice.
_MIN_FREE = 200 * MEGABYTE
#: The file of checksums in each folder: ``sha256sum *.gz *.npz > SHA256SUMS`` after a change.
CHECKSUMS = "SHA256SUMS"
_MARKS = {
    "ok": (pgettext("finding", "ok"), "green"),
    "note": (pgettext("finding", "note"), "yellow"),
    "broken": (pgettext("finding", "BROKEN"), "red"),
}
#: In cells of a terminal.
_MARK_WIDTH = max(cells(mark) for mark, _colour in _MARKS.values())


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``note`` is what the program can do without."""

    name: str
    text: str
    state: Literal["ok", "note", "broken"] = "ok"


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_json_option(
        parser,
        _(
            'print a JSON object for each finding: "name", "text" and "state" ("ok", "note" for '
            'what the program can do without, "broken")',
        ),
    )
    parser.set_defaults(run=examine)


DOCTOR = Subcommand(
    "doctor",
    _("tell whether the installation is sound, and what to do where it is not"),
    _(
        "Report versions, packages, processor cores, folders with their sizes and free disk "
        "space, the last crash, and damaged files by name: those that ship, your runs, networks, "
        "digits and drawings. The exit status is 1 if something is broken; a damaged file of "
        "yours is only noted.",
    ),
    (
        ("", _("what is there and what is wrong")),
        ("--json", _("the same for a program or a report")),
    ),
    _add_options,
)


def examine(arguments: argparse.Namespace) -> int:
    """Print each finding as soon as it is known; return 1 if something is broken."""
    broken = 0
    for check in CHECKS:
        for finding in check():
            broken += finding.state == "broken"
            if arguments.json:
                echo(json_line(asdict(finding)))
            else:
                mark, colour = _MARKS[finding.state]
                line = _("{name}: {text}", name=finding.name, text=finding.text)
                echo(f"  {line}", painted(padded(mark, _MARK_WIDTH), colour))
    if not arguments.json:
        some = counted("{count} thing is broken.", "{count} things are broken.", broken)
        echo(some if broken else _("Nothing is broken."))
    return 1 if broken else 0


def _versions() -> Iterator[Finding]:
    place = Path(__file__).resolve().parents[2]
    yield Finding("mnist_draw", _("{version} in {folder}", version=__version__, folder=place))
    yield Finding("Python", f"{platform.python_version()} ({sys.executable})")
    yield Finding(_("system"), ", ".join((platform.platform(), platform.machine())))
    cores = counted(
        "{count} processor core can be used",
        "{count} processor cores can be used",
        usable_cores(),
    )
    yield Finding(_("cores"), cores)


def _packages() -> Iterator[Finding]:
    found = []
    missing = []
    for name in _required():
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if theano_bridge.installed_theano():
        # With the real Theano neither PyTensor nor what its native steps need is there.
        missing = [name for name in missing if name not in ("pytensor", "llvmlite", "numba")]
    yield Finding(_("engine"), theano_bridge.engine())
    yield Finding(_("packages"), ", ".join(found))
    if missing:
        command = f"{sys.executable} -m pip install {' '.join(missing)}"
        yield Finding(
            _("packages"),
            _(
                "Not installed: {names}. Install them with: {command}",
                names=", ".join(missing),
                command=command,
            ),
            "broken",
        )


def _required() -> list[str]:
    """Return the packages that the program needs, from its metadata or else its sources."""
    try:
        lines = metadata.requires("mnist_draw") or []
    except metadata.PackageNotFoundError:
        configuration = configparser.ConfigParser()
        configuration.read(Path(__file__).parents[2] / "setup.cfg", encoding="utf-8")
        lines = configuration.get("options", "install_requires", fallback="").split()
    names = (re.match(r"[\w.-]+", line) for line in lines if "extra ==" not in line)
    return [name.group() for name in names if name]


def _window() -> Iterator[Finding]:
    if any(importlib.util.find_spec(name) is None for name in ("PyQt5", "pyqtgraph", "qtawesome")):
        return  # named among the packages
    from mnist_draw.app.shell.startup import startup_problem

    problem = startup_problem()
    state: Literal["ok", "note"] = "ok" if problem is None else "note"
    yield Finding(_("window"), problem or _("A window can open here."), state)


def _folders() -> Iterator[Finding]:
    kinds = (
        (_("settings"), config_folder),
        (_("own files"), data_folder),
        (_("cache"), cache_folder),
    )
    for kind, find in kinds:
        try:
            folder = find()
            check_writable(folder / "doctor")
            size, files = _size(folder)
            free = shutil.disk_usage(folder).free
        except UserError as error:
            yield Finding(kind, str(error), "broken")
            continue
        except OSError as error:
            text = _("{path} cannot be read: {reason}.", path=folder, reason=reason_of(error))
            yield Finding(kind, text, "broken")
            continue
        text = counted(
            "{folder}: {size} MB in {count} file, {free} GB free",
            "{folder}: {size} MB in {count} files, {free} GB free",
            files,
            folder=folder,
            size=number(size / 1e6, ",.1f"),
            free=number(free / 1e9, ",.1f"),
        )
        yield Finding(kind, text)
        if free < _MIN_FREE:
            least = _MIN_FREE // MEGABYTE
            text = _("Less than {size} MB are free: make room before you train.", size=least)
            yield Finding(kind, text, "broken")


def _size(folder: Path) -> tuple[int, int]:
    size = files = 0
    for parent, _folders, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += (Path(parent) / name).stat().st_size
                files += 1
    return size, files


def _last_crash() -> Iterator[Finding]:
    with contextlib.suppress(UserError, OSError):
        folder = data_folder()
        crashes = sorted((folder / "log").glob("crash-*.txt"))[-1:]
        mistake = folder / "last-mistake.txt"
        for path in (*crashes, *([mistake] if mistake.exists() else [])):
            yield Finding(_("last crash"), _("Details are in {path}", path=path), "note")


def _shipped_files() -> Iterator[Finding]:
    for kind, folder in (("MNIST", "mnist"), (_("networks"), "models")):
        try:
            listed = resource_path(folder, CHECKSUMS).read_text("ascii").splitlines()
            expected = {name: digest for digest, name in (line.split() for line in listed)}
            wrong = [
                name
                for name, digest in expected.items()
                if not resource_path(folder, name).is_file()
                or hashlib.sha256(resource_path(folder, name).read_bytes()).hexdigest() != digest
            ]
        except (OSError, ValueError) as error:
            yield Finding(kind, _("It cannot be read: {error}.", error=error), "broken")
            continue
        if wrong:
            yield Finding(
                kind,
                _(
                    "Missing or changed: {names} in {folder}. Install the program anew.",
                    names=", ".join(wrong),
                    folder=resource_path(folder),
                ),
                "broken",
            )
        else:
            sound = _("{count} files are as they were shipped", count=len(expected))
            yield Finding(kind, sound)


def _user_files() -> Iterator[Finding]:
    """Read each of the user's files, change none; name what is damaged or was quarantined."""
    try:
        kinds = _kinds()
    except ImportError as error:  # a broken installation
        yield Finding(_("own files"), _("It cannot be read: {error}.", error=error), "broken")
        return
    for name, find, read in kinds:
        usable = 0
        try:
            for path in sorted(find()):
                try:
                    _read_and_name(path, read)
                except UserError as error:
                    unchanged = _("It is unchanged, and the program goes on without it.")
                    yield Finding(name, joined(str(error), unchanged), "note")
                else:
                    usable += 1
        except (UserError, OSError) as error:
            yield Finding(name, _("It cannot be read: {error}.", error=reason_of(error)), "note")
        if usable:
            yield Finding(name, counted("{count} can be used", "{count} can be used", usable))


def _read_and_name(path: Path, read: Callable[[Path], object]) -> None:
    """Read a file; an error that does not name it gets its name."""
    try:
        read(path)
    except StorageError:
        raise
    except (UserError, ImportError, OSError) as error:
        if isinstance(error, UserError) and str(path) in str(error):
            raise
        raise UserError(
            "{path} cannot be used: {reason}.",
            path=path,
            reason=reason_of(error),
        ) from error


def _kinds() -> list[tuple[str, Callable[[], Iterable[Path]], Callable[[Path], object]]]:
    from mnist_draw.library.networks import list_fine_tuned, list_opened
    from mnist_draw.library.stored_network import load_trained
    from mnist_draw.storage.my_digits import SUFFIX, DigitError, my_digits_folder, read_digit
    from mnist_draw.storage.preferences import FILE_NAME, read_values
    from mnist_draw.storage.unique_paths import ASIDE
    from mnist_draw.training import record
    from mnist_draw.training.checkpoint import load_checkpoint
    from mnist_draw.training.run_list import runs_folder

    def own_networks() -> Iterator[Path]:
        yield from runs_folder().glob(f"*/{record.MODEL}")
        yield from (stored.path for stored in (*list_fine_tuned(), *list_opened()))

    def read_taught(path: Path) -> None:
        if read_digit(path) is None:
            raise DigitError("{path} is no picture that this program has made.", path=path)

    def read_drawing(path: Path) -> None:
        # It needs Qt; everything else can be read without.
        from mnist_draw.app.draw.drawing_files import read_drawing

        read_drawing(path)

    def refuse(path: Path) -> None:
        raise UserError(
            "{path} could not be used when it was read. Delete it if it is no use.",
            path=path,
        )

    def quarantined() -> Iterator[Path]:
        for folder in (data_folder, config_folder):
            yield from folder().rglob(f"*{ASIDE}*")

    return [
        (
            _("runs"),
            lambda: runs_folder().glob(f"*/{record.RECORD}"),
            lambda path: record.read_run(path.parent),
        ),
        (_("checkpoints"), lambda: runs_folder().glob(f"*/{record.CHECKPOINT}"), load_checkpoint),
        (_("own networks"), own_networks, load_trained),
        (_("figures"), lambda: runs_folder().glob(f"*/{record.HISTORY}"), record.read_history),
        (_("taught digits"), lambda: my_digits_folder().glob(f"*{SUFFIX}"), read_taught),
        (_("drawings"), lambda: data_folder().glob("board*.json"), read_drawing),
        (_("preferences"), lambda: config_folder().glob(FILE_NAME), read_values),
        (_("put aside"), quarantined, refuse),
    ]


#: All checks in the order of the report; each yields its findings.
CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _versions,
    _packages,
    _window,
    _folders,
    _last_crash,
    _shipped_files,
    _user_files,
)
