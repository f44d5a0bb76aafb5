"""The answer: its figure, how sure it is in words, and the buttons that ask why and say wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from qtpy import sip
from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QKeyEvent, QResizeEvent
from qtpy.QtWidgets import (
    QAction,
    QApplication,
    QGridLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QWidget,
)

from mnist_draw.app.draw.answer_figure import AnswerFigure
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import NO_DIGIT
from mnist_draw.app.kit.layout import column, keep_room, row
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import (
    ElidedButton,
    Keys,
    explain,
    label,
    no_key,
    push_button,
    set_look,
)
from mnist_draw.dataset.classes import DIGITS, with_article
from mnist_draw.i18n import _, pgettext
from mnist_draw.recognition.certainty import REFUSED, Certainty, State

WHY_KEY = "W"
TEACH_KEY = "T"
DIGIT_KEY = "Return"
LETTER_KEY = "L"
#: Longer names of classes are left out: the figure beside the button shows them.
_MAX_NAME = 3
_FIGURE_GAP = 24
#: Heights of lines, in sizes of their text.
_WORD = 1.25
_LINE = 1.2
#: Ten digits are offered in rows of this many.
_IN_A_ROW = 5


class WhyButton(ElidedButton):
    """“Why 4?”: opens the tab Inside on the answer and the second guess."""

    why_requested = Signal(int, int)
    #: Ask what it means that the ink is no digit.
    refusal_requested = Signal()

    def __init__(self) -> None:
        super().__init__("", "low", "whyLink")
        self._longest = QSize()
        sentence = _(
            "Show on the Inside tab why the network gives this answer rather than the "
            "second guess.",
        )
        explain(self, _("Why this answer?"), sentence, WHY_KEY)
        self._pair: tuple[int, int] | None = None
        self._names: Sequence[str] = ()
        #: Whether the tab that it opens is there.
        self.leads = True
        self.clicked.connect(self.ask)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() in (QEvent.Polish, QEvent.StyleChange, QEvent.FontChange):
            self._fit()
        return done

    def _fit(self) -> None:
        """Take the size of the longest question: no answer moves what is next to it."""
        text = self.text()
        self.setText(no_key(_("Why not a digit?")))
        self._longest = super().sizeHint()
        self.setText(text)

    def sizeHint(self) -> QSize:
        return self._longest

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
    """The figure, the words next to it, and two buttons; or ten buttons, the digits."""

    #: The board is this digit.
    teach_requested = Signal(int)
    take_back_requested = Signal()
    #: The user says which digit it is, or `NO_DIGIT`, and nothing is taught.
    settle_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("answerBlock")
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        # They change with the answers: nothing below them is painted with them.
        self.setAutoFillBackground(True)
        self.figure = AnswerFigure()
        self._certainty: Certainty | None = None
        self._digits = True
        #: Whether the ten digits are offered.
        self.asking = False
        #: What the user said of the ink, if anything.
        self._said: str | None = None
        self._likely = 0
        self._before: QWidget | None = None
        #: They work while the answer may be a letter.
        self._commands: tuple[QAction, ...] = ()
        self._pages = QStackedWidget()
        self._pages.addWidget(self._build_words())
        self._pages.addWidget(self._build_digits())
        row(self.figure, (self._pages, 1), gap=_FIGURE_GAP, owner=self)
        Keys(self, self._meaning)

    def _build_words(self) -> QWidget:
        self.word = FittedLabel(Text.SENTENCE, name="confidenceLabel")
        explain(self.word, pgettext("how sure", "Confidence"))
        self.line = FittedLabel(Text.LABEL, two_lines=True, name="secondGuessLabel")
        self.line.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.line.setAutoFillBackground(True)
        self.why = WhyButton()
        sentence = _("Say which digit it is; the network can learn it.")
        self.wrong = push_button("wrongButton", _("Wrong?"), sentence, TEACH_KEY, "low", self.begin)
        sentence = _("Decide what the answer leaves open; the network learns nothing from it.")
        self.is_digit = push_button(
            "isDigitButton",
            _("It is a digit"),
            sentence,
            DIGIT_KEY,
            "low",
            self._confirm,
            elides=True,
        )
        self.is_letter = push_button(
            "isLetterButton",
            _("It is a letter"),
            sentence,
            LETTER_KEY,
            "low",
            partial(self.settle_requested.emit, NO_DIGIT),
            elides=True,
        )
        for button in (self.why, self.wrong):
            keep_room(button)
        self._choices = QStackedWidget()
        self._choices.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        for pair in ((self.why, self.wrong), (self.is_digit, self.is_letter)):
            choice = QWidget()
            row(*pair, 1, owner=choice)
            self._choices.addWidget(choice)
        page = QWidget()
        word = FixedLabel(self.word, 1)
        line = FixedLabel(self.line, 2)

        def fit() -> None:
            # Their fonts change with the answer.
            word.setFixedHeight(theme.scaled(_WORD * Text.SURE))
            line.setFixedHeight(theme.scaled(2 * _LINE * Text.SENTENCE))

        theme.follow(self, fit)
        column(1, word, line, self._choices, 1, gap=0, owner=page)
        return page

    def _build_digits(self) -> QWidget:
        # Translators: ten buttons follow, the digits.
        self.question = label(_("It is"), "body", "teachLabel")
        words = _("Cancel"), "", "Esc"
        self.cancel = push_button("teachCancelButton", *words, "link", self.end)
        self.take_back = take_back_button(self._take_back)
        self.none = none_button(self._refuse, "digit")
        # There is no room for words.
        self.none.setText(REFUSED)
        self.buttons = [self._build_button(digit) for digit in range(10)]
        mark_said(self.buttons, self.none, self.take_back, self._said)
        grid = QGridLayout()
        grid.setSpacing(Size.TIGHT)
        for digit, button in enumerate(self.buttons):
            grid.addWidget(button, *divmod(digit, _IN_A_ROW))
        grid.addWidget(self.none, 0, _IN_A_ROW)
        grid.setColumnStretch(_IN_A_ROW + 1, 1)

        def fit() -> None:
            for place in range(_IN_A_ROW + 1):
                grid.setColumnMinimumWidth(place, theme.scaled(Size.LOW_BUTTON))

        theme.follow(self, fit)
        page = QWidget()
        top = row(self.question, self.take_back, 1, self.cancel)
        column(1, top, grid, 1, gap=Size.TIGHT, owner=page)
        # It is as high as the words: until it is seen it would ask for more, and move the bars.
        page.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Ignored)
        return page

    def _build_button(self, digit: int) -> QPushButton:
        name = with_article(digit)
        sentence = _("Save the drawing among your digits as {digit}.", digit=name)
        text = _("It is {label}", label=name)
        keys = f"{TEACH_KEY}, {digit}"
        act = partial(self._teach, digit)
        button = push_button(f"teachDigit{digit}", text, sentence, keys, "digit", act)
        button.setText(str(digit))
        button.setCheckable(True)
        return button

    def show_classes(self, names: Sequence[str]) -> None:
        """Set the classes of the network; only digits are taught."""
        self._digits = tuple(names) == DIGITS
        sentence = _("What the network reads; double-click to select it.")
        explain(self.figure, _("Answer"), sentence)

    def show_nothing(self, word: str, sentence: str) -> None:
        self.end()
        self._certainty = None
        self.figure.setAccessibleDescription("")
        set_look(self.word, "nothing")
        self._say(word, sentence, "sentence")
        self._show_parts()

    def show_certainty(
        self,
        certainty: Certainty,
        names: Sequence[str],
        best: tuple[int, int] | None,
    ) -> None:
        """Show an answer; ask why it is the best class, not the second; None for refused ink."""
        self.why.show_pair(best, names)
        # What it most probably is if the answer is wrong.
        self._likely = 0 if best is None else best[1]
        self.end()
        # Most answers of a growing stroke are equal to the one before.
        if certainty != self._certainty:
            self._certainty = certainty
            self.figure.setAccessibleDescription(certainty.sentence)
            set_look(self.word, "sure")
            doubt = certainty.state is State.NOT_SURE
            self._say(certainty.word, certainty.line, "surer" if doubt else "sentence")
            self._show_parts()

    def _say(self, word: str, line: str, look: str) -> None:
        set_look(self.line, look)
        self.word.setText(word)
        self.line.setText(line)
        self.line.setAccessibleName(line)

    def _show_parts(self) -> None:
        known = self._certainty is not None
        letter = "" if self._certainty is None else self._certainty.letter
        if letter and self._certainty is not None:
            self.is_digit.setText(_("It is {label}", label=with_article(self._certainty.text)))
        self._choices.setCurrentIndex(int(bool(letter)))
        for command in self._commands:
            command.setEnabled(bool(letter))
        self.why.setVisible(known and self.why.offered)
        self.wrong.setVisible(known and self._digits)
        self._fit_figure()

    def _fit_figure(self) -> None:
        room = (self.width() - _FIGURE_GAP) // 2
        wide = self.figure.show_certainty(self._certainty, self._digits, room)
        self.figure.setFixedWidth(wide)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_figure()

    def begin(self) -> None:
        if self._certainty is None or not self._digits or self.asking:
            return
        self._before = QApplication.focusWidget()
        self.asking = True
        self._pages.setCurrentIndex(1)
        focused = int(self._said) if self._said else self._likely
        self.buttons[focused].setFocus(Qt.OtherFocusReason)

    def end(self) -> None:
        """Offer the two buttons again; the focus goes back to where it was."""
        if not self.asking:
            return
        self.asking = False
        held = QApplication.focusWidget() in (*self.buttons, self.none, self.take_back, self.cancel)
        self._pages.setCurrentIndex(0)
        if held:
            before = self._before
            if before is None or sip.isdeleted(before):
                before = self.wrong
            before.setFocus(Qt.OtherFocusReason)

    def serve(self, *commands: QAction) -> None:
        """Let the keys of commands press the two buttons while these are shown."""
        for command, button in zip(commands, (self.is_digit, self.is_letter), strict=True):
            command.triggered.connect(button.click)
        self._commands = commands
        self._show_parts()

    def show_said(self, said: str | None) -> None:
        """Offer to change what the user said of the ink."""
        if said != self._said:
            self._said = said
            mark_said(self.buttons, self.none, self.take_back, said)
            # There is no room for both; the marked digit says what the question asks.
            self.question.setVisible(said is None)
            self.wrong.setText(_("Wrong?") if said is None else _("Change"))
            self.wrong.setAccessibleName(self.wrong.text())

    def _teach(self, digit: int) -> None:
        mark_said(self.buttons, self.none, self.take_back, self._said)
        self.end()
        self.teach_requested.emit(digit)

    def _confirm(self) -> None:
        """Settle that it is the digit that it is read as."""
        assert self._certainty is not None
        self.settle_requested.emit(self._certainty.text)

    def _refuse(self) -> None:
        self.end()
        self.settle_requested.emit(NO_DIGIT)

    def _take_back(self) -> None:
        self.end()
        self.take_back_requested.emit()

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        if not self.asking or event.modifiers() & ~Qt.KeypadModifier:
            return None
        if event.key() == Qt.Key_Escape:
            return self.end
        if event.key() == Qt.Key_Delete and self.take_back.isVisible():
            return self._take_back
        digit = event.key() - Qt.Key_0
        return partial(self._teach, digit) if digit in range(10) else None


def take_back_button(act: Callable[[], object]) -> QPushButton:
    return push_button("takeBackButton", _("Take it back"), "", "Delete", "link", act)


def none_button(act: Callable[[], object], look: str) -> QPushButton:
    sentence = _("It is none of the ten digits; the network learns nothing from it.")
    return push_button("noDigitButton", _("Not a digit"), sentence, look=look, act=act)


def mark_said(
    buttons: Sequence[QPushButton],
    none: QPushButton,
    take_back: QPushButton,
    said: str | None,
) -> None:
    """Mark the button of the digit that the user said; offer to take it back, or to say none."""
    for button in buttons:
        button.setChecked(button.text() == said)
    none.setVisible(said is None)
    take_back.setVisible(said is not None)
