"""The help menu: first steps, all keys, a report, what the program is made of, and the words.

``resources/words`` holds the first steps, the words of the field, each in two sentences, and, as
SVG in the colors of the theme, their pictures. F1 on a control opens its word.
"""

from __future__ import annotations

import html
import json
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key, partial
from importlib import metadata
from pathlib import Path
from typing import Any

from qtpy.QtCore import QCollator, QEvent, QLocale, QObject, QSize, Qt, QUrl
from qtpy.QtGui import QCursor, QDesktopServices, QHelpEvent, QKeyEvent, QPixmap
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QTextBrowser,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from mnist_draw import __version__
from mnist_draw.app.draw.key_pen import BOARD_KEYS
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command, set_icon
from mnist_draw.app.kit.controls import button_menu
from mnist_draw.app.kit.layout import Page, column, row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.painters import svg_pixmap
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, label, native_keys, push_button
from mnist_draw.i18n import _, cached_text, language, percent
from mnist_draw.recognition.certainty import FAIRLY_SURE, SURE, UNCLEAR
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
    "expected, and what happened instead. Copy and add what is below: it contains versions and "
    "the names of folders, and nothing that you drew or typed.",
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

    entries = (
        Command(
            window,
            _("First steps"),
            "",
            lambda: show_text(window, _("First steps"), first_steps()),
        ),
        *others,
        Command(window, _("Keys"), "?", show_keys),
        Command(
            window,
            _("Report a problem"),
            "",
            show_report,
        ),
        Command(
            window,
            _("About MNIST Draw"),
            "",
            lambda: show_text(window, _("About MNIST Draw"), about_page()),
        ),
    )
    keys = ", ".join(entry.keys for entry in entries if entry.keys)
    explain(button, _("Help"), shortcut=keys)
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
        copy = push_button("copyReportButton", _("Copy"), act=act)
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
    known = {entry[1:] for entry in rows}
    rows += _rows(corner, known)
    parts = [_table(_("Everywhere"), rows)]
    for page in pages:
        title = _("On the {name} tab", name=page.title)
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
    for entry in rows:
        if entry[0] and entry[1:] not in known:
            known.add(entry[1:])
            yield entry


