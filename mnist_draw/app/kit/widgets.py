"""Small widgets that all tabs use: buttons, labels, cards, menus, bars, a switch."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from qtpy.QtCore import QEvent, QModelIndex, QObject, QSize, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence, QPaintEvent, QPalette, QWheelEvent
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QComboBox,
    QFrame,
    QLabel,
    QListView,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QStylePainter,
    QTableView,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.theme import Size
from mnist_draw.i18n import joined, language

#: Letters in a line of a tooltip: books are set with 45 to 75.
_TIP_LETTERS = 60


def explain(widget: QWidget, name: str, sentence: str = "", shortcut: str = "") -> None:
    """Give a control its accessible name, and a tooltip if that says more than the control."""
    sentence = joined(sentence, widget.property("reads"))
    widget.setAccessibleName(name)
    widget.setAccessibleDescription(sentence)
    is_bare = isinstance(widget, QAbstractButton | QComboBox) and not getattr(widget, "text", str)()
    shown = sentence or (name if shortcut or is_bare else "")
    widget.setToolTip(tip(f"{shown} ({native_keys(shortcut)})" if shortcut else shown))
    # For the page of all keys: what a control shows replaces its description.
    widget.setProperty("keys", shortcut)
    widget.setProperty("explained", sentence)


def native_keys(keys: str) -> str:
    """Return keys as the system and the language write them; words stay as they are."""
    return QKeySequence(keys).toString(QKeySequence.NativeText) or keys


def tip(sentence: str) -> str:
    """Return a tooltip's text in short lines: Qt shows plain text in one, however long.

    What a user named may look like markup, which a tooltip would obey.
    """
    lines = textwrap.fill(sentence, _TIP_LETTERS)
    # Qt breaks the lines of what looks like markup; Chinese has no spaces to break them at.
    if "<" not in lines and "&lt;" not in lines and not language().startswith("zh"):
        return lines
    return f"<p>{html.escape(lines).replace(chr(10), '<br>')}</p>"


def no_key(text: str) -> str:
    """Return the text of a button or a menu in which an ``&`` is no sign for a key."""
    return text.replace("&", "&&")


def push_button(
    name: str,
    text: str,
    sentence: str = "",
    shortcut: str = "",
    look: str = "",
    act: Callable[[], object] | None = None,
    *,
    elides: bool = False,
) -> QPushButton:
    """Return a button with its object name, its text and what :func:`explain` gives it."""
    button = ElidedButton(text, look) if elides else QPushButton(text)
    button.setObjectName(name)
    if look:
        button.setProperty("look", look)
    explain(button, text, sentence, shortcut)
    if act is not None:
        button.clicked.connect(lambda: act())
    return button


class ElidedButton(QPushButton):
    """A button whose text ends in an ellipsis where there is too little room, never cut."""

    def __init__(self, text: str, look: str, name: str = "") -> None:
        super().__init__(text)
        self.setProperty("look", look)
        self.setObjectName(name)

    def minimumSizeHint(self) -> QSize:
        least = self.fontMetrics().horizontalAdvance("…") * 3
        return QSize(least, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        available_area = self.style().subElementRect(QStyle.SE_PushButtonContents, option, self)
        metrics = self.fontMetrics()
        lines = option.text.split("\n")
        elided = (metrics.elidedText(line, Qt.ElideRight, available_area.width()) for line in lines)
        option.text = "\n".join(elided)
        QStylePainter(self).drawControl(QStyle.CE_PushButton, option)


def claims_key(event: QEvent, wanted: Callable[[QKeyEvent], bool]) -> bool:
    """Keep a key that a widget wants for itself from the shortcuts of its tab and window.

    Qt asks the widget that has the focus by an event of its own, before any shortcut acts.
    """
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.ShortcutOverride:
        return False
    if not wanted(event):
        return False
    event.accept()
    return True


class Keys(QObject):
    """Gives a widget its keys, also those of its parts, before its tab and window see them.

    `meaning` returns what a key does, or None for a key that is not the widget's.
    """

    def __init__(
        self,
        widget: QWidget,
        meaning: Callable[[QKeyEvent], Callable[[], object] | None],
    ) -> None:
        super().__init__(widget)
        self._meaning = meaning
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() == QEvent.KeyRelease:
            return False
        act = self._meaning(event)
        if act is not None:
            event.accept()
            if event.type() == QEvent.KeyPress:
                act()
        return act is not None


def walk_by_arrows(buttons: Sequence[QAbstractButton]) -> None:
    """Let arrow keys walk through buttons, which are one stop of Tab, and Enter press them."""

    def meaning(button: QAbstractButton, event: QKeyEvent) -> Callable[[], object] | None:
        usable = [one for one in buttons if one.isVisible() and one.isEnabled()]
        place = usable.index(button)
        meanings: dict[int, Callable[[], object]] = {
            Qt.Key_Left: usable[place - 1].setFocus,
            Qt.Key_Right: usable[(place + 1) % len(usable)].setFocus,
            Qt.Key_Return: button.click,
            Qt.Key_Enter: button.click,
        }
        return meanings.get(event.key())

    for button in buttons:
        button.setFocusPolicy(Qt.ClickFocus)
        Keys(button, partial(meaning, button))


def label(text: str, look: str, name: str = "", wraps: bool = False) -> QLabel:
    """Return a label with one of the style sheet's looks."""
    result = QLabel(text)
    # What a user named may look like markup.
    result.setTextFormat(Qt.PlainText)
    result.setProperty("look", look)
    result.setObjectName(name)
    result.setWordWrap(wraps)
    return result


