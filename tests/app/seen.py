"""What can be seen of a window and reached by the keyboard: texts with their places, stops."""

import re
from dataclasses import dataclass

from qtpy.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QMouseEvent, QPaintDevice, QPaintEngine, QRegion
from qtpy.QtWidgets import QAbstractItemView, QAbstractScrollArea, QApplication, QWidget

from mnist_draw.app.kit.threads import running

#: A word has a letter; figures, signs and units such as % are none.
WORD = re.compile(r"[^\W\d_][\w'’-]*")


class _Texts(QPaintEngine):
    """Paints nothing, and notes each text with its place."""

    def __init__(self):
        super().__init__(QPaintEngine.AllFeatures)
        self.found: list[tuple[str, QRectF]] = []

    def begin(self, _):
        self.setActive(True)
        return True

    def end(self):
        self.setActive(False)
        return True

    def type(self):
        return QPaintEngine.User

    def drawTextItem(self, point, item):
        if self.painter().opacity() > 0 and item.text().strip():
            high = item.ascent() + item.descent()
            place = QRectF(point.x(), point.y() - item.ascent(), item.width(), high)
            place = self.painter().combinedTransform().mapRect(place)
            self.found.append((item.text(), place))


for _name in (
    "updateState", "drawPixmap", "drawImage", "drawPath", "drawPolygon", "drawRects",
    "drawLines", "drawEllipse", "drawPoints", "drawTiledPixmap",
):  # fmt: skip
    setattr(_Texts, _name, lambda self, *_: None)


class _Device(QPaintDevice):
    def __init__(self, size: QSize):
        super().__init__()
        self.texts = _Texts()
        self._size = size

    def paintEngine(self):
        return self.texts

    def metric(self, kind):
        known = {
            QPaintDevice.PdmWidth: self._size.width(),
            QPaintDevice.PdmHeight: self._size.height(),
            QPaintDevice.PdmDepth: 32,
            QPaintDevice.PdmNumColors: 1 << 24,
            QPaintDevice.PdmDevicePixelRatio: 1,
            QPaintDevice.PdmDevicePixelRatioScaled: int(self.devicePixelRatioFScale()),
        }
        return known.get(kind, 96)


@dataclass(frozen=True)
class Text:
    """A text that a widget paints, with its place in the widget."""

    widget: QWidget
    text: str
    place: QRectF

    @property
    def is_seen(self) -> bool:
        """Whether its middle is within what can be seen of the widget."""
        shown = QRectF(self.widget.visibleRegion().boundingRect())
        return shown.contains(self.place.center())

    @property
    def is_cut(self) -> bool:
        """Whether it is wider or higher than its widget, and does not end in an ellipsis."""
        box = QRectF(self.widget.rect())
        # Above the letters a font leaves room for accents, below them for nothing at all.
        slack = 0.3 * self.place.height()
        wide = self.place.left() < box.left() - 1.5 or self.place.right() > box.right() + 1.5
        high = self.place.top() < box.top() - slack or self.place.bottom() > box.bottom() + slack
        scrolls = isinstance(self.widget.parentWidget(), QAbstractScrollArea)
        lists = isinstance(self.widget.parentWidget(), QAbstractItemView)
        return (wide and not lists) or (high and not scrolls)

    def __str__(self) -> str:
        widget = self.widget
        name = widget.objectName() or type(widget).__name__
        return f"{name} {widget.width()}×{widget.height()}: {self.text!r} {self.place.getRect()}"


def settle() -> None:
    """Let layouts within layouts take their places."""
    for _ in range(5):
        QApplication.processEvents()


def texts(window: QWidget) -> list[Text]:
    """Return all texts that a window and its widgets paint where they can be seen."""
    found = []
    for widget in (window, *window.findChildren(QWidget)):
        if widget.isVisible() and widget.window() is window and not widget.size().isEmpty():
            device = _Device(widget.size())
            QWidget.render(widget, device, QPoint(), QRegion(), QWidget.RenderFlag(0))
            found += [Text(widget, *text) for text in device.texts.found]
    return [text for text in found if text.is_seen]


def words(window: QWidget) -> list[str]:
    """Return all words that can be seen in a window."""
    return [word for text in texts(window) for word in WORD.findall(text.text)]


def stops(window: QWidget) -> list[QWidget]:
    """Return what takes the keyboard by Tab, in its order."""
    found, widget = [], window.nextInFocusChain()
    while widget is not window:
        takes = widget.focusPolicy() & Qt.TabFocus and widget.focusProxy() is None
        if takes and widget.isVisible() and widget.isEnabled() and widget.window() is window:
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found


def beyond_reach(window: QWidget) -> list[QWidget]:
    """Return what takes the keyboard but is cut off at a side; what scrolls up or down is not."""
    return [stop for stop in stops(window) if _seen_width(stop) < stop.width() - 2]


def _seen_width(widget: QWidget) -> int:
    """Return how much of a widget's width is within all that it is in."""
    place, above = widget.rect(), widget
    while not above.isWindow():
        place.translate(above.pos())
        above = above.parentWidget()
        place.setLeft(max(place.left(), 0))
        place.setRight(min(place.right(), above.width() - 1))
    return place.width()


def wait_for_threads(qtbot):
    """Wait until no thread of the program works and what they have posted is delivered."""
    qtbot.waitUntil(lambda: not running._threads, timeout=60_000)
    QApplication.processEvents()


def point_at(widget: QWidget, place: QPointF) -> None:
    """Move the mouse over a widget, wherever the one pointer of all windows is."""
    event = QMouseEvent(
        QEvent.MouseMove,
        QPointF(place),
        Qt.NoButton,
        Qt.NoButton,
        Qt.NoModifier,
    )
    QApplication.sendEvent(widget, event)
