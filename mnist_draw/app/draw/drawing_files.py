"""Drawings as records for JSON files, PNG pictures and SVG drawings.

A record holds everything that is needed to show the drawing again and to go on drawing::

    {"format": "mnist_draw drawing", "version": 1, "items": [
        {"stroke": [[x, y, width], …], "erase": false},
        {"picture": "…", "place": [left, top, width, height]}]}

Lengths are board units. A picture is a gray PNG in base64: 0 paper, 255 ink.

PNG and SVG show dark ink on white paper whatever the window's colors are: the board's square, or
more where ink reaches beyond it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QImage, QPainter

from mnist_draw.app.draw.board_items import (
    BOARD,
    Item,
    PlacedPicture,
    Point,
    Stroke,
    colored,
    ink_of,
    paint_item,
)
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import image_of, png_bytes
from mnist_draw.errors import DamagedError
from mnist_draw.storage.document import Format, parse
from mnist_draw.storage.opening import MEGABYTE, read_file

#: The largest board, with its pictures, takes less.
FORMAT = Format("mnist_draw drawing", 1, 128 * MEGABYTE)
#: Further away than this from the board's corner nothing is drawn, on the largest of screens.
_FARTHEST = 20_000.0
#: The ink picture of a drawing takes a quarter of a byte per square unit.
_MAX_AREA = 2e8
_MAX_WIDTH = 1000.0
#: Pictures are fitted into the board; much larger ones would fill the memory when painted.
_MAX_PICTURE = 2 * BOARD
#: Two and a half hours of drawing without a pause.
_MAX_POINTS = 1_000_000
#: Each point is a list of three numbers.
_MAX_VALUES = 4 * _MAX_POINTS
_MAX_PICTURE_PIXELS = 4_000_000
_MAX_TEXT = 16_000_000
#: Letters of a value that an error quotes.
_SHOWN = 20


def record_of(items: Sequence[Item]) -> dict[str, Any]:
    return FORMAT.document({"items": [_record(item) for item in items]})


def read_drawing(path: Path) -> list[Item]:
    record = parse(read_file(path, FORMAT.max_bytes), _MAX_VALUES)
    # Fails with a phrase, as what is no JSON does: the sentence is the caller's.
    FORMAT.check(record)
    return from_record(record)


def from_record(record: object) -> list[Item]:
    """Return the items of a record; `DocumentError` if it is damaged or of a newer program."""
    entries = FORMAT.check(record).get_list("items", _MAX_POINTS)
    items = [_read_item(entry) for entry in entries]
    _check_size(items)
    return items


def _record(item: Item) -> dict[str, Any]:
    if isinstance(item, PlacedPicture):
        rect = item.rect
        return {
            "picture": base64.b64encode(png_bytes(image_of(ink_of(item.mask)))).decode("ascii"),
            "place": [rect.x(), rect.y(), rect.width(), rect.height()],
        }
    # A hundredth of a unit is a fiftieth of a pixel of the ink picture.
    points = [[round(p.x, 2), round(p.y, 2), round(p.width, 2)] for p in list(item.points)]
    return {"stroke": points, "erase": item.erase}


def _read_item(entry: object) -> Item:
    if isinstance(entry, dict) and "stroke" in entry:
        return _read_stroke(entry)
    if isinstance(entry, dict) and "picture" in entry:
        return _read_picture(entry)
    raise DamagedError(f"{str(entry)[:_SHOWN]!r} is neither a stroke nor a picture")


def _read_stroke(entry: dict[str, Any]) -> Stroke:
    points = entry["stroke"]
    erase = entry.get("erase", False)
    if not isinstance(points, list) or not points or not isinstance(erase, bool):
        raise DamagedError(f"{str(entry)[:_SHOWN]!r} has no points")
    found = []
    for point in points:
        x, y, width = _read_numbers(point, 3)
        if not 0 < width <= _MAX_WIDTH:
            raise DamagedError(f"a stroke is {width:g} units wide")
        found.append(Point(x, y, width))
    # Taken as they are: passing them through `append` again could thin them out.
    return Stroke(found, erase)


def _read_picture(entry: dict[str, Any]) -> PlacedPicture:
    left, top, width, height = _read_numbers(entry.get("place"), 4)
    if not (0 < width <= _MAX_PICTURE and 0 < height <= _MAX_PICTURE):
        raise DamagedError(f"a picture has {width:g}×{height:g} units")
    mask = image_of(_decode_picture(entry["picture"]), QImage.Format_Alpha8)
    return PlacedPicture(mask, QRectF(left, top, width, height))


def _read_numbers(values: object, count: int) -> list[float]:
    if not isinstance(values, list) or len(values) != count:
        raise DamagedError(f"{str(values)[:_SHOWN]!r} is not {count} numbers")
    for value in values:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        # Not a number compares false, too.
        if not (plain and abs(value) <= _FARTHEST):
            raise DamagedError(f"{str(value)[:_SHOWN]!r} is no place")
    return [float(value) for value in values]


def _decode_picture(text: object) -> Any:
    import numpy as np
    from PIL import Image

    try:
        if not isinstance(text, str) or len(text) > _MAX_TEXT:
            raise ValueError("no text, or too long a one")
        content = base64.b64decode(text, validate=True)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            wide, high = image.size
            if wide * high > _MAX_PICTURE_PIXELS:
                raise ValueError(f"{wide}×{high} pixels, more than {_MAX_PICTURE_PIXELS}")
            return np.asarray(image.convert("L"), dtype=np.uint8)
    # Pillow's decoder raises many kinds of errors for damaged files; none is documented.
    except Exception as error:
        raise DamagedError(f"no picture: {error}") from error


def _check_size(items: Sequence[Item]) -> None:
    """Refuse what would fill the memory once it is painted."""
    area = QRectF()
    points = 0
    for item in items:
        area = area.united(item.bounds())
        points += 1 if isinstance(item, PlacedPicture) else len(item.points)
    if area.width() * area.height() > _MAX_AREA:
        raise DamagedError(
            f"{area.width():.0f}×{area.height():.0f} units, more than a screen shows",
        )
    if points > _MAX_POINTS:
        raise DamagedError(f"{points} points, more than {_MAX_POINTS}")


#: Pixels per board unit of a saved picture: the board's square takes 1200×1200.
SAVED_SCALE = 2.0
#: … and of a copied one.
COPIED_SCALE = 1.0
#: A drawing that reaches far beyond the board is saved with fewer pixels per unit, not more.
_MAX_SAVED_PIXELS = 36_000_000
#: Curves whose widths differ less are one path.
_SAME_WIDTH = 0.05
#: Dark on white, as on the light board.
_INK = QColor(theme.LIGHT.ink)
_PAPER = QColor(theme.LIGHT.paper)
_SVG_STROKES = '<g fill="none" stroke-linecap="round" stroke-linejoin="round">'


def snapshot(items: Sequence[Item]) -> list[Item]:
    """Return copies that another thread may paint while the originals are drawn on."""
    return [item.copy() for item in items]


def covered(items: Sequence[Item]) -> QRectF:
    area = QRectF(0, 0, BOARD, BOARD)
    for item in items:
        if not item.erase:
            area = area.united(item.bounds())
    return area


def picture(items: Sequence[Item], scale: float) -> QImage:
    area = covered(items)
    scale = min(scale, (_MAX_SAVED_PIXELS / (area.width() * area.height())) ** 0.5)
    width = round(area.width() * scale)
    height = round(area.height() * scale)
    sheet = QImage(width, height, QImage.Format_ARGB32_Premultiplied)
    sheet.fill(Qt.transparent)
    painter = QPainter(sheet)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    for item in items:
        paint_item(painter, item, _INK)
    painter.end()
    image = QImage(width, height, QImage.Format_RGB32)
    image.fill(_PAPER)
    painter = QPainter(image)
    painter.drawImage(0, 0, sheet)
    painter.end()
    return image


def svg_bytes(items: Sequence[Item]) -> bytes:
    """Return a drawing as an SVG file: strokes as curves, what is rubbed out behind masks."""
    area = covered(items)
    body: list[str] = []
    masks: list[str] = []
    rubbed: list[str] = []

    def close_mask() -> None:
        """Hide what the eraser took from all that was drawn before it."""
        if rubbed:
            name = f"rubbed-out-{len(masks) + 1}"
            box = _svg_box(area)
            start = f'<mask id="{name}" maskUnits="userSpaceOnUse" {box}>'
            paper = f'<rect {box} fill="white"/>'
            masks.append("\n".join([start, paper, _SVG_STROKES, *rubbed, "</g>", "</mask>"]))
            body[:] = [f'<g mask="url(#{name})">', *body, "</g>"]
            rubbed.clear()

    for item in items:
        if item.erase:
            rubbed.extend(_svg_stroke(item, "black"))
            continue
        close_mask()
        body.extend(
            _svg_picture(item)
            if isinstance(item, PlacedPicture)
            else _svg_stroke(item, _INK.name()),
        )
    close_mask()
    box = " ".join(_n(value) for value in area.getRect())
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{_n(area.width())}" height="{_n(area.height())}" viewBox="{box}">',
        *(["<defs>", *masks, "</defs>"] if masks else []),
        f'<rect {_svg_box(area)} fill="{_PAPER.name()}"/>',
        _SVG_STROKES,
        *body,
        "</g>",
        "</svg>",
    ]
    return "\n".join([*lines, ""]).encode()


def _svg_box(area: QRectF) -> str:
    sides = zip(("x", "y", "width", "height"), area.getRect(), strict=True)
    return " ".join(f'{name}="{_n(value)}"' for name, value in sides)


def _svg_stroke(item: Item, color: str) -> Iterator[str]:
    """Yield the elements of a stroke: one path, or one for each piece where the width changes."""
    assert isinstance(item, Stroke)
    points = item.points
    if len(points) == 1:
        yield (
            f'<circle cx="{_n(points[0].x)}" cy="{_n(points[0].y)}" '
            f'r="{_n(points[0].width / 2)}" fill="{color}"/>'
        )
        return
    path = ""
    width = 0.0
    at = (0.0, 0.0)
    for start, control, end in item.curves():
        wide = (start.width + end.width) / 2
        if not path or abs(wide - width) > _SAME_WIDTH or at != (start.x, start.y):
            if path:
                yield _svg_path(path, width, color)
            path = f"M{_n(start.x)} {_n(start.y)}"
            width = wide
        path += f"Q{_n(control.x)} {_n(control.y)} {_n(end.x)} {_n(end.y)}"
        at = (end.x, end.y)
    yield _svg_path(path, width, color)


def _svg_path(path: str, width: float, color: str) -> str:
    return f'<path d="{path}" stroke="{color}" stroke-width="{_n(width)}"/>'


def _svg_picture(item: PlacedPicture) -> list[str]:
    content = base64.b64encode(png_bytes(colored(item.mask, _INK))).decode("ascii")
    style = ' style="image-rendering:pixelated"' if item.pixelated else ""
    return [
        f'<image {_svg_box(item.rect)} preserveAspectRatio="none"{style} '
        f'xlink:href="data:image/png;base64,{content}"/>',
    ]


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
