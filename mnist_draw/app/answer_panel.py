"""The right side of the Draw tab: the answer, its probabilities, and what the network sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mnist_draw.app import theme
from mnist_draw.app.bars import ProbabilityBars
from mnist_draw.app.tabular import Still, TabularLabel
from mnist_draw.app.theme import Size
from mnist_draw.app.widgets import Card, explain, label, set_look

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.recognition.numbers import NumberAnswer

_SIDE = 28
#: Digits of a number that are shown large.
_MOST_LARGE = 5
#: Height that the answer and the bars need.
_ABOVE_INPUT = 540
_HOW_IT_SEES = (
    "The ink is cut out, scaled until its longer side takes 20 pixels, and placed with its centre "
    "of mass in the middle of 28×28 pixels, as the pictures of MNIST are."
)


class NetworkInputView(QWidget):
    """Shows the 28×28 picture that goes into the network, pixel for pixel.

    Attributes
    ----------
    picture : ndarray of float32, shape (28, 28), or None
        Values from 0 (paper) to about 1 (ink).
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("networkInputView")
        explain(self, "Network input", "The 28×28 pixels that the network gets to see.")
        self.set_room(0)
        self.picture: np.ndarray | None = None
        self._image: QImage | None = None

    def set_room(self, room: int) -> None:
        """Take the largest size within ``room`` pixels that shows each pixel as large."""
        low, high = Size.NETWORK_INPUT
        side = min(max(room, low), high) // _SIDE * _SIDE
        self.setFixedSize(side, side)

    def show_picture(self, picture: np.ndarray | None) -> None:
        """Show another picture, or none."""
        self.picture = picture
        self._image = None
        if picture is not None:
            import numpy as np

            pixels = np.ascontiguousarray(np.clip(picture, 0, 1) * 255, dtype=np.uint8)
            height, width = pixels.shape
            # copy(): QImage does not keep the array's memory alive.
            self._image = QImage(
                pixels.tobytes(), width, height, width, QImage.Format_Grayscale8
            ).copy()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(self.rect()), Size.FIELD_RADIUS, Size.FIELD_RADIUS)
        painter.setClipPath(frame)
        painter.fillPath(frame, QColor(Qt.black))
        if self._image is not None:
            painter.drawImage(self.rect(), self._image)


class AnswerPanel(QWidget):
    """Everything the program says about the drawing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        #: From the answer down to the rows that other parts add.
        self.column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Size.CARD_GAP)
        #: What the ink reads as, where it is several digits.
        self.number: NumberAnswer | None = None
        column.addLayout(self._build_answer())
        bars_card = Card("What the network says")
        self.bars = ProbabilityBars()
        bars_card.body.addWidget(self.bars, 1)
        column.addWidget(bars_card, 3)
        column.addWidget(self._build_input())
        column.addStretch(1)
        self._waiting = "Getting the network ready"
        self.show_nothing()

    def add_row(self, widget: QWidget) -> None:
        """Put something below all that is said; it keeps the height that it asks for."""
        self.column.addWidget(widget)

    def _build_answer(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(Size.MARGIN)
        self.prediction = label("", "answer", "predictionLabel")
        self.prediction.setAlignment(Qt.AlignLeft | Qt.AlignVCenter)
        explain(self.prediction, "Answer", "The digit the network reads; ? if it is none.")
        self._fit_prediction("")
        row.addWidget(self.prediction)
        words = QVBoxLayout()
        words.setSpacing(Size.TIGHT)
        self.confidence = TabularLabel(widest="100.0 % sure")
        self.confidence.setObjectName("confidenceLabel")
        self.confidence.setProperty("look", "sure")
        explain(self.confidence, "Confidence", "How sure the network is, in percent.")
        self.second = label("", "sentence", "secondGuessLabel")
        self.second.setWordWrap(True)
        self.second.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        explain(self.second, "Second guess", "The next best digit and its probability.")
        self.number_label = label("", "sentence", "numberLabel")
        self.number_label.setTextInteractionFlags(
            Qt.TextSelectableByMouse | Qt.TextSelectableByKeyboard
        )
        explain(self.number_label, "Number", "The whole number; select it to copy it.")
        words.addStretch(1)
        words.addWidget(self.confidence)
        words.addWidget(Still(self.second, lines=2))
        words.addWidget(Still(self.number_label, lines=1))
        words.addStretch(1)
        row.addLayout(words, 1)
        return row

    def _build_input(self) -> Card:
        card = Card("What it sees")
        row = QHBoxLayout()
        row.setSpacing(Size.CARD_PADDING)
        self.network_input = NetworkInputView()
        row.addWidget(self.network_input, 0, Qt.AlignTop)
        how = label(_HOW_IT_SEES, "muted")
        how.setWordWrap(True)
        how.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        row.addWidget(how, 1)
        card.body.addLayout(row)
        return card

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.network_input.set_room(self.height() - round(_ABOVE_INPUT * theme.text_scale()))

    def _fit_prediction(self, text: str) -> None:
        """Keep the answer's size fixed: only from one kind of answer to another it changes."""
        width = theme.Text.ANSWER * 0.75
        if len(text) > 1:
            # Bold digits of a wide interface font take 0.7 of its size each.
            width = theme.Text.UNCLEAR * 0.74 * len(text)
        self.prediction.setFixedSize(round(width), round(theme.Text.ANSWER * 1.12))

    def set_waiting(self, sentence: str) -> None:
        """Say what keeps the first answer waiting; empty when nothing does."""
        self._waiting = sentence
        if not self.prediction.text():
            self.confidence.setText("")
            self.second.setText(sentence)

    def show_nothing(self) -> None:
        """Show an empty board: no answer, bars at nothing."""
        self.number = None
        self.number_label.setText("")
        self.prediction.setText("")
        self.confidence.setText("")
        self.second.setText(self._waiting)
        self.bars.show_nothing()
        self.network_input.show_picture(None)

    def show_answer(self, answer: Any) -> None:
        """Show an ``Answer`` of the recogniser."""
        if not answer.text:
            self.show_nothing()
            return
        probabilities = answer.probabilities
        self.network_input.show_picture(answer.network_input)
        self.number_label.setText("" if self.number is None else self.number.text)
        if self.number is not None:
            self._show_number(self.number)
            self.bars.show_probabilities(probabilities, None)
            return
        self._fit_prediction(answer.text)
        self.prediction.setText(answer.text)
        if answer.digit is None and answer.text == "?":
            set_look(self.prediction, "unknown")
            self.confidence.setText("Not a digit")
            self.second.setText(answer.reason)
            self.bars.show_probabilities(probabilities, None)
            return
        second = int(answer.second)
        guess = f"Second guess: {second}, {_percent(probabilities[second])}"
        if len(answer.text) == 1:
            set_look(self.prediction, "answer")
            self.confidence.setText(f"{_percent(answer.confidence)} sure")
            self.second.setText(guess)
        else:
            set_look(self.prediction, "unclear")
            self.confidence.setText("Not clear")
            self.second.setText(answer.reason or guess)
        self.bars.show_probabilities(probabilities, answer.digit)

    def _show_number(self, number: NumberAnswer) -> None:
        """Show several digits as large as they fit; whole and to be copied they stand below."""
        text = number.text if len(number.text) <= _MOST_LARGE else "…"
        self._fit_prediction(text)
        self.prediction.setText(text)
        set_look(self.prediction, "unclear" if len(text) > 1 else "answer")
        self.confidence.setText(f"{_percent(number.confidence)} sure")
        self.second.setText(f"A number of {len(number.digits)} digits")


def _percent(part: float) -> str:
    return f"{100 * float(part):.1f} %"
