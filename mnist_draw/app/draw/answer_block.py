"""The answer: its figure, how sure it is in words, and the buttons that ask why and say wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PyQt5 import sip
from PyQt5.QtCore import QEvent, QRect, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QResizeEvent
from PyQt5.QtWidgets import QApplication, QPushButton, QSizePolicy, QWidget

from mnist_draw.app.draw.answer_figure import LEAST_WIDTH, AnswerFigure, pieces_of
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Keys, explain, label, no_key, push_button, set_look
from mnist_draw.dataset.classes import DIGITS, with_article
from mnist_draw.i18n import _, pgettext
from mnist_draw.recognition.certainty import Certainty, State

WHY_KEY = "W"
TEACH_KEY = "T"
#: Longer names of classes are left out: the figure beside the button shows them.
_MAX_NAME = 3
#: Height of the block, and of that in a low window.
_HEIGHT = 128
_LOW_HEIGHT = 108
_FIGURE_GAP = 24
_BUTTON_WIDTH = 84


class WhyButton(QPushButton):
    """“Why 4?”: opens the tab Inside on the answer and the second guess."""

    why_requested = pyqtSignal(int, int)
    #: Ask what it means that the ink is no digit.
    refusal_requested = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("whyLink")
        self.setProperty("look", "low")
        sentence = _(
            "Show in the tab Inside why the network gives this answer rather than the second "
            "guess.",
        )
        explain(self, _("Why this answer"), sentence, WHY_KEY)
        self._pair: tuple[int, int] | None = None
        self._names: Sequence[str] = ()
        #: Whether the tab that it leads to is there.
        self.leads = True
        self.clicked.connect(self.ask)

    def show_pair(self, pair: tuple[int, int] | None, names: Sequence[str]) -> None:
        """Ask why the answer is one class and not its rival; without them, why it is none."""
        if pair == self._pair and names is self._names:
            return
        self._pair = pair
        self._names = names
        if pair is None:
            text = _("Why not a digit?")
        elif len(names[pair[0]]) <= _MAX_NAME:
            text = _("Why {name}?", name=names[pair[0]])
        else:
            text = _("Why this?")
        self.setText(no_key(text))

    @property
    def offered(self) -> bool:
        return self._pair is None or self.leads

    def ask(self) -> None:
        if self._pair is not None:
            self.why_requested.emit(*self._pair)
        elif not self.isHidden():
            self.refusal_requested.emit()

    def note_taught(self, digit: int) -> None:
        """Explain this drawing's answer against the digit that it was taught as."""
        if self._pair is not None and self._pair[0] != digit:
            self._pair = (self._pair[0], digit)


