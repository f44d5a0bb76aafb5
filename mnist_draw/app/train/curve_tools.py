"""Reading, zooming and marking a plot of curves, by mouse and by keyboard."""

from __future__ import annotations

from typing import Any

from PyQt5.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Text

#: What one press of + or - does to the visible part; one undoes the other.
_CLOSER, _FARTHER = 0.8, 1.25
#: The mark of a setting that changes again within the same epoch takes its place.
_SAME_EPOCH = 1.0


class CurveTools(QObject):
    """A crosshair that names the epoch under it, zoom with reset, marks where settings changed.

    Drag a rectangle or turn the wheel to zoom; double-click, 0 or Home shows all again. The
    arrow keys move the crosshair, + and - zoom around it, Escape hides it.
    """

    pointed = pyqtSignal(float)
    zoom_changed = pyqtSignal()

    def __init__(self, plot: Any, parent: QObject | None = None, marks_below: bool = False) -> None:
        super().__init__(parent)
        import pyqtgraph

        self._marks_below = marks_below

        self._item = plot.getPlotItem()
        self._box = self._item.getViewBox()
        self.zoomed = False
        self.epoch = -1.0
        self._marks: list[tuple[str, float, Any]] = []
        self._line = pyqtgraph.InfiniteLine(angle=90)
        self._line.setZValue(20)
        self._line.hide()
        # Without it the line would widen the range of the axes.
        self._item.addItem(self._line, ignoreBounds=True)
        self._box.setMouseEnabled(True, True)
        self._box.setMouseMode(self._box.RectMode)
        self._box.sigRangeChangedManually.connect(self._zoom)
        plot.setFocusPolicy(Qt.StrongFocus)
        plot.scene().sigMouseMoved.connect(self._move)
        plot.scene().sigMouseClicked.connect(self._click)
        plot.installEventFilter(self)

    # -- the crosshair

    def point(self, epoch: float) -> None:
        """Move the crosshair; -1 hides it."""
        self.epoch = epoch
        self._line.setVisible(epoch >= 0)
        if epoch >= 0:
            self._line.setValue(epoch)
        self.pointed.emit(epoch)

    def _move(self, point: Any) -> None:
        if self._box.sceneBoundingRect().contains(point):
            self.point(max(0.0, float(self._box.mapSceneToView(point).x())))
        else:
            self.point(-1.0)

    # -- zoom

    def _zoom(self) -> None:
        self.zoomed = True
        self.zoom_changed.emit()

    def show_all(self) -> None:
        """Undo all zooming."""
        self.zoomed = False
        self.zoom_changed.emit()

    def visible_epochs(self) -> tuple[float, float]:
        """Return the part of the axis of epochs that is shown."""
        low, high = self._box.viewRange()[0]
        return float(low), float(high)

    def _click(self, event: Any) -> None:
        if event.double():
            self.show_all()

    def _scale(self, factor: float) -> None:
        centre = None if self.epoch < 0 else (self.epoch, sum(self._box.viewRange()[1]) / 2)
        self._box.scaleBy((factor, 1), center=centre)
        self._zoom()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.KeyPress:
            return self._key(event)
        if event.type() in (QEvent.Leave, QEvent.FocusOut):
            self.point(-1.0)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        low, high = self.visible_epochs()
        key = event.key()
        if key in (Qt.Key_Left, Qt.Key_Right):
            step = max(1, round((high - low) / 100))
            start = round(self.epoch) if self.epoch >= 0 else round(low)
            self.point(float(max(1, start + (step if key == Qt.Key_Right else -step))))
        elif key in (Qt.Key_Plus, Qt.Key_Equal):
            self._scale(_CLOSER)
        elif key == Qt.Key_Minus:
            self._scale(_FARTHER)
        elif key in (Qt.Key_0, Qt.Key_Home):
            self.show_all()
        elif key == Qt.Key_Escape:
            self.point(-1.0)
        else:
            return False
        return True

    # -- marks

    def mark(self, name: str, epoch: float, text: str) -> None:
        """Mark where something was changed; a change soon after of the same name replaces it."""
        import pyqtgraph

        for known, before, item in self._marks:
            if known == name and abs(before - epoch) < _SAME_EPOCH:
                self._item.removeItem(item)
                self._marks.remove((known, before, item))
                break
        # Labels of changes that lie close together go below each other.
        depth = 0.1 + 0.1 * (len(self._marks) % 4)
        height = depth if self._marks_below else 1 - depth
        item = pyqtgraph.InfiniteLine(
            epoch,
            angle=90,
            label=text,
            labelOpts={"position": height, "anchors": [(0.0, 0.5), (0.0, 0.5)]},
        )
        self._item.addItem(item, ignoreBounds=True)
        self._marks.append((name, epoch, item))
        self.restyle()

    @property
    def marks(self) -> list[tuple[str, float]]:
        """Names and epochs of all marks."""
        return [(name, epoch) for name, epoch, _ in self._marks]

    def clear(self) -> None:
        """Remove all marks, and show all."""
        for _, _, item in self._marks:
            self._item.removeItem(item)
        self._marks = []
        self.point(-1.0)
        self.zoomed = False

    def restyle(self) -> None:
        """Take the theme's colours."""
        import pyqtgraph

        text, muted = theme.colour("text"), theme.colour("muted")
        self._line.setPen(pyqtgraph.mkPen(text, width=1))
        for _, _, item in self._marks:
            item.setPen(pyqtgraph.mkPen(muted, width=1, style=Qt.DashDotLine))
            item.label.setColor(text)
            item.label.fill = pyqtgraph.mkBrush(theme.colour("card"))
            item.label.textItem.setFont(theme.font(Text.AXIS))
