"""Drawings that are no digits, for `not_a_digit.py`: letters from fonts, scribbles, and more.

Nothing here is shared with what the program's rule was fitted to: there the letters are strokes
from a table and the scribbles random curves through random points; here letters come from the
outlines of the fonts of the computer, half of them filled as they are printed, half thinned to
lines and drawn with a pen, and scribbles, ticks, faces and words have makers of their own.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

BOARD = 280
PENS = (10.0, 30.0)
#: The letters that nobody takes for a digit.
LETTERS = "ACEFHJKLMNPRTUVWXYacdefhjkmnprtuvwxy"
#: Letters that are digits, too, when they stand alone, and the digits they may be read as.
LOOKALIKES = {
    "O": "0", "o": "0", "D": "0", "Q": "0", "I": "1", "l": "1", "i": "1", "Z": "2", "z": "2",
    "S": "5", "s": "5", "G": "6", "b": "6", "B": "8", "g": "9", "q": "9",
}  # fmt: skip
#: Fonts that are taken where they are installed: without serifs, or written by hand.
FONTS = (
    "Arial", "Bradley Hand", "Chalkboard", "Comic Sans MS", "DejaVu Sans", "FreeSans", "Helvetica",
    "Ink Free", "Inter", "Inter Light", "Inter Thin", "Liberation Sans", "Nimbus Sans",
    "Nimbus Sans Narrow", "Noteworthy", "Noto Sans", "Noto Sans Mono", "Open Sans", "Roboto",
    "Segoe Print", "Segoe UI", "Tahoma", "Trebuchet MS", "Ubuntu", "URW Gothic", "Verdana", "Z003",
)  # fmt: skip
_GLYPH = 120
_AROUND = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))

Ink = np.ndarray
Stroke = np.ndarray


@dataclass(frozen=True)
class Drawing:
    """One drawing: its kind, what it shows, and its ink, uint8 (280, 280)."""

    kind: str
    name: str
    ink: Ink


class Fonts:
    """The letters of the computer's fonts, as bitmaps; see :data:`FONTS`."""

    def __init__(self) -> None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        from qtpy.QtGui import QFont, QFontDatabase
        from qtpy.QtWidgets import QApplication

        # Kept: fonts are unusable without it.
        self._app = QApplication.instance() or QApplication(["junk_drawings"])
        installed = {name.split(" [")[0]: name for name in sorted(QFontDatabase().families())}
        self.names = [name for name in FONTS if name in installed]
        self._fonts = []
        for name in self.names:
            font = QFont(installed[name])
            font.setPixelSize(_GLYPH)
            self._fonts.append(font)

    def glyph(self, rng: np.random.Generator, letter: str) -> np.ndarray:
        """Return a letter of a random font, bool (H, W), about 120 pixels high."""
        from qtpy.QtCore import Qt
        from qtpy.QtGui import QImage, QPainter, QPainterPath

        path = QPainterPath()
        path.addText(0, 0, self._fonts[rng.integers(len(self._fonts))], letter)
        box = path.boundingRect()
        image = QImage(int(box.width()) + 8, int(box.height()) + 8, QImage.Format_Grayscale8)
        image.fill(Qt.black)
        painter = QPainter(image)
        painter.translate(4 - box.left(), 4 - box.top())
        painter.fillPath(path, Qt.white)
        painter.end()
        bits = image.constBits().asarray(image.sizeInBytes())
        rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : image.width()] > 127


def thinned(shape: np.ndarray) -> np.ndarray:
    """Reduce a shape, bool (H, W), to lines of one pixel (Zhang and Suen, 1984)."""
    shape = np.pad(shape, 1)
    while True:
        before = shape.sum()
        for first in (True, False):
            n = [np.roll(shape, shift, (0, 1)) for shift in _AROUND]
            count = sum(neighbor.astype(int) for neighbor in n)
            rises = sum((~a & b).astype(int) for a, b in zip(n, [*n[1:], n[0]], strict=True))
            if first:
                free = ~(n[0] & n[2] & n[4]) & ~(n[2] & n[4] & n[6])
            else:
                free = ~(n[0] & n[2] & n[6]) & ~(n[0] & n[4] & n[6])
            shape = shape & ~((count >= 2) & (count <= 6) & (rises == 1) & free)
        if shape.sum() == before:
            return shape[1:-1, 1:-1]


