"""The ten answers in each stage, and one weight that is followed through all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPainter, QPen

from mnist_draw.app.inside.network.scene import paint_title, short_name
from mnist_draw.app.inside.network.units import Places
from mnist_draw.app.inside.rows_view import Heading, Line, Picture, PictureRow, Row
from mnist_draw.app.inside.step.step_worker import Shown
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import write_with
from mnist_draw.app.kit.steady_labels import draw_tabular
from mnist_draw.app.kit.theme import Text
from mnist_draw.library.network_data import class_name
from mnist_draw.training.updates import UPDATE_RULES

if TYPE_CHECKING:
    from mnist_draw.analysis.step_weight import Followed, Weight

#: More room than the section Network gives the answers, for each stage from the second on.
ROOM = (0.0, 0.0, 190.0, 80.0, 60.0)


def role_of(digit: int, label: int, p: np.ndarray) -> str:
    """Return an answer's colour: the label's, the most probable other one's, or none."""
    if digit == label:
        return "accent"
    others = np.where(np.arange(len(p)) == label, -1, p)
    return "second" if digit == int(others.argmax()) else ""


class Answers:
    def __init__(
        self, painter: QPainter, places: Places, width: float, name: Callable[[int], str]
    ) -> None:
        self._painter, self._places, self._width, self._name = painter, places, width, name
        self._scale = theme.text_scale()

    def loss(self, z: np.ndarray, p: np.ndarray, label: int) -> None:
        """Fill the formula in: z, e to the z, p, the target, −ln p of the label."""
        columns = ("z", "eᶻ", "p", "target", "−ln p")
        left = self._places.answer + 20 * self._scale
        step = (self._width - left) / len(columns)
        edges = [left + step * (n + 1) for n in range(len(columns))]
        self._headings(columns, edges)
        for digit in range(len(self._places.bands)):
            role = role_of(digit, label, p)
            y = self._digit(digit, role)
            target = int(digit == label)
            words = [f"{float(z[digit]):.2f}", _power(float(z[digit])), f"{float(p[digit]):.3f}"]
            words.append(str(target))
            words.append(f"{-np.log(max(float(p[digit]), 1e-37)):.3f}" if target else "")
            for place, (text, edge) in enumerate(zip(words, edges, strict=True)):
                bold = bool(role) and place in (2, 4)
                self._cell(edge, y, text.replace("-", "−"), bold)

    def errors(self, p: np.ndarray, label: int) -> None:
        """Paint target − p: what each sum should do."""
        self._title("Answer", "target − p")
        left = self._places.answer + 24 * self._scale
        figure = self._width - 58 * self._scale
        middle = (left + 84 * self._scale + figure) / 2
        half = max(8.0, (figure - left - 84 * self._scale) / 2)
        for digit in range(len(self._places.bands)):
            role = role_of(digit, label, p)
            y = self._digit(digit, role)
            error = int(digit == label) - float(p[digit])
            self._cell(left + 74 * self._scale, y, f"{int(digit == label)} − {p[digit]:.3f}", False)
            self._painter.setPen(QPen(theme.colour("muted"), 1))
            self._painter.drawLine(QPointF(middle, y - 6), QPointF(middle, y + 6))
            if abs(error) >= 5e-4:
                high = 8.0 if error > 0 else 4.0
                wide = half * abs(error)
                box = QRectF(middle if error > 0 else middle - wide, y - high / 2, wide, high)
                self._painter.setPen(Qt.NoPen)
                self._painter.setBrush(theme.colour("accent" if error > 0 else "second"))
                self._painter.drawRoundedRect(box, 2, 2)
            words = f"{error:+.3f}".replace("-", "−") if abs(error) >= 5e-4 else "0.000"
            self._figure(y, words, role)

    def _title(self, title: str, note: str) -> None:
        paint_title(self._painter, QPointF(self._places.answer, 18 * self._scale), title, note)

    def _headings(self, words: Sequence[str], edges: Sequence[float]) -> None:
        write_with(self._painter, Text.LABEL, "text", bold=True)
        for text, edge in zip(words, edges, strict=True):
            box = QRectF(edge - 90, 4 * self._scale, 88, 18 * self._scale)
            self._painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), text)

    def _digit(self, digit: int, role: str) -> float:
        y = self._places.bands[digit].center().y()
        write_with(self._painter, Text.BODY, role or "muted", bold=bool(role))
        box = QRectF(self._places.answer, y - 12, 22 * self._scale, 24)
        self._painter.drawText(box, Qt.AlignCenter, short_name(self._name(digit)))
        return y

    def _figure(self, y: float, words: str, role: str) -> None:
        write_with(self._painter, Text.LABEL, "text" if role else "muted", bold=bool(role))
        box = QRectF(self._places.answer, y - 12, self._width - self._places.answer - 2, 24)
        draw_tabular(self._painter, box, words, Qt.AlignRight)

    def _cell(self, edge: float, y: float, words: str, bold: bool) -> None:
        write_with(self._painter, Text.LABEL, "text", bold=bold)
        draw_tabular(self._painter, QRectF(edge - 90, y - 12, 88, 24), words, Qt.AlignRight)


