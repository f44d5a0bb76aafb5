"""Sections of the side panel, folded if the window is too low for all."""

from __future__ import annotations

from itertools import pairwise

from PyQt5.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import (
    QAbstractButton,
    QApplication,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, label


class SettingsSection(QWidget):
    """A heading with a body below it."""

    chosen = pyqtSignal()

    def __init__(self, title: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        #: Whether the user has folded the section.
        self.put_away = False
        self._button = QToolButton()
        self._button.setObjectName(f"{name}SectionButton")
        self._button.setProperty("look", "small")
        self._title = title
        self._button.clicked.connect(self.chosen)
        self.summary = FittedLabel(elide=Qt.ElideRight)
        self.summary.setProperty("look", "muted")
        self.summary.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        # A long summary must not widen the panel.
        self.summary.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        heading = label(title.upper(), "heading")
        self.head = row(self._button, heading, (self.summary, 1), gap=Size.TIGHT)
        self.body = QWidget()
        self.rows = column(owner=self.body)
        self._column = column(self.head, self.body, gap=Size.TIGHT, owner=self)
        self.show_body(True)

    def put_summary_below(self) -> None:
        """Move the summary below the heading, if buttons need the room beside it."""
        self.head.removeWidget(self.summary)
        self.head.addStretch(1)
        self.summary.setAlignment(Qt.AlignLeft | Qt.AlignVCenter)
        self._column.insertWidget(1, self.summary)

    def lead_keyboard(self) -> None:
        """Put the heading's buttons before the body in the tab order."""
        widgets = [self.head.itemAt(n).widget() for n in range(self.head.count())]
        buttons = [widget for widget in widgets if isinstance(widget, QAbstractButton)]
        for before, after in pairwise(buttons):
            QWidget.setTabOrder(before, after)

    @property
    def is_open(self) -> bool:
        return not self.body.isHidden()

    def show_body(self, shown: bool) -> None:
        self.body.setVisible(shown)
        self.summary.setVisible(not shown)
        set_icon(self._button, "caret-down" if shown else "caret-right", Size.SMALL_ICON)
        verb = "Hide" if shown else "Show"
        explain(self._button, self._title, f"{verb} the settings under “{self._title}”.")

    def height_of_body(self) -> int:
        """Return the height of the visible body, in pixels."""
        return self.rows.sizeHint().height() + Size.TIGHT


class SectionArea(QScrollArea):
    """Opens as many sections as fit: those opened last, at first the upper ones.

    The section with the keyboard's focus stays open. If not even one fits, the area scrolls.
    """

    def __init__(self, panel: QWidget, sections: list[SettingsSection]) -> None:
        super().__init__()
        self._sections = sections
        self._recent = list(sections)
        self.setWidget(panel)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.NoFocus)
        for section in sections:
            section.chosen.connect(lambda section=section: self._choose(section))

    def _choose(self, section: SettingsSection) -> None:
        section.put_away = section.is_open
        self._recent.remove(section)
        self._recent.insert(0, section)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # QScrollArea filters its widget's events; this one follows changed contents.
        if event.type() == QEvent.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.viewport().height() - self.widget().minimumSizeHint().height()
        room += sum(section.height_of_body() for section in self._sections if section.is_open)
        focus = QApplication.focusWidget()
        for section in sorted(self._recent, key=lambda one: not one.body.isAncestorOf(focus)):
            needed = section.height_of_body()
            is_open = not section.put_away and needed <= room
            room -= needed if is_open else 0
            if is_open != section.is_open:
                section.show_body(is_open)