def _merged(rows: Sequence[_Row]) -> list[_Row]:
    """Return one row for each key: what begins a run also pauses it."""
    found: dict[str, list[_Row]] = {}
    for entry in rows:
        found.setdefault(entry[0], []).append(entry)
    return [
        (keys, " / ".join(each[1] for each in same), " ".join(each[2] for each in same))
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
        "The program crashed last time. {path} says what it was doing; it contains none of "
        "your data.",
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
        if "extra ==" in line and not line.startswith("PyQt6"):
            continue
        try:
            about = metadata.metadata(re.split(r"[;<>=!~[ ]", line)[0]).json
        except metadata.PackageNotFoundError:
            continue
        found.append((str(about["name"]), str(about["version"]), _licence(about)))
    return sorted(found, key=lambda library: library[0].lower())


def _licence(about: Mapping[str, Any]) -> str:
    """Return a package's licence, as it is named in one of the three places for that."""
    classifiers = about.get("classifier", [])
    named = [text.split(" :: ")[-1] for text in classifiers if text.startswith(_LICENCE)]
    first_line = about.get("license", "").strip().partition("\n")[0]
    return about.get("license_expression") or ", ".join(named) or first_line or _("see its files")


_CERTAINTIES = {"sure": SURE, "fairly_sure": FAIRLY_SURE, "unclear": UNCLEAR}
#: The bars of the picture of certainty begin here, and are so long.
_BAR_LEFT = 20
_BAR = 200


@dataclass(frozen=True)
class Word:
    """A glossary entry: term, two sentences, picture, object names of the widgets it explains.

    The picture's name identifies it in every language.
    """

    name: str
    sentences: str
    picture: str
    widgets: list[str]


@cached_text
def all_words() -> tuple[Word, ...]:
    """Read the words, in the order in which the language sorts their names."""
    content = resource_path("words", "words.json").read_text("utf-8")
    shares = {name: percent(part) for name, part in _CERTAINTIES.items()}
    words = [
        Word(
            _(english["name"]),
            _(english["sentences"], **shares),
            english["picture"],
            english["widgets"],
        )
        for english in json.loads(content)
    ]
    collator = QCollator(QLocale(language()))

    def order(one: Word, other: Word) -> int:
        return collator.compare(one.name, other.name)

    return tuple(sorted(words, key=cmp_to_key(order)))


@cached_text
def _by_widget() -> dict[str, Word]:
    return {widget: word for word in all_words() for widget in word.widgets}


def _picture(name: str, ratio: float) -> QPixmap:
    """Return a picture in the theme's colors, for a screen of this pixel ratio."""
    places = {name: _BAR_LEFT + _BAR * part for name, part in _CERTAINTIES.items()}
    drawing = theme.filled(resource_path("words", f"{name}.svg"), places)
    return svg_pixmap(drawing, QSize(*Size.WORD_PICTURE), ratio)


class Glossary(QObject):
    """Opens the words of a window, and names the word of a control in its tooltip."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: GlossaryDialog | None = None

    def attach(self) -> None:
        """Follow the tooltips of controls that have been built since the last time."""
        for widget in self._window.findChildren(QWidget):
            if widget.objectName() in _by_widget():
                widget.installEventFilter(self)

    def open_word(self, picture: str = "") -> None:
        """Show the word of a picture; without one, the first."""
        if self._dialog is None:
            self._dialog = GlossaryDialog(self._window)
        self._dialog.show_word(picture)
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def open_here(self) -> None:
        """Show the word of what is under the pointer, or has the keyboard."""
        pointed = QApplication.widgetAt(QCursor.pos())
        for widget in (pointed, QApplication.focusWidget()):
            while widget is not None and widget.window() is self._window:
                word = _by_widget().get(widget.objectName()) or _word_in(widget)
                if word is not None:
                    self.open_word(word.picture)
                    return
                widget = widget.parentWidget()
        self.open_word()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QHelpEvent) or event.type() != QEvent.ToolTip:
            return False
        assert isinstance(watched, QWidget)
        word = _by_widget()[watched.objectName()]
        lines = watched.toolTip(), _("F1 explains: {word}", word=word.name)
        QToolTip.showText(event.globalPos(), "\n".join(filter(None, lines)), watched)
        return True


def _word_in(widget: QWidget) -> Word | None:
    """Return the longest word that a label or a button shows, as in "Validierungsgenauigkeit"."""
    shown = widget.text().lower() if isinstance(widget, QLabel | QAbstractButton) else ""
    found = (word for word in all_words() if word.name.lower() in shown)
    return max(found, key=lambda word: len(word.name), default=None)


class GlossaryDialog(QDialog):
    """All words at the left, found by typing; at the right the chosen one."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("wordsDialog")
        self.setWindowTitle(_("Words"))
        self.search = QLineEdit()
        self.search.setObjectName("wordSearch")
        self.search.setPlaceholderText(_("Search"))
        self.search.setClearButtonEnabled(True)
        explain(self.search, _("Search"))
        self.search.textChanged.connect(self._filter)
        self.names = QListWidget()
        self.names.setObjectName("wordList")
        self.names.setAccessibleName(_("Words"))
        self.names.addItems([word.name for word in all_words()])
        self.names.currentRowChanged.connect(self._show_row)
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.title = label("", "headline", "wordTitle", wraps=True)
        self.text = label("", "sentence", "wordText", wraps=True)
        self.text.setTextInteractionFlags(Qt.TextSelectableByMouse)
        left = column(self.search, (self.names, 1))
        right = column(self.picture, self.title, self.text, 1, gap=Size.CARD_GAP)
        margin = Size.MARGIN
        row(
            (left, 2),
            (right, 3),
            gap=Size.MARGIN,
            margins=(margin, margin, margin, margin),
            owner=self,
        )
        wide, high = (theme.scaled(side) for side in Size.WORDS)
        self.resize(min(wide, window.width()), min(high, window.height()))
        self.names.setCurrentRow(0)
        theme.theme().changed.connect(self._show_picture)
        theme.follow(self, self._fit_names)

    def _fit_names(self) -> None:
        """Make the list as wide as its longest word, at any text size."""
        self.names.ensurePolished()
        around = self.names.verticalScrollBar().sizeHint().width() + 2 * self.names.frameWidth()
        self.names.setMinimumWidth(self.names.sizeHintForColumn(0) + around)

    def show_word(self, picture: str) -> None:
        """Choose the word of a picture, or the first; begin a new search."""
        self.search.clear()
        self.search.setFocus()
        self.names.setCurrentRow(0)
        for place, word in enumerate(all_words()):
            if word.picture == picture:
                self.names.setCurrentRow(place)

    def _show_row(self, place: int) -> None:
        self._show_picture()
        title = _("Nothing found.")
        text = ""
        if place >= 0:
            title = all_words()[place].name
            text = all_words()[place].sentences
        self.title.setText(title)
        self.text.setText(text)
        self.names.setAccessibleDescription(text)

    def _show_picture(self) -> None:
        self.picture.setVisible(self.names.currentRow() >= 0)
        if self.names.currentRow() < 0:
            return
        word = all_words()[self.names.currentRow()]
        self.picture.setPixmap(_picture(word.picture, self.devicePixelRatioF()))
        self.picture.setAccessibleName(_("A picture of {word}", word=word.name))

    def _filter(self, wanted: str) -> None:
        """Show the words that begin with, then those that hold, what was typed."""
        wanted = wanted.strip().lower()
        hits = [
            place
            for place, word in enumerate(all_words())
            if wanted in f"{word.name} {word.sentences}".lower()
        ]
        for place in range(self.names.count()):
            self.names.setRowHidden(place, place not in hits)
        named = [place for place in hits if wanted in all_words()[place].name.lower()]
        if wanted or self.names.currentRow() < 0:
            self.names.setCurrentRow((named or hits or [-1])[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # From the search the arrows walk through the list.
        if event.key() in (Qt.Key_Up, Qt.Key_Down, Qt.Key_PageUp, Qt.Key_PageDown):
            QApplication.sendEvent(self.names, event)
        elif event.key() not in (Qt.Key_Return, Qt.Key_Enter):
            super().keyPressEvent(event)
