"""The cards of *Limits*: the networks to compare, and five sliders that perturb the example."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QSlider,
    QWidget,
)

from mnist_draw.app.inside.limits.robustness_plot import format_amount, paint_answer
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.files import NETWORKS, ask_open
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.images import image_of
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.steady_labels import GrowingLabel, TabularLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, explain, label, no_key, push_button, rule, tip
from mnist_draw.app.train.series import swatch
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.library.network_data import in_a_sentence

if TYPE_CHECKING:
    from mnist_draw.analysis.robustness import Axis, Distortion
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

    def add(self, choice: NetworkChoice, first: bool = False) -> None:
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
                menu.addAction(no_key(other.title), partial(self.add, other))
        menu.addAction("Open a file …", self._open_file)
        return menu

    def _open_file(self) -> None:
        path = ask_open(self, "A trained network", NETWORKS)
        if path:
            self.add(file_choice(path))


def file_choice(path: str) -> NetworkChoice:
    """Return the network of a file; it is read when it is first needed."""
    from pathlib import Path

    def load() -> ModelFile:
        from mnist_draw.library.stored_network import load_trained

        return load_trained(path)

    return NetworkChoice(path, Path(path).stem, load)


_ROW = 22
_GAP = 8


class AnswerRow(NamedTuple):
    """One network's answer."""

    title: str
    answer: int
    sure: float
    right: bool
    name: str = ""


class AnswerRows(QWidget):
    """Rows that are painted; the sentence below them says the same."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("turnAnswers")
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.rows: Sequence[AnswerRow] = ()
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, round(_ROW * theme.text_scale() * max(len(self.rows), 3)))

    def show_rows(self, rows: Sequence[AnswerRow]) -> None:
        """Show these answers."""
        if len(rows) != len(self.rows):
            self.updateGeometry()
        self.rows = rows
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        scale = theme.text_scale()
        height = _ROW * scale
        painter.setFont(theme.font(Text.BODY))
        figure = painter.fontMetrics().horizontalAdvance(">99.9 %") + _GAP * scale
        for number, answer in enumerate(self.rows):
            middle = (number + 0.5) * height
            painter.setFont(theme.font(Text.BODY))
            painter.setPen(theme.colour("text"))
            line = QRectF(0, middle - height / 2, self.width(), height)
            ring = self.width() * 0.52
            title = painter.fontMetrics().elidedText(answer.title, Qt.ElideRight, round(ring - 14))
            painter.drawText(line, int(Qt.AlignLeft | Qt.AlignVCenter), title)
            text = format_probability(answer.sure, short=True)
            painter.drawText(line, int(Qt.AlignRight | Qt.AlignVCenter), text)
            paint_answer(
                painter, QPointF(ring, middle), answer.name or str(answer.answer), answer.right
            )
            bar = QRectF(ring + 18 * scale, middle - Size.BAR / 2, 0, Size.BAR)
            bar.setRight(self.width() - figure)
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.colour("track"))
            painter.drawRoundedRect(bar, Size.BAR / 2, Size.BAR / 2)
            bar.setWidth(max(bar.width() * answer.sure, Size.BAR))
            painter.setBrush(theme.colour("accent" if answer.right else "muted"))
            painter.drawRoundedRect(bar, Size.BAR / 2, Size.BAR / 2)


_PICTURE = 112
#: The axes in one word each, beside their sliders.
_WORDS = {"turn": "turned", "shift": "shifted", "size": "size", "noise": "noise", "pen": "pen"}
NOTHING = "Draw something, or pick a picture, and turn it here."
_ALL = {2: "both", 3: "all three", 4: "all four"}


class TurnedPicture(QWidget):
    """The example after the change, white on black as the networks take it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("turnedPicture")
        self.setAccessibleName("The example as the sliders change it")
        self.setFixedSize(_PICTURE, _PICTURE)
        self._picture: np.ndarray | None = None

    def show_picture(self, picture: np.ndarray | None) -> None:
        """Show a picture, uint8 (28, 28)."""
        self._picture = picture
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        picture = np.zeros((28, 28), np.uint8) if self._picture is None else self._picture
        painter.drawImage(QRectF(self.rect()), image_of(picture))


