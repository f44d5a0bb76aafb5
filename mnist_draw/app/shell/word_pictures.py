"""The small pictures of the words, painted in the colours of the theme on 240 × 132 pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QFont, QPainter, QPen, QPolygonF

from mnist_draw.app.kit import theme
from mnist_draw.recognition.certainty import FAIRLY_SURE, SURE

#: The number of a layer, and of one of its units.
_Unit = tuple[int, int]
#: Units of each layer in a drawn network.
_LAYERS = (5, 4, 3)
_FILTER = ((-1, -1, 0, 1, 1), (-1, 0, 1, 1, 0), (0, 1, 1, 0, -1), (1, 1, 0, -1, -1))
_BARS = (0.02, 0.05, 0.04, 0.86, 0.01, 0.2, 0.01, 0.02, 0.3, 0.1)


class Sketch:
    """A painter with the few strokes that the pictures are made of."""

    def __init__(self, painter: QPainter) -> None:
        self.painter = painter

    def line(self, points: Iterable[tuple[float, float]], name: str = "text", dashed: bool = False,
             width: float = 2.0) -> None:  # fmt: skip
        """Draw a line through points."""
        pen = QPen(theme.colour(name), width, Qt.DashLine if dashed else Qt.SolidLine, Qt.RoundCap)
        self.painter.setPen(pen)
        self.painter.setBrush(Qt.NoBrush)
        self.painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))

    def box(self, x: float, y: float, wide: float, high: float, fill: str = "", edge: str = "edge",
            alpha: float = 1.0) -> None:  # fmt: skip
        """Draw a box, filled or empty."""
        self.painter.setPen(QPen(theme.colour(edge), 1) if edge else Qt.NoPen)
        self.painter.setBrush(theme.colour(fill, alpha) if fill else Qt.NoBrush)
        self.painter.drawRoundedRect(QRectF(x, y, wide, high), 3, 3)

    def dot(self, x: float, y: float, radius: float = 6, fill: str = "muted") -> None:
        """Draw a filled circle."""
        self.painter.setPen(Qt.NoPen)
        self.painter.setBrush(theme.colour(fill))
        self.painter.drawEllipse(QPointF(x, y), radius, radius)

    def text(self, x: float, y: float, words: str, size: int = 13, name: str = "text") -> None:
        """Write words around a point."""
        font = QFont(self.painter.font())
        font.setPixelSize(size)
        font.setWeight(QFont.DemiBold)
        self.painter.setFont(font)
        self.painter.setPen(theme.colour(name))
        self.painter.drawText(QRectF(x - 100, y - 50, 200, 100), Qt.AlignCenter, words)

    def digit(self, x: float, y: float, words: str, shear: float = 0.0, turn: float = 0.0,
              name: str = "text") -> None:  # fmt: skip
        """Write a digit into a box of its own, slanted or turned."""
        self.box(x - 24, y - 28, 48, 56, "card")
        self.painter.save()
        self.painter.translate(x, y)
        self.painter.rotate(turn)
        self.painter.shear(shear, 0)
        self.text(0, 0, words, 38, name)
        self.painter.restore()

    def axes(self) -> None:
        """Draw the axes of a curve."""
        self.line([(20, 10), (20, 118), (226, 118)], "edge", width=1)

    def curve(self, height: Callable[[float], float], name: str = "accent", dashed: bool = False,
              end: float = 1.0) -> None:  # fmt: skip
        """Draw a curve of heights between 0 and 1 over the axes."""
        steps = (end * step / 40 for step in range(41))
        self.line(((24 + 200 * x, 114 - 100 * height(x)) for x in steps), name, dashed)

    def network(self, lit: Sequence[_Unit] = (), off: Sequence[_Unit] = ()) -> None:
        """Draw a network with some of its units lit, and some switched off."""
        for layer in range(len(_LAYERS) - 1):
            for one in range(_LAYERS[layer]):
                for other in range(_LAYERS[layer + 1]):
                    if not {(layer, one), (layer + 1, other)} & set(off):
                        ends = [_place(layer, one), _place(layer + 1, other)]
                        self.line(ends, "line", width=1)
        for layer, units in enumerate(_LAYERS):
            for unit in range(units):
                x, y = _place(layer, unit)
                if (layer, unit) in off:
                    self.line([(x - 5, y - 5), (x + 5, y + 5)], "muted")
                    self.line([(x - 5, y + 5), (x + 5, y - 5)], "muted")
                else:
                    self.dot(x, y, fill="accent" if (layer, unit) in lit else "muted")


def _place(layer: int, unit: int) -> tuple[float, float]:
    return 40 + 80 * layer, 66 + 25 * (unit - (_LAYERS[layer] - 1) / 2)


def _valley(x: float) -> float:
    return 3.6 * (x - 0.5) ** 2 + 0.05


def accuracy(sketch: Sketch) -> None:
    for place in range(10):
        x, y, right = 32 + 44 * (place % 5), 36 + 58 * (place // 5), place != 7
        sketch.dot(x, y, 15, "accent" if right else "track")
        sketch.text(x, y, "✓" if right else "?", 15, "on_accent" if right else "text")


def augmentation(sketch: Sketch) -> None:
    for place, (shear, turn) in enumerate(((0.0, 0.0), (-0.4, 0.0), (0.2, -18.0), (0.0, 14.0))):
        sketch.digit(33 + 58 * place, 66, "3", shear, turn)


def batch(sketch: Sketch) -> None:
    for place in range(60):
        taken = 12 <= place < 24
        x, y = 14 + 18 * (place % 12), 18 + 20 * (place // 12)
        sketch.box(x, y, 14, 14, "accent" if taken else "track", "")
    sketch.box(9, 33, 219, 24, edge="accent")


def certainty(sketch: Sketch) -> None:
    for place, (part, name) in enumerate(((0.97, "accent"), (0.72, "accent"), (0.45, "muted"))):
        sketch.box(20, 24 + 34 * place, 200, 16, "track", "")
        sketch.box(20, 24 + 34 * place, 200 * part, 16, name, "")
    for part in (FAIRLY_SURE, SURE):
        sketch.line([(20 + 200 * part, 12), (20 + 200 * part, 120)], "second", True)


def cnn(sketch: Sketch) -> None:
    for place in range(49):
        ink = place % 7 in (3, 4) and place // 7 in (1, 2, 3, 4, 5)
        x, y = 14 + 15 * (place % 7), 14 + 15 * (place // 7)
        sketch.box(x, y, 14, 14, "text" if ink else "track", "")
    sketch.box(43, 28, 46, 46, edge="accent")
    sketch.line([(124, 66), (152, 66)], "muted")
    for place in range(3):
        sketch.box(164 + 10 * place, 24 + 12 * place, 48, 48, "card", "accent")


def dropout(sketch: Sketch) -> None:
    sketch.network(off=((0, 1), (0, 4), (1, 2)))


def early_stopping(sketch: Sketch) -> None:
    sketch.axes()
    sketch.curve(lambda x: 0.2 + 0.7 * math.exp(-6 * x) + 0.3 * max(0, x - 0.4), "second", True)
    sketch.line([(110, 14), (110, 114)], "accent")
    sketch.dot(110, 87, 5, "accent")


def epoch(sketch: Sketch) -> None:
    for place in range(10):
        done = "accent" if place < 4 else "track"
        sketch.box(14 + 21.5 * place, 56, 18, 20, done, "")


def filter_weights(sketch: Sketch) -> None:
    for row, weights in enumerate(_FILTER):
        for place, weight in enumerate(weights):
            x, y, inset = 56 + 26 * place, 14 + 26 * row, 0 if weight > 0 else 5
            name = {1: "accent", -1: "second", 0: "track"}[weight]
            sketch.box(x + inset, y + inset, 24 - 2 * inset, 24 - 2 * inset, name, "")


def fine_tuning(sketch: Sketch) -> None:
    sketch.digit(46, 66, "4", -0.35)
    sketch.line([(84, 66), (112, 66)], "muted")
    for place in range(3):
        sketch.dot(140 + 30 * place, 66, 10, "accent" if place == 2 else "muted")


def hidden_unit(sketch: Sketch) -> None:
    sketch.network(lit=((1, 1),))


def l2_penalty(sketch: Sketch) -> None:
    for place, part in enumerate((0.9, 0.3, 0.7, 0.2, 0.5, 0.8)):
        x = 26 + 34 * place
        sketch.box(x, 116 - 100 * part, 22, 100 * part, "", "edge")
        sketch.box(x, 116 - 55 * part, 22, 55 * part, "accent", "")


def layer(sketch: Sketch) -> None:
    sketch.network(lit=[(1, unit) for unit in range(_LAYERS[1])])


def learning_rate(sketch: Sketch) -> None:
    sketch.curve(_valley, "edge")
    points = [(x, _valley(x)) for x in (0.03, 0.2, 0.32, 0.4, 0.46)]
    sketch.line([(24 + 200 * x, 110 - 100 * y) for x, y in points], "accent")
    for x, y in points:
        sketch.dot(24 + 200 * x, 110 - 100 * y, 5, "accent")


def loss(sketch: Sketch) -> None:
    sketch.axes()
    sketch.curve(lambda x: 0.06 + 0.9 * math.exp(-5 * x))


def mlp(sketch: Sketch) -> None:
    sketch.network()


def mnist(sketch: Sketch) -> None:
    for place, digit in enumerate("5041"):
        sketch.digit(33 + 58 * place, 66, digit, -0.15)


def not_a_digit(sketch: Sketch) -> None:
    sketch.digit(70, 66, "@", name="muted")
    sketch.text(170, 66, "⊘", 56, "muted")


def optimizer(sketch: Sketch) -> None:
    sketch.curve(_valley, "edge")
    for direction, name in ((1, "accent"), (-1, "second")):
        spots = [0.5 - direction * 0.46 * 0.6**step for step in range(6)]
        points = [(24 + 200 * x, 108 - 100 * _valley(x)) for x in spots]
        sketch.line(points, name, direction < 0)


def overfitting(sketch: Sketch) -> None:
    sketch.axes()
    sketch.curve(lambda x: 0.04 + 0.9 * math.exp(-5 * x))
    sketch.curve(lambda x: 0.24 + 0.7 * math.exp(-7 * x) + 0.4 * max(0, x - 0.35), "second", True)


def probability(sketch: Sketch) -> None:
    for place, part in enumerate(_BARS):
        sketch.box(34, 10 + 11.5 * place, 180, 7, "track", "")
        sketch.box(34, 10 + 11.5 * place, 180 * part, 7, "accent" if part > 0.5 else "muted", "")
        sketch.text(20, 14 + 11.5 * place, str(place), 10, "muted")


def seed(sketch: Sketch) -> None:
    for x, spots in ((70, ((0, 0), (-1, -1), (1, 1))), (170, ((-1, -1), (1, -1), (-1, 1), (1, 1)))):
        sketch.box(x - 32, 34, 64, 64, "card")
        for across, down in spots:
            sketch.dot(x + 17 * across, 66 + 17 * down, 6, "text")


def held_back(sketch: Sketch) -> None:
    for x, wide, name, words in (
        (14, 140, "muted", "50,000"),
        (158, 32, "second", "10"),
        (194, 32, "accent", "10"),
    ):
        sketch.box(x, 48, wide, 26, name, "")
        sketch.text(x + wide / 2, 92, words, 12, "muted")


def weight(sketch: Sketch) -> None:
    sketch.line([(60, 40), (180, 66)], "accent", width=9)
    sketch.line([(60, 94), (180, 66)], "second", True, width=2)
    for x, y in ((60, 40), (60, 94), (180, 66)):
        sketch.dot(x, y, 14, "text")
