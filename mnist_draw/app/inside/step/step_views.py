"""Around the picture of a stage: the stages, the loss along the step, what it did to others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QPaintEvent, QPen, QPolygonF
from PyQt5.QtWidgets import QWidget

from mnist_draw import i18n
from mnist_draw.app.inside.rows_view import Line, Row
from mnist_draw.app.inside.step.stages import STAGES
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import smooth_painter, write_with
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.walkable_view import WalkableView
from mnist_draw.app.kit.widgets import explain
from mnist_draw.i18n import _, listed

if TYPE_CHECKING:
    from mnist_draw.analysis.step_effects import StepEffects


class StageBar(QWidget):
    chosen = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stageBar")
        titles = [f"{number} {stage.title}" for number, stage in enumerate(STAGES, 1)]
        self.control = SegmentedControl("stageButtons", titles)
        self.control.chosen.connect(lambda place: self.chosen.emit(place + 1))
        self.figures = [FittedLabel(None, Qt.ElideRight, look="muted") for _ in STAGES]
        for figure in self.figures:
            figure.setAlignment(Qt.AlignCenter)
        for number, button in enumerate(self.control.buttons, 1):
            button.setObjectName(f"stage{number}Button")
            explain(button, titles[number - 1], STAGES[number - 1].meaning, "← →")
        figures = row(*((FixedLabel(figure, lines=1), 1) for figure in self.figures))
        column(self.control, figures, gap=Size.TIGHT, owner=self)

    def show_stage(self, stage: int, figures: Sequence[str], reached: int) -> None:
        self.control.choose(stage - 1)
        for number, words in enumerate(figures, 1):
            known = (
                words if number <= reached else _("next") if number == reached + 1 and words else ""
            )
            self.figures[number - 1].setText(known)
            meaning = f"{STAGES[number - 1].meaning} {known}".strip()
            self.control.buttons[number - 1].setAccessibleDescription(meaning)


_TITLE = _("Mean loss along the step")
#: A loss of so many times the first one is at the top: what is larger runs out of the picture.
_MOST = 4.0
_NEAR = 14.0


class LossAlongStep(WalkableView):
    """A curve from where the weights were, through the step, to 30 times its length."""

    SIZE, LEAST_SIZE = (260, 100), (160, 60)

    def __init__(self) -> None:
        super().__init__(
            "lossAlongStep",
            _TITLE,
            _(
                "The mean loss of the same minibatch, had the weights moved further the same way. "
                "Up and down walk through the lengths."
            ),
        )
        self.lengths: tuple[float, ...] = ()
        self.losses: tuple[float, ...] = ()

    def show_losses(self, lengths: tuple[float, ...], losses: tuple[float, ...]) -> None:
        """Show losses at lengths in steps; the first of them while they are computed."""
        self.lengths, self.losses = lengths, losses
        if self.current is not None and self.current >= len(losses):
            self.walk_to(None)
        self.update()

    def _area(self) -> QRectF:
        scale = theme.text_scale()
        return QRectF(self.rect()).adjusted(4, 22 * scale, -12 * scale, -18 * scale)

    def _point(self, item: int) -> QPointF:
        area, top = self._area(), _MOST * max(self.losses[0], 1e-9)
        part = min(self.losses[item], 2 * top) / top
        x = area.left() + area.width() * self.lengths[item] / self.lengths[-1]
        return QPointF(x, area.bottom() - area.height() * part)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        write_with(painter, Text.LABEL, "text", bold=True)
        scale, area = theme.text_scale(), self._area()
        painter.drawText(QPointF(0, 14 * scale), _TITLE)
        write_with(painter, Text.AXIS, "muted")
        for length in (1, 10, 20, 30):
            x = area.left() + area.width() * length / 30
            box = QRectF(x - 20 * scale, area.bottom() + 2, 40 * scale, 16 * scale)
            painter.drawText(box, Qt.AlignCenter | Qt.TextDontClip, f"{length}×")
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if not self.losses:
            return
        painter.setClipRect(area.adjusted(-4, -4, 8, 1))
        painter.setPen(QPen(theme.colour("muted"), 1, Qt.DashLine))
        start = self._point(0)
        painter.drawLine(start, QPointF(area.right(), start.y()))
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawPolyline(QPolygonF([self._point(n) for n in range(len(self.losses))]))
        if 1.0 in self.lengths[: len(self.losses)]:
            painter.setBrush(theme.colour("accent"))
            painter.drawEllipse(self._point(self.lengths.index(1.0)), 4, 4)
        if self.current is not None:
            painter.setBrush(Qt.NoBrush)
            painter.setPen(QPen(theme.colour("second"), 2.5))
            painter.drawEllipse(self._point(self.current), 6, 6)

    def step(self, right: int, down: int) -> bool:
        # Left and right go through the stages, wherever the keyboard is.
        return super().step(down, 0)

    def count(self) -> int:
        return len(self.losses)

    def item_at(self, point: QPointF) -> int | None:
        if not self.losses:
            return None
        away = [abs(self._point(n).x() - point.x()) for n in range(len(self.losses))]
        nearest = int(np.argmin(away))
        return nearest if away[nearest] < _NEAR else None

    def place_of(self, item: int) -> QPointF:
        return self._point(item)

    def describe(self, item: int) -> str:
        length, loss = self.lengths[item], self.losses[item]
        fields = {"length": i18n.number(length, "g"), "loss": i18n.number(loss, ".4f")}
        if not length:
            return _("Before the step: mean loss {loss}.", **fields)
        if not np.isfinite(loss):
            return _("{length} times the step: without limit.", **fields)
        if length == 1:
            return _("The step: mean loss {loss}.", **fields)
        return _("{length} times the step: mean loss {loss}.", **fields)


def other_rows(effects: StepEffects | None, name: Callable[[int], str]) -> list[Row]:
    if effects is None or effects.example is None or not effects.counted:
        return [Line(_("What it did to others: being counted"), "")]
    before, after = (count / effects.counted for count in effects.right)
    right = f"{i18n.number(100 * before, '.2f')} → {i18n.percent(after, 2)}"
    count = _("right of {count}", count=i18n.number(effects.counted))
    if effects.counted < effects.total:
        count = _("right of {count} so far", count=i18n.number(effects.counted))
    first, second = (
        f"{name(int(p.argmax()))}, {format_probability(float(p.max()), short=True)}"
        for p in effects.example
    )
    turned = listed(i18n.number(number) for number in effects.turned)
    return [
        Line(count, right),
        Line(_("turned right, wrong"), turned),
        Line(_("your picture"), f"{first} → {second}"),
    ]
