"""One weight, followed through the stages; and all weights of one unit at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.inside.step.code_lines import ACCUMULATORS
from mnist_draw.app.inside.step.step_worker import Shown
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import paint_grey, paint_signed
from mnist_draw.app.kit.steady_labels import draw_tabular
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import explain, tip
from mnist_draw.library.network_data import class_name

if TYPE_CHECKING:
    from mnist_draw.analysis.step_weight import Followed, Weight

_LINE, _LINES, _PICTURES = 19.0, 7, 72.0
_EXPLAINED = "One weight in every stage: its value, what this picture asks of it, and its step."


@dataclass(frozen=True)
class WeightRow:
    """A line: words, how the figure is made, the figure."""

    text: str
    made: str
    figure: str


def number(value: float) -> str:
    """Return a figure with four significant digits: ``"−0.006370"``, ``"1.2e−07"``."""
    return (
        f"{value:.2e}".replace("-", "−")
        if 0 < abs(value) < 1e-4
        else (f"{value:#.4g}".replace("-", "−"))
    )


def weight_title(shown: Shown, weight: Weight) -> str:
    """Say which weight it is."""
    layers, last = shown.layers, len(shown.layers) - 1
    if weight.layer == 0:
        row, column = divmod(weight.source % 784, 28)
        source = f"pixel {row}, {column}"
    else:
        before = layers[weight.layer - 1]
        source = f"unit {weight.source:,} of {before.name}"
        if before.convolves:
            source = f"number {weight.source:,} of {before.name}"
    if weight.layer == last:
        name = class_name(shown.task.model, weight.unit)
        return f"from {source} to {'the ' if name.isdecimal() else ''}{name}"
    return f"from {source} to unit {weight.unit:,} of {layers[weight.layer].name}"


def weight_rows(shown: Shown, weight: Weight, stage: int) -> list[WeightRow]:
    """Return what is known of the weight after a stage."""
    from mnist_draw.analysis.step_weight import follow

    l2 = shown.settings.l2
    found = follow(shown.figures, weight, l2)
    rows = [WeightRow("the weight now", "", number(found.before))]
    if stage >= 2:
        made = f"{found.given:.3g} × {number(found.before)}"
        rows.append(
            WeightRow("what it carries: output × weight", made, number(found.given * found.before))
        )
    if stage >= 4:
        last = weight.layer == len(shown.layers) - 1
        words = "your picture: output × (p − target)" if last else "your picture: output × error"
        made = f"{found.given:.3g} × {number(found.error)}"
        if last:
            target = int(weight.unit == shown.figures.label)
            made = f"{found.given:.3g} × ({shown.figures.p[weight.unit]:.3f} − {target})"
        rows.append(WeightRow(words, made, number(found.pull)))
        rows += _gradient_rows(found, len(shown.figures.losses), l2)
    if stage >= 5:
        names = ACCUMULATORS[shown.settings.update]
        for name, (before, after) in zip(names, found.accumulators, strict=False):
            rows.append(WeightRow(name, number(before), f"→ {number(after)}"))
        step = found.after - found.before
        rows.append(WeightRow("the step", "", number(step)))
        rows.append(WeightRow("the weight afterwards", "", number(found.after)))
    return rows


def _gradient_rows(found: Followed, count: int, l2: float) -> list[WeightRow]:
    """Say what the gradient is the sum of."""
    gradient = number(found.gradient)
    mean = f"mean over all {count:,} pictures"
    if not l2:
        alone = "your picture is alone: the gradient"
        return [WeightRow(alone if count == 1 else f"{mean}: the gradient", "", gradient)]
    rows = [] if count == 1 else [WeightRow(mean, "", number(found.gradient - found.penalty))]
    made = f"2 × {l2:g} × {number(found.before)}"
    rows.append(WeightRow("L2: keeps weights small", made, number(found.penalty)))
    rows.append(WeightRow("the gradient: the sum of both", "", gradient))
    return rows


class WeightView(QWidget):
    """Shows the rows, and from stage 4 on what the picture asks of a whole unit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("weightView")
        explain(self, "One weight, followed", _EXPLAINED)
        self.setToolTip("")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.title = ""
        self.rows: list[WeightRow] = []
        self._shown: Shown | None = None
        self._stage = 1
        theme.theme().changed.connect(self._fit)

    def _fit(self) -> None:
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        lines = _LINES + 1
        if self._shown is not None and self._shown.settings.l2:
            # Its term, and the sum.
            lines += 2
        return QSize(400, round((_LINE * lines + 8 + 24) * theme.text_scale()))

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.sizeHint().height())

    def show_weight(self, shown: Shown | None, weight: Weight | None, stage: int) -> None:
        """Show a weight as it is known in a stage."""
        before = self.sizeHint()
        self._shown, self._stage = shown, stage
        if self.sizeHint() != before:
            self.updateGeometry()
        if shown is None or weight is None:
            self.title, self.rows = "", []
        else:
            self.title, self.rows = weight_title(shown, weight), weight_rows(shown, weight, stage)
        words = " ".join(f"{row.text}: {row.made} {row.figure}." for row in self.rows)
        self.setAccessibleDescription(f"The weight {self.title}. {words} {_EXPLAINED}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        scale, width = theme.text_scale(), float(self.width())
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(0, 0, int(width), 0)
        y = self._heading(painter, 7 * scale, "One weight, followed", self.title)
        for row in self.rows:
            box = QRectF(0, y, width, _LINE * scale)
            painter.setFont(theme.font(Text.BODY))
            painter.setPen(theme.colour("text"))
            painter.drawText(box, int(Qt.AlignLeft | Qt.AlignVCenter), row.text)
            words = painter.fontMetrics().horizontalAdvance(row.text) + 14 * scale
            painter.setFont(theme.font(Text.BODY, bold=True))
            draw_tabular(painter, box, row.figure, Qt.AlignRight)
            used = painter.fontMetrics().horizontalAdvance(row.figure) + 14 * scale
            painter.setFont(theme.font(Text.LABEL))
            painter.setPen(theme.colour("muted"))
            box.setRight(width - used)
            if painter.fontMetrics().horizontalAdvance(row.made) <= box.width() - words:
                painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), row.made)
            y += _LINE * scale
        if self._stage == 4 and self._shown is not None:
            self._paint_unit(painter, y + 5 * scale)

    def _heading(self, painter: QPainter, y: float, title: str, note: str) -> float:
        scale = theme.text_scale()
        box = QRectF(0, y, float(self.width()), _LINE * scale)
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font(Text.HEADING, bold=True))
        painter.drawText(box, int(Qt.AlignLeft | Qt.AlignVCenter), title.upper())
        used = painter.fontMetrics().horizontalAdvance(title.upper()) + 14 * scale
        painter.setFont(theme.font(Text.LABEL))
        room = int(box.width() - used)
        whole, note = note, painter.fontMetrics().elidedText(note, Qt.ElideRight, room)
        if note != whole:
            self.setToolTip(tip(whole))
        painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), note)
        return y + _LINE * scale

    def _paint_unit(self, painter: QPainter, y: float) -> None:
        """Show what the picture asks of all weights of the first layer's unit it moves most."""
        assert self._shown is not None
        figures, first = self._shown.figures, self._shown.layers[0]
        if first.convolves or len(self._shown.layers) == 1:
            return
        unit = int(np.abs(figures.delta[0]).argmax())
        error = float(figures.delta[0][unit])
        scale = theme.text_scale()
        y = self._heading(painter, y, "784 weights at once", f"those of unit {unit} of hidden 1")
        side = min(_PICTURES * scale, self.height() - y - 2)
        line = int(Qt.AlignLeft | Qt.AlignVCenter)
        painter.setFont(theme.font(Text.BODY))
        painter.setPen(theme.colour("text"))
        words = f"your picture pulls by {number(-error)}  ×"
        painter.drawText(QRectF(0, y, float(self.width()), side), line, words)
        x = painter.fontMetrics().horizontalAdvance(words) + 14 * scale
        picture = QRectF(x, y, side, side)
        given = figures.x[0].reshape(28, 28)
        paint_grey(painter, picture, given)
        painter.drawText(QRectF(picture.right() + 12 * scale, y, 20, side), line, "=")
        result = picture.translated(side + 36 * scale, 0)
        painter.fillRect(result, theme.colour("paper"))
        if error:
            # The step goes against the derivative: what is to grow is for.
            paint_signed(painter, result, -error * given, 0.0, self.devicePixelRatioF())
        painter.setFont(theme.font(Text.LABEL))
        painter.setPen(theme.colour("muted"))
        left = result.right() + 14 * scale
        words = "Only weights from inked pixels move: what is black in the picture teaches nothing."
        room = QRectF(left, y, self.width() - left, side)
        painter.drawText(room, int(Qt.AlignLeft | Qt.AlignVCenter | Qt.TextWordWrap), words)
