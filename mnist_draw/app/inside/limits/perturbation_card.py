"""The card that changes the example by five sliders, and all answers to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QSlider, QWidget

from mnist_draw.app.inside.limits.robustness_plot import format_amount, paint_answer
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.images import image_of
from mnist_draw.app.kit.steady_labels import GrowingLabel, TabularLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, explain, label, push_button, rule
from mnist_draw.library.network_data import in_a_sentence

if TYPE_CHECKING:
    from mnist_draw.analysis.robustness import Axis, Distortion

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
        for number, row in enumerate(self.rows):
            middle = (number + 0.5) * height
            painter.setFont(theme.font(Text.BODY))
            painter.setPen(theme.colour("text"))
            line = QRectF(0, middle - height / 2, self.width(), height)
            ring = self.width() * 0.52
            title = painter.fontMetrics().elidedText(row.title, Qt.ElideRight, round(ring - 14))
            painter.drawText(line, int(Qt.AlignLeft | Qt.AlignVCenter), title)
            text = format_probability(row.sure, short=True)
            painter.drawText(line, int(Qt.AlignRight | Qt.AlignVCenter), text)
            paint_answer(painter, QPointF(ring, middle), row.name or str(row.answer), row.right)
            bar = QRectF(ring + 18 * scale, middle - Size.BAR / 2, 0, Size.BAR)
            bar.setRight(self.width() - figure)
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.colour("track"))
            painter.drawRoundedRect(bar, Size.BAR / 2, Size.BAR / 2)
            bar.setWidth(max(bar.width() * row.sure, Size.BAR))
            painter.setBrush(theme.colour("accent" if row.right else "muted"))
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
        for row, axis in enumerate(self._axes):
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
            grid.addWidget(caption, row, 0)
            grid.addWidget(slider, row, 1)
            grid.addWidget(amount, row, 2)
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
