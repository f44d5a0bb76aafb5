"""What is on the board as a record that can be written to a JSON file, and back.

A record holds everything that is needed to show the drawing again and to go on drawing::

    {"format": "mnist_draw drawing", "version": 1, "items": [
        {"stroke": [[x, y, width], …], "erase": false},
        {"picture": "…", "place": [left, top, width, height]}]}

Lengths are board units. A picture is a grey PNG in base64: 0 paper, 255 ink.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QRectF

from mnist_draw.app.draw.pen_strokes import BOARD, Point, Stroke
from mnist_draw.app.draw.placed_picture import Item, PlacedPicture, ink_of, mask_of
from mnist_draw.errors import DocumentError, UserError
from mnist_draw.storage.document import Format, parse
from mnist_draw.storage.opening import MEGABYTE, read_file

#: The largest board, with its pictures, takes less.
FORMAT = Format("mnist_draw drawing", 1, 128 * MEGABYTE)
#: Further away than this from the board's corner nothing is drawn, on the largest of screens.
_FARTHEST = 20_000.0
#: The ink picture of a drawing takes a quarter of a byte per square unit.
_MAX_AREA = 2e8
_WIDEST = 1000.0
#: Pictures are fitted into the board; much larger ones would fill the memory when painted.
_MAX_PICTURE = 2 * BOARD
#: Two and a half hours of drawing without a pause.
_MAX_POINTS = 1_000_000
#: Each point is a list of three numbers.
_MAX_VALUES = 4 * _MAX_POINTS
_MAX_PIXELS = 4_000_000
_MAX_TEXT = 16_000_000


class DrawingError(UserError):
    """A record is damaged, or was written by a newer program."""


def record_of(items: Sequence[Item]) -> dict[str, Any]:
    """Return strokes and pictures as a record."""
    return FORMAT.document({"items": [_record(item) for item in items]})


def read_drawing(path: Path) -> list[Item]:
    """Return the strokes and pictures in a file."""
    return from_record(parse(read_file(path, FORMAT.max_bytes), _MAX_VALUES))


def from_record(record: object) -> list[Item]:
    """Return the strokes and pictures of a record."""
    try:
        entries = FORMAT.check(record).get_list("items", _MAX_POINTS)
    except DocumentError as error:
        raise DrawingError(f"It cannot be shown: {error}.") from error
    items = [_item(entry, number) for number, entry in enumerate(entries, 1)]
    _check_size(items)
    return items


def _record(item: Item) -> dict[str, Any]:
    if isinstance(item, PlacedPicture):
        rect = item.rect
        return {
            "picture": base64.b64encode(_png(item)).decode("ascii"),
            "place": [rect.x(), rect.y(), rect.width(), rect.height()],
        }
    # A hundredth of a unit is a fiftieth of a pixel of the ink picture.
    points = [[round(p.x, 2), round(p.y, 2), round(p.width, 2)] for p in list(item.points)]
    return {"stroke": points, "erase": item.erase}


def _png(item: PlacedPicture) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(ink_of(item.mask)).save(buffer, "PNG")
    return buffer.getvalue()


def _item(entry: object, number: int) -> Item:
    if isinstance(entry, dict) and "stroke" in entry:
        return _stroke(entry, f"Stroke {number} of the drawing")
    if isinstance(entry, dict) and "picture" in entry:
        return _placed(entry, f"Picture {number} of the drawing")
    raise DrawingError(f"Item {number} of the drawing is neither a stroke nor a picture.")


def _stroke(entry: dict[str, Any], name: str) -> Stroke:
    points, erase = entry["stroke"], entry.get("erase", False)
    if not isinstance(points, list) or not points or not isinstance(erase, bool):
        raise DrawingError(f"{name} has no points.")
    found = []
    for point in points:
        x, y, width = _numbers(point, 3, name)
        if not 0 < width <= _WIDEST:
            raise DrawingError(f"{name} is {width:g} units wide, not more than 0 and up to 1,000.")
        found.append(Point(x, y, width))
    # Taken as they are: passing them through `append` again could thin them out.
    return Stroke(found, erase)


def _placed(entry: dict[str, Any], name: str) -> PlacedPicture:
    left, top, width, height = _numbers(entry.get("place"), 4, name)
    if not (0 < width <= _MAX_PICTURE and 0 < height <= _MAX_PICTURE):
        raise DrawingError(f"{name} is {width:g}×{height:g} units large.")
    return PlacedPicture(
        mask_of(_decoded(entry["picture"], name)), QRectF(left, top, width, height)
    )


def _numbers(values: object, count: int, name: str) -> list[float]:
    if not isinstance(values, list) or len(values) != count:
        raise DrawingError(f"{name} has a place that is not {count} numbers.")
    for value in values:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        # Not a number compares false, too.
        if not (plain and abs(value) <= _FARTHEST):
            raise DrawingError(f"{name} has {str(value)[:20]!r} where a place should be.")
    return [float(value) for value in values]


def _decoded(text: object, name: str) -> Any:
    """Return the picture in base64, uint8 of shape (H, W)."""
    import numpy as np
    from PIL import Image

    if not isinstance(text, str) or len(text) > _MAX_TEXT:
        raise DrawingError(f"{name} is no picture in base64.")
    try:
        content = base64.b64decode(text, validate=True)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            wide, high = image.size
            if wide * high > _MAX_PIXELS:
                raise DrawingError(f"{name} has {wide:,}×{high:,} pixels, more than 4 million.")
            return np.asarray(image.convert("L"), dtype=np.uint8)
    except DrawingError:
        raise
    except (binascii.Error, ValueError):
        raise DrawingError(f"{name} is no picture in base64.") from None
    # Pillow's decoder raises many kinds of errors for damaged files; none is documented.
    except Exception as error:
        raise DrawingError(f"{name} is damaged ({error}).") from error


def _check_size(items: Sequence[Item]) -> None:
    """Refuse what would fill the memory once it is painted."""
    area = QRectF()
    points = 0
    for item in items:
        area = area.united(item.bounds())
        points += 1 if isinstance(item, PlacedPicture) else len(item.points)
    if area.width() * area.height() > _MAX_AREA:
        raise DrawingError(
            f"The drawing covers {area.width():,.0f}×{area.height():,.0f} units, more than any "
            "screen shows."
        )
    if points > _MAX_POINTS:
        raise DrawingError(f"The drawing has {points:,} points, more than {_MAX_POINTS:,}.")