class PerturbationCard(Card):
    """Turn your own."""

    moved = pyqtSignal()

    def __init__(self, axes: Sequence[Axis], unchanged: Distortion) -> None:
        super().__init__("Turn your own")
        self.setObjectName("turnCard")
        self._axes = axes
        self._unchanged = unchanged
        self.reset_button = push_button(
            "turnResetButton", "As it is", "Take all changes back.", look="link"
        )
        self.reset_button.clicked.connect(self.reset)
        self.top.addWidget(self.reset_button)
        row = QHBoxLayout()
        row.setSpacing(Size.CARD_GAP)
        self.picture = TurnedPicture()
        row.addWidget(self.picture, 0, Qt.AlignTop)
        row.addLayout(self._build_sliders(), 1)
        self.body.addLayout(row)
        self.body.addWidget(rule())
        self.answers = AnswerRows()
        self.body.addWidget(self.answers)
        self.sentence = label("", "muted", "turnSentence")
        self._steady = GrowingLabel(self.sentence)
        self.body.addWidget(self._steady)
        self.body.addStretch(1)
        self.show_nothing()
        self._show_amounts()

    def _build_sliders(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(Size.FIELD_GAP)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        self.sliders: dict[str, QSlider] = {}
        self._amounts: dict[str, TabularLabel] = {}
        for line, axis in enumerate(self._axes):
            caption = label(_WORDS[axis.name], "muted")
            slider = QSlider(Qt.Horizontal)
            slider.setObjectName(f"{axis.name}Slider")
            explain(slider, axis.title, f"{axis.title}, in {axis.unit}.")
            slider.setRange(_steps(axis, axis.amounts[0]), _steps(axis, axis.amounts[-1]))
            slider.setValue(_steps(axis, axis.neutral))
            slider.setPageStep(max(1, (slider.maximum() - slider.minimum()) // 6))
            slider.setMinimumSize(70, 20)
            slider.valueChanged.connect(self._moved)
            caption.setBuddy(slider)
            amount = TabularLabel("", "−0.75")
            amount.setProperty("look", "title")
            amount.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
            grid.addWidget(caption, line, 0)
            grid.addWidget(slider, line, 1)
            grid.addWidget(amount, line, 2)
            self.sliders[axis.name], self._amounts[axis.name] = slider, amount
        return grid

    def change(self) -> Distortion:
        """Return what the sliders say."""
        change = self._unchanged
        for axis in self._axes:
            change = change.to(axis.name, self._amount(axis))
        return change

    def reset(self) -> None:
        """Put all sliders where they change nothing."""
        for axis in self._axes:
            self.sliders[axis.name].setValue(_steps(axis, axis.neutral))

    def _amount(self, axis: Axis) -> float:
        return round(self.sliders[axis.name].value() * axis.step, 4)

    def _moved(self) -> None:
        self._show_amounts()
        self.moved.emit()

    def _show_amounts(self) -> None:
        for axis in self._axes:
            text = format_amount(axis, self._amount(axis))
            self._amounts[axis.name].setText(f"{text}°" if axis.name == "turn" else text)

    def show_nothing(self) -> None:
        """Show that there is no example."""
        self.picture.show_picture(None)
        self.answers.show_rows(())
        self._steady.set_text(NOTHING)

    def show_answers(
        self, picture: np.ndarray, rows: Sequence[AnswerRow], names: list[str]
    ) -> None:
        """Show the changed example and what networks read."""
        self.picture.show_picture(picture)
        self.answers.show_rows(rows)
        if rows:
            words = describe_change(self._axes, self.change())
            self._steady.set_text(f"{words}, {describe_answers(rows, names)}.")
        else:
            self._steady.set_text("No network is ticked.")


def _steps(axis: Axis, amount: float) -> int:
    return round(amount / axis.step)


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


def describe_answers(rows: Sequence[AnswerRow], names: list[str]) -> str:
    """Return who reads what, such as ``"all three read a 9"``."""
    if len(set(names)) == 1:
        if len(rows) == 1:
            return f"{rows[0].title} reads {in_a_sentence(names[0])}"
        return f"{_ALL.get(len(rows), 'all')} read {in_a_sentence(names[0])}"
    said = [f"{row.title} {name}" for row, name in zip(rows[1:], names[1:], strict=True)]
    return ", ".join([f"{rows[0].title} reads {names[0]}", *said])
