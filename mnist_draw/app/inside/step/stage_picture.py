"""The picture of the stage in front: the network as the step sees it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QPainter, QPaintEvent

from mnist_draw.analysis.network_probe import Layer
from mnist_draw.app.inside.network import units
from mnist_draw.app.inside.network.layers_view import LayersView, paint_legend, value_legend
from mnist_draw.app.inside.network.units import Places
from mnist_draw.app.inside.rows_view import Picture
from mnist_draw.app.inside.step.film_maker import Explained
from mnist_draw.app.inside.step.film_views import paint_minibatch
from mnist_draw.app.kit.painters import (
    draw_with,
    gray_levels,
    paint_frame,
    smooth_painter,
    write,
    write_with,
)
from mnist_draw.app.kit.theme import Text
from mnist_draw.i18n import _, joined, number
from mnist_draw.library.network_data import in_a_sentence
from mnist_draw.recognition.certainty import format_probability

_EXPLAINED = _(
    "The network in this stage of the step.",
)
#: More room than the section Network gives the answers, for each stage from the second on.
_ROOM = (0.0, 0.0, 190.0, 130.0)
#: The most of it, as a part of the width.
_MOST = 0.24


class StagePicture(LayersView):
    SIZE = (640, 320)
    LEAST_SIZE = (400, 250)

    def __init__(self) -> None:
        super().__init__("stagePicture", _("The stage"), _EXPLAINED)
        self.shown: Explained | None = None
        self.stage = 1
        self.state = ""

    def show_stage(self, shown: Explained | None, stage: int) -> None:
        if shown is not self.shown or stage != self.stage:
            self.shown = shown
            self.stage = stage
            self.names_answer = stage not in (3, 4)
            self.lay_out_anew()

    def show_state(self, words: str) -> None:
        """Say in the middle what is waited for; the old picture stays, dimmed."""
        if words != self.state:
            self.state = words
            self.update()

    def describe(self, words: str) -> None:
        self.setAccessibleDescription(joined(words, _EXPLAINED))

    def layers(self) -> tuple[Layer, ...]:
        return () if self.shown is None else self.shown.layers

    def role(self, digit: int) -> str:
        """Return an answer's color: the label's, the most probable other one's, or none."""
        assert self.shown is not None
        figures = self.shown.figures
        if digit == figures.label:
            return "accent"
        others = np.where(np.arange(len(figures.p)) == figures.label, -1, figures.p)
        return "second" if digit == int(others.argmax()) else ""

    def layout_options(self) -> dict[str, Any]:
        return {
            "pictures": 1,
            "depth": 2,
            "answers": min(_ROOM[self.stage - 1] * self.scale, _MOST * self.width()),
        }

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        places = self.places()
        if places is not None and self.shown is not None:
            painter.setOpacity(0.35 if self.state else 1.0)
            if self.stage == 1:
                self._paint_minibatch(painter, self.shown)
            else:
                self._paint_network(painter, places, self.shown)
            painter.setOpacity(1.0)
        if self.state:
            flags = int(Qt.AlignCenter | Qt.TextWordWrap)
            write(
                painter,
                self.rect().adjusted(20, 0, -20, 0),
                flags,
                self.state,
                Text.SENTENCE,
                "text",
            )

    def _paint_minibatch(self, painter: QPainter, shown: Explained) -> None:
        box = QRectF(0, 4, self.width(), self.height() - 30 * self.scale)
        first = paint_minibatch(painter, box, gray_levels(shown.figures.minibatch.pictures[:, 0]))
        paint_frame(painter, first, "accent", 2.5)
        self._paint_foot(painter, 0.0, [("box", _("the picture that is followed"))])

    def _paint_foot(
        self,
        painter: QPainter,
        left: float,
        entries: Sequence[tuple[str, str]],
    ) -> None:
        foot = QRectF(left, 0, self.width() - left, self.height() - 5 * self.scale)
        paint_legend(painter, foot, entries, upwards=True)

    def _paint_network(self, painter: QPainter, places: Places, shown: Explained) -> None:
        self.paint_bands(painter, places)
        self.paint_titles(painter, places, "")
        if self.stage in (2, 4):
            self._paint_arrows(painter, places)
        self._paint_picture(painter, places, shown)
        figures = shown.figures
        values = figures.a
        if self.stage == 4:
            values = tuple(-gradient for gradient in figures.gradient_a)
        for column in places.columns:
            off = shown.left_out[0].get(column.layer)
            numbers = values[column.layer]
            if off is not None and self.stage < 4:
                numbers = np.where(off, 0, numbers)
            units.paint_ground(painter, column)
            units.paint_values(painter, column, numbers)
            if off is not None:
                units.paint_crosses(painter, column, np.flatnonzero(off).tolist(), "muted", 0.6)
        self._paint_answers(painter, places, shown)
        self.paint_names(painter, places)
        entries = {
            2: value_legend(figures.a),
            4: [("full", _("up")), ("inset", _("down"))],
        }.get(self.stage, [])
        if shown.left_out[0] and entries:
            entries.append(("cross", _("left out by dropout")))
        left = places.columns[0].box.left() if places.columns else 0.0
        self._paint_foot(painter, left, entries)

    def _paint_arrows(self, painter: QPainter, places: Places) -> None:
        """Show which way the numbers go: forwards, or the errors back."""
        edges = [column.box.left() for column in places.columns] + [places.answer]
        starts = [edge - 20 * self.scale for edge in edges]
        y = places.top - 20 * self.scale
        backwards = self.stage == 4
        draw_with(painter, "accent", 1.6)
        for left, right in zip(starts, [*starts[1:], places.answer], strict=True):
            right -= 4
            if right - left < 12:
                continue
            painter.drawLine(QPointF(left, y), QPointF(right, y))
            tip, way = (left, 6) if backwards else (right, -6)
            painter.drawLine(QPointF(tip, y), QPointF(tip + way, y - 4))
            painter.drawLine(QPointF(tip, y), QPointF(tip + way, y + 4))

    def _paint_picture(self, painter: QPainter, places: Places, shown: Explained) -> None:
        figures = shown.figures
        box = places.picture
        if self.stage != 4:
            Picture(figures.minibatch.pictures[0, 0]).paint(painter, box)
            return
        Picture(-figures.gradient_x, signed=True).paint(painter, box)
        label = in_a_sentence(self.name(figures.label))
        words = _("Ink in full orange squares would make it more like {name}.", name=label)
        write_with(painter, Text.LABEL, "muted")
        room = QRectF(box.left(), box.bottom() + 4, box.width(), self.height() - box.bottom() - 4)
        flags = int(Qt.AlignLeft | Qt.AlignTop | Qt.TextWordWrap)
        if room.contains(painter.boundingRect(room, flags, words)):
            painter.drawText(room, flags, words)

    def _paint_answers(self, painter: QPainter, places: Places, shown: Explained) -> None:
        figures = shown.figures
        target = [int(digit == figures.label) for digit in range(len(figures.p))]
        rows = list(zip(figures.z.tolist(), figures.p.tolist(), target, strict=True))
        first = [format_probability(p, short=True) for __, p, __ in rows]
        if self.stage == 2:
            self.paint_answers(painter, places, figures.p, first)
        elif self.stage == 3:
            cells = [
                (
                    number(z, ".2f"),
                    _figure(math.exp(min(z, 80.0)), 2),
                    _figure(p),
                    str(wanted),
                    _figure(abs(float(figures.losses[0]))) if wanted else "",
                )
                for z, p, wanted in rows
            ]
            self.paint_cells(painter, places, ("z", "eᶻ", "p", _("target"), "−ln p"), cells)
        else:
            slopes = [
                (_figure(p), str(wanted), _figure(p - wanted, 3, "+")) for __, p, wanted in rows
            ]
            self.paint_cells(painter, places, ("p", _("target"), _("p − target")), slopes)


def _figure(value: float, decimals: int = 3, sign: str = "") -> str:
    """Format a number for a column, one of another size with one digit: ``"2×10⁻⁵"``."""
    size = abs(value)
    sign = sign if value else ""
    spec = f".{decimals}f" if size < 1e3 else ",.0f"
    if size >= 1e5 or 0 < size < 0.5 * 10**-decimals:
        spec = ".0e"
    return number(value, sign + spec)
