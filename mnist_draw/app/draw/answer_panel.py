"""The right side of the Draw tab: the answer, its probabilities and its explanation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QHBoxLayout, QPushButton, QWidget

from mnist_draw.app.draw.explanation_row import ExplanationRow
from mnist_draw.app.draw.probability_bars import ProbabilityBars
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel, TabularLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, explain, label, no_key, set_look
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.recognition.certainty import (
    Certainty,
    State,
    certainty_of,
    certainty_of_number,
    two_best,
)

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.draw.recognition import BoardReading
    from mnist_draw.recognition.answer import Answer, NumberAnswer
    from mnist_draw.recognition.explanation import Explanation, HiddenLayer
    from mnist_draw.storage.models import ModelInfo

WHY_KEY = "W"
#: Longer names of classes are left out: the answer beside the link shows them.
_MAX_LENGTH = 12


class WhyLink(QPushButton):
    """The link “Why 4?”: opens the tab Inside on the answer and the second guess.

    Hidden, it still takes its room: otherwise each stroke would have the window laid out.
    """

    why_requested = pyqtSignal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("whyLink")
        self.setProperty("look", "link")
        explain(
            self, "Why this answer",
            "Show in the tab Inside why the network gives this answer rather than the second "
            "guess.", WHY_KEY,
        )  # fmt: skip
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self._pair: tuple[int, int] | None = None
        self._names = DIGITS
        #: Whether the tab that it leads to is there.
        self.leads = True
        self.clicked.connect(self.ask)
        self.show_classes(DIGITS)
        self.hide()

    def show_classes(self, names: Sequence[str]) -> None:
        """Set the classes of the network."""
        self._names = tuple(name if len(name) <= _MAX_LENGTH else "this" for name in names)
        self.ensurePolished()
        metrics = self.fontMetrics()
        widest = max(metrics.horizontalAdvance(f"Why {name}?") for name in self._names)
        self.setFixedWidth(widest + 4 * Size.GRID)

    def show_pair(self, answer: int, rival: int) -> None:
        self._pair = (answer, rival)
        self.setText(no_key(f"Why {self._names[answer]}?"))
        self.setVisible(self.leads)

    def show_nothing(self) -> None:
        self._pair = None
        self.hide()

    def ask(self) -> None:
        """Ask to explain the answer against the second guess."""
        if self._pair is not None:
            self.why_requested.emit(*self._pair)

    def note_taught(self, digit: int) -> None:
        """Explain this drawing's answer against the digit that it was taught as."""
        if self._pair is not None and self._pair[0] != digit:
            self._pair = (self._pair[0], digit)


#: Up to this many digits of a number have their full size and are not written a second time
#: below; more are made smaller to fit the same room.
_MAX_LARGE, _MAX_ONCE = 7, 5
_INVITATION = "Draw a digit; the bars follow every stroke."
_INVITATION_OTHER = "Draw; the bars follow every stroke."
_NO_DIGIT = "Bars would mean nothing here."


