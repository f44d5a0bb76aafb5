"""A run that failed: what happened in figures, the calmer run, and why that helps."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from qtpy.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon, set_icon
from mnist_draw.app.kit.layout import FlowLayout, column, row
from mnist_draw.app.kit.painters import smooth_painter, write_with
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, ElidedButton, explain, label, push_button, rule
from mnist_draw.app.train.run_words import FailedWords, changed_rows, why_smaller
from mnist_draw.app.train.series import LOWEST_LOSS
from mnist_draw.i18n import _, format_loss, number
from mnist_draw.training.failure import NO_NUMBER, Divergence
from mnist_draw.training.hints import Hint
from mnist_draw.training.loop import DIVERGED_LOSS
from mnist_draw.training.run import Run

_ALERT_SIGN = 26
#: Under this width of the card there is no room for the sign.
_NARROW = 400
#: Minibatches on the axis, at least.
_PLACES = 4
#: A loss that is no number is drawn here: above the limit, as a power of ten.
_NO_NUMBER = 9
_MAX_TICKS = 6
_CROSS = 5
#: Points of the valley and of the steps across it, from 0 to 1.
_STEPS = (0.62, 0.34, 0.78, 0.13, 0.95)
_DRAWING = QSize(150, 100)


class FailedCard(Card):
    """What happened, and the run to try instead."""

    remedy_chosen = Signal(Hint)
    #: The setting to look at.
    settings_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("failedCard")
        self.setProperty("look", "failed card")
        self._remedy: Hint | None = None
        self._sign = QLabel()
        theme.follow(self._sign, partial(_show_sign, self._sign))
        self.headline = label("", "headline", "failedLabel", wraps=True)
        self.reason = label("", "sentence", "failureReasonLabel", wraps=True)
        for words in (self.headline, self.reason):
            words.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Minimum)
        self.remedy_button = ElidedButton("", "start", "calmerRunButton")
        sentence = _("Open a new run with this change; nothing starts yet.")
        explain(self.remedy_button, _("New run"), sentence)
        self.remedy_button.clicked.connect(self._choose_remedy)
        set_icon(self.remedy_button, "arrow-clockwise", Size.SMALL_ICON)
        self.try_button = push_button(
            "tryKeptButton",
            _("Try it"),
            look="large",
        )
        self.change_button = ElidedButton(_("Change settings"), "large", "changeSettingsButton")
        explain(self.change_button, _("Change settings"))
        self.change_button.clicked.connect(self._change_settings)
        for shrinking in (self.remedy_button, self.change_button):
            shrinking.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.delete_button = push_button(
            "deleteRunButton",
            _("Delete"),
            _("It can be restored."),
            look="link",
        )
        buttons = FlowLayout()
        buttons.setSpacing(Size.CARD_GAP)
        for button in self.buttons():
            buttons.addWidget(button)
        words_column = column(self.headline, self.reason, buttons, gap=Size.CARD_GAP)
        self.body.addLayout(row(column(self._sign, 1), (words_column, 1), gap=Size.CARD_GAP))

    def resizeEvent(self, event: QResizeEvent) -> None:
        is_narrow = self.width() < theme.scaled(_NARROW)
        self._sign.setHidden(is_narrow)
        side = Size.CARD_PADDING if is_narrow else Size.MARGIN + Size.FIELD_GAP
        self.body.setContentsMargins(side, Size.CARD_PADDING, side, Size.CARD_PADDING)

    def _choose_remedy(self) -> None:
        if self._remedy is not None:
            self.remedy_chosen.emit(self._remedy)

    def _change_settings(self) -> None:
        if self._remedy is not None:
            self.settings_requested.emit(self._remedy.name)

    def show_words(self, words: FailedWords) -> None:
        self._remedy = words.remedy
        self.headline.setText(words.headline)
        self.reason.setText(words.reason)
        self.remedy_button.setText(words.remedy.remedy)
        self.remedy_button.setAccessibleName(words.remedy.remedy)
        self.try_button.setVisible(words.can_be_tried)

    def buttons(self) -> list[QWidget]:
        return [self.remedy_button, self.try_button, self.change_button, self.delete_button]


def _show_sign(sign: QLabel) -> None:
    side = theme.scaled(_ALERT_SIGN)
    sign.setPixmap(icon("warning", "alert").pixmap(side, side))


class DivergenceCard(Card):
    """The loss from the best minibatch to the one without limit."""

    def __init__(self) -> None:
        super().__init__(_("Loss"), ElidedLabel(_("minibatch by minibatch"), "muted"))
        self.top.addWidget(label(_("log"), "muted"))
        self.plot = DivergencePlot()
        self.body.addWidget(self.plot, 1)

    def show_run(self, run: Run) -> None:
        self.plot.show_run(run.divergence, -math.log(run.guessing))


class DivergencePlot(QWidget):
    """Losses on a logarithmic axis, with the limit and what guessing gives."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("divergencePlot")
        self._divergence: Divergence | None = None
        self._guessing = 1.0
        theme.follow(self, self.update)

    def show_run(self, divergence: Divergence | None, guessing: float) -> None:
        self._divergence = divergence
        self._guessing = guessing
        said = ""
        if divergence is not None:
            said = _last_words(divergence)
        explain(self, _("Loss"), said)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._divergence is None:
            return
        painter = smooth_painter(self)
        losses = [_power(loss) for loss in self._divergence.losses]
        high = math.ceil(max(*losses, math.log10(DIVERGED_LOSS) + 1))
        low = math.floor(min(*losses, 0.0, math.log10(self._guessing)))
        line = theme.scaled(Text.AXIS + 5)
        left = theme.scaled(56)
        plot = QRectF(left, line / 2, self.width() - left, self.height() - 2 * line)

        def y_of(power: float) -> float:
            return plot.bottom() - (power - low) / (high - low) * plot.height()

        self._paint_powers(painter, plot, range(low, high + 1), y_of)
        limit = _("limit: {loss}", loss=number(DIVERGED_LOSS, ",.0f"))
        guessing = _("guessing: {share}", share=number(self._guessing, ".2f"))
        self._paint_rule(painter, plot, y_of(math.log10(DIVERGED_LOSS)), limit, "alert")
        self._paint_rule(painter, plot, y_of(math.log10(self._guessing)), guessing, "muted")
        each = plot.width() / max(_PLACES, len(losses))
        points = [
            QPointF(plot.left() + (place + 0.5) * each, y_of(power))
            for place, power in enumerate(losses)
        ]
        self._paint_batches(painter, plot, each)
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(theme.color("accent"))
        if len(points) > 1:
            painter.drawEllipse(points[0], 4, 4)
            self._paint_first(painter, points[0])
        self._paint_end(painter, plot, points[-1])

    def _paint_powers(
        self,
        painter: QPainter,
        plot: QRectF,
        powers: range,
        y_of: Callable[[float], float],
    ) -> None:
        step = math.ceil(len(powers) / _MAX_TICKS)
        for power in powers[::step]:
            y = y_of(power)
            painter.setPen(QPen(theme.color("line"), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            write_with(painter, Text.AXIS, "muted")
            words = QRectF(0, y - 10, plot.left() - Size.FIELD_GAP, 20)
            painter.drawText(words, int(Qt.AlignRight | Qt.AlignVCenter), _power_words(power))

    def _paint_rule(
        self,
        painter: QPainter,
        plot: QRectF,
        y: float,
        words: str,
        color: str,
    ) -> None:
        painter.setPen(QPen(theme.color(color), 1.5, Qt.DotLine))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        write_with(painter, Text.AXIS, "muted")
        high = theme.scaled(Text.AXIS + 5)
        box = QRectF(plot.left(), y - high - 2, plot.width(), high)
        painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), words)

    def _paint_batches(self, painter: QPainter, plot: QRectF, each: float) -> None:
        assert self._divergence is not None
        losses = self._divergence.losses
        first = self._divergence.batch - len(losses) + 1
        count = max(_PLACES, len(losses))
        step = math.ceil(theme.scaled(40) / each)
        write_with(painter, Text.AXIS, "muted")
        wide = theme.scaled(120)
        for place in range(0, count, step):
            batch = number(first + place)
            words = batch if place else _("minibatch {number}", number=batch)
            middle = plot.left() + (place + 0.5) * each
            box = QRectF(middle - wide / 2, plot.bottom() + 4, wide, theme.scaled(Text.AXIS + 5))
            painter.drawText(box, int(Qt.AlignCenter | Qt.TextDontClip), words)

    def _paint_first(self, painter: QPainter, first: QPointF) -> None:
        """Write the first loss beside its dot: the line leads away from there."""
        assert self._divergence is not None
        losses = self._divergence.losses
        words = _loss_words(losses[0], self._divergence.batch - len(losses) + 1)
        write_with(painter, Text.LABEL, "muted")
        painter.drawText(first + QPointF(Size.MARGIN, -Size.FIELD_GAP), words)

    def _paint_end(self, painter: QPainter, plot: QRectF, end: QPointF) -> None:
        assert self._divergence is not None
        painter.setPen(QPen(theme.color("alert"), 2))
        for side in (-_CROSS, _CROSS):
            painter.drawLine(end + QPointF(-_CROSS, side), end + QPointF(_CROSS, -side))
        room = theme.scaled(260)
        is_left = end.x() + room > plot.right()
        left = end.x() - room - 16 if is_left else end.x() + 16
        side = Qt.AlignRight if is_left else Qt.AlignLeft
        high = theme.scaled(Text.BODY + 5)
        upper = QRectF(left, end.y() - high / 2, room, high)
        write_with(painter, Text.BODY, "text", bold=True)
        painter.drawText(upper, int(side | Qt.AlignVCenter), _last_words(self._divergence))
        write_with(painter, Text.LABEL, "muted")
        lower = upper.translated(0, high)
        painter.drawText(lower, int(side | Qt.AlignVCenter), _("The run was stopped here."))


