"""``mnist-draw desktop``: an entry in the menus of a Linux desktop, and networks that open from it.

All files are in the user's folder of the freedesktop specifications (``~/.local/share``). Nothing
is installed without this command, and ``remove`` takes all of it away.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess  # nosec B404 # it starts the two programs of `_UPDATES`
import sys
from pathlib import Path

import platformdirs

from mnist_draw.cli.command import Subcommand
from mnist_draw.cli.output import PROGRAM, echo
from mnist_draw.errors import StorageError, UserError, reason_of
from mnist_draw.i18n import _
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.folders import make_folder, resource_path
from mnist_draw.system import HAS_MENU_FILES

#: Files of ``resources/desktop``, and their folders below the user's.
PLACES = {
    "mnist-draw.desktop": "applications",
    "mnist-draw.svg": "icons/hicolor/scalable/apps",
    "mnist-draw.png": "icons/hicolor/256x256/apps",
    "mnist-draw.xml": "mime/packages",
    "mnist-draw.metainfo.xml": "metainfo",
}
#: Programs that bring a desktop's lists up to date; those that are missing are not needed there.
_UPDATES = (("update-mime-database", "mime"), ("update-desktop-database", "applications"))
#: The lists that these programs make of a folder's files, in that folder or beside it; they are
#: removed with the last file.
_LISTS = (
    (
        "mime/packages",
        "mime",
        (
            "XMLnamespaces",
            "aliases",
            "generic-icons",
            "globs",
            "globs2",
            "icons",
            "magic",
            "mime.cache",
            "subclasses",
            "treemagic",
            "types",
            "version",
            "application/x-mnist-draw-network.xml",
            "application/x-mnist-draw-lesson.xml",
            "application/x-mnist-draw-handin.xml",
        ),
    ),
    ("applications", "applications", ("mimeinfo.cache",)),
)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("install", "remove"))


def run(arguments: argparse.Namespace) -> int:
    if not HAS_MENU_FILES:
        raise UserError(
            "These menu entries are for Linux desktops; nothing was changed. The README "
            "describes Windows and macOS.",
        )
    folder = Path(platformdirs.user_data_dir())
    for name, place in PLACES.items():
        target = folder / place / name
        if arguments.action == "install":
            _install(name, target)
        else:
            _remove(target)
    if arguments.action == "remove":
        _clear_away(folder)
    for program, place in _UPDATES:
        if shutil.which(program) and (folder / place).is_dir():
            command = [program, str(folder / place)]
            subprocess.run(command, check=False, capture_output=True)  # nosec B603 # no shell
    if arguments.action == "install":
        echo(
            _(
                "MNIST Draw is in the menus now, and opens trained networks. Its files are "
                "in {folder}.",
                folder=folder,
            ),
        )
        echo(_("To remove it: {program} desktop remove", program=PROGRAM))
    else:
        echo(
            _(
                "MNIST Draw is no longer in the menus. Your networks and drawings are untouched.",
            ),
        )
    return 0


def _install(name: str, target: Path) -> None:
    content = resource_path("desktop", name).read_bytes()
    if name.endswith(".desktop"):
        # A desktop does not know the virtual environment that the program may live in.
        content = content.replace(b"Exec=mnist-draw", b"Exec=" + os.fsencode(start_command()))
    make_folder(target.parent)
    write_atomically(target, content)


def _remove(target: Path) -> None:
    try:
        target.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            "{target} cannot be removed: {reason}.",
            target=target,
            reason=reason_of(error),
        ) from error


def _clear_away(folder: Path) -> None:
    """Remove the lists that nothing is left for, and the folders that are empty then."""
    for of, place, names in _LISTS:
        lists = {folder / place / name for name in names}
        left = (path for path in (folder / of).rglob("*") if path not in lists)
        if any(path.is_file() for path in left):
            continue
        for path in lists:
            _remove(path)
    for place in ("mime/application", *PLACES.values()):
        with contextlib.suppress(OSError):  # it holds something, or is not there
            emptied = folder / place
            while emptied != folder:
                emptied.rmdir()
                emptied = emptied.parent


def start_command() -> str:
    """Return the command that starts this installation, as a desktop entry quotes it."""
    if getattr(sys, "frozen", False):  # a folder made by PyInstaller, or one file that holds it
        return quoted(os.environ.get("APPIMAGE", sys.executable))
    script = Path(sys.executable).with_name(PROGRAM)
    if script.is_file():
        return quoted(str(script))
    return f"{quoted(sys.executable)} -m mnist_draw"


def quoted(argument: str) -> str:
    """Quote an argument by the rules of the Desktop Entry Specification, section *Exec*."""
    for special in ("\\", '"', "`", "$"):
        argument = argument.replace(special, f"\\{special}")
    # The value of a key is itself a string in which a backslash is written twice.
    return '"' + argument.replace("\\", "\\\\").replace("%", "%%") + '"'


DESKTOP = Subcommand(
    "desktop",
    _(
        "Add the program to the menus of this user's Linux desktop, with its icon, and let "
        "trained networks open with a double click; or undo all of that.",
    ),
    ("install", "remove"),
    run,
    _add_options,
)