def _power(z: float) -> str:
    value = float(np.exp(min(z, 80.0)))
    return f"{value:,.2f}" if 0.01 <= value < 1e5 else f"{value:.1e}"


def paint_losses(painter: QPainter, box: QRectF, losses: np.ndarray) -> None:
    """Paint the losses of all pictures as a strip, the largest first, the example's marked.

    Heights are square roots: most losses are a hundredth of the largest.
    """
    scale = theme.text_scale()
    largest = max(float(losses.max()), 1e-9)
    order = np.argsort(-losses, kind="stable")
    wide = box.width() / len(losses)
    bars = [
        QRectF(box.left() + n * wide, box.bottom() - max(0.5, box.height() * part), wide, 1e4)
        for n, part in enumerate(np.sqrt(losses[order] / largest))
    ]
    painter.save()
    painter.setClipRect(box)
    painter.setRenderHint(QPainter.Antialiasing, False)
    painter.setPen(Qt.NoPen)
    painter.setBrush(theme.colour("muted"))
    painter.drawRects(bars)
    painter.restore()
    painter.setPen(QPen(theme.colour("line"), 1))
    painter.drawLine(box.bottomLeft(), box.bottomRight())
    place = int(np.flatnonzero(order == 0)[0])
    x = box.left() + (place + 0.5) * wide
    high = box.height() * float(np.sqrt(losses[0] / largest))
    painter.setPen(Qt.NoPen)
    painter.setBrush(theme.colour("accent"))
    painter.drawRect(QRectF(x - 1.5, box.bottom() - max(2.0, high), 3, max(2.0, high)))
    mean = box.bottom() - box.height() * float(np.sqrt(losses.mean() / largest))
    painter.setPen(QPen(theme.colour("second"), 1.4, Qt.DashLine))
    painter.drawLine(QPointF(box.left(), mean), QPointF(box.right(), mean))
    write_with(painter, Text.LABEL, "muted")
    words = (
        f"all {len(losses):,} losses, the largest first, heights by their square roots: "
        f"yours {abs(float(losses[0])):.3f} (marked), mean {float(losses.mean()):.4f} (dashed)"
    )
    top = QRectF(box.left(), box.top() - 1, box.width(), 18 * scale)
    painter.drawText(top, int(Qt.AlignRight | Qt.AlignVCenter), words)


#: Lines of the card below the picture, and the side of its pictures in logical pixels.
LINES, _SIDE = 9, 56.0


def number(value: float) -> str:
    """Return a figure with four significant digits: ``"−0.006370"``, ``"1.2e−07"``."""
    return (
        f"{value:.2e}".replace("-", "−")
        if 0 < abs(value) < 1e-4
        else (f"{value:#.4g}".replace("-", "−"))
    )


def weight_title(shown: Shown, weight: Weight) -> str:
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


