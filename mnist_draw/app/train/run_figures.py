"""The figures of a run, its one bar with a segment for each epoch, and its hint."""

from __future__ import annotations

import math
from functools import partial

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QFont, QFontInfo, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from qtpy.QtWidgets import QBoxLayout, QFrame, QLabel, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon
from mnist_draw.app.kit.layout import EqualColumns, FlowLayout, column, row
from mnist_draw.app.kit.painters import paint_bar, smooth_painter
from mnist_draw.app.kit.steady_labels import (
    GrowingLabel,
    SettleTimer,
    TabularLabel,
    draw_tabular,
    tabular_width,
)
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ProgressBar, explain, label, push_button, set_look
from mnist_draw.app.train.run_words import (
    FEW_STEPS,
    PASSING,
    large_figure,
    minibatch_words,
    time_left,
)
from mnist_draw.i18n import (
    _,
    format_loss,
    format_percent,
    number,
    percent,
    percent_sign,
    time_words,
)
from mnist_draw.training.hints import Hint
from mnist_draw.training.run import Run

_UNIT = percent_sign()
#: The unit's part of the large figure's size.
_UNIT_PART = 0.44
#: From this text size on the large figure is the smallest.
_LARGE_TEXT = 1.3
#: Under this width the figures are below each other.
_NARROW = 340


class LargeFigure(TabularLabel):
    """A percentage with a smaller unit, in the second color."""

    _level = -1

    def show_large(self, level: int) -> None:
        """Take one of the sizes in `Text.LARGE_FIGURES`."""
        if level != self._level:
            self._level = level
            set_look(self, f"large{level}")
            self.fit()

    def set_muted(self, on: bool) -> None:
        if on != self.property("muted"):
            self.setProperty("muted", on)
            self.style().unpolish(self)
            self.style().polish(self)

    def _unit_font(self) -> QFont:
        font = self.font()
        font.setPixelSize(max(1, round(_UNIT_PART * QFontInfo(font).pixelSize())))
        return font

    def fit(self) -> None:
        wide = tabular_width(self.font(), number(98.24, ".2f"))
        wide += QFontMetricsF(self._unit_font()).horizontalAdvance(_UNIT)
        # Figures have nothing below their line.
        size = QSize(math.ceil(wide) + 2, math.ceil(QFontMetricsF(self.font()).ascent()))
        if size != self._needed:
            self._needed = size
            self.setFixedSize(size)

    def paintEvent(self, event: QPaintEvent) -> None:
        number = self.text().removesuffix(_UNIT)
        if number == self.text():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        font = self.font()
        unit = self._unit_font()
        box = QRectF(self.contentsRect())
        wide = tabular_width(font, number) + QFontMetricsF(unit).horizontalAdvance(_UNIT)
        if wide > box.width():
            # 100% is rare, and gets no more room.
            for each in (font, unit):
                each.setPixelSize(max(1, int(QFontInfo(each).pixelSize() * box.width() / wide)))
        painter.setFont(font)
        draw_tabular(painter, box, number, Qt.AlignLeft)
        metrics = QFontMetricsF(font)
        base = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
        painter.setFont(unit)
        painter.drawText(QPointF(box.left() + tabular_width(font, number), base), _UNIT)


class Figure(QWidget):
    """A figure with its name above; as wide as the widest of its kind."""

    def __init__(
        self,
        caption: str,
        name: str,
        sentence: str,
        widest: str,
        value: TabularLabel | None = None,
    ) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        self.value = value or TabularLabel("–", widest=widest)
        self.value.setObjectName(name)
        self.value.setProperty("look", "value")
        self._sentence = sentence
        self._caption = label("", "muted")
        self.name(caption)
        self._widest = widest
        column(self._caption, self.value, gap=Size.CAPTION_GAP, owner=self)

    def name(self, caption: str) -> None:
        if caption != self._caption.text():
            self._caption.setText(caption)
            explain(self.value, caption, self._sentence)

    def sizeHint(self) -> QSize:
        # A longer text is cut rather than that it widens the page.
        self.value.ensurePolished()
        usual = math.ceil(tabular_width(self.value.font(), self._widest)) + 2
        if isinstance(self.value, LargeFigure):
            # Its unit is smaller than its number.
            usual = self.value.sizeHint().width()
        wide = max(self._caption.sizeHint().width(), usual)
        return QSize(wide, super().sizeHint().height())

    minimumSizeHint = sizeHint


