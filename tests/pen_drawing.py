"""Draw digits and other things with a round pen, at any size and place, without a window."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

Stroke = Sequence[tuple[float, float]]

#: Digits as people write them, in boxes 1 high, x to the right and y downwards.
DIGITS: dict[int, list[Stroke]] = {
    0: [[(0.35, 0), (0.1, 0.2), (0, 0.5), (0.1, 0.8), (0.35, 1), (0.6, 0.8), (0.7, 0.5),
         (0.6, 0.2), (0.35, 0)]],
    1: [[(0.1, 0), (0.1, 0.5), (0.1, 1)]],
    2: [[(0, 0.25), (0.1, 0.07), (0.3, 0), (0.5, 0.07), (0.58, 0.25), (0.5, 0.45), (0.25, 0.72),
         (0, 1), (0.3, 0.98), (0.65, 1)]],
    3: [[(0.05, 0.1), (0.3, 0), (0.5, 0.08), (0.53, 0.25), (0.42, 0.42), (0.2, 0.48),
         (0.45, 0.55), (0.58, 0.75), (0.48, 0.93), (0.25, 1), (0, 0.92)]],
    4: [[(0.1, 0), (0.05, 0.3), (0, 0.6), (0.35, 0.6), (0.7, 0.58)],
        [(0.5, 0.05), (0.5, 0.5), (0.48, 1)]],
    5: [[(0.1, 0), (0.07, 0.22), (0.05, 0.45), (0.3, 0.38), (0.52, 0.5), (0.58, 0.7),
         (0.48, 0.92), (0.25, 1), (0, 0.93)], [(0.1, 0), (0.35, 0.01), (0.6, 0)]],
    6: [[(0.45, 0), (0.2, 0.25), (0.05, 0.55), (0.05, 0.8), (0.2, 1), (0.42, 0.97), (0.55, 0.78),
         (0.45, 0.6), (0.25, 0.57), (0.07, 0.72)]],
    7: [[(0, 0.02), (0.3, 0), (0.62, 0), (0.45, 0.35), (0.32, 0.65), (0.22, 1)]],
    8: [[(0.5, 0.1), (0.3, 0), (0.1, 0.1), (0.1, 0.28), (0.3, 0.45), (0.53, 0.65), (0.55, 0.87),
         (0.32, 1), (0.08, 0.88), (0.1, 0.65), (0.3, 0.47), (0.5, 0.3), (0.5, 0.1)]],
    9: [[(0.55, 0.2), (0.4, 0.02), (0.18, 0.03), (0.05, 0.2), (0.1, 0.4), (0.3, 0.46),
         (0.5, 0.35), (0.57, 0.15), (0.55, 0.5), (0.5, 1)]],
}  # fmt: skip


def board(strokes, pen, side=300, scale=1.0, at=(0.0, 0.0)):
    """Draw strokes, multiplied by `scale` and moved to `at`: uint8 (side, side), 255 for ink."""
    far = np.ones((side, side), bool)
    for stroke in strokes:
        points = smooth(np.array(stroke)) * scale + at
        steps = int(np.abs(np.diff(points, axis=0)).sum() * 2) + 2
        along = np.linspace(0, len(points) - 1, steps)
        columns, rows = (np.interp(along, np.arange(len(points)), points[:, k]) for k in (0, 1))
        far[np.rint(rows).astype(int), np.rint(columns).astype(int)] = False
    distance = ndimage.distance_transform_edt(far)
    return np.rint(np.clip(pen / 2 + 0.5 - distance, 0, 1) * 255).astype(np.uint8)


def smooth(points):
    """Return points along quadratic curves between the middles, as the canvas draws them."""
    if len(points) < 3:
        return points
    middles = (points[:-1] + points[1:]) / 2
    t = np.linspace(0, 1, 8)[:, None]
    pieces = [points[:1]]
    for start, control, end in zip(middles, points[1:-1], middles[1:], strict=False):
        pieces.append(start * (1 - t) ** 2 + control * 2 * t * (1 - t) + end * t**2)
    return np.concatenate([*pieces, points[-1:]])


def number(text, pen, height=100, gap=25, side=400):
    """Draw digits side by side, `gap` pixels apart; return also where each begins and ends."""
    x, strokes, spans = 20.0 + pen / 2, [], []
    for character in text:
        digit = DIGITS[int(character)]
        points = np.array([point for stroke in digit for point in stroke]) * height
        left, right = points[:, 0].min(), points[:, 0].max()
        for stroke in digit:
            strokes.append([(px * height + x - left, py * height) for px, py in stroke])
        spans.append((x - pen / 2, x + right - left + pen / 2))
        x += right - left + pen + gap
    return board(strokes, pen, side, at=(0.0, (side - height) / 2)), spans
