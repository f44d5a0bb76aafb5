"""Drawings as files: a PNG picture, or an SVG drawing whose strokes stay curves.

Both show dark ink on white paper whatever the window's colours are, and the board's square, or
more where ink reaches beyond it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QColor, QImage, QPainter

from mnist_draw.app.draw.pen_strokes import BOARD, Stroke
from mnist_draw.app.draw.placed_picture import Item, PlacedPicture, coloured
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import png_bytes

#: Pixels per board unit of a saved picture: the board's square takes 1200×1200.
SAVED_SCALE = 2.0
#: … and of a copied one.
COPIED_SCALE = 1.0
#: A drawing that reaches far beyond the board is saved with fewer pixels per unit, not more.
_MAX_PIXELS = 36_000_000
#: Curves whose widths differ less are one path.
_SAME_WIDTH = 0.05
#: Dark on white, as on the light board.
_INK, _PAPER = QColor(theme.LIGHT.ink), QColor(theme.LIGHT.paper)


def snapshot(items: Sequence[Item]) -> list[Item]:
    """Return copies that another thread may paint while the originals are drawn on."""
    copies: list[Item] = []
    for item in items:
        if isinstance(item, PlacedPicture):
            copies.append(PlacedPicture(item.mask, item.rect))
        else:
            copies.append(Stroke(list(item.points), item.erase))
    return copies


def covered(items: Sequence[Item]) -> QRectF:
    """Return the board's square, grown to what reaches beyond it, in board units."""
    area = QRectF(0, 0, BOARD, BOARD)
    for item in items:
        if not item.erase:
            area = area.united(item.bounds())
    return area


def picture(items: Sequence[Item], scale: float) -> QImage:
    """Return a drawing as an image, dark on white."""
    area = covered(items)
    scale = min(scale, (_MAX_PIXELS / (area.width() * area.height())) ** 0.5)
    width, height = round(area.width() * scale), round(area.height() * scale)
    # The ink lies on a sheet of its own, so that the eraser takes ink away and not the paper.
    sheet = QImage(width, height, QImage.Format_ARGB32_Premultiplied)
    sheet.fill(Qt.transparent)
    painter = QPainter(sheet)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    for item in items:
        painter.setCompositionMode(
            QPainter.CompositionMode_DestinationOut
            if item.erase
            else QPainter.CompositionMode_SourceOver
        )
        item.paint(painter, _INK)
    painter.end()
    image = QImage(width, height, QImage.Format_RGB32)
    image.fill(_PAPER)
    painter = QPainter(image)
    painter.drawImage(0, 0, sheet)
    painter.end()
    return image


def svg_bytes(items: Sequence[Item]) -> bytes:
    """Return a drawing as the content of an SVG file.

    Strokes are curves with round ends. What is rubbed out is hidden by a mask, so nothing of a
    stroke is lost. Pictures are embedded.
    """
    area = covered(items)
    body: list[str] = []
    masks: list[str] = []
    rubbed: list[str] = []

    def close_mask() -> None:
        """Hide what the eraser took from all that was drawn before it."""
        if rubbed:
            name = f"rubbed-out-{len(masks) + 1}"
            masks.append(_mask(name, area, rubbed))
            body[:] = [f'<g mask="url(#{name})">', *body, "</g>"]
            rubbed.clear()

    for item in items:
        if item.erase:
            rubbed.extend(_stroke(item, "black"))
            continue
        close_mask()
        body.extend(_image(item) if isinstance(item, PlacedPicture) else _stroke(item, _INK.name()))
    close_mask()
    box = f"{_n(area.x())} {_n(area.y())} {_n(area.width())} {_n(area.height())}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{_n(area.width())}" height="{_n(area.height())}" viewBox="{box}">',
        *(["<defs>", *masks, "</defs>"] if masks else []),
        f'<rect x="{_n(area.x())}" y="{_n(area.y())}" width="{_n(area.width())}" '
        f'height="{_n(area.height())}" fill="{_PAPER.name()}"/>',
        '<g fill="none" stroke-linecap="round" stroke-linejoin="round">',
        *body,
        "</g>",
        "</svg>",
    ]
    return "\n".join([*lines, ""]).encode()


def _mask(name: str, area: QRectF, rubbed: Sequence[str]) -> str:
    bounds = (
        f'x="{_n(area.x())}" y="{_n(area.y())}" '
        f'width="{_n(area.width())}" height="{_n(area.height())}"'
    )
    strokes = "\n".join(rubbed)
    return (
        f'<mask id="{name}" maskUnits="userSpaceOnUse" {bounds}>\n'
        f'<rect {bounds} fill="white"/>\n'
        f'<g fill="none" stroke-linecap="round" stroke-linejoin="round">\n{strokes}\n</g>\n</mask>'
    )


def _stroke(item: Item, colour: str) -> Iterator[str]:
    """Yield the elements of a stroke: one path, or one for each piece where the width changes."""
    assert isinstance(item, Stroke)
    points = item.points
    if len(points) == 1:
        yield (
            f'<circle cx="{_n(points[0].x)}" cy="{_n(points[0].y)}" '
            f'r="{_n(points[0].width / 2)}" fill="{colour}"/>'
        )
        return
    path, width, at = "", 0.0, (0.0, 0.0)
    for start, control, end in item.curves():
        wide = (start.width + end.width) / 2
        if not path or abs(wide - width) > _SAME_WIDTH or at != (start.x, start.y):
            if path:
                yield _path(path, width, colour)
            path, width = f"M{_n(start.x)} {_n(start.y)}", wide
        path += f"Q{_n(control.x)} {_n(control.y)} {_n(end.x)} {_n(end.y)}"
        at = (end.x, end.y)
    yield _path(path, width, colour)


def _path(path: str, width: float, colour: str) -> str:
    return f'<path d="{path}" stroke="{colour}" stroke-width="{_n(width)}"/>'


def _image(item: PlacedPicture) -> list[str]:
    """Return a picture as black whose opacity is the ink."""
    content = base64.b64encode(png_bytes(coloured(item.mask, _INK))).decode("ascii")
    rect = item.rect
    style = ' style="image-rendering:pixelated"' if item.pixelated else ""
    return [
        f'<image x="{_n(rect.x())}" y="{_n(rect.y())}" width="{_n(rect.width())}" '
        f'height="{_n(rect.height())}" preserveAspectRatio="none"{style} '
        f'xlink:href="data:image/png;base64,{content}"/>'
    ]


def _n(value: float) -> str:
    """Write a number with two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