_ACCURACY = (
    _("Validation accuracy"),
    _("On pictures that the network does not learn from."),
)
_SHARE = percent(1, 2)
_LOSS = number(0, "07.4f")
#: Caption, object name, sentence and widest usual text of each live figure.
_FIGURES = (
    (
        _("Training loss"),
        "trainLossLabel",
        _("The mean of this epoch's minibatches so far."),
        _LOSS,
    ),
    (
        _("Training accuracy"),
        "trainAccuracyLabel",
        _("The mean of this epoch's minibatches so far."),
        _SHARE,
    ),
    (
        _("Validation loss"),
        "validationLossLabel",
        _("On pictures that the network does not learn from."),
        _("after epoch {number}", number=1),
    ),
    (
        _("Learning rate"),
        "learningRateLabel",
        _("The learning rate of the last minibatch; a schedule lowers it."),
        number(1.23e-6, ".3g"),
    ),
    (
        _("Test accuracy"),
        "testAccuracyLabel",
        _("On the test pictures, at the end of the run."),
        _SHARE,
    ),
    (
        _("Steps"),
        "stepsLabel",
        _("Number of minibatches that the network has learned from."),
        number(999),
    ),
)


class Figures(QWidget):
    """The figures of a run; a running one has its accuracy in large type next to them."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        title, sentence = _ACCURACY
        usual = percent(0.9824, 2)
        self._large_value = LargeFigure("–", widest=usual)
        name = "validationAccuracyLabel"
        self._large = Figure(title, name, sentence, usual, self._large_value)
        self._large.setObjectName("accuracyFigure")
        self._note = TabularLabel(widest=_("best {share}", share=usual), look="title")
        widest = _("in epoch {number}", number=number(20))
        self._line = TabularLabel(widest=widest, look="muted")
        upright = QWidget()
        upright.setProperty("look", "upright")
        upright.setAttribute(Qt.WA_StyledBackground)
        notes = column(1, self._note, self._line, 1, gap=Size.CAPTION_GAP)
        self._beside = QWidget()
        large = row(column(1, self._large, 1), notes, upright, gap=Size.MARGIN, owner=self._beside)
        self._accuracy = Figure(title, "", sentence, usual)
        sentence = _("The best validation accuracy, and its epoch.")
        self._best = Figure(_("Best"), "bestLabel", sentence, _best(0.9825, 20))
        self.small = [Figure(*each) for each in _FIGURES]
        self._training_loss, self._training_accuracy, self._validation_loss = self.small[:3]
        self._rate, self._test_accuracy, self._steps = self.small[3:]
        self._training_loss.setObjectName("lossLabel")
        flow = EqualColumns()
        # All in one line beside the settings of a window 1,280 pixels wide.
        flow.setSpacing(Size.CARD_PADDING)
        for each in (self._accuracy, self._best, *self.small):
            flow.addWidget(each)
        whole = row(self._beside, (column(1, flow, 1), 1), gap=Size.MARGIN, owner=self)
        self._rows = (large, whole)
        self._upright = upright
        self._is_running = True
        self.show_running(True)

    def show_running(self, on: bool) -> None:
        self._is_running = on
        self._beside.setVisible(on)
        for each in (self._accuracy, self._best, self._test_accuracy):
            each.setVisible(not on)
        self._rate.setVisible(on)
        for each in self.small:
            set_look(each.value, "surer" if on else "value")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def _fit(self) -> None:
        """Choose the large figure's size: 64 pixels, fewer where there is less room."""
        wide = self.width() + 2 * Size.MARGIN
        level = 2 if wide >= 1200 else 1 if wide >= 1024 else 0
        self._large_value.show_large(0 if theme.text_scale() > _LARGE_TEXT else level)
        below = self.width() < theme.scaled(_NARROW)
        for line in self._rows:
            line.setDirection(QBoxLayout.TopToBottom if below else QBoxLayout.LeftToRight)
        self._upright.setHidden(below)
        self._give_way()

    def _give_way(self) -> None:
        """Leave out one figure where not all stand in one line."""
        spare = self._rate if self._is_running else self._best
        figures = (self._accuracy, self._best, *self.small)
        shown = [each for each in figures if each is spare or not each.isHidden()]
        widest = max(each.sizeHint().width() for each in shown)
        needed = len(shown) * (widest + Size.CARD_PADDING) - Size.CARD_PADDING
        if self._is_running:
            needed += self._beside.sizeHint().width() + Size.MARGIN
        spare.setVisible(self.width() >= needed)

    def show_run(self, run: Run) -> None:
        large = large_figure(run)
        self._large.name(large.caption)
        self._large_value.set_muted(large.is_muted)
        # Before the first validation the large figure is the training accuracy.
        self._training_accuracy.setVisible(not (self._is_running and large.is_muted))
        validation_loss = format_loss(run.validation_loss)
        if run.is_running and run.validation_loss is None:
            validation_loss = _("after epoch {number}", number=number(1))
        steps = len(run.history.batch_losses)
        self._steps.setVisible(not self._is_running and 0 < steps < FEW_STEPS)
        self._give_way()
        best = run.best
        for shown, text in (
            (self._large_value, large.value),
            (self._note, large.note),
            (self._line, large.line),
            (self._accuracy.value, format_percent(run.validation_accuracy)),
            (self._training_loss.value, format_loss(run.training_loss)),
            (self._training_accuracy.value, format_percent(run.training_accuracy)),
            (self._validation_loss.value, validation_loss),
            (self._rate.value, number(run.learning_rate, ".3g")),
            (self._test_accuracy.value, format_percent(run.test_accuracy)),
            (self._steps.value, number(steps)),
            (self._best.value, _best(best.validation_accuracy, best.epoch) if best else "–"),
        ):
            shown.setText(text)


