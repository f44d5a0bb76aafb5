"""The Draw tab: tools, board and answer."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QCoreApplication, QEvent, QRectF, Qt, QTimer, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QWidget

from mnist_draw.app.draw.answer_block import TEACH_KEY
from mnist_draw.app.draw.answer_panel import AnswerPanel, panel_width
from mnist_draw.app.draw.autosave import Autosave
from mnist_draw.app.draw.board_items import PEN_WIDTH
from mnist_draw.app.draw.canvas import Canvas, notifier
from mnist_draw.app.draw.first_start import FirstStart
from mnist_draw.app.draw.next_step_card import NextStep
from mnist_draw.app.draw.overlays import DigitPopover, NumberBoxes, Tag, crop_marks, tag_of
from mnist_draw.app.draw.picture_tools import PictureTools
from mnist_draw.app.draw.recognition import (
    BoardReading,
    Explanations,
    PostedInk,
    Recognition,
    settle,
)
from mnist_draw.app.draw.teaching import LearnController, Teaching
from mnist_draw.app.draw.tool_bar import WIDTH_STEP, ToolBar
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.app_state import NO_DIGIT, Learns, TaughtInk
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.layout import Page, column, row
from mnist_draw.app.kit.notifier import board as notices
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background, connect_direct
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.i18n import _, number, pgettext
from mnist_draw.recognition.certainty import Certainty, State
from mnist_draw.recognition.glyphs import SIGNS
from mnist_draw.storage.models import ModelFile

if TYPE_CHECKING:
    from mnist_draw.storage.preferences import Preferences

#: Seconds from one reading of a growing stroke to the next: a usual mouse moves as often.
_READ_S = 0.008
#: From the board's edge to a message.
_MESSAGE_EDGE = 16
#: What the preferences call the pen's width, what is cut out, and that the tab was shown before.
_PEN_WIDTH = "pen_width"
_CROP_BOX = "crop_box"
_WELCOMED = "welcomed"
_DECIMALS = "decimals"
_ONLY_DIGITS = "only_digits"


class DrawTab(Page):
    name = "draw"
    title = pgettext("tab", "Draw")

    ink_posted = Signal(PostedInk)
    #: The user wants to see the taught digits.
    digits_requested = Signal()

    def __init__(
        self,
        network: ActiveNetwork | None = None,
        preferences: Preferences | None = None,
        before: DrawTab | None = None,
    ) -> None:
        super().__init__()
        self.network = network or ActiveNetwork(parent=self)
        canvas = Canvas(None if before is None else before.canvas.drawing)
        self.canvas: Canvas = canvas
        self.boxes = NumberBoxes(canvas)
        self.first_start = FirstStart(canvas)
        self.tools = ToolBar(canvas)
        self.answer = AnswerPanel()
        self.background = background = Background(self)
        self.pictures = PictureTools(canvas, background, self.network, self.answer, self)
        saved = None if before is None else before.autosave
        self.autosave: Autosave = Autosave(canvas, background, saved)
        self.teaching = Teaching(canvas, background, self.network, self)
        self.learn = LearnController(self.teaching, self.network, background, self)
        self.next_step = NextStep(self.network, self.learn)
        self.answer.add_row(self.next_step)
        self.question: DigitPopover | None = None
        self._place: int | None = None
        self._draws_another = False
        self.ticket = 0
        self._posting = QTimer(self)
        self._posting.setTimerType(Qt.PreciseTimer)
        self._posting.setSingleShot(True)
        self._posting.timeout.connect(self._pull_ink)
        #: The ticket answered last, and the moment from which ink may be posted again.
        self._answered = 0
        self._due = 0.0
        self.is_waiting = False
        self._emptied = 0
        self._is_one_line = False
        #: The reading shown last, without what the user settled.
        self._read: BoardReading | None = None
        board = column((self.canvas, 1), self.pictures.strip, gap=Size.CARD_GAP)
        margins = (Size.MARGIN,) * 4
        row((board, 1), self.answer, gap=Size.MARGIN, margins=margins, owner=self)
        self._connect()
        self._build_commands()
        self._show_history()
        #: Whether the first start's card is shown: the first time, and until something is drawn.
        self.welcomes: bool = before is not None and before.welcomes
        if preferences is not None:
            self._restore(preferences)

    def _restore(self, preferences: Preferences) -> None:
        """Show what was chosen, and note each choice from now on."""
        self.welcomes |= not preferences.get(_WELCOMED, False)
        preferences.set(_WELCOMED, True)
        self.canvas.set_pen_width(preferences.get(_PEN_WIDTH, PEN_WIDTH))
        self.canvas.width_changed.connect(
            lambda: preferences.set(_PEN_WIDTH, self.canvas.pen_width),
        )
        for name, choice in self._choices.items():
            choice.setChecked(preferences.get(name, False))
            choice.toggled.connect(partial(preferences.set, name))
        self.answer.restore(preferences)
        self.teaching.restore(preferences)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_panel()

    def _fit_panel(self) -> None:
        self.answer.setFixedWidth(panel_width(self.width()))
        # Now, not with the next event: the board would be painted twice.
        self.layout().activate()

    def _connect(self) -> None:
        tools = self.tools
        canvas = self.canvas
        tools.eraser.toggled.connect(partial(setattr, canvas, "erasing"))
        canvas.ink_changed.connect(self._note_ink)
        self.boxes.chosen.connect(self._ask_digit)
        self.boxes.whole_chosen.connect(self._ask_whole)
        self.boxes.joined.connect(self._join_lines)
        self.answer.place_changed.connect(self._mark_place)
        self.answer.place_changed.connect(self._show_said)
        self.first_start.example.clicked.connect(self.pictures.examples.show_any)
        canvas.history_changed.connect(self._note_history)
        self.answer.copy_requested.connect(self.pictures.copy_answer)
        self.answer.line_changed.connect(self._show_line)
        self.answer.teach_requested.connect(self._teach)
        self.answer.settle_requested.connect(self._settle)
        self.answer.block.take_back_requested.connect(
            lambda: self._take_back_said(self._panel_place),
        )
        state = self.network.state
        state.follow(["taught_inks", "learning", "learned_by"], self._show_tags)
        state.follow(["settled"], self._show_read)
        self.learn.drawing_requested.connect(self._draw_another)
        self.learn.is_watched = self.answer.isVisible
        theme.theme().changed.connect(self._fit_panel)

    def connect_services(self, recognition: Recognition, explanations: Explanations) -> None:
        answer = self.answer
        recognition.ready.connect(self.network.confirm)
        connect_direct(self.ink_posted, recognition.post_ink)
        recognition.answered.connect(self.show_reading)
        recognition.failed.connect(lambda _: self.note_read(self.ticket))
        connect_direct(answer.explanation_requested, explanations.post)
        connect_direct(answer.ink.watched, explanations.watch)
        explanations.answered.connect(lambda found: found and answer.show_explanation(*found))

    def _note_history(self) -> None:
        """Show what can be done, and withdraw what was said of the drawing before."""
        self._show_history()
        if notifier.subject in notices.subjects:
            notifier.forget()
        if self.pictures.caption.isVisible():
            self.pictures.caption.say("")
        if self.pictures.strip.isVisible():
            self.pictures.strip.mark(None)
        if not self.canvas.has_ink():
            self.network.state.set(certainty=State.NOTHING)
            if not self._draws_another:
                self.teaching.forget_outcome()

    def _draw_another(self) -> None:
        """Empty the board for another digit; Undo brings back what was drawn."""
        self._draws_another = True
        self.canvas.clear()
        self._draws_another = False
        self.canvas.setFocus()

    def _take_back(self) -> None:
        """Take back the last step: a lesson, or a change of the board."""
        if not self.teaching.take_back_last():
            self.canvas.undo()

    def _build_commands(self) -> None:
        tools = self.tools
        canvas = self.canvas
        add = partial(Command, self)
        pen = add(pgettext("tool", "Pen"), "P", tools.pen.click, "pencil-simple")
        wide = _("Erase; twice as wide as the pen.")
        eraser = add(pgettext("tool", "Eraser"), "E", tools.eraser.click, "eraser", wide)
        pen.describe(tools.pen)
        eraser.describe(tools.eraser)
        icon = "arrow-counter-clockwise"
        self.undo = add(_("Undo"), "Ctrl+Z", self._take_back, icon)
        keys = "Ctrl+Y, Ctrl+Shift+Z"
        self._redo = add(_("Redo"), keys, canvas.redo, "arrow-clockwise")
        self._clear = add(_("Clear"), "Delete", canvas.clear, "trash")
        self.undo.serve(tools.undo)
        self._redo.serve(tools.redo)
        self._clear.serve(tools.clear)
        sentence = _("Frame what is cut out for the network, and mark its center of mass.")
        self.cut_out = add(_("Show what is cut out"), "B", sentence=sentence)
        sentence = _("Read {signs} next to digits as signs.", signs=" ".join(SIGNS))
        self.decimals = add(_("Signs in numbers"), "D", sentence=sentence)
        sentence = _("Do not ask whether a digit is a letter.")
        self.only_digits = add(_("Only digits are drawn here"), sentence=sentence)
        #: By their names in the preferences.
        self._choices = {
            _CROP_BOX: self.cut_out,
            _DECIMALS: self.decimals,
            _ONLY_DIGITS: self.only_digits,
        }
        for choice in self._choices.values():
            choice.setCheckable(True)
            choice.toggled.connect(self._read_anew)
        self.answer.build_commands(self)
        thinner = partial(self._widen, -WIDTH_STEP)
        wider = partial(self._widen, WIDTH_STEP)
        add(_("Thinner pen"), "[", thinner)
        add(_("Thicker pen"), "]", wider)
        sentence = _("Close what is open on the board or below it.")
        add(_("Close"), "Esc", self._close, sentence=sentence)
        wrong = self.answer.block.wrong
        add(wrong.text(), TEACH_KEY, self.answer.block.begin)
        my_digits = add(_("My digits"), "F8", self.digits_requested.emit)

        self._my_digits = my_digits
        self.network.state.follow(["taught"], self._show_count)
        add(_("Line above"), "Ctrl+Up", partial(self.answer.step_line, -1))
        add(_("Line below"), "Ctrl+Down", partial(self.answer.step_line, 1))
        tools.fill(*self.pictures.commands, (*self._choices.values(), my_digits))

    def _show_count(self) -> None:
        count = self.network.state.taught
        several = _("My digits ({count})", count=number(count))
        self._my_digits.setText(several if count else _("My digits"))

    def start(self) -> None:
        self.autosave.start()
        if self.welcomes and not self.canvas.has_ink():
            self.first_start.begin()
        self.teaching.recount()

    def finish(self) -> None:
        self.pictures.input.stop()
        self.autosave.finish()
        self.learn.finish()

    def leave(self) -> None:
        """End here: another tab goes on with the drawing."""
        self.welcomes = not self.first_start.isHidden()
        self.pictures.input.stop()
        self.canvas.end()
        self.autosave.save()

    def read_again(self) -> None:
        self._post_ink()

    def _read_anew(self) -> None:
        self._show_tags()
        self._post_ink()

    def _join_lines(self) -> None:
        """Read all lines of the board as one, until it is empty again."""
        self._is_one_line = True
        self._post_ink()

    def message_background(self) -> tuple[QWidget, int]:
        return self.canvas, _MESSAGE_EDGE

    def focus_first(self) -> None:
        self.canvas.setFocus()

    def use_network(self, model: ModelFile) -> None:
        from mnist_draw.library.network_data import class_names

        names = class_names(model)
        digits = names == DIGITS
        self.answer.show_classes(names)
        self.pictures.name_examples(digits)
        self.canvas.set_invitation(names)
        self.first_start.show_classes(digits)

    def _widen(self, step: float) -> None:
        self.canvas.set_pen_width(self.canvas.pen_width + step)

    def _close(self) -> None:
        if self.first_start.isVisible():
            self.first_start.end()
        elif self.pictures.strip.isVisible():
            self.pictures.strip.close_strip()
        else:
            notices.escaped.emit()

    def _show_history(self) -> None:
        tools = self.tools
        drawing = self.canvas.drawing
        steps = tools.undo, tools.redo, tools.clear
        focused = next((button for button in steps if button.hasFocus()), None)
        self.undo.setEnabled(drawing.can_undo)
        self._redo.setEnabled(drawing.can_redo)
        self._clear.setEnabled(bool(drawing.items))
        if focused is not None and not focused.isEnabled():
            # The keyboard goes to what takes the step back.
            (tools.redo if focused is tools.undo else tools.undo).setFocus()

    def _note_ink(self) -> None:
        """Post the ink; while a stroke grows, after it has been painted."""
        if not self.canvas.is_drawing():
            self._posting.stop()
            self._post_ink()
        elif not self._posting.isActive():
            self._posting.start(max(0, round(1000 * (self._due - time.monotonic()))))

    def _pull_ink(self) -> None:
        """Post the ink when it can be read: what waits would only be replaced by newer ink."""
        if self._answered >= self.ticket:
            # Windows hands timers out before what waits to be painted.
            QCoreApplication.sendPostedEvents(self.window(), QEvent.UpdateRequest)
            self._post_ink()
        else:
            self.is_waiting = True

    def note_read(self, answered: int) -> None:
        """Note that the ink posted last was read, or could not be."""
        self._answered = answered
        if self.is_waiting:
            self.is_waiting = False
            self._note_ink()

    def _post_ink(self) -> None:
        """Send the drawing off to be recognised; an empty board needs no network."""
        self.ticket += 1
        # One that is late does not delay those after it.
        self._due = max(self._due + _READ_S, time.monotonic())
        drawing = self.canvas.drawing
        if drawing.is_blank():
            self._emptied = self.ticket
            self._is_one_line = False
            self.answer.show_nothing()
            self._show_tags()
        else:
            if self.network.state.model is None:
                self.answer.expect_reading()
            if self.cut_out.isChecked():
                self._show_tags()
        posted = PostedInk(
            drawing.reader(),
            self.ticket,
            drawing.beginning,
            self.decimals.isChecked(),
            self._is_one_line,
            self.only_digits.isChecked(),
        )
        self.ink_posted.emit(posted)

    def show_reading(self, reading: BoardReading) -> None:
        """Show a reading unless the board has been emptied since its ink was posted."""
        self.note_read(reading.ticket)
        self._read = reading
        self._show_read()

    def _show_read(self) -> None:
        if self._read is not None and self._read.ticket > self._emptied:
            reading = settle(self._read, self.network.state.settled)
            self.answer.show_reading(reading)
            shown = self.answer.reading or reading
            boxes = self.boxes.boxes
            self._show_tags()
            if self.question is not None and self.boxes.boxes != boxes:
                # Another network divides the ink otherwise.
                self.question.hide()
            self.teaching.note_answer(shown.answer, shown.number)
            # While a stroke grows the answer changes too often to be followed.
            if not self.canvas.is_drawing():
                certainty = self.answer.certainty
                state = State.NOTHING if certainty is None else certainty.state
                self.network.state.set(certainty=state)

    def _show_line(self) -> None:
        """Show what the chosen line of a page is read as, also on the board."""
        reading = self.answer.reading
        if reading is not None:
            self.teaching.note_answer(reading.answer, reading.number)
        self._show_tags()

    def _show_tags(self) -> None:
        """Frame what is read, and say in tags as what, and what the user said of it."""
        reading = self.answer.reading
        number = None if reading is None else reading.number
        tags: list[Tag] = []
        boxes: list[QRectF] = []
        lines: list[range] = []
        center = None
        for line in self.answer.page or ([] if reading is None else [reading]):
            whole = self._tag(line.certainty, _token(line, None))
            first = len(boxes)
            if whole.spoken:
                boxes.append(self._on_board(line.places[0].box))
                tags.append(whole)
            elif line.number is not None:
                boxes += [self._on_board(part.box) for part in line.number.digits]
                parts = enumerate(line.certainty.parts)
                tags += [self._tag(part, _token(line, place)) for place, part in parts]
            lines.append(range(first, len(boxes)))
        if self.cut_out.isChecked() and number is None:
            marks = crop_marks(self.canvas.ink(), self.canvas.drawing)
            if marks is not None:
                boxes = [marks[0]]
                lines = []
                center = marks[1]
                certainty = self.answer.certainty
                tags = [] if certainty is None else [self._tag(certainty, _token(reading, None))]
        self.boxes.show_tags(boxes, tags, center, lines)
        self._mark_place(self.answer.place)
        self._show_said()

    def _mark_place(self, place: int) -> None:
        """Mark a digit of the line that is shown in detail."""
        lines = self.boxes.lines
        line = self.answer.line
        self.boxes.mark(place + lines[line].start if place >= 0 and line < len(lines) else -1)

    def _on_board(self, box: tuple[int, int, int, int]) -> QRectF:
        return self.canvas.drawing.to_board(*box)

    def _tag(self, read: Certainty, token: str) -> Tag:
        state = self.network.state
        learns = isinstance(state.learning, Learns)
        answering = state.network_answering
        has_learned = answering is not None and answering.key == state.learned_by
        return tag_of(read.label, state.taught_inks.get(token), learns, has_learned)

    def _show_said(self) -> None:
        self.answer.block.show_said(self._said(self._panel_place))

    @property
    def _panel_place(self) -> int | None:
        """The digit of the number that the panel is about; None without a number."""
        place = self.answer.place
        return None if place < 0 else place

    def _ask_digit(self, index: int) -> None:
        line = self._choose_line_of(index)
        place = index - line.start
        self.answer.choose_place(place)
        is_part = len(self.boxes.boxes) > 1
        self._ask(index, place if is_part else None, _("What is it?"))

    def _choose_line_of(self, index: int) -> range:
        """Show the line of a digit in detail; return the digits of that line."""
        lines = self.boxes.lines
        chosen = next(place for place, line in enumerate(lines) if index in line)
        if chosen != self.answer.line:
            self.answer.choose_line(chosen)
        return lines[chosen]

    def _ask_whole(self, index: int) -> None:
        self._choose_line_of(index)
        self._ask(index, None, _("What is it, as one digit?"))
        self.boxes.mark_whole(True)

    def _ask(self, tag: int, place: int | None, question: str) -> None:
        teaching = self.teaching
        if not teaching.ready:
            return
        if self.question is None:
            self.question = DigitPopover(self.window())
            self.question.said.connect(lambda digit: self._teach(digit, self._place))
            self.question.refused.connect(lambda: self._settle(NO_DIGIT, self._place))
            self.question.taken_back.connect(lambda: self._take_back_said(self._place))
            self.question.closed.connect(lambda: self.boxes.mark_whole(False))
            self.canvas.history_changed.connect(self.question.hide)
        self._place = place
        self.question.ask(
            self.canvas,
            self.boxes.tag(tag),
            teaching.likely(place),
            question,
            self._said(place),
        )

    def _taught(self, place: int | None) -> TaughtInk | None:
        """Return what was said of a digit of the number, or of all of the ink."""
        return self.network.state.taught_inks.get(_token(self.answer.reading, place))

    def _said(self, place: int | None) -> str | None:
        """Return what the user taught or settled of a digit of the number, or of all ink."""
        taught = self._taught(place)
        if taught is not None:
            return str(taught.label)
        return self.network.state.settled.get(_token(self.answer.reading, place))

    def _teach(self, digit: int, place: int | None) -> None:
        number = self.answer.number
        part = None if number is None or place is None else number.digits[place]
        if part is not None and part.letter and part.digit == digit:
            # It was a letter that was in question, not another digit.
            self._settle(str(digit), place)
            return
        self._settle(None, place)
        self.teaching.teach(digit, place)

    def _settle(self, said: str | None, place: int | None) -> None:
        self.teaching.settle(_token(self.answer.reading, place), said)

    def _take_back_said(self, place: int | None) -> None:
        taught = self._taught(place)
        if taught is None:
            self._settle(None, place)
        else:
            self.teaching.take_back(taught.path)


def _token(reading: BoardReading | None, place: int | None) -> str:
    """Return what the ink of a digit of a number, or all ink, is known by; empty if none."""
    places = () if reading is None else reading.places
    index = 0 if place is None else place + 1
    return places[index].token if index < len(places) else ""