class AnswerBlock(QWidget):
    """The figure, the words beside it, and two buttons or ten, which it places without a layout."""

    #: The board is this digit.
    teach_requested = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("answerBlock")
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.figure = AnswerFigure()
        self.word = FittedLabel(Text.SENTENCE, name="confidenceLabel")
        explain(self.word, pgettext("how sure", "Confidence"), _("How sure the network is."))
        self.line = FittedLabel(Text.LABEL, two_lines=True, name="secondGuessLabel")
        self.line.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        # They change with the answers: nothing below them is painted with them.
        self.setAutoFillBackground(True)
        self.line.setAutoFillBackground(True)
        self.why = WhyButton()
        sentence = _("Say which digit it is; the network can learn it.")
        self.wrong = push_button("wrongButton", _("Wrong?"), sentence, TEACH_KEY, "low", self.begin)
        # Translators: ten buttons follow, the digits.
        self.question = label(_("It is"), "body", "teachLabel")
        self.buttons = [self._build_button(digit) for digit in range(10)]
        self.cancel = push_button(
            "teachCancelButton",
            _("Cancel"),
            _("Save nothing."),
            "Esc",
            "link",
            self.end,
        )
        parts = (
            self.figure,
            self.word,
            self.line,
            self.why,
            self.wrong,
            self.question,
            self.cancel,
        )
        for part in (*parts, *self.buttons):
            part.setParent(self)
        self._certainty: Certainty | None = None
        self._digits = True
        self._low = False
        #: Whether the ten digits are offered.
        self.asking = False
        self._likely = 0
        self._before: QWidget | None = None
        #: All that the places depend on, as they are now.
        self._placed: tuple[object, ...] = ()
        Keys(self, self._meaning)

    def _build_button(self, digit: int) -> QPushButton:
        name = with_article(digit)
        sentence = _("Save the drawing among your digits as {digit}.", digit=name)
        text = _("It is {digit}", digit=name)
        keys = f"{TEACH_KEY}, {digit}"
        act = partial(self._teach, digit)
        button = push_button(f"teachDigit{digit}", text, sentence, keys, "digit", act)
        button.setText(str(digit))
        return button

    def show_classes(self, names: Sequence[str]) -> None:
        """Set the classes of the network; only digits are taught."""
        self._digits = tuple(names) == DIGITS
        sentence = _("What the network reads; double click to mark it.")
        explain(self.figure, pgettext("of a network", "Answer"), sentence)

    def show_nothing(self, word: str, sentence: str) -> None:
        self.end()
        self._certainty = None
        self.figure.setAccessibleDescription("")
        set_look(self.word, "nothing")
        self._say(word, sentence, "sentence")
        self._place()

    def show_certainty(
        self,
        certainty: Certainty,
        names: Sequence[str],
        best: tuple[int, int] | None,
    ) -> None:
        """Show an answer; ask why it is the best class, not the second; None for refused ink."""
        before = self._certainty, self.why.text(), self.why.offered
        self.why.show_pair(best, names)
        # What it most probably is if the answer is wrong.
        self._likely = 0 if best is None else best[1]
        self.end()
        # Most answers of a growing stroke are equal to the one before.
        if (certainty, self.why.text(), self.why.offered) != before:
            self._certainty = certainty
            self.figure.setAccessibleDescription(certainty.sentence)
            set_look(self.word, "sure")
            doubt = certainty.state is State.NOT_SURE
            self._say(certainty.word, certainty.line, "surer" if doubt else "sentence")
            self._place()

    def _say(self, word: str, line: str, look: str) -> None:
        set_look(self.line, look)
        self.word.setText(word)
        if line != self.line.text():
            self.line.setText(line)
            self.line.setAccessibleName(line)

    def set_low(self, low: bool) -> None:
        self._low = low
        self.updateGeometry()

    def height_at(self, low: bool) -> int:
        """Return the height that the block takes, in a low window or a usual one."""
        word, line, button = self._heights(low)
        usual = max(_LOW_HEIGHT if low else _HEIGHT, word + line + button + Size.GRID)
        # For the longest question, so that no answer moves what is below.
        longest = self.why.fontMetrics().horizontalAdvance(no_key(_("Why not a digit?")))
        more = longest - self.why.fontMetrics().horizontalAdvance(self.why.text())
        both = self._buttons_width() + more <= self.width()
        return usual if both else usual + button + Size.TIGHT

    def sizeHint(self) -> QSize:
        return QSize(0, self.height_at(self._low))

    def _heights(self, low: bool) -> tuple[int, int, int]:
        """Return the heights of the word, of the line below it and of a button."""
        word = theme.scaled(Text.SURE * 1.25)
        line = theme.scaled(2 * (Text.LABEL if low else Text.SENTENCE) * 1.2)
        return word, line, theme.scaled(Size.LOW_BUTTON)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.StyleChange, QEvent.FontChange):
            self.updateGeometry()
            self._place()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.updateGeometry()
        self._place()

    def _place(self) -> None:
        certainty = self._certainty
        pieces = None if certainty is None else tuple(pieces_of(certainty))
        state = pieces, self.why.text(), self.why.offered, self._digits, self.asking, self._low
        key = *state, self.size(), theme.text_scale()
        if key == self._placed:
            return
        self._placed = key
        word, line, button = self._heights(self._low)
        needed = self._buttons_width()
        room = self.width() - needed - _FIGURE_GAP
        beside = room >= LEAST_WIDTH
        if not beside:
            room = max((self.width() - _FIGURE_GAP) // 2, LEAST_WIDTH)
        wide = self.figure.show_certainty(certainty, self._digits, room)
        lines = 1 if needed <= self.width() else 2
        high = word + line + lines * button + (lines - 1) * Size.TIGHT
        top = max(0, (self.height() - high) // 2)
        self.figure.setGeometry(0, 0, wide, self.height() if beside else top + word + line)
        left = wide + _FIGURE_GAP
        right = self.width() - left
        self.word.setGeometry(left, top, right, word)
        self.line.move(left, top + word)
        self.line.setFixedSize(right, line)  # A new text then has nothing laid out.
        row = QRect(left, top + word + line, right, button)
        if not beside and not self.asking:
            left = 0
        shown = certainty is not None and not self.asking
        for part, offered in ((self.why, self.why.offered), (self.wrong, self._digits)):
            part.setVisible(shown and offered)
            if shown and offered:
                if left and left + self._button_width(part) > self.width():
                    left = 0
                    top = top + button + Size.TIGHT
                part.setGeometry(left, top + word + line, self._button_width(part), button)
                left += part.width() + Size.FIELD_GAP
        self._place_digits(row)

    def _button_width(self, button: QPushButton) -> int:
        return min(max(theme.scaled(_BUTTON_WIDTH), button.sizeHint().width()), self.width())

    def _buttons_width(self) -> int:
        both = sum(self._button_width(button) for button in (self.why, self.wrong))
        return both + Size.FIELD_GAP

    def _place_digits(self, row: QRect) -> None:
        words = self.question.sizeHint().width() + Size.FIELD_GAP
        least = theme.scaled(Text.BODY * 2)
        one_row = row.width() >= words + 10 * (least + 2) - 2
        gap = 2 if one_row else Size.TIGHT
        self.question.setVisible(self.asking)
        self.cancel.setVisible(self.asking)
        if self.asking:
            side = self.cancel.sizeHint()
            word = self.word.geometry().adjusted(0, 0, -side.width(), 0)
            self.word.setGeometry(word)
            self.cancel.setGeometry(QRect(word.topRight(), QSize(side.width(), word.height())))
        for told in (self.word, self.line):
            told.setVisible(not self.asking or one_row)
        beside = QRect(row.topLeft(), QSize(words, row.height()))
        self.question.setGeometry(beside if one_row else self.word.geometry())
        count = 10 if one_row else 5
        left = row.left() + (words if one_row else 0)
        wide = min((row.right() + 1 - left + gap) // count - gap, row.height())
        for place, button in enumerate(self.buttons):
            line, column = divmod(place, count)
            up = 0 if one_row else (1 - line) * (row.height() + 2)
            button.setFixedSize(wide, row.height())
            button.move(left + column * (wide + gap), row.top() - up)
            button.setVisible(self.asking)

    def begin(self) -> None:
        if self._certainty is None or not self._digits or self.asking:
            return
        self._before = QApplication.focusWidget()
        self.asking = True
        self._place()
        self.buttons[self._likely].setFocus(Qt.OtherFocusReason)

    def end(self) -> None:
        """Offer the two buttons again; the focus goes back to where it was."""
        if not self.asking:
            return
        self.asking = False
        held = QApplication.focusWidget() in (*self.buttons, self.cancel)
        self._place()
        if held:
            before = self._before
            if before is None or sip.isdeleted(before):
                before = self.wrong
            before.setFocus(Qt.OtherFocusReason)

    def _teach(self, digit: int) -> None:
        self.end()
        self.teach_requested.emit(digit)

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        if not self.asking or event.modifiers() & ~Qt.KeypadModifier:
            return None
        if event.key() == Qt.Key_Escape:
            return self.end
        digit = event.key() - Qt.Key_0
        return partial(self._teach, digit) if digit in range(10) else None