def _best(accuracy: float, epoch: int) -> str:
    return _("{run}, epoch {epoch}", run=format_percent(accuracy), epoch=number(epoch))


#: Room of a hint's sentence next to its buttons, at least.
_LEAST_SENTENCE = 240
#: Epochs of one segment; the first that gives at most `_MAX_SEGMENTS` is taken.
_EPOCHS_OF_SEGMENT = (1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000, 100_000)
_MAX_SEGMENTS = 60
#: Steps of an epoch on the bar.
_STEPS = 1000


class EpochBar(ProgressBar):
    """Progress of the run: a segment for each epoch, or for each 5, 10, 50 of many."""

    def __init__(self) -> None:
        super().__init__(_STEPS)
        self.setObjectName("epochBar")
        # It paints itself, as high as its row.
        self.setProperty("look", "")
        sentence = _("Each segment is an epoch, or several where there are many.")
        explain(self, _("Progress of the run"), sentence)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self._epochs = 1
        self._paused = False

    def show_run(self, run: Run) -> None:
        self._epochs = max(1, run.epochs)
        paused = run.state == "paused"
        if paused != self._paused:
            self._paused = paused
            self.update()
        if self.maximum() != self._epochs * _STEPS:
            self.setMaximum(self._epochs * _STEPS)
        self.setValue(round(run.run_part * self._epochs * _STEPS))

    @property
    def segments(self) -> int:
        return -(-self._epochs // self._of_segment())

    def _of_segment(self) -> int:
        fitting = (n for n in _EPOCHS_OF_SEGMENT if self._epochs <= n * _MAX_SEGMENTS)
        return next(fitting, _EPOCHS_OF_SEGMENT[-1])

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        each = self._of_segment()
        done = self.value() / _STEPS
        gap = 3 if self.width() > 10 * self.segments else 1
        unit = (self.width() + gap) / self._epochs
        high = min(self.height(), Size.EPOCH_BAR)
        top = (self.height() - high) / 2
        color = "muted" if self._paused else "accent"
        for segment in range(self.segments):
            first = segment * each
            epochs = min(each, self._epochs - first)
            box = QRectF(first * unit, top, epochs * unit - gap, high)
            part = min(max((done - first) / epochs, 0.0), 1.0)
            paint_bar(painter, box, part, 2, color)


class ProgressRow(QWidget):
    """What the run does, its bar, and what is left of it; nothing in it moves the page."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        widest = _("Epoch {epoch} of {epochs}", epoch=20, epochs=20)
        self.state_label = TabularLabel("", widest, "title", "stateLabel")
        explain(self.state_label, _("State"))
        widest = _("minibatch {done} of {all}", done=number(100), all=number(100))
        self._minibatch = TabularLabel("", widest, "muted", "minibatchLabel")
        widest = _("about {time} left", time=time_words(1200))
        self._time_left = TabularLabel("", widest, name="timeLeftLabel")
        self._time_left.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        explain(self._time_left, _("Time left"))
        self._bar = EpochBar()
        words = row(self.state_label, self._minibatch, gap=Size.FIELD_GAP)
        row(words, (self._bar, 1), self._time_left, gap=Size.MARGIN, owner=self)
        self._settling = SettleTimer(self)

    def show_run(self, run: Run) -> None:
        shown = self.state_label.text()
        show = partial(self.state_label.setText, run.label)
        settles = run.state in PASSING and run.state != "loading"
        if settles and shown not in ("", run.label):
            self._settling.wait_for(run.label, show)
        else:
            self._settling.stop()
            show()
        minibatch = minibatch_words(run)
        self._minibatch.setText(minibatch)
        self._minibatch.setVisible(bool(minibatch))
        self._bar.show_run(run)
        self._time_left.setText(time_left(run))


class HintLine(QFrame):
    """What the curves say in one sentence, with at most one button, and the way inside."""

    remedy_chosen = Signal(Hint)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("hintLine")
        self.setProperty("look", "card")
        self._hint: Hint | None = None
        self._icon = QLabel()
        self.sentence = label("", "body", "hintLabel")
        self.sentence.setAlignment(Qt.AlignLeft | Qt.AlignVCenter)
        self._line = GrowingLabel(self.sentence)
        explain(self.sentence, _("Hint"))
        self.remedy = push_button("remedyButton", _("Remedy"), look="link", act=self._apply)
        self.inside = push_button("insideLayersButton", _("Inside the layers →"), look="link")
        margins = (Size.CARD_PADDING, Size.GRID, Size.CARD_PADDING, Size.GRID)
        words = row(self._icon, (self._line, 1), gap=Size.CARD_GAP)
        self._buttons = FlowLayout()
        self._buttons.addWidget(self.remedy)
        self._buttons.addWidget(self.inside)
        self._whole = row((words, 1), self._buttons, margins=margins, gap=Size.CARD_GAP, owner=self)
        theme.follow(self, self._restyle)
        self.show_hint(Hint(""))

    def _restyle(self) -> None:
        side = theme.scaled(Size.SMALL_ICON)
        self._icon.setPixmap(icon("lightbulb", "accent").pixmap(side, side))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def _fit(self) -> None:
        """Place the buttons below the sentence where there is too little room next to it."""
        taken = self._buttons.sizeHint().width()
        below = self.width() - taken < theme.scaled(_LEAST_SENTENCE)
        self._whole.setDirection(QBoxLayout.TopToBottom if below else QBoxLayout.LeftToRight)

    def show_hint(self, hint: Hint) -> None:
        if hint != self._hint:
            self._hint = hint
            self._line.set_text(hint.sentence)
            self._icon.setVisible(bool(hint.sentence))
            self.remedy.setText(hint.remedy or _("Remedy"))
            self.remedy.setAccessibleName(self.remedy.text())
            self.remedy.setVisible(bool(hint.remedy))
            self._fit()
            self._frame()

    def show_inside(self, shown: bool) -> None:
        self.inside.setVisible(shown)
        self._frame()

    def _frame(self) -> None:
        """Frame what there is: an empty line keeps its room, for the curves to stay."""
        is_empty = not self.sentence.text() and self.inside.isHidden()
        set_look(self, "" if is_empty else "card")

    def _apply(self) -> None:
        if self._hint is not None and self._hint.remedy:
            self.remedy_chosen.emit(self._hint)
            # Mistakes can be looked at again.
            self.remedy.setVisible(self._hint.action == "mistakes")
