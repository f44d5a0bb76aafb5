"""The help menu: first steps, all keys, a report, and what the program is made of."""

from __future__ import annotations

import html
import json
import platform
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from PyQt5.QtCore import Qt, QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mnist_draw import __version__
from mnist_draw.app.draw.key_pen import BOARD_KEYS
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command, set_icon
from mnist_draw.app.kit.controls import button_menu
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.page import Page
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, native_keys, push_button
from mnist_draw.i18n import _
from mnist_draw.storage.folders import data_folder, resource_path

_PACKAGE = "mnist_draw"
_ABOUT = _(
    "Draw a digit, train the network that reads it: MNIST with Lasagne and Theano. Free software "
    "under the GNU General Public License, version 3 or later; without any warranty.",
)
#: Keys, a name and a sentence.
_Row = tuple[str, str, str]
_REPORT = _(
    "Write to the person who gave you the program, or to your teacher: what you did, what you "
    "expected, and what happened instead. Copy and add what is below: it holds versions and the "
    "names of folders, and nothing that you drew or typed.",
)
#: Parts of the width, in percent: in all tables of keys the same.
_COLUMNS = (25, 25, 50)
#: Classifiers of packages that name a licence begin so.
_LICENCE = "License ::"


def build_help(
    button: QToolButton,
    window: QWidget,
    pages: Sequence[Page],
    *others: Command,
) -> None:
    """Let a button open a window's help menu; the other commands follow First steps."""

    def show_keys() -> None:
        waiting = list(pages)

        def go_on() -> None:
            # A page that was never shown is built first: its keys belong to it.
            if waiting:
                waiting.pop().prepare(go_on)
            else:
                show_text(window, _("Keys"), keys_page(window, button.parentWidget(), pages))

        go_on()

    def show_report() -> None:
        text = f"<p>{_REPORT}</p><pre>{html.escape(report())}</pre>"
        show_text(window, _("Report a problem"), text, report())

    def command(text: str, sentence: str, keys: str, act: Callable[[], object]) -> Command:
        return Command(window, text, sentence, keys, act)

    entries = (
        command(
            _("First steps"),
            _("Read what to do first, and then."),
            "",
            lambda: show_text(window, _("First steps"), first_steps()),
        ),
        *others,
        command(_("Keys"), _("Show all keys and what they do."), "?", show_keys),
        command(
            _("Report a problem"),
            _("Show what a report should hold, ready to copy."),
            "",
            show_report,
        ),
        command(
            _("About MNIST Draw"),
            _("Show the versions and licences of all that is used."),
            "",
            lambda: show_text(window, _("About MNIST Draw"), about_page()),
        ),
    )
    keys = ", ".join(entry.keys for entry in entries if entry.keys)
    explain(button, _("Help"), _("Read first steps, guide, words and keys."), keys)
    set_icon(button, "question")
    button_menu(button).addActions(entries)


