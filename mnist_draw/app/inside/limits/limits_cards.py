"""The cards of *Limits*: the networks to compare, and the example as the cursors change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPaintEvent, QPen, QPixmap
from PyQt5.QtWidgets import QLabel, QSizePolicy, QWidget

from mnist_draw.app.inside.rows_view import Bar, RowsView
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.files import NETWORKS, ask_open
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.painters import image_of, smooth_painter
from mnist_draw.app.kit.steady_labels import GrowingLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, explain, label, no_key, push_button, rule
from mnist_draw.app.train.series import STYLES, SWATCH, series_colour
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.library.network_data import in_a_sentence

if TYPE_CHECKING:
    from mnist_draw.analysis.robustness import Axis, Distortion
    from mnist_draw.storage.models import ModelFile


#: The most networks: more lines cannot be told apart.
MAX_COUNT = 4


@dataclass(eq=False)
class NetworkChoice:
    key: str
    title: str
    load: Callable[[], ModelFile]
    ticked: bool = True
    names: tuple[str, ...] = DIGITS


class NetworkChoices(QWidget):
    changed = pyqtSignal()
    problem = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("networkChoices")
        #: Those that have a line, in the order of their lines.
        self.choices: list[NetworkChoice] = []
        self._others: list[NetworkChoice] = []
        self.button = push_button(
            "addNetworkButton", "Networks",
            "Compare up to four networks: those that ship, yours, or one from a file.",
        )  # fmt: skip
        self.menu = Menu(self.button)
        self.menu.aboutToShow.connect(self._fill)
        self.button.setMenu(self.menu)
        self.legend = NetworkLegend()
        row(self.button, (self.legend, 1), owner=self)

    def ticked(self) -> list[NetworkChoice]:
        return [choice for choice in self.choices if choice.ticked]

    def number(self, key: str) -> int:
        return [choice.key for choice in self.choices].index(key)

    def offer(self, others: list[NetworkChoice]) -> None:
        """Take note of networks that can be ticked; the first of them are."""
        self._others = others
        listed = {choice.key for choice in self.choices}
        for other in others:
            if len(self.choices) < MAX_COUNT - 1 and other.key not in listed:
                self.choices.append(other)
        self._tell()

    def forget(self) -> None:
        """List no network: what was listed tells other classes apart."""
        self.choices, self._others = [], []
        self._tell()

    def add(self, choice: NetworkChoice, first: bool = False) -> None:
        """Compare a network; one that is listed already is replaced."""
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
        self._tell()

    def tick(self, choice: NetworkChoice, on: bool) -> None:
        """Compare a network of the menu, or leave it out; it keeps its line."""
        choice.ticked = on
        if on and choice not in self.choices:
            self.add(choice)
        else:
            self._tell()

    def _tell(self) -> None:
        ticked = self.ticked()
        self.legend.show_networks([(self.number(one.key), one.title) for one in ticked])
        self.changed.emit()

    def _fill(self) -> None:
        self.menu.clear()
        listed = {choice.key for choice in self.choices}
        free = [other for other in self._others if other.key not in listed]
        for choice in (*self.choices, *free):
            action = self.menu.addAction(no_key(choice.title))
            action.setCheckable(True)
            action.setChecked(choice.ticked and choice.key in listed)
            action.toggled.connect(partial(self.tick, choice))
        self.menu.addSeparator()
        self.menu.addAction("Open a file …", self._open_file)

    def _open_file(self) -> None:
        path = ask_open(self, "A trained network", NETWORKS)
        if path:
            self.add(file_choice(path))


class NetworkLegend(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("networkLegend")
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Preferred)
        self._networks: Sequence[tuple[int, str]] = ()
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(0, theme.scaled(Size.FIELD))

    def show_networks(self, networks: Sequence[tuple[int, str]]) -> None:
        self._networks = networks
        names = ", ".join(title for _, title in networks)
        explain(self, "Networks that are compared", names or "None is ticked.")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        painter.setFont(theme.font(Text.BODY, bold=True))
        metrics = painter.fontMetrics()
        room = self.width() // max(len(self._networks), 1) - SWATCH[0] - _GAP - 2 * Size.CARD_GAP
        x, middle = Size.CARD_GAP, self.height() / 2
        for number, title in self._networks:
            painter.setPen(QPen(series_colour(number), 2, STYLES[number], Qt.FlatCap))
            painter.drawLine(QPointF(x, middle), QPointF(x + SWATCH[0], middle))
            x += SWATCH[0] + _GAP
            text = metrics.elidedText(title, Qt.ElideMiddle, room)
            painter.setPen(theme.colour("text"))
            place = QRectF(x, 0, room, self.height())
            painter.drawText(place, int(Qt.AlignLeft | Qt.AlignVCenter), text)
            x += metrics.horizontalAdvance(text) + 2 * Size.CARD_GAP


def file_choice(path: str) -> NetworkChoice:
    """Return the network of a file; it is read when it is first needed."""
    from pathlib import Path

    def load() -> ModelFile:
        from mnist_draw.library.stored_network import load_trained

        return load_trained(path)

    return NetworkChoice(path, Path(path).stem, load)


_GAP = 8
_PICTURE = 112
_NOTHING = "Draw something, or pick a picture, and drag the cursors."
_ALL = {2: "both", 3: "all three", 4: "all four"}


class PerturbationCard(Card):
    def __init__(self) -> None:
        super().__init__("Turn your own")
        self.setObjectName("turnCard")
        self.reset_button = push_button(
            "turnResetButton", "As it is", "Take all changes back.", look="link"
        )
        self.top.addWidget(self.reset_button)
        self.picture = QLabel()
        self.picture.setObjectName("turnedPicture")
        self.picture.setAccessibleName("The example as the cursors change it")
        self.sentence = label("", "muted", "turnSentence")
        self._steady = GrowingLabel(self.sentence)
        beside = row(self.picture, (self._steady, 1), gap=Size.CARD_GAP)
        beside.setAlignment(self.picture, Qt.AlignTop)
        self.answers = RowsView(
            "turnAnswers", "Answers", "What each network reads in the changed example.", lines=5
        )
        self.body.addLayout(beside)
        self.body.addWidget(rule())
        self.body.addWidget(self.answers)
        self.body.addStretch(1)
        self.show_nothing()

    def show_nothing(self, is_pending: bool = False) -> None:
        """Ask for an example, unless there is one and it is still read."""
        self._show_picture(np.zeros((28, 28), np.uint8))
        self.answers.show_rows(())
        self._steady.set_text("" if is_pending else _NOTHING)

    def _show_picture(self, picture: np.ndarray) -> None:
        self.shown = picture
        self.picture.setPixmap(QPixmap.fromImage(image_of(picture).scaled(_PICTURE, _PICTURE)))

    def show_answers(
        self, picture: np.ndarray, rows: Sequence[Bar], names: list[str], change: str
    ) -> None:
        self._show_picture(picture)
        self.answers.show_rows(rows)
        said = f"{change}, {describe_answers(rows, names)}." if rows else "No network is ticked."
        self._steady.set_text(said)


def describe_change(axes: Sequence[Axis], change: Distortion) -> str:
    """Return what was done to a picture, such as ``"Turned by 30 degrees"``."""
    parts = []
    for axis in axes:
        amount = getattr(change, axis.name)
        if amount == axis.neutral:
            continue
        size = f"{amount:g}".replace("-", "−")
        pixels = "1 pixel" if abs(amount) == 1 else f"{abs(amount):g} pixels"
        parts.append(
            {
                "turn": f"turned by {size} degrees",
                "shift": f"shifted by {size} pixel{'' if abs(amount) == 1 else 's'}",
                "size": f"{size} times as large",
                "noise": f"with noise of strength {size}",
                "pen": f"with a pen {pixels} {'wider' if amount > 0 else 'thinner'}",
            }[axis.name]
        )
    words = ", ".join(parts) or "as it is"
    return words[0].upper() + words[1:]


def describe_answers(rows: Sequence[Bar], names: list[str]) -> str:
    """Return who reads what, such as ``"all three read a 9"``."""
    if len(set(names)) == 1:
        if len(rows) == 1:
            return f"{rows[0].name} reads {in_a_sentence(names[0])}"
        return f"{_ALL.get(len(rows), 'all')} read {in_a_sentence(names[0])}"
    said = [f"{row.name} {name}" for row, name in zip(rows[1:], names[1:], strict=True)]
    return ", ".join([f"{rows[0].name} reads {names[0]}", *said])
