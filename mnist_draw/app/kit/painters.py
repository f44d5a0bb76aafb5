"""Images of arrays, and as files; boxes, bars, ticks, gray pictures, mosaics; animated arrays.

A positive value fills its cell in the accent's color, a negative one a smaller part of it in the
second color: told apart without colors, too.
"""

from __future__ import annotations

import math
import time
from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

from qtpy import sip
from qtpy.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    QVariantAnimation,
)
from qtpy.QtGui import (
    QColor,
    QImage,
    QImageReader,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
)
from qtpy.QtWidgets import QApplication, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size

if TYPE_CHECKING:
    import numpy as np

#: A negative value fills this part of its cell's side.
_INSET = 0.62
#: Where words are in a box.
LEFT = int(Qt.AlignLeft | Qt.AlignVCenter)
RIGHT = int(Qt.AlignRight | Qt.AlignVCenter)
CENTER = int(Qt.AlignCenter)
#: The points of a tick, in its width.
_TICK = ((0.0, 0.0), (1 / 3, 1 / 3), (1.0, -5 / 12))


def smooth_painter(widget: QWidget) -> QPainter:
    """Return a painter that rounds the edges of what it paints on a widget."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.Antialiasing)
    return painter


def opaque_painter(widget: QWidget, background: str, smooth: bool = True) -> QPainter:
    """Return a painter of a widget that paints all of itself, its background first."""
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.Antialiasing, smooth)
    # Also where an edge is within a pixel of the screen: what was there would shine through.
    painter.fillRect(widget.rect().adjusted(-1, -1, 1, 1), theme.color(background))
    return painter


def write_with(painter: QPainter, size: int, color: str, bold: bool = False) -> None:
    """Write from now on in a size of `theme.Text` and a color of the theme."""
    painter.setFont(theme.font(size, bold))
    painter.setPen(theme.color(color))


def write(
    painter: QPainter,
    box: QRectF | QRect,
    flags: Qt.Alignment | int,
    text: str,
    size: int,
    color: str,
    bold: bool = False,
    elided: bool = False,
) -> None:
    """Write a text in a box, in a size of `theme.Text` and a color of the theme."""
    write_with(painter, size, color, bold)
    if elided:
        write_elided(painter, QRectF(box), flags, text)
    else:
        painter.drawText(QRectF(box), int(flags), text)


def draw_with(
    painter: QPainter,
    edge: str = "",
    width: float = 1.0,
    line: Qt.PenStyle = Qt.SolidLine,
    fill: str = "",
    cap: Qt.PenCapStyle = Qt.SquareCap,
) -> None:
    """Draw from now on with lines of one color of the theme, and fill with another; "" for none."""
    painter.setPen(QPen(theme.color(edge), width, line, cap) if edge else Qt.NoPen)
    painter.setBrush(theme.color(fill) if fill else Qt.NoBrush)


def write_elided(
    painter: QPainter,
    box: QRectF,
    flags: Qt.Alignment | int,
    text: str,
) -> None:
    """Write a line with an ellipsis where the box is too narrow for it."""
    shown = painter.fontMetrics().elidedText(text, Qt.ElideRight, int(box.width()))
    painter.drawText(box, int(flags), shown)


def paint_box(
    painter: QPainter,
    box: QRectF,
    fill: str,
    edge: str = "line",
    radius: float = Size.CARD_RADIUS,
) -> None:
    """Paint a box with round corners in two of the theme's colors."""
    draw_with(painter, edge, fill=fill)
    painter.drawRoundedRect(box, radius, radius)


def paint_frame(
    painter: QPainter,
    box: QRectF,
    color: str,
    width: float,
    radius: float = 0.0,
) -> None:
    """Paint a line around a box, in one of the theme's colors."""
    draw_with(painter, color, width)
    painter.drawRoundedRect(box, radius, radius)