def show_text(window: QWidget, title: str, text: str, to_copy: str = "") -> QDialog:
    """Show a page of text over a window until it is closed, with what can be copied of it."""
    dialog = QDialog(window)
    dialog.setAttribute(Qt.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    column = QVBoxLayout(dialog)
    words = QTextBrowser()
    words.setObjectName("helpText")
    words.setAccessibleName(title)
    words.setOpenLinks(False)
    words.setHtml(text)
    column.addWidget(words)
    buttons = QDialogButtonBox()
    buttons.addButton(_("Close"), QDialogButtonBox.RejectRole)
    buttons.rejected.connect(dialog.close)
    if to_copy:
        act = partial(QApplication.clipboard().setText, to_copy)
        copy = push_button("copyReportButton", _("Copy"), _("Copy the report."), act=act)
        buttons.addButton(copy, QDialogButtonBox.ActionRole)
    column.addWidget(buttons)
    scale = theme.text_scale()
    wide, high = (round(side * scale) for side in Size.HELP)
    dialog.resize(min(wide, window.width()), min(high, window.height()))
    dialog.open()
    return dialog


# -- keys


def keys_page(window: QWidget, corner: QWidget, pages: Sequence[Page]) -> str:
    """Return all keys as HTML: those of the whole window, then those of each page."""
    everywhere = [action for page in pages for action in page.everywhere]
    rows = [
        (command.keys, command.text(), command.sentence)
        for command in window.findChildren(Command)
        if command.keys and (command.parent() is window or command in everywhere)
    ]
    known = {row[1:] for row in rows}
    rows += _rows(corner, known)
    parts = [_table(_("Everywhere"), rows)]
    for page in pages:
        title = _("In the tab {name}", name=page.title)
        parts.append(_table(title, list(_rows(page, known))))
    parts.append(_section(_("On the board"), BOARD_KEYS))
    return "".join(parts)


def _section(title: str, text: str) -> str:
    return f"<h3>{html.escape(title)}</h3><p>{html.escape(text)}</p>"


def _rows(owner: QWidget, known: set[tuple[str, str]]) -> Iterator[_Row]:
    """Yield commands with keys, then controls whose keys no command has; each once."""
    commands = owner.window().findChildren(Command)
    keys = {key for command in commands for key in command.keys.split(", ")}
    rows = [
        (command.keys, command.text(), command.sentence) for command in owner.findChildren(Command)
    ]
    for control in owner.findChildren(QWidget):
        own = control.property("keys") or ""
        if not keys & set(own.split(", ")):
            rows.append((own, control.accessibleName(), control.property("explained")))
    for row in rows:
        if row[0] and row[1:] not in known:
            known.add(row[1:])
            yield row


def _merged(rows: Sequence[_Row]) -> list[_Row]:
    """Return one row for each key: what begins a run also pauses it."""
    found: dict[str, list[_Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return [
        (keys, " / ".join(row[1] for row in same), " ".join(row[2] for row in same))
        for keys, same in found.items()
    ]


def _table(title: str, rows: Sequence[_Row]) -> str:
    lines = "".join(
        # Between two keys a narrow column may break the line.
        f"<tr><td width='{_COLUMNS[0]}%'><b>"
        f"{html.escape(native_keys(keys)).replace('+', '+&#8203;')}</b></td>"
        f"<td width='{_COLUMNS[1]}%'>{html.escape(name)}</td>"
        f"<td width='{_COLUMNS[2]}%'>{html.escape(sentence)}</td></tr>"
        for keys, name, sentence in _merged(rows)
    )
    return f"<h3>{html.escape(title)}</h3><table cellpadding='3' width='98%'>{lines}</table>"


# -- first steps, a report, about


def first_steps() -> str:
    """Return what to do first as HTML; ``resources/words`` has it in English."""
    steps = json.loads(resource_path("words", "first_steps.json").read_text("utf-8"))
    return "".join(
        _section(f"{number} {_(step['name'])}", _(step["sentences"]))
        for number, step in enumerate(steps, 1)
    )


def offer_crash_report(path: Path, page: str) -> None:
    """Offer to show the report that a crash has left, until the first page is left."""
    sentence = _(
        "The program crashed before. {path} says what it did then, and holds nothing of yours.",
        path=path,
    )
    show = partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(path)))
    Notifier(page=page).problem(sentence, show, _("Show"))


def report() -> str:
    """Return versions, and the folder where reports of crashes are."""
    from mnist_draw.app.shell.startup import versions

    folder = _("Reports of crashes: {folder}", folder=data_folder() / "log")
    return "\n".join([*versions(), folder])


def about_page() -> str:
    """Return the versions and licences of the program and of the libraries it uses, as HTML."""
    used = libraries()
    rows = "".join(
        f"<tr><td><b>{html.escape(name)}</b></td><td>{html.escape(version)}</td>"
        f"<td>{html.escape(licence)}</td></tr>"
        for name, version, licence in used
    )
    version = platform.python_version()
    python = _("Python {version}, with:", version=version) if used else f"Python {version}"
    about = _section(f"MNIST Draw {__version__}", _ABOUT)
    return f"{about}<p>{python}</p><table cellpadding='3'>{rows}</table>"


def libraries() -> list[tuple[str, str, str]]:
    """Return name, version and licence of each library that the program asks for.

    Empty where the program was not installed but is run from its folder.
    """
    try:
        wanted = metadata.requires(_PACKAGE) or []
    except metadata.PackageNotFoundError:
        return []
    found: list[tuple[str, str, str]] = []
    for line in wanted:
        if "extra ==" in line:
            continue
        try:
            about = metadata.metadata(re.split(r"[;<>=!~[ ]", line)[0]).json
        except metadata.PackageNotFoundError:
            continue
        found.append((str(about["name"]), str(about["version"]), _licence(about)))
    return sorted(found, key=lambda row: row[0].lower())


def _licence(about: Mapping[str, Any]) -> str:
    """Return a package's licence, as it is named in one of the three places for that."""
    classifiers = about.get("classifier", [])
    named = [text.split(" :: ")[-1] for text in classifiers if text.startswith(_LICENCE)]
    first_line = about.get("license", "").strip().partition("\n")[0]
    return about.get("license_expression") or ", ".join(named) or first_line or _("see its files")
