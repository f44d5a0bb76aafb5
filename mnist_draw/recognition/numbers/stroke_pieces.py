"""Pen strokes as the pieces of a number: where they are known, they are the best cuts.

A person lifts the pen between two digits, so a digit consists of whole strokes: of one, or of a
few that were drawn one after the other. Each stroke is drawn here once more, small and with a pen
that suits the line's height: the pen that suits one large digit would close the loops of small
ones, and what is read shall not depend on the pen that was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from mnist_draw.recognition.numbers.pieces import HEIGHT, Box, Plane, box_around

#: A stroke of the pen: float (n, 3), each point's x, y and the pen's width there, in pixels of
#: the ink picture; at least one point.
PenStroke = npt.NDArray[np.floating]

#: The finest and the widest pen, in heights of the line: MNIST's strokes are about that wide.
FINEST_PEN, WIDEST_PEN = 1 / 10, 1 / 8
#: Points nearer than this to the one before are left out, in pixels of the reduced picture.
_NEAREST = 2.0
#: Strokes are drawn this many times larger first, so that their edges become grey.
_FINER = 4
#: Paper around each stroke's own box, in pixels.
_AROUND = 1


@dataclass(frozen=True, eq=False)
class StrokePieces:
    """Strokes in some order, each drawn by itself.

    Attributes
    ----------
    planes : tuple of numpy.ndarray
        The ink of each stroke, float32, 0 to 1, cropped.
    boxes : tuple of tuple of int
        Top, left, bottom and right of each plane, in pixels of the reduced picture.
    spans : numpy.ndarray, float64, shape (n, 4)
        Left, top, right and bottom of each stroke's points, in heights of the line; the pen's
        width does not count.
    height : float
        Of the line, in pixels of the reduced picture.
    scale : float
        Pixels of the ink picture for each of the reduced one.
    corner : tuple of float
        Row and column of the ink picture where the reduced one begins.
    """

    planes: tuple[Plane, ...]
    boxes: tuple[Box, ...]
    spans: npt.NDArray[np.float64]
    height: float
    scale: float
    corner: tuple[float, float]

    def __len__(self) -> int:
        return len(self.planes)

    def ordered(self, order: Sequence[int]) -> StrokePieces:
        """Return the same strokes in another order."""
        return StrokePieces(
            tuple(self.planes[n] for n in order),
            tuple(self.boxes[n] for n in order),
            self.spans[list(order)],
            self.height,
            self.scale,
            self.corner,
        )

    def box(self, first: int, last: int) -> Box:
        """Return top, left, bottom and right of the strokes `first` to `last - 1`."""
        return box_around(self.boxes[first:last])

    def group(self, first: int, last: int) -> Plane:
        """Return the ink of the strokes `first` to `last - 1` alone, cropped."""
        top, left, bottom, right = self.box(first, last)
        result = np.zeros((bottom - top, right - left), np.float32)
        for plane, (up, at, down, end) in zip(
            self.planes[first:last], self.boxes[first:last], strict=True
        ):
            window = result[up - top : down - top, at - left : end - left]
            np.maximum(window, plane, out=window)
        return result

    def all_ink(self) -> Plane:
        """Return the ink of all strokes, cropped."""
        return self.group(0, len(self))

    def gaps(self, groups: Sequence[tuple[int, int]]) -> list[float]:
        """Return the paper between neighbouring groups, in heights of the line."""
        left = [float(self.spans[first:last, 0].min()) for first, last in groups]
        right = [float(self.spans[first:last, 2].max()) for first, last in groups]
        return [begin - end for end, begin in zip(right, left[1:], strict=False)]

    def in_picture(self, first: int, last: int) -> Box:
        """Return left, top, width and height of these strokes in pixels of the ink picture."""
        top, left, bottom, right = self.box(first, last)
        x, y = left * self.scale + self.corner[1], top * self.scale + self.corner[0]
        return (
            round(x),
            round(y),
            round((right - left) * self.scale),
            round((bottom - top) * self.scale),
        )


def draw_strokes(strokes: Sequence[PenStroke]) -> StrokePieces:
    """Draw each stroke by itself.

    Parameters
    ----------
    strokes : sequence of numpy.ndarray, float, shape (n, 3)
        At least one; see :data:`PenStroke`.

    Returns
    -------
    StrokePieces
        In the order that was given.
    """
    boxes = np.array(
        [[*(s[:, :2] - s[:, 2:] / 2).min(0), *(s[:, :2] + s[:, 2:] / 2).max(0)] for s in strokes]
    )
    height = float((boxes[:, 3] - boxes[:, 1]).max())
    scale = height / HEIGHT
    pen = max(float(np.median(np.concatenate(strokes)[:, 2])), 1e-6)
    # All widths change alike, so that pressure still shows.
    factor = min(max(pen, FINEST_PEN * height), WIDEST_PEN * height) / pen
    left, top = boxes[:, 0].min(), boxes[:, 1].min()
    planes, places = [], []
    for stroke in strokes:
        points = (stroke[:, :2] - (left, top)) / scale
        plane, place = _drawn(points, stroke[:, 2] * factor / scale)
        planes.append(plane)
        places.append(place)
    lines = np.array([[*s[:, :2].min(0), *s[:, :2].max(0)] for s in strokes])
    spans = lines / max(float((lines[:, 3] - lines[:, 1]).max()), 1e-6)
    return StrokePieces(
        tuple(planes), tuple(places), spans, float(HEIGHT), scale, (float(top), float(left))
    )


def _drawn(points: npt.NDArray[np.floating], widths: npt.NDArray[np.floating]) -> tuple[Plane, Box]:
    """Draw a line through points with round ends; return its ink and where that lies."""
    reach = float(widths.max()) / 2 + _AROUND
    low = np.floor(points.min(axis=0) - reach).astype(int)
    high = np.ceil(points.max(axis=0) + reach).astype(int)
    width, height = (int(side) * _FINER for side in high - low)
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    kept = _spaced(points)
    fine = (points[kept] - low) * _FINER
    wide = np.maximum(widths[kept] * _FINER, 1)
    for n, (x, y) in enumerate(fine):
        half = wide[n] / 2
        draw.ellipse((x - half, y - half, x + half, y + half), fill=255)
        if n:
            between = round((wide[n - 1] + wide[n]) / 2)
            draw.line((*fine[n - 1], x, y), fill=255, width=between)
    plane = np.asarray(image.reduce(_FINER), np.float32) / np.float32(255)
    return plane, (int(low[1]), int(low[0]), int(high[1]), int(high[0]))


def _spaced(points: npt.NDArray[np.floating]) -> list[int]:
    """Return which points to draw: the first, the last, and those that lead somewhere."""
    kept = [0]
    x, y = points[0]
    for n, (to_x, to_y) in enumerate(points.tolist()):
        if abs(to_x - x) >= _NEAREST or abs(to_y - y) >= _NEAREST:
            kept.append(n)
            x, y = to_x, to_y
    if kept[-1] != len(points) - 1:
        kept.append(len(points) - 1)
    return kept