def paint_corners(painter: QPainter, box: QRectF, background: str, radius: int) -> None:
    """Round the corners of what was painted on a background: quicker than to clip it."""
    ratio = painter.device().devicePixelRatioF()
    corners = _corners(theme.color(background).rgba(), radius, ratio)
    across = box.width() - radius
    down = box.height() - radius
    for right, below in ((0, 0), (0, 1), (1, 0), (1, 1)):
        place = QRectF(box.left() + right * across, box.top() + below * down, radius, radius)
        side = radius * ratio
        painter.drawImage(place, corners, QRectF(right * side, below * side, side, side))


@lru_cache(maxsize=8)
def _corners(background: int, radius: int, ratio: float) -> QImage:
    """Return what is outside of a circle, within the square around it."""
    side = 2 * radius
    corners = QImage(round(side * ratio), round(side * ratio), QImage.Format_ARGB32_Premultiplied)
    corners.setDevicePixelRatio(ratio)
    corners.fill(Qt.transparent)
    path = QPainterPath()
    path.addRect(0, 0, side, side)
    path.addEllipse(0, 0, side, side)
    painter = QPainter(corners)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.fillPath(path, QColor.fromRgba(background))
    painter.end()
    return corners


def paint_bar(
    painter: QPainter,
    box: QRectF,
    part: float,
    radius: float,
    color: str = "accent",
    least: float = 0.0,
) -> None:
    """Paint a track with the part of it, 0 to 1, that is full; neither is under ``least`` wide."""
    for width, name in ((box.width(), "track"), (box.width() * part, color)):
        draw_with(painter, fill=name)
        filled = QRectF(box.left(), box.top(), max(width, least), box.height())
        painter.drawRoundedRect(filled, radius, radius)


def paint_ring(
    painter: QPainter,
    middle: QPointF,
    radius: float,
    word: str,
    edge: str,
    width: float,
    color: str = "text",
    full: bool = False,
) -> None:
    """Paint a circle, in the accent where it is full, with a word in it."""
    draw_with(painter, edge, width, fill="accent" if full else "card")
    painter.drawEllipse(middle, radius, radius)
    write_with(painter, theme.Text.LABEL, "on_accent" if full else color, bold=True)
    box = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
    painter.drawText(box, Qt.AlignCenter | Qt.TextDontClip, word)


def paint_tick(painter: QPainter, start: QPointF, width: float) -> None:
    """Paint a tick with the painter's pen, from its left end."""
    painter.drawPolyline(QPolygonF([start + QPointF(*point) * width for point in _TICK]))


def paint_chosen(painter: QPainter, middle: QPointF, radius: float) -> None:
    """Paint the mark of the card that is chosen: a tick in a disc."""
    draw_with(painter, fill="accent")
    painter.drawEllipse(middle, radius, radius)
    draw_with(painter, "on_accent", 1.6, cap=Qt.RoundCap)
    paint_tick(painter, middle + QPointF(-0.4, 0.04) * radius, 0.82 * radius)