def rule() -> QWidget:
    """Return a horizontal separator."""
    line = QWidget()
    line.setProperty("look", "rule")
    line.setAttribute(Qt.WA_StyledBackground)
    return line


def set_look(widget: QWidget, look: str) -> None:
    """Change a widget's look after it was shown."""
    if widget.property("look") != look:
        widget.setProperty("look", look)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def style_table(table: QTableView, row_height: int) -> None:
    """Give a table what all tables of the program have in common."""
    table.setEditTriggers(QAbstractItemView.NoEditTriggers)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setTabKeyNavigation(False)
    table.verticalHeader().setDefaultSectionSize(row_height)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignLeft | Qt.AlignVCenter)


def copy_table(*rows: Iterable[str]) -> None:
    """Copy lines of words between tabs, as spreadsheets take them."""
    QApplication.clipboard().setText("\n".join("\t".join(row) for row in rows))


def style_list(view: QListView) -> None:
    """Give a list what all lists of the program have in common."""
    view.setEditTriggers(QAbstractItemView.NoEditTriggers)
    view.setVerticalScrollMode(QAbstractItemView.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
    view.setFrameShape(QFrame.NoFrame)


class OwnColors(QStyledItemDelegate):
    """Gives an item of a list or a table its color where it is chosen, too."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().initStyleOption(option, index)
        option.palette.setBrush(QPalette.HighlightedText, option.palette.text())


class Card(QFrame):
    """A framed area with a title line; add content to :attr:`body`.

    The note beside the title is a text, or a label of its own, such as one that is elided.
    """

    def __init__(self, title: str = "", note: str | QLabel = "") -> None:
        super().__init__()
        self.setProperty("look", "card")
        pad = Size.CARD_PADDING
        self.body = column(margins=(pad, pad - Size.GRID, pad, pad), owner=self)
        self.top = row()
        self.note = note if isinstance(note, QLabel) else label(note, "muted")
        self.heading = label(title, "title")
        if title:
            # As high as the links, menus and buttons beside it: the titles of neighboring cards
            # are in one line.
            fit = self.heading.setMinimumHeight
            theme.follow(self, lambda: fit(theme.scaled(Size.TITLE_LINE)))
            self.top.addWidget(self.heading)
            # A label of its own takes the room of the line.
            is_own = self.note is note
            self.top.addWidget(self.note, int(is_own))
            if not is_own:
                self.top.addStretch(1)
            self.body.addLayout(self.top)


class ComboBox(QComboBox):
    """A choice whose long texts are elided, and which leaves the wheel to what scrolls.

    One with the look ``quiet`` is as wide as its texts.
    """

    def __init__(self, name: str = "", title: str = "", sentence: str = "", look: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("look", look)
        self.setFocusPolicy(Qt.StrongFocus)
        quiet = look == "quiet"
        self.setSizeAdjustPolicy(
            self.AdjustToContents if quiet else self.AdjustToMinimumContentsLengthWithIcon,
        )
        self.setMinimumContentsLength(4)
        if title:
            explain(self, title, sentence)

    def sizeHint(self) -> QSize:
        # The style does not count that the room of the caret grows with the text.
        return super().sizeHint() + QSize(theme.scaled(4), 0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        # Qt cuts a text that is too long; this one ends in an ellipsis.
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.CC_ComboBox, option)
        available_area = self.style().subControlRect(
            QStyle.CC_ComboBox,
            option,
            QStyle.SC_ComboBoxEditField,
            self,
        )
        option.currentText = self.fontMetrics().elidedText(
            option.currentText,
            Qt.ElideRight,
            available_area.width(),
        )
        painter.drawControl(QStyle.CE_ComboBoxLabel, option)


class ProgressBar(QProgressBar):
    """A flat bar that is painted with everything else, not within each change of its value."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.setProperty("look", "progress")
        self.setRange(0, steps)
        self.setTextVisible(False)

    def setValue(self, value: int) -> None:
        if value != self.value():
            self.setUpdatesEnabled(False)
            super().setValue(value)
            self.setUpdatesEnabled(True)


class Switch(QCheckBox):
    """A check box drawn as a sliding switch, with its words at the right."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setProperty("look", "switch" if text else "bare switch")
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
