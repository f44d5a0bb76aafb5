"""The help menu: the guide, all keys, and what the program is made of."""

from __future__ import annotations

import html
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QIcon, QKeySequence
from PyQt5.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mnist_draw import __version__
from mnist_draw.app.draw.pointer import BOARD_KEYS
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command, fill_menu
from mnist_draw.app.kit.page import Page
from mnist_draw.app.kit.theme import Size

_PACKAGE = "mnist_draw"
_ABOUT = (
    "Draw a digit, train the network that reads it: MNIST with Lasagne and Theano. Free software "
    "under the GNU General Public License, version 3 or later; without any warranty."
)
_BOARD = f"<h3>On the board</h3><p>{html.escape(BOARD_KEYS)}</p>"
_BOARDS_PAGE = "draw"
#: Parts of the width, in percent: in all tables of keys the same.
_COLUMNS = (25, 25, 50)
#: Classifiers of packages that name a licence begin so.
_LICENCE = "License ::"


def build_help(
    button: QToolButton, window: QWidget, pages: Sequence[Page], *first: Command
) -> None:
    """Let a button open a window's help menu: first these commands, then those of its pages."""

    def show_keys() -> None:
        waiting = list(pages)

        def go_on() -> None:
            # A page that was never shown is built first: its keys belong to it.
            if waiting:
                waiting.pop().prepare(go_on)
            else:
                show_text(window, "Keys", keys_page(window, button.parentWidget(), pages))

        go_on()

    keys = Command(
        window,
        "Keys",
        "Show all keys and what they do.",
        "?",
        show_keys,
    )
    about = Command(
        window,
        "About MNIST Draw",
        "Show the versions and licences of the program and of what it uses.",
        "",
        lambda: show_text(window, "About MNIST Draw", about_page()),
    )
    fill_menu(button, "Help", "Read the guide, all keys, versions and licences.", "question",
              *first, keys, about)  # fmt: skip


def show_text(window: QWidget, title: str, text: str) -> QDialog:
    """Show a page of text over a window until it is closed."""
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
    buttons = QDialogButtonBox(QDialogButtonBox.Close)
    buttons.button(QDialogButtonBox.Close).setIcon(QIcon())
    buttons.rejected.connect(dialog.close)
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
    parts = [_table("Everywhere", rows)]
    for page in pages:
        parts.append(_table(f"In the tab {page.title}", list(_rows(page, known))))
    parts.append(_BOARD)
    return "".join(parts)


def tab_page(page: Page) -> str:
    """Return what can be done on a page, and its keys, as HTML."""
    parts = [f"<p>{html.escape(page.help)}</p>", _table("Keys", list(_rows(page, set())))]
    if page.name == _BOARDS_PAGE:
        parts.append(_BOARD)
    return "".join(parts)


def _rows(owner: QWidget, known: set[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield commands with keys, then controls whose keys no command has; each once."""
    commands = owner.window().findChildren(Command)
    keys = {key for command in commands for key in command.keys.split(", ")}
    rows = [
        (command.keys, command.text(), command.sentence) for command in owner.findChildren(Command)
    ]
    for control in owner.findChildren(QWidget):
        own = control.property("keys") or ""
        if not keys & set(re.split(", | and ", own)):
            rows.append((own, control.accessibleName(), control.accessibleDescription()))
    for row in rows:
        if row[0] and row[1:] not in known:
            known.add(row[1:])
            yield row


def _table(title: str, rows: Sequence[tuple[str, str, str]]) -> str:
    lines = "".join(
        f"<tr><td width='{_COLUMNS[0]}%'><b>{html.escape(_native(keys))}</b></td>"
        f"<td width='{_COLUMNS[1]}%'>{html.escape(name)}</td>"
        f"<td width='{_COLUMNS[2]}%'>{html.escape(sentence)}</td></tr>"
        for keys, name, sentence in rows
    )
    return f"<h3>{html.escape(title)}</h3><table cellpadding='3' width='98%'>{lines}</table>"


def _native(keys: str) -> str:
    """Return keys as this system writes them; words stay as they are."""
    return QKeySequence(keys).toString(QKeySequence.NativeText) or keys


# -- about


def about_page() -> str:
    """Return the versions and licences of the program and of the libraries it uses, as HTML."""
    rows = "".join(
        f"<tr><td><b>{html.escape(name)}</b></td><td>{html.escape(version)}</td>"
        f"<td>{html.escape(licence)}</td></tr>"
        for name, version, licence in libraries()
    )
    return (
        f"<h3>MNIST Draw {__version__}</h3><p>{_ABOUT}</p>"
        f"<p>Python {platform.python_version()}, with:</p><table cellpadding='3'>{rows}</table>"
    )


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
        name = line.split(";")[0]
        for sign in "<>=!~[ ":
            name = name.split(sign)[0]
        try:
            about = metadata.metadata(name).json
        except metadata.PackageNotFoundError:
            continue
        found.append((str(about["name"]), str(about["version"]), _licence(about)))
    return sorted(found, key=lambda row: row[0].lower())


def _licence(about: Mapping[str, Any]) -> str:
    """Return a package's licence, as it is named in one of the three places for that."""
    classifiers = about.get("classifier", [])
    named = [text.split(" :: ")[-1] for text in classifiers if text.startswith(_LICENCE)]
    first_line = about.get("license", "").strip().partition("\n")[0]
    return about.get("license_expression") or ", ".join(named) or first_line or "see its files"