def drawn(strokes: list[Stroke], pen: float) -> Ink:
    """Draw polylines, float (n, 2) in pixels of the board, with a round pen."""
    marks = np.ones((BOARD, BOARD), bool)
    for stroke in strokes:
        steps = max(2, int(np.abs(np.diff(stroke, axis=0)).sum() * 1.5))
        at = np.linspace(0, len(stroke) - 1, steps)
        columns, rows = (np.interp(at, np.arange(len(stroke)), stroke[:, k]) for k in (0, 1))
        rows, columns = (np.clip(np.rint(v), 0, BOARD - 1).astype(int) for v in (rows, columns))
        marks[rows, columns] = False
    return _inked(ndimage.distance_transform_edt(marks), pen)


def _inked(distance: np.ndarray, pen: float) -> Ink:
    return np.rint(np.clip(pen / 2 + 0.5 - distance, 0, 1) * 255).astype(np.uint8)


def _points(rng: np.random.Generator, shape: np.ndarray) -> np.ndarray:
    """Return a slanted, turned, unevenly stretched shape's pixels, (n, 2), about (0, 0)."""
    rows, columns = np.nonzero(shape)
    points = np.stack([columns, rows], 1) - np.array(shape.shape[::-1]) / 2
    angle, slant = rng.normal(0, 0.08), rng.normal(0, 0.12)
    wide = np.exp(rng.normal(0, 0.1))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = points @ (turn @ np.array([[wide, -slant], [0, 1 / wide]])).T
    # A hand's waver: slow waves across the letter.
    for axis in (0, 1):
        phase = rng.uniform(0, 6.3, 2)
        wave = np.sin(points[:, ::-1] / rng.uniform(15, 40) + phase).sum(axis=1)
        points[:, axis] += rng.uniform(0, 3) * wave
    return points


def letter(rng: np.random.Generator, fonts: Fonts, name: str) -> Ink:
    """Draw one letter of a font: printed, or thinned and drawn with a pen."""
    glyph = fonts.glyph(rng, name)
    printed = rng.random() < 0.5
    points = _points(rng, glyph if printed else thinned(glyph))
    scale = rng.uniform(0.45, 0.7) * BOARD / np.ptp(points, axis=0).max()
    points = points * scale + BOARD / 2 + rng.uniform(-20, 20, 2)
    columns, rows = np.clip(np.rint(points), 0, BOARD - 1).astype(int).T
    marks = np.ones((BOARD, BOARD), bool)
    marks[rows, columns] = False
    return _inked(ndimage.distance_transform_edt(marks), 3 if printed else rng.uniform(*PENS))


def _placed(rng: np.random.Generator, strokes: list[Stroke], size: float = 0.0) -> Ink:
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    size = size or rng.uniform(0.4, 0.75) * BOARD
    shift = BOARD / 2 + rng.uniform(-20, 20, 2)
    scale = size / max((high - low).max(), 1e-6)
    return drawn([(s - (low + high) / 2) * scale + shift for s in strokes], rng.uniform(*PENS))


def scribble(rng: np.random.Generator) -> Ink:
    """Draw a long wandering line: sums of turning circles, as a bored hand makes."""
    t = np.linspace(0, rng.uniform(8, 30), 600)
    x, y = np.zeros_like(t), np.zeros_like(t)
    for speed in rng.uniform(0.3, 3.0, 4):
        phase, size = rng.uniform(0, 6.3, 2), rng.uniform(0.2, 1, 2) / speed
        x += size[0] * np.sin(speed * t + phase[0])
        y += size[1] * np.sin(speed * t + phase[1])
    return _placed(rng, [np.stack([x, y], 1)])


