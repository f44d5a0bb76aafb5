"""What is cut out of the drawing for the network, and where its centre of mass lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QRectF

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.drawing import Drawing


def crop_marks(ink: np.ndarray, drawing: Drawing) -> tuple[QRectF, QPointF] | None:
    """Return the box around the ink and its centre of mass, in board units.

    Parameters
    ----------
    ink : ndarray, shape (H, W), uint8
        What :meth:`Drawing.ink` returned.
    drawing : Drawing

    Returns
    -------
    tuple of QRectF and QPointF, or None
        None without ink.
    """
    picture = ink.astype("float32")
    columns, rows = picture.sum(axis=0), picture.sum(axis=1)
    total = float(columns.sum())
    if not total:
        return None
    xs, ys = columns.nonzero()[0], rows.nonzero()[0]
    box = drawing.to_board(xs[0], ys[0], xs[-1] - xs[0] + 1, ys[-1] - ys[0] + 1)
    x = float((columns * range(len(columns))).sum()) / total + 0.5
    y = float((rows * range(len(rows))).sum()) / total + 0.5
    return QRectF(box), QPointF(drawing.to_board(x, y, 0, 0).topLeft())
