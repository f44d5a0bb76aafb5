"""The panel beside the network: why this answer, or what one unit does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.app.inside.network.network_worker import Frame, Unit
from mnist_draw.app.inside.network.panel_rows import unit_rows, unit_title, why_rows
from mnist_draw.app.inside.network.rows_view import RowsView
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.steady_labels import GrowingLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, Switch, explain, label
from mnist_draw.app.kit.words import probability

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.analysis.unit_profiles import UnitProfiles

#: Of its usual width, however large the system's text is.
_WIDEST = 1.15


class SidePanel(Card):
    """Two pages: ``whyPanel`` where no unit is looked at, and ``unitPanel``."""

    rival_chosen = pyqtSignal(int)
    switched = pyqtSignal(bool)
    all_on = pyqtSignal()
    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._fit()
        theme.theme().changed.connect(self._fit)
        self.pages = QStackedWidget()
        self.body.addWidget(self.pages)
        self.why = self._build_why()
        self.unit = self._build_unit()
        for page in (self.why, self.unit):
            self.pages.addWidget(page)
        self.set_nothing()

    def _build_why(self) -> QWidget:
        page, column = _page("whyPanel")
        top = self._why_top = QHBoxLayout()
        top.setSpacing(Size.FIELD_GAP)
        self.why_title = label("", "title", "whyTitle")
        top.addWidget(self.why_title)
        self.rival = ComboBox()
        self.rival.setObjectName("rivalCombo")
        explain(self.rival, "Rival", "What the answer is compared with.")
        self.rival.activated.connect(self._choose_rival)
        top.addWidget(self.rival)
        # It takes no height where title and choice stand one below the other.
        top.addItem(QSpacerItem(0, 0, QSizePolicy.Expanding, QSizePolicy.Minimum))
        column.addLayout(top)
        self.why_rows = RowsView()
        self.why_rows.setObjectName("whyRows")
        explain(self.why_rows, "Why this answer", "The sum behind the answer, and who spoke most.")
        column.addWidget(_scrolled(self.why_rows), 1)
        return page

    def _build_unit(self) -> QWidget:
        page, column = _page("unitPanel")
        top = QHBoxLayout()
        top.setSpacing(0)
        self.unit_title = label("", "title", "unitTitle")
        top.addWidget(self.unit_title, 1)
        self.close_button = QToolButton()
        self.close_button.setObjectName("closeUnitButton")
        self.close_button.setProperty("look", "small")
        explain(self.close_button, "Let go", "Look at no unit any more.", "Esc")
        set_icon(self.close_button, "x", Size.SMALL_ICON)
        self.close_button.clicked.connect(self.closed)
        top.addWidget(self.close_button)
        column.addLayout(top)
        self.unit_rows = RowsView()
        self.unit_rows.setObjectName("unitRows")
        explain(self.unit_rows, "This unit", "Its weights, what excites it, and its sum.")
        column.addWidget(_scrolled(self.unit_rows), 1)
        row = QHBoxLayout()
        self.switch_words = label("", "title", "unitSwitchLabel")
        row.addWidget(self.switch_words)
        row.addStretch(1)
        self.switch = Switch()
        self.switch.setObjectName("unitSwitch")
        explain(self.switch, "Unit on", "Switch this unit off or on and see what changes.")
        self.switch.clicked.connect(self.switched)
        row.addWidget(self.switch)
        self._switch_row = QWidget()
        self._switch_row.setLayout(row)
        row.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._switch_row)
        self._effect = GrowingLabel(label("", "muted", "unitEffectLabel"))
        column.addWidget(self._effect)
        self.all_on_button = QPushButton("Switch all on again")
        self.all_on_button.setObjectName("allOnButton")
        self.all_on_button.setProperty("look", "link")
        explain(self.all_on_button, "Switch all on again", "Switch all units on again.")
        self.all_on_button.clicked.connect(self.all_on)
        column.addWidget(self.all_on_button, 0, Qt.AlignLeft)
        return page

    def _fit(self) -> None:
        # Large text of the system's needs more room; more than that the network needs more.
        scale = min(theme.text_scale(), max(theme.theme().enlargement, _WIDEST))
        self.setFixedWidth(round(Size.SIDE_PANEL * scale))

    # -- what is shown

    def set_nothing(self) -> None:
        """Show that nothing is drawn."""
        self.pages.setCurrentWidget(self.why)
        self.why_title.setText("Why this answer")
        self.rival.hide()
        self.why_rows.show_rows(())

    def show_all(
        self,
        frame: Frame | None,
        unit: Unit | None,
        kept: Unit | None,
        off: frozenset[Unit],
        pages: UnitProfiles | None,
        ideal: np.ndarray | None,
        name: Callable[[int], str],
    ) -> None:
        """Show the sum behind the answer, or what is known about a unit."""
        if frame is None:
            self.set_nothing()
        elif unit is None:
            self._show_why(frame, name)
        else:
            self._show_unit(frame, unit, kept, off, pages, ideal, name)

    def _show_why(self, frame: Frame, name: Callable[[int], str]) -> None:
        self.pages.setCurrentWidget(self.why)
        _set(self.why_title, _why_words(name(frame.answer)))
        names = [name(digit) for digit in range(frame.layers[-1].units)]
        if [self.rival.itemText(n) for n in range(self.rival.count())] != names:
            self.rival.clear()
            self.rival.addItems(names)
            self._arrange_why(names)
        if self.rival.isHidden():
            self.rival.show()
        if not self.rival.view().isVisible():
            self.rival.setCurrentIndex(frame.rival)
        self.why_rows.show_rows(why_rows(frame, name))

    def _arrange_why(self, names: list[str]) -> None:
        """Set title and choice side by side if the longest names find room so."""
        self.why_title.ensurePolished()
        metrics = self.why_title.fontMetrics()
        longest = max(metrics.horizontalAdvance(_why_words(name)) for name in names)
        spacing = self._why_top.spacing()
        room = self.contentsRect().width() - 2 * Size.CARD_PADDING - spacing
        narrow = longest + self.rival.sizeHint().width() > room
        self.why_title.setWordWrap(narrow)
        self._why_top.setDirection(QBoxLayout.TopToBottom if narrow else QBoxLayout.LeftToRight)

    def _show_unit(
        self,
        frame: Frame,
        unit: Unit,
        kept: Unit | None,
        off: frozenset[Unit],
        pages: UnitProfiles | None,
        ideal: np.ndarray | None,
        name: Callable[[int], str],
    ) -> None:
        self.pages.setCurrentWidget(self.unit)
        _set(self.unit_title, unit_title(frame, unit, name))
        self.unit_rows.show_rows(unit_rows(frame, unit, pages, ideal, name))
        hidden = unit[0] < len(frame.layers) - 1
        self._switch_row.setVisible(hidden)
        self.switch.setChecked(unit not in off)
        self.switch.setEnabled(kept == unit)
        word = frame.layers[unit[0]].unit_word.capitalize()
        _set(self.switch_words, f"{word} {'off' if unit in off else 'on'}")
        self._effect.set_text(_effect(frame, unit, off, name) if hidden else "")
        self.all_on_button.setVisible(bool(off))

    def _choose_rival(self, digit: int) -> None:
        self.rival_chosen.emit(digit)


def _why_words(name: str) -> str:
    return f"Why {name} rather than"


def _effect(frame: Frame, unit: Unit, off: frozenset[Unit], name: Callable[[int], str]) -> str:
    """Say what the answer is with the unit the other way."""
    if frame.question.toggled != unit or (unit in off) != (unit in frame.question.off):
        return ""
    p = frame.passed.p
    now, other = int(p[0].argmax()), int(p[1].argmax())
    there, then = (f"{name(digit)}, {_figure(row[digit])}"
                   for digit, row in ((now, p[0]), (other, p[1])))  # fmt: skip
    if unit in off:
        return f"Without it the answer is {there}. With it: {then}."
    if there == then:
        return f"Off, the answer would be the same: {then}."
    if now == other:
        return f"Off, the answer would be {then} instead of {_figure(p[0][now])}."
    return f"Off, the answer would be {then}. It is {there}."


def _figure(part: float) -> str:
    """Return a probability that no line ends in the middle of."""
    return probability(float(part)).replace(" ", "\u00a0")


def _page(name: str) -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    page.setObjectName(name)
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(Size.FIELD_GAP)
    return page, column


def _scrolled(rows: RowsView) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
    # The rows themselves take the focus.
    area.setFocusPolicy(Qt.NoFocus)
    area.setWidget(rows)
    return area


def _set(held: QLabel, text: str) -> None:
    if held.text() != text:
        held.setText(text)