class AnswerPanel(QWidget):
    """Everything the program says about the drawing.

    Of a number all that is said below the answer belongs to one of its digits, the last unless
    another was chosen.
    """

    explanation_requested = pyqtSignal(object, int, int)
    place_changed = pyqtSignal(int)
    evidence_changed = pyqtSignal(object, object, object)

    def __init__(self) -> None:
        super().__init__()
        self._reading: BoardReading | None = None
        self._place: int | None = None
        self._told_place = -1
        self._picture: np.ndarray | None = None
        #: Explanations asked for before this ticket are of no use any more.
        self._ticket = self._oldest = 0
        self.bars = ProbabilityBars()
        self.row = ExplanationRow()
        self.network_input = self.row.network_input
        # The last stretch takes what is left when the bars are at their highest.
        parts = self._build_answer(), (self._build_bars(), 3), self.row, 0
        self.column = column(*parts, gap=Size.CARD_GAP, owner=self)
        self._added: list[QWidget] = []
        self._waiting = "Getting the network ready"
        self._doubt = ""
        #: What is said of the board; None without a drawing.
        self.certainty: Certainty | None = None
        self.show_nothing()

    def add_row(self, widget: QWidget) -> None:
        """Add a widget of fixed height at the bottom."""
        self._added.append(widget)
        self.column.insertWidget(self.column.count() - 1, widget)

    def _build_answer(self) -> QHBoxLayout:
        self.prediction = FittedLabel(theme.Text.FIGURE)
        self.prediction.setObjectName("predictionLabel")
        self.prediction.setProperty("look", "answer")
        self.prediction.setAlignment(Qt.AlignLeft | Qt.AlignVCenter)
        explain(self.prediction, "Answer", "The digit the network reads; ? if it is none.")
        self._fit_prediction("")
        self.confidence = TabularLabel(widest="over 99.9 % sure")
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
        self.why_link = WhyLink()
        last = row(self.why_link, FixedLabel(self.number_label, lines=1))
        second = FixedLabel(self.second, lines=2)
        beside = column(1, self.confidence, second, last, 1, gap=Size.TIGHT)
        return row(self.prediction, (beside, 1), gap=Size.MARGIN)

    def _build_bars(self) -> Card:
        self._bars_card = Card("What the network says")
        self.bars_note = FittedLabel(elide=Qt.ElideRight)
        self.bars_note.setObjectName("barsNote")
        self.bars_note.setProperty("look", "muted")
        self._bars_card.top.insertWidget(1, FixedLabel(self.bars_note, lines=1), 1000)
        self._bars_card.body.addWidget(self.bars, 1)
        self.bars.digit_chosen.connect(self._digit_chosen)
        self.bars.step_requested.connect(self._step)
        return self._bars_card

    def _fit_prediction(self, text: str) -> None:
        """Fix the answer's size for its number of characters."""
        width = theme.Text.ANSWER * 0.75
        if len(text) > 1:
            # Bold digits of a wide interface font take 0.7 of its size each.
            width = theme.Text.UNCLEAR * 0.74 * min(len(text), _MAX_LARGE)
        # Digits have no descenders: a line of text is higher than they are.
        self.prediction.setFixedSize(round(width), theme.Text.ANSWER)

    # -- sizes

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._share_out()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.LayoutRequest:
            self._share_out()
        return done

    def _share_out(self) -> None:
        """Size the pictures to the room below answer, bars and added rows."""
        around = self._bars_card.sizeHint().height() - self.bars.sizeHint().height()
        self._bars_card.setMaximumHeight(around + self.bars.highest())
        shown = [widget for widget in self._added if not widget.isHidden()]
        taken = self.prediction.height() + around
        taken += sum(widget.sizeHint().height() for widget in shown)
        # Between answer, bars and row, and above each added row.
        gaps = (2 + len(shown)) * self.column.spacing()
        room = self.height() - taken - gaps
        # In a low window the pictures are hidden first.
        self.row.setVisible(room >= self.row.lowest() + self.bars.minimumSizeHint().height())
        self.row.set_room(self.width(), room - self.bars.comfortable())

    # -- what is shown

    def set_waiting(self, sentence: str) -> None:
        """Say what the first answer waits for; empty if for nothing."""
        self._waiting = sentence
        if not self.prediction.text():
            self.confidence.setText("")
            self.second.setText(sentence)

    def note_network(self, info: ModelInfo, names: Sequence[str] = DIGITS) -> None:
        """Note the network that answers and its classes, to explain its doubts."""
        self._doubt = info.describe_doubt()
        self._show_classes(tuple(names))

    def _show_classes(self, names: tuple[str, ...]) -> None:
        """Make room for the answers of a network; clear those of another."""
        if names == self.bars.names:
            return
        self.bars.show_classes(names)
        self.why_link.show_classes(names)
        kind = "digit" if names == DIGITS else "class"
        explain(self.prediction, "Answer", f"The {kind} the network reads; ? if it is none.")
        explain(self.second, "Second guess", f"The next best {kind} and its probability.")
        self.show_nothing()

    def show_nothing(self) -> None:
        """Clear the answer and invite to draw."""
        self._reading = self._place = self._picture = self.certainty = None
        self._oldest = self._ticket + 1
        self.number_label.setText("")
        self.prediction.setText("")
        self.confidence.setText("")
        self.second.setText(self._waiting)
        digits = self.bars.names == DIGITS
        self.bars_note.setText(_INVITATION if digits else _INVITATION_OTHER)
        self.bars.chosen = None
        self.bars.show_nothing()
        self.row.show_picture(None)
        self.why_link.show_nothing()
        self.evidence_changed.emit(None, None, None)
        self._tell_place()

    def show_reading(self, reading: BoardReading) -> None:
        """Show a digit or a number that was read."""
        answer = reading.answer
        if not answer.text:
            self.show_nothing()
            return
        self._reading = reading
        number = "" if self.number is None else self.number.text
        # A number that is shown large and whole is not written twice.
        self.number_label.setText(number if len(number) > _MAX_ONCE else "")
        if self.number is not None:
            self._show_number(self.number)
        else:
            self._place = None
            self._show_digit(answer)
        self._tell_place()
        self._ask()

    def _show_digit(self, answer: Answer) -> None:
        self._show_classes(answer.names)
        self.bars_note.setText("")
        self.certainty = certainty_of(answer)
        self._show_certainty(self.certainty)
        look = "answer" if self.certainty.is_named_alone and answer.are_digits else "unclear"
        set_look(self.prediction, look if self.certainty.named else "unknown")
        self._show_evidence(answer.network_input, answer.probabilities, self.certainty)

    def _show_number(self, number: NumberAnswer) -> None:
        """Show several digits as large as they fit; a long number below, to be copied."""
        self._show_classes(DIGITS)
        self.certainty = certainty_of_number(number)
        self._show_certainty(self.certainty)
        set_look(self.prediction, "unclear" if self.certainty.is_named_alone else "unknown")
        place = self.place
        part = number.digits[place]
        told = self.certainty.parts[place]
        self.bars_note.setText(
            f"of digit {place + 1} of {len(number.digits)}, {told.label}; the tags on the board "
            "choose another"
        )
        self._show_evidence(part.network_input, part.probabilities, told)

    def _show_certainty(self, certainty: Certainty) -> None:
        self._fit_prediction(certainty.text)
        self.prediction.setText(certainty.text)
        self.confidence.setText(certainty.word)
        doubt = self._doubt if certainty.state in (State.UNCLEAR, State.NOT_SURE) else ""
        self.second.setText(f"{certainty.line}. {doubt}" if doubt else certainty.line)

    def _show_evidence(
        self, picture: np.ndarray | None, probabilities: np.ndarray, certainty: Certainty
    ) -> None:
        """Show what was said of a digit; of refused ink nothing but the picture."""
        self._picture = None if certainty.is_refused else picture
        self.row.show_picture(picture)
        if certainty.is_refused:
            self.bars_note.setText(_NO_DIGIT)
            self.bars.show_nothing()
            self.row.show_explanation(None)
            self.why_link.show_nothing()
            self.evidence_changed.emit(picture, probabilities, None)
            return
        self.bars.show_probabilities(probabilities.tolist(), certainty.named)
        best, rival = two_best(probabilities.tolist())
        self.why_link.show_pair(best, rival)
        self.evidence_changed.emit(picture, probabilities, best)

    # -- one digit of a number

    @property
    def number(self) -> NumberAnswer | None:
        """The number that was read, if it has several digits."""
        return None if self._reading is None else self._reading.number

    @property
    def place(self) -> int:
        """The digit of the number that is shown in detail, from 0; -1 without a number."""
        if self.number is None:
            return -1
        last = len(self.number.digits) - 1
        return last if self._place is None else min(self._place, last)

    def choose_place(self, place: int) -> None:
        """Show another digit of the number in detail."""
        if (
            self._reading is not None
            and self.number is not None
            and 0 <= place < len(self.number.digits)
        ):
            if place != self.place:
                self._oldest = self._ticket + 1
            self._place = place
            self.show_reading(self._reading)

    def _step(self, step: int) -> None:
        self.choose_place(self.place + step)

    def _tell_place(self) -> None:
        if self.place != self._told_place:
            self._told_place = self.place
            self.place_changed.emit(self.place)

    # -- explanations

    def _digit_chosen(self) -> None:
        # An explanation that is on its way is about another digit.
        self._oldest = self._ticket + 1
        self._ask()

    def _ask(self) -> None:
        digit = self.bars.explained_digit
        if self._picture is not None and digit is not None:
            self._ticket += 1
            self.explanation_requested.emit(self._picture, digit, self._ticket)

    @pyqtSlot(object, int)
    def show_explanation(self, explanation: Explanation, ticket: int) -> None:
        """Show an explanation unless its question is outdated."""
        if ticket >= self._oldest and explanation.names == self.bars.names:
            self.row.show_explanation(explanation)

    @pyqtSlot(object)
    def show_layers(self, layers: Sequence[HiddenLayer]) -> None:
        """Offer the hidden layers of the network in use."""
        self.row.show_layers(layers)