def weight_rows(shown: Shown, weight: Weight, stage: int) -> list[Line]:
    from mnist_draw.analysis.step_weight import follow

    l2 = shown.settings.l2
    found = follow(shown.figures, weight, l2)
    rows = [Line("the weight now", "", number(found.before))]
    if stage >= 2:
        made = f"{found.given:.3g} × {number(found.before)}"
        rows.append(
            Line("what it carries: output × weight", made, number(found.given * found.before))
        )
    if stage >= 4:
        last = weight.layer == len(shown.layers) - 1
        words = "your picture pulls: output × "
        words += "(target − p)" if last else "pull on the sum"
        made = f"{found.given:.3g} × {number(-found.error)}"
        if last:
            target = int(weight.unit == shown.figures.label)
            made = f"{found.given:.3g} × ({target} − {shown.figures.p[weight.unit]:.3f})"
        rows.append(Line(words, made, number(-found.pull)))
        rows += _gradient_rows(found, len(shown.figures.losses), l2)
    if stage >= 5:
        names = UPDATE_RULES[shown.settings.update].accumulators
        for name, (before, after) in zip(names, found.accumulators, strict=False):
            name += describe_filled(shown, name)
            rows.append(Line(name, number(before), f"→ {number(after)}"))
        step = found.after - found.before
        rows.append(Line("the step", "", number(step)))
        rows.append(Line("the weight afterwards", "", number(found.after)))
    return rows


def describe_filled(shown: Shown, accumulator: str) -> str:
    """Say how much of a mean an accumulator holds after minibatches that filled it from 0."""
    decays = {"mean of g": "beta1", "mean of g²": "beta2", "mean of s²": "rho"}
    rule = UPDATE_RULES[shown.settings.update].parameters
    values = {**rule, **shown.settings.update_parameters}
    name = decays.get(accumulator.partition(":")[0], "")
    decay = values.get(name, values.get("rho"))
    if not name or not shown.filling or decay is None:
        return ""
    share = 1 - decay ** (shown.filling + shown.figures.number + 1)
    return "" if share > 0.5 else f", {100 * share:.1f} % of it"


def _gradient_rows(found: Followed, count: int, l2: float) -> list[Line]:
    """Say what the pull is the sum of: minus the gradient, as in the picture above."""
    pull = number(-found.gradient)
    mean = f"mean pull of all {count:,}"
    if not l2:
        alone = "it is alone: minus the gradient"
        return [Line(alone if count == 1 else f"{mean}: minus the gradient", "", pull)]
    rows = [] if count == 1 else [Line(mean, "", number(found.penalty - found.gradient))]
    made = f"−2 × {l2:g} × {number(found.before)}"
    rows.append(Line("L2 pulls towards 0", made, number(-found.penalty)))
    rows.append(Line("minus the gradient: the sum of both", "", pull))
    return rows


def weight_view_rows(shown: Shown | None, weight: Weight | None, stage: int) -> list[Row]:
    """Return what is known of the weight after a stage; in stage 4 also of a whole unit's."""
    if shown is None or weight is None:
        return []
    rows: list[Row] = [Heading("One weight, followed", weight_title(shown, weight))]
    rows += weight_rows(shown, weight, stage)
    return rows + (_unit_rows(shown) if stage == 4 else [])


def _unit_rows(shown: Shown) -> list[Row]:
    """Show what the picture asks of all weights of the first layer's unit it moves most."""
    figures, first = shown.figures, shown.layers[0]
    if first.convolves or len(shown.layers) == 1:
        return []
    unit = int(np.abs(figures.delta[0]).argmax())
    # The step goes against the derivative: what is to grow is for.
    pull = -float(figures.delta[0][unit])
    given = figures.x[0].reshape(28, 28)
    words = f"× {number(pull)} = its pull at the 784 weights of unit {unit}: none from black"
    return [
        PictureRow(
            "your picture", Picture(given), words, (), Picture(pull * given, signed=True), _SIDE
        )
    ]