def blank_pixmap(width: float, height: float, ratio: float) -> QPixmap:
    """Return a transparent pixmap, at least one pixel large; width and height are logical."""
    pixmap = QPixmap(max(1, round(width * ratio)), max(1, round(height * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.transparent)
    return pixmap


@lru_cache(maxsize=16)
def _drawn_svg(text: str, wide: int, high: int) -> QPixmap:
    buffer = QBuffer()
    buffer.setData(text.encode())
    reader = QImageReader(buffer, b"svg")
    reader.setScaledSize(QSize(wide, high))
    return QPixmap.fromImageReader(reader)


def svg_pixmap(text: str, size: QSize, ratio: float) -> QPixmap:
    """Return an SVG of a logical size, for a screen of this pixel ratio."""
    pixmap = QPixmap(_drawn_svg(text, round(size.width() * ratio), round(size.height() * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def image_bytes(image: QImage | QPixmap, kind: str, quality: int = -1) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.WriteOnly)
    image.save(buffer, kind, quality)
    return bytes(content)


def image_tag(image: QImage | QPixmap, wide: int, high: int) -> str:
    """Return an image as a tag of rich text, in a logical size."""
    content = b64encode(png_bytes(image)).decode()
    return f'<img width="{wide}" height="{high}" src="data:image/png;base64,{content}">'


def png_bytes(image: QImage | QPixmap, compressed: bool = True) -> bytes:
    """Return an image as the content of a PNG file; uncompressed it is made fastest."""
    return image_bytes(image, "PNG", -1 if compressed else 100)


def image_of(pixels: np.ndarray, gray_as: QImage.Format = QImage.Format_Grayscale8) -> QImage:
    """Return an array as an image of its own."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    kind = {1: gray_as, 3: QImage.Format_RGB888, 4: QImage.Format_ARGB32}[channels]
    # copy(): QImage does not keep the bytes alive.
    return QImage(pixels.tobytes(), width, height, channels * width, kind).copy()


def rgb(color: QColor) -> np.ndarray:
    """Return red, green and blue of a color: float32 of shape (3,), 0 to 255."""
    import numpy as np

    return np.array([color.red(), color.green(), color.blue()], np.float32)


def mosaic(values: np.ndarray, rows: int, columns: int, gap: int = 1) -> np.ndarray:
    """Lay pictures (n, H, W) out row by row; zeros fill the gaps and what is left over."""
    import numpy as np

    units, high, wide = values.shape
    cells = np.zeros((rows * columns, high + gap, wide + gap), values.dtype)
    cells[:units, :high, :wide] = values
    grid = cells.reshape(rows, columns, high + gap, wide + gap)
    return grid.transpose(0, 2, 1, 3).reshape(rows * (high + gap), columns * (wide + gap))


def gray_levels(picture: np.ndarray) -> np.ndarray:
    """Return a picture, float32 in [0, 1], as uint8, 255 for full ink."""
    import numpy as np

    return np.clip(picture * 255, 0, 255).astype(np.uint8)


def paint_gray(painter: QPainter, box: QRectF, picture: np.ndarray) -> None:
    """Paint a picture, float32 (H, W) in [0, 1], with sharp pixels, white on black."""
    paint_sharp(painter, box, image_of(gray_levels(picture)))


def ink_image(picture: np.ndarray, color: str = "ink") -> QImage:
    """Return a picture, float32 (28, 28) in [0, 1], in a color of the theme on clear paper."""
    import numpy as np

    ink = theme.color(color)
    pixels = np.empty((*picture.shape, 4), np.uint8)
    for channel, value in enumerate((ink.blue(), ink.green(), ink.red())):
        pixels[..., channel] = value
    pixels[..., 3] = np.clip(picture * 255, 0, 255).astype(np.uint8)
    return image_of(pixels)


def paint_signed(painter: QPainter, box: QRectF, values: np.ndarray, largest: float = 0.0) -> None:
    """Paint signed values (H, W); ``largest`` gets the full color, 0 means the largest."""
    wide = box.width() * painter.device().devicePixelRatioF()
    cell = max(1, round(wide / values.shape[1]))
    paint_sharp(painter, box, signed_image(values, cell, largest))


def paint_sharp(painter: QPainter, box: QRectF, image: QImage) -> None:
    """Paint an image with sharp pixels."""
    painter.save()
    painter.setRenderHint(QPainter.SmoothPixmapTransform, False)
    # Four times as fast as Qt's way with other formats.
    painter.drawImage(box, image.convertToFormat(QImage.Format_ARGB32_Premultiplied))
    painter.restore()


def signed_image(values: np.ndarray, cell: int, largest: float = 0.0, least: float = 0.0) -> QImage:
    """Return signed values as an image with ``cell`` pixels for each, both ways.

    All but 0 are seen at ``least``, 0 to 1, of the full color.
    """
    import numpy as np

    size = np.abs(values)
    part = np.minimum(size / (largest or max(float(size.max()), 1e-12)), 1)
    # Levels look up what a power of each value would take too long for.
    levels = np.maximum((255 * part).astype(np.uint8), values != 0)
    accent, second = (theme.color(name).rgb() & 0xFFFFFF for name in ("accent", "second"))
    pixels = np.where(values > 0, np.uint32(accent), np.uint32(second)) | _alphas(least)[levels]
    large = np.repeat(np.repeat(pixels, cell, axis=0), cell, axis=1)
    if cell >= 3:
        _shape_cells(large.reshape(len(values), cell, -1, cell).swapaxes(1, 2), values < 0)
    return image_of(large.view(np.uint8).reshape(*large.shape, 4))


@lru_cache(maxsize=4)
def _alphas(least: float) -> np.ndarray:
    """Return the opacities of 256 levels, as the highest byte of a pixel."""
    import numpy as np

    strength = least + (1 - least) * np.linspace(0, 1, 256) ** 0.75
    strength[0] = 0
    return np.round(255 * strength).astype(np.uint32) << np.uint32(24)


def _shape_cells(cells: np.ndarray, below: np.ndarray) -> None:
    """Clear the pixels (H, W, side, side) between cells, and around those that are below 0."""
    side = cells.shape[-1]
    if side >= 4:
        cells[..., -1, :] = cells[..., -1] = 0
    if below.any():
        edge = max(1, round(side * (1 - _INSET) / 2))
        inset = cells[below][:, edge:-edge, edge:-edge]
        cells[below] = 0
        places = below.nonzero()
        cells[..., edge:-edge, edge:-edge][places] = inset


#: Milliseconds of a frame of a screen with 60 a second; by how many one may begin earlier or later,
#: with what else is painted then; and within which changes belong together.
_FRAME_MS = 16
_LENIENCE_MS = 5
_TOGETHER_MS = 1


class _Frames(QTimer):
    """Has widgets painted together, at most once in a frame of a usual screen."""

    def __init__(self) -> None:
        super().__init__(QApplication.instance())
        self.setSingleShot(True)
        self.setTimerType(Qt.PreciseTimer)
        self.timeout.connect(self._paint)
        self._widgets: set[QWidget] = set()
        self._last = 0.0

    def add(self, widget: QWidget) -> None:
        passed = 1000 * (time.monotonic() - self._last)
        if passed < _TOGETHER_MS:
            widget.update()
            return
        self._widgets.add(widget)
        if passed >= _FRAME_MS - _LENIENCE_MS:
            self._paint()
        elif not self.isActive():
            self.start(math.ceil(_FRAME_MS + _LENIENCE_MS - passed))

    def _paint(self) -> None:
        self.stop()
        self._last = time.monotonic()
        widgets, self._widgets = self._widgets, set()
        for widget in widgets:
            if not sip.isdeleted(widget):
                widget.update()


@lru_cache(maxsize=1)
def _frames() -> _Frames:
    return _Frames()


class ArrayAnimation(QVariantAnimation):
    """Moves an array to a new one, step by step.

    Arrays that follow each other faster than a glide takes are shown at once: they look
    continuous by themselves, and painting between them would only keep the window busy.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self.shown: np.ndarray | None = None
        self._start: np.ndarray | None = None
        self._end: np.ndarray | None = None
        self._last = float("-inf")
        self.setDuration(theme.ANIMATION_MS)
        self.setStartValue(0.0)
        self.setEndValue(1.0)
        self.valueChanged.connect(self._step)

    def update(self) -> None:
        """Have the widget painted with the next frame."""
        _frames().add(self._widget)

    def animate_to(self, values: np.ndarray | None) -> None:
        """Glide to these values; jump where there is nothing to glide from, or no time."""
        self.stop()
        self._start = self.shown
        self._end = values
        fits = self._start is not None and values is not None and self._start.shape == values.shape
        now = time.monotonic()
        alone = now - self._last > theme.ANIMATION_MS / 1000
        self._last = now
        if fits and alone and theme.theme().motion and self._widget.isVisible():
            self.start()
        else:
            self.shown = values
            self.update()

    def _step(self, part: float) -> None:
        if self.state() != QVariantAnimation.Running and part < 1:
            return
        assert self._start is not None
        assert self._end is not None
        self.shown = self._end if part >= 1 else self._start + (self._end - self._start) * part
        self.update()
