"""The networks whose limits are compared: a tick, a piece of its line and a name for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QMenu, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.files import NETWORKS, ask_open
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, no_key, push_button, tip
from mnist_draw.app.train.series import swatch
from mnist_draw.dataset.classes import DIGITS

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile

#: Pixels that the titles of all networks have together at the usual size of text.
_TITLES = 420
#: The most networks: more lines cannot be told apart.
MAX_COUNT = 4


@dataclass(eq=False)
class NetworkChoice:
    """A network that can be compared."""

    key: str
    title: str
    load: Callable[[], ModelFile]
    ticked: bool = True
    names: tuple[str, ...] = DIGITS


class NetworkChoices(QWidget):
    """Up to four networks, and a menu to add one."""

    changed = pyqtSignal()
    problem = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("networkChoices")
        self.choices: list[NetworkChoice] = []
        self._others: list[NetworkChoice] = []
        self._chips: list[QFrame] = []
        self.add_button = push_button(
            "addNetworkButton",
            "Add a network",
            "Compare another network: one that ships, one that has learnt your digits, or one "
            "from a file. Four at the most; one whose tick is off makes room.",
            look="link",
        )
        self.add_button.clicked.connect(self._open_menu)
        self._row = row(self.add_button, 1, owner=self)
        theme.theme().changed.connect(self._rebuild)

    def ticked(self) -> list[NetworkChoice]:
        """Return the networks that are compared."""
        return [choice for choice in self.choices if choice.ticked]

    def number(self, key: str) -> int:
        """Return the place of a network, which gives its line."""
        return [choice.key for choice in self.choices].index(key)

    def offer(self, others: list[NetworkChoice]) -> None:
        """Take note of networks that can be added; the first of them fill the list."""
        self._others = others
        listed = {choice.key for choice in self.choices}
        for other in others:
            if len(self.choices) < MAX_COUNT - 1 and other.key not in listed:
                self.choices.append(other)
        self._rebuild()
        self.changed.emit()

    def forget(self) -> None:
        """List no network: what was listed tells other classes apart."""
        self.choices, self._others = [], []
        self._rebuild()

    def put(self, choice: NetworkChoice, first: bool = False) -> None:
        """List a network and tick it; one that is listed already is replaced."""
        known = [n for n, other in enumerate(self.choices) if other.key == choice.key]
        if known:
            self.choices[known[0]] = choice
        elif len(self.choices) < MAX_COUNT:
            self.choices.insert(0 if first else len(self.choices), choice)
        else:
            free = [n for n, other in enumerate(self.choices) if not other.ticked]
            if not free and not first:
                self.problem.emit(
                    f"At most {MAX_COUNT} networks are compared at a time. Untick one, "
                    f"then add {choice.title}."
                )
                return
            self.choices[free[0] if free else MAX_COUNT - 1] = choice
        self._rebuild()
        self.changed.emit()

    def _rebuild(self) -> None:
        for chip in self._chips:
            self._row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = [self._chip(number) for number in range(len(self.choices))]
        for number, chip in enumerate(self._chips):
            self._row.insertWidget(number, chip)
            chip.show()
        # Made last, they are not walked to last.
        before: QWidget = self.add_button
        for chip in self._chips:
            for box in chip.findChildren(QCheckBox):
                QWidget.setTabOrder(before, box)
                before = box

    def _chip(self, number: int) -> QFrame:
        choice = self.choices[number]
        frame = QFrame()
        frame.setProperty("look", "card")
        row = QHBoxLayout(frame)
        row.setContentsMargins(Size.FIELD_GAP, 4, Size.FIELD_GAP, 4)
        box = QCheckBox()
        box.setObjectName(f"networkChoice{number}")
        box.setIcon(swatch(number))
        box.setIconSize(QSize(24, 12))
        box.setFont(theme.font(theme.Text.BODY, bold=True))
        explain(box, choice.title, "Whether this network's curves are shown, and its answers.")
        room = round(_TITLES * theme.text_scale()) // max(3, len(self.choices))
        title = box.fontMetrics().elidedText(choice.title, Qt.ElideMiddle, room)
        box.setText(no_key(title))
        if title != choice.title:
            box.setToolTip(tip(choice.title))
        box.setChecked(choice.ticked)
        box.toggled.connect(partial(self._tick, choice))
        row.addWidget(box, 0, Qt.AlignVCenter)
        return frame

    def _tick(self, choice: NetworkChoice, on: bool) -> None:
        choice.ticked = on
        self.changed.emit()

    def _open_menu(self) -> None:
        menu = self.menu()
        menu.popup(self.add_button.mapToGlobal(self.add_button.rect().bottomLeft()))

    def menu(self) -> QMenu:
        """Return a menu of the networks that can be added."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WA_DeleteOnClose)
        listed = {choice.key for choice in self.choices}
        for other in self._others:
            if other.key not in listed:
                menu.addAction(no_key(other.title), partial(self.put, other))
        menu.addAction("Open a file …", self._open_file)
        return menu

    def _open_file(self) -> None:
        path = ask_open(self, "A trained network", NETWORKS)
        if path:
            self.put(file_choice(path))


def file_choice(path: str) -> NetworkChoice:
    """Return the network of a file; it is read when it is first needed."""
    from pathlib import Path

    def load() -> ModelFile:
        from mnist_draw.library.stored_network import load_trained

        return load_trained(path)

    return NetworkChoice(path, Path(path).stem, load)