def filled(rng: np.random.Generator) -> Ink:
    """Fill an area: a polygon of three to nine corners."""
    corners = int(rng.integers(3, 10))
    turns = rng.uniform(0, 6.3) + np.linspace(0, 6.2832, corners, endpoint=False)
    radius = rng.uniform(0.75, 1, corners) * rng.uniform(40, 100)
    middle = BOARD / 2 + rng.uniform(-20, 20, 2)
    outline = middle + np.stack([np.cos(turns), np.sin(turns)], 1) * radius[:, None]
    # Drawn four times as large, for smooth edges.
    image = Image.new("L", (4 * BOARD, 4 * BOARD))
    ImageDraw.Draw(image).polygon([(4 * x, 4 * y) for x, y in outline.tolist()], fill=255)
    return np.asarray(image.reduce(4))


def dot(rng: np.random.Generator) -> Ink:
    """Touch the board, perhaps moving a little."""
    middle = rng.uniform(0.3, 0.7, 2) * BOARD
    return drawn([middle + rng.normal(0, 1.2, (3, 2)).cumsum(axis=0)], rng.uniform(*PENS))


def tick(rng: np.random.Generator) -> Ink:
    """Draw a tick: a short way down, a long way up."""
    up = rng.uniform(0.7, 1.1)
    corners = np.array([[0, rng.uniform(-0.45, -0.2)], [rng.uniform(0.2, 0.4), 0], [1, -up]])
    return _placed(rng, [corners + rng.normal(0, 0.03, corners.shape)])


def smiley(rng: np.random.Generator) -> Ink:
    """Draw a face: round, with two eyes and a mouth."""
    t = np.linspace(0, 6.28, 60)
    face = np.stack([np.cos(t) * rng.uniform(0.85, 1.1), np.sin(t)], 1)
    mouth_t = np.linspace(0.5, 2.64, 20)
    mouth = np.stack([np.cos(mouth_t), np.sin(mouth_t) * rng.choice([-1, 1])], 1)
    mouth = mouth * rng.uniform(0.45, 0.6) + [0, 0.1]
    eyes = [np.array([[x, -0.4], [x, -0.25]]) + rng.normal(0, 0.03, 2) for x in (-0.35, 0.35)]
    strokes = [face, mouth, *eyes]
    return _placed(rng, [s + rng.normal(0, 0.01, s.shape) for s in strokes], rng.uniform(130, 210))


def word(rng: np.random.Generator, fonts: Fonts) -> Ink:
    """Write three to six letters beside each other with a pen."""
    columns: list[np.ndarray] = []
    at = 0.0
    for name in rng.choice(list(LETTERS.lower()), int(rng.integers(3, 7))):
        points = _points(rng, thinned(fonts.glyph(rng, str(name))))
        points[:, 0] += at - points[:, 0].min()
        at = float(points[:, 0].max()) + rng.uniform(8, 30)
        columns.append(points)
    points = np.concatenate(columns)
    scale = rng.uniform(0.7, 0.9) * BOARD / np.ptp(points[:, 0])
    points = (points - (points.min(axis=0) + points.max(axis=0)) / 2) * scale + BOARD / 2
    x, y = np.clip(np.rint(points), 0, BOARD - 1).astype(int).T
    marks = np.ones((BOARD, BOARD), bool)
    marks[y, x] = False
    return _inked(ndimage.distance_transform_edt(marks), rng.uniform(6, 14))


def drawings(fonts: Fonts, each: int, seed: int) -> list[Drawing]:
    """Make all drawings: `each` of every kind of junk, and about ten times as many letters."""
    rng = np.random.default_rng(seed)
    kinds: dict[str, Callable[[], Ink]] = {
        "scribbles": lambda: scribble(rng),
        "filled areas": lambda: filled(rng),
        "dots": lambda: dot(rng),
        "ticks": lambda: tick(rng),
        "smileys": lambda: smiley(rng),
        "words": lambda: word(rng, fonts),
    }
    result = [Drawing(kind, kind, make()) for kind, make in kinds.items() for _ in range(each)]
    times = max(1, round(10 * each / len(LETTERS)))
    for kind, names in (("letters", LETTERS), ("look-alikes", "".join(LOOKALIKES))):
        for name in names:
            result += [Drawing(kind, name, letter(rng, fonts, name)) for _ in range(times)]
    return result
