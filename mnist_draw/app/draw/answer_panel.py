"""The right side of the Draw tab: the answer, its probabilities and what the network sees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal, Slot
from qtpy.QtGui import QFontMetricsF, QHideEvent, QMouseEvent, QPaintEvent, QPalette, QResizeEvent
from qtpy.QtWidgets import QSizePolicy, QWidget, QWidgetItem

from mnist_draw.app.draw.answer_block import DIGIT_KEY, LETTER_KEY, WHY_KEY, AnswerBlock
from mnist_draw.app.draw.ink_card import CELLS, INK_KEY, InkCard
from mnist_draw.app.draw.lines_card import LinesCard
from mnist_draw.app.draw.probability_bars import BEST, ProbabilityBars
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command, icon
from mnist_draw.app.kit.layout import ScrollArea, column, row
from mnist_draw.app.kit.painters import opaque_painter, paint_box
from mnist_draw.app.kit.steady_labels import ElidedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, explain, push_button
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.i18n import _, listed, number, percent
from mnist_draw.recognition.certainty import (
    NOTHING_DRAWN,
    Certainty,
    format_probability,
    two_best,
)

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.draw.next_step_card import NextStep
    from mnist_draw.app.draw.recognition import BoardReading
    from mnist_draw.recognition.answer import NumberAnswer
    from mnist_draw.recognition.explanation import Explanation
    from mnist_draw.storage.preferences import Preferences

ALL_KEY = "A"
#: The panel's width at the usual text size, and its share of the page: of it, and at the most.
_WIDTHS = (360, 448)
_SHARE = 0.33
_MAX_SHARE = 0.45
_ALL_TEN = "all_ten"
_INK = "ink_that_spoke"


def panel_width(page: int) -> int:
    least, most = (theme.scaled(width) for width in _WIDTHS)
    return min(max(least, min(theme.scaled(_SHARE * page), most)), round(_MAX_SHARE * page))


def _thousandths_above(share: float) -> int:
    return math.floor(1000 * share) + 1


def others_under(largest: float) -> str:
    """Return a bound of what no figure tells: the largest of it, rounded up."""
    thousandths = _thousandths_above(largest)
    if thousandths < 10:
        bound = percent(thousandths / 1000, 1)
    else:
        bound = percent((math.floor(100 * largest) + 1) / 100)
    # Translators: of the classes without a figure, each is less probable than this.
    return _("others under {share}", share=bound)


class NumberSegments(QWidget):
    """A segment for each digit of a number; the chosen one is told in detail."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("numberSegments")
        self.setAttribute(Qt.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.setCursor(Qt.PointingHandCursor)
        sentence = _("Choose what the bars are about.")
        explain(self, _("Digits of the number"), sentence, "← →")
        self._parts: tuple[tuple[str, str], ...] = ()
        self._place = -1
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(0, theme.scaled(Size.BUTTON) + Size.CARD_GAP)

    def show_parts(self, parts: Sequence[tuple[str, str]], place: int) -> None:
        """Show the text and the probability of each digit; none hides the segments."""
        if (tuple(parts), place) != (self._parts, self._place):
            self._parts = tuple(parts)
            self._place = place
            self.setAccessibleDescription(listed(" ".join(part).strip() for part in parts))
            self.setVisible(bool(parts))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._parts and self.rect().contains(event.pos()):
            self.chosen.emit(event.x() * len(self._parts) // self.width())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = opaque_painter(self, "card")
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5 - Size.CARD_GAP)
        paint_box(painter, area, "segments", radius=Size.FIELD_RADIUS)
        painter.setFont(theme.font(Text.BODY, bold=True))
        wide = area.width() / max(len(self._parts), 1)
        metrics = QFontMetricsF(painter.font())
        whole = max(
            (metrics.horizontalAdvance("   ".join(part)) for part in self._parts),
            default=0,
        )
        for place, (text, share) in enumerate(self._parts):
            box = QRectF(area.left() + place * wide, area.top(), wide, area.height())
            if place == self._place:
                painter.setPen(Qt.NoPen)
                painter.setBrush(theme.color("segment"))
                painter.drawRoundedRect(box.adjusted(2.5, 2.5, -2.5, -2.5), 4, 4)
            painter.setPen(theme.color("text" if place == self._place else "muted"))
            words = f"{text}   {share}" if whole + 2 * Size.CARD_GAP <= wide else text
            if metrics.horizontalAdvance(words) > wide:
                words = text[:1]
            painter.drawText(box, Qt.AlignCenter, words.strip())


class BarsCard(Card):
    """The bars, above them the digits of a number, below them the way to all bars."""

    def __init__(self) -> None:
        super().__init__()
        self.segments = NumberSegments()
        self.bars = ProbabilityBars()
        self.all_button = push_button("allTenButton", _("All ten"), "", ALL_KEY, "link")
        self.all_button.setCheckable(True)
        for act in (self.bars.show_all, self._fit, self.show_foot):
            self.all_button.toggled.connect(act)
        self.others = ElidedLabel("", "muted", "othersLabel")
        self.others.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self.others.setBackgroundRole(QPalette.Base)
        self.others.setAutoFillBackground(True)
        self.note = ElidedLabel("", "muted", "barsNote")
        self.body.setSpacing(0)
        self._foot = QWidget()
        self._held = FixedLabel(self.others, lines=1)
        #: Whether the bars hold only if the ink is no letter.
        self.may_be_letter = False
        #: All that the foot depends on, as it is now.
        self._shown: tuple[object, ...] = ()
        row(self.all_button, (self.note, 1), (self._held, 1), gap=0, owner=self._foot)
        for part in (self.segments, self.bars, self._foot):
            self.body.addWidget(part)
        theme.follow(self, self._fit)

    def show_classes(self, names: Sequence[str]) -> None:
        self.bars.show_classes(names)
        self._fit()

    def _fit(self) -> None:
        on = self.all_button.isChecked()
        count = len(self.bars.names)
        side = Size.CARD_PADDING
        less = Size.GRID if on else 0
        self.body.setContentsMargins(side, side - 1 - less, side, side - 1 - less)
        self._foot.setFixedHeight(theme.scaled(Size.LOW_BUTTON) - less)
        # Translators: all classes of the network.
        others = _("All {count}", count=number(count))
        all_of_them = _("All ten") if count == len(DIGITS) else others
        self.all_button.setText(_("Top three") if on else all_of_them)
        self.all_button.setAccessibleName(self.all_button.text())
        self.all_button.setIconSize(QSize(1, 1) * theme.scaled(Size.SMALL_ICON))
        self.all_button.setIcon(icon("caret-up" if on else "caret-down", look="link"))

    def show_foot(self) -> None:
        untold = self.bars.largest_without_figure()
        known = self.bars.known
        refused = self.bars.refused
        bound = None if untold is None else _thousandths_above(untold)
        # Most answers of a growing stroke change nothing here.
        shown = bound, known, refused, self.bars.names, self.may_be_letter
        if shown == self._shown:
            return
        self._shown = shown
        words = "" if untold is None else others_under(untold)
        self.others.setText(_("If it is a digit") if self.may_be_letter else words)
        digits = self.bars.names == DIGITS
        of_classes = _("How probable each class is")
        self.note.setText(_("How probable each digit is") if digits else of_classes)
        waiting = not known and not refused
        self.note.setVisible(waiting)
        self._held.setHidden(waiting)
        self.all_button.setVisible(known and len(self.bars.names) > BEST)


class AnswerPanel(ScrollArea):
    """Everything that is said of the drawing; below the answer, of one digit of a number."""

    explanation_requested = Signal(object, int, int)
    #: The digit of the number that is told in detail; -1 without a number.
    place_changed = Signal(int)
    #: The picture, its probabilities, and how certain they are.
    evidence_changed = Signal(object, object, object)
    #: The board, or the digit of the number at a place, is this digit.
    teach_requested = Signal(int, object)
    copy_requested = Signal()
    #: The board, or the digit of the number at a place, is what the user says; not to be taught.
    settle_requested = Signal(str, object)
    #: Another line of a page of numbers is shown in detail.
    line_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("answerPanel")
        self.setProperty("look", "plain")
        #: What the board is read as, and the line of it that is shown, from 0.
        self._board: BoardReading | None = None
        self._line = 0
        self._place: int | None = None
        self._noted_place = -1
        self._picture: np.ndarray | None = None
        #: Explanations asked for before this ticket are of no use any more.
        self._ticket = self._oldest = 0
        #: What other pages show of the answer.
        self._evidence: tuple[Any, Any, Any] = (None, None, None)
        #: What is said of the board; None without a drawing.
        self.certainty: Certainty | None = None
        self.block = AnswerBlock()
        self.lines = LinesCard(self.copy_requested.emit)
        self.why_link = self.block.why
        self.bars_card = BarsCard()
        self.bars = self.bars_card.bars
        self.ink = InkCard()
        self._added: list[NextStep] = []
        #: Whether the user wants all bars; None leaves it to the room there is.
        self._wants_all: bool | None = None
        self._waiting = _("Getting ready")
        #: Whether there is ink that the first network has not read yet.
        self._is_reading = False
        inner = QWidget()
        self._column = column(
            self.lines,
            self.block,
            self.bars_card,
            self.ink,
            1,
            gap=Size.CARD_GAP,
            owner=inner,
        )
        self.setWidget(inner)
        self.bars.digit_chosen.connect(self._digit_chosen)
        self.bars.step_requested.connect(lambda step: self.choose_place(self.place + step))
        self.bars_card.segments.chosen.connect(self.choose_place)
        self.lines.list.chosen.connect(self.choose_line)
        self.bars_card.all_button.clicked.connect(self._choose_bars)
        self.ink.switch.toggled.connect(self._ask)
        self.block.teach_requested.connect(
            lambda digit: self.teach_requested.emit(digit, self.place if self.number else None),
        )
        self.block.settle_requested.connect(
            lambda said: self.settle_requested.emit(said, self.place if self.number else None),
        )
        self.show_nothing()

    def build_commands(self, tab: QWidget) -> None:
        why = self.why_link
        all_ten = self.bars_card.all_button
        ink = self.ink.switch
        block = self.block
        digit = block.is_digit
        letter = block.is_letter
        for button, key, act in (
            (why, WHY_KEY, why.ask),
            (all_ten, ALL_KEY, all_ten.click),
            (ink, INK_KEY, ink.toggle),
        ):
            Command(tab, button.accessibleName(), key, act)
        block.serve(
            Command(tab, digit.accessibleName(), DIGIT_KEY),
            Command(tab, letter.accessibleName(), LETTER_KEY),
        )

    def restore(self, preferences: Preferences) -> None:
        """Show what was chosen, and note each choice from now on."""
        if preferences.get(_ALL_TEN, False):
            self.bars_card.all_button.click()
        self.bars_card.all_button.clicked.connect(partial(preferences.set, _ALL_TEN))
        self.ink.switch.setChecked(preferences.get(_INK, False))
        self.ink.switch.toggled.connect(partial(preferences.set, _INK))

    def add_row(self, widget: NextStep) -> None:
        self._added.append(widget)
        self._column.insertWidget(self._column.count() - 1, widget)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share_out()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.widget() and event.type() == QEvent.LayoutRequest:
            self.share_out()
        return super().eventFilter(watched, event)

    def _choose_bars(self, all_bars: bool) -> None:
        self._wants_all = all_bars
        self.share_out()

    def share_out(self) -> None:
        """Show all bars and the largest picture where there is room, else three and a smaller one.

        The user may choose other bars.
        """
        parts = [self.lines, self.block, self.bars_card, *self._added]
        shown = [part for part in parts if not part.isHidden()]
        taken = sum(QWidgetItem(part).sizeHint().height() + Size.CARD_GAP for part in shown)
        room = self.viewport().height() - taken
        # The question is not to move what is below it.
        if self._wants_all is None and not self.block.asking:
            all_bars = self.bars.height_of_all - self.bars.sizeHint().height()
            self.bars_card.all_button.setChecked(room >= all_bars + self.ink.height_with(CELLS[0]))
        self.ink.set_room(self.viewport().width(), room)
        # The lines of a page come first.
        self.ink.setHidden(bool(self.page) and room < self.ink.height_with(CELLS[-1]))

    def set_waiting(self, sentence: str) -> None:
        """Say what the first answer waits for; empty if for nothing."""
        self._waiting = sentence
        if self.certainty is None:
            self._show_no_answer()

    def show_classes(self, names: Sequence[str] = DIGITS) -> None:
        """Make room for the answers of a network; clear those of another."""
        if tuple(names) != self.bars.names:
            self.bars_card.show_classes(names)
            self.block.show_classes(names)
            self.show_nothing()

    def expect_reading(self) -> None:
        """Say that ink is read, until it is: after a start the network is loaded first."""
        self._is_reading = self.certainty is None
        self._show_no_answer()

    def show_nothing(self) -> None:
        self._is_reading = False
        self._board = self._place = self._picture = self.certainty = None
        self._line = 0
        self._show_lines()
        self._oldest = self._ticket + 1
        self._show_no_answer()
        self.bars.chosen = None
        self.bars.show_nothing()
        self.bars_card.segments.show_parts((), -1)
        self.bars_card.show_foot()
        self.ink.show_picture(None)
        self._note_evidence(None, None, None)
        self._note_place()

    def _show_no_answer(self) -> None:
        if self._is_reading:
            self.block.show_nothing(_("Reading…"), self._waiting)
        else:
            self.block.show_nothing(NOTHING_DRAWN.word, self._waiting or NOTHING_DRAWN.line)

    def _show_lines(self) -> None:
        page = self.page
        self.lines.setVisible(bool(page))
        self.block.setHidden(bool(page))
        if page:
            self.lines.show_lines(tuple(line.certainty for line in page), self.line)

    def show_reading(self, board: BoardReading) -> None:
        """Show what the board is read as; of a page of numbers, the line that was drawn last."""
        before = () if self._board is None else self._board.lines
        known = {line.places[0].token for line in before}
        changed = [n for n, line in enumerate(board.lines) if line.places[0].token not in known]
        if changed:
            self._line = changed[-1]
            self._place = None
        self._board = board
        self._show_board()

    def step_line(self, step: int) -> None:
        if self.line + step in range(len(self.page)):
            self.choose_line(self.line + step)

    def choose_line(self, line: int) -> None:
        self._line = line
        self._place = None
        self._oldest = self._ticket + 1
        self._show_board()
        self.line_changed.emit()

    def _show_board(self) -> None:
        if self.reading is not None:
            self._show_detail(self.reading)
        self._show_lines()

    @property
    def reading(self) -> BoardReading | None:
        """The reading that is shown in detail: of the board, or of the chosen line."""
        return self.page[self.line] if self.page else self._board

    @property
    def page(self) -> tuple[BoardReading, ...]:
        """The lines of a page of numbers; none of another board."""
        return () if self._board is None else self._board.lines

    @property
    def line(self) -> int:
        """The line of a page that is shown in detail."""
        return max(0, min(self._line, len(self.page) - 1))

    @property
    def sentence(self) -> str:
        """All that is read, to be copied."""
        alone = "" if self.certainty is None else self.certainty.sentence
        return "\n".join(line.certainty.text for line in self.page) or alone

    def _show_detail(self, reading: BoardReading) -> None:
        answer = reading.answer
        if not answer.text:
            self.show_nothing()
            return
        self.show_classes(answer.names)
        self._is_reading = False
        self.certainty = reading.certainty
        if self.number is not None:
            self._show_number(self.number, self.certainty)
        else:
            self._place = None
            self.block.question.setText(_("It is"))
            self.bars_card.segments.show_parts((), -1)
            self._show_evidence(
                answer.network_input,
                answer.probabilities,
                answer.second,
                self.certainty,
            )
        self._note_place()
        self._ask()

    def _show_number(self, number: NumberAnswer, certainty: Certainty) -> None:
        place = self.place
        parts = [
            (told.label, "" if told.is_refused else format_probability(part.confidence, 0))
            for told, part in zip(certainty.parts, number.digits, strict=True)
        ]
        self.bars_card.segments.show_parts(parts, place)
        part = number.digits[place]
        question = _("It is")
        if not part.sign:
            number_of = {"place": number.digits_until(place), "digit": certainty.parts[place].label}
            # Translators: ten buttons follow, the digits.
            question = _("Digit no. {place} ({digit}) is", **number_of)
        self.block.question.setText(question)
        rival = two_best(part.probabilities.tolist())[1]
        self._show_evidence(part.network_input, part.probabilities, rival, certainty.parts[place])

    def _show_evidence(
        self,
        picture: np.ndarray | None,
        probabilities: np.ndarray,
        rival: int,
        part: Certainty,
    ) -> None:
        """Show the answer, and what was said of one digit; of refused ink only the picture."""
        assert self.certainty is not None
        best = None if part.is_refused else (int(probabilities.argmax()), rival)
        self._picture = None if part.is_refused else picture
        self.block.show_certainty(self.certainty, self.bars.names, best)
        self.bars.show_probabilities(probabilities.tolist(), part)
        self.bars_card.may_be_letter = bool(part.letter)
        self.bars_card.show_foot()
        self.ink.show_picture(picture)
        if part.is_refused:
            self.ink.show_explanation(None)
        self._note_evidence(picture, probabilities, part)

    def _note_place(self) -> None:
        if self.place != self._noted_place:
            self._noted_place = self.place
            self.place_changed.emit(self.place)

    def _note_evidence(self, picture: Any, probabilities: Any, part: Certainty | None) -> None:
        """Pass the evidence on to other pages: at once if one is shown, else with it."""
        self._evidence = (picture, probabilities, part)
        if not self.isVisible():
            self.evidence_changed.emit(*self._evidence)

    def hideEvent(self, event: QHideEvent) -> None:
        self.evidence_changed.emit(*self._evidence)

    @property
    def number(self) -> NumberAnswer | None:
        return None if self.reading is None else self.reading.number

    @property
    def place(self) -> int:
        """The digit of the number that is shown in detail, from 0; -1 without a number."""
        if self.number is None:
            return -1
        last = len(self.number.digits) - 1
        return last if self._place is None else min(self._place, last)

    def describe_place(self) -> str:
        """Say which digit of the number is shown in detail; empty without a number."""
        if self.number is None:
            return ""
        # Translators: such as "4, digit 2 of 34".
        return _(
            "{digit}, digit {place} of {number}",
            digit=self.number.digits[self.place].text,
            place=self.number.digits_until(self.place),
            number=self.number.text.replace("-", "−"),
        )

    def choose_place(self, place: int) -> None:
        number = self.number
        if self.reading is None or number is None or place not in range(len(number.digits)):
            return
        if place != self.place:
            self._oldest = self._ticket + 1
        self._place = place
        self._show_detail(self.reading)

    def _digit_chosen(self) -> None:
        # An explanation that is on its way is about another digit.
        self._oldest = self._ticket + 1
        if self.bars.chosen is not None and not self.ink.switch.isChecked():
            # What spoke for a digit is to be seen; the switch asks, too.
            self.ink.switch.setChecked(True)
        else:
            self._ask()

    def _ask(self) -> None:
        """Ask what spoke for the digit, while that is shown."""
        digit = self.bars.explained_digit
        if self._picture is not None and digit is not None and self.ink.switch.isChecked():
            self._ticket += 1
            self.explanation_requested.emit(self._picture, digit, self._ticket)

    @Slot(object, int)
    def show_explanation(self, explanation: Explanation, ticket: int) -> None:
        """Show an explanation unless its question is outdated."""
        if ticket >= self._oldest and explanation.names == self.bars.names:
            self.ink.show_explanation(explanation)
