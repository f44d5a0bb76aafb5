"""Results as PNG pictures, painted with Pillow: neither a window nor Qt is needed."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from mnist_draw.analysis.report.lettering import Lettering
from mnist_draw.analysis.results import Results
from mnist_draw.analysis.table import percent

#: The light colours of the window.
PAPER, TEXT, MUTED, LINE = "#ffffff", "#1b1f27", "#5d6675", "#dde1e8"
EMPTY, RIGHT, WRONG = "#eef0f4", "#dde1e8", "#a95900"
#: Pixels: a cell of the matrix and the gap between two; the frame around a picture.
_CELL, _GAP, _MARGIN = 56, 4, 70
#: Pictures in a row of the sheet, how large each pixel of theirs is, and the line below them.
_ACROSS, _ZOOM, _CAPTION = 12, 2, 22
#: Sizes of letters, in pixels.
_BOLD, _SMALL, _TINY = 18, 14, 11


def png(image: Image.Image) -> bytes:
    """Return the bytes of a PNG file."""
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()


def blend(share: float) -> str:
    """Return a colour from none wrong to all wrong, a share from 0 to 1, as ``#rrggbb``."""
    mixed = []
    for place in (1, 3, 5):
        first, last = int(EMPTY[place : place + 2], 16), int(WRONG[place : place + 2], 16)
        mixed.append(round(first + (last - first) * share))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def cell_colours(results: Results) -> list[list[tuple[str, str]]]:
    """Return (background, text) of each cell: errors by the root of their count, C by C."""
    errors = results.confusion.copy()
    np.fill_diagonal(errors, 0)
    most = max(int(errors.max()), 1)
    rows = []
    for true in range(results.classes):
        row = []
        for read in range(results.classes):
            strength = (int(errors[true, read]) / most) ** 0.5
            # Even a single mistake stands out from none.
            colour = blend(0.12 + 0.88 * strength) if errors[true, read] else EMPTY
            row.append(
                (RIGHT, TEXT) if true == read else (colour, PAPER if strength > 0.7 else TEXT)
            )
        rows.append(row)
    return rows


def confusion_picture(results: Results, letters: Lettering) -> Image.Image:
    """Paint the confusion matrix with recall and precision at its edges."""
    step, count = _CELL + _GAP, results.classes
    write, names = letters.write, letters.names
    longest = max(letters.length(name, _BOLD) for name in names)
    left, top = max(_MARGIN, round(longest) + 24), _MARGIN
    image = Image.new("RGB", (left + count * step + 90, top + count * step + 60), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (left + count * step / 2, 16), "read as", _SMALL, MUTED)
    write(draw, (26, top - 24), "it is", _SMALL, MUTED)
    colours = cell_colours(results)
    for true in range(count):
        middle = top + true * step + _CELL / 2
        write(draw, (left - max(24, longest / 2 + 12), middle), names[true], _BOLD, TEXT)
        for read in range(count):
            x, y = left + read * step, top + true * step
            ground, ink = colours[true][read]
            draw.rounded_rectangle((x, y, x + _CELL, y + _CELL), 6, fill=ground)
            number = int(results.confusion[true, read])
            if number:
                size = _BOLD if number < 1000 else _SMALL
                write(draw, (x + _CELL / 2, middle), f"{number:,}", size, ink)
        write(draw, (left + count * step + 40, middle), percent(results.recall[true]), _SMALL, TEXT)
    write(draw, (left + count * step + 40, top - 24), "recall", _SMALL, MUTED)
    below = top + count * step + 18
    write(draw, (32, below), "precision", _SMALL, MUTED)
    for read in range(count):
        place = left + read * step + _CELL / 2
        write(draw, (place, top - 24), letters.fitted(names[read], _BOLD, _CELL), _BOLD, TEXT)
        write(draw, (place, below), percent(results.precision[read]), _SMALL, TEXT)
    return image


def reliability_picture(results: Results) -> Image.Image:
    """Paint how often answers are right against how sure they are, with Wilson's intervals."""
    side, left, top = 420, 70, 20
    image = Image.new("RGB", (left + side + 40, top + side + 70), PAPER)
    draw = ImageDraw.Draw(image)
    write = Lettering(()).write

    def place(confidence: float, share: float) -> tuple[float, float]:
        return left + side * confidence, top + side * (1 - share)

    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        draw.line((*place(0, share), *place(1, share)), fill=LINE)
        write(draw, (left - 30, place(0, share)[1]), f"{100 * share:g} %", _SMALL, MUTED)
        write(draw, (place(share, 0)[0], top + side + 18), f"{100 * share:g} %", _SMALL, MUTED)
    for dash in np.arange(0, 1, 0.02):
        draw.line((*place(dash, dash), *place(dash + 0.01, dash + 0.01)), fill=MUTED)
    write(draw, (left + side / 2, top + side + 46), "how sure it says it is", _SMALL, MUTED)
    write(draw, (left + 70, top + 12), "how often it is right", _SMALL, MUTED)
    bins = results.reliability
    if len(bins) > 1:
        draw.line([place(part.confidence, part.accuracy) for part in bins], fill=WRONG, width=2)
    most = max((part.count for part in bins), default=1)
    for part in bins:
        middle = place(part.confidence, part.accuracy)
        draw.line((*place(part.confidence, part.least), *place(part.confidence, part.most)),
                  fill=blend(0.45), width=3)  # fmt: skip
        radius = dot_radius(part.count, most)
        # Fewer than ten answers say little: the dot stays open.
        draw.ellipse(
            (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius),
            fill=PAPER if part.count < FEW else WRONG,
            outline=WRONG,
            width=2,
        )
    return image


#: Bins with fewer answers are drawn hollow.
FEW = 10


def dot_radius(count: int, most: int) -> float:
    """Return the radius in pixels of the dot for so many answers of at most so many."""
    return 4.0 + 4.0 * float(np.sqrt(count / max(most, 1)))


def sheet_picture(
    images: npt.NDArray[np.uint8], captions: Sequence[str], letters: Lettering
) -> Image.Image:
    """Paint pictures in rows, white on black as in MNIST, with a line below each.

    Parameters
    ----------
    images : numpy.ndarray, uint8, shape (n, 28, 28)
    captions : sequence of str
    letters : Lettering
        With the letters of the captions.
    """
    side, gap = 28 * _ZOOM, 20
    rows = max(1, -(-len(images) // _ACROSS))
    size = (gap + _ACROSS * (side + gap), gap + rows * (side + _CAPTION + gap))
    image = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(image)
    for number, (picture, caption) in enumerate(zip(images, captions, strict=True)):
        x = gap + (number % _ACROSS) * (side + gap)
        y = gap + (number // _ACROSS) * (side + _CAPTION + gap)
        tile = Image.fromarray(picture).resize((side, side), Image.Resampling.NEAREST)
        image.paste(tile.convert("RGB"), (x, y))
        words = letters.fitted(caption, _TINY, side + gap)
        letters.write(draw, (x + side / 2, y + side + _CAPTION / 2), words, _TINY, TEXT)
    return image
