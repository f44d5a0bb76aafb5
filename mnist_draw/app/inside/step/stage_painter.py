"""Paint the picture of one stage: the network of the section *Network*, as the step sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QPainter, QPen

from mnist_draw.app.inside.network.network_painter import paint_answers
from mnist_draw.app.inside.network.scene import (
    LayersScene,
    paint_bands,
    paint_title,
    paint_titles,
    say,
)
from mnist_draw.app.inside.network.units import Column, lights_mask, paint_lights, paint_maps
from mnist_draw.app.inside.step.answers_and_weight import Answers, paint_losses, role_of
from mnist_draw.app.inside.step.stages import taught
from mnist_draw.app.inside.step.step_worker import Shown
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.painters import image_of, mosaic, paint_grey, paint_signed, write_with
from mnist_draw.app.kit.theme import Text

if TYPE_CHECKING:
    from mnist_draw.analysis.step_weight import Weight

#: Height of the strip of losses under the network.
STRIP = 46.0


@dataclass(frozen=True, eq=False)
class StageScene(LayersScene):
    shown: Shown
    stage: int
    weight: Weight | None
    width: float
    height: float

    def role(self, digit: int) -> str:
        return role_of(digit, self.shown.figures.label, self.shown.figures.p)


def paint_stage(painter: QPainter, scene: StageScene) -> None:
    painter.setRenderHint(QPainter.Antialiasing)
    if scene.stage == 1:
        box = QRectF(0, 4, scene.width, scene.height - 30 * scene.scale)
        paint_minibatch(painter, box, scene.shown.grey)
        alone = len(scene.shown.grey) == 1
        words = (
            "your picture is all it learns from" if alone else "your picture, framed, is the first"
        )
        _foot(painter, scene, (("box", words),))
        return
    paint_bands(painter, scene)
    paint_titles(painter, scene)
    if scene.stage in (2, 4):
        _paint_arrows(painter, scene)
    _paint_picture(painter, scene)
    for column in scene.places.columns:
        _paint_column(painter, scene, column)
    _paint_answers(painter, scene)
    _mark_weight(painter, scene)
    _paint_legend(painter, scene)


def _paint_arrows(painter: QPainter, scene: StageScene) -> None:
    """Show which way the numbers go: forwards, or the errors back."""
    places = scene.places
    edges = [column.box.left() for column in places.columns] + [places.answer]
    starts = [edge - 20 * scene.scale for edge in edges]
    for start, end in zip(starts, [*starts[1:], places.answer], strict=True):
        _arrow(painter, start, end - 4, 32 * scene.scale, backwards=scene.stage == 4)


def _arrow(painter: QPainter, left: float, right: float, y: float, backwards: bool) -> None:
    if right - left < 12:
        return
    painter.setPen(QPen(theme.colour("accent"), 1.6))
    painter.drawLine(QPointF(left, y), QPointF(right, y))
    tip, way = (left, 6) if backwards else (right, -6)
    painter.drawLine(QPointF(tip, y), QPointF(tip + way, y - 4))
    painter.drawLine(QPointF(tip, y), QPointF(tip + way, y + 4))


def _paint_picture(painter: QPainter, scene: StageScene) -> None:
    figures, box = scene.shown.figures, scene.places.picture
    words = f"taught as {taught(scene.name(figures.label))}"
    painter.setRenderHint(QPainter.Antialiasing, False)
    if scene.stage == 4:
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(theme.colour("paper"))
        painter.drawRect(box)
        if figures.pull_x.any():
            paint_signed(painter, box, figures.pull_x, 0.0, scene.ratio)
        words = f"Full ink would make it more of {taught(scene.name(figures.label))}."
    else:
        painter.fillRect(box, QColor(Qt.black))
        paint_grey(painter, box, figures.minibatch.pictures[0, 0])
    painter.setRenderHint(QPainter.Antialiasing)
    write_with(painter, Text.LABEL, "muted")
    room = QRectF(box.left(), box.bottom() + 4, box.width(), scene.height - box.bottom() - 30)
    painter.drawText(room, int(Qt.AlignLeft | Qt.AlignTop | Qt.TextWordWrap), words)


def _paint_column(painter: QPainter, scene: StageScene, column: Column) -> None:
    shown, layer = scene.shown, column.layer
    convolves = shown.layers[layer].convolves
    if scene.stage in (2, 3):
        values = shown.figures.a[layer]
        if convolves:
            paint_maps(painter, column, values)
        else:
            off = shown.left_out[0].get(layer)
            lit = values if off is None else np.where(off, 0, values)
            paint_lights(painter, column, lit, lights_mask(column, scene.ratio))
    elif scene.stage == 4:
        values = shown.figures.pull_a[layer]
        if convolves:
            paint_signed_maps(painter, column, values, scene.ratio)
        else:
            paint_signed_units(painter, column, values)
    else:
        values = shown.moved[layer]
        if convolves:
            paint_signed_maps(painter, column, values, scene.ratio)
        else:
            paint_signed_units(painter, column, values)
    off = shown.left_out[0].get(layer)
    if off is not None and not convolves:
        paint_crosses(painter, column, off)


def _paint_answers(painter: QPainter, scene: StageScene) -> None:
    figures = scene.shown.figures
    answers = Answers(painter, scene.places, scene.width, scene.name)
    if scene.stage == 2:
        _title_answers(painter, scene, "")
        words = [format_probability(float(p), short=True) for p in figures.p]
        paint_answers(painter, scene, figures.p, words)
    elif scene.stage == 3:
        answers.loss(figures.z, figures.p, figures.label)
        high = STRIP * scene.scale
        top = scene.height - high - 2
        paint_losses(painter, QRectF(0, top, scene.width, high), figures.losses)
    elif scene.stage == 4:
        answers.errors(figures.p, figures.label)
    else:
        _title_answers(painter, scene, "before → after")
        pairs = [
            [format_probability(float(p), short=True) for p in both]
            for both in zip(figures.p, figures.p_after, strict=True)
        ]
        words = [f"{before.removesuffix(' %')} → {after}" for before, after in pairs]
        ticks = {digit: float(p) for digit, p in enumerate(figures.p)}
        paint_answers(painter, scene, figures.p_after, words, ticks)


def _title_answers(painter: QPainter, scene: StageScene, note: str) -> None:
    paint_title(painter, QPointF(scene.places.answer, 18 * scene.scale), "Answer", note)


def _mark_weight(painter: QPainter, scene: StageScene) -> None:
    weight, places = scene.weight, scene.places
    if weight is None or weight.layer == 0:
        return
    column = places.column_of(weight.layer - 1)
    layers = scene.shown.layers
    if column is None or layers[weight.layer - 1].convolves or not column.shows(weight.source):
        return
    rect = column.rect(weight.source).adjusted(-2, -2, 0.5, 0.5)
    painter.setBrush(Qt.NoBrush)
    painter.setPen(QPen(theme.colour("text"), 2.5))
    painter.drawRoundedRect(rect, 2.5, 2.5)
    if weight.layer == len(layers) - 1:
        end = QPointF(places.answer + 2, places.bands[weight.unit].center().y())
    else:
        following = places.column_of(weight.layer)
        if following is None or not following.shows(weight.unit):
            return
        target = following.rect(weight.unit)
        painter.drawRoundedRect(target.adjusted(-2, -2, 0.5, 0.5), 2.5, 2.5)
        end = QPointF(target.left() - 2, target.center().y())
    painter.setPen(QPen(theme.colour("text", 0.8), 1.4))
    painter.drawLine(QPointF(rect.right(), rect.center().y()), end)


def _paint_legend(painter: QPainter, scene: StageScene) -> None:
    crossed = (("cross", "left out by dropout"),) if scene.shown.left_out[0] else ()
    if scene.stage == 2:
        _foot(painter, scene, (("full", "lit: the unit is active"), *crossed))
    elif scene.stage == 4:
        _foot(painter, scene, (("full", "up"), ("inset", "down"), *crossed))
    elif scene.stage == 5:
        words = (("full", "its sum for your picture grew"), ("inset", "it shrank"), *crossed)
        _foot(painter, scene, words)


def _foot(painter: QPainter, scene: StageScene, entries: tuple[tuple[str, str], ...]) -> None:
    painter.setFont(theme.font(Text.LABEL))
    y, size = scene.height - 11 * scene.scale, 8 * scene.scale
    x = scene.places.columns[0].box.left() if scene.stage > 1 and scene.places.columns else 0.0
    for form, words in entries:
        box = QRectF(x, y - size / 2, size, size)
        painter.setPen(Qt.NoPen)
        if form == "full":
            painter.fillRect(box, theme.colour("accent"))
        elif form == "inset":
            edge = size * 0.2
            painter.fillRect(box.adjusted(edge, edge, -edge, -edge), theme.colour("second"))
        elif form == "box":
            painter.setBrush(Qt.NoBrush)
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.drawRect(box)
        else:
            painter.setPen(QPen(theme.colour("muted"), 1.2))
            painter.drawLine(box.topLeft(), box.bottomRight())
            painter.drawLine(box.topRight(), box.bottomLeft())
        x = say(painter, box.right() + 6, y, words) + 4 + 14 * scene.scale


def paint_minibatch(painter: QPainter, box: QRectF, pictures: np.ndarray) -> None:
    """Paint pictures, uint8 (N, 28, 28), in rows that fill a box."""
    count = len(pictures)
    columns = max(
        range(1, count + 1), key=lambda n: min(box.width() / n, box.height() / math.ceil(count / n))
    )
    rows = math.ceil(count / columns)
    cell = min(box.width() / columns, box.height() / rows)
    framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    place = QRectF(box.left(), box.top(), columns * cell, rows * cell)
    painter.save()
    painter.setRenderHint(QPainter.SmoothPixmapTransform)
    painter.drawImage(place, image_of(mosaic(framed, rows, columns, 0)))
    painter.setBrush(Qt.NoBrush)
    painter.setPen(QPen(theme.colour("accent"), 2.5))
    corner = QPointF(place.left(), place.top())
    painter.drawRect(QRectF(corner.x(), corner.y(), cell, cell))
    painter.restore()


#: Strengths of a colour: cells of one strength are painted by one call.
_LEVELS = 8
_INSET, _ROOT = 0.6, 0.6


def paint_signed_units(painter: QPainter, column: Column, values: np.ndarray) -> None:
    """Paint a dense layer: above 0 a full cell, below 0 a smaller one in the second colour."""
    shown = np.flatnonzero(column.at[:, 0] >= 0)
    largest = max(float(np.abs(values).max()), 1e-12)
    strength = np.ceil(_LEVELS * (np.abs(values) / largest) ** _ROOT).astype(int)
    strength[values == 0] = 0
    painter.save()
    painter.setRenderHint(QPainter.Antialiasing, column.cell > 5)
    painter.setPen(Qt.NoPen)
    side = column.cell - (1.5 if column.cell > 5 else 1.0)
    edge = side * (1 - _INSET) / 2
    groups: dict[tuple[int, bool], list[QRectF]] = {}
    levels, below = strength[shown].tolist(), (values[shown] < 0).tolist()
    for (x, y), level, is_below in zip(_corners(column, shown), levels, below, strict=True):
        inset = edge if is_below and level else 0.0
        box = QRectF(x + inset, y + inset, side - 2 * inset, side - 2 * inset)
        groups.setdefault((level, not inset), []).append(box)
    for (level, positive), boxes in groups.items():
        if level:
            colour = theme.colour("accent" if positive else "second", level / _LEVELS)
        else:
            colour = theme.colour("text", 0.10)
        painter.setBrush(colour)
        painter.drawRects(boxes)
    painter.restore()


def paint_crosses(painter: QPainter, column: Column, off: np.ndarray) -> None:
    """Cross the units out that are left out, bool (units,)."""
    lines = []
    inset = 0.5 if column.cell <= 6 else 0.75
    side = column.cell - 3 * inset
    for left, top in _corners(column, np.flatnonzero(off & (column.at[:, 0] >= 0))):
        x, y = left + inset, top + inset
        lines.append(QLineF(x, y, x + side, y + side))
        lines.append(QLineF(x + side, y, x, y + side))
    painter.save()
    painter.setRenderHint(QPainter.Antialiasing, column.cell > 5)
    painter.setPen(QPen(theme.colour("muted", 0.75), 1))
    painter.drawLines(lines)
    painter.restore()


def _corners(column: Column, units: np.ndarray) -> list[tuple[float, float]]:
    """Return the top left corners of units' cells, all at once: one by one takes too long."""
    tops = np.array([column.top_of(row) for row in range(column.rows)])
    lefts = column.box.left() + column.at[units, 1] * column.cell
    return list(zip(lefts.tolist(), tops[column.at[units, 0]].tolist(), strict=True))


def paint_signed_maps(
    painter: QPainter, column: Column, values: np.ndarray, ratio: float = 1.0
) -> None:
    """Paint maps of numbers, (maps, H, W), as one mosaic of what speaks for and against."""
    _, high, wide = values.shape
    box = QRectF(
        column.box.left(), column.box.top(), column.columns * column.cell, column.rows * column.high
    )
    # Each tile with its own ground, so that one sees where it ends.
    painter.setPen(Qt.NoPen)
    painter.setBrush(theme.colour("text", 0.07))
    tile_wide, tile_high = column.cell * wide / (wide + 1), column.high * high / (high + 1)
    painter.drawRects(
        [
            QRectF(
                box.left() + int(across) * column.cell, box.top() + int(row) * column.high,
                tile_wide, tile_high,
            )
            for row, across in column.at
        ]
    )  # fmt: skip
    paint_signed(painter, box, mosaic(values, column.rows, column.columns), 0.0, ratio)
