"""The frame of the tab *Inside*: one example at the left, five questions about the network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QHideEvent, QKeySequence, QShowEvent
from PyQt5.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QShortcut,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.app.answer.network_menu import NetworkMenu
from mnist_draw.app.board.canvas import Canvas
from mnist_draw.app.inside import view_export
from mnist_draw.app.inside.example_card import ExampleCard
from mnist_draw.app.inside.example_in_use import ExampleInUse
from mnist_draw.app.inside.section import Section
from mnist_draw.app.inside.sections import SECTIONS
from mnist_draw.app.shared.icons import set_icon
from mnist_draw.app.shared.theme import Size
from mnist_draw.app.shared.widgets import ComboBox, explain, label

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.analysis.example import Example
    from mnist_draw.storage.models import ModelFile


class InsideView(QWidget):
    """Everything in the tab.

    Parameters
    ----------
    canvas : Canvas
        The board of the Draw tab.
    models : NetworkMenu
        The menu of networks of the Draw tab.
    section : str
        The name of the section to open first; one that is not known opens the first.

    Attributes
    ----------
    example : ExampleInUse
        What all sections look at.

    Signals
    -------
    told
        ``(sentence)``: something to read.
    """

    told = pyqtSignal(str)

    def __init__(
        self, canvas: Canvas, models: NetworkMenu, section: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.model: ModelFile | None = None
        self._key = ""
        self._front: Section | None = None
        self._made: dict[str, Section] = {}
        self._models = models
        self.example = ExampleInUse(models.network, self)
        self.card = ExampleCard(canvas)
        self.stack = QStackedWidget()
        self.left = QVBoxLayout()
        self.left.setSpacing(Size.CARD_GAP)
        self.left.addWidget(self.card)
        self.left.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(Size.CARD_GAP)
        row.addLayout(self.left)
        row.addWidget(self.stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(Size.MARGIN, Size.CARD_PADDING, Size.MARGIN, Size.CARD_GAP)
        column.setSpacing(Size.CARD_GAP)
        column.addLayout(self._build_bar())
        column.addLayout(row, 1)
        self._connect()
        self.open_section(section)

    # -- building

    def _build_bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(Size.FIELD_GAP)
        row.addWidget(self._build_sections())
        row.addSpacing(Size.FIELD_GAP)
        self.question = label("", "sentence", "insideQuestion")
        row.addWidget(self.question, 1)
        self.models = ComboBox()
        self.models.setObjectName("insideModelCombo")
        explain(self.models, "Network", "The network that is looked into, and that answers.")
        self.models.setModel(self._models.model())
        self.models.setMinimumWidth(190)
        row.addWidget(self.models)
        self.menu_button = QToolButton()
        self.menu_button.setObjectName("insideMenu")
        self.menu_button.setProperty("look", "flat")
        explain(self.menu_button, "Copy and save", "Copy or save the view, or read it as a table.")
        set_icon(self.menu_button, "dots-three-vertical")
        self.menu_button.setMenu(self._build_menu())
        self.menu_button.setPopupMode(QToolButton.InstantPopup)
        row.addWidget(self.menu_button)
        return row

    def _build_sections(self) -> QFrame:
        frame = QFrame()
        frame.setObjectName("insideSections")
        frame.setProperty("look", "segments")
        row = QHBoxLayout(frame)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(2)
        self.buttons = QButtonGroup(self)
        self.buttons.setExclusive(True)
        for number, section in enumerate(SECTIONS):
            button = QPushButton(section.title)
            button.setObjectName(f"{section.name}SectionButton")
            button.setProperty("look", "segment")
            button.setCheckable(True)
            keys = f"Alt+{number + 1}"
            explain(button, section.title, section.question, keys)
            self.buttons.addButton(button, number)
            self._shortcut(keys, partial(self.open_section, section.name))
            row.addWidget(button)
        self.buttons.idClicked.connect(lambda number: self.open_section(SECTIONS[number].name))
        return frame

    def _build_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("Copy as a picture", self._copy_picture)
        menu.addAction("Copy as a table", self._copy_table)
        menu.addSeparator()
        menu.addAction("Save as a picture (PNG) …", partial(self._save, ".png"))
        menu.addAction("Save as a drawing (SVG) …", partial(self._save, ".svg"))
        menu.addAction("Save as a table (CSV) …", partial(self._save, ".csv"))
        menu.addSeparator()
        menu.addAction("As a table", self.show_table)
        return menu

    def _shortcut(self, keys: str, action: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.WidgetWithChildrenShortcut)
        shortcut.activated.connect(action)

    def _connect(self) -> None:
        self.models.activated.connect(self._models.activated)
        self._models.currentIndexChanged.connect(self.models.setCurrentIndex)
        self.models.setCurrentIndex(self._models.currentIndex())
        card, example = self.card, self.example
        card.label_chosen.connect(example.say)
        card.random_asked.connect(example.pick_random)
        card.drawing_asked.connect(example.use_drawing)
        example.changed.connect(self._show_example)
        example.answered.connect(self._show_answer)

    # -- sections

    @property
    def section(self) -> Section:
        """The section in front."""
        assert self._front is not None
        return self._front

    def open_section(self, name: str) -> None:
        """Bring a section to the front; made when it is first opened."""
        number = next((n for n, kind in enumerate(SECTIONS) if kind.name == name), 0)
        kind = SECTIONS[number]
        before = self._front
        section = self._made.get(kind.name) or self._make(kind)
        self.buttons.button(number).setChecked(True)
        self.question.setText(kind.question)
        if section is not before:
            if before is not None:
                before.set_active(False)
            self._front = section
            self.stack.setCurrentWidget(section)
            section.set_active(self.isVisible())

    def _make(self, kind: type[Section]) -> Section:
        section = self._made[kind.name] = kind()
        section.told.connect(self.told)
        section.example_picked.connect(self.example.pick)
        section.why_asked.connect(self.open_why)
        self.stack.addWidget(section)
        if self.model is not None:
            section.use_network(self.model, self._key)
        section.show_example(self.example.current)
        return section

    def open_why(self, example: Example | None, answer: int, rival: int) -> None:
        """Show why the network answers ``answer`` rather than ``rival``."""
        if example is not None and not example.is_drawing:
            self.example.pick(example)
        self.open_section("network")
        self.section.open_view(f"why {answer} {rival}")

    def showEvent(self, event: QShowEvent) -> None:
        self.section.set_active(True)

    def hideEvent(self, event: QHideEvent) -> None:
        self.section.set_active(False)

    # -- network and example

    def use_network(self, model: ModelFile, key: str) -> None:
        """Look into this network from now on."""
        self.model, self._key = model, key
        self.example.ask_again()
        for section in self._made.values():
            section.use_network(model, key)
        self._show_example(self.example.current)

    def _show_example(self, example: Example | None) -> None:
        self.card.show_example(example, self.example.name_of)
        for section in self._made.values():
            section.show_example(example)

    def _show_answer(self, probabilities: np.ndarray | None, is_digit: bool) -> None:
        self.card.show_answer(probabilities, self.example.name_of, is_digit)

    # -- copying and saving

    def _copy_picture(self) -> None:
        view_export.copy_picture(self.section)
        self.told.emit("The view is on the clipboard.")

    def _copy_table(self) -> None:
        view_export.copy_table(self.section.table())
        self.told.emit("The view's table is on the clipboard.")

    def _save(self, suffix: str) -> None:
        view_export.save_view(self.section, self.section.table(), suffix, self.told.emit)

    def show_table(self) -> None:
        """Open the section's table in a window of its own."""
        view_export.TableWindow(self.section.table(), self).show()

    def wait(self) -> bool:
        """End the work of all sections within a bounded time; return whether it has ended."""
        return all([*(section.wait() for section in self._made.values()), self.example.wait()])