def _power(loss: float) -> float:
    return math.log10(max(loss, LOWEST_LOSS)) if loss < NO_NUMBER else _NO_NUMBER


def _power_words(power: int) -> str:
    if -3 <= power <= 3:
        return number(10.0**power, ",g")
    return "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _last_words(divergence: Divergence) -> str:
    if not divergence.has_number:
        return _("no number in minibatch {number}", number=number(divergence.batch))
    return _loss_words(divergence.losses[-1], divergence.batch)


def _loss_words(loss: float, batch: int) -> str:
    words = number(loss, ",.0f") if 1000 <= loss < 1e15 else format_loss(loss)
    return _("{loss} in minibatch {number}", loss=words, number=number(batch))


class ChangesCard(Card):
    """What a run changed from its card, the suspect in bold."""

    def __init__(self) -> None:
        super().__init__(_("What this run changed"))
        self._rows = QWidget()
        self._source = label("", "muted", wraps=True)
        self.body.addWidget(self._rows)
        self.body.addWidget(self._source)
        self.body.addStretch(1)

    def show_run(self, run: Run) -> None:
        card, rows = changed_rows(run)
        self._source.setText(_("{share} is the mean of five runs.", share=rows[-1].usual))
        self.body.removeWidget(self._rows)
        self._rows.deleteLater()
        self._rows = QWidget()
        grid = QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(Size.FIELD_GAP)
        grid.addWidget(ElidedLabel(_("This run"), "muted"), 0, 1)
        grid.addWidget(ElidedLabel(card, "muted"), 0, 2)
        for place, changed in enumerate(rows):
            look = "suspect" if changed.is_suspect else ""
            line = 2 * place + 1
            grid.addWidget(ElidedLabel(changed.title, "status"), line, 0)
            grid.addWidget(ElidedLabel(changed.value, look), line, 1)
            grid.addWidget(ElidedLabel(changed.usual), line, 2)
            grid.addWidget(rule(), line + 1, 0, 1, 3)
        self.body.insertWidget(1, self._rows)


