"""The words of the field, each in two sentences with a picture; F1 on a control opens its word.

``resources/words`` holds the words and, as SVG in the colours of the theme, their pictures.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cmp_to_key, lru_cache

from PyQt5.QtCore import QCollator, QEvent, QLocale, QObject, QSize, Qt
from PyQt5.QtGui import QCursor, QHelpEvent, QKeyEvent, QPixmap
from PyQt5.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QToolTip,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import svg_pixmap
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, label
from mnist_draw.i18n import _, language, percent, pgettext
from mnist_draw.recognition.certainty import FAIRLY_SURE, SURE, UNCLEAR
from mnist_draw.storage.folders import resource_path

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
    asked: str
    sentences: str
    picture: str
    widgets: list[str]


@lru_cache(maxsize=1)
def all_words() -> tuple[Word, ...]:
    """Read the words, in the order in which the language sorts their names."""
    content = resource_path("words", "words.json").read_text("utf-8")
    shares = {name: percent(part) for name, part in _CERTAINTIES.items()}
    words = [
        Word(
            _(english["name"]),
            pgettext("What is it?", english["asked"]),
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


@lru_cache(maxsize=1)
def _by_widget() -> dict[str, Word]:
    return {widget: word for word in all_words() for widget in word.widgets}


def _picture(name: str, ratio: float) -> QPixmap:
    """Return a picture in the theme's colours, for a screen of this pixel ratio."""
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
        asked = _by_widget()[watched.objectName()].asked
        lines = watched.toolTip(), _("What is {word}? F1", word=asked)
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
        explain(self.search, _("Search"), _("Type a word, or a part of what it means."))
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
        title = _("Nothing found")
        text = _("No word, and no sentence about one, contains that.")
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