class WhyCard(Card):
    """Why a smaller rate helps, in three sentences and a drawing."""

    def __init__(self) -> None:
        super().__init__(_("Why a smaller rate helps"))
        self.words = label("", "status", "whySmaller", wraps=True)
        self.words.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.words_button = push_button(
            "learningRateWordButton",
            _("Learning rate in Words"),
            look="link",
        )
        words_column = column(self.words, row(self.words_button, 1), 1)
        self.body.addLayout(row((words_column, 1), Valley(), gap=Size.MARGIN), 1)

    def show_run(self, run: Run) -> None:
        self.words.setText(why_smaller(run.settings.update))


class Valley(QWidget):
    """Steps that are too long climb out of a valley."""

    def __init__(self) -> None:
        super().__init__()
        theme.follow(self, lambda: self.setFixedSize(_DRAWING * theme.text_scale()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        box = QRectF(self.rect()).adjusted(5, 5, -5, -5)

        def point(x: float) -> QPointF:
            high = (2 * x - 1) ** 2 * box.height()
            return QPointF(box.left() + x * box.width(), box.bottom() - high)

        painter.setPen(QPen(theme.color("muted"), 2))
        painter.drawPolyline(QPolygonF([point(x / 40) for x in range(41)]))
        painter.setPen(QPen(theme.color("accent"), 1.5))
        steps = [point(x) for x in _STEPS]
        painter.drawPolyline(QPolygonF(steps))
        painter.setBrush(theme.color("accent"))
        for step in steps:
            painter.drawEllipse(step, 3.5, 3.5)
